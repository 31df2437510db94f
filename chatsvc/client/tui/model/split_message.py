"""Splits long texts into messages that the server accepts, without losing lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 4096  # bytes of UTF-8 in one text
LINES = 100  # lines in one text

_WORD = re.compile(r"\s*\S+|\s+")


def parts(text: str) -> Iterator[str]:
    """Split `text` between lines, and between words only where a line is too long."""
    part: list[str] = []
    size = 0
    for line in _short_lines(text):
        more = _size(line) + 1
        if part and (size + more > LONGEST + 1 or len(part) == LINES):
            yield "\n".join(part)
            part, size = [], 0
        part.append(line)
        size += more
    yield "\n".join(part)


def _short_lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        yield from (line,) if _size(line) <= LONGEST else _in_pieces(line)


def _in_pieces(line: str) -> Iterator[str]:
    piece = ""
    for word in _short_words(line):
        if piece and _size(piece) + _size(word) > LONGEST:
            yield piece
            piece, word = "", word.lstrip()
        piece += word
    yield piece


def _short_words(line: str) -> Iterator[str]:
    for word in _WORD.findall(line):
        while _size(word) > LONGEST:
            fits = word.encode()[:LONGEST].decode(errors="ignore")
            yield fits
            word = word[len(fits) :]
        yield word


def _size(text: str) -> int:
    return len(text.encode())
