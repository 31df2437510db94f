"""Searching an archive with many lines, and how much indexing them delays messages meanwhile.

    python -m benchmarks.search [--lines 1000000] [--postgresql]

The archive's class itself creates and searches the archive, without a network.  See `archives.py`
for its lines; they are in 200 rooms.  Each query is searched for in 20 of them, in all, and in one.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import time
from collections.abc import Iterator
from contextlib import nullcontext

from benchmarks.archives import PEOPLE, START, Keeper, Words, fill, opened, say
from benchmarks.clusters import address_in, cluster
from benchmarks.servers import scratch_folder
from chatsvc.store.archive import Archive, TooSlow
from chatsvc.store.location import Database
from chatsvc.store.query_parser import parse
from chatsvc.store.search_query import Seeker, Sought

ROOMS = 200
REPEATS = 15
SAID = 3_000  # lines whose delays are measured, with indexing and without
ROUNDS = 4  # of both, in turn
PAUSE = 0.02  # seconds between two pieces of indexing, as in the service
BREATH = 0.002  # seconds between two lines

WHERE = {
    "20 rooms": range(0, ROOMS, 10),
    "200 rooms": range(ROOMS),
    "1 room": range(40, 41),
}
HIDING = frozenset({"user1", "user2"})
UNREAD = 4_000  # the last lines of each room that somebody who came late may not read


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

    async def one() -> float:
        took = await say(archive, keeper, words, numbers)
        await asyncio.sleep(BREATH)
        return took

    indexing = asyncio.ensure_future(index_all(archive))
    times = []
    while not indexing.done():
        times.append(await one())
    print(f"a line, while all are indexed:   {shown(times)}")
    print(f"all indexed in                   {indexing.result():.1f} s")
    without, always = [], []
    for _ in range(ROUNDS):
        without += [await one() for _ in range(SAID)]
        indexing_always = asyncio.ensure_future(index_now_and_then(archive))
        always += [await one() for _ in range(SAID)]
        indexing_always.cancel()
    print(f"a line, no indexing:             {shown(without)}")
    print(f"a line, indexed each second:     {shown(always)}")


def queries(words: Words) -> dict[str, str]:
    """Return what is searched for, by what is special about it."""
    common, second, third = words.words[:3]
    middle, another, more = words.words[5], words.words[7], words.words[9]
    rare = words.words[20_000]
    days = [time.strftime("%Y-%m-%d", time.localtime(START + 86400 * n)) for n in (2, 3)]
    return {
        "a common word": common,
        "a word in 1 of 400 lines": words.words[300],
        "a rare word": rare,
        "two common words": f"{common} {second}",
        "a common and a rare word": f"{common} {rare}",
        "a phrase of two common words": f'"{common} {second}"',
        "a phrase of three common words": f'"{common} {second} {third}"',
        "a rare phrase of common words": f'"{middle} {another} {more}"',
        "a rare phrase of less common words": f'"{words.words[40]} {words.words[60]}"',
        "a prefix of two letters": f"{third[:2]}*",
        "a prefix of four letters": f"{words.words[500][:4]}*",
        "a common word, without another": f"{common} -{second}",
        "from somebody who says much": "from:user1",
        "from somebody who says little": f"from:user{PEOPLE - 1}",
        "a word, from somebody": f"{second} from:user20",
        "a common word, on one day": f"{common} after:{days[0]} before:{days[1]}",
        "a word that does not occur": "qqqqqq",
        "a common word five times, as a phrase": f'"{" ".join([common] * 5)}"',
        "two phrases, never said together": f'"{common} {second}" "{third} {middle} {another}"',
        "a common word, excluding itself": f"{common} -{common}",
        "a word and two prefixes": f"{common} {words.words[2000][:2]}* {rare[:3]}*",
    }


async def search(archive: Archive, words: Words) -> None:
    """Print how long each search takes in each selection of rooms."""
    print(f"{'milliseconds; hits':38}" + "".join(f"{name:>16}" for name in WHERE))
    for name, text in queries(words).items():
        sought = parse(text, START).sought
        seekers = [Seeker({f"#room{n}": 0 for n in rooms}) for rooms in WHERE.values()]
        await row(archive, name, sought, seekers)
    sought = parse(words.words[0], START).sought
    for name, floor, hidden in (
        ("a common word, two users ignored", 0, HIDING),
        ("a common word, only new lines readable", UNREAD, frozenset[str]()),
    ):
        seekers = [Seeker({f"#room{n}": floor for n in rooms}, hidden) for rooms in WHERE.values()]
        await row(archive, name, sought, seekers)


async def row(archive: Archive, name: str, sought: Sought, seekers: list[Seeker]) -> None:
    cells = [await timed(archive, sought, seeker) for seeker in seekers]
    print(f"{name:38}" + "".join(f"{cell:>16}" for cell in cells), flush=True)


async def timed(archive: Archive, sought: Sought, seeker: Seeker) -> str:
    """Return the median of many searches after the first."""
    times = []
    for _ in range(REPEATS + 1):
        began = time.perf_counter()
        try:
            finds = await archive.search(sought, seeker, None, 20)
        except TooSlow:
            return "too slow"
        times.append((time.perf_counter() - began) * 1000)
    return f"{sorted(times[1:])[REPEATS // 2]:.1f}; {len(finds.lines)}"


async def remove(archive: Archive) -> None:
    began = time.perf_counter()
    await archive.delete("#room0", 1000, "user1")
    print(f"a line is deleted in             {time.perf_counter() - began:.2f} s")


async def main(lines: int, in_postgresql: bool) -> None:
    words = Words(ROOMS)
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
