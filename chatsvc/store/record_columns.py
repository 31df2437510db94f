"""Records as rows: each field is a column of the same name; lists are JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from chatsvc.model.records import Record
from chatsvc.store.archive import R

Row = tuple[Any, ...]


def names(kind: type[Any]) -> tuple[str, ...]:
    """Return the names of a kind's columns, the keys first."""
    return tuple(field.name for field in fields(kind))


def row_of(record: Record) -> Row:
    """Return the values of a record's columns."""
    values = (getattr(record, name) for name in names(type(record)))
    return tuple(
        json.dumps(value, ensure_ascii=False) if isinstance(value, tuple) else value
        for value in values
    )


def by_kind(records: Iterable[Record]) -> dict[type[Any], list[Row]]:
    """Return the rows of records by their kinds."""
    rows: dict[type[Any], list[Row]] = {}
    for record in records:
        rows.setdefault(type(record), []).append(row_of(record))
    return rows


def records_of(kind: type[R], rows: Iterable[Row]) -> list[R]:
    """Return the records in rows of a kind's columns."""
    make: Callable[..., R] = kind
    types = get_type_hints(kind)
    readers = tuple(_READERS.get(types[name], _as_it_is) for name in names(kind))
    return [make(*(read(value) for read, value in zip(readers, row, strict=True))) for row in rows]


def _as_it_is(value: object) -> object:
    return value


_READERS: Mapping[object, Callable[[Any], object]] = {
    bool: bool,
    tuple[str, ...]: lambda text: tuple(json.loads(text)),
}
