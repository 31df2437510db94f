"""Statements for many rows, with each column as one parameter.

psycopg finds out what is in a list each time, and its cursors take longer than libpq, so a commit
of one line would take twice as long.  A column is written as `array_recv` in PostgreSQL reads it:
the number of dimensions, whether there are nulls, the type of the elements, their count, the first
index; then each element behind its length.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import repeat
from struct import Struct
from typing import Any, NamedTuple
from weakref import WeakSet

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

from chatsvc.store.postgresql.connection import Link

_HEAD = Struct("!5i")
_LENGTH = Struct("!i")
_SMALLINT, _INTEGER, _BIGINT = Struct("!ih"), Struct("!ii"), Struct("!iq")  # behind its length
_BOOLEAN = Struct("!i?")
_DONE = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


class Column(NamedTuple):
    """An array as a parameter."""

    type: int  # in the table `pg_type`
    data: bytes


def texts(values: Collection[str]) -> Column:
    """Return a column of `text`."""
    written = bytearray(_head(25, len(values)))
    for value in values:
        data = value.encode()
        written += _LENGTH.pack(len(data))
        written += data
    return Column(1009, bytes(written))


def smallints(values: Collection[int]) -> Column:
    """Return a column of `smallint`."""
    return Column(1005, _head(21, len(values)) + _fixed(_SMALLINT, values))


def integers(values: Collection[int]) -> Column:
    """Return a column of `integer`."""
    return Column(1007, _head(23, len(values)) + _fixed(_INTEGER, values))


def bigints(values: Collection[int]) -> Column:
    """Return a column of `bigint`."""
    return Column(1016, _head(20, len(values)) + _fixed(_BIGINT, values))


def booleans(values: Collection[bool]) -> Column:
    """Return a column of `boolean`."""
    return Column(1000, _head(16, len(values)) + _fixed(_BOOLEAN, values))


def _head(element: int, count: int) -> bytes:
    return _HEAD.pack(1, 0, element, count, 1)


def _fixed(one: Struct, values: Iterable[int]) -> bytes:
    return b"".join(map(one.pack, repeat(one.size - _LENGTH.size), values))


class Statement:
    """A statement that each connection prepares at its first use.

    On such a connection, psycopg may prepare nothing (`Connection`, `prepares`): whenever a
    transaction fails, it lets the server forget everything that is prepared.
    """

    def __init__(self, name: str, query: str) -> None:
        self._name, self._query = name.encode(), query.encode()
        self._prepared: WeakSet[Link] = WeakSet()

    def execute(self, link: Link, *columns: Column) -> list[tuple[int, ...]]:
        """Return the rows of the result, which are integers."""
        if link not in self._prepared:
            assert link.prepare_threshold is None, "psycopg would forget what is prepared"
            types = [column.type for column in columns]
            _checked(link.pgconn.prepare(self._name, self._query, types))
            self._prepared.add(link)
        data: list[Any] = [column.data for column in columns]
        formats = [Format.BINARY] * len(columns)
        result = link.pgconn.exec_prepared(self._name, data, formats, Format.BINARY)
        return _rows(_checked(result))


def _checked(result: PGresult) -> PGresult:
    """Return a result, or raise what psycopg would."""
    if result.status in _DONE:
        return result
    error = error_from_result(result)
    if error.sqlstate is None:  # libpq itself says so: the connection is broken
        raise psycopg.OperationalError(str(error))
    raise error


def _rows(result: PGresult) -> list[tuple[int, ...]]:
    columns = range(result.nfields)
    return [tuple(_integer(result, row, each) for each in columns) for row in range(result.ntuples)]


def _integer(result: PGresult, row: int, column: int) -> int:
    return int.from_bytes(result.get_value(row, column) or b"", "big", signed=True)
