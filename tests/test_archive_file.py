"""An archive's file: it is written through, and nobody can remove it or open it twice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from archive_files import sqlite, write
from keeper import Keeper, line, now

from chatsvc.model.records import Fact
from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.sqlite.reader import Reader
from chatsvc.store.sqlite.snapshot import contents


def test_a_line_that_was_shown_is_on_the_disk(path: Path) -> None:
    archive = sqlite(path)
    Keeper(archive)
    (synchronous,) = archive._writer.database.execute("PRAGMA synchronous").fetchone()
    (journal,) = archive._writer.database.execute("PRAGMA journal_mode").fetchone()
    now(archive.close())
    assert (synchronous, journal) == (2, "wal")


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


def test_a_check_fails_while_lines_would_be_refused(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    archive = open_archive(path).keep(line("one")).archive
    now(archive.check())
    path.rename(path.parent / "elsewhere")
    with pytest.raises(ArchiveFailed, match="was deleted, moved or replaced"):
        now(archive.check())
    (path.parent / "elsewhere").rename(path)
    now(archive.check())


def test_a_check_is_not_a_change_by_another_process(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    archive = open_archive(path).archive
    assert not now(archive.changed())
    now(archive.check())
    assert not now(archive.changed())


def test_after_a_checkpoint_the_file_alone_has_every_line(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    archive = open_archive(path).keep(line("one"), line("two")).archive
    now(archive.checkpoint())
    assert not now(archive.changed())
    shutil.copy(path, path.parent / "copy.db")
    assert contents(path.parent / "copy.db").messages == 2


def test_the_sizes_are_those_of_the_files(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    archive = open_archive(path).keep(line("one")).archive
    names = {"archive": path, "log": Path(f"{path}-wal"), "index": Path(f"{path}.words")}
    assert archive.file_sizes() == {name: file.stat().st_size for name, file in names.items()}


def test_lines_are_refused_when_the_file_was_replaced(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    keeper = open_archive(path).keep(line("one"))
    shutil.copy(path, path.parent / "copy")
    (path.parent / "copy").rename(path)
    keeper.keep(line("two"))
    assert [lines for lines, _ in keeper.refused] == [["two"]]


@pytest.mark.slow
def test_a_second_service_is_refused_the_same_file_under_another_name(
    path: Path, open_archive: Callable[[Path], Keeper]
) -> None:
    keeper = open_archive(path).keep(line("one"))
    other = path.parent / "other.db"
    os.link(path, other)
    program = f"""
import sys
sys.path[:0] = {[*sys.path]!r}
from archive_files import Path, sentence_of_opening
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
