"""Writing to an archive: one connection changes lines, rooms and records, in one thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import takewhile
from pathlib import Path

from chatsvc.model.message_events import Line, Said
from chatsvc.model.records import Record
from chatsvc.store.archive import EXPIRING, NOBODY, Commit, KeptRoom, R
from chatsvc.store.line_rows import manner, signs_column
from chatsvc.store.renaming import NewName, moved
from chatsvc.store.sqlite import record_rows, room_rows
from chatsvc.store.sqlite.archive_file import ArchiveFile, log_of
from chatsvc.store.sqlite.database import (
    WIPING,
    Row,
    connect,
    empty_log,
    sentences,
    transaction,
    write,
)
from chatsvc.store.sqlite.line_rows import READ, lines
from chatsvc.store.sqlite.migrations import bring_up_to_date
from chatsvc.store.sqlite.scrubbing import Steps, scrubbing

_ROOMS = """SELECT id, name, last,
                   (SELECT time FROM said WHERE said.room = room.id AND number = last),
                   topic, topic_by, topic_time
            FROM room"""
_KEEP_LINES = """INSERT INTO said
                 (room, number, time, sender, text, action, client, tag, account, quiet)
                 VALUES {}"""
_KEEP_SIGNS = "UPDATE said SET signs = ? WHERE room = ? AND number = ?"
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
_TAKE_AWAY = "UPDATE said SET text = '', signs = NULL, deleted = ? WHERE room = ? AND number = ?"
_ERASE = """UPDATE said SET text = '', signs = NULL, sender = ?, account = '', client = '',
                           tag = NULL, deleted = ?
            WHERE room = ? AND number = ?"""
_COUNTED = """SELECT sender, length(CAST(text AS BLOB)) FROM said
              WHERE room = ? AND number = ? AND number <= ? AND deleted = '' AND NOT quiet"""
_REMOVE = "DELETE FROM said WHERE room = ? AND number <= ?"
_NOTE_TRACES = "INSERT OR IGNORE INTO fact (name, value) VALUES ('traces', 'on')"
_NO_TRACES = "DELETE FROM fact WHERE name = 'traces'"

TALLIED = 20_000  # lines counted at once, so that new lines do not wait long


class Writer:
    """Writes the SQLite file at `path`; one call after the other, all in the same thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rooms: dict[str, tuple[int, int]] = {}  # name: id, last number
        self._renamed: NewName | None = None  # until nobody uses the old name any more
        self._open = ExitStack()
        self._file: ArchiveFile
        self.database: sqlite3.Connection
        self._seen = 0  # the file's version at the last call of `changed`
        self._traces = False  # the write-ahead log may still contain the text of deleted lines
        self._deletions = 0  # since the service began
        self._scrubbing = Steps(self._pass)

    def open(self) -> list[KeptRoom]:
        """Open the file and bring it up to date; return the rooms in it."""
        with sentences(self._path), ExitStack() as opening:
            self._file = opening.enter_context(closing(ArchiveFile(self._path)))
            self.database = opening.enter_context(closing(connect(self._path)))
            self._file.hold()
            bring_up_to_date(self.database, self._path)
            self._file.watch()
            self._traces = not empty_log(self.database, WIPING)  # as a killed service left it
            self._seen = _data_version(self.database)
            rows = self.database.execute(_ROOMS).fetchall()
            self._open = opening.pop_all()
        self._rooms = {name: (id_, last) for id_, name, last, *_ in rows}
        self._last_id = max((id_ for id_, *_ in rows), default=0)
        return [
            KeptRoom(name, last, None if said is None else said / 1000, topic, by, time / 1000)
            for _, name, last, said, topic, by, time in rows
        ]

    def close(self) -> None:
        """Close the file, and let other services open it."""
        self._open.close()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """Run the block in one transaction."""
        with sentences(self._path):
            self._file.check()
            with transaction(self.database):
                yield self.database
            if self._traces:
                self._traces = not empty_log(self.database, 0)

    def commit(self, lines: list[Line]) -> Commit:
        """Number the lines and store them, except those that are stored already."""
        rooms: dict[str, tuple[int, int]] = {}
        with self._change() as database:
            known = _known_tags(database, lines)
            commit, rows, signed = self._number(lines, known, rooms)
            write(database, _KEEP_ROOMS, [(id_, name, last) for name, (id_, last) in rooms.items()])
            write(database, _KEEP_LINES, rows)
            if signed:
                database.executemany(_KEEP_SIGNS, signed)
        self._rooms.update(rooms)
        return commit

    def _number(
        self,
        lines: list[Line],
        known: dict[tuple[str, str], int],
        rooms: dict[str, tuple[int, int]],
    ) -> tuple[Commit, list[Row], list[Row]]:
        commit = Commit()
        rows: list[Row] = []
        signed: list[Row] = []  # client tags, which few lines have
        for line in lines:
            room, time, sender, text, action, client, tag, account, quiet, notice, signs, bot = line
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
            how = manner(action, notice, bot) if notice or bot else action
            rows.append(
                (id_, number, round(time * 1000), sender, text, how, client, tag, account, quiet)
            )
            if signs:
                signed.append((signs_column(signs), id_, number))
            if tag is not None:
                known[client, tag] = number
        return commit, rows, signed

    def _room(self, name: str) -> tuple[int, int]:
        if name not in self._rooms:
            self._last_id += 1
            return self._last_id, 0
        return self._rooms[name]

    def set_topic(self, room: str, text: str, by: str, time: float) -> None:
        """Store a room's topic, and the room if it is new."""
        if self._renamed is not None and room == self._renamed.old:
            room = self._renamed.new
        id_, last = self._room(room)
        with self._change() as database:
            write(database, _KEEP_ROOMS, [(id_, room, last)])
            database.execute(
                "UPDATE room SET topic = ?, topic_by = ?, topic_time = ? WHERE id = ?",
                (text, by, round(time * 1000), id_),
            )
        self._rooms[room] = id_, last

    def rename(self, change: NewName) -> None:
        """Rename a room, with its records; changes under the old name follow from now on."""
        room = room_rows.RoomRow(*self._room(change.old))
        self._last_id = max(self._last_id, room.id)
        spare = room_rows.spare_row(self._rooms, change)
        name, row = spare or ("", room_rows.RoomRow(self._last_id + 1, 0))
        with self._change() as database:
            room_rows.rename(database, room, row, change)
        for known in (change.old, name):
            self._rooms.pop(known, None)
        self._rooms[change.new], self._renamed = room, change
        if not change.respells:
            self._rooms[change.old] = row.id, room.last
            self._last_id = max(self._last_id, row.id)

    def end_renaming(self) -> None:
        """Note that everybody uses the new name of the room that was renamed."""
        self._renamed = None

    def tally_on(self, room: str) -> bool:
        """Count some of the lines that are not counted yet; return True when all are."""
        id_, last = self._rooms.get(room, (0, 0))
        tallied = self._tallied(id_)
        if tallied == last:
            return True
        end = min(last, tallied + TALLIED)
        with self._change() as database:
            _tally(database, id_, tallied, end)
        return end == last

    def _tallied(self, room: int) -> int:
        with sentences(self._path):
            query = "SELECT tallied FROM room WHERE id = ?"
            (tallied,) = self.database.execute(query, (room,)).fetchone() or (0,)
        return int(tallied)

    def delete(self, room: str, number: int, by: str) -> Said | None:
        """Overwrite a line's text; return the line as it was."""
        with sentences(self._path):
            found = list(lines(self.database, f"{READ} AND number = ?", room, number))
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
        self._traces = not empty_log(self.database, WIPING)
        return said

    def erase(self, room: str, numbers: Sequence[int], by: str, done: Record) -> None:
        """Overwrite lines' texts and who said them; store a record in the same transaction."""
        id_, _ = self._rooms[room]
        tallied = self._tallied(id_)
        with self._change() as database:
            for number in numbers:
                for sender, size in database.execute(_COUNTED, (id_, number, tallied)).fetchall():
                    database.execute(_UNTALLY, (size, id_, sender))
                database.execute(_ERASE, (NOBODY, by, id_, number))
            database.execute("DELETE FROM tally WHERE room = ? AND lines <= 0", (id_,))
            record_rows.put(database, (done,))
            self._note_traces(database)
        self._traces = not empty_log(self.database, WIPING)

    def _note_traces(self, database: sqlite3.Connection) -> None:
        """Have the file scrubbed from its start, even if the service ends before that."""
        self._deletions += 1
        database.execute(_NOTE_TRACES)

    def scrub(self) -> bool:
        """Take one step of scrubbing the file; return True if there are more."""
        with sentences(self._path):
            return self._scrubbing.next()

    def _pass(self) -> Iterator[None]:
        """Scrub the whole file, if it may contain traces."""
        if not self.database.execute("SELECT 1 FROM fact WHERE name = 'traces'").fetchone():
            return
        deletions = self._deletions
        yield from scrubbing(self.database, self._file.handle, log_of(self._path))
        if deletions == self._deletions:
            with self._change() as database:
                database.execute(_NO_TRACES)

    def older(self, room: str, before: int) -> list[int]:
        """Return the numbers of the first lines of a room while they are older than `before`."""
        id_, _ = self._rooms.get(room, (0, 0))
        query = "SELECT number, time FROM said WHERE room = ? ORDER BY number LIMIT ?"
        with sentences(self._path):
            rows = self.database.execute(query, (id_, EXPIRING))
            return [number for number, _ in takewhile(lambda row: row[1] < before, rows)]

    def first(self, room: str, last: int) -> list[int]:
        """Return the numbers of the first lines of a room, up to `last`."""
        id_, _ = self._rooms.get(room, (0, 0))
        query = "SELECT number FROM said WHERE room = ? AND number <= ? ORDER BY number LIMIT ?"
        with sentences(self._path):
            return [number for (number,) in self.database.execute(query, (id_, last, EXPIRING))]

    def forget_tallies(self, room: str) -> None:
        """Remove the tallies of a room."""
        id_, _ = self._rooms.get(room, (0, 0))
        with self._change() as database:
            database.execute("DELETE FROM tally WHERE room = ?", (id_,))

    def remove(self, room: str, last: int) -> None:
        """Remove the lines of a room up to number `last`; they still count in its tallies."""
        id_, _ = self._rooms[room]
        tallied = self._tallied(id_)
        with self._change() as database:
            if last > tallied:
                _tally(database, id_, tallied, last)
            database.execute(_REMOVE, (id_, last))
            self._note_traces(database)

    def used(self) -> int:
        """Return the size of the pages in use."""
        query = """SELECT (page_count - freelist_count) * page_size
                   FROM pragma_page_count, pragma_freelist_count, pragma_page_size"""
        with sentences(self._path):
            return int(self.database.execute(query).fetchone()[0])

    def put(self, records: tuple[Record, ...]) -> None:
        """Store the records in one transaction."""
        records = self._moved(records)
        with self._change() as database:
            record_rows.put(database, records)

    def drop(self, records: tuple[Record, ...]) -> None:
        """Remove the records in one transaction."""
        records = self._moved(records)
        with self._change() as database:
            record_rows.drop(database, records)

    def _moved(self, records: tuple[Record, ...]) -> tuple[Record, ...]:
        if self._renamed is None:
            return records
        return tuple(moved(record, self._renamed) for record in records)

    def check(self) -> None:
        """Write a value again that the file has."""
        with self._change() as database:
            (found,) = database.execute("PRAGMA user_version").fetchone()
            database.execute(f"PRAGMA user_version = {found}")

    def changed(self) -> bool:
        """Return whether another connection has written the file since the last call."""
        with sentences(self._path):
            before, self._seen = self._seen, _data_version(self.database)
        return self._seen != before

    def records(self, kind: type[R]) -> list[R]:
        """Return all records of a kind."""
        with sentences(self._path):
            return record_rows.read(self.database, kind)


def _known_tags(database: sqlite3.Connection, lines: list[Line]) -> dict[tuple[str, str], int]:
    """Return the numbers of the lines that are stored already, by client and tag."""
    query = "SELECT number FROM said WHERE client = ? AND tag = ?"
    known = {}
    for line in lines:
        if line.tag is not None:
            row = database.execute(query, (line.client, line.tag)).fetchone()
            if row is not None:
                known[line.client, line.tag] = row[0]
    return known


def _tally(database: sqlite3.Connection, room: int, tallied: int, end: int) -> None:
    """Count the lines of a room after `tallied`, up to `end`."""
    database.execute(_TALLY, (room, tallied, end))
    database.execute("UPDATE room SET tallied = ? WHERE id = ?", (end, room))


def _data_version(database: sqlite3.Connection) -> int:
    """Return a number that changes when another connection writes the file."""
    return int(database.execute("PRAGMA data_version").fetchone()[0])
