"""Every archive's behaviour when a room is renamed: lines, numbers, records."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest
from keeper import Keeper, Steps, finds, line, now
from twisted.internet.defer import Deferred

from chatsvc.model.records import (
    Act,
    Ban,
    FormerName,
    Happening,
    Member,
    MetadataValue,
    RoomRules,
)
from chatsvc.store.archive import NameUsed
from chatsvc.store.renaming import NewName
from chatsvc.store.search_query import Seeker

ACT = Act("a2", 2.0, "ann", "renamed #tea", "#pie")


def to(new: str, old: str = "#tea", again: bool = False) -> NewName:
    return NewName(old, new, again, (FormerName(old.lower(), new.lower()), ACT))


def nothing() -> None:
    """Switch nothing: no chat uses the archive."""


def rename(keeper: Keeper, change: NewName) -> None:
    now(keeper.archive.rename(change, nothing))


def test_lines_keep_their_numbers_under_the_new_name(keeper: Keeper) -> None:
    keeper.keep(line("one"), line("two"))
    rename(keeper, to("#pie"))
    keeper.keep(line("three", room="#pie"))
    assert keeper.numbers("#pie") == [3]
    assert keeper.read(room="#pie") == ["one", "two", "three"]
    assert keeper.read_back(room="#pie") == ["one", "two", "three"]
    assert keeper.read() == []
    assert {said.room for said in now(keeper.archive.read("#pie", 0, 9))} == {"#pie"}


def test_a_room_that_takes_the_old_name_continues_its_numbers(keeper: Keeper) -> None:
    keeper.keep(line("one"), line("two"))
    rename(keeper, to("#pie"))
    keeper.keep(line("another"))
    assert keeper.numbers()[-1] == 3
    assert keeper.read() == ["another"]
    assert keeper.read(room="#pie") == ["one", "two"]


def test_a_name_of_another_room_is_refused_and_nothing_changes(keeper: Keeper) -> None:
    keeper.keep(line("one"), line("other", room="#Pie"))
    with pytest.raises(NameUsed, match="There was another room #pie before"):
        rename(keeper, to("#pie"))
    keeper.keep(line("two"))
    assert keeper.read() == ["one", "two"]


def test_a_room_gets_its_former_name_back(keeper: Keeper) -> None:
    keeper.keep(line("one"))
    rename(keeper, to("#pie"))
    keeper.keep(line("two", room="#pie"))
    rename(keeper, to("#Tea", old="#pie", again=True))
    keeper.keep(line("three", room="#Tea"))
    assert keeper.read(room="#Tea") == ["one", "two", "three"]
    assert now(keeper.archive.reread(FormerName)) == [FormerName("#pie", "#tea")]


def test_only_the_case_of_a_name_changes(keeper: Keeper) -> None:
    keeper.keep(line("one"))
    now(keeper.archive.rename(NewName("#tea", "#Tea", True, (ACT,)), nothing))
    keeper.keep(line("two", room="#Tea"))
    assert keeper.read(room="#Tea") == ["one", "two"]
    assert now(keeper.archive.reread(FormerName)) == []


def test_a_room_without_lines_is_renamed(keeper: Keeper) -> None:
    rename(keeper, to("#pie"))
    keeper.keep(line("one", room="#pie"), line("other"))
    assert keeper.numbers("#pie") == [1]
    assert keeper.read(room="#pie") == ["one"]
    assert keeper.read() == ["other"]


def test_records_follow_their_room(keeper: Keeper) -> None:
    archive = keeper.archive
    old = (
        Member("#tea", "id-1", seen=3),
        RoomRules("#Tea", slow=2.0),
        Ban("b", "#tea", ("name=eve",), "eve"),
        MetadataValue("#tea", "url", "x"),
        Happening("#tea", 7, 1, 1.0, "ann", False, "left", "{}"),
        FormerName("#milk", "#tea"),
        Act("a1", 1.0, "ann", "kicked eve", "#Tea"),
    )
    others = (Member("#milk", "id-1"), MetadataValue("id-1", "url", "y"))
    now(archive.put(*old, *others))
    rename(keeper, NewName("#Tea", "#Pie", False, (FormerName("#tea", "#pie"), ACT)))
    assert now(archive.reread(Member)) == [Member("#milk", "id-1"), Member("#pie", "id-1", seen=3)]
    assert now(archive.reread(RoomRules)) == [RoomRules("#Pie", slow=2.0)]
    assert [ban.room for ban in now(archive.reread(Ban))] == ["#pie"]
    assert {one.owner for one in now(archive.reread(MetadataValue))} == {"#pie", "id-1"}
    assert [one.room for one in now(archive.reread(Happening))] == ["#pie"]
    assert now(archive.reread(FormerName)) == [
        FormerName("#milk", "#pie"),
        FormerName("#tea", "#pie"),
    ]
    assert [act.id for act in now(archive.acts(9, "#Pie"))] == ["a1"]


def test_a_renamed_room_is_found_by_a_search(keeper: Keeper) -> None:
    keeper.keep(line("earl grey"))
    assert finds(keeper, "earl").lines
    rename(keeper, to("#pie"))
    keeper.keep(line("grey skies", room="#pie"))
    found = finds(keeper, "grey", seeker=Seeker({"#pie": 0})).lines
    assert [(said.room, said.number) for said in found] == [("#pie", 2), ("#pie", 1)]


def begin(coroutine: Coroutine[Any, Any, Any]) -> Deferred[Any]:
    return Deferred.fromCoroutine(coroutine)


def test_lines_on_their_way_are_neither_lost_nor_moved(slow: Keeper, worker: Steps) -> None:
    slow.keep(line("before"))
    worker.pass_turns()
    switched: list[int] = []
    renamed = begin(slow.archive.rename(to("#pie"), lambda: switched.append(len(slow.said()))))
    slow.keep(line("meanwhile"), line("elsewhere", room="#milk"))
    worker.work()
    assert renamed.called
    assert switched == [1]
    slow.keep(line("after", room="#pie"))
    worker.work()
    assert [said.text for said in slow.said("#tea")] == ["before"]
    assert [(said.number, said.text) for said in slow.said("#pie")] == [
        (2, "meanwhile"),
        (3, "after"),
    ]
    assert [said.text for said in slow.said("#milk")] == ["elsewhere"]
    assert slow.archive.waiting == 0


def test_lines_of_other_rooms_do_not_wait_for_it(slow: Keeper, worker: Steps) -> None:
    slow.keep(line("before"))
    worker.pass_turns()
    renamed = begin(slow.archive.rename(to("#pie"), nothing))
    slow.keep(line("held"), line("elsewhere", room="#milk"))
    assert [said.text for said in slow.said("#milk")] == []
    worker.work()
    flushed = begin(slow.archive.flush())
    worker.work()
    assert renamed.called
    assert flushed.called
    assert [said.text for said in slow.said("#milk")] == ["elsewhere"]
    assert [said.text for said in slow.said("#pie")] == ["held"]


def test_lines_go_on_under_the_old_name_if_it_fails(slow: Keeper, worker: Steps) -> None:
    slow.keep(line("other", room="#pie"))
    worker.work()
    refused = begin(slow.archive.rename(to("#pie"), lambda: pytest.fail("it was not renamed")))
    slow.keep(line("held"))
    worker.work()
    reasons: list[str] = []
    refused.addErrback(lambda failure: reasons.append(str(failure.value)))
    assert reasons == ["There was another room #pie before. Choose a name never used here."]
    assert [said.text for said in slow.said("#tea")] == ["held"]


def test_what_is_stored_at_the_same_time_follows(slow: Keeper, worker: Steps) -> None:
    slow.keep(line("before"))
    worker.work()
    archive = slow.archive
    begin(archive.put(Member("#tea", "gone")))
    worker.work()
    renamed = begin(archive.rename(to("#pie"), nothing))
    room = "#pie" if renamed.called else "#tea"  # as everybody calls it
    begin(archive.put(Member(room, "new")))
    begin(archive.drop(Member(room, "gone")))
    begin(archive.set_topic(room, "Darjeeling", "ann", 1.0))
    worker.work()
    assert renamed.called
    read = begin(archive.reread(Member))
    worker.work()
    assert read.result == [Member("#pie", "new")]
