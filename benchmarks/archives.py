"""Archives with many lines, without a network: how benchmarks make them and store lines in them.

The frequency of words is that of a language (Zipf), with 50,000 words, and there are 300 users.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from chatsvc.model.message_events import Line
from chatsvc.store.archive import Archive, ArchiveFailed, Commit, Worker, Workers
from chatsvc.store.location import Database
from chatsvc.store.postgresql.connection import Connections
from chatsvc.store.postgresql.opening import postgresql_archive
from chatsvc.store.sqlite.archive import SQLArchive

ROOMS, PEOPLE, VOCABULARY = 20, 300, 50_000
START = 1_700_000_000.0
COMMIT = 2_000  # lines stored at once while the archive is created


class Words:
    """A vocabulary, and lines made of it."""

    def __init__(self, rooms: int = ROOMS) -> None:
        self._random = random.Random(1)
        self._rooms = rooms
        made = dict.fromkeys(self._word() for _ in range(2 * VOCABULARY))
        self.words = list(made)[:VOCABULARY]
        self._often = list(itertools.accumulate(1 / (n + 1) for n in range(len(self.words))))

    def _word(self) -> str:
        letters = itertools.cycle(("bcdfghklmnprstvwz", "aeiou"))
        return "".join(
            self._random.choice(next(letters)) for _ in range(self._random.randint(2, 9))
        )

    def line(self, number: int) -> Line:
        text = " ".join(self._random.choices(self.words, cum_weights=self._often, k=8))
        room = min(int(self._random.expovariate(6 / self._rooms)), self._rooms - 1)
        sender = f"user{int(self._random.paretovariate(0.7)) % PEOPLE}"
        return Line(f"#room{room}", START + number, sender, text, False, "c", f"t{number}")


class Keeper:
    """Receives the archive's answers."""

    def __init__(self) -> None:
        self.kept_lines = asyncio.Event()

    def kept(self, commit: Commit) -> Iterator[None]:
        self.kept_lines.set()
        return iter(())

    def not_kept(self, lines: list[Line], failed: ArchiveFailed) -> None:
        raise SystemExit(str(failed))


def in_a_thread() -> Worker:
    pool = ThreadPoolExecutor(1)

    async def work(function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(pool, function, *arguments)

    return work


async def turn() -> None:
    await asyncio.sleep(0)


def start(coroutine: Coroutine[Any, Any, None]) -> None:
    _running.add(task := asyncio.ensure_future(coroutine))
    task.add_done_callback(_running.discard)


_running: set[asyncio.Future[None]] = set()


def opened(place: Path | Database) -> tuple[Archive, Keeper]:
    workers = Workers(*[in_a_thread() for _ in range(5)])
    make = SQLArchive if isinstance(place, Path) else postgresql_archive
    archive: Archive = make(place, workers, turn, start)  # type: ignore[arg-type]
    keeper = Keeper()
    archive.open(keeper)
    return archive, keeper


async def fill(place: Path | Database, words: Words, lines: int) -> None:
    """Make an archive that is older than its index."""
    archive, _ = opened(place)
    for first in range(0, lines, COMMIT):
        for number in range(first, min(first + COMMIT, lines)):
            archive.keep(words.line(number))
        await archive.flush()
    await archive.close()
    if isinstance(place, Path):
        Path(f"{place}.words").unlink()
    else:
        connections = Connections(place)
        connections.run(lambda link: link.execute("UPDATE chatsvc SET letters = ''"))
        connections.close()


async def say(archive: Archive, keeper: Keeper, words: Words, numbers: Iterator[int]) -> float:
    """Return how many milliseconds it takes to store one line."""
    keeper.kept_lines.clear()
    began = time.perf_counter()
    archive.keep(words.line(next(numbers)))
    await keeper.kept_lines.wait()
    return (time.perf_counter() - began) * 1000
