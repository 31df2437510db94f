"""The archive in a PostgreSQL database: what differs from others of rows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from chatsvc.model.message_events import Said
from chatsvc.model.records import Record
from chatsvc.store.archive import Keeper, KeptRoom, Start, Turn, Workers
from chatsvc.store.leading import Announcement
from chatsvc.store.location import Database
from chatsvc.store.postgresql.connection import Connections
from chatsvc.store.postgresql.index_search import find
from chatsvc.store.postgresql.reader import Reader
from chatsvc.store.postgresql.word_index import Index
from chatsvc.store.postgresql.writer import Writer
from chatsvc.store.row_archive import RowArchive
from chatsvc.store.search_query import Seeker, Sought, Spot


class PostgreSQLArchive(RowArchive[Writer, Reader, Index]):
    """Stores everything in a PostgreSQL database, in which one program leads at a time.

    A commit is on the server's disk before it is shown.  While the server restarts, everything
    waits up to 15 seconds, and is then done once, even if the server had done it already.
    """

    def __init__(
        self,
        database: Database,
        workers: Workers,
        turn: Turn,
        start: Start,
        *,
        announcement: Announcement | None = None,
    ) -> None:
        self._connections = Connections(database)
        reader = Reader(self._connections)
        writer = Writer(database, announcement)
        super().__init__(writer, reader, Index(database), workers, turn, start)
        self._sizes: dict[str, int] = {}

    def open(self, keeper: Keeper) -> list[KeptRoom]:
        """Connect, lead, and create the tables if necessary; raise `InUse` if another leads."""
        self._queue.keeper = keeper
        with ExitStack() as opening:
            rooms = self._writer.open()
            opening.callback(self._writer.close)
            opening.callback(self._connections.close)
            opening.callback(self._index.close)
            self._index.open()
            self._sizes = self._reader.sizes()
            opening.pop_all()
        return rooms

    @property
    def epoch(self) -> int:
        """How often a program has begun to lead, this one included; 0 until it is open."""
        return self._writer.epoch

    def renew_at_once(self) -> None:
        """Store a heartbeat before anything else uses the archive."""
        self._writer.renew()

    async def renew(self) -> None:
        """Store a heartbeat; raise `Deposed` if another node has led since."""
        await self._workers.writer(self._writer.renew)

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

    async def used(self) -> int:
        """Estimate the size of the lines that are left: tables shrink only with VACUUM."""
        return await self._workers.reader(self._reader.used)

    async def erase(self, room: str, numbers: Sequence[int], by: str, done: Record) -> None:
        """Erase the lines, in the index too."""
        await self._workers.writer(self._writer.erase, room, numbers, by, done)

    def _find_within(
        self, seconds: float, sought: Sought, seeker: Seeker, older: Spot | None, limit: int
    ) -> list[Said]:
        return find(self._connections, seconds, sought, seeker, older, limit)

    async def checkpoint(self) -> None:
        """Read the sizes again: PostgreSQL makes checkpoints itself."""
        self._sizes = await self._workers.reader(self._reader.sizes)

    def file_sizes(self) -> dict[str, int]:
        """Return the sizes on the server's disk, as they were some seconds ago."""
        return self._sizes

    async def scrub(self) -> bool:
        """Return False: PostgreSQL overwrites deleted rows itself, after VACUUM."""
        return False

    async def close(self) -> None:
        """Disconnect everything."""
        await self._workers.indexer(self._index.close)
        await self._workers.writer(self._close)

    def _close(self) -> None:
        self._connections.close()
        self._writer.close()
