"""Every archive's behaviour with lines: numbers, reading, times, tags, tallies and topics."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from keeper import Keeper, Steps, in_new_rooms, line, now

from chatsvc.dialects.jsonl import timestamp
from chatsvc.model.message_events import Said
from chatsvc.model.room_events import Tally

rooms = map("#{}".format, itertools.count())


# Numbers


def test_lines_are_numbered_from_one_without_gaps_over_many_commits(keeper: Keeper) -> None:
    keeper.keep(*(line(str(n)) for n in range(50)))
    assert keeper.numbers() == list(range(1, 51))
    assert keeper.read() == [str(n) for n in range(50)]


def test_a_new_archive_has_no_rooms(keeper: Keeper) -> None:
    assert keeper.rooms == []


def test_every_commit_is_timed_and_every_check_succeeds(keeper: Keeper) -> None:
    keeper.keep(line(), line())
    keeper.keep(line())
    now(keeper.archive.check())
    now(keeper.archive.checkpoint())
    assert 1 <= keeper.archive.commits.times.count <= 3
    assert 0 < keeper.archive.commits.times.sum < 60


def test_every_room_has_numbers_of_its_own(keeper: Keeper) -> None:
    keeper.keep(*(line(room=room) for room in ("#tea", "#pie", "#tea", "#pie", "#tea")))
    assert keeper.numbers("#tea") == [1, 2, 3]
    assert keeper.numbers("#pie") == [1, 2]


def test_what_is_kept_is_what_was_said(keeper: Keeper) -> None:
    keeper.keep(line("waves", action=True, client="c-1", tag="t-1", account="Ann", quiet=True))
    (said,) = keeper.said()
    assert said == Said("#tea", 1, 1.5, "ann", "waves", True, "c-1", "t-1", "Ann", True)
    (read,) = now(keeper.archive.read("#tea", 0, 9))
    assert read == said
    assert [type(value) for value in read] == [type(value) for value in said]


@pytest.mark.parametrize(
    "how",
    [{"action": True}, {"notice": True}, {"bot": True}, {"bot": True, "notice": True},
     {"bot": True, "action": True}, {"signs": {"draft/reply": "#tea-1", "é": ""}}],
)  # fmt: skip
def test_how_it_was_said_is_kept(keeper: Keeper, how: dict[str, Any]) -> None:
    keeper.keep(line("hi", **how))
    (read,) = now(keeper.archive.read("#tea", 0, 9))
    plain = {"action": False, "notice": False, "bot": False, "signs": None}
    assert {name: getattr(read, name) for name in plain} == {**plain, **how}


def test_a_deleted_line_has_no_client_tags(keeper: Keeper) -> None:
    keeper.keep(line("hi", signs={"a": "b"}))
    now(keeper.archive.delete("#tea", 1, "eve"))
    (read,) = now(keeper.archive.read("#tea", 0, 9))
    assert (read.text, read.signs) == ("", None)


# Reading


def test_reading_gives_the_first_lines_after_a_number(ten: Keeper) -> None:
    assert ten.read(after=0, limit=3) == ["1", "2", "3"]
    assert ten.read(after=3, limit=3) == ["4", "5", "6"]
    assert ten.read(after=8, limit=3) == ["9", "10"]
    assert ten.read(after=10) == []
    assert ten.read(after=99) == []


def test_reading_back_gives_the_last_lines_before_a_number_in_order(ten: Keeper) -> None:
    assert ten.read_back(limit=3) == ["8", "9", "10"]
    assert ten.read_back(before=8, limit=3) == ["5", "6", "7"]
    assert ten.read_back(before=3, limit=3) == ["1", "2"]
    assert ten.read_back(before=1) == []


def test_a_room_nobody_has_spoken_in_is_empty(ten: Keeper) -> None:
    assert ten.read(room="#pie") == []
    assert ten.read_back(room="#pie") == []
    assert now(ten.archive.tallies("#pie", 9)) == []


@given(st.integers(0, 12), st.integers(1, 12))
@in_new_rooms
def test_any_page_is_a_slice_of_the_room(keepers: list[Keeper], number: int, limit: int) -> None:
    every = [str(n) for n in range(1, 11)]
    for keeper in keepers:
        if not keeper.commits:
            keeper.keep(*map(line, every))
        assert keeper.read(number, limit) == every[number:][:limit]
        assert keeper.read_back(number, limit) == every[: max(0, number - 1)][-limit:]


@given(st.lists(st.tuples(st.text(), st.text(), st.text()), min_size=1, max_size=3))
@example([("\x00", "a\x00b", "\x00"), ("'; --", "\U0001f600\ufffe", '"')])
@in_new_rooms
def test_any_unicode_survives(keepers: list[Keeper], texts: list[tuple[str, str, str]]) -> None:
    room = next(rooms)
    for keeper in keepers:
        keeper.keep(*(line(text, room, sender, client=client) for text, sender, client in texts))
        read = now(keeper.archive.read(room, 0, 100))
        assert [(said.text, said.sender, said.client) for said in read] == texts


@given(st.integers(1_700_000_000_000, 4_000_000_000_000).map(lambda ms: ms / 1000))
@example(1_700_000_000.123)
@example(1_797_888_684.982)
@in_new_rooms
def test_a_line_is_read_with_the_time_it_was_shown_with(keepers: list[Keeper], time: float) -> None:
    room = next(rooms)
    for keeper in keepers:
        keeper.keep(line(room=room, time=time))
        (shown,), (read,) = keeper.said(room), now(keeper.archive.read(room, 0, 1))
        assert timestamp(read.time) == timestamp(shown.time)


# Times


def test_the_first_number_that_is_not_earlier_than_a_time(keeper: Keeper) -> None:
    at = lambda time: now(keeper.archive.number_at("#tea", time))  # noqa: E731
    assert at(1.0) == 1
    keeper.keep(*(line(time=time) for time in (1.0, 1.0, 2.001, 2.002)))
    assert [at(0), at(1.0), at(1.001), at(2.001), at(2.002), at(2.003)] == [1, 1, 3, 3, 4, 5]
    now(keeper.archive.expire("#tea", 2.0))
    assert [at(0), at(1.0), at(2.002), at(9e9)] == [3, 3, 4, 5]
    now(keeper.archive.expire("#tea", 9e9))
    assert [at(0), at(9e9)] == [5, 5]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(0, 10))
@in_new_rooms
def test_where_the_clock_was_set_back_the_time_passes_there(
    keepers: list[Keeper], times: list[int], time: int
) -> None:
    room = next(rooms)
    for keeper in keepers:
        keeper.keep(*(line(room=room, time=float(each)) for each in times))
        number = now(keeper.archive.number_at(room, time))
        assert number == 1 or times[number - 2] < time
        assert number == len(times) + 1 or times[number - 1] >= time
        assert times != sorted(times) or number == sum(each < time for each in times) + 1


# Tags


def test_a_tag_in_a_later_commit_is_not_kept_again(keeper: Keeper) -> None:
    keeper.keep(line("one", tag="t1"), line("two"), line("one", tag="t1"))
    assert keeper.read() == ["one", "two"]
    assert keeper.again() == [("one", 1)]


def test_a_tag_in_the_same_commit_is_not_kept_again(slow: Keeper, worker: Steps) -> None:
    slow.keep(line("zero"), line("one", tag="t1"), line("one", tag="t1"), line("two"))
    worker.work()
    assert len(slow.commits) == 1
    assert [(said.number, said.text) for said in slow.said()] == [
        (1, "zero"),
        (2, "one"),
        (3, "two"),
    ]
    assert slow.again() == [("one", 2)]


def test_a_tag_is_its_clients_own(keeper: Keeper) -> None:
    keeper.keep(line("one", client="c1", tag="t"), line("two", client="c2", tag="t"))
    assert keeper.read() == ["one", "two"]
    assert keeper.again() == []


def test_lines_without_a_tag_may_be_said_again(keeper: Keeper) -> None:
    keeper.keep(line("hi"), line("hi"))
    assert keeper.numbers() == [1, 2]


def test_a_tag_of_a_line_that_was_refused_can_be_used_again(slow: Keeper, worker: Steps) -> None:
    slow.keep(line("one", tag="t1"))
    worker.fail()
    slow.keep(line("one", tag="t1"))
    worker.work()
    assert slow.numbers() == [1]


def test_a_commit_of_nothing_but_old_lines_keeps_nothing(keeper: Keeper) -> None:
    keeper.keep(line("one", tag="t1"), line("one", tag="t1"))
    assert keeper.commits[-1].said == {}


# Tallies and topics


def test_tallies_count_lines_and_bytes_by_person(keeper: Keeper) -> None:
    keeper.keep(line("hi"), line("hé"), line("x", sender="bob"), line("y", "#pie", "eve"))
    assert now(keeper.archive.tallies("#tea", 9)) == [Tally("ann", 2, 5), Tally("bob", 1, 1)]


def test_those_who_say_most_come_first_and_the_rest_is_left_out(keeper: Keeper) -> None:
    keeper.keep(*(line(sender=name) for name in ("zoe", "eve", "dan", "ann", "eve")))
    tallies = now(keeper.archive.tallies("#tea", 3))
    assert [tally.name for tally in tallies] == ["eve", "ann", "dan"]


def test_a_line_sent_again_is_counted_once(keeper: Keeper) -> None:
    keeper.keep(line("one", tag="t1"), line("one", tag="t1"))
    assert now(keeper.archive.tallies("#tea", 9)) == [Tally("ann", 1, 3)]


def test_a_topic_can_be_set_and_changes_no_number(keeper: Keeper) -> None:
    keeper.keep(line("one"))
    assert now(keeper.archive.set_topic("#tea", "cakes", "ann", 2.5)) is None
    keeper.keep(line("two"))
    assert keeper.numbers() == [1, 2]
