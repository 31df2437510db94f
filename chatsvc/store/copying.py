"""Copying a whole chat from one archive to another, of the same kind or not.

Each piece is stored completely or not at all, so a copy that was killed goes on where it was.
Until it is finished, the target is marked, and no service uses it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, zip_longest
from typing import Any, NamedTuple, Protocol, TypeVar, get_args

from chatsvc.model.message_events import Said
from chatsvc.model.records import Record
from chatsvc.store.archive import ArchiveFailed, R

T = TypeVar("T")

PAGE = 5_000  # lines or records in memory

KINDS: tuple[type[Any], ...] = get_args(Record)


class StoredRoom(NamedTuple):
    """A room or a private conversation as it is stored; `id` says which tallies are its own."""

    id: int
    name: str
    last: int
    topic: str
    topic_by: str
    topic_time: int  # milliseconds
    tallied: int  # the last number that the tallies count


class StoredTally(NamedTuple):
    """How much a user has said in a room; lines that have expired still count."""

    room: int
    sender: str
    lines: int
    bytes: int


class Counts(NamedTuple):
    """How many rows there are of each table, and lines of each room."""

    tables: dict[str, int]
    rooms: dict[str, int]

    @property
    def lines(self) -> int:
        """The number of lines in all rooms."""
        return sum(self.rooms.values())


class Difference(NamedTuple):
    """A table or room of which the two archives have a different number of rows."""

    what: str
    source: int
    target: int


class CopySource(Protocol):
    """An archive that nobody changes meanwhile."""

    @property
    def name(self) -> str:
        """Return what people call the archive; it contains no password."""

    def rooms(self) -> list[StoredRoom]:
        """Return all rooms and conversations, in the order of their ids."""

    def lines(self, room: StoredRoom, after: int, limit: int) -> list[Said]:
        """Return a room's first `limit` lines with numbers above `after`."""

    def tallies(self) -> Iterator[StoredTally]:
        """Yield all tallies, in the order of rooms and senders."""

    def records(self, kind: type[R]) -> Iterator[R]:
        """Yield all records of a kind in the order of their keys; acts in that of `put`."""

    def counts(self) -> Counts:
        """Count all rows."""


class CopyTarget(CopySource, Protocol):
    """An archive that nobody else uses meanwhile; each call is on the disk when it returns."""

    @property
    def origin(self) -> str | None:
        """Return the source's name if this is an unfinished copy; otherwise None."""

    def begin(self, origin: str) -> None:
        """Mark this as an unfinished copy."""

    def clear(self) -> None:
        """Remove everything but the mark."""

    def put_rooms(self, rooms: list[StoredRoom]) -> None:
        """Store rooms; one with the same id has the same name, and is replaced."""

    def put_lines(self, room: StoredRoom, lines: list[Said]) -> None:
        """Store lines of a room, which are not there yet."""

    def put_tallies(self, pages: Iterator[list[StoredTally]]) -> None:
        """Store these tallies instead of all others."""

    def put_records(self, kind: type[R], pages: Iterator[list[R]]) -> None:
        """Store these records instead of all others of their kind."""

    def finish(self) -> None:
        """Remove the mark: services may use the archive."""


Progress = Callable[[int, int], object]  # given how many lines of how many are done


class Outcome(NamedTuple):
    """What a copy contains; `was_there` says that an earlier run had finished it."""

    counts: Counts
    differences: list[Difference]
    was_there: bool = False


