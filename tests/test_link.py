"""Connections over a link: their bytes, their flow control, and how they end."""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from links import Nodes, Recorders, recorded

from chatsvc.transports.connection import LAST_WORDS
from chatsvc.transports.link import frames
from chatsvc.transports.link.arrival import Arrival
from chatsvc.transports.link.leading import BURST
from chatsvc.transports.link.remote import ONCE, UNREAD

SHARED = st.sampled_from([b"one\n", b"two\n", b"three\n", b"x" * 300_000])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("all"), SHARED),
        st.tuples(st.just("some"), SHARED),
        st.tuples(st.just("own"), st.integers(0, 3)),
        st.tuples(st.just("pause"), st.integers(0, 3)),
        st.tuples(st.just("turn"), st.integers(0, 3)),
        st.tuples(st.just("close"), st.integers(0, 3)),
    ),
    max_size=40,
)


@given(STEPS)
def test_each_connection_gets_all_its_bytes_in_order(steps: list[tuple[str, Any]]) -> None:
    nodes, guests, protocols = recorded(4)
    wanted = [b"" for _ in guests]
    for position, (what, detail) in enumerate(steps):
        if what == "turn":
            nodes.turn()
            nodes.carry_some()
            continue
        who = [detail] if what not in ("all", "some") else range(0, 4, 1 if what == "all" else 2)
        for one in who:
            transport = protocols[one].transport
            if what == "close":
                transport.loseConnection()
            elif what == "pause":  # a frame of its own kind, between data
                transport._end.send(frames.Kind.HOLD, transport.number)
            elif not transport.disconnecting:
                data = detail if isinstance(detail, bytes) else b"%d to %d\n" % (position, one)
                transport.write(data)
                wanted[one] += data
    nodes.carry()
    assert [guest.received() for guest in guests] == wanted
    assert [guest.closed for guest in guests] == [
        each.transport.disconnecting for each in protocols
    ]


def test_what_many_read_is_sent_once() -> None:
    nodes, guests, protocols = recorded(50)
    for each in protocols:
        each.transport.write(b"x" * 10_000)
    nodes.turn()
    assert len(nodes.there.value()) < 11_000
    nodes.carry()
    assert {guest.received() for guest in guests} == {b"x" * 10_000}


