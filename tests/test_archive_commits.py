"""Every archive's commits: what is in one, who is told, and what happens if it fails."""

from __future__ import annotations

import gc
from collections.abc import Iterator

from conftest import at_once
from keeper import Keeper, Make, Steps, line
from twisted.internet.defer import Deferred

from chatsvc.store.archive import Commit


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
    gc.collect()  # the failure is logged when the deferred is deleted
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
