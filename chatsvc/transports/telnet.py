"""Telnet negotiation (RFC 854, 855): removed from the input, and answered."""

from __future__ import annotations

IAC, DONT, DO, WONT, WILL, SB, EL, EC, IP, SE = 255, 254, 253, 252, 251, 250, 248, 247, 244, 240
ECHO = 1  # RFC 857
TIMING_MARK = 6  # RFC 860: the client shows nothing more until this is answered

# GNU telnet takes these bytes, typed as parts of UTF-8 characters, for its control keys.
_TYPED = {IP: 0x83, 245: 0x8F, 237: 0x9A, 243: 0x9C, EC: 0x88, EL: 0x95}
_KEYS = {EC: 0x7F, EL: 0x15}  # which correct what was typed

_TEXT, _COMMAND, _OPTION, _SUBNEGOTIATION, _SUBNEGOTIATION_COMMAND = range(5)


class TelnetFilter:
    """Removes telnet commands from a stream of bytes, however it is split."""

    __slots__ = ("_echoes", "_missing", "_state", "_verb", "answer", "interrupted")

    def __init__(self) -> None:
        self._state = _TEXT
        self._verb = 0
        self._missing = 0  # bytes of an unfinished character (RFC 3629, section 3)
        self._echoes = False
        self.answer = b""
        self.interrupted = False

    @property
    def inside(self) -> bool:
        """Whether the bytes so far end in the middle of a command or a character."""
        return self._state != _TEXT or self._missing > 0

    def feed(self, data: bytes) -> bytes:
        """Return `data` without commands, but with editing keys; `answer` must be sent."""
        self.answer, self.interrupted = b"", False
        text, answers = bytearray(), bytearray()
        position = 0
        while position < len(data):
            if self._state in (_TEXT, _SUBNEGOTIATION):
                position = self._skip(data, position, text)
            else:
                self._follow(data[position], text, answers)
                position += 1
        self.answer = bytes(answers)
        return bytes(text)

    def echo(self, on: bool) -> bytes:
        """Return the command that turns the client's echo off or on."""
        self._echoes = on
        return bytes([IAC, WILL if on else WONT, ECHO])

    def _skip(self, data: bytes, position: int, text: bytearray) -> int:
        """Copy everything up to the next command; return where that continues."""
        found = data.find(IAC, position)
        end = len(data) if found < 0 else found
        if self._state == _TEXT:
            self._take(data[position:end], text)
        if found >= 0:
            self._state = _COMMAND if self._state == _TEXT else _SUBNEGOTIATION_COMMAND
        return end + 1

    def _take(self, run: bytes, text: bytearray) -> None:
        text += run
        for byte in run[-4:]:  # no character is longer
            if byte >= 0xC0:
                self._missing = 1 + (byte >= 0xE0) + (byte >= 0xF0)
            else:
                self._missing = max(0, self._missing - 1) if byte >= 0x80 else 0

    def _follow(self, byte: int, text: bytearray, answers: bytearray) -> None:
        if self._state == _COMMAND:
            self._command(byte, text)
        elif self._state == _OPTION:
            answers += self._answered(byte)
            self._state = _TEXT
        else:
            self._state = _TEXT if byte == SE else _SUBNEGOTIATION

    def _answered(self, option: int) -> bytes:
        """Refuse every option except a timing mark; do not answer what agrees with us."""
        if self._verb == WILL:
            return bytes([IAC, DONT, option])
        if self._verb != DO or (option == ECHO and self._echoes):
            return b""
        return bytes([IAC, WILL if option == TIMING_MARK else WONT, option])

    def _command(self, byte: int, text: bytearray) -> None:
        self._verb = byte
        if byte == SB:
            self._state = _SUBNEGOTIATION
        elif WILL <= byte < IAC:
            self._state = _OPTION
        else:
            self._state = _TEXT
            if self._missing and byte in _TYPED:
                self._take(bytes([_TYPED[byte]]), text)
            elif byte in _KEYS:
                self._take(bytes([_KEYS[byte]]), text)
            elif byte == IAC or byte < 236:  # doubled it is data; these are not commands
                self._take(bytes([byte]), text)
            elif byte == IP:
                self.interrupted = True
