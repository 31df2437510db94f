"""A row at a terminal that shows how far a long command is."""

from __future__ import annotations

from typing import TextIO


class Row:
    """Overwrites itself; shows nothing if nobody watches."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream if stream.isatty() else None

    def show(self, text: str) -> None:
        """Replace what is shown."""
        if self._stream is not None:
            print(f"\r{text}\x1b[K", end="", file=self._stream, flush=True)

    def clear(self) -> None:
        """Remove the row."""
        self.show("")
