"""The contract of records, for every archive; their tables; access by another program."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from archive_files import sqlite
from hypothesis import example, given
from hypothesis import strategies as st
from keeper import Keeper, delete, expire, in_new_rooms, line, now, tallies
from postgresql import lacks
from real import lacking
from stores import STORES

from chatsvc.model.records import Account, Act, Ban, Fact, Invitation, Member, Record, Report
from chatsvc.store.archive import Archive, ArchiveFailed, key_of
from chatsvc.store.sqlite.migrations import APPLICATION_ID, steps
from chatsvc.store.sqlite.offline import Ledger

KINDS = get_args(Record)


@pytest.fixture
def keepers(archives: dict[str, Archive]) -> dict[str, Keeper]:
    """Return one keeper for each store."""
    return {name: Keeper(archive) for name, archive in archives.items()}


@pytest.fixture(params=[name for name, _ in STORES])
def keeper(request: pytest.FixtureRequest, keepers: dict[str, Keeper]) -> Keeper:
    if request.param not in keepers:
        lacking(lacks())
    return keepers[request.param]


@pytest.fixture
def service(keepers: dict[str, Keeper]) -> Keeper:
    """Return the keeper whose archive is in a file."""
    return keepers["sqlite"]


def put(keeper: Keeper, *records: Record) -> None:
    now(keeper.archive.put(*records))


def drop(keeper: Keeper, *records: Record) -> None:
    now(keeper.archive.drop(*records))


def records(keeper: Keeper, kind: Any) -> list[Any]:
    """Return all records of a kind, at once or later."""
    records = keeper.archive.records(kind)
    assert now(keeper.archive.reread(kind)) == records
    return list(records)


def acts(keeper: Keeper, *asked: Any) -> list[str]:
    return [act.id for act in now(keeper.archive.acts(*asked))]


ann = Account("a1", "Ann", "secret", "ann@example.org", True, 1.5, "tea", ("bob", "É"))
bob = Account("b2", "bob", "", away=None)


def test_there_are_no_records_at_first(keeper: Keeper) -> None:
    assert records(keeper, Account) == records(keeper, Fact) == acts(keeper, 9) == []


def test_records_of_several_kinds_are_kept_in_the_order_of_their_keys(keeper: Keeper) -> None:
    put(keeper, bob, Fact("lockdown", "on"), ann)
    late, early = Report(10, 2.0, "ann", "bob", "#tea", ""), Report(9, 3.0, "ann", "bob", "", "x")
    put(keeper, late, early)
    assert records(keeper, Account) == [ann, bob]
    assert records(keeper, Fact) == [Fact("lockdown", "on")]
    assert records(keeper, Report) == [early, late]


def test_a_record_takes_the_place_of_the_one_with_the_same_keys(keeper: Keeper) -> None:
    put(keeper, Member("#tea", "a1"), Member("#tea", "b2"), Member("#pie", "a1"))
    put(keeper, Member("#tea", "a1", "founder", seen=7), Member("#tea", "a1", "voiced", seen=8))
    assert records(keeper, Member) == [
        Member("#pie", "a1"),
        Member("#tea", "a1", "voiced", seen=8),
        Member("#tea", "b2"),
    ]


def test_dropping_goes_by_keys(keeper: Keeper) -> None:
    put(keeper, Member("#tea", "a1"), Member("#tea", "b2"), Member("#pie", "a1"), ann)
    drop(keeper, Member("#tea", "a1", "founder", False, 99), Member("#cup", "a1"), ann)
    assert records(keeper, Member) == [Member("#pie", "a1"), Member("#tea", "b2")]
    assert records(keeper, Account) == []


def test_putting_or_dropping_nothing_is_nothing(keeper: Keeper) -> None:
    put(keeper, ann)
    put(keeper)
    drop(keeper)
    assert records(keeper, Account) == [ann]


def test_many_records_can_be_put_at_once(keeper: Keeper) -> None:
    codes = [Invitation(f"{number:04}", "ann", number / 1000) for number in range(300)]
    put(keeper, *codes)
    assert records(keeper, Invitation) == codes
    drop(keeper, *codes[1:])
    assert records(keeper, Invitation) == codes[:1]


def test_the_last_acts_are_given_oldest_first(keeper: Keeper) -> None:
    for id, time, room in (("z", 1.0, "#tea"), ("y", 3.0, ""), ("x", 2.0, "#tea")):
        put(keeper, Act(id, time, "eve", "kicked bob", room))
    assert acts(keeper, 9) == ["z", "y", "x"]
    assert acts(keeper, 2) == ["y", "x"]
    assert acts(keeper, 9, "#tea") == ["z", "x"]
    assert acts(keeper, 1, "#tea") == ["x"]
    assert acts(keeper, 9, "") == ["y"]
    assert acts(keeper, 9, "#pie") == []


def test_acts_are_read_again_by_their_ids(keeper: Keeper) -> None:
    for id in ("z", "y", "x"):
        put(keeper, Act(id, 1.0, "eve", "kicked bob", "#tea"))
    again = now(keeper.archive.acts_of(["x", "gone", "z"]))
    assert [act.id for act in again] == ["z", "x"]
    assert now(keeper.archive.acts_of([])) == []


def test_what_one_writes_oneself_has_not_changed(keeper: Keeper) -> None:
    assert now(keeper.archive.changed()) is False
    put(keeper, ann)
    keeper.keep(line("one"), line("two")).read()
    tallies(keeper)
    delete(keeper, 1)
    expire(keeper, 9.0)
    drop(keeper, ann)
    assert now(keeper.archive.changed()) is False


VALUES = {
    str: st.text(),
    bool: st.booleans(),
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False),
    str | None: st.none() | st.text(),
    tuple[str, ...]: st.lists(st.text()).map(tuple),
}


def any_of(kind: type[Record]) -> st.SearchStrategy[Record]:
    """Return a strategy for records of a kind, with any values in their fields."""
    types = get_type_hints(kind)
    return st.builds(kind, **{name: VALUES[types[name]] for name in kind.__match_args__})


@given(st.lists(st.one_of(*map(any_of, KINDS)), max_size=5))
@example([Ban("b", "", ("name=é", '"', "\x00"), "\u2028", until=1_797_888_684.982)])
@in_new_rooms
def test_any_record_survives(keepers: dict[str, Keeper], some: list[Record]) -> None:
    last = {(type(record), key_of(record)): record for record in some}
    for keeper in keepers.values():
        put(keeper, *some)
        for record in last.values():
            if isinstance(record, Act):
                assert record in now(keeper.archive.acts(9))
            else:
                assert record in records(keeper, type(record))


# Their tables


@pytest.mark.parametrize("kind", KINDS)
def test_the_columns_of_a_table_are_the_fields_of_its_records(
    service: Keeper, path: Path, kind: Any
) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        columns = database.execute(f"PRAGMA table_info({kind.TABLE})").fetchall()
    assert [name for _, name, *_ in columns] == list(kind.__match_args__)
    assert [name for _, name, *_, key in columns if key] == list(kind.__match_args__[: kind.KEYS])
    types = get_type_hints(kind)
    for _, name, type_, not_null, default, _ in columns:
        assert (type_, not_null) == COLUMNS[types[name]]
        assert default in (
            None,
            "''",
            "'[]'",
            "0",
            "0.0",
        )  # of columns that are newer than their table


COLUMNS = {
    str: ("TEXT", True),
    bool: ("INTEGER", True),
    int: ("INTEGER", True),
    float: ("REAL", True),
    str | None: ("TEXT", False),
    tuple[str, ...]: ("TEXT", True),
}


def test_members_of_older_files_have_marked_nothing(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript("".join(steps()[:2]))
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute("PRAGMA user_version = 2")
        database.execute("INSERT INTO member VALUES ('#tea', 'a1', 'founder', 1, 7, 3)")
        database.commit()
    archive = sqlite(path)
    found = records(Keeper(archive), Member)
    assert found == [Member("#tea", "a1", "founder", True, seen=7, joined=3)]
    now(archive.close())


def test_lists_are_written_so_that_people_can_read_them(service: Keeper, path: Path) -> None:
    put(service, ann)
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT ignores FROM account").fetchone() == ('["bob", "É"]',)


def test_records_are_kept_all_or_none(service: Keeper) -> None:
    wrong = Member("#tea", None)  # type: ignore[arg-type]
    with pytest.raises(ArchiveFailed):
        put(service, ann, wrong)
    assert records(service, Account) == []
    put(service, ann)
    assert records(service, Account) == [ann]


def test_records_stay(service: Keeper, path: Path) -> None:
    put(service, ann, Act("a", 1.0, "eve", "kicked bob", "#tea"))
    now(service.archive.close())
    again = Keeper(sqlite(path))
    assert repr(records(again, Account)) == repr([ann])  # not 1 for True
    assert acts(again, 9) == ["a"]
    now(again.archive.close())


# A ledger beside the service


@pytest.fixture
def ledger(service: Keeper, path: Path) -> Iterator[Ledger]:
    """Return the records as another program sees them while the service has the archive open."""
    with Ledger(path) as ledger:
        yield ledger


def test_the_service_sees_what_another_program_writes(service: Keeper, ledger: Ledger) -> None:
    now(service.archive.changed())
    ledger.put(ann, bob)
    assert now(service.archive.changed()) is True
    assert records(service, Account) == [ann, bob]
    assert now(service.archive.changed()) is False
    ledger.exchange([bob])
    assert now(service.archive.changed()) is True
    assert records(service, Account) == [ann]


def test_what_another_program_reads_is_no_change(service: Keeper, ledger: Ledger) -> None:
    now(service.archive.changed())
    ledger.records(Account)
    assert now(service.archive.changed()) is False


def test_what_was_written_before_the_first_question_is_a_change(
    service: Keeper, path: Path
) -> None:
    with Ledger(path) as ledger:
        ledger.put(ann)
    assert now(service.archive.changed()) is True


def test_a_change_is_seen_between_lines_of_the_service(service: Keeper, ledger: Ledger) -> None:
    now(service.archive.changed())
    service.keep(line("one"))
    ledger.put(ann)
    service.keep(line("two"))
    put(service, bob)
    assert now(service.archive.changed()) is True
    assert service.read() == ["one", "two"]
    assert records(service, Account) == ledger.records(Account) == [ann, bob]


def test_another_program_sees_what_the_service_writes(service: Keeper, ledger: Ledger) -> None:
    put(service, ann, bob)
    assert ledger.records(Account) == [ann, bob]
    drop(service, ann)
    assert ledger.records(Account) == [bob]


def test_a_ledger_makes_a_file_for_the_service_to_come(tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    with Ledger(new) as ledger:
        ledger.put(ann)
        keeper = Keeper(sqlite(new))  # the file is not locked any more
        assert records(keeper, Account) == [ann]
        now(keeper.archive.close())
