"""Events that may be long: each has one field of entries, which are sent in portions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias

from chatsvc.model.administration_events import AccountList
from chatsvc.model.history_events import Found, History
from chatsvc.model.metadata_events import Metadata
from chatsvc.model.moderation_events import Audit, Banned, Bans, Reports
from chatsvc.model.presence_events import Departed, People
from chatsvc.model.room_events import Rooms

LongEvent: TypeAlias = (
    History
    | Found
    | People
    | Rooms
    | Banned
    | Bans
    | Audit
    | Reports
    | Departed
    | Metadata
    | AccountList
)

_Getter: TypeAlias = Callable[[Any], tuple[Any, ...]]

PORTION = 16384  # characters
_BESIDE = 100  # about how many characters of an entry are not in its fields
_ITEM = 40  # about how many characters each name in a field has


def entries_of(event: LongEvent) -> tuple[Any, ...]:
    """Return the entries of a long event."""
    found: tuple[Any, ...] = getattr(event, event.ENTRIES)
    return found


def with_entries(event: LongEvent, entries: Sequence[Any]) -> LongEvent:
    """Return a copy of an event with other entries."""
    field: dict[str, Any] = {event.ENTRIES: tuple(entries)}
    return replace(event, **field)


def size(entry: Any) -> int:
    """Return the approximate number of characters in an entry."""
    if isinstance(entry, str):
        return _BESIDE + len(entry)
    kind: Any = type(entry)
    words, lists = _of_any_length(kind)
    texts, items = filter(None, words(entry)), map(len, lists(entry))
    return _BESIDE + sum(map(len, texts)) + _ITEM * sum(items)


@cache
def _of_any_length(kind: Any) -> tuple[_Getter, _Getter]:
    """Return functions that get an entry's text fields, and its fields of several names."""
    kinds = {field.name: str(field.type) for field in fields(kind)}
    words = [name for name, type_ in kinds.items() if type_.startswith("str")]
    lists = [name for name, type_ in kinds.items() if type_.startswith("tuple")]
    return _getter(words), _getter(lists)


def _getter(names: Sequence[str]) -> _Getter:
    """Return a function that gets some fields as a tuple, even if there is only one or none."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda entry: tuple(getattr(entry, name) for name in names)
