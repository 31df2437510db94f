"""What IRC clients are told about an event besides its content: its id, its time, its cause."""

from __future__ import annotations

from typing import NamedTuple


class Stamp(NamedTuple):
    """The id and time of an event, and whether who caused it has an account and is a bot."""

    id: int
    time: float
    account: str = ""  # its name
    bot: bool = False
