"""An archive file as the source or the target of a copy."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from chatsvc.model.message_events import Said
from chatsvc.model.records import Fact
from chatsvc.store.archive import ArchiveFailed, R
from chatsvc.store.copying import KINDS, Counts, StoredRoom, StoredTally, counts_of
from chatsvc.store.line_rows import manner, signs_column
from chatsvc.store.sqlite import record_rows
from chatsvc.store.sqlite.archive_file import ArchiveFile, check_same_name
from chatsvc.store.sqlite.database import (
    Row,
    connect,
    empty_log,
    sentences,
    set_up,
    transaction,
    write,
)
from chatsvc.store.sqlite.line_rows import READ, lines
from chatsvc.store.sqlite.migrations import (
    APPLICATION_ID,
    COPY_ID,
    bring_up_to_date,
    newest,
    version,
)
from chatsvc.store.sqlite.offline import create

TRACES = "traces"  # a fact about the pages of this file, not about the chat

_IN_USE = "The archive {path} is in use. Stop its service or the other copy, and try again."
_NOT_THERE = "Archive not found: {path}."
_OLDER = "{path} is an archive of an older chatsvc. Choose an empty destination."
_OLDER_COPY = "{path} is an unfinished copy by another version of chatsvc. Delete it."
_LEFT = "{found} would be mixed with the copy {path}. Move it away."
_SUFFIXES = ("-wal", "-shm", "-journal", ".words", ".words-wal", ".words-shm", ".words-journal")

_ROOMS = "SELECT id, name, last, topic, topic_by, topic_time, tallied FROM room ORDER BY id"
_TALLIES = "SELECT room, sender, lines, bytes FROM tally ORDER BY room, sender"
_LINES = f"{READ} AND number > ? ORDER BY number LIMIT ?"
_COUNT_LINES = """SELECT name, count(*) FROM said JOIN room ON room.id = said.room
                  GROUP BY said.room"""
_PUT_ROOMS = """REPLACE INTO room (id, name, last, topic, topic_by, topic_time, tallied)
                VALUES {}"""
_PUT_LINES = """INSERT INTO said (room, number, time, sender, text, action, client, tag, account,
                                  quiet, deleted, signs) VALUES {}"""
_PUT_TALLIES = "INSERT INTO tally (room, sender, lines, bytes) VALUES {}"


class SQLiteCopySource:
    """A file that is copied; it is locked until it is closed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with sentences(path), ExitStack() as opening:
            if not path.exists():
                raise ArchiveFailed(_NOT_THERE.format(path=path))
            check_same_name(path)
            file = opening.enter_context(closing(ArchiveFile(path, _IN_USE)))
            self._database = opening.enter_context(closing(connect(path)))
            file.hold()
            self._prepare()
            self._open = opening.pop_all()

    def _prepare(self) -> None:
        bring_up_to_date(self._database, self.path)
        self._database.execute("PRAGMA query_only = ON")
        self._database.execute("BEGIN")  # accounts can be changed beside it: see none of that

    def close(self) -> None:
        """Unlock the file."""
        self._open.close()

    @property
    def name(self) -> str:
        """The path, as an option gives it."""
        return f"sqlite:{self.path.absolute()}"

    def rooms(self) -> list[StoredRoom]:
        """Return all rooms."""
        with sentences(self.path):
            return [StoredRoom(*row) for row in self._database.execute(_ROOMS)]

    def lines(self, room: StoredRoom, after: int, limit: int) -> list[Said]:
        """Return a room's first lines after `after`."""
        with sentences(self.path):
            return list(lines(self._database, _LINES, room.name, after, limit))

    def tallies(self) -> Iterator[StoredTally]:
        """Yield all tallies."""
        with sentences(self.path):
            for row in self._database.execute(_TALLIES):
                yield StoredTally(*row)

    def records(self, kind: type[R]) -> Iterator[R]:
        """Yield all records of a kind."""
        with sentences(self.path):
            for record in record_rows.each(self._database, kind):
                if not (isinstance(record, Fact) and record.name == TRACES):
                    yield record

    def counts(self) -> Counts:
        """Count all rows."""
        with sentences(self.path):
            count = self._database.execute
            tables = {kind.TABLE: f"{kind.TABLE} WHERE true" for kind in KINDS} | {"tally": "tally"}
            tables[Fact.TABLE] = f"fact WHERE name <> '{TRACES}'"
            return counts_of(
                (room.name for room in self.rooms()),
                count(_COUNT_LINES),
                (
                    (table, count(f"SELECT count(*) FROM {rows}").fetchone()[0])
                    for table, rows in tables.items()
                ),
            )


