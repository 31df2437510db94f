"""What every archive promises, the queue before it, and the archive in memory.  No SQL here."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Awaitable, Callable, Container, Coroutine, Iterator
from dataclasses import dataclass, field, fields
from itertools import chain, islice, takewhile
from typing import Any, Protocol, TypeVar, cast

from chatsvc.model.events import Line, Said, Tally
from chatsvc.model.records import Act, Record
from chatsvc.store.search_query import Finds, Seeker, Sought, Spot, is_for, is_sought

T = TypeVar("T")
R = TypeVar("R", bound=Record)

SEARCHED = 500  # lines in memory looked through before others have a turn
EXPIRING = 2_000  # lines removed at once, so that lines to be kept do not wait long


class Worker(Protocol):
    """Does a piece of work elsewhere (in a thread, say) and gives what comes of it."""

    def __call__(self, work: Callable[..., T], /, *args: Any) -> Awaitable[T]: ...


Turn = Callable[[], Awaitable[None]]
"""Lets everything else that is ready happen first."""

Start = Callable[[Coroutine[Any, Any, None]], object]
"""Starts a coroutine that nobody waits for."""


class ArchiveFailed(Exception):
    """The archive cannot do it; the message is a sentence for people."""


class TooSlow(ArchiveFailed):
    """A search takes too long."""

    def __init__(self) -> None:
        super().__init__(
            "The search took too long. Use rarer words, or narrow it with from:, in: or after:."
        )


@dataclass(frozen=True, slots=True)
class KeptRoom:
    """What the archive knows of a room: its name, its last number, its topic.

    `time` is that of the last line, or None if no line is left.
    """

    name: str
    last: int = 0
    time: float | None = None
    topic: str = ""
    topic_by: str = ""
    topic_time: float = 0.0


@dataclass(slots=True)
class Commit:
    """What one commit kept: lines by room, in order; and lines that were kept before."""

    said: dict[str, list[Said]] = field(default_factory=dict)
    again: list[tuple[Line, int]] = field(default_factory=list)


class Keeper(Protocol):
    """Whom the archive tells what became of the lines it was given."""

    def kept(self, commit: Commit) -> Iterator[None]:
        """Show the lines, and take them out of the commit, room by room.

        It does so in pieces; between two of them something else may happen.
        """

    def not_kept(self, lines: list[Line], reason: str) -> None:
        """Refuse the lines."""


class Archive(Protocol):
    """Keeps lines and gives them their numbers: 1, 2, 3 … in each room; and keeps records.

    A number becomes visible, to `kept` or to `read`, only after all lower ones of its room.  A line
    with the `(client, tag)` of a line that is kept already is not kept again.  Whatever cannot be
    done raises `ArchiveFailed`.  Rooms go by their names as they are first written.  What is put,
    dropped, deleted or expired is so for good when the method returns: nobody reads or finds the
    lines any more, and their rows are overwritten.  `scrub` overwrites what the files still have.
    """

    def open(self, keeper: Keeper) -> list[KeptRoom]:
        """Make ready, and say which rooms there are; nothing else goes on meanwhile."""

    def keep(self, line: Line) -> None:
        """Keep `line` soon; the keeper is told."""

    @property
    def waiting(self) -> int:
        """How many lines are not yet kept."""

    async def set_topic(self, room: str, text: str, by: str, time: float) -> None: ...

    async def read(self, room: str, after: int, limit: int) -> list[Said]:
        """The first `limit` lines with numbers above `after`, in order."""

    async def read_back(self, room: str, before: int, limit: int) -> list[Said]:
        """The last `limit` lines with numbers below `before`, in order."""

    async def number_at(self, room: str, time: float) -> int:
        """The number of a room's first line that is not earlier than `time`.

        It is the one after the last line where all are earlier.  If times go back, so that there
        are several lines before which it is earlier, it is the number of one of them.
        """

    async def tallies(self, room: str, limit: int) -> list[Tally]:
        """Who said most in a room, most first; lines that were deleted do not count."""

    async def search(self, sought: Sought, seeker: Seeker, older: Spot | None, limit: int) -> Finds:
        """The lines that are sought, at most `limit`, newest first over all the seeker's rooms.

        They have all the words: whole ones, or such as begin so, in any case, without regard to
        accents, and the words of one term after each other.  They are older than that line, if
        one is given.  Every line that was kept before is looked through, but while the index of
        an archive is still made (`unfinished`), of what was there before only the latest.  One that
        takes too long raises `TooSlow`.
        """

    async def index(self) -> int:
        """Take some more lines into the index, if there is one; how many are left, about."""

    async def scrub(self) -> bool:
        """Overwrite some of the copies of deleted lines that nobody can read but in the files.

        True when there is more to do; once it is not, no trace is left of lines deleted before.
        """

    async def delete(self, room: str, number: int, by: str) -> Said | None:
        """Take a line's text away; gives the line as it is now, None when there is no such line.

        A line with its tag is still not kept again.
        """

    async def expire(self, room: str, before: float) -> int:
        """Remove a room's first lines, some thousand at most, while they are older than `before`.

        Gives how many.  Lines of the room that are kept later have the numbers that follow.
        """

    async def clear(self, room: str, last: int) -> int:
        """Remove a room's lines up to number `last`, some thousand at most, and all its tallies.

        Gives how many.  Lines of the room that are kept later have the numbers that follow.
        """

    def records(self, kind: type[R]) -> list[R]:
        """All of a kind, in the order of their keys; asked once, after `open`."""

    async def put(self, *records: Record) -> None:
        """Keep all of these or none, in the place of those with the same keys."""

    async def drop(self, *records: Record) -> None:
        """Remove the records with the same keys, where there are any."""

    async def acts(self, limit: int, room: str | None = None) -> list[Act]:
        """The last `limit` acts in the order in which they were put, of one room if it is given."""

    async def changed(self) -> bool:
        """Whether another process has written records since this was last asked, or since `open`.

        It may say so too often, and never too seldom.
        """

    async def reread(self, kind: type[R]) -> list[R]:
        """As `records`, with everything that was put before, here or by another process."""

    async def flush(self) -> None:
        """Return when no line waits any more."""

    async def close(self) -> None:
        """Let go of everything; nothing may be asked of it any more."""


def key_of(record: Record) -> tuple[object, ...]:
    """What names a record permanently, among those of its kind."""
    return tuple(getattr(record, one.name) for one in fields(record)[: record.KEYS])


TURNS = 8  # in which lines are gathered for one commit, at the most


class CommitQueue:
    """Makes one commit of all lines that wait, shows what was kept, and so on while lines come.

    Fewer and larger commits mean fewer sends to each reader, so before a commit it lets turns pass
    in which more lines may come: one when it is quiet, more after a large commit.  What takes long
    to show is shown in pieces; once half as many lines wait, the next commit is made meanwhile.
    It has none of rooms that are still to be shown earlier lines: they go together, later.
    """

    def __init__(
        self, commit: Callable[[list[Line]], Commit], worker: Worker, turn: Turn, start: Start
    ) -> None:
        self._commit = commit
        self._worker = worker
        self._turn = turn
        self._start = start
        self._lines: dict[str, list[Line]] = {}  # by room
        self._busy = False
        self._following: _Job | None = None
        self.waiting = 0
        self.keeper: Keeper

    def add(self, line: Line) -> None:
        self._lines.setdefault(line.room, []).append(line)
        self.waiting += 1
        if not self._busy:
            self._begin()

    async def flush(self) -> None:
        """Return when nothing waits any more."""
        while self._busy:
            await self._turn()
            await self._worker(int)  # a piece of no work, behind the commit that is under way

    def _begin(self) -> None:
        self._busy = True
        self._start(self._run())

    async def _run(self) -> None:
        try:
            count = 1
            while self._following or self._lines:
                if self._following is None:
                    await self._gather(count)
                    self._following = self._next_job()
                job, self._following = self._following, None
                count = len(job.lines)
                await self._finish(job)
        finally:
            self._busy = False
            if self._following or self._lines:  # something failed that should not have
                self._begin()

    async def _gather(self, count: int) -> None:
        for _ in range(min(count, TURNS)):
            await self._turn()

    def _next_job(self, but: Container[str] = ()) -> _Job:
        """Begin a commit of what waits, but in these rooms."""
        ready = [room for room in self._lines if room not in but]
        lines = list(chain.from_iterable(map(self._lines.pop, ready)))
        return _Job(lines, self._worker(self._commit, lines))

    def _ready(self, but: Container[str]) -> int:
        """How many lines wait, but in these rooms."""
        return sum(len(lines) for room, lines in self._lines.items() if room not in but)

    async def _finish(self, job: _Job) -> None:
        """Wait for a commit and show it; the following one may begin meanwhile."""
        try:
            commit = await job.commit
        except ArchiveFailed as failed:
            self.keeper.not_kept(job.lines, str(failed))
            return
        except Exception:
            self.keeper.not_kept(job.lines, "Storing it failed. Details are in the server's log.")
            raise
        finally:
            self.waiting -= len(job.lines)
        for _ in self.keeper.kept(commit):
            await self._turn()
            if self._following is None and self._ready(commit.said) * 2 >= len(job.lines):
                self._following = self._next_job(commit.said)


@dataclass(frozen=True, slots=True)
class _Job:
    lines: list[Line]
    commit: Awaitable[Commit]


class MemoryArchive:
    """An archive that forgets: it has the last `size` lines and acts, until the service ends."""

    def __init__(self, worker: Worker, turn: Turn, start: Start, size: int = 50_000) -> None:
        self._size = size
        self._turn = turn
        self._order: deque[tuple[_Shelf, int]] = deque()  # the lines, one after the other
        self._rooms: dict[str, _Shelf] = {}
        self._tags: dict[tuple[str, str], int] = {}
        self._records: dict[type, dict[tuple[object, ...], Record]] = {}
        self._acts: deque[Act] = deque(maxlen=size)
        self._queue = CommitQueue(self._commit, worker, turn, start)

    def open(self, keeper: Keeper) -> list[KeptRoom]:
        self._queue.keeper = keeper
        return [KeptRoom(name, shelf.last, shelf.time) for name, shelf in self._rooms.items()]

    def keep(self, line: Line) -> None:
        self._queue.add(line)

    @property
    def waiting(self) -> int:
        return self._queue.waiting

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
        """A topic is as forgetful as the room: the hub's copy is all there is."""

    async def read(self, room: str, after: int, limit: int) -> list[Said]:
        lines = self._lines(room)
        skip = max(0, after + 1 - lines[0].number) if lines else 0
        return list(islice(lines, skip, skip + limit))

    async def read_back(self, room: str, before: int, limit: int) -> list[Said]:
        lines = self._lines(room)
        end = max(0, before - lines[0].number) if lines else 0
        return list(islice(lines, max(0, min(end, len(lines)) - limit), end))

    async def number_at(self, room: str, time: float) -> int:
        shelf = self._rooms.get(room, _Shelf())
        later = bisect_left(shelf.lines, time, key=lambda said: said.time)
        return shelf.last + 1 - len(shelf.lines) + later

    async def tallies(self, room: str, limit: int) -> list[Tally]:
        sizes: dict[str, list[int]] = {}
        for line in self._lines(room):
            if line.deleted or line.quiet:
                continue
            sizes.setdefault(line.sender, []).append(len(line.text.encode()))
        tallies = [Tally(name, len(each), sum(each)) for name, each in sizes.items()]
        return sorted(tallies, key=lambda tally: (-tally.lines, tally.name))[:limit]

    async def search(self, sought: Sought, seeker: Seeker, older: Spot | None, limit: int) -> Finds:
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
        return 0

    async def scrub(self) -> bool:
        return False

    async def delete(self, room: str, number: int, by: str) -> Said | None:
        lines = self._lines(room)
        position = number - lines[0].number if lines else 0
        if not 0 <= position < len(lines):
            return None
        lines[position] = lines[position]._replace(text="", deleted=by)
        return lines[position]

    async def expire(self, room: str, before: float) -> int:
        first = islice(self._lines(room), EXPIRING)
        old = list(takewhile(lambda said: said.time < before, first))
        if old:
            self._rooms[room].forget(old[-1].number)
        return len(old)

    async def clear(self, room: str, last: int) -> int:
        before = len(self._lines(room))
        if before:
            self._rooms[room].forget(last)
        return before - len(self._lines(room))

    def records(self, kind: type[R]) -> list[R]:
        records = self._records.get(kind, {})
        return [cast(R, records[key]) for key in sorted(records)]

    async def put(self, *records: Record) -> None:
        for record in records:
            if isinstance(record, Act):
                self._acts.append(record)
            else:
                self._records.setdefault(type(record), {})[key_of(record)] = record

    async def drop(self, *records: Record) -> None:
        for record in records:
            self._records.get(type(record), {}).pop(key_of(record), None)

    async def acts(self, limit: int, room: str | None = None) -> list[Act]:
        acts = (act for act in reversed(self._acts) if room is None or act.room == room)
        return list(islice(acts, limit))[::-1]

    async def changed(self) -> bool:
        return False

    async def reread(self, kind: type[R]) -> list[R]:
        return self.records(kind)

    async def flush(self) -> None:
        await self._queue.flush()

    async def close(self) -> None:
        """There is nothing to let go of."""


@dataclass(slots=True)
class _Shelf:
    lines: deque[Said] = field(default_factory=deque)
    last: int = 0

    def add(self, line: Line) -> Said:
        self.last += 1
        said = line.numbered(self.last)
        self.lines.append(said if said.signs is None else said._replace(signs=None))
        return said

    @property
    def time(self) -> float | None:
        """That of the last line, if there is one."""
        return self.lines[-1].time if self.lines else None

    def get(self, number: int) -> Said | None:
        """The line with this number, if it is still here."""
        position = number - self.lines[0].number if self.lines else -1
        return self.lines[position] if position >= 0 else None

    def forget(self, number: int) -> None:
        """Let go of the line with this number, and of those before it."""
        while self.lines and self.lines[0].number <= number:
            self.lines.popleft()
