"""Searching an archive with many lines, and how much indexing them delays messages meanwhile.

    python -m benchmarks.search [--lines 1000000] [--postgresql]

The archive's class itself creates and searches the archive, without a network.  The frequency of
words is that of a language (Zipf), with 50,000 words; there are 20 rooms, and 300 users.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from benchmarks.clusters import address_in, cluster
from benchmarks.servers import scratch_folder
from chatsvc.model.message_events import Line
from chatsvc.store.archive import Archive, ArchiveFailed, Commit, TooSlow, Worker, Workers
from chatsvc.store.location import Database
from chatsvc.store.postgresql.connection import Connections
from chatsvc.store.postgresql.opening import postgresql_archive
from chatsvc.store.query_parser import parse
from chatsvc.store.search_query import Seeker
from chatsvc.store.sqlite.archive import SQLArchive

ROOMS, PEOPLE, VOCABULARY = 20, 300, 50_000
START = 1_700_000_000.0
COMMIT = 2_000  # lines stored at once while the archive is created
REPEATS = 7
SAID = 3_000  # lines whose delays are measured, with indexing and without
ROUNDS = 4  # of both, in turn
PAUSE = 0.02  # seconds between two pieces of indexing, as in the service


class Words:
    """A vocabulary, and lines made of it."""

    def __init__(self) -> None:
        self._random = random.Random(1)
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
        room = min(int(self._random.expovariate(0.3)), ROOMS - 1)
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
    took = time.perf_counter() - began
    await asyncio.sleep(0.002)
    return took * 1000


def shown(times: list[float]) -> str:
    times = sorted(times)
    p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    return f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, longest {times[-1]:.1f} ms ({len(times)} lines)"


async def index_all(archive: Archive) -> float:
    began = time.perf_counter()
    while await archive.index():
        await asyncio.sleep(PAUSE)
    return time.perf_counter() - began


async def index_now_and_then(archive: Archive) -> None:
    while True:
        await asyncio.sleep(1)
        await archive.index()


async def talk(archive: Archive, keeper: Keeper, words: Words, numbers: Iterator[int]) -> None:
    """Compare storing lines while all earlier ones are being indexed, and without indexing."""

    indexing = asyncio.ensure_future(index_all(archive))
    times = []
    while not indexing.done():
        times.append(await say(archive, keeper, words, numbers))
    print(f"a line, while all are indexed:   {shown(times)}")
    print(f"all indexed in                   {indexing.result():.1f} s")
    without, always = [], []
    for _ in range(ROUNDS):
        without += [await say(archive, keeper, words, numbers) for _ in range(SAID)]
        indexing_always = asyncio.ensure_future(index_now_and_then(archive))
        always += [await say(archive, keeper, words, numbers) for _ in range(SAID)]
        indexing_always.cancel()
    print(f"a line, no indexing:             {shown(without)}")
    print(f"a line, indexed each second:     {shown(always)}")


async def search(archive: Archive, words: Words) -> None:
    common, second, third, rare = (words.words[n] for n in (0, 1, 2, 20_000))
    day = time.strftime("%Y-%m-%d", time.localtime(START + 86400 * 2))
    queries = {
        "a common word": common,
        "a rare word": rare,
        "two common words": f"{common} {second}",
        "a common and a rare one": f"{common} {rare}",
        "a phrase of two common words": f'"{common} {second}"',
        "a phrase of three": f'"{common} {second} {third}"',
        "words that begin so": f"{third[:2]}*",
        "common, without another": f"{common} -{second}",
        "common, from, in and before": f"{common} from:user7 in:#room0 before:{day}",
        "from somebody": "from:user299",
        "nothing like it": "qqqqqq",
        "worst: a common word five times": f'"{" ".join([common] * 5)}"',
    }
    everywhere = Seeker({f"#room{n}": 0 for n in range(ROOMS)})
    hiding = Seeker({f"#room{n}": 10**5 for n in range(ROOMS)}, frozenset({"user1", "user2"}))
    for name, text in queries.items():
        query = parse(text, START)
        rooms = everywhere if query.room is None else Seeker({query.room: 0})
        print(f"{name:32} {await timed(archive, query.sought, rooms)}")
    print(
        f"{'common, most lines hidden':32} {await timed(archive, parse(common, 0).sought, hiding)}"
    )


async def timed(archive: Archive, sought: Any, seeker: Seeker) -> str:
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        try:
            finds = await archive.search(sought, seeker, None, 20)
        except TooSlow:
            return f"too slow, after {time.perf_counter() - began:.1f} s"
        times.append((time.perf_counter() - began) * 1000)
    median = sorted(times)[REPEATS // 2]
    return f"first {times[0]:6.2f} ms, median {median:6.2f} ms, {len(finds.lines)} lines"


async def remove(archive: Archive) -> None:
    began = time.perf_counter()
    await archive.delete("#room0", 1000, "user1")
    print(f"a line is deleted in             {time.perf_counter() - began:.2f} s")


async def main(lines: int, in_postgresql: bool) -> None:
    words = Words()
    with scratch_folder() as folder, cluster(folder) if in_postgresql else nullcontext():
        place = Database(address_in(folder)) if in_postgresql else folder / "chat.db"
        await fill(place, words, lines)
        archive, keeper = opened(place)
        await talk(archive, keeper, words, itertools.count(lines))
        await archive.checkpoint()
        for name, size in archive.file_sizes().items():
            print(f"{name:32} {size / 1e6:.0f} MB")
        await search(archive, words)
        await remove(archive)
        await archive.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--postgresql", action="store_true", help="in PostgreSQL, not SQLite")
    chosen = parser.parse_args()
    asyncio.run(main(chosen.lines, chosen.postgresql))
