"""A row that shows how far a job is, on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class ProgressRow:
    """A row of a terminal that is overwritten; without a terminal it does nothing."""

    def __init__(self, terminal: TextIO | None) -> None:
        self._terminal = terminal
        self._row = ""

    @classmethod
    @contextmanager
    def on_standard_error(cls) -> Iterator[ProgressRow]:
        """Yield a row on standard error, if that is a terminal, and clear it at the end."""
        row = cls(sys.stderr if os.isatty(2) else None)
        try:
            yield row
        finally:
            row.clear()

    def show(self, row: str) -> None:
        """Show this instead of what is there."""
        if self._terminal is not None and row != self._row:
            # Overwrite with spaces, which works on any terminal.
            self._terminal.write("\r" + row.ljust(len(self._row)) + ("" if row else "\r"))
            self._terminal.flush()
            self._row = row

    def clear(self) -> None:
        """Clear the row, to make room for other output."""
        self.show("")
