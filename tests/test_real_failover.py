"""PostgreSQL fails over to its standby, as docs/nodes.md describes it, while people talk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest
from postgresql import Server, lacks
from real import lacking
from several_nodes import Nodes
from test_real_nodes_lost import answer_to, at

MESSAGES = 300


@pytest.fixture
def primary() -> Iterator[Server]:
    if missing := lacks():
        lacking(missing)
    server = Server()
    yield server
    server.remove()


@pytest.fixture
def standby(primary: Server) -> Iterator[Server]:
    """Return a standby without which the primary acknowledges nothing."""
    server = Server(standby_of=primary)
    primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
    primary.execute("SELECT pg_reload_conf()")
    yield server
    server.remove()


def test_nobody_loses_a_message_or_the_connection(
    primary: Server, standby: Server, tmp_path: Path
) -> None:
    hosts = quote(f"{primary.directory},{standby.directory}")
    address = f"postgresql:///postgres?user=chat&host={hosts}&target_session_attrs=read-write"
    with Nodes(tmp_path, address) as nodes, ExitStack() as stack:
        for name in "ab":
            nodes.start(name)
        ann, bob = (
            stack.enter_context(at(nodes.services[node], name))
            for node, name in (("a", "ann"), ("b", "bob"))
        )
        for number in range(1, MESSAGES + 1):
            for each in (ann, bob):
                each.request("say", room="#lobby", text=f"line {number}", tag=f"{number}")
            if number == MESSAGES // 2:
                said = [answer_to("1", each)["number"] for each in (ann, bob)]
                primary.kill()
        standby.promote()
        for number in range(2, MESSAGES + 1):
            said += [answer_to(f"{number}", each)["number"] for each in (ann, bob)]
        assert sorted(said) == list(range(1, 2 * MESSAGES + 1))
        assert all(sorted(said[one::2]) == said[one::2] for one in (0, 1))
        lines = ann.ask("history", room="#lobby", limit=1)["lines"]
        assert lines[-1]["number"] == 2 * MESSAGES
        assert "The node b leads" not in nodes.services["b"].log
