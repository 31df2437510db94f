"""What can go wrong with a file: each fault is a sentence, and the service outlives it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from test_archive import Keeper, line, now, sqlite
from test_kept import write

from chatsvc.model.message_events import Line, Said
from chatsvc.model.records import Fact
from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.sqlite import database, migrations
from chatsvc.store.sqlite.database import connect
from chatsvc.store.sqlite.migrations import APPLICATION_ID, newest, steps
from chatsvc.store.sqlite.offline import Ledger
from chatsvc.store.sqlite.reader import Reader

NOBODY = 65534
NEXT = newest() + 1


@pytest.fixture
def path() -> Iterator[Path]:
    """In a directory that every user of the machine can enter."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        yield Path(directory, "chat.db")
        os.chmod(directory, 0o755)


@pytest.fixture
def open_archive() -> Iterator[Callable[[Path], Keeper]]:
    """Opens archives, and closes them in the end."""
    keepers: list[Keeper] = []

    def open_archive(path: Path) -> Keeper:
        keepers.append(Keeper(sqlite(path)))
        return keepers[-1]

    yield open_archive
    for keeper in keepers:
        now(keeper.archive.close())


@contextlib.contextmanager
def no_rights() -> Iterator[None]:
    """As somebody who may do only what the permissions of a file say."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def sentence_of_opening(path: Path) -> str:
    """Why it Cannot open: one or two sentences that name the file."""
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
    """Do one thing in a file that is not open."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


# Files that Cannot open


def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    write(path, line("one"))
    execute(path, "PRAGMA user_version = 99")
    assert "newer chatsvc (schema version 99" in sentence_of_opening(path)
    assert version(path) == (APPLICATION_ID, 99)


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    execute(path, "CREATE TABLE bookmark (url TEXT)")
    assert "is a database of another program" in sentence_of_opening(path)
    assert execute(path, "SELECT name FROM sqlite_master") == [("bookmark",)]
    assert execute(path, "PRAGMA journal_mode") == [("delete",)]


def test_an_empty_database_with_the_mark_of_another_program_is_left_alone(path: Path) -> None:
    execute(path, "PRAGMA application_id = 4711")
    assert "is a database of another program" in sentence_of_opening(path)


def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    path.write_text("Dear diary, " * 1000)
    assert "is not a chatsvc archive" in sentence_of_opening(path)
    assert path.read_text().startswith("Dear diary, ")


