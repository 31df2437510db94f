"""Writers of an archive in PostgreSQL that lead a chat in turn, and what may happen to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

import pytest
from postgresql_archives import execute
from waiting import wait_until

from chatsvc.store.leading import Announcement
from chatsvc.store.location import Database

if TYPE_CHECKING:
    from chatsvc.store.postgresql.leadership import Watcher
    from chatsvc.store.postgresql.writer import Writer

Lead: TypeAlias = "Callable[[str], Writer]"

OLD_SERVICE = """SELECT pg_advisory_lock(
                     hashtext('a service of chatsvc'), hashtext(current_schema()))"""
_END = """SELECT pg_terminate_backend(backend, 5000) FROM leader
          WHERE backend IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"""

_IS_LOCKED = """SELECT EXISTS (SELECT FROM leader JOIN pg_locks ON pid = backend
                               WHERE locktype = 'advisory')"""


def disconnect(database: Database) -> None:
    """End the connection of the leader, whoever it is; return when its lock is released."""
    execute(database, _END)


def leave(database: Database, writer: Writer) -> None:
    """Close the archive of the leader; return when its lock is released."""
    writer.close()
    wait_until(lambda: execute(database, _IS_LOCKED) == [(False,)], "the end of its connection")


def writer_of(database: Database, name: str) -> Writer:
    """Return the writer of a node; it is not open yet."""
    from chatsvc.store.postgresql.writer import Writer

    return Writer(database, Announcement(name, f"{name}:1", f"print of {name}", f"key of {name}"))


@pytest.fixture
def lead(database: Database) -> Iterator[Lead]:
    """Opens the archive as a node with this name, which is closed at the end."""
    writers: list[Writer] = []

    def lead(name: str) -> Writer:
        writer = writer_of(database, name)
        writer.open()
        writers.append(writer)
        return writer

    yield lead
    for writer in writers:
        writer.close()


@pytest.fixture
def watcher(database: Database) -> Iterator[Watcher]:
    from chatsvc.store.postgresql.leadership import Watcher

    watcher = Watcher(database)
    yield watcher
    watcher.close()
