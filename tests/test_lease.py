"""A node that may no longer lead: when that is so, and that nobody is answered meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from conftest import Chat, Person
from ircpeople import irc
from links import Nodes
from twisted.internet.task import Clock
from webpeople import ask, program, received

from chatsvc.model.rate_limits import UNLIMITED
from chatsvc.running.lease import ALONE, AWAY, STALLED, Lease
from chatsvc.store.leading import LEASE
from chatsvc.transports.chat_protocol import WAITING
from chatsvc.transports.web.monitoring import Monitoring


class Leading:
    """A node that leads, as far as its lease tells it what to do."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.said: list[bool | str] = []
        self.lease = Lease(self.clock, 0.0, self.said.append, lambda: self.said.append("given up"))


@pytest.fixture
def leading() -> Leading:
    return Leading()


def test_there_is_doubt_when_no_heartbeat_was_stored_for_long(leading: Leading) -> None:
    leading.clock.advance(LEASE - 0.1)
    assert leading.said == []
    leading.clock.advance(0.1)
    assert leading.said == [True]


def test_a_heartbeat_ends_doubt_and_begins_another_lease(leading: Leading) -> None:
    leading.clock.advance(LEASE)
    leading.lease.renewed(leading.clock.seconds())
    assert leading.said == [True, False]
    leading.clock.advance(LEASE)
    assert leading.said == [True, False, True]


def test_heartbeats_in_time_leave_no_doubt(leading: Leading) -> None:
    for _ in range(20):
        leading.clock.advance(LEASE - 1)
        leading.lease.renewed(leading.clock.seconds() - 0.5)
    assert leading.said == []


def test_a_heartbeat_counts_from_its_beginning(leading: Leading) -> None:
    leading.clock.advance(LEASE - 1)
    leading.lease.renewed(1.0)
    leading.clock.advance(2)
    assert leading.said == [True]


def test_a_heartbeat_that_took_too_long_leaves_it_to_the_next_one(leading: Leading) -> None:
    leading.clock.advance(LEASE + 5)
    leading.lease.renewed(1.0)
    leading.clock.advance(0)
    assert leading.said == [True]
    leading.lease.renewed(LEASE + 4)
    assert leading.said == [True, False]


def test_a_node_without_heartbeat_gives_up_after_a_while(leading: Leading) -> None:
    leading.clock.advance(LEASE)
    leading.clock.advance(AWAY - LEASE)
    leading.clock.advance(STALLED - 0.1)
    assert leading.said == [True]
    leading.clock.advance(0.1)
    assert leading.said == [True, "given up"]


def test_a_node_that_was_stopped_for_long_can_store_a_heartbeat_first(leading: Leading) -> None:
    leading.clock.advance(10 * AWAY)
    leading.lease.renewed(leading.clock.seconds())
    leading.clock.advance(STALLED)
    assert leading.said == [True, False]


@pytest.mark.parametrize("moment", [3, 13])
def test_it_gives_up_sooner_when_another_node_is_gone(leading: Leading, moment: int) -> None:
    leading.clock.advance(moment)
    leading.lease.alone()
    leading.clock.advance(ALONE - moment)
    leading.clock.advance(STALLED - 0.1)
    assert leading.said == [True]
    leading.clock.advance(0.1)
    assert leading.said == [True, "given up"]


def test_another_node_that_went_before_the_last_heartbeat_changes_nothing(leading: Leading) -> None:
    leading.lease.alone()
    leading.lease.renewed(1.0)
    leading.clock.advance(ALONE + STALLED + 1)
    assert leading.said == [True]


def test_a_lease_that_has_ended_notices_nothing(leading: Leading) -> None:
    leading.lease.end()
    leading.lease.alone()
    leading.clock.advance(2 * AWAY)
    assert leading.said == []
    assert leading.clock.getDelayedCalls() == []


def test_the_leader_hears_of_each_node_that_is_gone() -> None:
    nodes, lost = Nodes(), []
    nodes.links.when_left = lambda: lost.append(nodes.links.others)
    nodes.there.cut()
    assert lost == [[]]


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


def test_a_login_that_was_under_way_is_refused_in_doubt(chat: Chat) -> None:
    guest = chat.connect()
    guest.ask(do="ping")
    chat.hub.login.suspended = True  # while the password is being checked
    (refused,) = guest.ask(do="hello", name="ann")
    assert (refused["event"], refused["code"]) == ("refused", "busy")
    assert chat.hub.directory.users == {}


def test_the_time_to_enter_a_name_does_not_run_out_in_doubt() -> None:
    chat = Chat(limits=replace(UNLIMITED, name_within=5))
    guest = chat.connect()
    chat.wait_for_greeting()
    chat.factory.doubt(True)
    guest.send("ann")
    chat.clock.advance(10)
    chat.clock.advance(0)
    chat.factory.doubt(False)
    assert "Welcome" in "\n".join(guest.read())
    assert not guest.transport.disconnecting


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
