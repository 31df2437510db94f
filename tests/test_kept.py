"""What survives a restart of the service, and what does not."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from archive_files import sqlite, write
from keeper import Keeper, delete, expire, line, now, scrub, tallies

from chatsvc.model.room_events import Tally
from chatsvc.store.archive import KeptRoom


def test_reopening_gives_the_rooms_with_their_numbers_and_topics(path: Path, reopen: Any) -> None:
    write(path, line(), line(), line(room="#pie"), topic="cakes")
    assert sorted(reopen().rooms, key=lambda room: room.name) == [
        KeptRoom("#pie", 1, 1.5),
        KeptRoom("#tea", 2, 1.5, "cakes", "ann", 2.5),
    ]


def test_a_topic_makes_a_room_that_stays(path: Path, reopen: Any) -> None:
    write(path, topic="cakes")
    again = reopen()
    assert again.rooms == [KeptRoom("#tea", 0, None, "cakes", "ann", 2.5)]
    assert again.keep(line()).numbers() == [1]


def test_numbers_go_on_after_reopening(path: Path, reopen: Any) -> None:
    write(path, line("one"), line("two"))
    again = reopen().keep(line("three"), line("pie", "#pie"))
    assert again.numbers() == [3]
    assert again.read() == ["one", "two", "three"]
    assert again.read(room="#pie") == ["pie"]


def test_a_tag_is_known_after_reopening(path: Path, reopen: Any) -> None:
    write(path, line("one", tag="t1"))
    again = reopen().keep(line("one", tag="t1"))
    assert again.said() == []
    assert again.again() == [("one", 1)]


def test_tallies_go_on_after_reopening(path: Path, reopen: Any) -> None:
    write(path, line("one"))
    again = reopen().keep(line("two"))
    assert now(again.archive.tallies("#tea", 9)) == [Tally("ann", 2, 6)]


def test_tallies_go_on_after_lines_have_expired(path: Path, reopen: Any) -> None:
    keeper = reopen().keep(line("one"))
    assert tallies(keeper) == [Tally("ann", 1, 3)]
    keeper.keep(line("two"), line("three", time=9.0))
    assert expire(keeper, 5.0) == 2
    assert tallies(keeper) == [Tally("ann", 3, 11)]
    keeper.keep(line("four", time=20.0))
    assert tallies(keeper) == [Tally("ann", 4, 15)]
    assert expire(keeper, 10.0) == 1
    assert tallies(keeper.keep(line("five"))) == [Tally("ann", 5, 19)]


def test_numbers_go_on_after_everything_has_expired(path: Path, reopen: Any) -> None:
    keeper = Keeper(sqlite(path)).keep(line("one"), line("two"))
    expire(keeper, 9.0)
    now(keeper.archive.close())
    assert reopen().keep(line("three")).numbers() == [3]


def test_a_deleted_line_stays_deleted(path: Path, reopen: Any) -> None:
    keeper = Keeper(sqlite(path)).keep(line("one"))
    delete(keeper, 1)
    now(keeper.archive.close())
    (said,) = now(reopen().archive.read("#tea", 0, 9))
    assert (said.text, said.deleted) == ("", "eve")


def test_another_process_reads_the_file_while_it_is_written(path: Path, reopen: Any) -> None:
    keeper = reopen().keep(line("one"), line("two"))
    query = (
        "import sqlite3, sys; database = sqlite3.connect(sys.argv[1]); "
        "print(database.execute('SELECT group_concat(text) FROM said').fetchone()[0])"
    )
    run = [sys.executable, "-I", "-c", query, str(path)]
    assert subprocess.run(run, capture_output=True, text=True, timeout=20).stdout == "one,two\n"
    assert keeper.keep(line("three")).read() == ["one", "two", "three"]


# The text of a line that was deleted


def files_with(text: str, path: Path) -> list[str]:
    """Return the files of an archive that contain a text."""
    files = sorted(path.parent.glob(f"{path.name}*"))
    return [file.name for file in files if text.encode() in file.read_bytes()]


@contextlib.contextmanager
def somebody_reads(path: Path) -> Any:
    """Return another program that has begun to read and does not end."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM said").fetchone()
        yield


@pytest.mark.parametrize("repeated", [1, 8, 300], ids=["short", "medium", "long"])
def test_the_text_of_a_deleted_line_is_in_no_file(path: Path, reopen: Any, repeated: int) -> None:
    keeper = reopen().keep(line("before"), line("a secret " * repeated), line("after"))
    keeper.read()
    assert files_with("secret", path) == ["chat.db-wal"]
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM said").fetchone() == (3,)
        delete(keeper, 2)
        assert files_with("secret", path) == []
    assert keeper.read() == ["before", "", "after"]


