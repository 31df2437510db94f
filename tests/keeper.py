"""An archive's owner, for any store, with the operations that tests need; and fixtures for both."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeAlias

import pytest
from conftest import NewArchive, Worker, at_once, no_turn
from hypothesis import HealthCheck, settings
from twisted.internet.defer import Deferred

from chatsvc.model.message_events import Line, Said
from chatsvc.model.room_events import Tally
from chatsvc.store.archive import Archive, ArchiveFailed, Commit
from chatsvc.store.query_parser import parse
from chatsvc.store.search_query import Finds, Seeker

Make: TypeAlias = Callable[[Any], Archive]

EVERYWHERE = Seeker({"#tea": 0, "#pie": 0})
in_new_rooms = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def now(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return the result of a coroutine that has nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits for something")


def line(text: str = "hi", room: str = "#tea", sender: str = "ann", **more: Any) -> Line:
    values = {"time": 1.5, "action": False, "client": sender, "tag": None, **more}
    return Line(room=room, sender=sender, text=text, **values)


class Keeper:
    """An archive's owner, which remembers everything that it is told."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.commits: list[Commit] = []
        self.refused: list[tuple[list[str], str]] = []
        self.rooms = archive.open(self)

    def kept(self, commit: Commit) -> Iterator[None]:
        self.commits.append(commit)
        return iter(())

    def not_kept(self, lines: list[Line], failed: ArchiveFailed) -> None:
        self.refused.append(([line.text for line in lines], str(failed)))

    def keep(self, *lines: Line) -> Keeper:
        for one in lines:
            self.archive.keep(one)
        return self

    def said(self, room: str = "#tea") -> list[Said]:
        """Return every line of a room in the order in which it was stored."""
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
    """Run a worker and the reactor's turns alternately, so that no test waits forever."""

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
        """Make the waiting commit fail before it begins."""
        self.pass_turns()
        done, *_ = self.pieces.pop()
        done.errback(ArchiveFailed("The disk is full."))

    def work(self) -> None:
        for _ in range(100):
            self.pass_turns()
            if self.pieces:
                self.step()


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


def finds(keeper: Keeper, query: str, limit: int = 50, **more: Any) -> Finds:
    seeker = more.pop("seeker", EVERYWHERE)
    found = keeper.archive.search(parse(query, 100.0).sought, seeker, more.get("older"), limit)
    result = now(found)
    assert isinstance(result, Finds)
    return result


def texts(keeper: Keeper, query: str, **more: Any) -> list[str]:
    return [said.text for said in finds(keeper, query, **more).lines]


@pytest.fixture
def make(new_archive: NewArchive) -> Iterator[Make]:
    """Create an archive that uses the given worker."""
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
    """Return a keeper whose archive works when `worker` is told to."""
    return Keeper(make(worker))


@pytest.fixture
def keepers(archives: dict[str, Archive]) -> list[Keeper]:
    """Return a keeper for each store: pytest-twisted cannot run parametrized hypothesis tests."""
    return [Keeper(archive) for archive in archives.values()]


@pytest.fixture
def ten(keeper: Keeper) -> Keeper:
    return keeper.keep(*(line(str(n)) for n in range(1, 11)))
