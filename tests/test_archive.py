"""What every archive promises: one suite for all of them, and for the queue before them."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from conftest import NewArchive, Worker, at_once, no_turn, start
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from chatsvc.dialects.jsonl import timestamp
from chatsvc.model.message_events import Line, Said
from chatsvc.model.room_events import Tally
from chatsvc.store.archive import EXPIRING, Archive, ArchiveFailed, Commit
from chatsvc.store.memory import MemoryArchive
from chatsvc.store.sqlite.archive import SQLArchive, Workers

Make: TypeAlias = Callable[[Any], Archive]


def sqlite(path: Path, worker: Any = at_once, turn: Any = no_turn) -> SQLArchive:
    return SQLArchive(path, Workers(*[worker] * 5), turn, start)


def now(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine gives that has nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits for something")


def line(text: str = "hi", room: str = "#tea", sender: str = "ann", **more: Any) -> Line:
    values = {"time": 1.5, "action": False, "client": sender, "tag": None, **more}
    return Line(room=room, sender=sender, text=text, **values)


class Keeper:
    """Whom an archive tells; it remembers everything."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.commits: list[Commit] = []
        self.refused: list[tuple[list[str], str]] = []
        self.rooms = archive.open(self)

    def kept(self, commit: Commit) -> Iterator[None]:
        self.commits.append(commit)
        return iter(())

    def not_kept(self, lines: list[Line], reason: str) -> None:
        self.refused.append(([line.text for line in lines], reason))

    def keep(self, *lines: Line) -> Keeper:
        for one in lines:
            self.archive.keep(one)
        return self

    def said(self, room: str = "#tea") -> list[Said]:
        """Every line of a room in the order in which it was kept."""
        return list(itertools.chain(*(commit.said.get(room, []) for commit in self.commits)))

    def numbers(self, room: str = "#tea") -> list[int]:
        return [said.number for said in self.said(room)]

    def again(self) -> list[tuple[str, int]]:
        return [(one.text, n) for commit in self.commits for one, n in commit.again]

    def read(self, after: int = 0, limit: int = 100, room: str = "#tea") -> list[str]:
        return [said.text for said in now(self.archive.read(room, after, limit))]

    def read_back(self, before: int = 10**9, limit: int = 100, room: str = "#tea") -> list[str]:
        return [said.text for said in now(self.archive.read_back(room, before, limit))]


