"""Reading an archive: every thread has its own connection, so nobody waits for the writer."""

from __future__ import annotations

import sqlite3
import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

from chatsvc.model.mentions import Searched, search
from chatsvc.model.message_events import Said
from chatsvc.model.records import Act
from chatsvc.model.room_events import Tally
from chatsvc.store.archive import ERASED, LOOKED, LinesOf
from chatsvc.store.sqlite import record_rows
from chatsvc.store.sqlite.database import connect, sentences, set_up
from chatsvc.store.sqlite.line_rows import READ, lines

_ENDS = """SELECT room.id, (SELECT number FROM said WHERE room = room.id ORDER BY number LIMIT 1),
                  last FROM room WHERE name = ?"""

_OLDEST = """SELECT min((SELECT time FROM said WHERE room = room.id ORDER BY number LIMIT 1))
             FROM room"""


class Reader:
    """Reads from the SQLite file at `path`, in any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = threading.local()
        self._open = ExitStack()
        self._reads = 0  # connections in use
        self._idle = threading.Condition()

    def close(self) -> None:
        """Close the connections of all threads, once none of them reads any more."""
        with self._idle:
            self._idle.wait_for(lambda: not self._reads)
            self._open.close()

    def after(self, room: str, number: int, limit: int) -> list[Said]:
        """Return a room's first lines after `number`."""
        return self._page(f"{READ} AND number > ? ORDER BY number LIMIT ?", room, number, limit)

    def before(self, room: str, number: int, limit: int) -> list[Said]:
        """Return a room's last lines before `number`."""
        query = f"{READ} AND number < ? ORDER BY number DESC LIMIT ?"
        return self._page(query, room, number, limit)[::-1]

    def mentions(self, room: str, name: str, after: int, limit: int) -> Searched:
        """Look for a name in a room's first lines after `after`."""
        return search(self.after(room, after, limit), name)

    def _page(self, query: str, *values: object) -> list[Said]:
        with self._reading() as database:
            return list(lines(database, query, *values))

    def number_at(self, room: str, time: int) -> int:
        """Return the number of the first line that is not earlier than `time` (milliseconds)."""
        # Lines are stored in the order of their times, so a search by the primary key takes about
        # twenty rows, and commits need not maintain an index of times.  In archives of early
        # versions times may go back: then the search ends at one of the places where it passes.
        with self._reading() as database:
            id_, first, last = database.execute(_ENDS, (room,)).fetchone() or (0, None, 0)
            numbers = range(first or last + 1, last + 1)
            return numbers.start + bisect_left(numbers, time, key=partial(_time, database, id_))

    def lines_of(self, room: str, account: str, since: float, after: int) -> LinesOf:
        """Return some of an account's lines after number `after`, from `since` (milliseconds)."""
        end = after + LOOKED
        query = f"""{READ} AND number > ? AND number <= ? AND account = ? AND time >= ?
                    ORDER BY number LIMIT ?"""
        found = self._page(query, room, after, end, account, since, ERASED)
        return LinesOf(found[-1].number if len(found) == ERASED else end, found)

    def oldest(self) -> float | None:
        """Return the time of the oldest first line of any room."""
        with self._reading() as database:
            (time,) = database.execute(_OLDEST).fetchone()
            return None if time is None else time / 1000

    def tallies(self, room: str, limit: int) -> list[Tally]:
        """Return who said most, of the lines that the writer has counted."""
        query = """SELECT sender, lines, bytes FROM tally JOIN room ON room.id = tally.room
                   WHERE room.name = ? AND lines > 0 ORDER BY lines DESC, sender LIMIT ?"""
        with self._reading() as database:
            return [Tally(*row) for row in database.execute(query, (room, limit))]

    def acts(self, limit: int, room: str | None) -> list[Act]:
        """Return the last acts, oldest first."""
        with self._reading() as database:
            return record_rows.read_acts(database, limit, room)

    def acts_of(self, ids: Sequence[str]) -> list[Act]:
        """Return these audit entries, oldest first."""
        with self._reading() as database:
            return record_rows.read_acts_of(database, ids)

    def checkpoint(self) -> None:
        """Move what is in the write-ahead log into the archive; writers go on meanwhile."""
        with self._reading() as database:
            database.execute("PRAGMA wal_checkpoint(PASSIVE)")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Use this thread's own connection, which is not closed meanwhile."""
        with self._idle:
            self._reads += 1
        try:
            with sentences(self._path):
                yield self._connection()
        finally:
            with self._idle:
                self._reads -= 1
                self._idle.notify_all()

    def _connection(self) -> sqlite3.Connection:
        """Return this thread's own connection; open it first if there is none."""
        if not hasattr(self._own, "connection"):
            with ExitStack() as opening:
                connection = opening.enter_context(closing(connect(self._path)))
                set_up(connection)
                self._open.push(opening.pop_all())
            self._own.connection = connection
        found: sqlite3.Connection = self._own.connection
        return found


def _time(database: sqlite3.Connection, room: int, number: int) -> int:
    """Return the time of a line; 0 if it has expired meanwhile."""
    query = "SELECT time FROM said WHERE room = ? AND number = ?"
    (time,) = database.execute(query, (room, number)).fetchone() or (0,)
    return int(time)
