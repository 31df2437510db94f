"""Whether storing lines gets slower in PostgreSQL while a snapshot stays open, as for a backup.

    python -m benchmarks.snapshot [--minutes 60]

Two databases of one server get 50 lines a second each, and are indexed and searched every second.
In one of them, a transaction stays open all the time that sees the database as it was, and holds
the locks that `pg_dump` holds.  So PostgreSQL cannot remove any row version there.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from statistics import median

from benchmarks.archives import ROOMS, START, Keeper, Words, fill, opened, say
from benchmarks.clusters import address_in, cluster
from benchmarks.servers import scratch_folder
from chatsvc.model.records import Member
from chatsvc.store.archive import Archive
from chatsvc.store.location import Database
from chatsvc.store.postgresql.connection import connect
from chatsvc.store.query_parser import parse
from chatsvc.store.search_query import Seeker

RATE = 50  # lines a second
LINES = 20_000  # before the measurement begins
MEMBERS = 50  # whose read positions are saved every minute, as in the service

_TABLES = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()"
_DEAD = """SELECT relname, n_dead_tup FROM pg_stat_user_tables
           WHERE n_dead_tup > 100 ORDER BY n_dead_tup DESC"""


class Use:
    """One archive in use; `commits` and `searches` have the milliseconds of the last minute."""

    def __init__(self, archive: Archive, keeper: Keeper, words: Words) -> None:
        self.commits: list[float] = []
        self.searches: list[float] = []
        self._archive = archive
        self._keeper = keeper
        self._words = words
        self._numbers = itertools.count(LINES)

    async def talk(self, begin: float) -> None:
        """Store lines at an even pace."""
        for turn in itertools.count():
            await asyncio.sleep(begin + turn / RATE - time.monotonic())
            took = await say(self._archive, self._keeper, self._words, self._numbers)
            self.commits.append(took)

    async def look(self) -> None:
        """Index and search once a second, and save read positions once a minute."""
        rooms = Seeker({f"#room{n}": 0 for n in range(ROOMS)})
        sought = parse(self._words.words[0], START).sought
        for second in itertools.count():
            await asyncio.sleep(1)
            await self._archive.index()
            began = time.perf_counter()
            await self._archive.search(sought, rooms, None, 20)
            self.searches.append((time.perf_counter() - began) * 1000)
            if second % 60 == 0:
                await self._archive.put(
                    *(Member("#room0", f"u{n}", "", True, second) for n in range(MEMBERS))
                )

    def minute(self) -> tuple[float, float]:
        """Return the medians of the last minute, and begin another one."""
        result = median(self.commits), median(self.searches)
        self.commits, self.searches = [], []
        return result


@contextmanager
def snapshot(place: Database) -> Iterator[None]:
    """Keep a snapshot and the locks of a dump until the end of the block."""
    with connect(place) as link:
        link.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for (table,) in link.execute(_TABLES).fetchall():
            link.execute(f"LOCK TABLE {table} IN ACCESS SHARE MODE".encode(), prepare=False)
        link.execute("SELECT pg_export_snapshot()")
        yield


async def measure(minutes: int, uses: tuple[Use, Use]) -> None:
    """Use both archives for some minutes; print a row for each."""
    begin = time.monotonic() + 0.1
    using = asyncio.gather(
        *(use.talk(begin + n / RATE / 2) for n, use in enumerate(uses)),
        *(use.look() for use in uses),
    )
    print(f"{'':8} {'commit, p50 ms':^24} {'search, p50 ms':^24}")
    print(f"{'minute':8}" + 2 * f" {'snapshot':>8} {'without':>7} {'ratio':>7}")
    rows = []
    for minute in range(1, minutes + 1):
        await asyncio.wait([using], timeout=begin + 60 * minute - time.monotonic())
        if using.done():
            break
        (commit, search), (commit_without, search_without) = (use.minute() for use in uses)
        rows.append((commit, commit_without, search, search_without))
        print(
            f"{minute:<8}{pair(commit, commit_without)}{pair(search, search_without)}", flush=True
        )
    using.cancel()
    with suppress(asyncio.CancelledError):
        await using  # it raises what has failed
    changes = [last / first for first, last in zip(rows[0], rows[-1], strict=True)]
    print("last ÷" + pair(*changes[:2]) + pair(*changes[2:]))


def pair(one: float, other: float) -> str:
    return f" {one:8.2f} {other:7.2f} {one / other:7.2f}"


async def main(minutes: int) -> None:
    words = Words()
    with scratch_folder() as folder, cluster(folder):
        place = Database(address_in(folder))
        other = Database(address_in(folder).replace("/postgres?", "/other?"))
        with connect(place) as link:
            link.execute("CREATE DATABASE other")
        for each in (place, other):
            await fill(each, words, LINES)
        archives = [opened(each) for each in (place, other)]
        for archive, _ in archives:
            while await archive.index():
                pass
        first, second = (Use(archive, keeper, words) for archive, keeper in archives)
        with snapshot(place):
            await measure(minutes, (first, second))
            for each in (place, other):
                with connect(each) as link:
                    print("dead row versions:", dict(link.execute(_DEAD).fetchall()))
        for archive, _ in archives:
            await archive.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=int, default=60)
    asyncio.run(main(parser.parse_args().minutes))
