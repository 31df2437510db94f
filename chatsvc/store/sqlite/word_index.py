"""The word index of an archive: a file beside it, rebuilt whenever it does not match.

One thread does all the work, one piece after the other.  The index contains no text but the words.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from heapq import merge
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import TypeAlias

from chatsvc.model.message_events import Said
from chatsvc.model.words import UNICODE
from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.sqlite.archive_file import log_of
from chatsvc.store.sqlite.database import connect, sentences, set_up, transaction, write
from chatsvc.store.sqlite.index_terms import spelled, who
from chatsvc.store.sqlite.line_rows import READ, lines
from chatsvc.store.sqlite.scrubbing import Steps, scrubbing

FORMAT = 2
BATCH = 1000  # lines added to the index at once
MERGED = 200  # pages of the index merged at once
CAUGHT_UP = 20  # maximum batches added to the index before a search

# The ids are in the order in which lines were said, over all rooms: those that are older than
# the index are counted down from `base`.  `place` says which lines of a room are indexed: those
# with numbers above `low`, up to `high`.
_SCHEMA = f"""
BEGIN;
CREATE VIRTUAL TABLE words USING fts5
    (text, who, content = '', columnsize = 0, tokenize = 'ascii');
CREATE TABLE line (
    id INTEGER PRIMARY KEY, room INTEGER, number INTEGER, time INTEGER, UNIQUE (room, number)
);
CREATE TABLE place (room INTEGER PRIMARY KEY, low INTEGER NOT NULL, high INTEGER NOT NULL);
CREATE TABLE meta (base INTEGER NOT NULL, letters TEXT NOT NULL, traces INTEGER NOT NULL);
PRAGMA user_version = {FORMAT};
COMMIT;
"""
_WAYS = ("ASC", "DESC")
_DELETE_WORDS = "INSERT INTO words (words, rowid, text, who) VALUES ('delete', ?, ?, ?)"
_PLACE = """INSERT INTO place (room, low, high) VALUES (?, ?, ?)
            ON CONFLICT (room) DO UPDATE SET low = excluded.low, high = excluded.high"""
_NEWER = f"{READ} AND number > ? ORDER BY number"
_OLDER = f"{READ} AND number <= ? ORDER BY number DESC"


_Spared: TypeAlias = tuple[str, frozenset[int]]  # a room, and numbers of its lines


class Damaged(ArchiveFailed):
    """The index cannot be used as it is."""

    def __init__(self) -> None:
        super().__init__("The search index was damaged and is being rebuilt. Try again later.")


class Index:
    """The words of the archive at `archive`, in a file of the same name with `.words` added."""

    def __init__(self, archive: Path) -> None:
        self.path = index_of(archive)
        self._archive_path = archive
        self._archive: sqlite3.Connection
        self._index: sqlite3.Connection
        self._places: dict[int, tuple[int, int]] = {}  # low and high, by the room's id
        self._spared: tuple[_Spared, ...] = ()  # lines that are being removed
        self._handle = -1  # of the file: closing it drops the locks that SQLite has on it
        self._removals = 0  # since the service began
        self._scrubbing = Steps(self._pass)

    def open(self) -> None:
        """Get ready; the archive is open, and up to date."""
        with sentences(self._archive_path), ExitStack() as opening:
            self._archive = opening.enter_context(closing(connect(self._archive_path)))
            set_up(self._archive)
            self._archive.execute("PRAGMA query_only = ON")
            self._connect()
            opening.callback(self._disconnect)
            try:
                fits = self._fits()
            except sqlite3.DatabaseError:
                fits = False
            if not fits:
                self._make_anew()
            opening.pop_all()

    def close(self) -> None:
        """Close the index and the connection to the archive."""
        self._archive.close()
        self._disconnect()

    def _disconnect(self) -> None:
        self._index.close()
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        self._scrubbing.drop()

    def _connect(self) -> None:
        with sentences(self.path):
            self._index = connect(self.path)
            self._handle = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)

    def _set_up(self) -> None:
        set_up(self._index)
        self._index.execute("PRAGMA synchronous = NORMAL")  # a power failure only repeats work

    def _fits(self) -> bool:
        """Return whether the file is of this version, and of the archive in its current state."""
        self._set_up()
        if self._index.execute("PRAGMA user_version").fetchone() != (FORMAT,):
            return False
        if self._index.execute("SELECT letters FROM meta").fetchall() != [(UNICODE,)]:
            return False
        rows = self._index.execute("SELECT room, low, high FROM place")
        self._places = {room: (low, high) for room, low, high in rows}
        lasts = {id_: last for id_, _, last in self._rooms()}
        if any(lasts.get(room, 0) < high for room, (_, high) in self._places.items()):
            return False
        ends = [f"SELECT room, number, time FROM line ORDER BY id {way} LIMIT 1" for way in _WAYS]
        return all(self._is_there(*row) for end in ends for row in self._index.execute(end))

    def _is_there(self, room: int, number: int, time: int) -> bool:
        query = "SELECT time FROM said WHERE room = ? AND number = ?"
        return bool(self._archive.execute(query, (room, number)).fetchone() == (time,))

    def _make_anew(self) -> None:
        with sentences(self.path):
            self._disconnect()
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            self._connect()
            self._set_up()
            self._index.executescript(_SCHEMA)
            rooms = self._rooms()
            with transaction(self._index):
                base = sum(last for *_, last in rooms) + 1
                self._index.execute("INSERT INTO meta VALUES (?, ?, 0)", (base, UNICODE))
                self._places = {id_: (last, last) for id_, _, last in rooms}
                self._keep_places(self._places)

    @contextmanager
    def _mended(self) -> Iterator[None]:
        """Rebuild a file that turns out to be damaged, which does no harm."""
        with sentences(self.path):
            try:
                yield
            except sqlite3.OperationalError:  # the disk is full, or similar
                raise
            except sqlite3.DatabaseError as error:
                self._make_anew()
                raise Damaged from error

    def _rooms(self) -> list[tuple[int, str, int]]:
        return self._archive.execute("SELECT id, name, last FROM room").fetchall()

    def repair(self) -> None:
        """Replace the damaged file with a new one."""
        with sentences(self.path):
            self._make_anew()

    # Adding lines

    def catch_up(self) -> int:
        """Add the lines said since the last time; return how many of all lines are left."""
        with self._mended():
            for _ in range(CAUGHT_UP):
                with self._one_moment():
                    if not self._take_newer(rooms := self._rooms()):
                        break
            return self._left(rooms)

    def advance(self) -> int:
        """Add some more lines, new ones and old ones; return how many old ones are left."""
        with self._mended(), self._one_moment():
            rooms = self._rooms()
            self._take_newer(rooms)
            self._take_older(rooms)
            return self._left(rooms)

    @contextmanager
    def _one_moment(self) -> Iterator[None]:
        """Read the archive as it is now, so that rooms keep their names meanwhile."""
        self._archive.execute("BEGIN")
        try:
            yield
        finally:
            self._archive.execute("COMMIT")

    def _left(self, rooms: list[tuple[int, str, int]]) -> int:
        places = ((last, *self._place(id_)) for id_, _, last in rooms)
        return sum(max(0, last - high) + low for last, low, high in places)

    def _place(self, room: int) -> tuple[int, int]:
        return self._places.get(room, (0, 0))

    def _take_newer(self, rooms: list[tuple[int, str, int]]) -> bool:
        """Add the lines said since the last time; return False if there are none."""
        behind = [room for room in rooms if room[2] > self._place(room[0])[1]]
        if not behind:
            return False
        ids = {name: id_ for id_, name, _ in behind}
        starts = {name: self._place(id_)[1] for id_, name, _ in behind}
        spared = self._spared  # as before the lines were read
        found = self._next(_NEWER, starts, newest_first=False)
        places = {id_: self._place(id_) for id_, *_ in behind}
        if len(found) < BATCH:  # including numbers whose lines are gone
            places = {id_: (self._place(id_)[0], last) for id_, _, last in behind}
        for line in found:
            low, high = places[ids[line.room]]
            places[ids[line.room]] = low, max(high, line.number)
        (first,) = self._index.execute(
            "SELECT coalesce((SELECT max(id) + 1 FROM line), (SELECT base FROM meta))"
        ).fetchone()
        kept = [one for one in enumerate(found, first) if not _is_gone(one[1], spared)]
        self._take(kept, ids, places)
        return True

    def _take_older(self, rooms: list[tuple[int, str, int]]) -> None:
        """Add lines that are older than the index, the latest first."""
        behind = [room for room in rooms if self._place(room[0])[0]]
        if not behind:
            return
        ids = {name: id_ for id_, name, _ in behind}
        starts = {name: self._place(id_)[0] for id_, name, _ in behind}
        spared = self._spared
        found = self._next(_OLDER, starts, newest_first=True)
        places = {id_: self._place(id_) for id_, *_ in behind}
        if len(found) < BATCH:
            places = {id_: (0, high) for id_, (_, high) in places.items()}
        else:
            for line in found:
                places[ids[line.room]] = line.number - 1, places[ids[line.room]][1]
        (end,) = self._index.execute(
            "SELECT min((SELECT base FROM meta), coalesce((SELECT min(id) FROM line), 1 << 62))"
        ).fetchone()
        numbered = enumerate(reversed(found), end - len(found))
        self._take([one for one in numbered if not _is_gone(one[1], spared)], ids, places)
        if not any(low for low, _ in places.values()):
            self._note_traces()  # searching one segment is fastest

    def _next(self, query: str, starts: dict[str, int], newest_first: bool) -> list[Said]:
        """Return the lines after those numbers, of all these rooms, in the order of their times."""
        with ExitStack() as reading:
            each = [
                reading.enter_context(closing(lines(self._archive, query, name, number)))
                for name, number in starts.items()
            ]
            in_order = merge(*each, key=attrgetter("time"), reverse=newest_first)
            return list(islice(in_order, BATCH))

    def _take(
        self,
        kept: list[tuple[int, Said]],
        ids: dict[str, int],
        places: dict[int, tuple[int, int]],
    ) -> None:
        rows = [(id_, spelled(line.text), who(line, ids[line.room])) for id_, line in kept]
        numbers = [
            (id_, ids[line.room], line.number, round(line.time * 1000)) for id_, line in kept
        ]
        with transaction(self._index):
            write(self._index, "INSERT INTO words (rowid, text, who) VALUES {}", rows)
            write(self._index, "INSERT INTO line (id, room, number, time) VALUES {}", numbers)
            self._keep_places(places)
        self._places.update(places)

    def _keep_places(self, places: dict[int, tuple[int, int]]) -> None:
        self._index.executemany(_PLACE, ((id_, *each) for id_, each in places.items()))

    # Removing lines

    @contextmanager
    def sparing(self, room: str, numbers: Collection[int]) -> Iterator[None]:
        """Skip these lines, because they are being removed from the archive."""
        spared = (room, frozenset(numbers))
        self._spared = (*self._spared, spared)
        try:
            yield
        finally:
            position = self._spared.index(spared)
            self._spared = self._spared[:position] + self._spared[position + 1 :]

    def forget(self, room: str, numbers: Sequence[int]) -> None:
        """Remove lines, which must still be in the archive."""
        try:
            with sentences(self.path):
                self._take_out(room, numbers)
        except ArchiveFailed:
            self._make_anew()  # without these lines: no error may keep their words here

    def _take_out(self, room: str, numbers: Sequence[int]) -> None:
        among = f"number IN ({', '.join('?' * len(numbers))})"
        query = f"{READ} AND {among}"
        found = {line.number: line for line in lines(self._archive, query, room, *numbers)}
        query = f"SELECT id, room, number FROM line WHERE room = ? AND {among}"
        id_ = next((id_ for id_, name, _ in self._rooms() if name == room), None)
        rows = self._index.execute(query, (id_, *numbers)).fetchall()
        self._index.execute("PRAGMA synchronous = FULL")  # the archive no longer has them
        with transaction(self._index):
            for id_, room_id, number in rows:
                words = spelled(found[number].text), who(found[number], room_id)
                self._index.execute(_DELETE_WORDS, (id_, *words))
                self._index.execute("DELETE FROM line WHERE id = ?", (id_,))
            if rows:
                self._note_traces()
        self._index.execute("PRAGMA synchronous = NORMAL")

    def _note_traces(self) -> None:
        self._removals += 1
        self._index.execute("UPDATE meta SET traces = 1")

    def scrub(self) -> bool:
        """Overwrite some more words of removed lines; return True if there are more."""
        with self._mended():
            return self._scrubbing.next()

    def _pass(self) -> Iterator[None]:
        """Scrub the whole file, if it may contain traces."""
        if self._index.execute("SELECT traces FROM meta").fetchone() != (1,):
            return
        removals = self._removals
        yield from self._merge()
        yield from scrubbing(self._index, self._handle, log_of(self.path))
        if removals == self._removals:
            self._index.execute("UPDATE meta SET traces = 0")

    def _merge(self) -> Iterator[None]:
        """Merge all segments of the index: until then FTS5 only notes that words are gone."""
        pages = -MERGED  # which starts to merge all segments, not only the small ones
        while True:
            before = self._index.total_changes
            with transaction(self._index):
                merge = "INSERT INTO words (words, rank) VALUES ('merge', ?)"
                self._index.execute(merge, (pages,))
            if self._index.total_changes - before < 2:  # FTS5 has done nothing
                return
            pages = MERGED
            yield


def index_of(archive: Path) -> Path:
    """Return the path of an archive's index."""
    return Path(f"{archive}.words")


def _is_gone(line: Said, spared: tuple[_Spared, ...]) -> bool:
    """Return whether a line is deleted, or is being removed."""
    if line.deleted:
        return True
    return any(line.room == room and line.number in numbers for room, numbers in spared)