class Steps(Worker):
    """A worker, and the turns of a reactor, one step after the other; no test waits forever."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = Worker()

    async def turn(self) -> None:
        await self.turns(int)

    def pass_turns(self) -> None:
        for _ in range(100):
            if self.turns.pieces:
                self.turns.step()

    def fail(self) -> None:
        """Let the commit that waits fail before it is made."""
        self.pass_turns()
        done, *_ = self.pieces.pop()
        done.errback(ArchiveFailed("The disk is full."))

    def work(self) -> None:
        for _ in range(100):
            self.pass_turns()
            if self.pieces:
                self.step()


@pytest.fixture
def make(new_archive: NewArchive) -> Iterator[Make]:
    """Makes an archive that uses the given worker."""
    made: list[tuple[Archive, Any]] = []

    def make(worker: Any) -> Archive:
        archive = new_archive(worker, worker.turn if isinstance(worker, Steps) else no_turn)
        made.append((archive, worker))
        return archive

    yield make
    for archive, worker in made:
        closed = Deferred.fromCoroutine(archive.close())
        if isinstance(worker, Steps):
            worker.work()
        assert closed.called


@pytest.fixture
def keeper(make: Make) -> Keeper:
    return Keeper(make(at_once))


@pytest.fixture
def worker() -> Steps:
    return Steps()


@pytest.fixture
def slow(make: Make, worker: Steps) -> Keeper:
    """A keeper whose archive works when `worker` is told to."""
    return Keeper(make(worker))


rooms = map("#{}".format, itertools.count())
in_new_rooms = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def keepers(archives: dict[str, Archive]) -> list[Keeper]:
    """One keeper for each store: pytest-twisted cannot run a parametrized test of hypothesis."""
    return [Keeper(archive) for archive in archives.values()]


# Numbers


def test_lines_are_numbered_from_one_without_gaps_over_many_commits(keeper: Keeper) -> None:
    keeper.keep(*(line(str(n)) for n in range(50)))
    assert keeper.numbers() == list(range(1, 51))
    assert keeper.read() == [str(n) for n in range(50)]


def test_a_new_archive_has_no_rooms(keeper: Keeper) -> None:
    assert keeper.rooms == []


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


def test_a_line_is_readable_before_its_keeper_is_told(make: Make) -> None:
    class Reader(Keeper):
        def kept(self, commit: Commit) -> Iterator[None]:
            assert [said.text for said in commit.said["#tea"]] == self.read()[-1:]
            return super().kept(commit)

    keeper = Reader(make(at_once)).keep(line("one"), line("two"))
    assert keeper.read() == ["one", "two"]


def test_nobody_is_told_of_a_line_before_it_is_kept(slow: Keeper, worker: Steps) -> None:
    slow.keep(line("one"))
    worker.pass_turns()
    assert slow.said() == []
    worker.step()
    assert slow.numbers() == [1]


# Commits


def test_lines_of_one_turn_become_one_commit(slow: Keeper, worker: Steps) -> None:
    slow.keep(line("one"), line("two", "#pie"), line("three"))
    assert worker.pieces == []
    worker.work()
    assert [list(commit.said) for commit in slow.commits] == [["#tea", "#pie"]]
    assert slow.numbers() == [1, 2]


def test_lines_that_come_during_a_commit_become_the_next_one(slow: Keeper, worker: Steps) -> None:
    slow.keep(line("one"))
    worker.pass_turns()
    slow.keep(line("two"), line("three"))
    worker.work()
    assert [len(commit.said["#tea"]) for commit in slow.commits] == [1, 2]
    assert slow.numbers() == [1, 2, 3]


def test_a_line_said_while_another_is_shown_is_kept(make: Make, worker: Steps) -> None:
    class Answerer(Keeper):
        def kept(self, commit: Commit) -> Iterator[None]:
            if not self.commits:
                self.keep(line("an answer"))
            return super().kept(commit)

    keeper = Answerer(make(worker)).keep(line("a question"))
    worker.work()
    assert [said.text for said in keeper.said()] == ["a question", "an answer"]


def test_the_next_commit_is_under_way_while_a_long_one_is_shown(make: Make, worker: Steps) -> None:
    class Slow(Keeper):
        def kept(self, commit: Commit) -> Iterator[None]:
            super().kept(commit)
            yield
            yield

    keeper = Slow(make(worker)).keep(line("one"))
    worker.pass_turns()
    worker.step()
    keeper.keep(line("two"))
    worker.pass_turns()
    assert keeper.numbers() == [1]
    assert len(worker.pieces) == 1
    worker.work()
    assert keeper.numbers() == [1, 2]


def test_the_next_commit_has_no_lines_of_rooms_that_are_still_to_be_shown_others(
    make: Make, worker: Steps
) -> None:
    class RoomByRoom(Keeper):
        def kept(self, commit: Commit) -> Iterator[None]:
            self.commits.append(Commit(dict(commit.said)))
            for room in list(commit.said):
                del commit.said[room]
                yield

    keeper = RoomByRoom(make(worker))
    keeper.keep(line("one", room="#tea"), line("one", room="#coffee"))
    worker.pass_turns()
    worker.step()
    keeper.keep(line("two", room="#tea"), line("two", room="#coffee"))
    worker.work()
    assert [list(commit.said) for commit in keeper.commits] == [
        ["#tea", "#coffee"],
        ["#tea"],
        ["#coffee"],
    ]
    assert keeper.numbers("#tea") == keeper.numbers("#coffee") == [1, 2]


def test_a_commit_that_is_under_way_is_not_lost_when_showing_fails(
    make: Make, worker: Steps, nothing_fails_anywhere: list[object]
) -> None:
    class Failing(Keeper):
        def kept(self, commit: Commit) -> Iterator[None]:
            super().kept(commit)
            if len(self.commits) == 1:
                yield
                yield
                raise ZeroDivisionError

    keeper = Failing(make(worker)).keep(line("one"))
    worker.pass_turns()
    worker.step()
    keeper.keep(line("two"))
    worker.work()
    gc.collect()  # the failure is logged when nobody can ask for it any more
    assert len(nothing_fails_anywhere) > 0
    nothing_fails_anywhere.clear()
    assert keeper.numbers() == [1, 2]
    assert keeper.archive.waiting == 0


def test_an_archive_knows_how_many_lines_wait(slow: Keeper, worker: Steps) -> None:
    slow.keep(line("one"))
    worker.pass_turns()
    slow.keep(line("two"), line("three"))
    assert slow.archive.waiting == 3
    worker.step()
    assert slow.archive.waiting == 2
    worker.work()
    assert slow.archive.waiting == 0


def test_a_commit_that_fails_refuses_its_lines_and_wastes_no_numbers(
    slow: Keeper, worker: Steps
) -> None:
    slow.keep(line("one"))
    worker.work()
    slow.keep(line("two"), line("three", "#pie"))
    worker.fail()
    slow.keep(line("four"))
    worker.work()
    assert slow.refused == [(["two", "three"], "The disk is full.")]
    assert [(said.number, said.text) for said in slow.said()] == [(1, "one"), (2, "four")]
    assert slow.archive.waiting == 0


def test_lines_that_come_during_a_commit_that_fails_are_kept(slow: Keeper, worker: Steps) -> None:
    slow.keep(line("one"))
    worker.pass_turns()
    slow.keep(line("two"))
    worker.fail()
    worker.work()
    assert [(said.number, said.text) for said in slow.said()] == [(1, "two")]


def test_flushing_waits_for_what_waits(slow: Keeper, worker: Steps) -> None:
    slow.keep(line("one"), line("two"), line("three"))
    flushed = Deferred.fromCoroutine(slow.archive.flush())
    assert not flushed.called
    worker.work()
    assert flushed.called
    assert slow.numbers() == [1, 2, 3]


# Reading


@pytest.fixture
def ten(keeper: Keeper) -> Keeper:
    return keeper.keep(*(line(str(n)) for n in range(1, 11)))


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


# Lines that go


def scrub(keeper: Keeper) -> None:
    for _ in range(10_000):
        if not now(keeper.archive.scrub()):
            return
    raise AssertionError("it does not end")


def delete(keeper: Keeper, number: int, room: str = "#tea", by: str = "eve") -> Any:
    return now(keeper.archive.delete(room, number, by))


def expire(keeper: Keeper, before: float, room: str = "#tea") -> Any:
    return now(keeper.archive.expire(room, before))


def tallies(keeper: Keeper) -> list[Tally]:
    return list(now(keeper.archive.tallies("#tea", 9)))


def test_a_deleted_line_keeps_everything_but_its_text(keeper: Keeper) -> None:
    keeper.keep(line("one"), line("two", client="c", tag="t", account="Ann"), line("three"))
    gone = Said("#tea", 2, 1.5, "ann", "", False, "c", "t", "Ann", False, "eve")
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


# The archive in memory


def test_memory_forgets_the_oldest_lines_and_goes_on_counting() -> None:
    keeper = Keeper(MemoryArchive(at_once, no_turn, start, size=3))
    keeper.keep(*(line(str(n)) for n in range(1, 6)))
    assert keeper.numbers() == [1, 2, 3, 4, 5]
    assert keeper.read() == ["3", "4", "5"]
    assert keeper.read(after=3) == ["4", "5"]
    assert keeper.read_back(before=5) == ["3", "4"]
    assert keeper.read_back(before=2) == []


def test_memory_forgets_the_oldest_tags() -> None:
    keeper = Keeper(MemoryArchive(at_once, no_turn, start, size=2))
    keeper.keep(*(line(tag=tag) for tag in ("t1", "t2", "t3", "t2", "t1")))
    assert keeper.numbers() == [1, 2, 3, 4]
    assert keeper.again() == [("hi", 2)]


def test_memory_forgets_the_oldest_lines_when_some_have_expired_before() -> None:
    keeper = Keeper(MemoryArchive(at_once, no_turn, start, size=3))
    keeper.keep(line("1", time=1.0), line("2", time=2.0), line("3", time=3.0))
    assert expire(keeper, 3.0) == 2
    assert keeper.keep(line("4"), line("5")).read() == ["3", "4", "5"]
    assert keeper.keep(line("6")).read() == ["4", "5", "6"]
