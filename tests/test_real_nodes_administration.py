"""Administering a chat of two nodes: every command at the one that leads, and at the other."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from administrator import fails, shell
from postgresql import Server
from real import Person, Program, Service
from real_connections import get, named_in_manual
from several_nodes import Nodes

SECRET = "correct-horse-battery"


@pytest.fixture(scope="module")
def nodes(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Return the nodes a, which leads, and b; all tests here share them."""
    server.execute("CREATE DATABASE chat")
    with Nodes(tmp_path_factory.mktemp("nodes"), server.uri(database="chat")) as nodes:
        nodes.start("a")
        nodes.start("b")
        yield nodes
    server.execute("DROP DATABASE chat WITH (FORCE)")


@pytest.fixture
def leader(nodes: Nodes) -> Service:
    return nodes.services["a"]


@pytest.fixture
def relay(nodes: Nodes) -> Iterator[Service]:
    yield nodes.services["b"]
    nodes.services["b"].everybody_leaves(nodes.services["a"])


@pytest.fixture(scope="module")
def password(nodes: Nodes) -> Path:
    """Return a file with the password of the operator boss, who is registered at the relay."""
    path = nodes.place("b") / "password"
    path.write_text(f"{SECRET}\n")
    nodes.run("b", "account", "add", "boss", "--operator", "--password-file", str(path))
    return path


def acts(nodes: Nodes) -> list[str]:
    """Return what the audit log contains."""
    import psycopg

    with psycopg.connect(nodes.archive) as connection:
        return [what for (what,) in connection.execute("SELECT what FROM act ORDER BY position")]


