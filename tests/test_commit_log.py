"""How much was stored recently, by a clock that the test sets."""

from __future__ import annotations

import pytest
from keeper import line

from chatsvc.model.message_events import Line
from chatsvc.store.commit_log import CommitLog, Pace


class Clock:
    """A commit that takes as long as the test says."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.log = CommitLog(lambda: self.now)

    def commit(self, lines: int, took: float) -> None:
        def work(lines: list[Line]) -> int:
            self.now += took
            return len(lines)

        assert self.log.timed(work, [line()] * lines) == lines


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_nothing_was_stored_at_first(clock: Clock) -> None:
    assert clock.log.pace() == Pace(0.0, 0.0, 0.0)


def test_the_pace_is_that_of_the_last_minute(clock: Clock) -> None:
    clock.now += 600
    clock.commit(100, 0.5)
    clock.commit(20, 0.25)
    pace = clock.log.pace()
    assert pace == Pace(2.0, 0.375, 0.5)
    clock.now += 30
    clock.commit(60, 0.25)
    assert clock.log.pace().lines_per_second == 3.0
    clock.now += 31
    assert clock.log.pace() == Pace(1.0, 0.25, 0.25)
    clock.now += 60
    assert clock.log.pace() == Pace(0.0, 0.0, 0.0)


def test_a_young_service_is_not_called_slow(clock: Clock) -> None:
    clock.now += 10
    clock.commit(100, 0.0)
    assert clock.log.pace().lines_per_second == 10.0