def test_what_follows_in_the_same_turn_is_sent_together(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes, guests, protocols = recorded(2)
    sent: list[bytes] = []
    monkeypatch.setattr(guests[1].transport, "write", sent.append)
    for word in (b"one ", b"two ", b"three "):
        for each in protocols:
            each.transport.write(word)
        nodes.turn()
    while nodes.there.carry(20):  # all of it in one turn of the other node
        pass
    assert sent == [b"one "]
    nodes.turn()
    assert sent == [b"one ", b"two three "]


@pytest.mark.parametrize("end", ["closed", "lost"])
def test_the_last_words_arrive_although_the_end_follows_at_once(end: str) -> None:
    nodes, (guest,), (protocol,) = recorded(1)
    protocol.transport.write(b"Goodbye.")
    if end == "closed":
        protocol.transport.loseConnection()
    nodes.turn()
    nodes.there.carry()
    if end == "lost":
        nodes.there.cut()
    assert guest.received() == b"Goodbye."
    assert guest.closed


# Flow control


def test_a_client_that_reads_slowly_fills_only_its_own_connection() -> None:
    nodes, guests, protocols = recorded(2)
    guests[0].stop_reading()
    nodes.carry()
    assert [each.events for each in protocols] == [["full"], []]
    guests[0].read_on()
    nodes.carry()
    assert [each.events for each in protocols] == [["full", "empty"], []]


def test_a_reader_who_was_slow_catches_up() -> None:
    nodes = Nodes()
    ann, bob = nodes.join("ann"), nodes.join("bob")
    ann.read()
    ann.stop_reading()
    nodes.carry()
    bob.send(*(f"message {number}" for number in range(100)))
    assert ann.received() == b""
    ann.read_on()
    said = [line.rpartition("<bob> ")[2] for line in ann.read()]
    assert said == [f"message {number}" for number in range(100)]


def test_a_flooding_client_is_not_read_while_its_protocol_is_paused() -> None:
    nodes, (guest, other), (protocol, _) = recorded(2)
    protocol.transport.pauseProducing()
    sent = b""
    while not guest.is_paused:
        sent += b"y" * 1000
        guest.protocol.dataReceived(b"y" * 1000)
        nodes.carry()
    assert UNREAD < len(sent) <= UNREAD + 1000
    assert not other.is_paused
    assert protocol.data == b""
    protocol.transport.resumeProducing()
    nodes.carry()
    assert protocol.data == sent
    assert protocol.largest <= ONCE
    assert not guest.is_paused


def test_a_paused_protocol_gets_what_waits_in_turns() -> None:
    nodes, (guest,), (protocol,) = recorded(1)
    protocol.transport.pauseProducing()
    guest.protocol.dataReceived(b"y" * (3 * ONCE))
    nodes.carry()

    def read_a_little(data: bytes) -> None:
        protocol.data += data
        protocol.transport.pauseProducing()

    protocol.dataReceived = read_a_little
    for turns in (1, 2, 3):
        protocol.transport.resumeProducing()
        nodes.turn()
        assert len(protocol.data) == turns * ONCE


def test_many_small_pieces_for_a_paused_protocol_cost_little(limited_time: None) -> None:
    nodes, (_,), (protocol,) = recorded(1)
    protocol.transport.pauseProducing()
    for _ in range(400):
        protocol.transport.receive(b"z" * 32_768)  # those on their way when it was held
    protocol.transport.resumeProducing()
    nodes.turn()
    assert len(protocol.data) == 400 * 32_768


@pytest.fixture
def limited_time() -> Iterator[None]:
    """Fail if the test takes over a second of processor time."""
    begun = process_time()
    yield
    assert process_time() - begun < 1


def test_much_at_once_does_not_make_a_link_slow() -> None:
    nodes, _, protocols = recorded(3)
    for _ in range(3):
        nodes.there.fill()
        nodes.clock.advance(BURST - 0.01)
        nodes.there.drain()
        nodes.clock.advance(BURST)
    assert [each.events for each in protocols] == [[]] * 3


def test_a_slow_link_fills_all_its_connections() -> None:
    nodes, _, protocols = recorded(3)
    nodes.there.fill()
    nodes.clock.advance(BURST)
    late = nodes.connect()
    nodes.carry()
    assert [each.events for each in nodes.links.chat.all] == [["full"]] * 4  # type: ignore[union-attr]
    late.hang_up()
    nodes.there.drain()
    nodes.carry()
    assert [each.events for each in protocols[:3]] == [["full", "empty"]] * 3


def test_nobody_is_read_while_the_link_is_slow() -> None:
    nodes, guests, _ = recorded(3)
    nodes.here.fill()
    assert all(guest.is_paused for guest in guests)
    nodes.here.drain()
    assert not any(guest.is_paused for guest in guests)


@pytest.mark.parametrize(
    "first", ["ann", '{"do":"hello","version":1,"name":"ann"}', "NICK ann\nUSER u 0 * :U"]
)
def test_people_can_join_over_a_slow_link(first: str) -> None:
    nodes = Nodes()
    nodes.there.fill()
    nodes.clock.advance(BURST)
    ann = nodes.connect()
    ann.send(first)
    nodes.there.drain()
    bob = nodes.join("bob")
    bob.send("/msg ann are you there?")
    assert "are you there?" in "\n".join(ann.read())


# The end of a connection


def test_a_client_that_ends_its_half_is_still_answered() -> None:
    nodes = Nodes()
    reader, ann = nodes.join("reader"), nodes.connect()
    ann.protocol.dataReceived(b"ann\nhello\nand goodbye\n")
    ann.protocol.readConnectionLost()
    assert "Welcome" in "\n".join(ann.read())
    assert ann.closed
    said = "\n".join(reader.read())
    assert "<ann> hello" in said
    assert "<ann> and goodbye" in said
    assert "ann left" in said


def test_the_end_of_a_half_follows_what_was_unread() -> None:
    nodes, (guest,), (protocol,) = recorded(1)
    protocol.transport.pauseProducing()
    guest.protocol.dataReceived(b"last words")
    guest.protocol.readConnectionLost()
    nodes.carry()
    assert (protocol.data, protocol.events) == (b"", [])
    protocol.transport.resumeProducing()
    nodes.carry()
    assert (protocol.data, protocol.events) == (b"last words", ["end"])


def test_what_a_client_has_sent_before_it_went_is_read() -> None:
    nodes, (guest,), (protocol,) = recorded(1)
    protocol.transport.pauseProducing()
    guest.protocol.dataReceived(b"w" * (2 * ONCE))
    guest.hang_up()
    nodes.carry()
    assert protocol.events == []
    protocol.transport.resumeProducing()
    nodes.carry()
    assert (protocol.data, protocol.events) == (b"w" * (2 * ONCE), ["lost"])
    assert nodes.leading.connections == {}


def test_a_client_that_is_gone_ends_at_once_if_it_took_nothing() -> None:
    nodes, (guest,), (protocol,) = recorded(1)
    guest.stop_reading()
    nodes.carry()
    protocol.transport.pauseProducing()
    guest.protocol.dataReceived(b"words")
    guest.hang_up()
    nodes.carry()
    assert (protocol.data, protocol.events) == (b"words", ["full", "lost"])


@pytest.mark.parametrize("how", ["loseConnection", "abortConnection"])
def test_a_protocol_can_close_although_its_client_is_gone(how: str) -> None:
    nodes, (guest,), (protocol,) = recorded(1)
    protocol.transport.pauseProducing()
    guest.protocol.dataReceived(b"words")
    guest.hang_up()
    nodes.carry()
    getattr(protocol.transport, how)()
    nodes.carry()
    assert (protocol.data, protocol.events) == (b"", ["lost"])
    assert nodes.leading.connections == {}


def test_a_protocol_can_abort_a_connection() -> None:
    nodes, (guest, other), (protocol, kept) = recorded(2)
    protocol.transport.abortConnection()
    nodes.carry()
    assert guest.lost
    assert (protocol.events, kept.events, other.lost) == (["lost"], [], False)


def test_a_closed_connection_that_takes_nothing_is_aborted() -> None:
    nodes, (guest,), (protocol,) = recorded(1)
    protocol.transport.loseConnection()
    nodes.carry()
    assert guest.closed
    assert not guest.lost
    nodes.pass_time(LAST_WORDS)
    assert guest.lost
    assert protocol.events == ["lost"]
    assert nodes.relay.open == 0


def test_an_exception_ends_the_connection_in_which_it_happens(
    nothing_fails_anywhere: list[Any],
) -> None:
    for event in ("makeConnection", "dataReceived", "readConnectionLost", "connectionLost"):
        nodes = Nodes()
        kept, nodes.links.chat = nodes.join("kept"), Failing(event)
        guest = nodes.connect()
        for what in ("dataReceived", "readConnectionLost", "connectionLost"):
            nodes.carry()
            if not guest.lost:
                getattr(guest.protocol, what)(*([b"data"] if what == "dataReceived" else []))
        nodes.carry()
        assert len(nodes.leading.connections) == 1
        assert nothing_fails_anywhere
        nothing_fails_anywhere.clear()
        assert kept.send("/who")


class Failing(Recorders):
    """A chat whose connections fail at some event."""

    def __init__(self, event: str) -> None:
        super().__init__()
        self._event = event

    def accept(self, arrival: Arrival) -> Any:
        protocol = super().accept(arrival)
        setattr(protocol, self._event, _fail)
        return protocol


def _fail(*_: object) -> None:
    raise RuntimeError("This protocol fails.")
