"""Files that cannot be opened: each reason is a sentence, and the file is not changed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from archive_files import execute, sentence_of_opening, sqlite, version, write
from keeper import Keeper, line

from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.sqlite.migrations import APPLICATION_ID

NOBODY = 65534


@pytest.fixture
def path() -> Iterator[Path]:
    """Test a file in a directory that every user of the machine can enter."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        yield Path(directory, "chat.db")
        os.chmod(directory, 0o755)


@contextlib.contextmanager
def no_rights() -> Iterator[None]:
    """Run as a user with only the permissions of a file."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


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
