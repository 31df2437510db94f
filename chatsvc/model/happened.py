"""Events that are part of a room's history for IRC clients, and whom they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from chatsvc.model.message_events import Signal
from chatsvc.model.moderation_events import Removed
from chatsvc.model.presence_events import Renamed
from chatsvc.model.room_events import Joined, Left, Moved, Role, Rule, Topic
from chatsvc.model.stamps import Stamp
from chatsvc.model.text_rules import key

Noted: TypeAlias = Joined | Left | Topic | Rule | Role | Removed | Renamed | Moved | Signal


class Happened(NamedTuple):
    """An event, and the number of the last line before it."""

    behind: int
    stamp: Stamp
    event: Noted

    @property
    def position(self) -> tuple[int, int]:
        """Its place among a room's lines, each of which is at its number and 0."""
        return self.behind, self.stamp.id


class Trace(NamedTuple):
    """When an event was, whose account caused it, and its fields as in `NAMING`."""

    time: float
    account: str
    values: Mapping[str, Any]


NAMING = ("names", "name", "by", "instead", "old", "new", "sender", "to")  # fields with nicknames
_CAUSING = ("by", "old", "new", "sender")


def of_account(traces: Iterable[Trace], account: str, since: float) -> list[int]:
    """Return the positions of events since a time that an account caused, or that name its users.

    Its users are known by the account's name, and by those under which it caused events.
    """
    found = [(number, one) for number, one in enumerate(traces) if one.time >= since]
    names = {key(account)}
    for _, one in found:
        if one.account == account:
            names |= _keys(one, ("names",)) or _keys(one, _CAUSING)
    return [
        number
        for number, one in found
        if one.account == account or not names.isdisjoint(_keys(one, NAMING))
    ]


def _keys(trace: Trace, fields: Iterable[str]) -> set[str]:
    values = (trace.values.get(field, "") for field in fields)
    found = ((value,) if isinstance(value, str) else value for value in values)
    return {key(name) for names in found for name in names if name}
