"""What happened in rooms besides messages, for the history of IRC clients that request it.

Joins, topics, roles and the like have no numbers among a room's lines, so nobody else notices them.
Each is placed by the number of the last line before it, and by its own id.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from chatsvc.core.passing_ids import PassingIds
from chatsvc.model.happened import NAMING, Happened, Noted, Trace, selected
from chatsvc.model.message_events import Signal
from chatsvc.model.moderation_events import Removed
from chatsvc.model.presence_events import Renamed
from chatsvc.model.records import Happening
from chatsvc.model.room_events import Joined, Left, Moved, Role, Rule, Topic
from chatsvc.model.selection import Selection
from chatsvc.model.stamps import Stamp
from chatsvc.model.text_rules import key
from chatsvc.store.archive import ArchiveFailed, Records

MOST_IN_ROOM = 200
MOST_IN_ALL = 20_000

KINDS: Mapping[str, type[Any]] = {
    kind.WIRE: kind for kind in (Joined, Left, Topic, Rule, Role, Removed, Renamed, Moved, Signal)
}
_INTERNAL = "stamp"

N = TypeVar("N", bound=Noted)


class Happenings:
    """The latest events of each room; the room that was quiet the longest is forgotten first."""

    def __init__(self, records: Records, ids: PassingIds, now: Callable[[], float]) -> None:
        self._records = records
        self._ids = ids
        self._now = now
        self._rooms: dict[str, deque[Happened]] = {}  # the latest last
        self._count = 0
        self._unsaved: dict[tuple[str, int], Happening | None] = {}

    def open(self) -> None:
        """Load the events; the archive is open."""
        for record in sorted(self._records.records(Happening), key=lambda one: one.id):
            stamp = Stamp(record.id, record.time, record.account, record.bot)
            happened = Happened(record.behind, stamp, _event(record, stamp))
            self._rooms.setdefault(record.room, deque()).append(happened)
            self._count += 1

    def stamp(self, account: str, bot: bool) -> Stamp:
        """Return a stamp for an event that happens now."""
        return Stamp(self._ids.new(), round(self._now(), 3), account, bot)

    def note(self, room: str, behind: int, event: N, stamp: Stamp) -> N:
        """Remember an event of a room, and return it with its stamp."""
        event = replace(event, stamp=stamp)
        events = self._rooms.pop(room, None)
        self._rooms[room] = events = deque() if events is None else events
        events.append(Happened(behind, stamp, event))
        self._count += 1
        self._unsaved[room, stamp.id] = _record(room, behind, event, stamp)
        if len(events) > MOST_IN_ROOM:
            self._drop(room, events.popleft())
        if self._count > MOST_IN_ALL:
            self.forget(next(iter(self._rooms)))
        return event

    def of(self, room: str) -> tuple[Happened, ...]:
        """Return the events of a room, oldest first."""
        return tuple(self._rooms.get(room, ()))

    def latest(self, room: str) -> Happened | None:
        """Return the last event of a room."""
        events = self._rooms.get(room)
        return events[-1] if events else None

    def find(self, room: str, id: int) -> Happened | None:
        """Return the event of a room with this id."""
        return next((one for one in self._rooms.get(room, ()) if one.stamp.id == id), None)

    def remove(self, room: str, happened: Happened) -> None:
        """Forget one event."""
        self._rooms[room].remove(happened)
        self._drop(room, happened)

    def rename(self, room: str, new: str) -> None:
        """Give a room another name, as the archive has."""
        old_key, new_key = key(room), key(new)
        events = self._rooms.pop(old_key, None)
        if events is not None:
            self._rooms[new_key] = renamed = deque(_in_room(one, room, new) for one in events)
        for where, id in [place for place in self._unsaved if place[0] == old_key]:
            record = self._unsaved.pop((where, id))
            self._unsaved[new_key, id] = record and replace(record, room=new_key)
        for behind, stamp, event in renamed if events is not None else ():
            self._unsaved[new_key, stamp.id] = _record(new_key, behind, event, stamp)

    def forget(self, room: str) -> None:
        """Forget all events of a room."""
        for happened in self._rooms.pop(room, ()):
            self._drop(room, happened)

    def expire(self, room: str, before: float) -> None:
        """Forget the events of a room that are older than a time."""
        events = self._rooms.get(room)
        while events and events[0].stamp.time < before:
            self._drop(room, events.popleft())

    def erase(self, whose: Selection) -> None:
        """Forget what some users have caused, and what names them."""
        every = [(room, one) for room, events in self._rooms.items() for one in events]
        traces = (
            Trace(room, one.stamp.time, one.stamp.account, _values(one.event))
            for room, one in every
        )
        for number in selected(traces, whose):
            self.remove(*every[number])

    def _drop(self, room: str, happened: Happened) -> None:
        self._count -= 1
        self._unsaved[room, happened.stamp.id] = None

    async def save(self) -> None:
        """Save the changes; what cannot be saved now is retried with the next."""
        unsaved, self._unsaved = self._unsaved, {}
        if not unsaved:
            return
        try:
            await self._records.put(*(one for one in unsaved.values() if one is not None))
            await self._records.drop(*_gone(unsaved))
        except ArchiveFailed:
            self._unsaved = {**unsaved, **self._unsaved}


def _values(event: Noted) -> dict[str, Any]:
    return {name: getattr(event, name) for name in NAMING if hasattr(event, name)}


def _in_room(happened: Happened, old: str, new: str) -> Happened:
    """Return an event of a room that was called `old`, as one of the room called `new`."""
    event: Any = happened.event
    if isinstance(event, Moved):
        return happened  # which has the name that the room had
    field = "to" if isinstance(event, Signal) else "room"
    if getattr(event, field, None) != old:
        return happened
    return happened._replace(event=replace(event, **{field: new}))


def _gone(unsaved: Mapping[tuple[str, int], Happening | None]) -> Iterator[Happening]:
    for (room, id), one in unsaved.items():
        if one is None:
            yield Happening(room, id, 0, 0.0, "", False, "", "")


def _record(room: str, behind: int, event: Noted, stamp: Stamp) -> Happening:
    text = json.dumps(_fields(event), ensure_ascii=False, default=dict)
    return Happening(room, behind=behind, kind=event.WIRE, fields=text, **stamp._asdict())


def _fields(event: Noted) -> dict[str, Any]:
    return {
        field.name: getattr(event, field.name)
        for field in fields(event)
        if field.name != _INTERNAL and getattr(event, field.name) != field.default
    }


def _event(record: Happening, stamp: Stamp) -> Noted:
    values = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(record.fields).items()
    }
    event: Noted = KINDS[record.kind](**values, stamp=stamp)
    return event
