"""What the others see when a node is killed or hangs, and when PostgreSQL restarts."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cutting_proxy import CuttingProxy
from postgresql import Server
from real import LIMIT, Program, Service, wait_until
from several_nodes import Nodes

from chatsvc.store.postgresql.leadership import is_held
from chatsvc.transports.chat_protocol import WAITING


@pytest.fixture
def nodes(server: Server, tmp_path: Path) -> Iterator[Nodes]:
    """Return the nodes a, which leads, and b and c, which relay."""
    server.execute("CREATE DATABASE lost")
    with Nodes(tmp_path, server.uri(database="lost")) as nodes:
        for name in "abc":
            nodes.start(name)
        yield nodes
    server.execute("DROP DATABASE lost WITH (FORCE)")


@pytest.fixture
def proxy(server: Server) -> CuttingProxy:
    """Return what connects a node to the database, until it is closed."""
    return CuttingProxy(server.directory / ".s.PGSQL.5432")


@pytest.fixture
def cut_off(server: Server, proxy: CuttingProxy, tmp_path: Path) -> Iterator[Nodes]:
    """Return the node a, which leads, and reaches the database through the proxy."""
    server.execute("CREATE DATABASE away")
    with Nodes(tmp_path, server.uri(database="away")) as nodes:
        leader = nodes.start("a", "--archive", f"postgresql://chat@localhost:{proxy.port}/away")
        yield nodes
        leader.kill()
    server.execute("DROP DATABASE away WITH (FORCE)")


@contextlib.contextmanager
def at(service: Service, name: str) -> Iterator[Program]:
    """Return somebody in the lobby, at a node."""
    with socket.create_connection(("127.0.0.1", service.port), LIMIT) as connection:
        program = Program(connection)
        assert program.ask("hello", version=1, name=name)["event"] == "welcome"
        program.ask("join", room="#lobby")
        yield program


@contextlib.contextmanager
def hanging(service: Service) -> Iterator[None]:
    service.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        service.signal(signal.SIGCONT)


def seconds_until_left(witness: Program, name: str) -> float:
    """Return how long it takes until somebody sees that a user has left."""
    begun = time.monotonic()
    witness.until(lambda event: event["event"] == "left" and name in event["names"], "leaving")
    return time.monotonic() - begun


def answer_to(tag: str, program: Program) -> dict[str, Any]:
    return program.until(lambda event: event.get("tag") == tag, f"the answer to {tag}")


def free(archive: str) -> None:
    """End whoever holds the lock of an archive."""
    with psycopg.connect(archive) as link:
        link.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        wait_until(lambda: not is_held(link), "a free lock")


def until_ended(program: Program) -> list[dict[str, Any]]:
    """Return what is received before the connection ends."""
    events = []
    with contextlib.suppress(ConnectionError):
        while (line := program.raw_line("the end")) is not None:
            events.append(json.loads(line))
    return events


def test_the_people_of_a_killed_node_leave_within_4_seconds(nodes: Nodes) -> None:
    with at(nodes.services["a"], "ann") as ann, at(nodes.services["b"], "bob"):
        ann.event("joined")
        nodes.services["b"].kill()
        assert seconds_until_left(ann, "bob") < 4
        assert ann.ask("say", room="#lobby", text="still here")["event"] == "said"


def test_the_people_of_a_hanging_node_leave_within_12_seconds(nodes: Nodes) -> None:
    relay = nodes.services["b"]
    with at(nodes.services["c"], "cem") as cem, at(relay, "bob") as bob:
        cem.event("joined")
        with hanging(relay):
            assert seconds_until_left(cem, "bob") < 12
            with at(nodes.services["c"], "bob"):  # the name is free
                pass
        until_ended(bob)
        relay.wait_for(r"The node b relays to a[\s\S]*The node b relays to a")
        with at(relay, "ben") as ben:
            assert ben.ask("say", room="#lobby", text="back")["event"] == "said"


def test_another_node_leads_while_the_leader_hangs_and_it_writes_nothing_more(
    nodes: Nodes,
) -> None:
    leader = nodes.services["a"]
    with at(leader, "ann") as ann, at(nodes.services["c"], "cem") as cem_before:
        assert ann.ask("say", room="#lobby", text="one")["number"] == 1
        with hanging(leader):
            ann.request("say", room="#lobby", text="too late", tag="late")
            begun = time.monotonic()
            until_ended(cem_before)
            with at(nodes.services["c"], "cem") as cem:
                assert time.monotonic() - begun < 13
                assert cem.ask("say", room="#lobby", text="two")["number"] == 2
        until_ended(ann)
    leader.wait_for("The node a relays to [bc]")
    with at(leader, "ann") as ann:
        texts = [line["text"] for line in ann.ask("history", room="#lobby")["lines"]]
        assert texts == ["one", "two"]


def test_another_node_leads_while_the_leader_has_lost_the_database(
    cut_off: Nodes, proxy: CuttingProxy
) -> None:
    leader, relays = cut_off.services["a"], [cut_off.start(name) for name in "bc"]
    with at(relays[0], "bob") as bob, at(relays[1], "cem") as cem, at(leader, "ann") as ann:
        proxy.close()
        begun = time.monotonic()
        until_ended(bob)
        until_ended(cem)  # whichever of the two leads now
        assert time.monotonic() - begun < 20
        ann.until(lambda event: event.get("text") == WAITING, "the notice that it waits")
        ann.request("who", room="#lobby", tag="who")
        assert not any(event.get("tag") == "who" for event in until_ended(ann))
        assert time.monotonic() - begun < 30
    with at(relays[0], "bob") as bob, at(relays[1], "cem") as cem:
        assert bob.ask("say", room="#lobby", text="together again")["number"] == 1
        assert cem.event("said")["text"] == "together again"


def test_a_node_that_starts_does_not_lead_while_the_leader_without_database_answers(
    cut_off: Nodes, proxy: CuttingProxy
) -> None:
    leader = cut_off.services["a"]
    with at(leader, "ann") as ann:
        proxy.close()
        free(cut_off.archive)
        late = cut_off.start("b")  # and leads in the end
        ann.request("who", room="#lobby", tag="who")
        with at(late, "ann") as other:
            assert other.ask("say", room="#lobby", text="here now")["number"] == 1
        leader.kill()
        read = until_ended(ann)
    assert any(event.get("text") == WAITING for event in read)
    assert not any(event.get("tag") == "who" for event in read)


def test_a_restart_of_postgresql_refuses_nothing_at_any_node(nodes: Nodes, server: Server) -> None:
    with at(nodes.services["a"], "ann") as ann, at(nodes.services["b"], "bob") as bob:
        server.stop("immediate")
        for number in range(20):
            for each in (ann, bob):
                each.request("say", room="#lobby", text=f"line {number}", tag=f"{number}")
        time_up = time.monotonic()
        server.start()
        for each in (ann, bob):
            for number in range(20):
                assert answer_to(f"{number}", each)["event"] == "said"
        assert time.monotonic() - time_up < 5  # starting the server is part of it
        assert bob.ask("say", room="#lobby", text="the next")["number"] == 41