@pytest.mark.parametrize("repeated", [1, 8, 300], ids=["short", "medium", "long"])
def test_a_text_that_was_kept_earlier_is_in_no_file(path: Path, reopen: Any, repeated: int) -> None:
    write(path, line("before"), line("a secret " * repeated), line("after"))
    assert files_with("secret", path) == ["chat.db"]
    delete(reopen(), 2)
    assert files_with("secret", path) == []


def test_while_somebody_reads_a_text_goes_with_the_next_line(path: Path, reopen: Any) -> None:
    keeper = reopen().keep(line("a secret"))
    with somebody_reads(path):
        delete(keeper, 1)
        keeper.keep(line("two"))
        assert files_with("secret", path) == ["chat.db-wal"]
    keeper.keep(line("three"))
    assert files_with("secret", path) == []
    assert keeper.read() == ["", "two", "three"]


def test_a_text_goes_when_the_service_begins_after_it_was_killed(
    path: Path, reopen: Any, tmp_path: Path
) -> None:
    keeper = reopen().keep(line("a secret"))
    copy = tmp_path / "copy" / "chat.db"
    copy.parent.mkdir()
    with somebody_reads(path):
        delete(keeper, 1)
        for file in ("chat.db", "chat.db-wal"):
            shutil.copy(tmp_path / file, copy.parent)
    assert files_with("secret", copy) == ["chat.db-wal"]
    again = Keeper(sqlite(copy))
    assert files_with("secret", copy) == []
    assert again.read() == [""]
    now(again.archive.close())


@pytest.mark.slow
def test_no_copy_is_left_where_lines_were_moved_from_page_to_page(path: Path, reopen: Any) -> None:
    chance = random.Random(7)
    keeper = reopen()
    texts = [f"secret {n} ".ljust(chance.choice([12, 60, 300, 900, 4000]), "x") for n in range(800)]
    for n, text in enumerate(texts):
        keeper.keep(line(text, room=f"#room{n % 7}", time=1_790_000_000.0 + n))
    for n in range(len(texts)):
        if n % 2:
            delete(keeper, n // 7 + 1, room=f"#room{n % 7}")
    gone = [text[:20].encode() for n, text in enumerate(texts) if n % 2]
    assert copies(gone, path)  # otherwise this test shows nothing
    scrub(keeper)
    assert copies(gone, path) == []
    assert in_order(path) == [text for n, text in enumerate(texts) if not n % 2]


def copies(texts: list[bytes], path: Path) -> list[bytes]:
    """Return which of some texts occur anywhere in the files."""
    data = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    return [text for text in texts if text in data]


def in_order(path: Path) -> list[str]:
    """Return what another program finds in a file, which must be intact."""
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        query = "SELECT text FROM said WHERE deleted = '' ORDER BY time"
        return [text for (text,) in other.execute(query)]


def test_of_equal_lines_said_at_the_same_time_only_one_goes(path: Path, reopen: Any) -> None:
    keeper = reopen().keep(*(line("the same") for _ in range(4)))
    delete(keeper, 2)
    scrub(keeper)
    assert keeper.read() == ["the same", "", "the same", "the same"]


def test_lines_are_kept_while_a_file_is_scrubbed(
    path: Path, reopen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatsvc.store.sqlite.scrubbing.PIECE", 1 << 14)
    chance = random.Random(3)
    texts = [f"line {n} ".ljust(chance.choice([9, 200, 3000]), "y") for n in range(400)]
    keeper = reopen()
    for n, text in enumerate(texts):
        keeper.keep(line(text, room=f"#room{n % 5}", time=1_790_000_000.0 + n))
        if n == 100:
            delete(keeper, 1, room="#room0")
        if n > 100:
            now(keeper.archive.scrub())
    assert in_order(path) == texts[1:]


def test_while_somebody_reads_a_file_is_not_scrubbed_yet(path: Path, reopen: Any) -> None:
    keeper = reopen().keep(line("one"), line("two"))
    with somebody_reads(path):
        delete(keeper, 1)
        assert [now(keeper.archive.scrub()) for _ in range(5)] == [True] * 5
    scrub(keeper)
    assert not now(keeper.archive.scrub())


def test_a_file_that_was_not_scrubbed_is_scrubbed_by_the_next_service(
    path: Path, reopen: Any
) -> None:
    write(path, line("one"))
    stopped = Keeper(sqlite(path))
    delete(stopped, 1)
    now(stopped.archive.close())
    keeper = reopen()
    assert now(keeper.archive.scrub())
    scrub(keeper)
    assert not now(keeper.archive.scrub())


def test_after_a_deletion_others_can_still_not_take_the_log_away(path: Path, reopen: Any) -> None:
    keeper = reopen().keep(line("one"))
    delete(keeper, 1)
    scrub(keeper)
    program = (
        f"import sqlite3; sqlite3.connect({str(path)!r}).execute('SELECT * FROM said').close()"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20)
    assert Path(f"{path}-wal").exists()
    assert keeper.keep(line("two")).read() == ["", "two"]
    assert keeper.refused == []