def test_an_empty_file_becomes_an_archive(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    path.touch()
    assert open_archive(path).keep(line("one")).read() == ["one"]


def test_a_directory_that_does_not_exist_is_named(path: Path) -> None:
    lost = path.parent / "lost" / "chat.db"
    assert sentence_of_opening(lost).endswith("No such file or directory.")


def test_a_directory_is_no_archive(path: Path) -> None:
    path.mkdir()
    sentence_of_opening(path)


def test_a_directory_that_may_not_be_written_is_a_sentence(path: Path) -> None:
    path.parent.chmod(0o555)
    with no_rights():
        assert "Permission denied" in sentence_of_opening(path)


def test_a_file_that_may_not_be_read_is_a_sentence(path: Path) -> None:
    write(path, line("one"))
    path.parent.chmod(0o777)
    path.chmod(0)
    Path(f"{path}.lock").unlink()
    with no_rights():
        assert "Cannot open" in sentence_of_opening(path)


def test_a_file_that_may_only_be_read_is_a_sentence_before_anybody_speaks(path: Path) -> None:
    write(path, line("one"))
    path.parent.chmod(0o777)
    path.chmod(0o444)
    Path(f"{path}.lock").unlink()
    with no_rights():
        assert "is read-only" in sentence_of_opening(path)


def test_a_file_is_one_services_only(path: Path, open_archive: Callable[[Path], Keeper]) -> None:
    open_archive(path)
    assert "Another chatsvc is using the archive" in sentence_of_opening(path)


def test_a_file_is_free_when_it_is_closed(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    write(path, line("one"))
    assert open_archive(path).read() == ["one"]


def test_a_file_that_could_not_be_opened_is_free(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    path.write_text("Dear diary, " * 1000)
    archive = sqlite(path)
    with pytest.raises(ArchiveFailed):
        Keeper(archive)
    path.unlink()
    assert open_archive(path).rooms == []


# Files that fail while they are used


def corrupt(path: Path) -> None:
    """Overwrite everything but the first page."""
    with path.open("r+b") as file:
        size = path.stat().st_size
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))


def long_line(number: int) -> Line:
    return line("x" * 4000, tag=f"t{number}")


def test_a_damaged_file_is_a_sentence_when_it_is_opened(path: Path) -> None:
    write(path, *map(long_line, range(20)))
    corrupt(path)
    assert "is damaged" in sentence_of_opening(path)


def test_a_damaged_page_is_a_sentence_when_it_is_read(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    write(path, *map(long_line, range(30)))
    keeper = open_archive(path)
    with path.open("r+b") as file:
        for page in range(10, path.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)
    with pytest.raises(ArchiveFailed, match=f"The archive {path} is damaged"):
        keeper.read()


def test_a_full_disk_refuses_lines_until_there_is_room(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    keeper = open_archive(path).keep(line("before"))
    connection = keeper.archive._writer.database  # type: ignore[attr-defined]
    connection.execute("PRAGMA max_page_count = 1")
    keeper.keep(*map(long_line, range(20)))  # type: ignore[arg-type]
    some = len(keeper.refused)
    assert some > 10
    assert {reason for _, reason in keeper.refused} == {
        f"The disk is full: {path} cannot grow. Free some space to continue."
    }
    connection.execute("PRAGMA max_page_count = 100000")
    keeper.keep(line("after"), long_line(19))  # type: ignore[arg-type]
    assert len(keeper.refused) == some
    assert keeper.numbers() == list(range(1, 20 - some + 4))
    assert keeper.read()[-2] == "after"


def test_a_room_that_was_made_on_a_full_disk_begins_with_one(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    keeper = open_archive(path).keep(line())
    connection = keeper.archive._writer.database  # type: ignore[attr-defined]
    connection.execute("PRAGMA max_page_count = 1")
    keeper.keep(line("x" * 100_000, "#new"), line("y" * 100_000, "#new"))
    assert len(keeper.refused) == 2
    connection.execute("PRAGMA max_page_count = 100000")
    assert keeper.keep(line("z", "#new"), line("z", "#other")).numbers("#new") == [1]
    assert keeper.numbers("#other") == [1]


def test_a_locked_file_refuses_lines_until_it_is_free(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    keeper = open_archive(path).keep(line("one"))
    keeper.archive._writer.database.execute("PRAGMA busy_timeout = 0")  # type: ignore[attr-defined]
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        keeper.keep(line("two", tag="t2"))
        other.execute("ROLLBACK")
    ((texts, reason),) = keeper.refused
    assert texts == ["two"]
    assert "The server retries when the lock is released." in reason
    assert keeper.keep(line("two", tag="t2")).numbers() == [1, 2]


def test_a_topic_that_cannot_be_kept_is_a_sentence(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    keeper = open_archive(path).keep(line("one"))
    keeper.archive._writer.database.execute("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]
    with pytest.raises(ArchiveFailed, match="The disk is full"):
        now(keeper.archive.set_topic("#tea", "x" * 100_000, "ann", 1.0))
    assert keeper.keep(line("two")).numbers()[0] == 1


def test_reading_goes_on_while_another_program_writes(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    keeper = open_archive(path).keep(line("one"))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert keeper.read() == ["one"]


def test_what_is_asked_of_a_closed_archive_is_refused_in_words(path: Path) -> None:
    keeper = Keeper(sqlite(path)).keep(line("one"))
    keeper.read()
    now(keeper.archive.close())
    with pytest.raises(ArchiveFailed, match="Cannot use the archive"):
        keeper.read()


# Migrations


@pytest.fixture
def schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory of the numbered files, as a later version of chatsvc may have it."""
    directory = tmp_path / "schema"
    shutil.copytree(Path(database.__file__).parent / "schema", directory)
    monkeypatch.setattr(migrations, "resources", SimpleNamespace(files=lambda package: tmp_path))
    yield directory
    steps.cache_clear()


def step(schema: Path, number: int, statements: str) -> None:
    (schema / f"{number:03}-later.sql").write_text(statements)
    steps.cache_clear()


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


def test_a_line_that_was_shown_is_on_the_disk(path: Path) -> None:
    archive = sqlite(path)
    Keeper(archive)
    (synchronous,) = archive._writer.database.execute("PRAGMA synchronous").fetchone()
    (journal,) = archive._writer.database.execute("PRAGMA journal_mode").fetchone()
    now(archive.close())
    assert (synchronous, journal) == (2, "wal")


# A ledger, beside the service or alone


def sentence_of_the_ledger(path: Path) -> str:
    with pytest.raises(ArchiveFailed) as failed:
        Ledger(path)
    return str(failed.value)


def test_a_ledger_brings_a_file_up_to_date_that_nobody_uses(path: Path, schema: Path) -> None:
    write(path, line("one"))
    step(schema, NEXT, "CREATE TABLE later (x);")
    with Ledger(path) as ledger:
        ledger.put(Fact("lockdown", "on"))
    assert version(path) == (APPLICATION_ID, NEXT)
    assert execute(path, "SELECT value FROM fact") == [("on",)]


def test_a_ledger_leaves_the_file_of_an_older_service_alone(
    path: Path, schema: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    open_archive(path)
    step(schema, NEXT, "CREATE TABLE later (x);")
    assert sentence_of_the_ledger(path) == (
        f"An older chatsvc is using the archive {path}. Stop it, start it with this version, and "
        "try again."
    )
    assert version(path) == (APPLICATION_ID, NEXT - 1)


def test_a_ledger_leaves_other_files_alone(path: Path) -> None:
    path.write_text("Dear diary, " * 1000)
    assert "is not a chatsvc archive" in sentence_of_the_ledger(path)
    path.unlink()
    execute(path, "CREATE TABLE bookmark (url TEXT)")
    assert "is a database of another program" in sentence_of_the_ledger(path)
    assert not Path(f"{path}.lock").exists()
    assert "Check that" in sentence_of_the_ledger(path.parent / "lost" / "chat.db")


def test_a_ledger_says_that_a_file_is_locked(path: Path) -> None:
    with Ledger(path) as ledger, contextlib.closing(connect(path)) as other:
        ledger._database.execute("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ArchiveFailed, match="Another program has locked the archive"):
            ledger.put(Fact("lockdown", "on"))
        other.execute("ROLLBACK")
        ledger.put(Fact("lockdown", "on"))
        assert ledger.records(Fact) == [Fact("lockdown", "on")]


def test_the_service_and_a_ledger_wait_a_while_for_each_other(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    archive: Any = open_archive(path).keep(line("one")).archive
    now(archive.delete("#tea", 1, "ann"))
    with Ledger(path) as ledger:
        for connection in (archive._writer.database, ledger._database):
            assert connection.execute("PRAGMA busy_timeout").fetchone() == (5000,)


# A file that is taken away, or has several names


@pytest.mark.parametrize("which", ["", "-wal"])
def test_lines_are_refused_when_the_file_was_deleted(
    path: Path, open_archive: Callable[[Path], Keeper], which: str
) -> None:
    keeper = open_archive(path).keep(line("one"))
    file = Path(f"{path}{which}")
    file.rename(path.parent / "elsewhere")
    keeper.keep(line("two"))
    ((lines, reason),) = keeper.refused
    assert lines == ["two"]
    assert f"{file} was deleted, moved or replaced" in reason
    with pytest.raises(ArchiveFailed, match="was deleted, moved or replaced"):
        now(keeper.archive.put(Fact("lockdown", "on")))
    (path.parent / "elsewhere").rename(file)
    assert keeper.keep(line("three")).read() == ["one", "three"]


def test_lines_are_refused_when_the_file_was_replaced(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    keeper = open_archive(path).keep(line("one"))
    shutil.copy(path, path.parent / "copy")
    (path.parent / "copy").rename(path)
    keeper.keep(line("two"))
    assert [lines for lines, _ in keeper.refused] == [["two"]]


def test_a_second_service_is_refused_the_same_file_under_another_name(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    keeper = open_archive(path).keep(line("one"))
    other = path.parent / "other.db"
    os.link(path, other)
    program = f"""
import sys
sys.path[:0] = {[*sys.path]!r}
from test_sql import Path, sentence_of_opening
print(sentence_of_opening(Path({str(other)!r})))
"""
    run = [sys.executable, "-c", program]
    said = subprocess.run(run, capture_output=True, text=True, timeout=30).stdout
    assert "under another name: it is a hard link to the same file" in said
    assert keeper.keep(line("two")).read() == ["one", "two"]
    now(keeper.archive.close())
    assert open_archive(other).read() == ["one", "two"]


def test_readers_are_closed_once_nothing_is_read(path: Path) -> None:
    write(path, line("one"))
    source = Reader(path)
    begun, go_on = threading.Event(), threading.Event()

    def read() -> None:
        with source._reading():
            begun.set()
            go_on.wait(10)

    reader = threading.Thread(target=read)
    reader.start()
    begun.wait(10)
    closing = threading.Thread(target=source.close)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive()
    go_on.set()
    closing.join(10)
    reader.join(10)
    assert not closing.is_alive()
