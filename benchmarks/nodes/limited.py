"""How much nodes deliver, and how soon, that may each use the same part of a processor; needs root.

First, the load generator says as much as readers take, so the busiest node is at its limit.  Then
it talks in large rooms at a fixed pace, although no node may be able to send every message by
itself to every reader.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.nodes.capacity import NAMES, wait_for_links
from benchmarks.nodes.site import Node, Site
from benchmarks.report import Figures
from benchmarks.scenarios import Generator, faults_in
from benchmarks.servers import Trouble, scratch_folder

PERIOD = 10_000  # µs in which a node may use its share
RATE = 50  # messages a second of the fixed pace

_ROOT = Path("/sys/fs/cgroup")
_IS_OLD = (_ROOT / "cpu").is_dir()  # version 1 of control groups
_CGROUPS = _ROOT / "cpu" if _IS_OLD else _ROOT


class Work(NamedTuple):
    """Who is where."""

    title: str
    options: tuple[str, ...]  # of the load generator
    mode: str = "throughput"


def _rooms(rooms: int, members: int, talkers: int, spread: bool) -> tuple[str, ...]:
    sizes = ("--rooms", str(rooms), "--members", str(members), "--talkers", str(talkers))
    return (*sizes, "--inflight", "2", *(["--spread"] if spread else []))


def _hall(members: int) -> Work:
    options = ("--members", str(members), "--talkers", "10", "--rate", str(RATE), "--spread")
    return Work(f"room of {members:,}", options, "paced")


WORKS = (
    Work("room of 200", _rooms(1, 200, 10, spread=True)),
    Work("room of 1,000", _rooms(1, 1000, 10, spread=True)),
    Work("40 rooms of 10, each at one node", _rooms(40, 10, 1, spread=False)),
    Work("40 rooms of 10, each at all nodes", _rooms(40, 10, 1, spread=True)),
)
HALLS = tuple(map(_hall, (1000, 2000, 3000)))

# The nodes that users come to; the first of all nodes leads.
LAYOUTS = {
    "one node": "a",
    "two, users at both": "ab",
    "two, users at the relay": "b",
    "three, users at the relays": "bc",
}
HALL_LAYOUTS = {
    "one node": "a",
    "two, users at the relay": "b",
    "two, a third at the leader": "abb",
}


def measure(generator: Generator, work: Work, at: str, share: float, seconds: float) -> Figures:
    """Measure at nodes which users take in turn."""
    with scratch_folder() as folder:
        site = Site(folder, NAMES[: max(map(NAMES.index, at)) + 1])
        with site.running():
            wait_for_links(site)
            with limited(site.nodes, share):
                ports = {node.name: node.port for node in site.nodes}
                places = [ports[name] for name in at]
                figures = generator.run_at(places, work.mode, work.options, seconds)
    if faults := faults_in(figures):
        raise SystemExit(f"{work.title}: {faults}")
    return figures


@contextmanager
def limited(nodes: list[Node], share: float) -> Iterator[None]:
    """Let each node use only this share of a processor until the end of the block."""
    groups = [_CGROUPS / f"chatsvc-{os.getpid()}-{node.name}" for node in nodes]
    for node, group in zip(nodes, groups, strict=True):
        assert node.process is not None
        group.mkdir()
        for file, value in _quota(round(PERIOD * share)).items():
            (group / file).write_text(value)
        (group / "cgroup.procs").write_text(str(node.process.pid))
    try:
        yield
    finally:
        for group in groups:
            for process in (group / "cgroup.procs").read_text().split():
                (_CGROUPS / "cgroup.procs").write_text(process)
            group.rmdir()


def _quota(used: int) -> dict[str, str]:
    if _IS_OLD:
        return {"cpu.cfs_period_us": str(PERIOD), "cpu.cfs_quota_us": str(used)}
    return {"cpu.max": f"{used} {PERIOD}"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nodes.limited", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="for each (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="each in turn (%(default)s)")
    parser.add_argument(
        "--share", type=float, default=0.3, help="of a processor, for each node (%(default)s)"
    )
    given = parser.parse_args()
    with scratch_folder() as folder:
        generator = Generator(folder)
        print_table("deliveries/s", WORKS, LAYOUTS, _throughput, generator, given)
        title = f"{RATE} messages/s: p50, p99, ms"
        print_table(title, HALLS, HALL_LAYOUTS, _delays, generator, given)


def print_table(
    title: str,
    works: Sequence[Work],
    layouts: dict[str, str],
    cells: Callable[[list[list[Figures]]], list[str]],
    generator: Generator,
    given: argparse.Namespace,
) -> None:
    """Measure all works in all layouts; `cells` gets the figures of each layout's rounds."""
    print(f"| {title} | {' | '.join(layouts)} |")
    print(f"|---|{'---:|' * len(layouts)}", flush=True)
    for work in works:
        rounds = [
            [measure(generator, work, at, given.share, given.seconds) for at in layouts.values()]
            for _ in range(given.rounds)
        ]
        columns = cells([list(some) for some in zip(*rounds, strict=True)])
        print(f"| {work.title} | {' | '.join(columns)} |", flush=True)


def _throughput(layouts: list[list[Figures]]) -> list[str]:
    reached = [_median(rounds, "deliveries_per_second") for rounds in layouts]
    return [f"{one:,.0f} ({one / reached[0]:.2f})" for one in reached]


def _delays(layouts: list[list[Figures]]) -> list[str]:
    return [f"{_median(some, 'p50_ms'):.0f}, {_median(some, 'p99_ms'):.0f}" for some in layouts]


def _median(rounds: list[Figures], name: str) -> float:
    return statistics.median(figures[name] for figures in rounds)


if __name__ == "__main__":
    try:
        main()
    except (Trouble, OSError) as trouble:
        sys.exit(str(trouble))
