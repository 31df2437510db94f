"""The read position of a user without an account, or in a room that they have left."""

from __future__ import annotations

from typing import NamedTuple


class Mark(NamedTuple):
    """The last line that a user has read in a room, and its time; 0 means none."""

    number: int = 0
    time: float = 0.0
