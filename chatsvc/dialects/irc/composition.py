"""How the latest multiline messages were split by their senders (IRCv3 "draft/multiline").

Servers "SHOULD maintain the line composition sent by the client".  The chat knows only the text, so
this is remembered beside it, for as long as the message is likely to be shown live.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

MOST = 32  # messages


class Piece(NamedTuple):
    """A line of a batch."""

    text: str
    goes_on: bool  # continues the piece before without a line break


class Compositions:
    """The pieces of the latest messages, by their whole text."""

    def __init__(self) -> None:
        self._pieces: dict[str, tuple[Piece, ...]] = {}
        self.short: set[str] = set()  # those that would fit into one message; nearly always empty

    def note(self, text: str, pieces: Sequence[Piece]) -> None:
        """Remember how a text was split."""
        self._pieces.pop(text, None)
        self._pieces[text] = tuple(pieces)
        if "\n" not in text and len(pieces) > 1:
            self.short.add(text)
        if len(self._pieces) > MOST:
            oldest = next(iter(self._pieces))
            del self._pieces[oldest]
            self.short.discard(oldest)

    def of(self, text: str, size: int) -> tuple[Piece, ...]:
        """Return the pieces of a recent text, if each has at most `size` bytes."""
        pieces = self._pieces.get(text, ())
        fits = all(len(piece.text.encode()) <= size for piece in pieces)
        return pieces if fits else ()


LATEST = Compositions()
