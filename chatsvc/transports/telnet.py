"""What telnet clients send besides text (RFC 854, 855): taken out, and hardly ever answered."""

from __future__ import annotations

IAC, DONT, DO, WONT, WILL, SB, IP, SE = 255, 254, 253, 252, 251, 250, 244, 240
TIMING_MARK = 6  # RFC 860: the client shows nothing more until this is answered

# GNU telnet takes these bytes, typed as parts of UTF-8 characters, for its control keys.
_TYPED = {IP: 0x83, 245: 0x8F, 237: 0x9A, 243: 0x9C}

_TEXT, _COMMAND, _OPTION, _SUBNEGOTIATION, _SUBNEGOTIATION_COMMAND = range(5)


class TelnetFilter:
    """Takes telnet commands out of a stream of bytes, however it is cut into pieces."""

    __slots__ = ("_missing", "_state", "_verb", "answer", "interrupted")

    def __init__(self) -> None:
        self._state = _TEXT
        self._verb = 0
        self._missing = 0  # bytes of a character that has begun (RFC 3629, section 3)
        self.answer = b""
        self.interrupted = False

    @property
    def inside(self) -> bool:
        """The bytes so far end in the middle of a command or of a character."""
        return self._state != _TEXT or self._missing > 0

    def feed(self, data: bytes) -> bytes:
        """`data` without commands; what must be answered is in `answer` then."""
        self.answer, self.interrupted = b"", False
        text = bytearray()
        for byte in data:
            if self._state == _TEXT and byte != IAC:
                self._take(byte, text)
            else:
                self._follow(byte, text)
        return bytes(text)

    def _take(self, byte: int, text: bytearray) -> None:
        if byte >= 0xC0:
            self._missing = 1 + (byte >= 0xE0) + (byte >= 0xF0)
        else:
            self._missing = max(0, self._missing - 1) if byte >= 0x80 else 0
        text.append(byte)

    def _follow(self, byte: int, text: bytearray) -> None:
        state = self._state
        if state == _TEXT:
            self._state = _COMMAND
        elif state == _COMMAND:
            self._command(byte, text)
        elif state == _OPTION:
            if self._verb == DO and byte == TIMING_MARK:
                self.answer += bytes([IAC, WILL, TIMING_MARK])
            self._state = _TEXT
        elif state == _SUBNEGOTIATION:
            self._state = _SUBNEGOTIATION_COMMAND if byte == IAC else _SUBNEGOTIATION
        else:
            self._state = _TEXT if byte == SE else _SUBNEGOTIATION

    def _command(self, byte: int, text: bytearray) -> None:
        self._verb = byte
        if byte == SB:
            self._state = _SUBNEGOTIATION
        elif WILL <= byte < IAC:
            self._state = _OPTION
        else:
            self._state = _TEXT
            if self._missing and byte in _TYPED:
                self._take(_TYPED[byte], text)
            elif byte == IAC or byte < 236:  # doubled it is data; these are no commands
                self._take(byte, text)
            elif byte == IP:
                self.interrupted = True
