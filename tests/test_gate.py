"""The counters of connections: whatever happens, they match what is open."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from conftest import Chat, Person
from hypothesis import given, settings
from hypothesis import strategies as st
from tlspeople import ALERT, CERTIFICATE, Secure, encrypted, trusting
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.task import Clock
from webpeople import ask, received, request

from chatsvc.model.rate_limits import Limits, network
from chatsvc.transports.tls import TLS

ADDRESSES = ("192.0.2.1", "192.0.2.2", "2001:db8::1", "127.0.0.1")
FEW = Limits(
    flood=None,
    per_address=2,
    arrivals=6,
    arrivals_within=60.0,
    pages_open=2,
    pages=6,
    pages_in_all=3,
    pages_within=60.0,
)


def first_of_tls() -> bytes:
    """Return what a TLS client sends first."""
    sent = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        trusting().wrap_bio(ssl.MemoryBIO(), sent, server_hostname="localhost").do_handshake()
    return sent.read()


ENCRYPTION = TLS(CERTIFICATE, Clock())
SENT = (
    b"a",
    b"eve\n",
    b"NICK eve\r\nUSER e 0 * e\r\n",
    b'{"do":"ping"}\n',
    b"GET ",
    b"GET / HTTP/1.1\r\nHost: chat\r\n",
    ask(),
    ask() + request(),
    request(),
    request(Origin="http://evil.example"),
    request()[:-2],
    b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
    b"\r\n",
    b"\x16\x03",
    first_of_tls(),
    b"\x88\x80\0\0\0\0",
    b"\xff",
)
Doing = tuple[Callable[["House", int, int], None], int, int]


class House:
    """A chat with few places, and its connections; some aborted ones are lost only later."""

    def __init__(self) -> None:
        self.chat = Chat(limits=FEW)
        self.chat.factory.tls = ENCRYPTION
        self.chat.factory.max_clients = 5
        self.people: list[Person] = []

    def accept(self, which: int, late: int) -> None:
        person = self.chat.connect(ADDRESSES[which % len(ADDRESSES)])
        self.people.append(person)
        if late % 2:
            hang_up, clock = person.hang_up, self.chat.clock
            person.transport.abortConnection = lambda: clock.callLater(0, hang_up)  # type: ignore[method-assign]

    def send(self, which: int, what: int) -> None:
        person = self.someone(which)
        if person is not None and not person.transport.disconnecting:
            person.protocol.dataReceived(SENT[what % len(SENT)])

    def end_half(self, which: int, _: int) -> None:
        person = self.someone(which)
        if person is None or person.transport.disconnecting:
            return
        if IHalfCloseableProtocol.providedBy(person.protocol):
            person.protocol.readConnectionLost()
        else:  # TLS
            person.hang_up()

    def close(self, which: int, _: int) -> None:
        person = self.someone(which)
        if person is not None:
            person.hang_up()

    def wait(self, half_seconds: int, _: int) -> None:
        self.chat.clock.advance(half_seconds / 2)

    def someone(self, which: int) -> Person | None:
        there = [each for each in self.people if each.transport.connected]
        return there[which % len(there)] if there else None

    def check(self) -> None:
        gate: Any = self.chat.factory
        visitors, refused = set(gate._visitors), gate._refused
        assert visitors | refused <= gate.connections
        assert not visitors & refused
        assert gate._pages._open == counted(visitors)
        assert not gate._handshakes._open
        assert gate._addresses._open == counted(gate.connections - visitors - refused)
        assert len(visitors) <= FEW.pages_in_all
        assert len(gate.connections) - len(refused) <= gate.max_clients


def counted(guests: set[Any]) -> Counter[str]:
    return Counter(network(each.address) for each in guests if each.address != "127.0.0.1")


ANYTHING = st.sampled_from(
    (House.accept, House.send, House.send, House.end_half, House.close, House.wait)
)


@settings(max_examples=300)
@given(st.lists(st.tuples(ANYTHING, st.integers(0, 40), st.integers(0, 40)), max_size=40))
def test_the_counters_match_what_is_open_and_return_to_zero(doings: list[Doing]) -> None:
    house = House()
    for do, which, what in doings:
        do(house, which, what)
        house.check()
    for person in house.people:
        if person.transport.connected:
            person.hang_up()
    house.check()
    assert not house.chat.factory.connections
    house.wait(0, 0)
    assert not house.chat.clock.getDelayedCalls()
    assert not house.chat.hub.directory.sessions


def load_page(chat: Chat, address: str) -> Person:
    browser = chat.connect(address)
    browser.protocol.dataReceived(ask())
    return browser


def test_two_addresses_do_not_keep_the_pages_from_all_others() -> None:
    chat = Chat(limits=Limits(flood=None, pages_open=4, pages_in_all=8))
    greedy = [load_page(chat, f"192.0.2.{1 + each % 2}") for each in range(8)]
    others = [load_page(chat, f"198.51.100.{each}") for each in range(5)]
    assert [answer.status for one in others for answer in received(one)] == [200] * 5
    assert sum(one.transport.connected for one in greedy) == 3
    assert all(one.transport.connected for one in others)
    (refused,) = received(load_page(chat, "192.0.2.2"))  # has most
    assert "The server is full." in refused.body


def test_handshakes_are_limited_even_if_nothing_follows_them() -> None:
    chat = encrypted(Chat(limits=Limits(flood=None, pages=5)))
    for _ in range(5):
        Secure(chat).shake_hands().outside.hang_up()
    late = chat.connect()
    late.protocol.dataReceived(b"\x16\x03\x01")
    assert late.transport.value().decode("latin-1") == ALERT
    late.hang_up()
    assert "Welcome, ann" in chat.connect().send("ann")[1]
    chat.clock.advance(Limits().pages_within)
    Secure(chat).shake_hands()


def test_many_users_at_once_each_take_another_place_of_pages() -> None:
    chat = Chat(limits=Limits(flood=None))
    chat.factory.max_clients = 3
    browsers = [load_page(chat, "192.0.2.1") for _ in range(3)]
    for browser in browsers:
        browser.transport.abortConnection = lambda: None  # type: ignore[method-assign]
    for name in ("ann", "bob", "eve"):
        assert f"Welcome, {name}" in chat.connect("192.0.2.2").send(name)[1]
    assert len(chat.factory.connections) - len(chat.factory._refused) == 3
