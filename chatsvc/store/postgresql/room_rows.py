"""Rooms as rows: finding one, and giving it another name, with everything that belongs to it."""

from __future__ import annotations

from typing import NamedTuple

from chatsvc.model.text_rules import key
from chatsvc.store.postgresql import record_rows
from chatsvc.store.postgresql.connection import Link
from chatsvc.store.postgresql.text import original, stored
from chatsvc.store.record_columns import names
from chatsvc.store.renaming import BY_KEY, BY_NAME, NewName
from chatsvc.store.room_names import spare_name

LAST = """greatest(room.last, coalesce((
               SELECT number FROM said WHERE said.room = room.id ORDER BY number DESC LIMIT 1
           ), 0))"""
_FIND = f"SELECT id, {LAST}, tallied FROM room WHERE name = %s FOR NO KEY UPDATE"
_ALL = f"SELECT name, {LAST} FROM room"


class RoomRow(NamedTuple):
    """A room's id, the number of its last line, and that of the last line that is tallied."""

    id: int = 0
    last: int = 0
    tallied: int = 0


def find(link: Link, name: str) -> RoomRow:
    """Return and lock the row of a room; a room without one has the id 0."""
    row = link.execute(_FIND, (stored(name),)).fetchone()
    return RoomRow(*row) if row else RoomRow()


class Renaming:
    """Gives a room its new name, and the old one to a row with the same last number.

    It may be tried several times: an attempt of which the answer was lost is recognized by the id
    that the room had at first.
    """

    def __init__(self, change: NewName) -> None:
        self._change = change
        self._id: int | None = None

    def run(self, link: Link) -> None:
        """Rename the room, unless that is done already."""
        with link.transaction():
            if self._id is None:
                link.execute("SELECT lock_rooms_v1(%s::text[])", [[stored(self._change.old)]])
            room = find(link, self._change.old)
            if self._id in (None, room.id):
                self._id = room.id
                self._rename(link, room)

    def _rename(self, link: Link, room: RoomRow) -> None:
        change = self._change
        lasts = {original(name): last for name, last in link.execute(_ALL)}
        spare = spare_name(lasts, change)
        if spare is not None:
            query = "UPDATE room SET name = ' ' WHERE name = %s"
            link.execute(query, (stored(spare),))
        query = "UPDATE room SET name = %s WHERE id = %s"
        link.execute(query, (stored(change.new), room.id))
        if not change.respells or spare is not None:
            self._keep_old_name(link, room, spare)
        _move_records(link, change)

    def _keep_old_name(self, link: Link, room: RoomRow, spare: str | None) -> None:
        values = stored(self._change.old), room.last
        if spare is None:
            link.execute("INSERT INTO room (name, last) VALUES (%s, %s)", values)
        else:
            link.execute("UPDATE room SET name = %s, last = %s WHERE name = ' '", values)


def _move_records(link: Link, change: NewName) -> None:
    by_key, by_name = (key(change.new), key(change.old)), (change.new, change.old)
    for fields, (new, old) in ((BY_KEY, by_key), (BY_NAME, by_name)):
        for kind, field in fields.items():
            others = [one for one in names(kind)[: kind.KEYS] if one != field]
            if old != new and len(others) < kind.KEYS:
                link.execute(_replaced(kind.TABLE, field, others), (stored(new), stored(old)))
            move = f'UPDATE {kind.TABLE} SET "{field}" = %s WHERE "{field}" = %s'
            link.execute(move, (stored(new), stored(old)))
    link.execute("DELETE FROM former WHERE name = room")
    record_rows.put(link, change.records)


def _replaced(table: str, field: str, others: list[str]) -> str:
    """Return a statement that removes the records whose keys others get."""
    same = "".join(f' AND replaced."{name}" = moving."{name}"' for name in others)
    return (
        f"DELETE FROM {table} AS replaced USING {table} AS moving"
        f' WHERE replaced."{field}" = %s AND moving."{field}" = %s{same}'
    )
