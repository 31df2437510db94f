"""Wrapping text into terminal rows: between words, never within a character."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len, split_graphemes

_WORD = re.compile(r"\s*\S+|\s+")
_NARROW = 50  # columns of a conversation below which names are above the messages
LEAST = 10  # minimum columns for text


class Columns(NamedTuple):
    """How many columns of a row are for the time, the name, and the text."""

    time: int
    name: int
    text: int

    @property
    def gutter(self) -> int:
        """The columns before the text."""
        return self.time + self.name


def columns(width: int, time: int) -> Columns:
    """Divide a row into columns; a space follows each but the text, and names may be above."""
    if width < _NARROW:
        return Columns(2, 0, max(width - 2, LEAST))
    time, name = time + 1 if time else 0, min(max(width // 6, 9), 16) + 1
    return Columns(time, name, max(width - time - name, LEAST))


def spans(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Yield where rows of at most `width` columns begin and end in a text."""
    start = 0
    for line in text.split("\n"):
        yield from _spans_of_line(text, start, start + len(line), width)
        start += len(line) + 1


def _spans_of_line(text: str, begin: int, end: int, width: int) -> Iterator[tuple[int, int]]:
    if end - begin <= width and (text.isascii() or cell_len(text[begin:end]) <= width):
        yield begin, end
    elif text.isascii():
        yield from _spans_of_ascii(text, begin, end, width)
    else:
        yield from _spans_of_pieces(text, begin, end, width)


def _spans_of_ascii(text: str, start: int, end: int, width: int) -> Iterator[tuple[int, int]]:
    """The same for ASCII text, where each character takes one column."""
    while end - start > width:
        blank = text.rfind(" ", start + 1, start + width + 1)
        cut = blank if blank > 0 else start + width
        yield start, cut
        start = cut
    yield start, end


def _spans_of_pieces(text: str, begin: int, end: int, width: int) -> Iterator[tuple[int, int]]:
    start, used = begin, 0
    for first, cells in _pieces(text, begin, end, width):
        if used + cells > width:
            yield start, first
            start, used = first, 0
        used += cells
    yield start, end


def _pieces(text: str, begin: int, end: int, width: int) -> Iterator[tuple[int, int]]:
    """Yield where words begin, with their widths; split those wider than a row."""
    for word in _WORD.finditer(text, begin, end):
        cells = cell_len(word[0])
        if cells <= width:
            yield word.start(), cells
        else:
            for first, _, wide in split_graphemes(word[0])[0]:
                yield word.start() + first, wide


def without_blank(text: str, start: int, end: int) -> int:
    """Return where a row begins if the space at which it was broken is not drawn."""
    broken = start > 0 and text[start - 1] != "\n"
    return start + 1 if broken and start < end and text[start] == " " else start


def cut(text: str, width: int) -> str:
    """Truncate a text to `width` columns, with an ellipsis."""
    if cell_len(text) <= width:
        return text
    kept, used = 0, 0
    for _, end, cells in split_graphemes(text)[0]:
        if used + cells > width - 1:
            break
        kept, used = end, used + cells
    return f"{text[:kept]}…"


def word_at(text: str, at: int) -> tuple[int, int]:
    """Return the start and end of the word at a position."""
    for word in re.finditer(r"\w+|[^\w\s]+|\s+", text):
        if word.start() <= at < word.end():
            return word.span()
    return len(text), len(text)
