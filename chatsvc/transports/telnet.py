"""What telnet clients send besides text (RFC 854, 855): taken out, and hardly ever answered."""

from __future__ import annotations

IAC, DONT, DO, WONT, WILL, SB, IP, SE = 255, 254, 253, 252, 251, 250, 244, 240
TIMING_MARK = 6  # RFC 860: the client shows nothing more until this is answered

_TEXT, _COMMAND, _OPTION, _SUBNEGOTIATION, _SUBNEGOTIATION_COMMAND = range(5)


class TelnetFilter:
    """Takes telnet commands out of a stream of bytes, however it is cut into pieces."""

    __slots__ = ("_state", "_verb", "answer", "interrupted")

    def __init__(self) -> None:
        self._state = _TEXT
        self._verb = 0
        self.answer = b""
        self.interrupted = False

    @property
    def inside(self) -> bool:
        """The bytes so far end in the middle of a command."""
        return self._state != _TEXT

    def feed(self, data: bytes) -> bytes:
        """`data` without commands; what must be answered is in `answer` then."""
        self.answer, self.interrupted = b"", False
        return bytes(byte for byte in data if self._is_text(byte))

    def _is_text(self, byte: int) -> bool:
        state = self._state
        if state == _TEXT and byte != IAC:
            return True
        if state == _TEXT:
            self._state = _COMMAND
        elif state == _COMMAND and byte == IAC:
            self._state = _TEXT
            return True  # doubled, it is data
        elif state == _COMMAND:
            self._command(byte)
        elif state == _OPTION:
            self._option(byte)
        elif state == _SUBNEGOTIATION:
            self._state = _SUBNEGOTIATION_COMMAND if byte == IAC else _SUBNEGOTIATION
        else:
            self._state = _TEXT if byte == SE else _SUBNEGOTIATION
        return False

    def _command(self, byte: int) -> None:
        self._verb = byte
        self.interrupted |= byte == IP
        self._state = {SB: _SUBNEGOTIATION}.get(byte, _OPTION if WILL <= byte < IAC else _TEXT)

    def _option(self, byte: int) -> None:
        if self._verb == DO and byte == TIMING_MARK:
            self.answer += bytes([IAC, WILL, TIMING_MARK])
        self._state = _TEXT
