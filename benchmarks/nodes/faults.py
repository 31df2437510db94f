"""The faults of a site: each begins, lasts, and is repaired."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable

from benchmarks.nodes.site import Node, Site

Fault = Callable[[Site, random.Random], Awaitable[str]]


def _some(site: Site, chance: random.Random, leads: bool) -> Node:
    """Return the leading node, or one that relays; any if that is not clear."""
    leader = site.leader()
    fitting = [node for node in site.nodes if node.runs and (node is leader) == leads]
    return chance.choice(fitting or site.nodes)


def _killed(leads: bool) -> Fault:
    async def act(site: Site, chance: random.Random) -> str:
        node = _some(site, chance, leads)
        node.kill()
        await asyncio.sleep(chance.uniform(0.2, 4))
        node.start()
        return f"killed {node.name}"

    return act


def _terminated(leads: bool) -> Fault:
    async def act(site: Site, chance: random.Random) -> str:
        node = _some(site, chance, leads)
        node.signal(signal.SIGTERM)
        while node.runs:
            await asyncio.sleep(0.05)
        await asyncio.sleep(chance.uniform(0, 2))
        node.start()
        return f"restarted {node.name}"

    return act


def _stopped(leads: bool, seconds: float) -> Fault:
    async def act(site: Site, chance: random.Random) -> str:
        node = _some(site, chance, leads)
        node.signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        node.signal(signal.SIGCONT)
        return f"stopped {node.name} for {seconds:g} s"

    return act


def _database(how: str) -> Fault:
    async def act(site: Site, chance: random.Random) -> str:
        away = chance.uniform(0.1, 8)
        await asyncio.to_thread(site.database.stop, how)
        await asyncio.sleep(away)
        await asyncio.to_thread(site.database.start)
        return f"database {how}, away {away:.1f} s"

    return act


async def _backends(site: Site, chance: random.Random) -> str:
    """Cut all connections of the nodes to the database."""
    site.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'chatsvc' AND pid <> pg_backend_pid()"
    )
    return "cut all connections to the database"


def _isolated(leads: bool, seconds: float) -> Fault:
    async def act(site: Site, chance: random.Random) -> str:
        assert site.network is not None
        node = _some(site, chance, leads)
        site.network.cut(node.name, True)
        await asyncio.sleep(seconds)
        site.network.cut(node.name, False)
        return f"cut the cable of {node.name} for {seconds:g} s"

    return act


def _without_database(leads: bool, seconds: float) -> Fault:
    async def act(site: Site, chance: random.Random) -> str:
        assert site.network is not None
        node = _some(site, chance, leads)
        site.network.cut_from(node.name, site.network.own, True)
        await asyncio.sleep(seconds)
        site.network.cut_from(node.name, site.network.own, False)
        return f"cut {node.name} from the database and its people for {seconds:g} s"

    return act


async def _from_each_other(site: Site, chance: random.Random) -> str:
    """Cut two nodes from each other; both still reach the database."""
    assert site.network is not None
    leader, other = _some(site, chance, True), _some(site, chance, False)
    seconds = chance.uniform(1, 14)
    site.network.cut_from(other.name, leader.host, True)
    await asyncio.sleep(seconds)
    site.network.cut_from(other.name, leader.host, False)
    return f"cut {other.name} from {leader.name} for {seconds:.1f} s"


FAULTS: tuple[Fault, ...] = (
    _killed(leads=True), _killed(leads=False), _terminated(leads=True), _terminated(leads=False),
    _stopped(leads=True, seconds=2), _stopped(leads=True, seconds=16),
    _stopped(leads=False, seconds=2), _stopped(leads=False, seconds=16),
    _database("fast"), _database("immediate"), _database("kill"), _backends,
)  # fmt: skip
PARTITIONS: tuple[Fault, ...] = (
    _isolated(leads=True, seconds=3), _isolated(leads=True, seconds=16),
    _isolated(leads=False, seconds=16), _without_database(leads=True, seconds=16),
    _without_database(leads=False, seconds=8), _from_each_other,
)  # fmt: skip
