"""What archives of rows have in common: which worker uses the writer, the reader and the index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from chatsvc.model.mentions import Searched
from chatsvc.model.message_events import Line, Said
from chatsvc.model.records import Act, Record
from chatsvc.model.room_events import Tally
from chatsvc.store.archive import Commit, LinesOf, R, Start, TooSlow, Turn, Workers
from chatsvc.store.queued_archive import QueuedArchive
from chatsvc.store.renaming import NewName
from chatsvc.store.search_query import Finds, Seeker, Sought, Spot


class RowWriter(Protocol):
    """Writes lines, rooms and records; one call after the other, all in the same thread."""

    def commit(self, lines: list[Line]) -> Commit:
        """Number the lines and store them, except those that are stored already."""

    def set_topic(self, room: str, text: str, by: str, time: float) -> None:
        """Store a room's topic, and the room if it is new."""

    def rename(self, change: NewName) -> None:
        """Rename a room, with its records; changes under the old name follow from now on."""

    def end_renaming(self) -> None:
        """Note that everybody uses the new name of the room that was renamed."""

    def tally_on(self, room: str) -> bool:
        """Count some of the lines that are not counted yet; return True when all are."""

    def put(self, records: tuple[Record, ...]) -> None:
        """Store the records in one transaction."""

    def drop(self, records: tuple[Record, ...]) -> None:
        """Remove the records in one transaction."""

    def records(self, kind: type[R]) -> list[R]:
        """Return all records of a kind."""

    def changed(self) -> bool:
        """Return whether another program has written records since the last call."""

    def check(self) -> None:
        """Write, and change nothing."""


class RowReader(Protocol):
    """Reads lines and acts, in any thread."""

    def after(self, room: str, number: int, limit: int) -> list[Said]:
        """Return a room's first lines after `number`."""

    def before(self, room: str, number: int, limit: int) -> list[Said]:
        """Return a room's last lines before `number`."""

    def mentions(self, room: str, name: str, after: int, limit: int) -> Searched:
        """Look for a name in a room's first lines after `after`."""

    def number_at(self, room: str, time: int) -> int:
        """Return the number of the first line that is not earlier than `time` (milliseconds)."""

    def lines_of(self, room: str, account: str, since: float, after: int) -> LinesOf:
        """Return some of an account's lines after number `after`, from `since` (milliseconds)."""

    def oldest(self) -> float | None:
        """Return the time of the oldest first line of any room."""

    def tallies(self, room: str, limit: int) -> list[Tally]:
        """Return who said most, of the lines that the writer has counted."""

    def acts(self, limit: int, room: str | None) -> list[Act]:
        """Return the last acts, oldest first."""

    def acts_of(self, ids: Sequence[str]) -> list[Act]:
        """Return these audit entries, oldest first."""


class RowIndex(Protocol):
    """The words of the lines; one call after the other, all in the same thread."""

    def catch_up(self) -> int:
        """Add the latest lines; return about how many older ones are left."""

    def advance(self) -> int:
        """Add one more batch of lines; return about how many are left."""


W = TypeVar("W", bound=RowWriter)
D = TypeVar("D", bound=RowReader)
X = TypeVar("X", bound=RowIndex)

QUICK, SLOWEST = 0.25, 2.0  # seconds for a search beside others, and in total


