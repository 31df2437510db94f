"""Files that fail while in use: lines are refused with a reason until the fault is over."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from archive_files import sentence_of_opening, sqlite, write
from keeper import Keeper, line, now

from chatsvc.model.message_events import Line
from chatsvc.store.archive import ArchiveFailed


def corrupt(path: Path) -> None:
    """Overwrite everything except the first page."""
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
