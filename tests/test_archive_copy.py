"""Copies of a whole chat to each kind of archive: complete, interrupted, and refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import whole_chat
from archive_files import execute, sqlite, write
from conftest import at_once, no_turn, start
from keeper import Keeper, finds, line, now, tallies
from postgresql import database_at
from whole_chat import Place

from chatsvc.checks.databases import look_at
from chatsvc.cli import archives
from chatsvc.model.message_events import Said
from chatsvc.model.records import Account, Fact
from chatsvc.store import copying
from chatsvc.store.archive import Archive, ArchiveFailed, Workers
from chatsvc.store.copying import Copy, Outcome, StoredRoom
from chatsvc.store.location import Database
from chatsvc.store.postgresql.opening import postgresql_archive
from chatsvc.store.search_query import Seeker
from chatsvc.store.sqlite.copying import SQLiteCopySource
from chatsvc.store.sqlite.offline import Ledger, LineReader


class Killed(Exception):
    """The program ends here."""


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "PAGE", 7)


@pytest.fixture
def chat(path: Path) -> Path:
    whole_chat.make(path)
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def copied(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Return the place of the copy."""
    path = tmp_path / "copy.db"
    return path if request.param == "sqlite" else database_at(path)


def copy(source: Place, target: Place) -> Outcome:
    with (
        closing(archives.source_of(source)) as one,
        closing(archives.target_of(target)) as other,
    ):
        return Copy(one, other, lambda done, of: None).run()


def refusal(source: Place, target: Place) -> str:
    with pytest.raises(ArchiveFailed) as failed:
        copy(source, target)
    return str(failed.value)


