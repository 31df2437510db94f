"""Writing to an archive: one connection changes lines, rooms and records, in one thread."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import takewhile

from chatsvc.model.message_events import Line, Said
from chatsvc.model.records import Record
from chatsvc.store.archive import EXPIRING, NOBODY, Commit, KeptRoom, R
from chatsvc.store.leading import Announcement, InUse
from chatsvc.store.location import Database
from chatsvc.store.postgresql import record_rows, room_rows
from chatsvc.store.postgresql.commits import HiddenTags, Job
from chatsvc.store.postgresql.connection import Connection, Link
from chatsvc.store.postgresql.errors import Unreachable
from chatsvc.store.postgresql.leadership import RELEASED, Held, Leadership
from chatsvc.store.postgresql.line_rows import READ, lines
from chatsvc.store.postgresql.migrations import bring_up_to_date, check_server, check_writable
from chatsvc.store.postgresql.text import original, stored
from chatsvc.store.postgresql.word_index import LOCK as INDEX_LOCK
from chatsvc.store.renaming import NewName, moved

TALLIED = 20_000  # lines counted at once, so that new lines do not wait long

_ROOMS = """SELECT room.name, greatest(room.last, coalesce(latest.number, 0)),
                   CASE WHEN latest.number >= room.last THEN latest.time END,
                   topic, topic_by, topic_time
            FROM room LEFT JOIN LATERAL (
                SELECT number, time FROM said WHERE said.room = room.id
                ORDER BY number DESC LIMIT 1
            ) AS latest ON true ORDER BY room.id"""
_SET_TOPIC = """INSERT INTO room (name, topic, topic_by, topic_time) VALUES (%s, %s, %s, %s)
                ON CONFLICT (name) DO UPDATE
                SET topic = excluded.topic, topic_by = excluded.topic_by,
                    topic_time = excluded.topic_time"""
_TALLY = """INSERT INTO tally
            SELECT room, sender, count(*), sum(octet_length(text)) FROM said
            WHERE room = %s AND number > %s AND number <= %s AND deleted = '' AND NOT quiet
            GROUP BY room, sender
            ON CONFLICT (room, sender) DO UPDATE
            SET lines = tally.lines + excluded.lines, bytes = tally.bytes + excluded.bytes"""
_UNTALLY = """UPDATE tally SET lines = tally.lines - gone.lines, bytes = tally.bytes - gone.bytes
              FROM (
                  SELECT sender, count(*) AS lines, sum(octet_length(text)) AS bytes FROM said
                  WHERE room = %s AND number = ANY (%s::bigint[]) AND number <= %s
                        AND deleted = '' AND NOT quiet
                  GROUP BY sender
              ) AS gone
              WHERE tally.room = %s AND tally.sender = gone.sender"""
_TAKE_AWAY = """UPDATE said SET text = '', signs = NULL, deleted = %s
                WHERE room = %s AND number = %s"""
_ERASE = """UPDATE said SET text = '', signs = NULL, sender = %s, account = '', client = '',
                            tag = NULL, deleted = %s
            WHERE room = %s AND number = ANY (%s::bigint[])"""
_FORGET = "DELETE FROM words WHERE room = %s AND number = ANY (%s::bigint[])"
_REMOVE = "DELETE FROM said WHERE room = %s AND number <= %s"
_FORGET_FIRST = "DELETE FROM words WHERE room = %s AND number <= %s"
_KEEP_LAST = "UPDATE room SET last = greatest(last, %s) WHERE id = %s"


class Writer:
    """Writes a database; one call after the other, all in the same thread."""

    def __init__(self, database: Database, announcement: Announcement | None = None) -> None:
        self._database = database
        self._leadership = Leadership(announcement or Announcement())
        self._is_node = announcement is not None
        self._connection = Connection(database, self._hold, prepares=False)
        self._tags = HiddenTags()
        self._lasts: dict[str, int] = {}  # of the rooms, as this writer has seen them
        self._renamed: NewName | None = None  # until nobody uses the old name any more
        self._seen = 0  # the changes by other programs at the last call of `changed`

    def open(self) -> list[KeptRoom]:
        """Connect, lead, and bring the database up to date; return the rooms in it."""
        with ExitStack() as opening:
            opening.callback(self._connection.close)
            self._open_soon()
            rooms = self._connection.run(read_rooms)
            self._seen = self._connection.run(_changes)
            opening.pop_all()
        self._lasts = {room.name: room.last for room in rooms}
        return rooms

    def _open_soon(self) -> None:
        """Connect; give the server a moment to notice that a killed program is gone.

        A node follows meanwhile instead of waiting.
        """
        end = time.monotonic() + (0 if self._is_node else RELEASED)
        while True:
            try:
                return self._connection.open()
            except Unreachable as failed:
                if not isinstance(failed.__cause__, Held):
                    raise
                if time.monotonic() >= end:
                    raise InUse(str(failed), failed.for_users) from failed
            time.sleep(0.1)

    def _hold(self, link: Link) -> None:
        """Lead, as long as the connection exists; change no tables that another program uses."""
        check_server(link, self._database)
        check_writable(link)
        self._leadership.take_lock(link)
        bring_up_to_date(link, self._database)
        self._leadership.announce(link)

    def close(self) -> None:
        """Disconnect, and let other services use the archive."""
        self._connection.close(self._leadership.stop)

    def commit(self, lines: list[Line]) -> Commit:
        """Number the lines and store them, except those that are stored already."""
        job = Job(lines, self._tags.columns(lines), self._lasts)
        commit = self._connection.run(job.store)
        for room, said in commit.said.items():
            self._lasts[room] = said[-1].number
        return commit

    def set_topic(self, room: str, text: str, by: str, time: float) -> None:
        """Store a room's topic, and the room if it is new."""
        if self._renamed is not None and room == self._renamed.old:
            room = self._renamed.new
        values = stored(room), stored(text), stored(by), round(time * 1000)
        self._connection.run(lambda link: link.execute(_SET_TOPIC, values))

    def rename(self, change: NewName) -> None:
        """Rename a room, with its records; changes under the old name follow from now on."""
        self._connection.run(room_rows.Renaming(change).run)
        self._renamed = change
        last = self._lasts.pop(change.old, 0)
        self._lasts[change.new] = last
        if not change.respells:
            self._lasts[change.old] = last

    def end_renaming(self) -> None:
        """Note that everybody uses the new name of the room that was renamed."""
        self._renamed = None

    def tally_on(self, room: str) -> bool:
        """Count some of the lines that are not counted yet; return True when all are."""

        def count(link: Link) -> bool:
            with link.transaction():
                row = room_rows.find(link, room)
                end = min(row.last, row.tallied + TALLIED)
                if end > row.tallied:
                    _tally(link, row, end)
                return end == row.last

        return self._connection.run(count)

    def delete(self, room: str, number: int, by: str) -> Said | None:
        """Overwrite a line's text; return the line as it was."""

        def delete(link: Link) -> Said | None:
            with link.transaction():
                row = room_rows.find(link, room)
                found = lines(link, f"{READ} AND number = %s", stored(room), number)
                if not found:
                    return None
                link.execute(_UNTALLY, (row.id, [number], row.tallied, row.id))
                link.execute(_TAKE_AWAY, (stored(by), row.id, number))
                link.execute(INDEX_LOCK)
                link.execute(_FORGET, (row.id, [number]))
                return found[0]

        return self._connection.run(delete)

    def erase(self, room: str, numbers: Sequence[int], by: str, done: Record) -> None:
        """Overwrite lines' texts and who said them; store a record in the same transaction."""

        def erase(link: Link) -> None:
            with link.transaction():
                row = room_rows.find(link, room)
                gone = list(numbers)
                link.execute(_UNTALLY, (row.id, gone, row.tallied, row.id))
                link.execute(_ERASE, (NOBODY, stored(by), row.id, gone))
                link.execute(INDEX_LOCK)
                link.execute(_FORGET, (row.id, gone))
                link.execute("DELETE FROM tally WHERE room = %s AND lines <= 0", (row.id,))
                record_rows.put(link, (done,))

        self._connection.run(erase)

    def older(self, room: str, before: int) -> list[int]:
        """Return the numbers of the first lines of a room while they are older than `before`."""
        query = """SELECT number, said.time FROM said JOIN room ON room.id = said.room
                   WHERE name = %s ORDER BY number LIMIT %s"""
        rows = self._connection.run(
            lambda link: link.execute(query, (stored(room), EXPIRING)).fetchall()
        )
        return [number for number, _ in takewhile(lambda row: row[1] < before, rows)]

    def first(self, room: str, last: int) -> list[int]:
        """Return the numbers of the first lines of a room, up to `last`."""
        query = """SELECT number FROM said JOIN room ON room.id = said.room
                   WHERE name = %s AND number <= %s ORDER BY number LIMIT %s"""
        rows = self._connection.run(
            lambda link: link.execute(query, (stored(room), last, EXPIRING)).fetchall()
        )
        return [number for (number,) in rows]

    def remove(self, room: str, last: int) -> None:
        """Remove the lines of a room up to number `last`; they still count in its tallies."""

        def remove(link: Link) -> None:
            with link.transaction():
                row = room_rows.find(link, room)
                if last > row.tallied:
                    _tally(link, row, last)
                link.execute(_KEEP_LAST, (min(last, row.last), row.id))
                link.execute(_REMOVE, (row.id, last))
                link.execute(INDEX_LOCK)
                link.execute(_FORGET_FIRST, (row.id, last))

        self._connection.run(remove)

    def forget_tallies(self, room: str) -> None:
        """Remove the tallies of a room."""
        query = "DELETE FROM tally USING room WHERE room.id = tally.room AND room.name = %s"
        self._connection.run(lambda link: link.execute(query, (stored(room),)))

    def put(self, records: tuple[Record, ...]) -> None:
        """Store the records in one transaction."""
        records = self._moved(records)
        self._connection.run(lambda link: _put(link, records))

    def drop(self, records: tuple[Record, ...]) -> None:
        """Remove the records in one transaction."""
        records = self._moved(records)
        self._connection.run(lambda link: _drop(link, records))

    def _moved(self, records: tuple[Record, ...]) -> tuple[Record, ...]:
        if self._renamed is None:
            return records
        return tuple(moved(record, self._renamed) for record in records)

    @property
    def epoch(self) -> int:
        """How often a program has begun to lead, this one included; 0 until it leads."""
        return self._leadership.epoch

    def renew(self) -> None:
        """Store a heartbeat, so that other nodes know that this one still leads."""
        self._connection.run(self._leadership.renew)

    def check(self) -> None:
        """Write to the database, and change nothing in it."""
        self._connection.run(lambda link: link.execute("SELECT FROM chatsvc FOR UPDATE"))

    def changed(self) -> bool:
        """Return whether a program beside the service has written records since the last call."""
        before, self._seen = self._seen, self._connection.run(_changes)
        return self._seen != before

    def records(self, kind: type[R]) -> list[R]:
        """Return all records of a kind."""
        return self._connection.run(lambda link: record_rows.read(link, kind))


def read_rooms(link: Link) -> list[KeptRoom]:
    """Return all rooms, in the order of their creation."""
    return [
        KeptRoom(
            original(name), last, None if said is None else said / 1000, original(topic),
            original(by), time / 1000,
        )
        for name, last, said, topic, by, time in link.execute(_ROOMS)
    ]  # fmt: skip


def _changes(link: Link) -> int:
    (changes,) = link.execute("SELECT changes FROM chatsvc").fetchone() or (0,)
    return int(changes)


def _tally(link: Link, row: room_rows.RoomRow, end: int) -> None:
    """Count the lines of a room after those that are counted, up to `end`."""
    link.execute(_TALLY, (row.id, row.tallied, end))
    link.execute("UPDATE room SET tallied = %s WHERE id = %s", (end, row.id))


def _put(link: Link, records: Sequence[Record]) -> None:
    with link.transaction():
        record_rows.put(link, records)


def _drop(link: Link, records: Sequence[Record]) -> None:
    with link.transaction():
        record_rows.drop(link, records)
