"""Columns as parameters: PostgreSQL reads what was written; what fails is an error of psycopg."""

from __future__ import annotations

import random
from struct import error
from typing import Any

import pytest
from postgresql_archives import execute

from chatsvc.store.location import Database

COLUMNS: dict[str, tuple[str, list[Any]]] = {
    "texts": ("text", ["", "a", "Grüße, 世界 🎈", "x" * 70_000, '{",\\null}']),
    "smallints": ("smallint", [-(1 << 15), -1, 0, 7, (1 << 15) - 1]),
    "integers": ("integer", [-(1 << 31), -1, 0, 7, (1 << 31) - 1]),
    "bigints": ("bigint", [-(1 << 63), -1, 0, 7, (1 << 63) - 1]),
    "booleans": ("boolean", [True, False]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_of_any_length_arrive(database: Database, name: str) -> None:
    from chatsvc.store.postgresql import columns
    from chatsvc.store.postgresql.connection import connect

    type_, values = COLUMNS[name]
    execute(database, f"CREATE TABLE kept (place bigint, value {type_})")
    statement = columns.Statement(
        "keep", "INSERT INTO kept SELECT * FROM unnest($1, $2) RETURNING place, -place"
    )
    for count in (1, len(values), 500):
        column = random.choices(values, k=count) if count != len(values) else values
        with connect(database) as link:  # another one, which prepares the statement too
            link.prepare_threshold = None
            for _ in range(2):
                link.execute("TRUNCATE kept")
                write = getattr(columns, name)
                rows = statement.execute(link, columns.bigints(range(count)), write(column))
                assert sorted(rows) == [(place, -place) for place in range(count)]
                found = link.execute("SELECT value FROM kept ORDER BY place")
                assert [value for (value,) in found] == column


def test_a_number_that_does_not_fit_is_refused() -> None:
    from chatsvc.store.postgresql.columns import smallints

    with pytest.raises(error):
        smallints([1 << 15])


def test_errors_are_those_of_psycopg(database: Database) -> None:
    import psycopg

    from chatsvc.store.postgresql.columns import Statement, integers
    from chatsvc.store.postgresql.connection import connect
    from chatsvc.store.postgresql.errors import is_passing

    with connect(database) as link:
        link.prepare_threshold = None
        with pytest.raises(psycopg.errors.UndefinedTable):
            Statement("wrong", "SELECT $1::integer[] FROM nowhere").execute(link, integers([1]))
        divide = Statement("divide", "SELECT 1 / one FROM unnest($1) AS one")
        assert divide.execute(link, integers([1, -1])) == [(1,), (-1,)]
        with pytest.raises(psycopg.errors.DivisionByZero):
            divide.execute(link, integers([0]))
        with pytest.raises(psycopg.errors.DivisionByZero), link.transaction():
            link.execute("SELECT 1 / 0")
        assert divide.execute(link, integers([1])) == [(1,)]
        execute(database, f"SELECT pg_terminate_backend({link.info.backend_pid}, 5000)")
        for _ in range(2):  # the server's last words, and then libpq's
            with pytest.raises(psycopg.OperationalError) as lost:
                divide.execute(link, integers([1]))
            assert is_passing(lost.value)
