"""Records as rows of a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from chatsvc.model.records import Act, Record
from chatsvc.store.archive import R, key_of
from chatsvc.store.postgresql.connection import Link
from chatsvc.store.postgresql.text import original_row, stored_row
from chatsvc.store.record_columns import Row, by_kind, names, records_of

SOME = 1_000  # records made at once


def put(link: Link, records: Sequence[Record]) -> None:
    """Write records of any kinds, replacing those with the same keys."""
    for kind, rows in by_kind(records).items():
        with link.cursor() as cursor:
            cursor.executemany(_put(kind), [stored_row(row) for row in rows])


def drop(link: Link, records: Sequence[Record]) -> None:
    """Remove the records with the same keys."""
    for record in records:
        keys = " AND ".join(f'"{name}" = %s' for name in names(type(record))[: record.KEYS])
        link.execute(f"DELETE FROM {record.TABLE} WHERE {keys}", stored_row(key_of(record)))


def read(link: Link, kind: type[R]) -> list[R]:
    """Return all records of a kind, in the order of their keys."""
    return _read(link, kind, f"ORDER BY {_keys(kind)}")


def query_of_each(kind: type[Any]) -> str:
    """Return the query of all records of a kind, by their keys; of acts in the order of `put`."""
    order = "position" if kind is Act else _keys(kind)
    return f"SELECT {columns(kind)} FROM {kind.TABLE} ORDER BY {order}"


def each(kind: type[R], rows: Iterable[Row]) -> Iterator[R]:
    """Yield the records in rows of that query."""
    rest = iter(rows)
    while some := list(islice(rest, SOME)):
        yield from records_of(kind, map(original_row, some))


def read_acts(link: Link, limit: int, room: str | None) -> list[Act]:
    """Return the last acts, or those of one room, in the order in which they were written."""
    last = "ORDER BY position DESC LIMIT %s"
    if room is None:
        return _read(link, Act, last, limit)[::-1]
    return _read(link, Act, f"WHERE room = %s {last}", room, limit)[::-1]


def read_acts_of(link: Link, ids: Sequence[str]) -> list[Act]:
    """Return the audit entries with these ids, in the order in which they were written."""
    return _read(link, Act, "WHERE id = ANY (%s::text[]) ORDER BY position", list(ids))


def _read(link: Link, kind: type[R], which: str, *values: object) -> list[R]:
    rows = link.execute(f"SELECT {columns(kind)} FROM {kind.TABLE} {which}", values, binary=True)
    return records_of(kind, map(original_row, rows))


def _put(kind: type[Any]) -> str:
    values = ", ".join(["%s"] * len(names(kind)))
    others = ", ".join(f'"{name}" = excluded."{name}"' for name in names(kind)[kind.KEYS :])
    return (
        f"INSERT INTO {kind.TABLE} ({columns(kind)}) VALUES ({values})"
        f" ON CONFLICT ({_keys(kind)}) DO UPDATE SET {others}"
    )


def _keys(kind: type[Any]) -> str:
    return ", ".join(f'"{name}"' for name in names(kind)[: kind.KEYS])


def columns(kind: type[Any]) -> str:
    """Return the list of a kind's columns."""
    return ", ".join(f'"{name}"' for name in names(kind))
