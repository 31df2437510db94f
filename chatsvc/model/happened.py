"""Events that are part of a room's history for IRC clients, and whom they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from chatsvc.model.message_events import Signal
from chatsvc.model.moderation_events import Removed
from chatsvc.model.presence_events import Renamed
from chatsvc.model.room_events import Joined, Left, Moved, Role, Rule, Topic
from chatsvc.model.selection import Selection
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
    """Where and when an event was, whose account caused it, and its fields as in `NAMING`."""

    room: str
    time: float
    account: str
    values: Mapping[str, Any]


NAMING = ("names", "name", "by", "instead", "old", "new", "sender", "to")  # fields with nicknames
_CAUSING = ("by", "old", "new", "sender")


def selected(traces: Iterable[Trace], whose: Selection) -> list[int]:
    """Return the positions of events that the selected users caused, or that name them.

    The users of an account are known by its name, and by those under which they caused events.
    """
    found = [(number, one) for number, one in enumerate(traces) if _is_within(one, whose)]
    names = {key(whose.name)}
    for _, one in found:
        if one.account == whose.account and not whose.guest:
            names |= _causers(one)
    return [number for number, one in found if _is_about(one, names, whose)]


def _is_within(one: Trace, whose: Selection) -> bool:
    if one.time < whose.since or (whose.until and one.time >= whose.until):
        return False
    return not whose.only or key(one.room) == key(whose.only)


def _is_about(one: Trace, names: set[str], whose: Selection) -> bool:
    if whose.guest and one.account and not names.isdisjoint(_causers(one)):
        return False  # an account of that name
    own = one.account == whose.account and not whose.guest
    return own or not names.isdisjoint(_keys(one, NAMING))


def _causers(one: Trace) -> set[str]:
    return _keys(one, ("names",)) or _keys(one, _CAUSING)


def _keys(trace: Trace, fields: Iterable[str]) -> set[str]:
    values = (trace.values.get(field, "") for field in fields)
    found = ((value,) if isinstance(value, str) else value for value in values)
    return {key(name) for names in found for name in names if name}
