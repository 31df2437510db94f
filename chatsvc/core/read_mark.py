"""How far somebody without an account has read a room."""

from __future__ import annotations

from typing import NamedTuple


class Mark(NamedTuple):
    """Up to which line somebody has read a room, and the time of that line; 0 is none yet."""

    number: int = 0
    time: float = 0.0
