"""Events that may be long: each has one field of entries, which are told a portion at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias

from chatsvc.model.history_events import Found, History
from chatsvc.model.moderation_events import Audit, Banned, Bans, Reports
from chatsvc.model.presence_events import Departed, People
from chatsvc.model.room_events import Rooms

LongEvent: TypeAlias = History | Found | People | Rooms | Banned | Bans | Audit | Reports | Departed

_Getter: TypeAlias = Callable[[Any], tuple[Any, ...]]

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
    kind: Any = type(entry)
    words, lists = _of_any_length(kind)
    texts, items = filter(None, words(entry)), map(len, lists(entry))
    return _BESIDE + sum(map(len, texts)) + _ITEM * sum(items)


@cache
def _of_any_length(kind: Any) -> tuple[_Getter, _Getter]:
    """What gets the fields of an entry that are texts, and those that are several names."""
    kinds = {field.name: str(field.type) for field in fields(kind)}
    words = [name for name, type_ in kinds.items() if type_.startswith("str")]
    lists = [name for name, type_ in kinds.items() if type_.startswith("tuple")]
    return _getter(words), _getter(lists)


def _getter(names: Sequence[str]) -> _Getter:
    """Return what gets some fields as a tuple, however many these are."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda entry: tuple(getattr(entry, name) for name in names)
