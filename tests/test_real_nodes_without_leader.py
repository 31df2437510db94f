"""What administrators and load balancers see of a node that has no leader."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator

import pytest
from postgresql import Server
from real import LIMIT, Peer, Service, wait_until
from real_connections import get
from several_nodes import Nodes

UNAVAILABLE = (503, "The chat cannot be reached at the moment. Try again soon.\n")


@pytest.fixture(scope="module")
def nodes(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Return a node b whose leader a was killed, while PostgreSQL is stopped."""
    server.execute("CREATE DATABASE chat")
    with Nodes(tmp_path_factory.mktemp("nodes"), server.uri(database="chat")) as nodes:
        leader = nodes.start("a")
        nodes.start("b")
        server.stop("immediate")
        leader.kill()
        nodes.services["b"].wait_for("No link to the leading node a")
        yield nodes
        server.start()
        nodes.services["b"].wait_for("The node b leads")
        assert json.loads(nodes.run("b", "status", "--json"))["epoch"] == 2
    server.execute("DROP DATABASE chat WITH (FORCE)")


@pytest.fixture
def relay(nodes: Nodes) -> Service:
    return nodes.services["b"]


def test_status_says_since_when_and_why_there_is_no_leader(nodes: Nodes, relay: Service) -> None:
    figures, code = nodes.shell("b", "status", "--json").rsplit("[", 1)
    answer = json.loads(figures)
    assert code == "1]"
    assert (answer["node"], answer["pid"], answer["epoch"]) == ("b", relay.pid, 1)
    assert answer["heartbeat"] > 0
    assert [(one["name"], one["leads"]) for one in answer["nodes"]] == [("b", False)]
    assert 0 < answer["without_leader"]["since"] <= time.time()
    assert "people" not in answer
    wait_until(lambda: "Cannot connect to the archive" in nodes.shell("b", "status"), "the reason")
    table = nodes.shell("b", "status")
    assert "\nno leader      since 20" in table
    assert "\nreason         " in table
    assert "\nnode           b * relays, 0 connections, since " in table
    assert "\nleadership     epoch 1, heartbeat " in table


@pytest.mark.parametrize(
    "words", [("kick", "ann"), ("who",), ("room", "list"), ("lockdown", "on"), ("announce", "hi")]
)
def test_commands_fail_at_once_with_a_sentence(nodes: Nodes, words: tuple[str, ...]) -> None:
    refused = nodes.fails("b", *words)
    assert refused.startswith("chatsvc: No node leads the chat, as far as this one knows. ")


def test_a_node_can_still_be_managed_itself(nodes: Nodes, relay: Service) -> None:
    assert nodes.run("b", "log-level", "debug") == "The log level is debug.\n"
    relay.wait_for("/audit lacks that the administrator set the log level to debug on the node b")
    assert nodes.run("b", "reload") == "Nothing has changed.\n"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_health_checks_are_refused_at_once(relay: Service, path: str) -> None:
    begun = time.monotonic()
    assert get(relay, path) == UNAVAILABLE
    assert get(relay, f"{path}?x=1") == UNAVAILABLE
    assert time.monotonic() - begun < 10  # others wait 15 seconds


def test_health_checks_are_refused_at_once_over_tls(relay: Service) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(relay.peer(Peer).socket) as connection:
        peer = Peer(connection)
        peer.send_bytes(b"HEAD /rea")
        peer.send_bytes(b"dyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = peer.rest()
    assert head[0] == "HTTP/1.1 503 Service Unavailable"
    assert head[-1] == ""  # no body


def test_browsers_wait_for_a_leader_and_are_told_in_the_end(relay: Service, nodes: Nodes) -> None:
    peer = relay.peer(Peer)
    peer.send_bytes(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    begun = time.monotonic()
    lines = peer.rest()
    assert 10 < time.monotonic() - begun < LIMIT
    assert lines[0] == "HTTP/1.1 503 Service Unavailable"
    assert lines[-1] == UNAVAILABLE[1].strip()
