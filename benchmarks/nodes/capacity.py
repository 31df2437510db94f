"""How much processor time each node needs for a message to a reader, at a fixed pace.

What a site can do is limited by its busiest node, so the capacity of several nodes is that of one,
times the cost on one node, divided by the cost on the busiest of several.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import select
import socket
import ssl
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from benchmarks.nodes.site import CHATSVC, Node, Site
from benchmarks.servers import scratch_folder

NAMES = ["a", "b", "c"]
_SENT = re.compile(rb"@(\d+\.\d+)@")
_TICK = os.sysconf("SC_CLK_TCK")


class Work(NamedTuple):
    """Who is where, and how fast they talk."""

    title: str
    rooms: int
    people: int  # in each room
    pace: float  # messages per second in all
    tls: bool = False
    apart: bool = False  # each room's people are at all nodes, and not at one


class Figures(NamedTuple):
    """What was measured."""

    cost: list[float]  # µs of each node for a delivery
    p50: float  # ms until a reader has a message
    p99: float


WORKS = (
    Work("room of 200", 1, 200, 100, apart=True),
    Work("room of 200, TLS", 1, 200, 50, tls=True, apart=True),
    Work("room of 1,000", 1, 1000, 20, apart=True),
    Work("100 rooms of 10, each at one node", 100, 10, 400),
    Work("100 rooms of 10, each at all nodes", 100, 10, 400, apart=True),
    Work("100 rooms of 10, TLS, each at one node", 100, 10, 200, tls=True),
    Work("one room of 20, 50 messages/s", 1, 20, 50, apart=True),
)


class Crowd:
    """Text clients, which are only read to find out when messages reach them."""

    def __init__(self, work: Work, nodes: list[Node], shares: list[float]) -> None:
        self._work = work
        self._rooms: list[list[socket.socket]] = []
        self._poll = select.epoll()
        self._by_number: dict[int, socket.socket] = {}
        self._delays: list[float] = []
        self.deliveries = 0
        places = self._places(nodes, shares)
        for room in range(work.rooms):
            members = [self._join(next(places), room, number) for number in range(work.people)]
            self._rooms.append(members)
            self.read(0.0)

    def _places(self, nodes: list[Node], shares: list[float]) -> Iterator[Node]:
        """Yield the node of one person after the other, by the nodes' shares."""
        given = [0.0] * len(nodes)
        block = 1 if self._work.apart else self._work.people
        while True:
            at = max(range(len(nodes)), key=lambda one: shares[one] * (sum(given) + 1) - given[one])
            given[at] += 1
            for _ in range(block):
                yield nodes[at]

    def _join(self, node: Node, room: int, number: int) -> socket.socket:
        link = socket.create_connection((node.host, node.port), 5)
        if self._work.tls:
            link = trusting_anybody().wrap_socket(link)
        link.sendall(b"u%dx%d\n/join #room%d\n" % (room, number, room))
        link.setblocking(False)
        self._poll.register(link.fileno(), select.EPOLLIN)
        self._by_number[link.fileno()] = link
        return link

    def read(self, seconds: float) -> None:
        """Read what arrives within these seconds."""
        end = time.perf_counter() + seconds
        while True:
            for number, _ in self._poll.poll(max(0.0, end - time.perf_counter())):
                self._receive(self._by_number[number])
            if time.perf_counter() >= end:
                return

    def _receive(self, link: socket.socket) -> None:
        try:
            data = link.recv(1 << 20)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        found = _SENT.findall(data)
        self.deliveries += len(found)
        if found:
            self._delays.append(time.perf_counter() - float(found[-1]))

    def talk(self, seconds: float) -> None:
        """Say something in random rooms, at the pace of the work."""
        begun = due = time.perf_counter()
        while due < begun + seconds:
            while time.perf_counter() >= due:
                link = random.choice(random.choice(self._rooms))
                link.sendall(b"hello @%.6f@ some words\n" % time.perf_counter())
                due += 1 / self._work.pace
            self.read(max(0.0, min(due - time.perf_counter(), 0.05)))
        self.read(0.3)

    def delays(self) -> tuple[float, float]:
        """Return the median and the 99th percentile of the delays, in ms, and forget them."""
        delays = sorted(self._delays)
        self._delays = []
        return delays[len(delays) // 2] * 1000, delays[int(len(delays) * 0.99)] * 1000


@cache
def trusting_anybody() -> ssl.SSLContext:
    """Return what accepts a self-signed certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def measure(work: Work, shares: list[float], seconds: float) -> Figures:
    """Start as many nodes as there are shares, let people talk, and return what that costs."""
    with scratch_folder() as folder:
        site = Site(folder, NAMES[: len(shares)])
        with site.running():
            wait_for_links(site)
            return _measured(work, site.nodes, shares, seconds)


def measure_sqlite(work: Work, seconds: float) -> Figures:
    """Do the same with one server and SQLite."""
    with scratch_folder() as folder:
        node = Node("a", folder, "sqlite:chat.db", None, CHATSVC)
        node.has_name = False
        with node.running():
            return _measured(work, [node], [1.0], seconds)


def _measured(work: Work, nodes: list[Node], shares: list[float], seconds: float) -> Figures:
    crowd = Crowd(work, nodes, shares)
    crowd.talk(2)  # connections and caches are warm
    crowd.delays()
    crowd.deliveries = 0
    before = [_used(node) for node in nodes]
    crowd.talk(seconds)
    used = [_used(node) - one for node, one in zip(nodes, before, strict=True)]
    return Figures([one / crowd.deliveries * 1e6 for one in used], *crowd.delays())


def wait_for_links(site: Site) -> None:
    """Wait until the first node leads, and all others have a link to it."""
    end = time.monotonic() + 30
    joined = len(site.nodes) - 1
    while site.nodes[0].log().count("has joined") < joined:
        if time.monotonic() > end:
            raise SystemExit("The nodes do not find each other.")
        time.sleep(0.1)


def _used(node: Node) -> float:
    """Return the processor time of a node, in seconds."""
    assert node.process is not None
    fields = Path(f"/proc/{node.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.nodes.capacity", description=__doc__
    )
    parser.add_argument("--seconds", type=float, default=10, help="for each (%(default)s)")
    parser.add_argument(
        "--leader", type=float, default=0.0, help="its share of the people (%(default)s)"
    )
    parser.add_argument("--only", default="", help="work whose title contains this")
    given = parser.parse_args()
    two = [given.leader, 1 - given.leader]
    titles = (
        "",
        "SQLite, µs",
        "one node",
        "two: leader",
        "relay",
        "capacity",
        "p50, p99, ms: SQLite",
    )
    print(f"| {' | '.join((*titles, 'one', 'two'))} |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|", flush=True)
    for work in WORKS:
        if given.only in work.title:
            sqlite = measure_sqlite(work, given.seconds)
            one, both = measure(work, [1.0], given.seconds), measure(work, two, given.seconds)
            costs = [sqlite.cost[0], one.cost[0], *both.cost, one.cost[0] / max(both.cost)]
            delays = [f"{each.p50:.1f}, {each.p99:.1f}" for each in (sqlite, one, both)]
            columns = [work.title, *(f"{cost:.2f}" for cost in costs), *delays]
            print(f"| {' | '.join(columns)} |", flush=True)


if __name__ == "__main__":
    main()
