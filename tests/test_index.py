"""The index beside an archive: it survives loss, kills and damage, and keeps nothing deleted."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from archive_files import sqlite, write
from conftest import at_once, no_turn, start
from keeper import Keeper, Steps, delete, expire, finds, line, now, scrub, texts
from twisted.internet.defer import Deferred

from chatsvc.store.archive import ArchiveFailed, TooSlow, Workers
from chatsvc.store.query_parser import parse
from chatsvc.store.search_query import Finds, Seeker
from chatsvc.store.sqlite import index_search
from chatsvc.store.sqlite import word_index as index_of
from chatsvc.store.sqlite.archive import SQLArchive


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_of, "BATCH", 3)


def words_file(path: Path) -> Path:
    return Path(f"{path}.words")


def lose(path: Path) -> None:
    for one in path.parent.glob("chat.db.words*"):
        one.unlink()


def teas(count: int) -> list[Any]:
    rooms = ("#tea", "#pie")
    return [line(f"tea {n}", rooms[n % 2], time=float(n)) for n in range(count)]


def newest(*numbers: int) -> list[str]:
    return [f"tea {n}" for n in numbers]


def test_an_archive_without_an_index_gets_one_the_newest_lines_first(
    path: Path, reopen: Any
) -> None:
    write(path, *teas(10))
    lose(path)
    keeper = reopen()
    found = finds(keeper, "tea")
    assert (found.lines, found.unfinished) == ([], True)
    assert now(keeper.archive.index()) == 7
    assert texts(keeper, "tea") == newest(9, 8, 7)
    keeper.keep(line("tea 10", time=10.0))
    found = finds(keeper, "tea")
    assert [said.text for said in found.lines] == newest(10, 9, 8, 7)
    assert found.unfinished
    left: list[int] = []
    while not left or left[-1]:
        left.append(now(keeper.archive.index()))
    assert left[-1] == 0
    found = finds(keeper, "tea")
    assert [said.text for said in found.lines] == newest(*range(10, -1, -1))
    assert not found.unfinished


def test_an_index_goes_on_where_it_was(path: Path, reopen: Any) -> None:
    write(path, *teas(10))
    lose(path)
    now(reopen().archive.index())
    for _ in range(4):
        now(reopen().archive.index())
    assert texts(reopen(), "tea") == newest(*range(9, -1, -1))


def test_an_index_of_another_archive_is_made_anew(path: Path, reopen: Any) -> None:
    write(path, *teas(4))
    texts(reopen(), "tea")
    for one in path.parent.glob("chat.db*"):
        if ".words" not in one.name:
            one.unlink()
    write(path.with_name("other.db"), *(line(f"pot {n}", time=float(n)) for n in range(9)))
    path.with_name("other.db").rename(path)
    keeper = reopen()
    while now(keeper.archive.index()):
        pass  # there are more
    assert texts(keeper, "tea") == []
    assert len(texts(keeper, "pot")) == 9


@pytest.mark.parametrize("damage", [b"", b"Dear diary, " * 1000])
def test_a_file_that_is_no_index_is_made_anew(path: Path, reopen: Any, damage: bytes) -> None:
    write(path, *teas(2))
    lose(path)
    words_file(path).write_bytes(damage)
    keeper = reopen()
    now(keeper.archive.index())
    assert texts(keeper, "tea") == newest(1, 0)


def test_an_index_that_turns_out_to_be_damaged_is_made_anew(path: Path, reopen: Any) -> None:
    keeper = reopen().keep(*teas(2))
    assert texts(keeper, "tea") == newest(1, 0)
    keeper.archive._index._index.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    keeper = reopen()
    with words_file(path).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (words_file(path).stat().st_size - 4096))
    with pytest.raises(ArchiveFailed, match=r"is being rebuilt\. Try again"):
        texts(keeper, "tea")
    now(keeper.archive.index())
    assert texts(keeper, "tea") == newest(1, 0)


def test_a_full_disk_is_said_and_the_archive_goes_on(path: Path, reopen: Any) -> None:
    keeper = reopen().keep(*teas(2))
    keeper.archive._index._index.execute("PRAGMA max_page_count = 1")
    keeper.keep(*(line("x" * 4000) for _ in range(20)))
    with pytest.raises(ArchiveFailed, match="The disk is full"):
        finds(keeper, "tea")
    assert keeper.refused == []
    keeper.archive._index._index.execute("PRAGMA max_page_count = 100000")
    assert texts(keeper, "tea") == newest(1, 0)


# Deleted lines


def in_files(path: Path, text: str) -> list[str]:
    """Return the files that contain a text, or most of its letters, split across words."""
    inner = text.encode()[2:]
    return [one.name for one in path.parent.iterdir() if inner in one.read_bytes()]


@pytest.mark.parametrize("indexed", [True, False])
def test_the_words_of_a_deleted_line_are_in_no_file(path: Path, reopen: Any, indexed: bool) -> None:
    keeper = reopen().keep(*teas(9), line("my qxsecretword", time=9.0), line("more", time=10.0))
    if indexed:
        assert texts(keeper, "qxsecretword") == ["my qxsecretword"]
    delete(keeper, 6)
    assert texts(keeper, "qxsecretword") == []
    scrub(keeper)
    assert in_files(path, "qxsecretword") == []
    assert texts(keeper, "qxsecretword") == []
    assert texts(keeper, "tea") == newest(*range(8, -1, -1))


def test_the_words_of_expired_lines_are_in_no_file_after_tidying_up(
    path: Path, reopen: Any
) -> None:
    keeper = reopen().keep(line("qxsecretword", time=1.0), line("tea 1", time=5.0))
    assert texts(keeper, "qxsecretword") == ["qxsecretword"]
    expire(keeper, 4.0)
    scrub(keeper)
    keeper = reopen()  # which empties the archive's own log
    assert in_files(path, "qxsecretword") == []
    assert texts(keeper, "tea") == newest(1)


def test_a_line_that_is_just_being_deleted_is_not_taken_in(path: Path) -> None:
    worker = Steps()
    archive = sqlite(path, worker, worker.turn)
    keeper = Keeper(archive).keep(line("tea qxsecretword"), line("tea 1"))
    worker.work()
    deleted = Deferred.fromCoroutine(archive.delete("#tea", 1, "eve"))
    worker.step()  # it is removed from the index, but not yet from the archive
    archive._index.advance()
    worker.work()
    assert deleted.called
    assert finds_now(worker, keeper, "tea") == ["tea 1"]
    assert in_files(path, "qxsecretword") == []
    closed = Deferred.fromCoroutine(archive.close())
    worker.work()
    assert closed.called


def finds_now(worker: Steps, keeper: Keeper, query: str) -> list[str]:
    archive: Any = keeper.archive
    archive._workers = Workers(*[_at_once] * 5)
    return texts(keeper, query)


async def _at_once(work: Any, *arguments: Any) -> Any:
    return work(*arguments)


def test_an_index_that_cannot_forget_is_made_anew(path: Path, reopen: Any) -> None:
    keeper = reopen().keep(*teas(4), line("qxsecretword", "#tea"))
    texts(keeper, "tea")
    keeper.archive._index._index.execute("DROP TABLE words_data")
    delete(keeper, 3)
    assert in_files(path, "qxsecretword") == []
    while now(keeper.archive.index()):
        pass  # there are more
    assert texts(keeper, "tea") == newest(3, 2, 1, 0)


# Kills

_KILLED = """
import os, random, sys
sys.path[:0] = {paths!r}
from archive_files import sqlite
from keeper import Keeper, line, now
from chatsvc.store.sqlite import word_index
word_index.BATCH = 7
keeper = Keeper(sqlite(__import__('pathlib').Path({path!r})))
last = random.Random({seed}).randrange(60)
for n in range(last + 1):
    room = ("#tea", "#pie")[n % 2]
    keeper.keep(line(f"tea {seed} {{n}}", room, time=100.0 * {seed} + n))
    if n % 3 == 0:
        now(keeper.archive.index())
