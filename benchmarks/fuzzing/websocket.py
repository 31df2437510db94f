"""Messages as WebSocket clients send them: in frames, some of which are in fragments or wrong."""

from __future__ import annotations

from random import Random

TEXT, BINARY, CLOSE, PING, PONG = 0x81, 0x82, 0x88, 0x89, 0x8A


def in_frames(random: Random, lines: list[bytes]) -> list[bytes]:
    """Return the inputs of a session, each as one or more frames, but for its HTTP requests."""
    return [line if line.startswith(b"GET ") else _frames(random, line) for line in lines]


def _frames(random: Random, message: bytes) -> bytes:
    chosen = random.random()
    if chosen < 0.7:
        return _frame(random, TEXT, message)
    if chosen < 0.8:
        cut = random.randint(0, len(message))
        between = _frame(random, PING, b"between") if random.random() < 0.5 else b""
        return _frame(random, 1, message[:cut]) + between + _frame(random, 0x80, message[cut:])
    if chosen < 0.95:
        return _frame(random, random.choice((BINARY, PING, PONG)), message[:125])
    if chosen < 0.97:
        return _frame(random, CLOSE, random.choice((b"", b"\x03\xe8", b"\x03\xe8bye", b"\x01")))
    return _frame(random, random.randrange(256), message * random.choice((0, 1, 100)))


def _frame(random: Random, first: int, payload: bytes) -> bytes:
    """Return a frame with a mask, or now and then without one, or with another length."""
    size = len(payload)
    told = random.choice((0, 125, 126, 70_000, 1 << 62)) if random.random() < 0.01 else size
    masked = 0 if random.random() < 0.01 else 0x80
    mask = random.randbytes(4) if masked else b""
    body = bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload)) if mask else payload
    return bytes((first,)) + _length(told, masked) + mask + body


def _length(size: int, masked: int) -> bytes:
    if size < 126:
        return bytes((masked | size,))
    if size < 65536:
        return bytes((masked | 126,)) + size.to_bytes(2)
    return bytes((masked | 127,)) + size.to_bytes(8)
