"""WebSocket frames (RFC 6455, section 5): written for clients, and read from them.  No I/O."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from chatsvc.model.text_rules import LONGEST_LINE

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
FIN = 0x80  # the last frame of a message
LONGEST_MESSAGE = LONGEST_LINE  # bytes, over all its fragments
LONGEST_CONTROL = 125  # bytes (5.5)
LONGEST_REASON = LONGEST_CONTROL - 2

NORMAL, GOING_AWAY, WRONG, UNSUPPORTED, NOT_UTF8, REFUSED, TOO_BIG = (
    1000, 1001, 1002, 1003, 1007, 1008, 1009,
)  # fmt: skip

_OPCODES = {0x0, TEXT, BINARY, CLOSE, PING, PONG}
_CODES = {1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)}  # that can be sent


def frame(payload: bytes, first: int = FIN | TEXT) -> bytes:
    """Return one frame, without a mask, as a server sends it."""
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65536:
        return bytes((first, 126, size >> 8, size & 255)) + payload
    return bytes((first, 127)) + size.to_bytes(8) + payload


def framed(lines: bytes, first: int = FIN | TEXT) -> bytes:
    """Return whole lines as frames, one for each, without the line ends."""
    pieces = lines.split(b"\n")
    pieces.pop()  # after the last line end
    return b"".join([frame(piece.removesuffix(b"\r"), first) for piece in pieces])


def close_frame(code: int, words: str = "") -> bytes:
    """Return the frame that ends a connection, with as much of the reason as fits."""
    reason = words.encode()[:LONGEST_REASON].decode(errors="ignore").encode()
    return frame(code.to_bytes(2) + reason, FIN | CLOSE)


def client_frame(payload: bytes) -> bytes:
    """Return a frame as a client sends it, with a mask that changes nothing."""
    head = frame(payload, FIN | TEXT)
    size = len(head) - len(payload)
    return bytes((head[0], head[1] | 0x80)) + head[2:size] + bytes(4) + payload


def line_of(message: bytes) -> bytes:
    """Return a message as a line: JSON may have line ends between its tokens."""
    return message.rstrip(b"\r\n").replace(b"\n", b"\r") + b"\n"


class End(NamedTuple):
    """Why no more messages follow: the peer has closed, or has done something wrong."""

    code: int
    words: str = ""
    by_peer: bool = False


class _Violation(Exception):
    """What a client has sent ends the connection."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.end = End(code, words)


class FrameReader:
    """Takes the messages out of a client's bytes, however these are cut into pieces."""

    __slots__ = ("_at", "_data", "_message", "_opcode", "answer", "binary", "end", "frames", "most")

    def __init__(self, binary: bool = False) -> None:
        self.binary = binary  # whether such messages are accepted
        self._data = b""
        self._at = 0  # how much of it is read
        self._opcode = 0  # of the message that has begun
        self._message = b""  # the fragments so far
        self.end: End | None = None
        self.answer = b""  # to pings; to be sent
        self.frames = 0  # that were read
        self.most = inf  # that are read, where nobody pays for them

    def feed(self, data: bytes) -> None:
        """Take bytes, for `next` to read."""
        self._data = self._data[self._at :] + data
        self._at = 0

    def next(self) -> bytes | None:
        """Return the next whole message, if there is one before the end."""
        try:
            while self.end is None and (found := self._frame()) is not None:
                message = self._take(*found)
                if message is not None:
                    return message
        except _Violation as violation:
            self.end = violation.end
        return None

    def lines(self, data: bytes) -> bytes:
        """Take bytes, and return the messages that are whole now, as lines."""
        self.feed(data)
        lines = []
        while (message := self.next()) is not None:
            lines.append(line_of(message))
        return b"".join(lines)

    def rest(self) -> bytes:
        """Return the bytes that were not read."""
        return self._data[self._at :]

    def _frame(self) -> tuple[int, bytes] | None:
        """Return the first byte and the payload of the next frame, once it is whole."""
        data, at = self._data, self._at
        if len(data) < at + 2:
            return None
        first, size = data[at], data[at + 1] - 0x80
        start = at + 2
        _check(first, size)
        if size > 125:
            start += 2 if size == 126 else 8
            if len(data) < start:
                return None
            size = _long_size(data[at + 2 : start])
        if first & 8 == 0 and size + len(self._message) > LONGEST_MESSAGE:
            raise _Violation(TOO_BIG, f"A message can have at most {LONGEST_MESSAGE} bytes.")
        self._at = start + 4 + size
        if len(data) < self._at:
            self._at = at
            return None
        if self.frames >= self.most:
            raise _Violation(REFUSED, "Too many frames without a message.")
        self.frames += 1
        return first, _unmasked(data[start + 4 : self._at], data[start : start + 4])

    def _take(self, first: int, payload: bytes) -> bytes | None:
        """Return the message that a frame ends, if it does."""
        opcode = first & 15
        if opcode & 8:
            self._control(opcode, payload)
            return None
        if (opcode == 0) != (self._opcode != 0):
            raise _Violation(WRONG, "A fragment is missing.")
        if first & FIN:
            return self._whole(payload) if opcode == 0 else self._checked(opcode, payload)
        self._opcode = opcode or self._opcode
        self._message += payload
        return None

    def _whole(self, last: bytes) -> bytes:
        opcode, message = self._opcode, self._message + last
        self._opcode, self._message = 0, b""
        return self._checked(opcode, message)

    def _checked(self, opcode: int, message: bytes) -> bytes:
        if opcode == BINARY and not self.binary:
            raise _Violation(UNSUPPORTED, "Send text messages, not binary ones.")
        if opcode == TEXT and not message.isascii():
            _check_utf8(message)
        return message

    def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self.answer += frame(payload, FIN | PONG)
        elif opcode == CLOSE:
            self.end = End(_close_code(payload), by_peer=True)


def _check(first: int, size: int) -> None:
    """Refuse a frame for its first two bytes; `size` is negative without a mask."""
    opcode = first & 15
    if size < 0:
        raise _Violation(WRONG, "Frames from clients must have a mask.")
    if first & 0x70 or opcode not in _OPCODES:
        raise _Violation(WRONG, "A frame has unknown bits or an unknown opcode.")
    if opcode & 8 and (size > LONGEST_CONTROL or not first & FIN):
        raise _Violation(
            WRONG, f"A control frame is whole and has at most {LONGEST_CONTROL} bytes."
        )


def _long_size(written: bytes) -> int:
    size = int.from_bytes(written)
    if size < (126 if len(written) == 2 else 65536):
        raise _Violation(WRONG, "The length of a frame takes more bytes than needed.")
    return size


def _unmasked(data: bytes, mask: bytes) -> bytes:
    size = len(data)
    masks = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data) ^ int.from_bytes(masks)).to_bytes(size)


def _check_utf8(text: bytes) -> None:
    try:
        text.decode()
    except UnicodeDecodeError:
        raise _Violation(NOT_UTF8, "Invalid UTF-8.") from None


def _close_code(payload: bytes) -> int:
    """Return the code to answer a close frame with."""
    if not payload:
        return NORMAL
    code = int.from_bytes(payload[:2])
    if len(payload) == 1 or code not in _CODES:
        raise _Violation(WRONG, "The code of a close frame is not valid.")
    _check_utf8(payload[2:])
    return code
