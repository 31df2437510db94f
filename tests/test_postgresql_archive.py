"""The archive in PostgreSQL beyond the contract: lost answers, other programs, limits of words."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from threading import Thread
from typing import Any, TypeVar, get_args, get_type_hints

import pytest
from conftest import at_once, no_turn, start
from keeper import (
    Keeper,
    delete,
    expire,
    finds,
    line,
    now,
    tallies,
    texts,
)
from postgresql_archives import Open, execute
from waiting import wait_until

from chatsvc.model.records import Account, Act, Fact, FormerName, Member, Record
from chatsvc.store.archive import ArchiveFailed, Workers
from chatsvc.store.location import Database
from chatsvc.store.postgresql.opening import postgresql_archive
from chatsvc.store.renaming import NewName
from chatsvc.store.search_query import Seeker

T = TypeVar("T")


@pytest.fixture
def keeper(open_database: Open) -> Keeper:
    return open_database()


# Answers that are lost


@pytest.fixture
def lossy(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> Keeper:
    """Return a keeper whose archive never gets the first answer, though the work is done."""
    import psycopg

    from chatsvc.store.postgresql.connection import Connection, Link

    run = Connection.run

    def run_twice(self: Connection, work: Callable[[Link], T]) -> T:
        answers = 0

        def lose(link: Link) -> T:
            nonlocal answers
            result, answers = work(link), answers + 1
            if answers == 1:
                raise psycopg.OperationalError("the connection was lost")
            return result

        return run(self, lose)

    monkeypatch.setattr(Connection, "run", run_twice)
    return keeper


def test_lines_whose_answer_was_lost_are_stored_once_and_shown(lossy: Keeper) -> None:
    lossy.keep(line("one"), line("two", tag="t"), line("three", room="#pie", tag="u"))
    lossy.keep(line("four"))
    assert lossy.numbers() == [1, 2, 3]
    assert lossy.numbers("#pie") == [1]
    assert [said.tag for said in lossy.said()] == [None, "t", None]
    assert lossy.read() == ["one", "two", "four"]
    assert (lossy.again(), lossy.refused) == ([], [])


def test_a_line_that_was_known_before_is_not_shown_again(lossy: Keeper) -> None:
    lossy.keep(line("one", tag="t"))
    lossy.keep(line("two"), line("one", tag="t"), line("three"), line("two", tag="u"))
    lossy.keep(line("two", tag="u"))
    assert lossy.numbers() == [1, 2, 3, 4]
    assert lossy.again() == [("one", 1), ("two", 4)]
    assert lossy.read() == ["one", "two", "three", "two"]


def test_what_else_is_written_twice_is_the_same(lossy: Keeper) -> None:
    archive = lossy.archive
    lossy.keep(*(line(text, time=float(n)) for n, text in enumerate(("a", "bb", "ccc", "dddd"))))
    now(archive.set_topic("#tea", "Assam", "ann", 1.0))
    assert [(one.lines, one.bytes) for one in tallies(lossy)] == [(4, 10)]
    assert delete(lossy, 2).deleted == "eve"
    now(archive.erase("#tea", [3], "eve", Fact("erased", "3")))
    assert expire(lossy, 1.0) == 1
    assert [(one.lines, one.bytes) for one in tallies(lossy)] == [(2, 5)]
    now(archive.put(Act("a", 1.0, "eve", "x", ""), Act("b", 1.0, "eve", "y", "")))
    now(archive.drop(Fact("erased", "3")))
    assert [act.id for act in now(archive.acts(9))] == ["a", "b"]
    records = (FormerName("#tea", "#pie"),)
    now(archive.rename(NewName("#tea", "#pie", False, records), lambda: None))
    lossy.keep(line("five", room="#pie"), line("new"))
    assert lossy.read(room="#pie") == ["", "", "dddd", "five"]
    assert (lossy.numbers("#pie"), lossy.numbers()[-1]) == ([5], 5)
    assert now(archive.reread(FormerName)) == list(records)
    assert now(archive.reread(Fact)) == []


def test_texts_may_contain_what_postgresql_cannot_store(keeper: Keeper) -> None:
    odd = "\0 \ufdd0 \ufdd01"
    keeper.keep(line(odd, tag="\x01 tag", signs={"a": odd}), line(odd, tag="\x01= tag"))
    first, second = now(keeper.archive.read("#tea", 0, 9))
    assert (first.text, first.tag, first.signs) == (odd, "\x01 tag", {"a": odd})
    assert (second.text, second.tag) == (odd, "\x01= tag")


# Other programs, and other versions


def test_a_database_has_one_service(keeper: Keeper, database: Database) -> None:
    keeper.keep(line("one"))
    other = postgresql_archive(database, Workers(*[at_once] * 5), no_turn, start)
    with pytest.raises(ArchiveFailed, match="another chatsvc is using it"):
        other.open(keeper)
    assert keeper.keep(line("two")).numbers() == [1, 2]


def test_a_service_notices_what_another_program_writes(keeper: Keeper, database: Database) -> None:
    from chatsvc.store.postgresql.offline import Ledger, LineReader

    ann, bob = Account("a1", "ann", "x"), Account("b2", "bob", "x")
    keeper.keep(line("one"))
    with Ledger(database) as ledger:
        assert now(keeper.archive.changed()) is False
        ledger.put(ann, bob)
        assert now(keeper.archive.changed()) is True
        assert now(keeper.archive.reread(Account)) == ledger.records(Account) == [ann, bob]
        assert now(keeper.archive.changed()) is False
        ledger.exchange([bob])
        assert now(keeper.archive.changed()) is True
        assert ledger.rooms() == {"#tea": 1}
    assert now(keeper.archive.reread(Account)) == [ann]
    with LineReader(database) as reader:
        assert [said.text for said in reader.after("#tea", 0, 9)] == ["one"]


def test_everything_is_there_after_a_restart(open_database: Open) -> None:
    keeper = open_database().keep(*(line(f"tea {n}", time=float(n)) for n in range(3)))
    now(keeper.archive.set_topic("#tea", "Assam", "ann", 1.5))
    expire(keeper, 9.0)
    keeper = open_database()
    (room,) = keeper.rooms
    assert (room.name, room.last, room.time) == ("#tea", 3, None)
    assert (room.topic, room.topic_by, room.topic_time) == ("Assam", "ann", 1.5)
    assert keeper.keep(line("tea 3", time=5.0)).numbers() == [4]
    assert texts(open_database(), "tea") == ["tea 3"]
    assert open_database().rooms[0].time == 5.0


# Words that a tsvector cannot hold


LONG = "x" * 300  # more than are stored


@pytest.mark.parametrize("query", [LONG, f"{LONG}*", f"{LONG[:299]}*", f'"{LONG} tea"'])
def test_words_longer_than_the_index_stores_are_found(keeper: Keeper, query: str) -> None:
    keeper.keep(line(f"{LONG} tea"), line(f"{LONG[:-2]}y tea"))
    assert texts(keeper, query) == [f"{LONG} tea"]


@pytest.mark.parametrize("newest", [9, 0])
def test_long_words_that_begin_alike_are_told_apart_when_excluded(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch, newest: int
) -> None:
    from chatsvc.store.postgresql import index_search

    monkeypatch.setattr(index_search, "NEWEST", newest)  # lines without using the index of words
    monkeypatch.setattr(index_search, "SCATTERED", 10**9)
    keeper.keep(line(f"tea {LONG}"), line(f"tea {LONG[:-1]}"))
    assert texts(keeper, f"tea -{LONG}") == [f"tea {LONG[:-1]}"]


def test_a_phrase_is_found_behind_many_places_of_its_words(keeper: Keeper) -> None:
    often = "a b " * 400
    keeper.keep(line(f"{often}b a c"), line(f"{often}c"))
    assert texts(keeper, '"b a c"') == [f"{often}b a c"]
    assert texts(keeper, '"a b c"') == [f"{often}c"]
    assert texts(keeper, 'a -"b a c"') == [f"{often}c"]


# The index


def test_an_index_that_spells_otherwise_is_made_again_latest_lines_first(
    open_database: Open, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatsvc.store.postgresql import word_index

    for name, value in (("BATCH", 5), ("FEW", 2), ("PORTION", 3)):
        monkeypatch.setattr(word_index, name, value)
    rooms = ["#tea", "#tea", "#pie", "#cup"]
    everywhere = Seeker(dict.fromkeys(rooms, 0))
    keeper = open_database()
    for n in range(40):
        keeper.keep(line(f"tea {n}", rooms[n % 4], time=float(n)))
    delete(keeper, 3)  # tea 4
    texts(keeper, "tea")
    execute(database, "UPDATE chatsvc SET letters = 'old'")
    keeper = open_database().keep(line("tea 40", time=40.0))
    first = finds(keeper, "tea", seeker=everywhere)
    assert ([said.text for said in first.lines], first.unfinished) == (["tea 40"], True)
    assert now(keeper.archive.index()) > 0
    found = [said.text for said in finds(keeper, "tea", seeker=everywhere).lines]
    assert found == [f"tea {n}" for n in range(40, 34, -1)]
    while now(keeper.archive.index()):
        pass
    last = finds(keeper, "tea", seeker=everywhere)
    assert [said.text for said in last.lines] == [f"tea {n}" for n in range(40, -1, -1) if n != 4]
    assert not last.unfinished


def test_a_former_leader_may_still_be_adding_its_lines(keeper: Keeper, database: Database) -> None:
    from chatsvc.store.postgresql.connection import connect
    from chatsvc.store.postgresql.word_index import LOCK, Index

    keeper.keep(*(line(f"tea {n}") for n in range(5)))
    indexes = [Index(database), Index(database)]
    left: list[int] = []
    threads = [Thread(target=lambda one=one: left.append(one.catch_up())) for one in indexes]
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'"
    with connect(database) as link:
        with link.transaction():
            link.execute(LOCK.encode())
            for thread in threads:
                thread.start()
            wait_until(lambda: execute(database, waiting) == [(2,)], "both")
        for thread in threads:
            thread.join()
    assert left == [0, 0]
    assert execute(database, "SELECT number FROM words ORDER BY id") == [(n,) for n in range(1, 6)]
    for one in indexes:
        one.close()


def test_the_size_is_that_of_the_lines_that_are_left(keeper: Keeper) -> None:
    def used() -> int:
        return int(now(keeper.archive.used()))

    assert used() == 0
    keeper.keep(*(line("x" * 1000, time=float(n)) for n in range(20)))
    assert 20_000 < used() < 30_000
    assert expire(keeper, 10.0) == 10
    assert 10_000 < used() < 15_000
    assert expire(keeper, 99.0) == 10
    assert used() == 0


# Tables


def test_records_are_kept_all_or_none(keeper: Keeper) -> None:
    ann = Account("a1", "ann", "x")
    with pytest.raises(ArchiveFailed, match="Cannot use the archive"):
        now(keeper.archive.put(ann, Member("#tea", None)))  # type: ignore[arg-type]
    assert now(keeper.archive.reread(Account)) == []
    now(keeper.archive.put(ann))
    assert now(keeper.archive.reread(Account)) == [ann]


RELEASED = (  # add a line for each new step; never change one
    "bedb8de45bad7d2463ea66b51e6651a587309195ea0da9788f5cf9e58dd09285",
    "7aeb8ea4b758da60600a8f73653e3edba4909addb3043c1d5d45c3e8f4671bb3",
)


def test_steps_of_the_schema_never_change() -> None:
    from chatsvc.store.postgresql.migrations import steps

    assert [sha256(step.encode()).hexdigest() for step in steps()] == list(RELEASED)


@pytest.mark.parametrize("kind", get_args(Record))
def test_the_columns_of_a_table_are_the_fields_of_its_records(
    keeper: Keeper, database: Database, kind: Any
) -> None:
    rows = execute(
        database,
        "SELECT column_name, data_type, is_nullable, collation_name FROM information_schema.columns"
        f" WHERE table_name = '{kind.TABLE}' AND table_schema = current_schema()"
        " ORDER BY ordinal_position",
    )
    types = get_type_hints(kind)
    expected = [(name, *COLUMNS[types[name]]) for name in kind.__match_args__]
    assert [row for row in rows if row[0] != "position"] == expected  # acts are in their order


COLUMNS = {
    str: ("text", "NO", "C"),
    bool: ("boolean", "NO", None),
    int: ("bigint", "NO", None),
    float: ("double precision", "NO", None),
    str | None: ("text", "YES", "C"),
    tuple[str, ...]: ("text", "NO", "C"),
}


def test_a_field_that_is_newer_than_its_table_gets_its_default(
    open_database: Open, database: Database
) -> None:
    ann = Account("a1", "ann", "x")
    now(open_database().archive.put(ann))
    execute(
        database,
        "ALTER TABLE account DROP COLUMN certificates, DROP COLUMN disabled, DROP COLUMN since,"
        " DROP COLUMN email, DROP COLUMN away",
    )
    assert now(open_database().archive.reread(Account)) == [ann]


def test_the_archive_of_a_newer_chatsvc_is_refused(open_database: Open, database: Database) -> None:
    open_database()
    execute(database, "UPDATE chatsvc SET version = 99")
    with pytest.raises(ArchiveFailed, match="written by a newer chatsvc"):
        open_database()


def test_a_database_of_another_program_is_refused_and_unchanged(
    open_database: Open, database: Database
) -> None:
    execute(database, "CREATE TABLE account (number integer)")
    with pytest.raises(ArchiveFailed, match="contains tables of another program"):
        open_database()
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
    assert execute(database, tables) == [(1,)]
