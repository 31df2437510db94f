"""Events that are part of a room's history for IRC clients.  No behaviour."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from chatsvc.model.message_events import Signal
from chatsvc.model.moderation_events import Removed
from chatsvc.model.presence_events import Renamed
from chatsvc.model.room_events import Joined, Left, Role, Rule, Topic
from chatsvc.model.stamps import Stamp

Noted: TypeAlias = Joined | Left | Topic | Rule | Role | Removed | Renamed | Signal


class Happened(NamedTuple):
    """An event, and the number of the last line before it."""

    behind: int
    stamp: Stamp
    event: Noted

    @property
    def position(self) -> tuple[int, int]:
        """Its place among a room's lines, each of which is at its number and 0."""
        return self.behind, self.stamp.id