def asked(path: Path, request: bytes) -> list[dict[str, Any]]:
    """Return everything that is answered to a request on a control socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(request + b"\n")
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as lines:
            return [json.loads(line) for line in lines]


def status(nodes: Nodes, name: str) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(nodes.run(name, "status", "--json"))
    return figures


def boss_at(service: Service) -> Program:
    """Return the operator, who is signed in already after the first call."""
    boss = service.program()
    boss.ask("hello", version=1, name="boss", account_password=SECRET)
    return boss


def test_moderating_works_at_a_relaying_node(nodes: Nodes, leader: Service, relay: Service) -> None:
    ann, bob = leader.person("ann"), relay.person("bob")
    assert nodes.run("b", "kick", "ann", "too", "loud") == "Removed ann from the server.\n"
    assert "shell removed you from the server: too loud." in " ".join(ann.rest())
    assert nodes.run("b", "announce", "hello") == "Announced to 1 user.\n"
    assert bob.until("hello") == "* Announcement from shell: hello"
    assert "No user named nobody2 is online." in nodes.fails("b", "kick", "nobody2")
    banned = nodes.run("b", "ban", "name=eve*", "--for", "1h")
    assert banned == "Banned name=eve* for 1 h. Nobody online matches.\n"
    assert nodes.run("a", "unban", "name=eve*") == "name=eve* is no longer banned.\n"
    assert nodes.run("b", "lockdown", "on").startswith("Lockdown is on")
    assert nodes.run("a", "lockdown", "off").startswith("Lockdown is off")
    assert "banned name=eve* for 1 h" in " ".join(acts(nodes))


def test_rooms_are_managed_at_a_relaying_node(nodes: Nodes, relay: Service) -> None:
    relay.person("bob").send("/join #tea", "hello")
    assert "#tea " in nodes.run("b", "room", "list")
    assert nodes.run("b", "room", "rename", "#tea", "#mint") == "Renamed #tea to #mint.\n"
    assert "There is no room #cats" in nodes.fails("b", "room", "remove", "#cats", "--yes")
    nodes.run("b", "room", "remove", "#mint", "--yes")
    assert "#mint" not in nodes.run("a", "room", "list")


def test_a_long_command_at_a_relaying_node_reports_its_progress(
    nodes: Nodes, relay: Service
) -> None:
    gus = relay.program("gus")
    for number in range(30):
        gus.ask("say", text=f"message {number}")
    request = json.dumps({"do": "erase", "name": "gus", "guest": True}).encode()
    *reports, answer = asked(nodes.place("b") / "chatsvc.control", request)
    assert (answer["ok"], answer["public"]) == (True, 30)
    assert [set(report) for report in reports] == [{"looked", "of", "erased"}] * len(reports)
    assert reports[-1]["erased"] == 30
    assert nodes.run("b", "erase", "gus", "--guest", "--yes").startswith("Erased 0 messages")


def test_status_shows_all_nodes_wherever_it_is_asked(
    nodes: Nodes, leader: Service, relay: Service
) -> None:
    relay.person("bob")
    for name, service in nodes.services.items():
        figures = status(nodes, name)
        assert (figures["node"], figures["pid"]) == (name, service.pid)
        assert (figures["people"], figures["epoch"]) == (1, 1)
        assert 0 <= figures["heartbeat"] < 10
        a, b = figures["nodes"]
        assert (a["name"], a["leads"], a["connections"], a["lag_ms"]) == ("a", True, 0, None)
        assert (b["name"], b["leads"], b["connections"]) == ("b", False, 1)
        assert b["lag_ms"] > 0
        assert a["version"] == b["version"] == figures["version"]
        assert figures["since"] <= b["since"] or name == "b"
        rows = [line for line in nodes.run(name, "status").splitlines() if "node" in line[:4]]
        assert [" * " in row for row in rows] == [name == "a", name == "b"]
        assert "a" in rows[0]
        assert "leads, 0 connections, since " in rows[0]
        assert "relays, 1 connection, since " in rows[1]
        assert " lag " in rows[1]


def test_operators_see_at_which_node_somebody_is(
    nodes: Nodes, leader: Service, relay: Service, password: Path
) -> None:
    relay.person("bob")
    boss, ann = boss_at(leader), leader.person("ann")
    assert boss.ask("whois", name="bob")["nodes"] == ["b"]
    assert boss.ask("whois", name="ann")["nodes"] == ["a"]
    boss.ask("join", room="#lobby")
    people = boss.ask("who", room="#lobby")["people"]
    assert {one["name"]: one["nodes"] for one in people} == {
        "ann": ["a"], "bob": ["b"], "boss": ["a"],
    }  # fmt: skip
    by_name = {one["name"]: one for one in boss.ask("status")["nodes"]}
    assert by_name["a"]["leads"]
    ann.send("/whois bob")
    assert "at b" not in ann.until("bob: online")
    chief = relay.person()
    chief.send("boss", SECRET, "/whois bob", "/who", "/status")
    assert ", at b" in chief.until("* bob: ")
    assert chief.until("*   ann ").endswith(", at a")
    assert chief.until("* Node b relays").startswith("* Node b relays, with a lag of ")
    assert "127.0.0.1 at b" in nodes.run("a", "who")


def test_operators_of_irc_see_the_node_in_whois(relay: Service, password: Path) -> None:
    relay.person("bob")
    irc = relay.peer(Person)
    irc.send(f"PASS {SECRET}", "NICK boss", "USER boss 0 * :boss")
    irc.until(" 001 ")
    irc.send("WHOIS bob")
    lines = irc.lines_until(" 318 ")
    assert any(line.endswith(" 320 boss bob :is connected to the node b") for line in lines), lines


def test_metrics_of_any_node_are_those_of_the_whole_chat(leader: Service, relay: Service) -> None:
    leader.person("ann")
    relay.person("bob")
    for service in (leader, relay):
        code, body = get(service, "/metrics")
        assert code == 200
        samples = dict(row.rsplit(" ", 1) for row in body.splitlines() if row[0] != "#")
        assert float(samples['chatsvc_people{kind="guest"}']) == 2
        assert float(samples['chatsvc_node_leads{node="a"}']) == 1
        assert float(samples['chatsvc_node_leads{node="b"}']) == 0
        assert float(samples['chatsvc_node_connections{node="b"}']) >= 1
        assert float(samples['chatsvc_node_lag_seconds{node="b"}']) > 0
        assert 'chatsvc_node_lag_seconds{node="a"}' not in samples
        assert float(samples["chatsvc_epoch"]) == 1
        assert all(f"# TYPE {name} " in body for name in named_in_manual())
        assert 0 <= float(samples["chatsvc_heartbeat_age_seconds"]) < 10


def test_health_checks_at_a_relaying_node_are_answered_by_the_leading_one(relay: Service) -> None:
    assert get(relay, "/healthz") == (200, "Messages can be stored.\n")
    assert get(relay, "/readyz") == (200, "Users can join.\n")
    assert get(relay, "/readyz?relaying") == (200, "Users can join at this node.\n")


def test_the_log_level_of_one_node_changes_and_the_chat_notes_it(nodes: Nodes) -> None:
    nodes.run("b", "log-level", "warn")
    assert nodes.run("a", "log-level") == "The log level is info.\n"
    assert nodes.run("b", "log-level") == "The log level is warn.\n"
    nodes.run("b", "log-level", "info")
    assert acts(nodes)[-2:] == [
        "set the log level to warn on the node b", "set the log level to info on the node b",
    ]  # fmt: skip


def test_a_reload_says_what_changes_only_at_the_leading_node(nodes: Nodes) -> None:
    for name in ("b", "a"):
        with (nodes.place(name) / "chatsvc.toml").open("a") as file:
            file.write('keep = "365d"\nlog-level = "debug"\n')
    answer = nodes.run("b", "reload")
    assert "Changed: keep, log-level." in answer or "Changed: log-level, keep." in answer
    assert answer.endswith(
        "This node relays, so it uses these only when it leads: keep. The settings of the leading"
        " node a apply: reload that one, too.\n"
    )
    assert nodes.run("b", "log-level") == "The log level is debug.\n"
    assert "Reload the others, too: b." in nodes.run("a", "reload")
    assert acts(nodes)[-2:] == [
        "reloaded the configuration on the node b", "reloaded the configuration on the node a",
    ]  # fmt: skip
    assert nodes.run("b", "reload") == "Nothing has changed.\n"


def test_a_second_node_in_the_same_directory_refuses_to_start(nodes: Nodes) -> None:
    place = nodes.place("b")
    given = ("serve", "--archive", nodes.archive, "--data", str(place), "--port", "0")
    assert f"Another chatsvc uses the directory {place}." in fails(place, *given, "--node", "x")
    assert status(nodes, "b")["node"] == "b"  # its control socket is still there


def test_a_second_node_of_the_same_name_refuses_to_start_or_says_why_it_waits(
    nodes: Nodes, tmp_path: Path
) -> None:
    given = ("--archive", nodes.archive, "--data", str(tmp_path), "--port", "0")
    refused = fails(tmp_path, "serve", *given, "--node", "a")
    assert "The node that leads the chat is called a, too, and runs at 127.0.0.1:" in refused
    assert refused.endswith("Give each node a name of its own with --node.\n")
    with Service(tmp_path, *given, "--node", "b") as other:
        other.wait_for("No link to the leading node a. There is a node b already. Give each node")
        found = shell(tmp_path, "status", *given[:4])
        assert found.returncode == 1
        assert "There is a node b already. Give each node a name of its own" in found.stdout
        assert get(other, "/readyz")[0] == 503


def test_check_says_what_a_node_would_find(nodes: Nodes, tmp_path: Path) -> None:
    leads = r"The node a leads the chat \(at 127.0.0.1:\d+, heartbeat [\d.]+ s ago, epoch 1\)\."
    for name in ("a", "b"):
        assert re.search(leads, nodes.run(name, "check"))
    given = ("check", "--archive", nodes.archive, "--data", str(tmp_path), "--port", "0")
    found = shell(tmp_path, *given, "--node", "c")
    assert re.search(rf"{leads} The node c relays to it\.\nNo problems found\.", found.stdout)
    with socket.create_server(("", 0)) as taken:
        number = taken.getsockname()[1]
        found = shell(tmp_path, *given, "--node", "a", "--node-address", f"10.0.0.1:{number}")
    assert found.returncode == 1
    assert f"port {number}: it is in use by another program.\n    Fix: Stop" in found.stdout
    assert (
        "node a: the node that leads the chat has this name, too.\n"
        "    Fix: Choose another name with --node.\n"
    ) in found.stdout


def test_check_finds_that_the_leading_node_cannot_be_reached(
    server: Server, nodes: Nodes, tmp_path: Path
) -> None:
    import psycopg

    with psycopg.connect(nodes.archive, autocommit=True) as connection:
        ((address,),) = connection.execute("SELECT address FROM leader").fetchall()
        connection.execute("UPDATE leader SET address = '127.0.0.1:1'")
        found = shell(tmp_path, "check", "--archive", nodes.archive, "--port", "0", "--node", "c")
        connection.execute("UPDATE leader SET address = %s", (address,))
    assert (
        "127.0.0.1:1: the leading node a cannot be reached there: Connection refused.\n"
        "    Fix: Open this port of a for this machine, or start a with a --node-address"
    ) in found.stdout
