"""A node that may no longer lead: when that is so, and that nobody is answered meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import Chat, Person
from ircpeople import irc
from links import Nodes
from twisted.internet.task import Clock
from webpeople import ask, program, received

from chatsvc.running.lease import AWAY, DOUBTED, Lease
from chatsvc.store.leading import LEASE
from chatsvc.transports.chat_protocol import WAITING
from chatsvc.transports.web.monitoring import Monitoring


class Doubt:
    """A lease, with links that are complete or not."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.complete = True
        self.said: list[bool] = []
        self.lease = Lease(self.clock, lambda: self.complete, self.said.append)
        self.lease.renewed(0.0)

    def lose(self) -> None:
        self.complete = False
        self.lease.look()


@pytest.fixture
def doubt() -> Doubt:
    return Doubt()


def test_there_is_doubt_when_the_lease_ends_after_a_link_was_lost(doubt: Doubt) -> None:
    doubt.clock.advance(3)
    doubt.lose()
    doubt.clock.advance(LEASE - 3.1)
    assert doubt.said == []
    doubt.clock.advance(0.1)
    assert doubt.said == [True]


def test_there_is_doubt_when_a_link_is_lost_after_the_lease_has_ended(doubt: Doubt) -> None:
    doubt.clock.advance(LEASE + 20)
    assert doubt.said == []
    doubt.lose()
    doubt.lose()
    assert doubt.said == [True]


def test_a_heartbeat_ends_doubt_and_begins_another_lease(doubt: Doubt) -> None:
    doubt.lose()
    doubt.clock.advance(LEASE)
    doubt.lease.renewed(doubt.clock.seconds())
    assert doubt.said == [True, False]
    doubt.clock.advance(LEASE)
    assert doubt.said == [True, False, True]


def test_a_heartbeat_counts_from_its_beginning(doubt: Doubt) -> None:
    doubt.lose()
    doubt.clock.advance(LEASE - 1)
    doubt.lease.renewed(1.0)
    doubt.clock.advance(2)
    assert doubt.said == [True]


def test_a_heartbeat_that_took_too_long_leaves_it_to_the_next_one(doubt: Doubt) -> None:
    doubt.lose()
    doubt.clock.advance(LEASE + 5)
    doubt.lease.renewed(1.0)
    doubt.clock.advance(0)
    assert doubt.said == [True]
    doubt.lease.renewed(LEASE + 4)
    assert doubt.said == [True, False]


def test_a_node_without_heartbeat_leads_on_for_a_while_and_in_doubt_not_so_long(
    doubt: Doubt,
) -> None:
    doubt.clock.advance(DOUBTED + 1)
    assert not doubt.lease.is_forfeit
    doubt.lose()
    assert doubt.lease.is_forfeit
    doubt.lease.renewed(doubt.clock.seconds())
    assert not doubt.lease.is_forfeit
    doubt.complete = True
    doubt.clock.advance(AWAY + 1)
    assert doubt.lease.is_forfeit


def test_a_lease_that_has_ended_notices_nothing(doubt: Doubt) -> None:
    doubt.lease.end()
    doubt.lose()
    doubt.clock.advance(2 * LEASE)
    assert doubt.said == []
    assert doubt.clock.getDelayedCalls() == []


def test_links_are_complete_while_there_is_one_to_each_node_that_has_joined() -> None:
    nodes, lost = Nodes(), []
    nodes.links.when_left = lambda: lost.append(nodes.links.are_complete())
    assert nodes.links.are_complete()
    nodes.there.cut()
    assert lost == [False]
    nodes.link()
    assert nodes.links.are_complete()


def in_text(chat: Chat) -> tuple[Person, str]:
    return chat.join("ann"), "/who"


def in_irc(chat: Chat) -> tuple[Person, str]:
    return irc(chat, "ann"), "NAMES #lobby"


def in_json(chat: Chat) -> tuple[Person, str]:
    ann = chat.program("ann")
    ann.ask(do="join", room="#lobby")
    return ann, '{"do": "who", "room": "#lobby"}'


@pytest.mark.parametrize("come", [in_text, in_irc, in_json])
def test_nobody_is_answered_in_doubt(
    chat: Chat, come: Callable[[Chat], tuple[Person, str]]
) -> None:
    ann, question = come(chat)
    ann.read()
    chat.factory.doubt(True)
    assert WAITING in "\n".join(ann.read())
    assert ann.send(question) == []
    chat.clock.advance(60)
    assert ann.read() == []
    chat.factory.doubt(False)
    assert "ann" in "\n".join(ann.read())


def test_requests_wait_in_order_and_messages_too(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    bob.read()
    chat.factory.doubt(True)
    bob.read()
    ann.send("one")
    ann.send("/join #tea")
    ann.send("two")
    assert bob.read() == []
    chat.factory.doubt(False)
    read = bob.read()
    assert ["<ann> one" in line for line in read] == [True]
    assert chat.hub.rooms.room("#tea").last == 1


def test_nobody_gets_a_name_in_doubt(chat: Chat) -> None:
    early = chat.connect()
    chat.factory.doubt(True)
    late = chat.connect()
    early.send("ann")
    late.send("bob")
    chat.wait_for_greeting()
    assert "Welcome" not in "\n".join(early.read() + late.read())
    assert chat.hub.directory.users == {}
    chat.factory.doubt(False)
    assert "Welcome" in "\n".join(early.read())
    assert "Welcome" in "\n".join(late.read())


def test_a_page_waits_and_health_checks_do_not(chat: Chat) -> None:
    chat.factory.monitor = Monitoring(chat.factory)
    ann = program(chat, "ann")
    chat.factory.doubt(True)
    ann.events()
    ann.ask(do="rooms")
    assert ann.events() == []
    check = chat.connect(address="127.0.0.1")
    check.protocol.dataReceived(ask("GET /healthz", host="localhost"))
    chat.clock.advance(0)
    assert [answer.status for answer in received(check)] == [200]
    chat.factory.doubt(False)
    assert [event["event"] for event in ann.events()] == ["rooms"]


def test_who_leaves_in_doubt_leaves(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    chat.factory.doubt(True)
    ann.send("/msg bob psst", "/nick eve", "hello")
    bob.read()
    ann.hang_up()
    assert bob.read() == ["* ann left."]  # and nothing of it was carried out
