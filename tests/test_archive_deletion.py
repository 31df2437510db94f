"""Every archive's deleted and expired lines."""

from __future__ import annotations

import pytest
from keeper import Keeper, delete, expire, line, now, tallies

from chatsvc.model.message_events import Said
from chatsvc.model.room_events import Tally
from chatsvc.store.archive import EXPIRING


def test_a_deleted_line_keeps_everything_but_its_text(keeper: Keeper) -> None:
    keeper.keep(line("one"), line("two", client="c", tag="t", account="Ann"), line("three"))
    gone = Said("#tea", 2, 1.5, "ann", "", False, "c", "t", "Ann", deleted="eve")
    assert delete(keeper, 2) == gone
    one, two, three = now(keeper.archive.read("#tea", 0, 9))
    assert (one.text, two, three.text) == ("one", gone, "three")
    assert now(keeper.archive.read_back("#tea", 3, 1)) == [gone]


def test_only_the_line_that_is_meant_is_deleted(ten: Keeper) -> None:
    ten.keep(line("pie", "#pie"))
    assert delete(ten, 1, "#tea").number == 1
    assert delete(ten, 1, "#cup") is None
    assert delete(ten, 0) is None
    assert delete(ten, 11) is None
    assert ten.read() == ["", *map(str, range(2, 11))]
    assert ten.read(room="#pie") == ["pie"]


def test_a_line_can_be_deleted_again(keeper: Keeper) -> None:
    keeper.keep(line("one"), line("two"))
    tallies(keeper)
    delete(keeper, 1)
    assert delete(keeper, 1, by="dan").deleted == "dan"
    assert tallies(keeper) == [Tally("ann", 1, 3)]


def test_a_deleted_line_that_is_sent_again_is_not_kept_again(keeper: Keeper) -> None:
    keeper.keep(line("one", tag="t1"))
    delete(keeper, 1)
    keeper.keep(line("one", tag="t1"))
    assert keeper.read() == [""]
    assert keeper.again() == [("one", 1)]


def test_a_deleted_line_does_not_count(keeper: Keeper) -> None:
    keeper.keep(line("one"), line("bye", sender="bob"), line("hé"), line("four"))
    delete(keeper, 1)
    assert tallies(keeper) == [Tally("ann", 2, 7), Tally("bob", 1, 3)]
    keeper.keep(line("five"), line("six"))
    for number in (2, 3, 5):
        delete(keeper, number)
    assert tallies(keeper) == [Tally("ann", 2, 7)]


def test_old_lines_expire_and_the_others_keep_their_numbers(keeper: Keeper) -> None:
    keeper.keep(*(line(str(time), time=time) for time in (1.0, 2.0, 3.0, 4.0)))
    keeper.keep(line("pie", "#pie", time=1.0))
    assert expire(keeper, 3.0) == 2
    assert expire(keeper, 3.0) == 0
    assert keeper.keep(line("five", time=5.0)).numbers() == [1, 2, 3, 4, 5]
    read = now(keeper.archive.read("#tea", 0, 9))
    assert [(said.number, said.text) for said in read] == [(3, "3.0"), (4, "4.0"), (5, "five")]
    assert keeper.read_back(5) == ["3.0", "4.0"]
    assert keeper.read(room="#pie") == ["pie"]


def test_a_room_whose_lines_have_all_expired_goes_on(keeper: Keeper) -> None:
    keeper.keep(line("one"), line("two"))
    assert expire(keeper, 9.0) == 2
    assert keeper.read() == keeper.read_back() == []
    assert delete(keeper, 1) is None
    keeper.keep(line("three"))
    assert (keeper.numbers(), keeper.read()) == ([1, 2, 3], ["three"])


def test_a_line_does_not_expire_before_those_ahead_of_it(keeper: Keeper) -> None:
    keeper.keep(line("one", time=1.0), line("late", time=9.0), line("three", time=2.0))
    assert expire(keeper, 5.0) == 1
    assert keeper.read() == ["late", "three"]


@pytest.mark.slow
def test_many_lines_expire_in_several_turns(keeper: Keeper) -> None:
    for number in range(EXPIRING + 10):
        keeper.keep(line(str(number)))
    assert [expire(keeper, 2.0) for _ in range(3)] == [EXPIRING, 10, 0]


def test_nothing_expires_in_a_room_nobody_has_spoken_in(keeper: Keeper) -> None:
    assert expire(keeper, 9.0) == 0
