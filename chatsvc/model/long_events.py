"""Events that may be long: each has one field of entries, which are told a portion at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from chatsvc.model.events import Found, History, Rooms
from chatsvc.model.moderation_events import Audit, Banned, Bans, Reports
from chatsvc.model.presence_events import Departed, People

LongEvent: TypeAlias = History | Found | People | Rooms | Banned | Bans | Audit | Reports | Departed

PORTION = 16384  # characters
_BESIDE = 100  # those of an entry that are not in its fields, about
_ITEM = 40  # those of one of several names in a field


def entries_of(event: LongEvent) -> tuple[Any, ...]:
    """Return the entries of a long event."""
    found: tuple[Any, ...] = getattr(event, event.ENTRIES)
    return found


def with_entries(event: LongEvent, entries: Sequence[Any]) -> LongEvent:
    """Return the same event with other entries."""
    field: dict[str, Any] = {event.ENTRIES: tuple(entries)}
    return replace(event, **field)


def size(entry: Any) -> int:
    """Return about how many characters an entry takes."""
    if isinstance(entry, str):
        return _BESIDE + len(entry)
    values = (getattr(entry, name) for name in entry.__slots__)
    return _BESIDE + sum(
        len(value) if isinstance(value, str) else _ITEM * len(value)
        for value in values
        if isinstance(value, str | tuple)
    )
