"""The archive in memory, which forgets the oldest lines."""

from __future__ import annotations

from conftest import at_once, no_turn, start
from keeper import Keeper, expire, line

from chatsvc.store.memory import MemoryArchive


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
