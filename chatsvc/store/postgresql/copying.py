"""An archive in a database as the source or the target of a copy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg

from chatsvc.model.message_events import Said
from chatsvc.store.archive import ArchiveFailed, R
from chatsvc.store.copying import KINDS, Counts, StoredRoom, StoredTally, counts_of
from chatsvc.store.line_rows import manner, signs_column
from chatsvc.store.location import Database
from chatsvc.store.postgresql import record_rows
from chatsvc.store.postgresql.connection import Link, connect
from chatsvc.store.postgresql.errors import sentences, unreachable
from chatsvc.store.postgresql.leadership import lock_soon
from chatsvc.store.postgresql.line_rows import READ, lines, tag_column
from chatsvc.store.postgresql.migrations import (
    bring_up_to_date,
    check_archive,
    check_server,
    newest,
    origin_of_copy,
    version,
)
from chatsvc.store.postgresql.room_rows import LAST
from chatsvc.store.postgresql.text import original, stored, stored_row
from chatsvc.store.record_columns import names, row_of

FETCHED = 5_000  # rows that the server sends at once

_IN_USE = "The archive {place} is in use. Stop its services or the other copy, and try again."
_OLDER = "{place} is an archive of an older chatsvc. Choose an empty destination."
_OLDER_COPY = (
    "{place} is an unfinished copy by another version of chatsvc. Drop its tables, or choose"
    " another database."
)

_ROOMS = f"SELECT id, name, {LAST}, topic, topic_by, topic_time, tallied FROM room ORDER BY id"
_TALLIES = "SELECT room, sender, lines, bytes FROM tally ORDER BY room, sender"
_LINES = f"{READ} AND number > %s ORDER BY number LIMIT %s"
_COUNT_LINES = """SELECT room.name, count(*) FROM said JOIN room ON room.id = said.room
                  GROUP BY room.name"""
_PUT_ROOM = """INSERT INTO room (id, name, last, topic, topic_by, topic_time, tallied)
               VALUES (%s, %s, %s, %s, %s, %s, %s)
               ON CONFLICT (id) DO UPDATE
               SET last = excluded.last, topic = excluded.topic, topic_by = excluded.topic_by,
                   topic_time = excluded.topic_time, tallied = excluded.tallied"""
_PUT_LINES = """COPY said (room, number, time, sender, text, action, client, tag, account, quiet,
                           deleted, signs) FROM STDIN"""
_PUT_TALLIES = "COPY tally (room, sender, lines, bytes) FROM STDIN"
_NEXT_ROOM = """SELECT setval(pg_get_serial_sequence('room', 'id'), max(id)) FROM room
                HAVING max(id) IS NOT NULL"""
_TABLES = (*(kind.TABLE for kind in KINDS), "tally")


class PostgreSQLCopySource:
    """A database that is copied; it is locked until it is closed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        try:
            link = connect(database)
        except psycopg.Error as error:
            raise unreachable(database, error) from error
        with ExitStack() as opening, sentences(database):
            self._link: Link = opening.enter_context(link)
            check_server(link, database)
            if not lock_soon(link):
                raise ArchiveFailed(_IN_USE.format(place=database))
            self._prepare()
            self._open = opening.pop_all()

    def _prepare(self) -> None:
        check_archive(self._link, self._database)
        bring_up_to_date(self._link, self._database)
        # Accounts can be changed beside it: see none of that.
        self._link.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def close(self) -> None:
        """Unlock the database."""
        self._link.close()

    @property
    def name(self) -> str:
        """The address without a password."""
        return self._database.shown

    def rooms(self) -> list[StoredRoom]:
        """Return all rooms."""
        return [
            StoredRoom(id_, original(name), last, original(topic), original(by), time, tallied)
            for id_, name, last, topic, by, time, tallied in self._rows(_ROOMS)
        ]

    def lines(self, room: StoredRoom, after: int, limit: int) -> list[Said]:
        """Return a room's first lines after `after`."""
        with sentences(self._database):
            return lines(self._link, _LINES, stored(room.name), after, limit)

    def tallies(self) -> Iterator[StoredTally]:
        """Yield all tallies."""
        for room, sender, count, size in self._stream(_TALLIES):
            yield StoredTally(room, original(sender), count, size)

    def records(self, kind: type[R]) -> Iterator[R]:
        """Yield all records of a kind."""
        return record_rows.each(kind, self._stream(record_rows.query_of_each(kind)))

    def counts(self) -> Counts:
        """Count all rows."""
        return counts_of(
            (room.name for room in self.rooms()),
            ((original(name), count) for name, count in self._rows(_COUNT_LINES)),
            ((table, self._rows(f"SELECT count(*) FROM {table}")[0][0]) for table in _TABLES),
        )

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with sentences(self._database):
            return self._link.execute(query.encode()).fetchall()

    def _stream(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Yield rows, few of which are in memory."""
        with (
            sentences(self._database),
            self._link.transaction(),
            self._link.cursor(name="copied") as cursor,
        ):
            cursor.itersize = FETCHED
            yield from cursor.execute(query.encode())


class PostgreSQLCopyTarget(PostgreSQLCopySource):
    """An empty database, or one that is an unfinished copy."""

    def _prepare(self) -> None:
        link, database = self._link, self._database
        self._origin = origin_of_copy(link)
        if self._origin is not None:
            if link.execute("SELECT version FROM chatsvc").fetchone() != (newest(),):
                raise ArchiveFailed(_OLDER_COPY.format(place=database))
            return
        if version(link, database) not in (0, newest()):
            raise ArchiveFailed(_OLDER.format(place=database))
        bring_up_to_date(link, database)

    @property
    def origin(self) -> str | None:
        """What this is an unfinished copy of."""
        return self._origin

    def begin(self, origin: str) -> None:
        """Mark this as an unfinished copy."""
        if self._origin is None:
            with self._change() as link:
                link.execute("CREATE TABLE copying (origin text NOT NULL)")
                link.execute("INSERT INTO copying VALUES (%s)", (stored(origin),))
                link.execute("UPDATE chatsvc SET letters = ''")  # the index is made from scratch
            self._origin = origin

    def clear(self) -> None:
        """Remove everything but the mark, and the files with it."""
        with self._change() as link:
            link.execute(f"TRUNCATE said, room, words, place, {', '.join(_TABLES)}".encode())

    def put_rooms(self, rooms: list[StoredRoom]) -> None:
        """Store rooms."""
        with self._change() as link, link.cursor() as cursor:
            cursor.executemany(_PUT_ROOM, map(stored_row, rooms))

    def put_lines(self, room: StoredRoom, lines: list[Said]) -> None:
        """Store lines."""
        with self._change() as link:
            _copy(link, _PUT_LINES, (_line_row(room.id, line) for line in lines))

    def put_tallies(self, pages: Iterator[list[StoredTally]]) -> None:
        """Store all tallies."""
        with self._change() as link:
            link.execute("DELETE FROM tally")
            for page in pages:
                _copy(link, _PUT_TALLIES, page)

    def put_records(self, kind: type[R], pages: Iterator[list[R]]) -> None:
        """Store all records of a kind."""
        columns = ", ".join(f'"{name}"' for name in names(kind))
        with self._change() as link:
            link.execute(f"DELETE FROM {kind.TABLE}".encode())
            for page in pages:
                _copy(link, f"COPY {kind.TABLE} ({columns}) FROM STDIN", map(row_of, page))

    def finish(self) -> None:
        """Remove the mark; let the server know how much there is."""
        with self._change() as link:
            link.execute(_NEXT_ROOM)
            link.execute("DROP TABLE copying")
        self._origin = None
        with sentences(self._database):
            self._link.execute(f"ANALYZE said, room, {', '.join(_TABLES)}".encode())

    @contextmanager
    def _change(self) -> Iterator[Link]:
        """Run the block in one transaction."""
        with sentences(self._database), self._link.transaction():
            yield self._link


def _copy(link: Link, statement: str, rows: Iterable[Iterable[Any]]) -> None:
    """Store rows as they are."""
    with link.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for row in rows:
            copy.write_row(stored_row(row))


def _line_row(room: int, line: Said) -> tuple[Any, ...]:
    tag = None if line.tag is None else tag_column(line.tag, iter(()), "")
    return (
        room, line.number, round(line.time * 1000), line.sender, line.text,
        manner(line.action, line.notice, line.bot), line.client, tag, line.account, line.quiet,
        line.deleted, signs_column(line.signs) if line.signs else None,
    )  # fmt: skip
