"""The archive in an SQLite file: tables, migrations, what can go wrong.  No rooms, no rights."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from importlib import resources
from operator import attrgetter
from pathlib import Path
from typing import Any, TextIO

from chatsvc.archive import (
    ArchiveFailed,
    Commit,
    CommitQueue,
    Keeper,
    KeptRoom,
    Start,
    Turn,
    Worker,
)
from chatsvc.events import Line, Said, Tally

APPLICATION_ID = 0x63686174  # "chat", in the file's header

_READ = """SELECT room.name, number, time, sender, text, action, client, tag
           FROM said JOIN room ON room.id = said.room WHERE room.name = ?"""
_KEEP_LINES = "INSERT INTO said VALUES {}"
_KEEP_ROOMS = """INSERT INTO room (id, name, last) VALUES {}
                 ON CONFLICT (id) DO UPDATE SET last = excluded.last"""
_TALLY = """INSERT INTO tally
            SELECT room, sender, count(*), sum(length(CAST(text AS BLOB))) FROM said
            WHERE room = ? AND number > ? AND number <= ? GROUP BY sender
            ON CONFLICT (room, sender)
            DO UPDATE SET lines = lines + excluded.lines, bytes = bytes + excluded.bytes"""

TALLIED = 20_000  # lines counted at once, so that lines to be kept do not wait long

_SETTINGS = {
    "journal_mode": "WAL",  # readers, of other processes too, never wait for the writer
    "synchronous": "FULL",  # a commit is on the disk
    "temp_store": "MEMORY",  # else each statement with many rows makes a file
    "cache_size": -4096,  # KiB for each connection: the last page of every busy room
    "wal_autocheckpoint": 2048,  # pages, 8 MiB: not at every large commit
    "journal_size_limit": 2**26,
}

Row = tuple[Any, ...]


class SQLArchive:
    """Keeps lines in the SQLite file at `path`.

    `writer` does one piece of work after the other, `reader` may do several at once.  A commit is
    on the disk before it is shown, so what was shown survives a power cut as well.
    """

    def __init__(
        self, path: Path, writer: Worker, reader: Worker, turn: Turn, start: Start
    ) -> None:
        self.path = path
        self._writer = writer
        self._reader = reader
        self._queue = CommitQueue(self._commit, writer, turn, start)
        self._rooms: dict[str, tuple[int, int]] = {}  # name: id, last number
        self._own = threading.local()
        self._connections: list[sqlite3.Connection] = []

    def open(self, keeper: Keeper) -> list[KeptRoom]:
        self._queue.keeper = keeper
        with _sentences(self.path):
            self._lock = _lock(self.path)
            try:
                rows = self._read_rooms()
            except BaseException:
                self._lock.close()
                raise
        self._rooms = {name: (id_, last) for id_, name, last, *_ in rows}
        self._last_id = max((id_ for id_, *_ in rows), default=0)
        return [
            KeptRoom(name, last, topic, by, time / 1000) for _, name, last, topic, by, time in rows
        ]

    def _read_rooms(self) -> list[Row]:
        with contextlib.closing(_connect(self.path)) as database:
            version = _version(database, self.path)
            _set_up(database)
            _migrate(database, version)
            query = "SELECT id, name, last, topic, topic_by, topic_time FROM room"
            return database.execute(query).fetchall()

    def keep(self, line: Line) -> None:
        self._queue.add(line)

    @property
    def waiting(self) -> int:
        return self._queue.waiting

    async def set_topic(self, room: str, text: str, by: str, time: float) -> None:
        await self._writer(self._set_topic, room, text, by, time)

    async def read(self, room: str, after: int, limit: int) -> list[Said]:
        query = f"{_READ} AND number > ? ORDER BY number LIMIT ?"
        return await self._reader(self._lines, query, room, after, limit)

    async def read_back(self, room: str, before: int, limit: int) -> list[Said]:
        query = f"{_READ} AND number < ? ORDER BY number DESC LIMIT ?"
        return (await self._reader(self._lines, query, room, before, limit))[::-1]

    async def tallies(self, room: str, limit: int) -> list[Tally]:
        while not await self._writer(self._tally_on, room):
            """There is more to count."""
        return await self._reader(self._tallies, room, limit)

    async def flush(self) -> None:
        await self._queue.flush()

    async def close(self) -> None:
        await self._writer(self._close)

    # Done by the writer:

    def _commit(self, lines: list[Line]) -> Commit:
        rooms: dict[str, tuple[int, int]] = {}
        with _sentences(self.path), _transaction(self._database()) as database:
            known = _known_tags(database, lines)
            commit, rows = self._number(lines, known, rooms)
            _write(
                database, _KEEP_ROOMS, [(id_, name, last) for name, (id_, last) in rooms.items()]
            )
            _write(database, _KEEP_LINES, rows)
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
            room, time, sender, text, action, client, tag = line
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
            commit.said[room].append(Said(room, number, time, sender, text, action, client, tag))
            rows.append((id_, number, round(time * 1000), sender, text, action, client, tag))
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
        with _sentences(self.path), _transaction(self._database()) as database:
            _write(database, _KEEP_ROOMS, [(id_, room, last)])
            database.execute(
                "UPDATE room SET topic = ?, topic_by = ?, topic_time = ? WHERE id = ?",
                (text, by, round(time * 1000), id_),
            )
        self._rooms[room] = id_, last

    def _tally_on(self, room: str) -> bool:
        """Count lines that have come since somebody asked; True when all are counted."""
        id_, last = self._rooms.get(room, (0, 0))
        with _sentences(self.path):
            query = "SELECT tallied FROM room WHERE id = ?"
            (tallied,) = self._database().execute(query, (id_,)).fetchone() or (0,)
        if tallied == last:
            return True
        end = min(last, tallied + TALLIED)
        with _sentences(self.path), _transaction(self._database()) as database:
            database.execute(_TALLY, (id_, tallied, end))
            database.execute("UPDATE room SET tallied = ? WHERE id = ?", (end, id_))
        return bool(end == last)

    def _close(self) -> None:
        for connection in self._connections:
            connection.close()
        self._lock.close()

    # Done by readers:

    def _lines(self, query: str, *values: object) -> list[Said]:
        with _sentences(self.path):
            rows = self._database().execute(query, values)
            return [
                Said(room, number, time / 1000, sender, text, bool(action), client, tag)
                for room, number, time, sender, text, action, client, tag in rows
            ]

    def _tallies(self, room: str, limit: int) -> list[Tally]:
        query = """SELECT sender, lines, bytes FROM tally JOIN room ON room.id = tally.room
                   WHERE room.name = ? ORDER BY lines DESC, sender LIMIT ?"""
        with _sentences(self.path):
            return [Tally(*row) for row in self._database().execute(query, (room, limit))]

    def _database(self) -> sqlite3.Connection:
        """This thread's own connection: readers never wait for the writer."""
        if not hasattr(self._own, "connection"):
            self._own.connection = _connect(self.path)
            _set_up(self._own.connection)
            self._connections.append(self._own.connection)
        connection: sqlite3.Connection = self._own.connection
        return connection


