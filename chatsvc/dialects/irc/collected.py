"""A multiline batch that a client is sending (IRCv3 "draft/multiline"), until it is complete.

What a client may send is decided in `multiline.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chatsvc.dialects.irc.composition import Piece
from chatsvc.dialects.irc.pending import Pending


@dataclass(slots=True)
class Collected:
    """A multiline batch that a client is sending; `about` is what its answer belongs to."""

    reference: str
    target: str
    about: Pending
    signs: dict[str, str]  # client tags
    pieces: list[Piece] = field(default_factory=list)
    lines: int = 0
    size: int = 0  # bytes
    failed: bool = False

    def drop(self) -> None:
        """Forget the lines: the batch can no longer be sent."""
        self.failed = True
        self.pieces.clear()

    def add(self, text: str, goes_on: bool) -> None:
        """Append a line, or continue the last one."""
        goes_on = goes_on and self.lines > 0
        self.size += len(text.encode()) + (self.lines > 0 and not goes_on)
        self.pieces.append(Piece(text, goes_on))
        self.lines += not goes_on

    @property
    def text(self) -> str:
        """The whole message."""
        lines = (piece.text if piece.goes_on else f"\n{piece.text}" for piece in self.pieces)
        return "".join(lines).removeprefix("\n")
