"""A problem, with its place and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Problem(NamedTuple):
    """Something that an administrator should change."""

    place: str  # a file, with a line if there are several; a port; a variable
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}\n    Fix: {self.fix}"


def open_to_others(path: Path, what: str) -> Problem:
    """Return the problem of a file that users other than its owner and group can use."""
    return Problem(str(path), f"other users can read {what}.", f"chmod o-rwx {path}")
