"""Records as rows: each kind has a table, and each of its fields a column of the same name.

A new field with a default needs no migration: its column is added when the archive is opened.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import Field, fields
from typing import Any, get_args

from chatsvc.model.records import Act, Record
from chatsvc.store.archive import R, key_of
from chatsvc.store.record_columns import by_kind, names, records_of
from chatsvc.store.sqlite.database import write


def add_missing_columns(database: sqlite3.Connection) -> None:
    """Add the columns of fields that are newer than a table, with the fields' defaults."""
    for kind, field in missing_columns(database):
        column = f"{field.name} {_column_type(field.default)}"
        database.execute(f"ALTER TABLE {kind.TABLE} ADD COLUMN {column}")


def missing_columns(database: sqlite3.Connection) -> Iterator[tuple[type[Any], Field[Any]]]:
    """Yield the fields that have no column yet, with their kinds of records."""
    for kind in get_args(Record):
        present = {row[1] for row in database.execute(f"PRAGMA table_info({kind.TABLE})")}
        for field in fields(kind):
            if field.name not in present:
                yield kind, field


def _column_type(default: object) -> str:
    match default:
        case bool() | int():
            return f"INTEGER NOT NULL DEFAULT {int(default)}"
        case float():
            return f"REAL NOT NULL DEFAULT {default}"
        case str():
            escaped = default.replace("'", "''")
            return f"TEXT NOT NULL DEFAULT '{escaped}'"
        case tuple():
            return f"TEXT NOT NULL DEFAULT '{json.dumps(default)}'"
        case None:
            return "TEXT"
    raise TypeError(f"a new field needs a default value of a simple type, not {default!r}")


def put(database: sqlite3.Connection, records: tuple[Record, ...]) -> None:
    """Write records of any kinds, replacing those with the same keys."""
    for kind, some in by_kind(records).items():
        write(database, f"REPLACE INTO {kind.TABLE} ({_columns(kind)}) VALUES {{}}", some)


def drop(database: sqlite3.Connection, records: tuple[Record, ...]) -> None:
    """Remove the records with the same keys."""
    for record in records:
        keys = " AND ".join(f"{name} = ?" for name in names(type(record))[: record.KEYS])
        database.execute(f"DELETE FROM {record.TABLE} WHERE {keys}", key_of(record))


def read(database: sqlite3.Connection, kind: type[R]) -> list[R]:
    """Return all records of a kind, in the order of their keys."""
    keys = ", ".join(names(kind)[: kind.KEYS])
    return _read(database, kind, f"ORDER BY {keys}")


def read_acts(database: sqlite3.Connection, limit: int, room: str | None) -> list[Act]:
    """Return the last acts, or those of one room, in the order in which they were written."""
    last = "ORDER BY rowid DESC LIMIT ?"
    if room is None:
        return _read(database, Act, last, limit)[::-1]
    return _read(database, Act, f"WHERE room = ? {last}", room, limit)[::-1]


def read_acts_of(database: sqlite3.Connection, ids: Sequence[str]) -> list[Act]:
    """Return the audit entries with these ids, in the order in which they were written."""
    which = f"WHERE id IN ({', '.join('?' * len(ids))}) ORDER BY rowid"
    return _read(database, Act, which, *ids)


def each(database: sqlite3.Connection, kind: type[R]) -> Iterator[R]:
    """Yield all records of a kind in the order of their keys; acts in that of `put`."""
    order = "rowid" if kind is Act else ", ".join(names(kind)[: kind.KEYS])
    rows = database.execute(f"SELECT {_columns(kind)} FROM {kind.TABLE} ORDER BY {order}")
    while some := rows.fetchmany(1000):
        yield from records_of(kind, some)


def _read(database: sqlite3.Connection, kind: type[R], which: str, *values: object) -> list[R]:
    query = f"SELECT {_columns(kind)} FROM {kind.TABLE} {which}"
    return records_of(kind, database.execute(query, values))


def _columns(kind: type[Any]) -> str:
    return ", ".join(names(kind))
