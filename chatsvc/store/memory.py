"""The archive in memory."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import cast

from chatsvc.model.mentions import Searched, search
from chatsvc.model.message_events import Line, Said
from chatsvc.model.records import Act, FormerName, Record
from chatsvc.model.room_events import Tally
from chatsvc.model.text_rules import key
from chatsvc.store.archive import (
    EXPIRING,
    NOBODY,
    Commit,
    Keeper,
    KeptRoom,
    LinesOf,
    R,
    Start,
    Turn,
    Worker,
    key_of,
)
from chatsvc.store.queued_archive import QueuedArchive
from chatsvc.store.renaming import KINDS, NewName, moved
from chatsvc.store.room_names import spare_name
from chatsvc.store.search_query import Finds, Seeker, Sought, Spot, is_for, is_sought

SEARCHED = 500  # lines searched before others get a turn


class MemoryArchive(QueuedArchive):
    """Stores the last `size` lines and acts, and forgets everything when the service ends."""

    def __init__(self, worker: Worker, turn: Turn, start: Start, size: int = 50_000) -> None:
        super().__init__(self._commit, worker, turn, start)
        self._size = size
        self._turn = turn
        self._order: deque[tuple[_Shelf, int]] = deque()  # all lines, oldest first
        self._rooms: dict[str, _Shelf] = {}
        self._tags: dict[tuple[str, str], int] = {}
        self._records: dict[type, dict[tuple[object, ...], Record]] = {}
        self._acts: deque[Act] = deque(maxlen=size)

    def open(self, keeper: Keeper) -> list[KeptRoom]:
        """Return the rooms of an archive that was open before; a new one has none."""
        self._queue.keeper = keeper
        return [KeptRoom(name, shelf.last, shelf.time) for name, shelf in self._rooms.items()]

    def _commit(self, lines: list[Line]) -> Commit:
        commit = Commit()
        for line in lines:
            known = self._tags.get((line.client, line.tag)) if line.tag else None
            if known is not None:
                commit.again.append((line, known))
                continue
            said = self._add(line)
            commit.said.setdefault(line.room, []).append(said)
            if line.tag:
                self._remember(line.client, line.tag, said.number)
        return commit

    def _add(self, line: Line) -> Said:
        shelf = self._rooms.setdefault(line.room, _Shelf())
        said = shelf.add(line)
        self._order.append((shelf, said.number))
        if len(self._order) > self._size:
            oldest, number = self._order.popleft()
            oldest.forget(number)
        return said

    def _lines(self, room: str) -> deque[Said]:
        shelf = self._rooms.get(room)
        return shelf.lines if shelf else deque()

    def _remember(self, client: str, tag: str, number: int) -> None:
        self._tags[client, tag] = number
        while len(self._tags) > self._size:
            del self._tags[next(iter(self._tags))]

    async def set_topic(self, room: str, text: str, by: str, time: float) -> None:
        """Do nothing: the room itself stores its topic, and both end with the service."""

    async def rename(self, change: NewName, switch: Callable[[], None]) -> None:
        """Rename the lines and the records of a room, while new lines wait."""
        name = change.old
        await self._queue.hold(change.old)
        try:
            self._rename(change)
            switch()
            name = change.new
        finally:
            self._queue.release(change.old, name)

    def _rename(self, change: NewName) -> None:
        spare = spare_name({name: shelf.last for name, shelf in self._rooms.items()}, change)
        if spare is not None:
            del self._rooms[spare]
        shelf = self._rooms.pop(change.old, _Shelf())
        if not change.respells:
            self._rooms[change.old] = _Shelf(last=shelf.last)
        shelf.rename(change.new)
        self._rooms[change.new] = shelf
        self._move_records(change)

    def _move_records(self, change: NewName) -> None:
        for kind in self._records.keys() & {*KINDS}:
            records = [moved(record, change) for record in self._records[kind].values()]
            self._records[kind] = {key_of(record): record for record in records}
        self._acts = deque((moved(act, change) for act in self._acts), maxlen=self._size)
        former = self._records.setdefault(FormerName, {})
        former.pop((key(change.new),), None)
        for record in change.records:
            self._put(record)

    async def read(self, room: str, after: int, limit: int) -> list[Said]:
        """Return the first `limit` lines with numbers above `after`."""
        lines = self._lines(room)
        skip = max(0, after + 1 - lines[0].number) if lines else 0
        return list(islice(lines, skip, skip + limit))

    async def read_back(self, room: str, before: int, limit: int) -> list[Said]:
        """Return the last `limit` lines with numbers below `before`."""
        lines = self._lines(room)
        end = max(0, before - lines[0].number) if lines else 0
        return list(islice(lines, max(0, min(end, len(lines)) - limit), end))

    async def mentions(self, room: str, name: str, after: int, limit: int) -> Searched:
        """Look for a name in the first `limit` lines with numbers above `after`."""
        return search(await self.read(room, after, limit), name)

    async def number_at(self, room: str, time: float) -> int:
        """Find the number of the first line that is not earlier than `time`."""
        shelf = self._rooms.get(room, _Shelf())
        later = bisect_left(shelf.lines, time, key=lambda said: said.time)
        return shelf.last + 1 - len(shelf.lines) + later

    async def tallies(self, room: str, limit: int) -> list[Tally]:
        """Count the lines that are left."""
        sizes: dict[str, list[int]] = {}
        for line in self._lines(room):
            if line.deleted or line.quiet:
                continue
            sizes.setdefault(line.sender, []).append(len(line.text.encode()))
        tallies = [Tally(name, len(each), sum(each)) for name, each in sizes.items()]
        return sorted(tallies, key=lambda tally: (-tally.lines, tally.name))[:limit]

    async def search(self, sought: Sought, seeker: Seeker, older: Spot | None, limit: int) -> Finds:
        """Search all lines, newest first."""
        found: list[Said] = []
        waiting = older is not None
        for count, (shelf, number) in enumerate(reversed(list(self._order)), 1):
            if count % SEARCHED == 0:
                await self._turn()
            line = shelf.get(number)
            if waiting or line is None:
                waiting = waiting and (line is None or line[:2] != older)
            elif line.room in seeker.rooms and is_for(seeker, line) and is_sought(sought, line):
                found.append(line)
                if len(found) > limit:
                    break
        return Finds(found[:limit], len(found) > limit)

    async def index(self) -> int:
        """Return 0: there is no index."""
        return 0

    def file_sizes(self) -> dict[str, int]:
        """Return nothing: there are no files."""
        return {}

    async def check(self) -> None:
        """Do nothing: memory always works."""

    async def checkpoint(self) -> None:
        """Do nothing: there are no files."""

    async def scrub(self) -> bool:
        """Return False: there are no files."""
        return False

    async def delete(self, room: str, number: int, by: str) -> Said | None:
        """Replace the line with one that has no text."""
        lines = self._lines(room)
        position = number - lines[0].number if lines else 0
        if not 0 <= position < len(lines):
            return None
        lines[position] = lines[position]._replace(text="", signs=None, deleted=by)
        return lines[position]

    async def lines_of(self, room: str, account: str, since: float, after: int) -> LinesOf:
        """Return all of an account's lines."""
        every = await self.read(room, after, self._size)
        last = every[-1].number if every else after + self._size
        own = [line for line in every if line.account == account and line.time >= since]
        return LinesOf(last, own)

    async def erase(self, room: str, numbers: Sequence[int], by: str, done: Record) -> None:
        """Replace the lines with ones of nobody, and forget their tags."""
        lines = self._lines(room)
        for number in numbers:
            position = number - lines[0].number if lines else -1
            if 0 <= position < len(lines):
                line = lines[position]
                self._tags.pop((line.client, line.tag or ""), None)
                lines[position] = line._replace(
                    text="", sender=NOBODY, account="", client="", tag=None, deleted=by
                )
        await self.put(done)

    async def expire(self, room: str, before: float) -> int:
        """Forget the first lines that are older than `before`."""
        first = islice(self._lines(room), EXPIRING)
        old = list(takewhile(lambda said: said.time < before, first))
        if old:
            self._rooms[room].forget(old[-1].number)
        return len(old)

    async def oldest(self) -> float | None:
        """Return the time of the oldest line."""
        firsts = (shelf.lines[0].time for shelf in self._rooms.values() if shelf.lines)
        return min(firsts, default=None)

    async def used(self) -> int:
        """Return 0: there is no file."""
        return 0

    async def clear(self, room: str, last: int) -> int:
        """Forget the lines up to number `last`, all at once."""
        before = len(self._lines(room))
        if before:
            self._rooms[room].forget(last)
        return before - len(self._lines(room))

    def records(self, kind: type[R]) -> list[R]:
        """Return all records of a kind, in the order of their keys."""
        records = self._records.get(kind, {})
        return [cast(R, records[key]) for key in sorted(records)]

    async def put(self, *records: Record) -> None:
        """Remember the records; acts beyond the last `size` are forgotten."""
        for record in records:
            self._put(record)

    def _put(self, record: Record) -> None:
        if isinstance(record, Act):
            self._acts.append(record)
        else:
            self._records.setdefault(type(record), {})[key_of(record)] = record

    async def drop(self, *records: Record) -> None:
        """Forget the records with the same keys."""
        for record in records:
            self._records.get(type(record), {}).pop(key_of(record), None)

    async def acts(self, limit: int, room: str | None = None) -> list[Act]:
        """Return the last acts that are still remembered."""
        acts = (act for act in reversed(self._acts) if room is None or act.room == room)
        return list(islice(acts, limit))[::-1]

    async def acts_of(self, ids: Sequence[str]) -> list[Act]:
        """Return the entries that still exist."""
        return [act for act in self._acts if act.id in ids]

    async def changed(self) -> bool:
        """Return False: no other process can write here."""
        return False

    async def reread(self, kind: type[R]) -> list[R]:
        """Return the same as `records`."""
        return self.records(kind)

    async def close(self) -> None:
        """Do nothing: there is nothing to release."""


@dataclass(slots=True)
class _Shelf:
    lines: deque[Said] = field(default_factory=deque)
    last: int = 0

    def add(self, line: Line) -> Said:
        self.last += 1
        said = line.numbered(self.last)
        self.lines.append(said)
        return said

    @property
    def time(self) -> float | None:
        """The time of the last line, if there is one."""
        return self.lines[-1].time if self.lines else None

    def get(self, number: int) -> Said | None:
        """Return the line with this number, if it is still there."""
        position = number - self.lines[0].number if self.lines else -1
        return self.lines[position] if position >= 0 else None

    def rename(self, name: str) -> None:
        """Let the lines belong to a room of this name."""
        self.lines = deque(line._replace(room=name) for line in self.lines)

    def forget(self, number: int) -> None:
        """Remove the line with this number and those before it."""
        while self.lines and self.lines[0].number <= number:
            self.lines.popleft()