class SQLiteCopyTarget(SQLiteCopySource):
    """A new file, or one that is an unfinished copy."""

    def __init__(self, path: Path) -> None:
        with sentences(path):
            if not path.exists():
                _refuse_leftovers(path)
                create(path)
        super().__init__(path)

    def _prepare(self) -> None:
        (application,) = self._database.execute("PRAGMA application_id").fetchone()
        (found,) = self._database.execute("PRAGMA user_version").fetchone()
        self._origin: str | None = None
        if application == COPY_ID:
            if found != newest():
                raise ArchiveFailed(_OLDER_COPY.format(path=self.path))
            set_up(self._database)
            (self._origin,) = self._database.execute("SELECT origin FROM copying").fetchone()
        elif version(self._database, self.path) not in (0, newest()):
            raise ArchiveFailed(_OLDER.format(path=self.path))
        else:
            bring_up_to_date(self._database, self.path)

    @property
    def origin(self) -> str | None:
        """What this is an unfinished copy of."""
        return self._origin

    def begin(self, origin: str) -> None:
        """Mark this as an unfinished copy."""
        if self._origin is None:
            with self._change() as database:
                database.execute("CREATE TABLE copying (origin TEXT NOT NULL)")
                database.execute("INSERT INTO copying VALUES (?)", (origin,))
                database.execute(f"PRAGMA application_id = {COPY_ID}")
            self._origin = origin

    def clear(self) -> None:
        """Remove everything but the mark; also traces of it."""
        with self._change() as database:
            for table in ("said", "room", "tally", *(kind.TABLE for kind in KINDS)):
                database.execute(f"DELETE FROM {table}")
        with sentences(self.path):
            self._database.execute("VACUUM")

    def put_rooms(self, rooms: list[StoredRoom]) -> None:
        """Store rooms."""
        with self._change() as database:
            write(database, _PUT_ROOMS, rooms)

    def put_lines(self, room: StoredRoom, lines: list[Said]) -> None:
        """Store lines."""
        with self._change() as database:
            write(database, _PUT_LINES, [_line_row(room.id, line) for line in lines])

    def put_tallies(self, pages: Iterator[list[StoredTally]]) -> None:
        """Store all tallies."""
        with self._change() as database:
            database.execute("DELETE FROM tally")
            for page in pages:
                write(database, _PUT_TALLIES, page)

    def put_records(self, kind: type[R], pages: Iterator[list[R]]) -> None:
        """Store all records of a kind."""
        with self._change() as database:
            database.execute(f"DELETE FROM {kind.TABLE}")
            for page in pages:
                record_rows.put(database, tuple(page))

    def finish(self) -> None:
        """Remove the mark, and move everything into the file itself."""
        with self._change() as database:
            database.execute("DROP TABLE copying")
            database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._origin = None
        empty_log(self._database, 0)

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """Run the block in one transaction."""
        with sentences(self.path), transaction(self._database) as database:
            yield database


def _refuse_leftovers(path: Path) -> None:
    found = (Path(f"{path}{suffix}") for suffix in _SUFFIXES)
    if left := next(filter(os.path.lexists, found), None):
        raise ArchiveFailed(_LEFT.format(found=left, path=path))


def _line_row(room: int, line: Said) -> Row:
    return (
        room, line.number, round(line.time * 1000), line.sender, line.text,
        manner(line.action, line.notice, line.bot), line.client, line.tag, line.account, line.quiet,
        line.deleted, signs_column(line.signs) if line.signs else None,
    )  # fmt: skip
