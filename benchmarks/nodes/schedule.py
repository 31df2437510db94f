"""People who talk and take names while something happens to the nodes; then it is all compared."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

from benchmarks.nodes.people import Claimer, Claims, Person, Place
from benchmarks.nodes.site import Site

NAMES = ["a", "b", "c"]
ROOMS = ["#one", "#two", "#three"]
SETTLED = 60.0  # seconds for everybody to be up to date after the last fault

Plan = Callable[["Schedule"], Awaitable[None]]


class Schedule:
    """One run with one seed.

    The plan is what happens meanwhile; `done` says what has happened.
    """

    def __init__(self, site: Site, seed: int, plan: Plan) -> None:
        self.site = site
        self.random = random.Random(seed)
        self._plan = plan
        self._ended = self._is_quiet = False
        self.claims = Claims()
        self.done: list[str] = []
        places = self._places
        self.people = [
            Person(f"person{number}", ROOMS, places, seed * 1000 + number) for number in range(9)
        ]
        self._claimers = [
            Claimer(f"claimer{number}", ["nina", "otto"], places, self.claims, seed * 77 + number)
            for number in range(6)
        ]

    def _places(self) -> list[Place]:
        """Return where clients connect: to nodes that run, as a load balancer would."""
        running = [node for node in self.site.nodes if node.runs and not node.is_stopped]
        return [(node.host, node.port) for node in running or self.site.nodes]

    async def run(self) -> None:
        """Play it all."""
        tasks = [asyncio.create_task(each.stay(self._is_over)) for each in self.people]
        tasks += [
            asyncio.create_task(each.talk(lambda: self._is_quiet, 0.2)) for each in self.people
        ]
        tasks += [asyncio.create_task(each.stay(lambda: self._is_quiet)) for each in self._claimers]
        await self._until(lambda: all(each.connected for each in self.people), "all are here")
        await self._plan(self)
        await asyncio.sleep(2)
        self._is_quiet = True
        try:
            await self._until(self._is_settled, "all have read everything")
        finally:
            self._ended = True
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _is_over(self) -> bool:
        return self._ended

    def _is_settled(self) -> bool:
        if any(each.pending or not each.connected for each in self.people):
            return False
        lasts = self._lasts()
        return all(
            (each.shown[room][-1].number if each.shown[room] else 0) == lasts.get(room, 0)
            for each in self.people
            for room in ROOMS
        )

    def _lasts(self) -> dict[str, int]:
        rows = self.site.query(
            "SELECT name, max(number) FROM said JOIN room ON room.id = room GROUP BY name"
        )
        return {str(name): int(str(last)) for name, last in rows}

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + SETTLED
        while not condition():
            if time.monotonic() > end:
                late = [each.name for each in self.people if each.pending or not each.connected]
                raise SystemExit(f"Not within {SETTLED:g} s: {what}. Late: {late}. {self.done}")
            await asyncio.sleep(0.2)

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with what people saw."""
        rows = self.site.query(
            "SELECT name, number, sender, text FROM said JOIN room ON room.id = room"
            " ORDER BY name, number"
        )
        stored = {(room, number): (sender, text) for room, number, sender, text in rows}
        times = Counter(str(text).split()[0] for *_, text in rows)  # it begins with its tag
        yield from (f"{tag} is stored {count} times" for tag, count in times.items() if count > 1)
        for room in ROOMS:
            numbers = sorted(int(str(number)) for where, number in stored if where == room)
            if numbers != list(range(1, len(numbers) + 1)):
                yield f"the numbers of {room} have gaps"
        for each in self.people:
            yield from (f"{each.name}: {complaint}" for complaint in each.complaints)
            for room in ROOMS:
                for line in each.shown[room]:
                    if stored.get((room, line.number)) != (line.sender, line.text):
                        yield f"{each.name} was shown {line} of {room}, which is not stored"
            yield from (f"{tag} was confirmed" for tag in each.stored if tag not in times)
            yield from (f"{tag} was refused, and stored" for tag in each.refused if tag in times)
        yield from self.claims.complaints


def report(title: str, schedule: Schedule, faults: list[str]) -> None:
    """Print what has happened."""
    people = schedule.people
    waits = sorted(wait for each in people for wait in each.waits)
    refused = Counter(code for each in people for code in each.refused.values())
    print(
        f"{title}: {len(schedule.done)} faults,"
        f" {sum(len(each.stored) for each in people)} lines stored,"
        f" {sum(len(lines) for each in people for lines in each.shown.values())} shown,"
        f" refused {dict(refused)}, {sum(each.times_connected for each in people)} connections,"
        f" longest wait {waits[-1] if waits else 0:.1f} s,"
        f" {schedule.claims.taken} names taken, {schedule.claims.checks} checks;"
        f" {len(faults)} wrong",
        flush=True,
    )
    for one in schedule.done:
        print(f"    {one}", file=sys.stderr)
    for one in faults[:20]:
        print(f"    WRONG: {one}", flush=True)


def play(title: str, schedule: Schedule, logs: bool = False) -> int:
    """Run it while its site runs; print what has happened, and return how much is wrong."""
    with schedule.site.running():
        try:
            asyncio.run(schedule.run())
            faults = list(schedule.faults())
        except SystemExit as late:
            faults = [str(late)]
        report(title, schedule, faults)
    for node in schedule.site.nodes if logs or faults else ():
        print(f"--- {node.name}\n{node.log()}", file=sys.stderr)
    return len(faults)
