"""The archive in an SQLite file.  No rooms, no rights."""

from __future__ import annotations

import sqlite3
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

from chatsvc.model.events import Line, Said, Tally
from chatsvc.model.records import Act, Record
from chatsvc.store.archive import (
    EXPIRING,
    Commit,
    CommitQueue,
    Keeper,
    KeptRoom,
    R,
    Start,
    TooSlow,
    Turn,
    Worker,
)
from chatsvc.store.search_query import Finds, Seeker, Sought, Spot
from chatsvc.store.sqlite import record_rows
from chatsvc.store.sqlite.archive_file import ArchiveFile, log_of
from chatsvc.store.sqlite.database import (
    WIPING,
    Row,
    connect,
    empty_log,
    sentences,
    set_up,
    transaction,
    write,
)
from chatsvc.store.sqlite.index_search import find
from chatsvc.store.sqlite.line_rows import NOTICE, READ, lines
from chatsvc.store.sqlite.migrations import bring_up_to_date
from chatsvc.store.sqlite.scrubbing import Steps, scrubbing
from chatsvc.store.sqlite.word_index import Damaged, Index

_ENDS = """SELECT room.id, (SELECT number FROM said WHERE room = room.id ORDER BY number LIMIT 1),
                  last FROM room WHERE name = ?"""
_ROOMS = """SELECT id, name, last,
                   (SELECT time FROM said WHERE said.room = room.id AND number = last),
                   topic, topic_by, topic_time
            FROM room"""
_KEEP_LINES = """INSERT INTO said
                 (room, number, time, sender, text, action, client, tag, account, quiet)
                 VALUES {}"""
_KEEP_ROOMS = """INSERT INTO room (id, name, last) VALUES {}
                 ON CONFLICT (id) DO UPDATE SET last = excluded.last"""
_TALLY = """INSERT INTO tally
            SELECT room, sender, count(*), sum(length(CAST(text AS BLOB))) FROM said
            WHERE room = ? AND number > ? AND number <= ? AND deleted = '' AND NOT quiet
            GROUP BY sender
            ON CONFLICT (room, sender)
            DO UPDATE SET lines = lines + excluded.lines, bytes = bytes + excluded.bytes"""
_UNTALLY = """UPDATE tally SET lines = lines - 1, bytes = bytes - ?
              WHERE room = ? AND sender = ?"""
_TAKE_AWAY = "UPDATE said SET text = '', deleted = ? WHERE room = ? AND number = ?"
_REMOVE = "DELETE FROM said WHERE room = ? AND number <= ?"

QUICK, SLOWEST = 0.25, 2.0  # seconds a search may take beside others, and at all
TALLIED = 20_000  # lines counted at once, so that lines to be kept do not wait long

_NOTE_TRACES = "INSERT OR IGNORE INTO fact (name, value) VALUES ('traces', 'on')"
_NO_TRACES = "DELETE FROM fact WHERE name = 'traces'"


class Workers(NamedTuple):
    """Who does the work: `reader` and `searcher` may do several pieces at once, the others one."""

    writer: Worker
    reader: Worker
    indexer: Worker
    searcher: Worker
    slow_searcher: Worker


