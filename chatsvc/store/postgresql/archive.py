"""The archive in a PostgreSQL database: which worker uses the writer, the readers and the index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from chatsvc.model.mentions import Searched
from chatsvc.model.message_events import Said
from chatsvc.model.records import Act, Record
from chatsvc.model.room_events import Tally
from chatsvc.store.archive import Keeper, KeptRoom, LinesOf, R, Start, TooSlow, Turn, Workers
from chatsvc.store.commit_log import CommitLog
from chatsvc.store.commit_queue import CommitQueue
from chatsvc.store.location import Database
from chatsvc.store.postgresql.connection import Connections
from chatsvc.store.postgresql.index_search import find
from chatsvc.store.postgresql.reader import Reader
from chatsvc.store.postgresql.word_index import Index
from chatsvc.store.postgresql.writer import Writer
from chatsvc.store.renaming import NewName
from chatsvc.store.search_query import Finds, Seeker, Sought, Spot

QUICK, SLOWEST = 0.25, 2.0  # seconds for a search beside others, and in total


class PostgreSQLArchive:
    """Stores everything in a PostgreSQL database, which no other service uses at the same time.

    A commit is on the server's disk before it is shown.  While the server restarts, everything
    waits up to 15 seconds, and is then done once, even if the server had done it already.
    """

    def __init__(self, database: Database, workers: Workers, turn: Turn, start: Start) -> None:
        self._workers = workers
        self._writer = Writer(database)
        self._connections = Connections(database)
        self._reader = Reader(self._connections)
        self._index = Index(database)
        self._queue = CommitQueue(self._writer.commit, workers.writer, turn, start)
        self.keep = self._queue.add
        self._sizes: dict[str, int] = {}

    def open(self, keeper: Keeper) -> list[KeptRoom]:
        """Connect, and create the tables if necessary."""
        self._queue.keeper = keeper
        with ExitStack() as opening:
            rooms = self._writer.open()
            opening.callback(self._writer.close)
            self._index.open()
            self._sizes = self._reader.sizes()
            opening.pop_all()
        return rooms

    @property
    def commits(self) -> CommitLog:
        """What the queue has stored."""
        return self._queue.log

    @property
    def waiting(self) -> int:
        """The number of lines in the queue."""
        return self._queue.waiting

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

    async def delete(self, room: str, number: int, by: str) -> Said | None:
        """Replace the text, in the index too; the old row remains on the disk until VACUUM."""
        found = await self._workers.writer(self._writer.delete, room, number, by)
        return found and found._replace(text="", signs=None, deleted=by)

    async def expire(self, room: str, before: float) -> int:
        """Remove the first lines that are older."""
        old = await self._workers.writer(self._writer.older, room, round(before * 1000))
        if old:
            await self._workers.writer(self._writer.remove, room, old[-1])
        return len(old)

    async def clear(self, room: str, last: int) -> int:
        """Remove the lines up to number `last`, and all tallies."""
        numbers = await self._workers.writer(self._writer.first, room, last)
        if numbers:
            await self._workers.writer(self._writer.remove, room, numbers[-1])
        await self._workers.writer(self._writer.forget_tallies, room)
        return len(numbers)

    async def oldest(self) -> float | None:
        """Return the time of the oldest first line."""
        return await self._workers.reader(self._reader.oldest)

    async def used(self) -> int:
        """Estimate the size of the lines that are left: tables shrink only with VACUUM."""
        return await self._workers.reader(self._reader.used)

    async def lines_of(self, room: str, account: str, since: float, after: int) -> LinesOf:
        """Return some of an account's lines."""
        return await self._workers.reader(self._reader.lines_of, room, account, since * 1000, after)

    async def erase(self, room: str, numbers: Sequence[int], by: str, done: Record) -> None:
        """Erase the lines, in the index too."""
        await self._workers.writer(self._writer.erase, room, numbers, by, done)

    async def search(self, sought: Sought, seeker: Seeker, older: Spot | None, limit: int) -> Finds:
        """Add the latest lines to the index, then search it."""
        left = await self._workers.indexer(self._index.catch_up)
        found = await self._find(sought, seeker, older, limit + 1)
        return Finds(found[:limit], len(found) > limit, left > 0)

    async def _find(self, *wanted: object) -> list[Said]:
        """Find lines; retry a slow search where it delays only other slow searches."""
        try:
            return await self._workers.searcher(find, self._connections, QUICK, *wanted)
        except TooSlow:
            return await self._workers.slow_searcher(find, self._connections, SLOWEST, *wanted)

    async def index(self) -> int:
        """Add one more batch of lines to the index."""
        return await self._workers.indexer(self._index.advance)

    async def checkpoint(self) -> None:
        """Read the sizes again: PostgreSQL makes checkpoints itself."""
        self._sizes = await self._workers.reader(self._reader.sizes)

    def file_sizes(self) -> dict[str, int]:
        """Return the sizes on the server's disk, as they were some seconds ago."""
        return self._sizes

    async def check(self) -> None:
        """Write to the database, and change nothing in it."""
        await self._workers.writer(self._writer.check)

    async def scrub(self) -> bool:
        """Return False: PostgreSQL overwrites deleted rows itself, after VACUUM."""
        return False

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
        """Return whether a program beside the service has written records."""
        return await self._workers.writer(self._writer.changed)

    async def reread(self, kind: type[R]) -> list[R]:
        """Return all records of a kind as they are in the database now."""
        return await self._workers.writer(self._writer.records, kind)

    async def flush(self) -> None:
        """Return when the queue is empty."""
        await self._queue.flush()

    async def settle(self, room: str) -> None:
        """Return when no line of the room is in the queue."""
        await self._queue.settle(room)

    async def close(self) -> None:
        """Disconnect everything."""
        await self._workers.indexer(self._index.close)
        await self._workers.writer(self._close)

    def _close(self) -> None:
        self._connections.close()
        self._writer.close()
