"""What happens to people when a link is lost, and while there is none."""

from __future__ import annotations

from conftest import Chat
from links import Nodes, recorded

from chatsvc.dialects.text import TEXT
from chatsvc.services.sessions import MOVING
from chatsvc.transports.connection import LAST_WORDS
from chatsvc.transports.detection import GREETING, TLS_BEGINS
from chatsvc.transports.link.leading import PORTION
from chatsvc.transports.link.relay import FULL, PATIENCE, REFUSED


def test_a_lost_link_ends_all_its_connections_in_portions() -> None:
    nodes, guests, protocols = recorded(3 * PORTION)
    nodes.there.cut()
    lost = [sum(each.events == ["lost"] for each in protocols)]
    nodes.turn()
    lost.append(sum(each.events == ["lost"] for each in protocols))
    assert lost == [PORTION, 3 * PORTION]
    assert all(guest.closed for guest in guests)
    for guest in guests:
        guest.lose()
    assert nodes.relay.open == 0
    assert nodes.clock.getDelayedCalls() == []


def test_people_leave_when_their_link_is_lost() -> None:
    chat = Chat()
    reader = chat.join("reader")
    nodes = Nodes(chat)
    ann = nodes.join("ann")
    ann.send("hello")
    reader.read()
    nodes.there.cut()
    assert ann.closed
    assert reader.read() == ["* ann left."]


def test_a_client_that_takes_nothing_does_not_outlive_its_link() -> None:
    nodes, (guest,), _ = recorded(1)
    guest.stop_reading()
    nodes.there.cut()
    assert not guest.lost
    nodes.clock.pump([LAST_WORDS, 0])
    assert guest.lost
    assert nodes.relay.open == 0


def test_both_ends_notice_a_silent_peer() -> None:
    nodes = Nodes()
    nodes.pass_time(60)
    assert not nodes.here.lost
    nodes.clock.pump([0.5] * 15)
    assert (nodes.here.disconnecting, nodes.there.disconnecting) == (False, False)
    nodes.clock.pump([0.5] * 6)
    assert (nodes.here.disconnecting, nodes.there.disconnecting) == (True, True)


def test_a_link_is_alive_while_a_large_frame_arrives() -> None:
    nodes, (guest,), (protocol,) = recorded(1)
    protocol.transport.write(b"d" * 200_000)
    nodes.turn()
    for _ in range(100):
        nodes.there.carry(1000)
        nodes.here.carry()
        nodes.clock.advance(0.5)
    nodes.carry()
    assert guest.received() == b"d" * 200_000


def test_a_stall_does_not_cut_a_healthy_link() -> None:
    nodes, (guest,), _ = recorded(1)
    nodes.clock.advance(5)
    waiting = [side.take(1 << 20) for side in (nodes.here, nodes.there)]
    assert all(waiting)
    nodes.clock.rightNow += 60  # neither process runs; what was sent waits in the sockets
    nodes.clock.calls.sort(key=lambda call: call.getTime())
    _run_due(nodes)
    for side, data in zip((nodes.there, nodes.here), waiting, strict=True):
        side.protocol.dataReceived(data)
    nodes.carry()
    nodes.pass_time(10)
    assert not nodes.here.lost
    assert not guest.closed


def _run_due(nodes: Nodes) -> None:
    """Do what is due now, and not what follows from it: the reactor reads before that."""
    due = [call for call in nodes.clock.calls if call.getTime() <= nodes.clock.seconds()]
    for call in due:
        nodes.clock.calls.remove(call)
        call.called = 1
        call.func(*call.args, **call.kw)


def test_people_wait_for_a_link() -> None:
    nodes = Nodes()
    nodes.there.cut()
    ann = nodes.connect()
    ann.send("ann")
    assert ann.is_paused
    nodes.clock.advance(PATIENCE / 2)
    nodes.link()
    assert "Welcome" in "\n".join(ann.read())
    assert not ann.is_paused


def test_people_are_told_when_nobody_leads_for_long() -> None:
    nodes = Nodes()
    nodes.there.cut()
    silent, ann = nodes.connect(), nodes.connect()
    ann.send("ann")
    nodes.clock.advance(PATIENCE)
    assert silent.read() == ["* The chat cannot be reached at the moment. Try again soon."]
    assert ann.read() == []
    assert silent.closed
    assert ann.closed
    nodes.link()  # too late for them
    assert nodes.leading.connections == {}


def test_a_node_that_leads_takes_those_who_wait_and_those_who_have_just_come() -> None:
    nodes = Nodes()
    nodes.there.cut()
    nodes.relay.tls = nodes.tls  # so the silent wait for TLS at first
    waiting, new = nodes.connect(), nodes.connect()
    waiting.send("ann")
    nodes.relay.hand_over(nodes.chat.factory.accept)
    assert "Welcome" in "\n".join(waiting.read())
    assert "Welcome" in "\n".join(new.send("bob"))
    assert [person.is_paused for person in (waiting, new)] == [False, False]
    assert nodes.relay.open == 0


def test_new_people_wait_while_the_leading_node_leaves() -> None:
    nodes = Nodes()
    ann = nodes.join("ann")
    nodes.links.leave()
    nodes.carry()
    bob = nodes.connect()
    bob.send("bob")
    assert bob.is_paused
    assert not ann.closed
    nodes.here.cut()
    nodes.links.chat = nodes.chat.factory
    nodes.link()
    assert "Welcome" in "\n".join(bob.read())


def test_a_connection_on_its_way_to_a_node_that_leads_no_longer_is_closed() -> None:
    nodes = Nodes()
    nodes.links.leave()
    late = nodes.connect()
    nodes.carry()
    assert late.closed
    late.lose()
    assert nodes.relay.open == 0


def test_the_number_of_connections_is_limited() -> None:
    nodes = Nodes()
    most = nodes.relay._most = 1
    last, refused, check, watched = [nodes.connect() for _ in range(4)]
    check.protocol.dataReceived(b"GET /readyz?relaying HTTP/1.1\r\n")
    watched.protocol.dataReceived(b"GET /healthz HTTP/1.1\r\n")
    nodes.carry()
    assert check.received().startswith(b"HTTP/1.1 503 ")
    assert len(nodes.leading.connections) == 2  # which is healthy
    nodes.clock.advance(GREETING)
    assert refused.received() == TEXT.write(FULL)
    assert (last.closed, refused.closed, check.closed) == (False, True, True)
    nodes.relay.open = most + REFUSED
    assert nodes.connect().lost


def test_those_who_have_waited_for_a_link_are_refused_if_they_are_too_many() -> None:
    nodes = Nodes()
    nodes.there.cut()
    nodes.relay._most = 1
    people = [nodes.connect() for _ in range(3)]
    nodes.link()
    nodes.clock.advance(GREETING)
    assert [person.closed for person in people] == [False, True, True]
    check = nodes.connect()
    check.protocol.dataReceived(b"GET /readyz HTTP/1.1\r\n")
    assert check.received().startswith(b"HTTP/1.1 503 ")


def test_a_node_that_stops_keeps_its_link_for_those_who_are_there() -> None:
    nodes = Nodes()
    ann = nodes.join("ann")
    nodes.relay.leave()
    person, check = nodes.connect(), nodes.connect()
    check.protocol.dataReceived(b"GET /readyz HTTP/1.1\r\n")
    assert check.received().startswith(b"HTTP/1.1 503 ")
    nodes.clock.advance(GREETING + TLS_BEGINS)
    assert person.received() == TEXT.write(MOVING)
    assert (person.closed, check.closed, ann.closed) == (True, True, False)
    assert "ann" in "\n".join(ann.send("/who"))
