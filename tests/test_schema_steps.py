"""The steps of a schema: each is taken once, in order, completely or not at all."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

from archive_files import NEXT, execute, sentence_of_opening, step, version, write
from keeper import Keeper, line, now

from chatsvc.model.message_events import Said
from chatsvc.store.sqlite import database
from chatsvc.store.sqlite.migrations import APPLICATION_ID


def test_a_new_file_is_marked_and_has_the_latest_version(path: Path, schema: Path) -> None:
    step(schema, NEXT, "CREATE TABLE later (x);")
    write(path)
    assert version(path) == (APPLICATION_ID, NEXT)


def test_migrations_are_applied_in_order_to_what_is_there(path: Path, schema: Path) -> None:
    write(path, line("one"))
    step(schema, NEXT + 1, "INSERT INTO later SELECT text FROM said;")
    step(schema, NEXT, "CREATE TABLE later (x);")
    write(path, line("two"))
    assert execute(path, "SELECT x FROM later") == [("one",)]
    assert version(path) == (APPLICATION_ID, NEXT + 1)


def test_migrations_are_applied_only_once(path: Path, schema: Path) -> None:
    step(schema, NEXT, "CREATE TABLE later (x); INSERT INTO later VALUES (1);")
    write(path)
    write(path)
    assert execute(path, "SELECT count(*) FROM later") == [(1,)]


def test_an_interrupted_migration_leaves_the_old_version_and_can_be_repeated(
    path: Path, schema: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    write(path, line("one"))
    step(schema, NEXT, "DELETE FROM said; CREATE TABLE later (x); INSERT INTO nowhere VALUES (1);")
    assert "no such table" in sentence_of_opening(path)
    assert version(path) == (APPLICATION_ID, NEXT - 1)
    assert execute(path, "SELECT text FROM said") == [("one",)]
    step(schema, NEXT, "CREATE TABLE later (x);")
    assert open_archive(path).read() == ["one"]
    assert version(path) == (APPLICATION_ID, NEXT)


def test_each_step_that_was_done_stays_done(path: Path, schema: Path) -> None:
    write(path, line("one"))
    step(schema, NEXT, "CREATE TABLE later (x);")
    step(schema, NEXT + 1, "INSERT INTO nowhere VALUES (1);")
    sentence_of_opening(path)
    assert version(path) == (APPLICATION_ID, NEXT)


def test_a_file_of_the_first_version_is_brought_up_to_date(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    first = (Path(database.__file__).parent / "schema" / "001.sql").read_text()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            f"{first} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;"
            "INSERT INTO room (id, name, last) VALUES (1, '#tea', 1);"
            "INSERT INTO said VALUES (1, 1, 1500, 'ann', 'one', 0, 'c', 't');"
        )
    keeper = open_archive(path).keep(line("one", client="c", tag="t"), line("two", account="Ann"))
    assert keeper.again() == [("one", 1)]
    one, two = now(keeper.archive.read("#tea", 0, 9))
    assert one == Said("#tea", 1, 1.5, "ann", "one", False, "c", "t")
    assert (two.number, two.text, two.account) == (2, "two", "Ann")
