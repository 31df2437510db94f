"""Columns as parameters: PostgreSQL reads what was written, of the right type."""

from __future__ import annotations

import random
from typing import Any

import pytest

from chatsvc.store.location import Database

COLUMNS: dict[str, tuple[str, list[Any]]] = {
    "Texts": ("text[]", ["", "a", "Grüße, 世界 🎈", "x" * 70_000, '{",\\null}']),
    "Smallints": ("smallint[]", [-(1 << 15), -1, 0, 7, (1 << 15) - 1]),
    "Integers": ("integer[]", [-(1 << 31), -1, 0, 7, (1 << 31) - 1]),
    "Bigints": ("bigint[]", [-(1 << 63), -1, 0, 7, (1 << 63) - 1]),
    "Booleans": ("boolean[]", [True, False]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_of_any_length_arrive(database: Database, name: str) -> None:
    from chatsvc.store.postgresql import arrays
    from chatsvc.store.postgresql.connection import connect

    kind = getattr(arrays, name)
    type_, values = COLUMNS[name]
    with connect(database) as link:
        for count in (1, len(values), 500):
            column = random.choices(values, k=count) if count != len(values) else values
            found = link.execute("SELECT %s, pg_typeof(%s)::text", (kind(column), kind(column)))
            assert found.fetchone() == (column, type_)


def test_a_number_that_does_not_fit_is_refused(database: Database) -> None:
    from struct import error

    from chatsvc.store.postgresql.arrays import Smallints
    from chatsvc.store.postgresql.connection import connect

    with connect(database) as link, pytest.raises(error):
        link.execute("SELECT %s", (Smallints([1 << 15]),))