class SQLArchive:
    """Keeps lines in the SQLite file at `path`.

    A commit is on the disk before it is shown, so what was shown survives a power cut as well.
    """

    def __init__(self, path: Path, workers: Workers, turn: Turn, start: Start) -> None:
        self.path = path
        self._writer, reader, self._indexer, *_ = workers
        self._reader: Worker = partial(reader, self._counted)
        self._searcher, self._slow_searcher = workers.searcher, workers.slow_searcher
        self._index = Index(path)
        self._queue = CommitQueue(self._commit, workers.writer, turn, start)
        self._rooms: dict[str, tuple[int, int]] = {}  # name: id, last number
        self._own = threading.local()
        self._reads = 0  # under way
        self._idle = threading.Condition()
        self._open = ExitStack()
        self._file: ArchiveFile
        self._database: sqlite3.Connection  # the writer's
        self._seen = 0  # the file's version when `changed` was asked
        self._traces = False  # the write-ahead log may still have the text of deleted lines
        self._deletions = 0  # since the service began
        self._scrubbing = Steps(self._pass)

    def open(self, keeper: Keeper) -> list[KeptRoom]:
        self._queue.keeper = keeper
        with sentences(self.path), ExitStack() as opening:
            self._file = opening.enter_context(closing(ArchiveFile(self.path)))
            self._database = opening.enter_context(closing(connect(self.path)))
            self._file.hold()
            bring_up_to_date(self._database, self.path)
            self._file.watch()
            self._traces = not empty_log(self._database, WIPING)  # as a killed service left it
            self._seen = _data_version(self._database)
            rows = self._database.execute(_ROOMS).fetchall()
            self._index.open()
            self._open = opening.pop_all()
        self._rooms = {name: (id_, last) for id_, name, last, *_ in rows}
        self._last_id = max((id_ for id_, *_ in rows), default=0)
        return [
            KeptRoom(name, last, None if said is None else said / 1000, topic, by, time / 1000)
            for _, name, last, said, topic, by, time in rows
        ]

    def keep(self, line: Line) -> None:
        self._queue.add(line)

    @property
    def waiting(self) -> int:
        return self._queue.waiting

    async def set_topic(self, room: str, text: str, by: str, time: float) -> None:
        await self._writer(self._set_topic, room, text, by, time)

    async def read(self, room: str, after: int, limit: int) -> list[Said]:
        query = f"{READ} AND number > ? ORDER BY number LIMIT ?"
        return await self._reader(self._page, query, room, after, limit)

    async def read_back(self, room: str, before: int, limit: int) -> list[Said]:
        query = f"{READ} AND number < ? ORDER BY number DESC LIMIT ?"
        return (await self._reader(self._page, query, room, before, limit))[::-1]

    async def number_at(self, room: str, time: float) -> int:
        return await self._reader(self._number_at, room, round(time * 1000))

    async def tallies(self, room: str, limit: int) -> list[Tally]:
        while not await self._writer(self._tally_on, room):
            """There is more to count."""
        return await self._reader(self._tallies, room, limit)

    async def delete(self, room: str, number: int, by: str) -> Said | None:
        """Also overwrite the text in its row, and empty the write-ahead log.

        While another program reads in the log it cannot be emptied: then the first change after
        that does it, or the end of the service.  SQLite may have left copies of the line in unused
        parts of pages, when it moved lines from page to page: `scrub` overwrites those.
        """
        with self._index.sparing(room, number, number):
            await self._indexer(self._index.forget, room, number, number)
            found = await self._writer(self._delete, room, number, by)
        return found and found._replace(text="", deleted=by)

    async def expire(self, room: str, before: float) -> int:
        old = await self._writer(self._older, room, round(before * 1000))
        if old:
            with self._index.sparing(room, old[0], old[-1]):
                await self._indexer(self._index.forget, room, old[0], old[-1])
                await self._writer(self._remove, room, old[-1])
        return len(old)

    async def clear(self, room: str, last: int) -> int:
        numbers = await self._writer(self._first, room, last)
        if numbers:
            with self._index.sparing(room, numbers[0], numbers[-1]):
                await self._indexer(self._index.forget, room, numbers[0], numbers[-1])
                await self._writer(self._remove, room, numbers[-1])
        await self._writer(self._forget_tallies, room)
        return len(numbers)

    async def search(self, sought: Sought, seeker: Seeker, older: Spot | None, limit: int) -> Finds:
        left = await self._indexer(self._index.catch_up)
        found = await self._find(sought, seeker, older, limit + 1)
        return Finds(found[:limit], len(found) > limit, left > 0)

    async def _find(self, *wanted: object) -> list[Said]:
        """Find lines; what takes long is begun again where only other such searches wait for it."""
        try:
            try:
                return await self._searcher(find, self.path, QUICK, *wanted)
            except TooSlow:
                return await self._slow_searcher(find, self.path, SLOWEST, *wanted)
        except Damaged:
            await self._indexer(self._index.repair)
            raise

    async def index(self) -> int:
        return await self._indexer(self._index.advance)

    async def scrub(self) -> bool:
        if await self._indexer(self._index.scrub):
            return True
        return await self._writer(self._scrub)

    def records(self, kind: type[R]) -> list[R]:
        with sentences(self.path):
            return record_rows.read(self._database, kind)

    async def put(self, *records: Record) -> None:
        if records:
            await self._writer(self._put, records)

    async def drop(self, *records: Record) -> None:
        if records:
            await self._writer(self._drop, records)

    async def acts(self, limit: int, room: str | None = None) -> list[Act]:
        return await self._reader(self._acts, limit, room)

    async def changed(self) -> bool:
        return await self._writer(self._changed)

    async def reread(self, kind: type[R]) -> list[R]:
        return await self._writer(self.records, kind)

    async def flush(self) -> None:
        await self._queue.flush()

    async def settle(self, room: str) -> None:
        await self._queue.settle(room)

    async def close(self) -> None:
        await self._indexer(self._index.close)
        await self._writer(self._close)

    # Done by the writer:

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """Everything in it is one transaction."""
        with sentences(self.path):
            self._file.check()
            with transaction(self._database):
                yield self._database
            if self._traces:
                self._traces = not empty_log(self._database, 0)

    def _commit(self, lines: list[Line]) -> Commit:
        rooms: dict[str, tuple[int, int]] = {}
        with self._change() as database:
            known = _known_tags(database, lines)
            commit, rows = self._number(lines, known, rooms)
            write(database, _KEEP_ROOMS, [(id_, name, last) for name, (id_, last) in rooms.items()])
            write(database, _KEEP_LINES, rows)
        self._rooms.update(rooms)
        return commit

    def _number(
        self,
        lines: list[Line],
        known: dict[tuple[str, str], int],
        rooms: dict[str, tuple[int, int]],
    ) -> tuple[Commit, list[Row]]:
        commit = Commit()
        rows: list[Row] = []
        for line in lines:
            room, time, sender, text, action, client, tag, account, quiet, notice, _ = line
            if tag is not None and (client, tag) in known:
                commit.again.append((line, known[client, tag]))
                continue
            if room in rooms:
                id_, last = rooms[room]
            else:
                id_, last = self._room(room)
                commit.said[room] = []
            number = last + 1
            rooms[room] = id_, number
            commit.said[room].append(line.numbered(number))
            manner = NOTICE if notice else action
            rows.append(
                (id_, number, round(time * 1000), sender, text, manner, client, tag, account, quiet)
            )
            if tag is not None:
                known[client, tag] = number
        return commit, rows

    def _room(self, name: str) -> tuple[int, int]:
        if name not in self._rooms:
            self._last_id += 1
            return self._last_id, 0
        return self._rooms[name]

    def _set_topic(self, room: str, text: str, by: str, time: float) -> None:
        id_, last = self._room(room)
        with self._change() as database:
            write(database, _KEEP_ROOMS, [(id_, room, last)])
            database.execute(
                "UPDATE room SET topic = ?, topic_by = ?, topic_time = ? WHERE id = ?",
                (text, by, round(time * 1000), id_),
            )
        self._rooms[room] = id_, last

    def _tally_on(self, room: str) -> bool:
        """Count lines that have come since somebody asked; True when all are counted."""
        id_, last = self._rooms.get(room, (0, 0))
        tallied = self._tallied(id_)
        if tallied == last:
            return True
        end = min(last, tallied + TALLIED)
        with self._change() as database:
            _tally(database, id_, tallied, end)
        return end == last

    def _tallied(self, room: int) -> int:
        with sentences(self.path):
            query = "SELECT tallied FROM room WHERE id = ?"
            (tallied,) = self._database.execute(query, (room,)).fetchone() or (0,)
        return int(tallied)

    def _delete(self, room: str, number: int, by: str) -> Said | None:
        with sentences(self.path):
            found = list(lines(self._database, f"{READ} AND number = ?", room, number))
        if not found:
            return None
        (said,) = found
        id_, _ = self._rooms[room]
        counted = not (said.deleted or said.quiet) and number <= self._tallied(id_)
        with self._change() as database:
            if counted:
                database.execute(_UNTALLY, (len(said.text.encode()), id_, said.sender))
            database.execute(_TAKE_AWAY, (by, id_, number))
            self._note_traces(database)
        self._traces = not empty_log(self._database, WIPING)
        return said

    def _note_traces(self, database: sqlite3.Connection) -> None:
        """Have the file scrubbed from its beginning, also if the service ends before that."""
        self._deletions += 1
        database.execute(_NOTE_TRACES)

    def _scrub(self) -> bool:
        with sentences(self.path):
            return self._scrubbing.next()

    def _pass(self) -> Iterator[None]:
        """Scrub the whole file, if there may be traces in it."""
        if not self._database.execute("SELECT 1 FROM fact WHERE name = 'traces'").fetchone():
            return
        deletions = self._deletions
        yield from scrubbing(self._database, self._file.handle, log_of(self.path))
        if deletions == self._deletions:
            with self._change() as database:
                database.execute(_NO_TRACES)

    def _older(self, room: str, before: int) -> list[int]:
        """The numbers of the first lines of a room while these are older."""
        id_, _ = self._rooms.get(room, (0, 0))
        query = "SELECT number, time FROM said WHERE room = ? ORDER BY number LIMIT ?"
        with sentences(self.path):
            rows = self._database.execute(query, (id_, EXPIRING))
            return [number for number, _ in takewhile(lambda row: row[1] < before, rows)]

    def _first(self, room: str, last: int) -> list[int]:
        """The numbers of the first lines of a room, up to `last`."""
        id_, _ = self._rooms.get(room, (0, 0))
        query = "SELECT number FROM said WHERE room = ? AND number <= ? ORDER BY number LIMIT ?"
        with sentences(self.path):
            return [number for (number,) in self._database.execute(query, (id_, last, EXPIRING))]

    def _forget_tallies(self, room: str) -> None:
        id_, _ = self._rooms.get(room, (0, 0))
        with self._change() as database:
            database.execute("DELETE FROM tally WHERE room = ?", (id_,))

    def _remove(self, room: str, last: int) -> None:
        id_, _ = self._rooms[room]
        tallied = self._tallied(id_)
        with self._change() as database:
            if last > tallied:
                _tally(database, id_, tallied, last)
            database.execute(_REMOVE, (id_, last))
            self._note_traces(database)

    def _put(self, records: tuple[Record, ...]) -> None:
        with self._change() as database:
            record_rows.put(database, records)

    def _drop(self, records: tuple[Record, ...]) -> None:
        with self._change() as database:
            record_rows.drop(database, records)

    def _changed(self) -> bool:
        with sentences(self.path):
            before, self._seen = self._seen, _data_version(self._database)
        return self._seen != before

    def _close(self) -> None:
        """Close all connections once nothing is read on them, which would crash the process."""
        with self._idle:
            self._idle.wait_for(lambda: not self._reads)
            self._open.close()

    # Done by readers:

    def _counted(self, read: Callable[..., Any], *arguments: object) -> Any:
        with self._idle:
            self._reads += 1
        try:
            return read(*arguments)
        finally:
            with self._idle:
                self._reads -= 1
                self._idle.notify_all()

    def _page(self, query: str, *values: object) -> list[Said]:
        with sentences(self.path):
            return list(lines(self._reading(), query, *values))

    def _number_at(self, room: str, time: int) -> int:
        # Lines are kept in the order of their times, so a search by the primary key takes some
        # twenty rows, and no index on times makes a commit dearer.  In archives of early versions
        # times may go back: then the search ends at one of the places where the time passes.
        with sentences(self.path):
            database = self._reading()
            id_, first, last = database.execute(_ENDS, (room,)).fetchone() or (0, None, 0)
            numbers = range(first or last + 1, last + 1)
            return numbers.start + bisect_left(numbers, time, key=partial(_time, database, id_))

    def _tallies(self, room: str, limit: int) -> list[Tally]:
        query = """SELECT sender, lines, bytes FROM tally JOIN room ON room.id = tally.room
                   WHERE room.name = ? AND lines > 0 ORDER BY lines DESC, sender LIMIT ?"""
        with sentences(self.path):
            return [Tally(*row) for row in self._reading().execute(query, (room, limit))]

    def _acts(self, limit: int, room: str | None) -> list[Act]:
        with sentences(self.path):
            return record_rows.read_acts(self._reading(), limit, room)

    def _reading(self) -> sqlite3.Connection:
        """This thread's own connection: readers never wait for the writer."""
        if not hasattr(self._own, "connection"):
            self._own.connection = connect(self.path)
            set_up(self._own.connection)
            self._open.callback(self._own.connection.close)
        connection: sqlite3.Connection = self._own.connection
        return connection


def _known_tags(database: sqlite3.Connection, lines: list[Line]) -> dict[tuple[str, str], int]:
    """The numbers of those lines that are kept already, by client and tag."""
    query = "SELECT number FROM said WHERE client = ? AND tag = ?"
    known = {}
    for line in lines:
        if line.tag is not None:
            row = database.execute(query, (line.client, line.tag)).fetchone()
            if row is not None:
                known[line.client, line.tag] = row[0]
    return known


def _time(database: sqlite3.Connection, room: int, number: int) -> int:
    """That of a line; 0 of one that has just gone for its age."""
    query = "SELECT time FROM said WHERE room = ? AND number = ?"
    (time,) = database.execute(query, (room, number)).fetchone() or (0,)
    return int(time)


def _tally(database: sqlite3.Connection, room: int, tallied: int, end: int) -> None:
    """Count the lines of a room after `tallied`, up to `end`."""
    database.execute(_TALLY, (room, tallied, end))
    database.execute("UPDATE room SET tallied = ? WHERE id = ?", (end, room))


def _data_version(database: sqlite3.Connection) -> int:
    """A number that is another one after any other connection has written the file."""
    return int(database.execute("PRAGMA data_version").fetchone()[0])
