"""Nodes behind HAProxy, configured as in docs/nodes.md, stop and are killed while people talk."""

from __future__ import annotations

import json
import re
import signal
import socket
import ssl
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import psycopg
import pytest
from balanced import NAMES, Balanced, Talker, configuration, with_a_share_at_the_leader
from browser import Visit
from real import LIMIT, Person, wait_until
from real_connections import trusting
from test_real_tui import join as join_in_terminal
from tmux import Tmux

from chatsvc.client.net.front import MOVED
from chatsvc.services.sessions import MOVING

PASSWORD = "correct-horse-battery"
SILENCE = 5.0  # seconds: many times what it takes, because the machine may be busy


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Balanced]:
    with Balanced(tmp_path, configuration()) as chat:
        yield chat


def talkers(chat: Balanced, stack: ExitStack) -> list[Talker]:
    """Let some programs talk, at all nodes."""
    people = [stack.enter_context(Talker(chat, f"p{number}")) for number in range(6)]
    more_is_said(people)
    return people


def more_is_said(people: list[Talker]) -> None:
    """Wait until everybody was shown something that everybody has said since."""
    names = {person.name for person in people}
    for person in people:
        heard = partial(person.has_heard, names, len(person.shown))
        wait_until(heard, f"talk of all for {person.name}")


def check(people: list[Talker]) -> None:
    """Check that everybody was shown everything once and in order."""
    for person in people:
        person.finish()
    last = max(person.shown[-1][0] for person in people)
    said = sorted(text for person in people for text in person.texts)
    whole = max((person.shown for person in people), key=len)
    assert sorted(text for _, text in whole) == said
    assert [number for number, _ in whole] == list(range(1, last + 1))
    for person in people:
        assert person.shown == whole[whole.index(person.shown[0]) :][: len(person.shown)]
        own = [text for _, text in person.shown if text.split()[0] == person.name]
        assert own == person.texts


def test_all_nodes_are_restarted_one_by_one_while_programs_talk(chat: Balanced) -> None:
    with ExitStack() as stack:
        people = talkers(chat, stack)
        for name in NAMES:  # the first one leads
            chat.restart(name)
            more_is_said(people)
        check(people)
    assert {event["code"] for person in people for event in person.refused} <= {"stopping"}
    goodbyes = [goodbye for person in people for goodbye in person.goodbyes]
    assert {(goodbye["text"], goodbye.get("reconnect")) for goodbye in goodbyes} == {
        (MOVING.text, True)
    }
    assert max(person.silence for person in people) < SILENCE


def test_a_killed_leader_is_survived(chat: Balanced) -> None:
    with ExitStack() as stack:
        people = talkers(chat, stack)
        for _ in range(2):
            leader = chat.leader
            chat.nodes[leader].signal(signal.SIGKILL)
            chat.nodes[leader].ended()
            more_is_said(people)
            chat.start(leader)
        check(people)
    assert max(person.silence for person in people) < SILENCE


def test_a_restart_of_haproxy_is_survived(chat: Balanced) -> None:
    with ExitStack() as stack:
        people = talkers(chat, stack)
        chat.restart_haproxy()
        more_is_said(people)
        check(people)
    assert max(person.silence for person in people) < SILENCE


def test_a_stopped_node_gets_no_new_users(chat: Balanced) -> None:
    chat.stop(NAMES[-1])
    names = [f"guest{number}" for number in range(12)]
    people = [chat.person(name) for name in names]  # nobody is refused or waits in vain
    people[-1].send("good morning")
    for person in people[:-1]:
        person.until("good morning")


def test_the_leader_has_users_only_while_it_is_alone(chat: Balanced) -> None:
    relays = [name for name in NAMES if name != chat.leader]
    for number in range(6):
        chat.person(f"guest{number}")
    # HAProxy's own checks come and go.
    leader, last = chat.leader, relays[-1]
    wait_until(
        lambda: chat.connections(leader) == {leader: 0, **dict.fromkeys(relays, 3)}, "3 users each"
    )
    for name in relays:
        chat.stop(name)
    wait_until(lambda: not any(map(chat.relays, relays)), "HAProxy to know that nobody relays")
    alone = [chat.person(f"late{number}") for number in range(6)]
    wait_until(lambda: chat.connections(leader) == {leader: 6}, "6 users of the leading node")
    chat.start(last)
    wait_until(lambda: chat.relays(last), "the node that relays again")
    for number in range(3):
        chat.person(f"next{number}")
    wait_until(lambda: chat.connections(leader) == {leader: 6, last: 3}, "3 users of the other")
    alone[0].send("good morning")  # those who are there stay
    alone[1].until("good morning")


