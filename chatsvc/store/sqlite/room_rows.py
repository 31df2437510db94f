"""Rooms as rows: giving one another name, with everything that belongs to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from chatsvc.model.text_rules import key
from chatsvc.store.renaming import BY_KEY, BY_NAME, NewName
from chatsvc.store.room_names import spare_name
from chatsvc.store.sqlite import record_rows


class RoomRow(NamedTuple):
    """A room's id, and the number of its last line."""

    id: int
    last: int


def spare_row(rooms: Mapping[str, tuple[int, int]], change: NewName) -> tuple[str, RoomRow] | None:
    """Return the row that the new name has already; raise `NameUsed` if it is another room's."""
    spare = spare_name({name: last for name, (_, last) in rooms.items()}, change)
    return None if spare is None else (spare, RoomRow(*rooms[spare]))


def rename(database: sqlite3.Connection, room: RoomRow, spare: RoomRow, change: NewName) -> None:
    """Give a room its new name, and the row `spare` the old one, with the same last number.

    If only the case changes, there is no old name.
    """
    keep = """INSERT INTO room (id, name, last) VALUES (?, ?, ?)
              ON CONFLICT (id) DO UPDATE SET name = excluded.name, last = excluded.last"""
    names = [(room.id, change.new)]
    if not change.respells:
        names = [(spare.id, " "), *names, (spare.id, change.old)]
    for id_, name in names:
        database.execute(keep, (id_, name, room.last))
    _move_records(database, change)


def _move_records(database: sqlite3.Connection, change: NewName) -> None:
    by_key, by_name = (key(change.new), key(change.old)), (change.new, change.old)
    for fields, names in ((BY_KEY, by_key), (BY_NAME, by_name)):
        for kind, field in fields.items():
            move = f"UPDATE OR REPLACE {kind.TABLE} SET {field} = ? WHERE {field} = ?"
            database.execute(move, names)
    database.execute("DELETE FROM former WHERE name = room")
    record_rows.put(database, change.records)
