"""The archive in an SQLite file: which worker uses the writer, the readers and the index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from chatsvc.model.mentions import Searched
from chatsvc.model.message_events import Said
from chatsvc.model.records import Act, Record
from chatsvc.model.room_events import Tally
from chatsvc.store.archive import (
    Keeper,
    KeptRoom,
    LinesOf,
    R,
    Start,
    TooSlow,
    Turn,
    Worker,
)
from chatsvc.store.commit_log import CommitLog
from chatsvc.store.commit_queue import CommitQueue
from chatsvc.store.renaming import NewName
from chatsvc.store.search_query import Finds, Seeker, Sought, Spot
from chatsvc.store.sqlite.archive_file import log_of
from chatsvc.store.sqlite.index_search import find
from chatsvc.store.sqlite.reader import Reader
from chatsvc.store.sqlite.word_index import Damaged, Index, index_of
from chatsvc.store.sqlite.writer import Writer

QUICK, SLOWEST = 0.25, 2.0  # seconds for a search beside others, and in total


class Workers(NamedTuple):
    """Where the work is done: `reader` and `searcher` in parallel, the others one job at a time."""

    writer: Worker
    reader: Worker
    indexer: Worker
    searcher: Worker
    slow_searcher: Worker


class SQLArchive:
    """Stores everything in the SQLite file at `path`.

    A commit is on the disk before it is shown, so every line that was shown survives a power cut.
    """

    def __init__(self, path: Path, workers: Workers, turn: Turn, start: Start) -> None:
        self.path = path
        self._workers = workers
        self._writer = Writer(path)
        self._reader = Reader(path)
        self._index = Index(path)
        self._queue = CommitQueue(self._writer.commit, workers.writer, turn, start)
        self.keep = self._queue.add

    def open(self, keeper: Keeper) -> list[KeptRoom]:
        """Open the file, creating it if necessary, and the index beside it."""
        self._queue.keeper = keeper
        with ExitStack() as opening:
            rooms = self._writer.open()
            opening.callback(self._writer.close)
            self._index.open()
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
        """Overwrite the text in its row, and empty the write-ahead log.

        The log cannot be emptied while another program reads it: then the next change does it, or
        the end of the service.  SQLite may have left copies of the line in unused parts of pages
        when it moved rows between pages: `scrub` overwrites those.
        """
        with self._index.sparing(room, [number]):
            await self._workers.indexer(self._index.forget, room, [number])
            found = await self._workers.writer(self._writer.delete, room, number, by)
        return found and found._replace(text="", signs=None, deleted=by)

    async def expire(self, room: str, before: float) -> int:
        """Remove the first lines that are older, from the index first."""
        old = await self._workers.writer(self._writer.older, room, round(before * 1000))
        if old:
            with self._index.sparing(room, old):
                await self._workers.indexer(self._index.forget, room, old)
                await self._workers.writer(self._writer.remove, room, old[-1])
        return len(old)

    async def clear(self, room: str, last: int) -> int:
        """Remove the lines up to number `last`, from the index first, and all tallies."""
        numbers = await self._workers.writer(self._writer.first, room, last)
        if numbers:
            with self._index.sparing(room, numbers):
                await self._workers.indexer(self._index.forget, room, numbers)
                await self._workers.writer(self._writer.remove, room, numbers[-1])
        await self._workers.writer(self._writer.forget_tallies, room)
        return len(numbers)

    async def oldest(self) -> float | None:
        """Return the time of the oldest first line."""
        return await self._workers.reader(self._reader.oldest)

    async def used(self) -> int:
        """Return the size of the pages in use: the file does not shrink, but is filled again."""
        return await self._workers.writer(self._writer.used)

    async def lines_of(self, room: str, account: str, since: float, after: int) -> LinesOf:
        """Return some of an account's lines."""
        return await self._workers.reader(self._reader.lines_of, room, account, since * 1000, after)

    async def erase(self, room: str, numbers: Sequence[int], by: str, done: Record) -> None:
        """Erase the lines, in the index first."""
        with self._index.sparing(room, numbers):
            await self._workers.indexer(self._index.forget, room, numbers)
            await self._workers.writer(self._writer.erase, room, numbers, by, done)

    async def search(self, sought: Sought, seeker: Seeker, older: Spot | None, limit: int) -> Finds:
        """Add the latest lines to the index, then search it."""
        left = await self._workers.indexer(self._index.catch_up)
        found = await self._find(sought, seeker, older, limit + 1)
        return Finds(found[:limit], len(found) > limit, left > 0)

    async def _find(self, *wanted: object) -> list[Said]:
        """Find lines; retry a slow search where it delays only other slow searches."""
        try:
            try:
                return await self._workers.searcher(find, self.path, QUICK, *wanted)
            except TooSlow:
                return await self._workers.slow_searcher(find, self.path, SLOWEST, *wanted)
        except Damaged:
            await self._workers.indexer(self._index.repair)
            raise

    async def index(self) -> int:
        """Add one more batch of lines to the index."""
        return await self._workers.indexer(self._index.advance)

    async def checkpoint(self) -> None:
        """Let a reader empty the write-ahead log, which does not delay the writer."""
        await self._workers.reader(self._reader.checkpoint)

    def file_sizes(self) -> dict[str, int]:
        """Return the sizes of the files; one that is missing has none."""
        files = {"archive": self.path, "log": log_of(self.path), "index": index_of(self.path)}
        return {name: file.stat().st_size for name, file in files.items() if file.exists()}

    async def check(self) -> None:
        """Write to the file, and change nothing in it."""
        await self._workers.writer(self._writer.check)

    async def scrub(self) -> bool:
        """Overwrite traces in the index first, then in the archive."""
        if await self._workers.indexer(self._index.scrub):
            return True
        return await self._workers.writer(self._writer.scrub)

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

    async def flush(self) -> None:
        """Return when the queue is empty."""
        await self._queue.flush()

    async def settle(self, room: str) -> None:
        """Return when no line of the room is in the queue."""
        await self._queue.settle(room)

    async def close(self) -> None:
        """Close the index, then the file."""
        await self._workers.indexer(self._index.close)
        await self._workers.writer(self._close)

    def _close(self) -> None:
        self._reader.close()
        self._writer.close()