def rows(place: Place, tmp_path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of a file, or of the file that is a copy of the database."""
    if isinstance(place, Path):
        return whole_chat.rows(place)
    path = tmp_path / "back.db"
    path.unlink(missing_ok=True)
    copy(place, path)
    return whole_chat.rows(path)


def opened(place: Place) -> Archive:
    if isinstance(place, Path):
        return sqlite(place)
    return postgresql_archive(place, Workers(*[at_once] * 5), no_turn, start)


def change(place: Place, statement: str) -> None:
    if isinstance(place, Path):
        execute(place, statement)
        return
    import psycopg

    with psycopg.connect(place.address) as connection:
        connection.execute(statement.encode())


def kind_of(place: Place) -> type[Any]:
    """Return the class of targets at a place."""
    from chatsvc.store.postgresql.copying import PostgreSQLCopyTarget
    from chatsvc.store.sqlite.copying import SQLiteCopyTarget

    return SQLiteCopyTarget if isinstance(place, Path) else PostgreSQLCopyTarget


def interrupted(chat: Path, copied: Place, monkeypatch: pytest.MonkeyPatch, after: int) -> bool:
    """Let the program end after so many changes of the target; return False if it is finished."""
    kind, left = kind_of(copied), after
    original = kind._change

    def counting(self: object) -> object:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        return original(self)

    with monkeypatch.context() as patched:
        patched.setattr(kind, "_change", counting)
        try:
            copy(chat, copied)
        except Killed:
            return True
    return False


def test_the_chat_has_something_in_every_table(chat: Path) -> None:
    found = whole_chat.rows(chat)
    assert {name for name, rows in found.items() if not rows} == set()


def test_a_copy_is_equal_row_by_row(chat: Path, copied: Place, tmp_path: Path) -> None:
    before = whole_chat.rows(chat)
    outcome = copy(chat, copied)
    assert outcome.differences == []
    assert rows(copied, tmp_path) == before == whole_chat.rows(chat)
    assert outcome.counts.lines == len(before["said"])


def test_a_service_finds_the_same_in_the_copy(chat: Path, copied: Place) -> None:
    copy(chat, copied)
    keepers = [Keeper(opened(place)) for place in (chat, copied)]
    assert keepers[0].rooms == keepers[1].rooms
    assert tallies(keepers[0]) == tallies(keepers[1])
    for keeper in keepers:
        while now(keeper.archive.index()):
            pass
    found = [finds(keeper, "message", seeker=Seeker({"#many": 0, "#tea": 0})) for keeper in keepers]
    assert found[0] == found[1]
    assert len(found[0].lines) == 50
    for keeper in keepers:
        keeper.keep(line("once", tag="t1", client="ann"), line("next"), line("new", room="#new"))
    assert keepers[0].numbers() == keepers[1].numbers()
    assert keepers[0].again() == keepers[1].again() == [("once", 1)]
    for keeper in keepers:
        now(keeper.archive.close())


def test_a_copy_that_is_interrupted_everywhere_ends_equal(
    chat: Path, copied: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    after = 0
    while interrupted(chat, copied, monkeypatch, after):
        after += 1
    assert after > 10
    assert rows(copied, tmp_path) == whole_chat.rows(chat)


def test_what_was_copied_is_not_copied_again(
    chat: Path, copied: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(chat, copied, monkeypatch, 20)
    with closing(archives.target_of(copied)) as target:
        there = target.counts().lines
    written: list[int] = []
    put = kind_of(copied).put_lines

    def noted(self: object, room: StoredRoom, lines: list[Said]) -> None:
        written.extend(line.number for line in lines)
        put(self, room, lines)

    monkeypatch.setattr(kind_of(copied), "put_lines", noted)
    every = copy(chat, copied).counts.lines
    assert there + len(written) == every
    assert there > 20


def test_a_source_that_has_changed_meanwhile_is_copied_as_it_is_now(
    chat: Path, copied: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    interrupted(chat, copied, monkeypatch, 40)
    keeper = Keeper(sqlite(chat))
    now(keeper.archive.delete("#tea", 8, "eve"))
    keeper.keep(line("one more"), line("new", room="#new"))
    now(keeper.archive.close())
    copy(chat, copied)
    assert rows(copied, tmp_path) == whole_chat.rows(chat)
    if isinstance(copied, Path):
        assert b"first\nsecond" not in copied.read_bytes()


def test_a_room_that_was_renamed_meanwhile_is_copied_under_its_name(
    chat: Path, copied: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    interrupted(chat, copied, monkeypatch, 40)
    execute(chat, "UPDATE room SET name = '#other' WHERE name = '#tea'")
    copy(chat, copied)
    assert rows(copied, tmp_path) == whole_chat.rows(chat)


def ledger(place: Place) -> object:
    from chatsvc.store.postgresql import offline

    return Ledger(place) if isinstance(place, Path) else offline.Ledger(place)


def test_nobody_uses_an_unfinished_copy(
    chat: Path, copied: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(chat, copied, monkeypatch, 20)
    uses: list[Callable[[], object]] = [
        lambda: Keeper(opened(copied)),
        lambda: ledger(copied),
        lambda: archives.source_of(copied),
    ]
    if isinstance(copied, Path):
        uses.append(lambda: LineReader(copied))
    for use in uses:
        with pytest.raises(ArchiveFailed, match=r"unfinished copy.*run the same"):
            use()


def test_another_copy_is_not_mixed_in(
    chat: Path, copied: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    interrupted(chat, copied, monkeypatch, 20)
    other = tmp_path / "other.db"
    write(other, line("another chat"))
    assert f"unfinished copy of sqlite:{chat}" in refusal(other, copied)
    assert copy(chat, copied).differences == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE said SET text = 'other' WHERE number = 9",
        "UPDATE account SET email = 'other'",
        "UPDATE room SET topic = 'other'",
        "UPDATE tally SET lines = lines + 1",
        "INSERT INTO fact VALUES ('more', '')",
    ],
)
def test_a_finished_copy_is_recognized_until_it_differs(
    chat: Path, copied: Place, statement: str
) -> None:
    assert not copy(chat, copied).was_there
    assert copy(chat, copied).was_there
    change(copied, statement)
    assert "contains another chat" in refusal(chat, copied)


def test_an_archive_that_nobody_has_used_yet_is_a_destination(
    chat: Path, copied: Place, tmp_path: Path
) -> None:
    keeper = Keeper(opened(copied))
    now(keeper.archive.close())
    copy(chat, copied)
    assert rows(copied, tmp_path) == whole_chat.rows(chat)
    keeper = Keeper(opened(copied))
    while now(keeper.archive.index()):
        pass
    assert len(finds(keeper, "message", seeker=Seeker({"#many": 0})).lines) == 50
    now(keeper.archive.close())


def test_lost_rows_are_noticed(
    chat: Path, copied: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put = kind_of(copied).put_lines
    with monkeypatch.context() as patched:
        patched.setattr(
            kind_of(copied), "put_lines", lambda self, room, lines: put(self, room, lines[1:])
        )
        assert archives.main(["copy", str(chat), argument(copied)]) == 1
    said = capsys.readouterr()
    assert "  messages in #old: 4, copied 3\n" in said.err
    assert "No service can use it" in said.err
    assert "Copied" not in said.out
    assert archives.main(["copy", str(chat), argument(copied)]) == 0


def argument(place: Place) -> str:
    """Return a place as the command line names it."""
    return f"sqlite:{place}" if isinstance(place, Path) else place.address


def test_services_keep_copies_away_and_the_other_way_round(chat: Path, copied: Place) -> None:
    keeper = Keeper(sqlite(chat))
    assert "is in use. Stop its service" in refusal(chat, copied)
    now(keeper.archive.close())
    keeper = Keeper(opened(copied))
    now(keeper.archive.put(Fact("lockdown", "on")))
    assert "is in use. Stop its service" in refusal(chat, copied)
    now(keeper.archive.close())
    with (
        closing(archives.source_of(copied)),
        pytest.raises(ArchiveFailed, match=r"[Aa]nother chatsvc"),
    ):
        Keeper(opened(copied))


def test_what_is_changed_beside_a_copy_is_not_half_copied(chat: Path, tmp_path: Path) -> None:
    with closing(SQLiteCopySource(chat)) as source:
        before = list(source.records(Account))
        with Ledger(chat) as ledger:
            ledger.exchange(before)
        assert list(source.records(Account)) == before


def test_files_that_are_no_archive_stay_as_they_are(chat: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copy.db"
    assert "Archive not found" in refusal(tmp_path / "none.db", copied)
    assert not (tmp_path / "none.db").exists()
    copied.write_text("Dear diary, " * 1000)
    assert "not a chatsvc archive" in refusal(chat, copied)
    copied.unlink()
    Path(f"{copied}.words").write_text("left")
    assert "would be mixed with the copy" in refusal(chat, copied)
    assert "No such file or directory" in refusal(chat, tmp_path / "lost" / "copy.db")


def test_databases_without_a_chat_stay_as_they_are(chat: Path, tmp_path: Path) -> None:
    empty = database_at(tmp_path / "empty")
    assert "contains no chat" in refusal(empty, tmp_path / "copy.db")
    change(empty, "CREATE TABLE account (id text)")
    assert "tables of another program" in refusal(chat, empty)
    lost = Database(empty.address.replace("postgresql:///postgres", "postgresql:///lost"))
    assert "Create the database first" in refusal(chat, lost)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    return lambda: capsys.readouterr().out.splitlines()


def test_the_command_tells_what_it_has_copied(
    chat: Path, copied: Place, lines: Callable[[], list[str]]
) -> None:
    assert archives.main(["copy", f"sqlite:{chat}", argument(copied)]) == 0
    ((said,),) = execute(chat, "SELECT count(*) FROM said")
    first, second = lines()
    assert first.startswith(f"Copied {said} messages, 7 rooms, 3 accounts and ")
    assert first.endswith(f" from sqlite:{chat} to {argument(copied)}.")
    assert second.startswith("Verified:")
    assert archives.main(["copy", str(chat), argument(copied), "--json"]) == 0
    *progress, answer = map(json.loads, lines())
    assert progress[-1] == {"done": said, "of": said}
    assert len(progress) <= archives.STEPS
    assert answer["text"].startswith("Nothing to do:")
    assert answer["messages"] == said


def test_the_certificate_goes_along(
    chat: Path, copied: Place, lines: Callable[[], list[str]], tmp_path: Path
) -> None:
    Path(f"{chat}.pem").write_text("a key")
    other = tmp_path / ("copy.db.pem" if isinstance(copied, Path) else "chatsvc.pem")
    assert archives.main(["copy", str(chat), argument(copied)]) == 0
    assert lines()[-1] == f"The certificate was copied to {other}"
    assert other.read_text() == "a key"
    assert other.stat().st_mode & 0o777 == 0o600
    back = tmp_path / "back.db"
    assert archives.main(["copy", argument(copied), str(back)]) == 0
    assert (tmp_path / "back.db.pem").read_text() == "a key"


def test_a_copy_to_itself_is_refused(chat: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert archives.main(["copy", str(chat), f"sqlite:{chat}"]) == 1
    assert "are the same archive" in capsys.readouterr().err


def test_a_password_is_not_accepted_where_everybody_sees_it(
    chat: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert archives.main(["copy", str(chat), "postgresql://chat:sesame@localhost/chat"]) == 1
    said = capsys.readouterr().err
    assert "Put the password into ~/.pgpass" in said
    assert "sesame" not in said


def test_without_psycopg_the_command_says_how_to_install_it(
    chat: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert archives.main(["copy", str(chat), "postgresql:///chat"]) == 1
    assert "pip install 'chatsvc[postgres]'" in capsys.readouterr().err
    problems, *_ = look_at(Database("postgresql:///chat"))
    assert [problem.fix for problem in problems] == ["Install it: pip install 'chatsvc[postgres]'"]
