"""Fixtures for tests of archives in PostgreSQL, each in a schema of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from conftest import at_once, no_turn, start
from keeper import Keeper, now
from postgresql import Server, database_at, lacks
from real import lacking

from chatsvc.store.archive import Workers
from chatsvc.store.location import Database
from chatsvc.store.postgresql.opening import postgresql_archive

Open: TypeAlias = Callable[[], Keeper]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Return a server that the tests of this module may stop; it writes to the disk at once."""
    if reason := lacks():
        lacking(reason)
    server = Server(fsync="on")
    yield server
    server.remove()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """Return a new database; without PostgreSQL, skip the test."""
    return database_at(tmp_path)


@pytest.fixture
def open_database(database: Database) -> Iterator[Open]:
    """Opens the archive in the database, after closing it if it is open."""
    opened: list[Keeper] = []

    def close() -> None:
        while opened:
            now(opened.pop().archive.close())

    def open_database() -> Keeper:
        close()
        workers = Workers(*[at_once] * 5)
        opened.append(Keeper(postgresql_archive(database, workers, no_turn, start)))
        return opened[-1]

    yield open_database
    close()


def execute(database: Database, *statements: str) -> list[tuple[Any, ...]]:
    """Execute statements as another program; return what the last one returns."""
    from chatsvc.store.postgresql.connection import connect

    with connect(database) as link:
        for statement in statements:
            cursor = link.execute(statement.encode(), prepare=False)
        return cursor.fetchall() if cursor.description else []
