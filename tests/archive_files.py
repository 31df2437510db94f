"""SQLite files of archives: opening, changing and querying them, and their schema."""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import at_once, no_turn, start
from keeper import Keeper, now

from chatsvc.model.message_events import Line
from chatsvc.store.archive import ArchiveFailed, Workers
from chatsvc.store.sqlite import database, migrations
from chatsvc.store.sqlite.archive import SQLArchive
from chatsvc.store.sqlite.migrations import newest, steps

NEXT = newest() + 1  # the version of a schema with one more step


def sqlite(path: Path, worker: Any = at_once, turn: Any = no_turn) -> SQLArchive:
    return SQLArchive(path, Workers(*[worker] * 5), turn, start)


def write(path: Path, *lines: Line, topic: str = "") -> None:
    """Write what an earlier run of the service has left."""
    keeper = Keeper(sqlite(path)).keep(*lines)
    if topic:
        now(keeper.archive.set_topic("#tea", topic, "ann", 2.5))
    now(keeper.archive.close())


def sentence_of_opening(path: Path) -> str:
    """Return why an archive cannot be opened: one or two sentences that name the file."""
    with pytest.raises(ArchiveFailed) as failed:
        Keeper(sqlite(path))
    sentence = str(failed.value)
    assert str(path) in sentence
    assert sentence.endswith((".", "?"))
    assert not re.search(r"Error|Traceback|\.\.$", sentence)
    return sentence


def version(path: Path) -> tuple[int, int]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        pragmas = ("application_id", "user_version")
        first, second = (connection.execute(f"PRAGMA {one}").fetchone()[0] for one in pragmas)
    return first, second


def execute(path: Path, statement: str) -> list[tuple[object, ...]]:
    """Execute one statement in a file that is not open."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


def step(schema: Path, number: int, statements: str) -> None:
    (schema / f"{number:03}-later.sql").write_text(statements)
    steps.cache_clear()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


@pytest.fixture
def open_archive() -> Iterator[Callable[[Path], Keeper]]:
    """Opens archives, and closes them at the end."""
    keepers: list[Keeper] = []

    def open_archive(path: Path) -> Keeper:
        keepers.append(Keeper(sqlite(path)))
        return keepers[-1]

    yield open_archive
    for keeper in keepers:
        now(keeper.archive.close())


@pytest.fixture
def reopen(path: Path) -> Iterator[Any]:
    opened: list[Keeper] = []

    def reopen() -> Keeper:
        for keeper in opened:
            now(keeper.archive.close())
        opened[:] = [Keeper(sqlite(path))]
        return opened[-1]

    yield reopen
    for keeper in opened:
        now(keeper.archive.close())


@pytest.fixture
def schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a directory of numbered files as a later version of chatsvc may have it."""
    directory = tmp_path / "schema"
    shutil.copytree(Path(database.__file__).parent / "schema", directory)
    monkeypatch.setattr(migrations, "resources", SimpleNamespace(files=lambda package: tmp_path))
    yield directory
    steps.cache_clear()
