"""Long answers, sent a portion at a time as their reader takes them.

Until then, only what the remaining entries are made from is in memory: the numbers of lines and
the ids of audit entries, which are read again, and the users and rooms of a list.
"""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import Any, NamedTuple, TypeVar

from chatsvc.core.chat import Session
from chatsvc.model.events import Event
from chatsvc.model.history_events import Found, History, Part
from chatsvc.model.long_events import PORTION, LongEvent, entries_of, size, with_entries
from chatsvc.model.message_events import Said
from chatsvc.model.moderation_events import Audit, Banned
from chatsvc.model.records import Act
from chatsvc.model.requests import Refusal
from chatsvc.services.hub import Hub
from chatsvc.store.archive import ArchiveFailed, Lines

E = TypeVar("E")
Entries = Sequence[Any]


class Reading(NamedTuple):
    """The first portion of a long answer, and the others, which are read when they are sent."""

    begun: LongEvent
    rest: AsyncIterator[Entries]


async def tell(session: Session, reading: Reading, tag: str | None) -> None:
    """Send each portion when the reader has taken the previous one; return after the last."""
    frame, told, refusal = with_entries(reading.begun, ()), len(entries_of(reading.begun)), None
    session.tell_part(reading.begun, tag, Part())
    rest = reading.rest
    del reading
    try:
        while await session.wire.ready() and (entries := await anext(rest, None)) is not None:
            session.tell_part(with_entries(frame, entries), tag, Part(told))
            told += len(entries)
            del entries
    except ArchiveFailed as failed:
        refusal = Refusal("not-read", f"Cannot read the rest. {failed.for_users}")
    finally:  # whatever went wrong, send what waits for the end
        session.tell_part(frame, tag, Part(told, ends=True))
    if refusal is not None:
        session.tell(refusal)


def portions(entries: Iterable[E], size: Callable[[E], int]) -> Iterator[tuple[E, ...]]:
    """Split entries into portions of about `PORTION` characters."""
    portion: list[E] = []
    total = 0
    for entry in entries:
        total += size(entry)
        if portion and total > PORTION:
            yield tuple(portion)
            portion, total = [], size(entry)
        portion.append(entry)
    if portion:
        yield tuple(portion)


# Lists


class Listing(NamedTuple):
    """A list whose entries are created as its reader takes them."""

    frame: LongEvent  # the event without entries
    sources: Sequence[Any]
    make: Callable[[Any], object | None]  # creates a source's entry, if it still exists


def begin(session: Session, listing: Listing, tag: str | None) -> Coroutine[Any, Any, None] | None:
    """Send a short list; return a coroutine that sends a long one."""
    made = map(listing.make, listing.sources)
    answer = _cut(listing.frame, (entry for entry in made if entry is not None))
    if isinstance(answer, Reading):
        return tell(session, answer, tag)
    session.tell(answer, tag)
    return None


def _cut(frame: LongEvent, entries: Iterable[Any]) -> LongEvent | Reading:
    """Return an event with these entries, or a `Reading` if there are many."""
    rest = portions(entries, size)
    first, second = next(rest, ()), next(rest, None)
    begun = with_entries(frame, first)
    return begun if second is None else Reading(begun, _made(chain((second,), rest)))


async def _made(rest: Iterable[Entries]) -> AsyncIterator[Entries]:
    for entries in rest:
        yield entries


# Lines


class _Spots(NamedTuple):
    """Lines of one room that are to be read again, in the order of the answer."""

    room: str  # as the archive names it
    called: str  # as the answer names it
    numbers: array[int]


def shortened(hub: Hub, session: Session, answer: Event) -> Event | Reading:
    """Return an answer, or a `Reading` of it if it is too long to be sent at once.

    Refused to a user who has left one of its rooms since asking.
    """
    if isinstance(answer, Banned):
        return _cut(answer, answer.hit)
    if not isinstance(answer, History | Found) or sum(map(_size, answer.lines)) <= PORTION:
        return answer
    first, *others = portions(answer.lines, _size)
    rest = [_spots(hub, session, lines) for lines in others]
    return Reading(with_entries(answer, first), _lines(hub.archive, rest))


def _size(line: Said) -> int:
    return len(line.text)


def _spots(hub: Hub, session: Session, lines: Sequence[Said]) -> list[_Spots]:
    return [
        _Spots(
            hub.history.place(session, called)[0].name,
            called,
            array("q", (line.number for line in group)),
        )
        for called, group in groupby(lines, lambda line: line.room)
    ]


async def _lines(archive: Lines, rest: Iterable[list[_Spots]]) -> AsyncIterator[Entries]:
    for spots in rest:
        yield [line for each in spots for line in await _read(archive, each)]


async def _read(archive: Lines, spots: _Spots) -> list[Said]:
    lines = []
    for first, count in _runs(spots.numbers):
        page = await archive.read(spots.room, first - 1, count)
        lines += [line for line in page if line.number < first + count]
    return [line._replace(room=spots.called) for line in lines]


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the runs of consecutive numbers: the first number of each, and its length."""
    for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        yield run[0], len(run)


# Audit entries


def audit_of(hub: Hub, session: Session, acts: Sequence[Act]) -> Audit | Reading:
    """Return an answer with the audit entries that a session may read."""
    first, *others = list(portions(acts, size)) or [()]
    audit = hub.audit.shown(session, first)
    ids = [tuple(act.id for act in portion) for portion in others]
    return Reading(audit, _acts(hub, session, ids)) if ids else audit


async def _acts(
    hub: Hub, session: Session, ids: Iterable[tuple[str, ...]]
) -> AsyncIterator[Entries]:
    for some in ids:
        yield hub.audit.shown(session, await hub.audit.again(some)).acts