def _connect(path: Path) -> sqlite3.Connection:
    # Only close() uses a connection from another thread than its own.
    return sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)


def _set_up(database: sqlite3.Connection) -> None:
    for setting, value in _SETTINGS.items():
        database.execute(f"PRAGMA {setting} = {value}")


def _lock(path: Path) -> TextIO:
    """Held while the archive is open: two services would give the same numbers twice."""
    lock = open(f"{path.resolve()}.lock", "w")  # noqa: SIM115
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise ArchiveFailed(
            f"Another chatsvc is using the archive {path}. Stop it, or give this one another "
            "archive with --archive sqlite:PATH."
        ) from None
    return lock


def _steps() -> list[str]:
    """The migrations, in order."""
    files = (resources.files("chatsvc") / "schema").iterdir()
    steps = sorted((file for file in files if file.name[:3].isdigit()), key=attrgetter("name"))
    return [step.read_text(encoding="utf-8") for step in steps]


def _version(database: sqlite3.Connection, path: Path) -> int:
    """How many migrations the file has seen; it is left alone when it is not for us."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if (tables or application) and application != APPLICATION_ID:
        raise ArchiveFailed(
            f"{path} is a database of another program. Choose another file with "
            "--archive sqlite:PATH."
        )
    known = len(_steps())
    if version > known:
        raise ArchiveFailed(
            f"{path} was written by a newer chatsvc (its tables are version {version}, this one "
            f"knows {known}). Install the newer chatsvc, or choose another file."
        )
    return int(version)


def _migrate(database: sqlite3.Connection, version: int) -> None:
    """Apply the numbered files of `schema/` that the file has not seen yet."""
    with _transaction(database):  # a file that cannot be written is found now, not later
        database.execute(f"PRAGMA user_version = {version}")
    for number, step in enumerate(_steps()[version:], version + 1):
        database.executescript(
            f"BEGIN IMMEDIATE; {step};"
            f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number}; COMMIT"
        )


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


def _write(database: sqlite3.Connection, statement: str, rows: Sequence[Row]) -> None:
    """Write many rows with few statements.

    SQLite runs a statement without the GIL, while `executemany` takes it back for every row.  Few
    sizes, because each is a statement of its own to prepare.
    """
    start = 0
    for size in (128, 32, 8, 1):
        while len(rows) - start >= size:
            values = [value for row in rows[start : start + size] for value in row]
            one = f"({', '.join('?' * len(rows[0]))})"
            database.execute(statement.format(", ".join([one] * size)), values)
            start += size


@contextlib.contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield database
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """Turn what the operating system and SQLite say into what a person can act on."""
    try:
        yield
    except OSError as error:
        raise ArchiveFailed(f"The archive {path} cannot be used: {error.strerror}.") from error
    except sqlite3.Error as error:
        raise ArchiveFailed(_sentence(path, str(error))) from error


def _sentence(path: Path, error: str) -> str:
    for said, sentence in _SAID_BY_SQLITE.items():
        if said in error:
            return sentence.format(path=path, directory=os.path.dirname(os.path.abspath(path)))
    return f"The archive {path} cannot be used: {error}."


_SAID_BY_SQLITE = {
    "is full": "The disk is full: {path} cannot grow. Make room, and it goes on.",
    "readonly": "The archive {path} is read-only. Give this user the right to write it.",
    "unable to open": "The archive {path} cannot be opened. Does {directory} exist, and may this"
    " user write there?",
    "not a database": "{path} is not a chatsvc archive. Choose another file with"
    " --archive sqlite:PATH.",
    "malformed": "The archive {path} is damaged. Move it away, or restore it from a backup.",
    "locked": "Another program holds the archive {path} locked. It goes on when that is over.",
}
