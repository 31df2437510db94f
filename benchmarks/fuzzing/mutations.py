"""Mutations of an input that leave it almost valid."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from benchmarks.fuzzing.seeds import words

Mutation = Callable[[Random, bytes], bytes]

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
_STRING = re.compile(rb'"[^"]*"')

NUMBERS = [
    b"0", b"-1", b"1", b"00", b"255", b"256", b"65535", b"65536", b"2147483648", b"4294967296",
    b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809", b"1e400", b"-1e-400",
    b"NaN", b"Infinity", b"-0", b"0x10", b"1.5", b"1_000", b"9" * 400, b"9" * 5000,
    "١٢".encode(), "²".encode(), "\uff15".encode(),
]  # fmt: skip
VALUES = [b"null", b"true", b"[]", b"{}", b"5", b'""', b'"\\ud800"', b'"\\udc00\\ud800"', b"[[[]]]"]
BYTES = [
    b"\0", b"\r", b"\n", b"\r\0", b"\r\n", b"\n\n", b"\xff", b"\xff\xff", b"\xff\xf4", b"\xff\xfa",
    b"\xff\xf0", b"\xff\xfd\x01", b"\x01", b"\x02", b"\x03", b"\x0304,12", b"\x04ff0000", b"\x08",
    b"\x7f", b"\x1b[2J", b"\x1b]0;x\x07", b"\x9b", b"\t", b"\x0b", b"\x0c", b"\x85",
    b"\xc3(", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf",
    b"\xe2\x98",
    *(c.encode() for c in "\u200b\u200d\u061c\u202e\u2066\u2028\u2029\ufeff\ufe0f\u00a0\u3000\x85"),
    *(c.encode() for c in "\U000e0001\U0010ffff\ufffe\ue000"), ("e" + "\u0301" * 40).encode(),
    "\U0001f469\u200d\U0001f467".encode(), "ﷺ".encode(), "İıß".encode(), "Ⅷ㎏ﬁ".encode(),
    "\u1680\u2003".encode(),
    b" ", b"  ", b" :", b":", b"@", b"@a=b ", b"#", b"%", b"%s", b"%n", b"{}", b"{0}", b'"', b"\\",
    b"\\u0000", b"\\ud83d", b"--", b"--here", b"-", b"*", b"?", b"*" * 60, b"$(x)", b"'", b"../",
    b"/", b"//", b"!", b",", b"," * 200, b"a" * 600, b"a" * 5000, b"(" * 300, b"[" * 3000,
    b"!@", b"*!*@*", b"/0", b"/129", b"1s", b"1d2h", b"2026-02-30", b"9999-12-31T23:59:60Z",
    b"0001-01-01", b"timestamp=", b"msgid=",
]  # fmt: skip


def flip_bits(random: Random, line: bytes) -> bytes:
    changed = bytearray(line or b"\0")
    for _ in range(random.randint(1, 4)):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def put_byte(random: Random, line: bytes) -> bytes:
    at = random.randint(0, len(line))
    return line[:at] + bytes([random.randrange(256)]) + line[at + random.randint(0, 1) :]


def insert_bytes(random: Random, line: bytes) -> bytes:
    at = random.randint(0, len(line))
    return line[:at] + random.choice(BYTES) + line[at:]


def insert_word(random: Random, line: bytes) -> bytes:
    at = random.randint(0, len(line))
    blank = random.choice((b"", b" "))
    return line[:at] + blank + random.choice(words()) + blank + line[at:]


def remove_piece(random: Random, line: bytes) -> bytes:
    start, end = sorted(random.randint(0, len(line)) for _ in range(2))
    return line[:start] + line[end:]


def repeat_piece(random: Random, line: bytes) -> bytes:
    start, end = sorted(random.randint(0, len(line)) for _ in range(2))
    times = random.choice((2, 2, 3, 10, 100))
    return (line[:start] + line[start:end] * times + line[end:])[:40_000]


def cut_off(random: Random, line: bytes) -> bytes:
    return line[: random.randint(0, len(line))]


def cut_words(random: Random, line: bytes) -> bytes:
    """Remove parameters at the end, but keep the line end."""
    parts = line.split(b" ")
    ending = b"\r\n" if line.endswith(b"\r\n") else line[-1:] if line.endswith(b"\n") else b""
    return b" ".join(parts[: random.randint(1, len(parts))]).removesuffix(ending) + ending


def shuffle_words(random: Random, line: bytes) -> bytes:
    parts = line.split(b" ")
    random.shuffle(parts)
    return b" ".join(parts)


def replace_number(random: Random, line: bytes) -> bytes:
    return _replace(random, _NUMBER, line, random.choice(NUMBERS)) or insert_bytes(random, line)


def replace_string(random: Random, line: bytes) -> bytes:
    """Replace a JSON string with a value of another type, or another word."""
    new = random.choice((random.choice(VALUES), b'"%b"' % random.choice(words())))
    return _replace(random, _STRING, line, new) or insert_word(random, line)


def change_case(random: Random, line: bytes) -> bytes:
    return random.choice((line.upper(), line.lower(), line.swapcase(), line.title()))


def change_end(random: Random, line: bytes) -> bytes:
    ends = (b"", b"\r", b"\n", b"\r\n", b"\r\0", b"\r\r\n", b"\n\r", b"\0\n", b" \n", b"\n\n")
    return line.rstrip(b"\r\n\0") + random.choice(ends)


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits,
    put_byte,
    insert_bytes,
    insert_bytes,
    insert_word,
    remove_piece,
    repeat_piece,
    cut_off,
    cut_words,
    cut_words,
    shuffle_words,
    replace_number,
    replace_string,
    change_case,
    change_end,
)


def mutated(random: Random, line: bytes) -> bytes:
    """Return the line after one to four mutations; most inputs keep their line end."""
    ending = line[len(line.rstrip(b"\r\n")) :]
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        line = random.choice(MUTATIONS)(random, line)
    return line if random.random() < 0.15 else line.rstrip(b"\r\n") + ending


def _replace(random: Random, pattern: re.Pattern[bytes], line: bytes, new: bytes) -> bytes | None:
    found = list(pattern.finditer(line))
    if not found:
        return None
    one = random.choice(found)
    return line[: one.start()] + new + line[one.end() :]
