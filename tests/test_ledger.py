"""A ledger, which opens an archive next to the service or alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from archive_files import NEXT, execute, step, version, write
from keeper import Keeper, line, now

from chatsvc.model.records import Fact
from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.sqlite.database import connect
from chatsvc.store.sqlite.migrations import APPLICATION_ID
from chatsvc.store.sqlite.offline import Ledger


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
