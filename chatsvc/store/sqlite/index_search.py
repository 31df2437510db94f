"""Searching the word index, within a limited time.

Each search has its own connections, so many can run at once, and beside the indexing.
"""

from __future__ import annotations

import math
import sqlite3
import time
from bisect import bisect_left
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from heapq import merge
from itertools import islice
from pathlib import Path
from threading import Timer
from urllib.parse import quote

from chatsvc.model.message_events import Said
from chatsvc.store.archive import TooSlow
from chatsvc.store.search_query import Seeker, Sought, Spot, is_for
from chatsvc.store.sqlite.database import sentences
from chatsvc.store.sqlite.index_terms import match
from chatsvc.store.sqlite.line_rows import READ, lines
from chatsvc.store.sqlite.word_index import Damaged, index_of

SLACK = 60.0  # seconds by which the order of indexing may differ from the order of times


def find(
    archive: Path,
    seconds: float,
    sought: Sought,
    seeker: Seeker,
    older: Spot | None,
    limit: int,
) -> list[Said]:
    """Return at most `limit` lines, newest first; raise `TooSlow` after that many seconds."""
    with sentences(archive), _read_only(archive) as lines, _read_only(index_of(archive)) as words:
        search = _Search(lines, words, time.monotonic() + seconds)
        with _within(seconds, words), closing(search.find(sought, seeker, older)) as found:
            return list(islice(found, limit))


@contextmanager
def _read_only(path: Path) -> Iterator[sqlite3.Connection]:
    """Return a connection that does not remove another file's write-ahead log when closed."""
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, check_same_thread=False)) as database:
        yield database


@contextmanager
def _within(seconds: float, database: sqlite3.Connection) -> Iterator[None]:
    """Interrupt a database after some seconds."""
    timer = Timer(seconds, database.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            raise TooSlow from None
        raise
    except sqlite3.DatabaseError as error:
        raise Damaged from error
    finally:
        timer.cancel()
        timer.join()  # the connection must stay open as long as it may be interrupted


class _Search:
    def __init__(self, archive: sqlite3.Connection, index: sqlite3.Connection, end: float) -> None:
        self._archive = archive
        self._index = index
        self._end = end

    def _check_time(self) -> None:
        if time.monotonic() > self._end:
            raise TooSlow

    def find(
        self,
        sought: Sought,
        seeker: Seeker,
        older: Spot | None,
    ) -> Generator[Said, None, None]:
        rooms = self._archive.execute("SELECT id, name FROM room")
        ids = {name: id_ for id_, name in rooms if name in seeker.rooms}
        names = {id_: name for name, id_ in ids.items()}
        for room, number in self._hits(sought, seeker, ids, older):
            query = f"{READ} AND number = ?"
            for line in lines(self._archive, query, names[room], number):
                if is_for(seeker, line) and sought.after <= line.time < sought.before:
                    yield line

    def _hits(
        self, sought: Sought, seeker: Seeker, ids: dict[str, int], older: Spot | None
    ) -> Iterator[tuple[int, int]]:
        """Yield rooms and numbers of matches, as far as the index can tell."""
        first, end = self._within(sought)
        if older is not None and older.room in ids:
            end = min(end, self._first_id(ids[older.room], older.number, end))
        opened = [id_ for name, id_ in ids.items() if not seeker.rooms[name]]
        parts = [(opened, first)] if opened else []
        for name, id_ in ids.items():
            if seeker.rooms[name]:
                parts.append(([id_], max(first, self._first_id(id_, seeker.rooms[name] + 1, end))))
        with ExitStack() as reading:
            each = [
                reading.enter_context(closing(self._ids(match(sought, seeker, some), lowest, end)))
                for some, lowest in parts
            ]
            for (id_,) in merge(*each, reverse=True):
                self._check_time()
                query = "SELECT room, number FROM line WHERE id = ?"
                yield from self._index.execute(query, (id_,))

    def _ids(self, match: str, first: int, end: int) -> sqlite3.Cursor:
        query = """SELECT rowid FROM words WHERE words MATCH ? AND rowid >= ? AND rowid < ?
                   ORDER BY rowid DESC"""
        return self._index.execute(query, (match, first, end))

    def _first_id(self, room: int, number: int, otherwise: int) -> int:
        """Return the id of a room's first indexed line with this number or a higher one."""
        query = "SELECT id FROM line WHERE room = ? AND number >= ? ORDER BY number LIMIT 1"
        (id_,) = self._index.execute(query, (room, number)).fetchone() or (otherwise,)
        return int(id_)

    def _within(self, sought: Sought) -> tuple[int, int]:
        """Return the first id of the lines sent between two times, and the one after the last."""
        query = "SELECT (SELECT min(id) FROM line), (SELECT max(id) FROM line)"
        first, last = self._index.execute(query).fetchone()  # each alone reads no other rows
        ids = range(first or 0, (last or 0) + 1)
        start, end = 0, len(ids)
        if not math.isinf(sought.after):
            start = bisect_left(ids, sought.after - SLACK, key=self._time)
        if not math.isinf(sought.before):
            end = bisect_left(ids, sought.before + SLACK, key=self._time)
        return ids.start + start, ids.start + end

    def _time(self, id_: int) -> float:
        """Return the time of the first line with this id or a higher one."""
        query = "SELECT time FROM line WHERE id >= ? ORDER BY id LIMIT 1"
        (time,) = self._index.execute(query, (id_,)).fetchone()
        return float(time) / 1000