def test_people_of_every_dialect_come_with_their_own_addresses(chat: Balanced) -> None:
    ann = chat.person("ann")
    code = re.search(r"/claim (\w+)", chat.nodes[chat.leader].log)
    assert code is not None
    ann.send(f"/register {PASSWORD}", f"/claim {code[1]}")
    ann.until("operator")
    addresses = {name: f"127.0.0.{number}" for number, name in enumerate(PEOPLE, 20)}
    for name, come in PEOPLE.items():
        for _ in NAMES:  # so that some come to each node
            person = come(chat, name, addresses[name])
            ann.send(f"/whois {name}")
            assert addresses[name] in ann.until("127.0.0.")
            person.send("QUIT" if name == "irc" else "/quit")
            person.rest()
    with urllib.request.urlopen(f"http://localhost:{chat.port}/", timeout=LIMIT) as page:
        assert b"<!doctype html>" in page.read().lower()


def in_text(chat: Balanced, name: str, address: str) -> Person:
    return chat.person(name, address)


def in_irc(chat: Balanced, name: str, address: str) -> Person:
    person = chat.peer(Person, address)
    person.send(f"NICK {name}", f"USER {name} 0 * :{name}", "JOIN #lobby")
    person.until(f" 366 {name} #lobby ")
    return person


def in_json(chat: Balanced, name: str, address: str) -> Person:
    person = chat.peer(Person, address)
    person.send(json.dumps({"do": "hello", "version": 1, "name": name}))
    person.until("welcome")
    person.send(json.dumps({"do": "join", "room": "#lobby"}))
    person.until("entered")
    return JSONPerson.of(person)


class JSONPerson(Person):
    """A program that leaves as people do."""

    @classmethod
    def of(cls, person: Person) -> Person:
        person.__class__ = cls
        return person

    def send(self, *lines: str | bytes) -> None:
        super().send(*(json.dumps({"do": str(line).removeprefix("/")}) for line in lines))


def over_tls(chat: Balanced, name: str, address: str) -> Person:
    """Return a user of the text dialect over TLS, which the node ends."""

    def secured(connection: socket.socket) -> Person:
        return Person(trusting().wrap_socket(connection, server_hostname="localhost"))

    person = chat.peer(secured, address)
    assert isinstance(person.socket, ssl.SSLSocket)
    person.come_in(name)
    return person


PEOPLE = {"text": in_text, "irc": in_irc, "json": in_json, "tls": over_tls}


def test_people_without_a_program_read_why_the_connection_ends(chat: Balanced) -> None:
    people = [
        come(chat, f"{name}{number}", "127.0.0.1") for name, come in PEOPLE.items()
        if name != "json" for number in NAMES
    ]  # fmt: skip
    for name in NAMES[1:]:
        chat.stop(name)
    chat.stop("a")
    for person in people:
        read = person.rest()
        assert any(MOVING.text in line or "stopping" in line for line in read), read


def test_the_terminal_client_is_moved_with_one_quiet_sentence(
    chat: Balanced, tmp_path: Path
) -> None:
    with Tmux(tmp_path) as tmux:
        screen = join_in_terminal(tmux, tmp_path, "ann", f"localhost:{chat.port}")
        screen.until(r"^ #lobby")
        for number, name in enumerate(NAMES):
            screen.type(f"before {number}\r")
            screen.until(rf"before {number}")
            chat.stop(name)
            screen.type(f"after {number}\r")
            chat.start(name)
        wait_until(lambda: "after 2" in texts(chat), "the last message")
        screen.until(re.escape(MOVED))
        assert "Connection lost" not in screen.text
        assert texts(chat) == [f"{when} {n}" for n in range(3) for when in ("before", "after")]


def texts(chat: Balanced) -> list[str]:
    """Return what is stored."""
    with psycopg.connect(chat.address) as link:
        return [text for (text,) in link.execute("SELECT text FROM said ORDER BY number")]


def test_the_page_is_moved_with_one_quiet_sentence(chat: Balanced, visit: Visit) -> None:
    tab = visit().log_in("ann")
    tab.page.evaluate(REMEMBER_STATUS)
    for number, name in enumerate(NAMES):
        tab.say(f"before {number}")
        tab.stores(f"before {number}")
        chat.stop(name)
        tab.say(f"after {number}")
        tab.stores(f"after {number}")
        chat.start(name)
    assert texts(chat) == [f"{when} {n}" for n in range(3) for when in ("before", "after")]
    assert tab.texts == texts(chat)
    said = set(tab.page.evaluate("statuses"))
    assert "The server is restarting. What you write is sent in a moment." in said
    assert not any("Not connected" in each for each in said)


REMEMBER_STATUS = """() => {
    window.statuses = [];
    new MutationObserver(() => {
        const status = document.querySelector(".status")?.innerText;
        if (status && status !== statuses.at(-1)) statuses.push(status);
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def test_the_leading_node_can_have_a_share_of_the_users(tmp_path: Path) -> None:
    """Of 100 users, 80 are spread over three nodes, of which one leads."""
    with Balanced(tmp_path, with_a_share_at_the_leader()) as chat:
        users = [chat.peer(Person) for _ in range(100)]
        for user in users:
            user.until("name")  # all nodes answer
        at = chat.connections(chat.leader)
        assert 10 < at.pop(chat.leader) < min(at.values())