class RowArchive(QueuedArchive, Generic[W, D, X]):
    """Everything that needs only the writer, the reader and the index of an archive."""

    def __init__(
        self, writer: W, reader: D, index: X, workers: Workers, turn: Turn, start: Start
    ) -> None:
        super().__init__(writer.commit, workers.writer, turn, start)
        self._writer = writer
        self._reader = reader
        self._index = index
        self._workers = workers

    async def set_topic(self, room: str, text: str, by: str, time: float) -> None:
        """Store a room's topic."""
        await self._workers.writer(self._writer.set_topic, room, text, by, time)

    async def rename(self, change: NewName, switch: Callable[[], None]) -> None:
        """Rename a room in one transaction, while its lines wait."""
        name = change.old
        await self._queue.hold(change.old)
        try:
            await self._workers.writer(self._writer.rename, change)
            switch()
            name = change.new
        finally:
            self._queue.release(change.old, name)
        await self._workers.writer(self._writer.end_renaming)  # after all that use the old name

    async def read(self, room: str, after: int, limit: int) -> list[Said]:
        """Return the first `limit` lines with numbers above `after`."""
        return await self._workers.reader(self._reader.after, room, after, limit)

    async def read_back(self, room: str, before: int, limit: int) -> list[Said]:
        """Return the last `limit` lines with numbers below `before`."""
        return await self._workers.reader(self._reader.before, room, before, limit)

    async def mentions(self, room: str, name: str, after: int, limit: int) -> Searched:
        """Look for a name in the first `limit` lines with numbers above `after`."""
        return await self._workers.reader(self._reader.mentions, room, name, after, limit)

    async def number_at(self, room: str, time: float) -> int:
        """Find the number of the first line that is not earlier than `time`."""
        return await self._workers.reader(self._reader.number_at, room, round(time * 1000))

    async def tallies(self, room: str, limit: int) -> list[Tally]:
        """Count the lines that are not counted yet, then return who said most."""
        while not await self._workers.writer(self._writer.tally_on, room):
            pass  # there is more to count
        return await self._workers.reader(self._reader.tallies, room, limit)

    async def oldest(self) -> float | None:
        """Return the time of the oldest first line."""
        return await self._workers.reader(self._reader.oldest)

    async def lines_of(self, room: str, account: str, since: float, after: int) -> LinesOf:
        """Return some of an account's lines."""
        return await self._workers.reader(self._reader.lines_of, room, account, since * 1000, after)

    async def search(self, sought: Sought, seeker: Seeker, older: Spot | None, limit: int) -> Finds:
        """Add the latest lines to the index, then search it."""
        left = await self._workers.indexer(self._index.catch_up)
        found = await self._find(sought, seeker, older, limit + 1)
        return Finds(found[:limit], len(found) > limit, left > 0)

    async def _find(
        self, sought: Sought, seeker: Seeker, older: Spot | None, limit: int
    ) -> list[Said]:
        """Find lines; retry a slow search where it delays only other slow searches."""
        wanted = (sought, seeker, older, limit)
        try:
            return await self._workers.searcher(self._find_within, QUICK, *wanted)
        except TooSlow:
            return await self._workers.slow_searcher(self._find_within, SLOWEST, *wanted)

    def _find_within(
        self, seconds: float, sought: Sought, seeker: Seeker, older: Spot | None, limit: int
    ) -> list[Said]:
        """Find lines, in any thread; raise `TooSlow` after that many seconds."""
        raise NotImplementedError

    async def index(self) -> int:
        """Add one more batch of lines to the index."""
        return await self._workers.indexer(self._index.advance)

    async def check(self) -> None:
        """Write to the file, and change nothing in it."""
        await self._workers.writer(self._writer.check)

    def records(self, kind: type[R]) -> list[R]:
        """Return all records of a kind."""
        return self._writer.records(kind)

    async def put(self, *records: Record) -> None:
        """Store the records in one transaction."""
        if records:
            await self._workers.writer(self._writer.put, records)

    async def drop(self, *records: Record) -> None:
        """Remove the records in one transaction."""
        if records:
            await self._workers.writer(self._writer.drop, records)

    async def acts(self, limit: int, room: str | None = None) -> list[Act]:
        """Return the last acts, oldest first."""
        return await self._workers.reader(self._reader.acts, limit, room)

    async def acts_of(self, ids: Sequence[str]) -> list[Act]:
        """Return these audit entries, oldest first."""
        return await self._workers.reader(self._reader.acts_of, ids)

    async def changed(self) -> bool:
        """Return whether another process has written the file."""
        return await self._workers.writer(self._writer.changed)

    async def reread(self, kind: type[R]) -> list[R]:
        """Return all records of a kind as they are in the file now."""
        return await self._workers.writer(self._writer.records, kind)