class Copy:
    """Copies everything from a source to a target, and counts both."""

    def __init__(self, source: CopySource, target: CopyTarget, progress: Progress) -> None:
        self._source = source
        self._target = target
        self._progress = progress
        self._counts = source.counts()
        self._done = 0

    def run(self) -> Outcome:
        """Copy what is missing; finish the copy unless the counts differ."""
        if self._is_finished():
            return Outcome(self._counts, [], was_there=True)
        rooms = self._source.rooms()
        self._target.begin(self._source.name)
        if not self._has_only(rooms):
            self._target.clear()
        for page in pages(iter(rooms)):
            self._target.put_rooms(page)
        self._copy_lines(rooms)
        self._target.put_tallies(pages(self._source.tallies()))
        for kind in KINDS:
            self._target.put_records(kind, pages(self._source.records(kind)))
        differences = list(compared(self._counts, self._target.counts()))
        if not differences:
            self._target.finish()
        return Outcome(self._counts, differences)

    def _is_finished(self) -> bool:
        """Return whether an earlier run has copied all; refuse a target with something else."""
        source, target = self._source, self._target
        if target.origin is not None:
            if target.origin != source.name:
                raise ArchiveFailed(
                    f"{target.name} is an unfinished copy of {target.origin}. Finish that copy, or"
                    " choose another destination."
                )
            return False
        counts = target.counts()
        if not counts.rooms and not any(counts.tables.values()):
            return False
        if counts != self._counts or not is_same(source, target, self._advance):
            raise ArchiveFailed(
                f"{target.name} contains another chat, or people have used it since it was copied."
                " Nothing copied. Choose an empty destination."
            )
        return True

    def _has_only(self, rooms: list[StoredRoom]) -> bool:
        """Return whether the target has no room that the source has not, or under another name."""
        return {room[:2] for room in self._target.rooms()} <= {room[:2] for room in rooms}

    def _copy_lines(self, rooms: list[StoredRoom]) -> None:
        begun = self._target.counts().rooms
        for room in rooms:
            after = self._checked(room) if begun.get(room.name) else 0
            if after is None:  # the source has changed since the first run
                self._target.clear()
                self._target.put_rooms(rooms)
                self._done = 0
                self._copy_lines(rooms)
                return
            self._copy_room(room, after)

    def _checked(self, room: StoredRoom) -> int | None:
        """Return up to which number a room was copied; None if lines differ from the source's."""
        after = 0
        while copied := self._target.lines(room, after, PAGE):
            if self._source.lines(room, after, len(copied)) != copied:
                return None
            after = copied[-1].number
            self._advance(len(copied))
        return after

    def _copy_room(self, room: StoredRoom, after: int) -> None:
        while lines := self._source.lines(room, after, PAGE):
            self._target.put_lines(room, lines)
            after = lines[-1].number
            self._advance(len(lines))

    def _advance(self, lines: int) -> None:
        self._done += lines
        self._progress(self._done, self._counts.lines)


def is_same(one: CopySource, other: CopySource, advance: Callable[[int], object]) -> bool:
    """Return whether two archives contain the same; tell how many lines were compared."""
    if one.rooms() != other.rooms() or not _is_equal(one.tallies(), other.tallies()):
        return False
    if not all(_is_equal(one.records(kind), other.records(kind)) for kind in KINDS):
        return False
    return all(_has_same_lines(one, other, room, advance) for room in one.rooms())


def _has_same_lines(
    one: CopySource, other: CopySource, room: StoredRoom, advance: Callable[[int], object]
) -> bool:
    after = 0
    while lines := one.lines(room, after, PAGE):
        if other.lines(room, after, PAGE) != lines:
            return False
        after = lines[-1].number
        advance(len(lines))
    return not other.lines(room, after, 1)


def _is_equal(some: Iterable[object], others: Iterable[object]) -> bool:
    return all(one == other for one, other in zip_longest(some, others))


def compared(source: Counts, target: Counts) -> Iterator[Difference]:
    """Yield what the archives have different numbers of."""
    for label, some, others in (
        ("table {}", source.tables, target.tables),
        ("messages in {}", source.rooms, target.rooms),
    ):
        for name in sorted(some.keys() | others.keys()):
            difference = Difference(label.format(name), some.get(name, 0), others.get(name, 0))
            if difference.source != difference.target:
                yield difference


def pages(rows: Iterator[T]) -> Iterator[list[T]]:
    """Yield the rows in lists, so that few of them are in memory."""
    while page := list(islice(rows, PAGE)):
        yield page


def counts_of(
    rooms: Iterable[str], lines: Iterable[tuple[str, int]], tables: Iterable[tuple[str, int]]
) -> Counts:
    """Return counts, with 0 for rooms without lines."""
    by_room = Counter(dict.fromkeys(rooms, 0))
    by_room.update(dict(lines))
    return Counts(dict(tables), dict(by_room))