os.kill(os.getpid(), 9)
"""


@pytest.mark.slow
def test_an_index_outlives_kills(path: Path, reopen: Any) -> None:
    here = [str(Path(__file__).parent), *sys.path]
    expected: list[str] = []
    for seed in range(1, 5):
        code = _KILLED.format(paths=here, path=str(path), seed=seed)
        assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == -9
        count = random.Random(seed).randrange(60) + 1
        expected = [f"tea {seed} {n}" for n in reversed(range(count))] + expected
    keeper = reopen()
    while now(keeper.archive.index()):
        pass  # there are more
    assert texts(keeper, "tea", limit=1000) == expected
    with contextlib.closing(sqlite3.connect(words_file(path))) as other:
        other.execute("INSERT INTO words (words) VALUES ('integrity-check')")


# Slow searches


def test_a_search_that_is_not_quick_is_begun_again_behind_others(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = Steps()
    workers = Workers(*[at_once] * 5)._replace(slow_searcher=waiting)
    archive: Any = SQLArchive(path, workers, no_turn, start)
    keeper = Keeper(archive).keep(*teas(9))
    monkeypatch.setattr("chatsvc.store.row_archive.QUICK", 0.0)
    search = parse("tea", 0.0).sought, Seeker({"#tea": 0, "#pie": 0}), None, 3
    found = Deferred.fromCoroutine(archive.search(*search))
    assert not found.called
    monkeypatch.undo()
    assert texts(keeper, "tea") == newest(*range(8, -1, -1))  # which waits for nobody
    waiting.work()
    assert isinstance(found.result, Finds)
    assert [said.text for said in found.result.lines] == newest(8, 7, 6)
    now(archive.close())


def test_a_search_that_takes_too_long_is_ended(
    path: Path, reopen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = reopen().keep(*teas(9))
    monkeypatch.setattr("chatsvc.store.row_archive.QUICK", 0.0)
    monkeypatch.setattr("chatsvc.store.row_archive.SLOWEST", 0.0)
    with pytest.raises(TooSlow, match="took too long"):
        texts(keeper, "tea")
    monkeypatch.undo()
    assert len(texts(keeper, "tea")) == 9


def test_what_sqlite_does_for_long_is_interrupted(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(":memory:", check_same_thread=False)) as database:
        numbers = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
        with pytest.raises(TooSlow), index_search._within(0.05, database):
            database.execute(f"{numbers} SELECT max(x) FROM n").fetchone()
        assert database.execute("SELECT 7").fetchone() == (7,)


def test_an_index_made_anew_is_searched_at_once(path: Path, reopen: Any) -> None:
    keeper = reopen().keep(*teas(9))
    assert len(texts(keeper, "tea")) == 9
    keeper.archive._index.repair()
    while now(keeper.archive.index()):
        pass  # there are more
    assert len(texts(keeper, "tea")) == 9
    keeper.keep(line("tea 9", time=9.0))
    assert len(texts(keeper, "tea")) == 10
