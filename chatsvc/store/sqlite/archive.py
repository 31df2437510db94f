"""The archive in an SQLite file: what differs from others of rows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from chatsvc.model.message_events import Said
from chatsvc.model.records import Record
from chatsvc.store.archive import (
    Keeper,
    KeptRoom,
    Start,
    Turn,
    Workers,
)
from chatsvc.store.row_archive import RowArchive
from chatsvc.store.search_query import Seeker, Sought, Spot
from chatsvc.store.sqlite.archive_file import log_of
from chatsvc.store.sqlite.index_search import find
from chatsvc.store.sqlite.reader import Reader
from chatsvc.store.sqlite.word_index import Damaged, Index, index_of
from chatsvc.store.sqlite.writer import Writer


class SQLArchive(RowArchive[Writer, Reader, Index]):
    """Stores everything in the SQLite file at `path`.

    A commit is on the disk before it is shown, so every line that was shown survives a power cut.
    """

    def __init__(self, path: Path, workers: Workers, turn: Turn, start: Start) -> None:
        self.path = path
        super().__init__(Writer(path), Reader(path), Index(path), workers, turn, start)

    def open(self, keeper: Keeper) -> list[KeptRoom]:
        """Open the file, creating it if necessary, and the index beside it."""
        self._queue.keeper = keeper
        with ExitStack() as opening:
            rooms = self._writer.open()
            opening.callback(self._writer.close)
            self._index.open()
            opening.pop_all()
        return rooms

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

    async def used(self) -> int:
        """Return the size of the pages in use: the file does not shrink, but is filled again."""
        return await self._workers.writer(self._writer.used)

    async def erase(self, room: str, numbers: Sequence[int], by: str, done: Record) -> None:
        """Erase the lines, in the index first."""
        with self._index.sparing(room, numbers):
            await self._workers.indexer(self._index.forget, room, numbers)
            await self._workers.writer(self._writer.erase, room, numbers, by, done)

    async def _find(
        self, sought: Sought, seeker: Seeker, older: Spot | None, limit: int
    ) -> list[Said]:
        """Find lines; repair the index if it is damaged."""
        try:
            return await super()._find(sought, seeker, older, limit)
        except Damaged:
            await self._workers.indexer(self._index.repair)
            raise

    def _find_within(
        self, seconds: float, sought: Sought, seeker: Seeker, older: Spot | None, limit: int
    ) -> list[Said]:
        return find(self.path, seconds, sought, seeker, older, limit)

    async def checkpoint(self) -> None:
        """Let a reader empty the write-ahead log, which does not delay the writer."""
        await self._workers.reader(self._reader.checkpoint)

    def file_sizes(self) -> dict[str, int]:
        """Return the sizes of the files; one that is missing has none."""
        files = {"archive": self.path, "log": log_of(self.path), "index": index_of(self.path)}
        return {name: file.stat().st_size for name, file in files.items() if file.exists()}

    async def scrub(self) -> bool:
        """Overwrite traces in the index first, then in the archive."""
        if await self._workers.indexer(self._index.scrub):
            return True
        return await self._workers.writer(self._writer.scrub)

    async def close(self) -> None:
        """Close the index, then the file."""
        await self._workers.indexer(self._index.close)
        await self._workers.writer(self._close)

    def _close(self) -> None:
        self._reader.close()
        self._writer.close()
