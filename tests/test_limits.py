"""Rate limits: counting lines and connections, and refusing those beyond a limit."""

from __future__ import annotations

import pytest
from conftest import Chat, Person, Transport
from hypothesis import given
from hypothesis import strategies as st

from chatsvc.model import rate_limits
from chatsvc.model.rate_limits import (
    MOST_KEYS,
    UNLIMITED,
    Addresses,
    Bucket,
    Limits,
    Rate,
    Window,
    bare,
    is_loopback,
    network,
)
from chatsvc.transports.proxy import ProxyFactory

# Lines


def waits(bucket: Bucket, *moments: float) -> list[float]:
    return [round(bucket.take(moment), 6) for moment in moments]


def test_a_burst_goes_at_once_and_the_rest_at_its_pace() -> None:
    bucket = Bucket(Rate(3, 2.0))
    assert waits(bucket, 10, 10, 10, 10) == [0, 0, 0, 0.5]
    assert waits(bucket, 10.5, 11) == [0.5, 0.5]
    assert waits(bucket, 12, 12.5) == [0, 0]


def test_who_has_paused_has_a_burst_again() -> None:
    bucket = Bucket(Rate(3, 2.0))
    assert waits(bucket, 0, 0, 0) == [0, 0, 0]
    assert waits(bucket, 100, 100, 100, 100) == [0, 0, 0, 0.5]


def test_that_it_is_empty_is_to_be_told_once_until_it_was_full_again() -> None:
    bucket = Bucket(Rate(2, 1.0))
    waits(bucket, 0, 0)
    bucket.told = True
    waits(bucket, 1)
    assert bucket.told
    waits(bucket, 3.5)
    assert not bucket.told


def test_a_clock_that_is_set_back_keeps_nobody_waiting() -> None:
    bucket, window = Bucket(Rate(2, 1.0)), Window(1, 60)
    assert waits(bucket, 1e9, 1e9, 5) == [0, 0, 1]
    window.note("key", 1e9)
    assert window.wait("key", 5) == 60


def test_several_lines_in_one_go_at_once_and_those_after_them_wait() -> None:
    bucket = Bucket(Rate(3, 2.0))
    assert bucket.take(10, lines=20) == 0
    assert waits(bucket, 10, 19) == [9, 0.5]
    assert bucket.take(100, lines=5) == 0
    assert waits(bucket, 5, 6.5, 7) == [1.5, 0.5, 0.5]  # the clock was set back


@given(
    st.integers(1, 10),
    st.sampled_from([0.5, 1.0, 2.0, 3.0, 10.0]),
    st.lists(st.floats(0, 3), min_size=1, max_size=60),
)
def test_nobody_is_faster_than_the_limit_nor_slower_than_need_be(
    burst: int, pace: float, pauses: list[float]
) -> None:
    bucket, now, obeyed = Bucket(Rate(burst, pace)), 1e9, list[float]()
    for pause in pauses:
        now += pause
        wait = bucket.take(now)
        now += wait
        obeyed.append(now)
        assert wait <= 1 / pace + 1e-5
        if wait:  # the burst is used up
            assert sum(moment > now - (burst + 1) / pace for moment in obeyed) >= burst
    for first, start in enumerate(obeyed):
        for count, end in enumerate(obeyed[first:], 1):
            assert count <= burst + (end - start) * pace + 1e-4


# Keys


def test_some_within_a_time_are_allowed_and_then_one_for_each_that_is_past() -> None:
    window = Window(2, 60)
    window.note("ann", 0)
    assert window.wait("ann", 10) == 0
    window.note("ann", 10)
    assert window.wait("ann", 20) == 40
    assert window.wait("bob", 20) == 0
    assert window.wait("ann", 60) == 0
    window.note("ann", 60)
    assert window.wait("ann", 61) == 9


def test_what_is_taken_back_does_not_count() -> None:
    window = Window(1, 60)
    window.note("ann", 0)
    window.forget("ann")
    window.forget("ann")
    assert window.wait("ann", 1) == 0
    assert len(window) == 0


def test_nothing_is_counted_where_there_is_no_limit() -> None:
    window = Window(0, 60)
    window.note("ann", 0)
    assert window.wait("ann", 0) == 0
    assert len(window) == 0


def test_who_was_not_seen_for_long_is_forgotten() -> None:
    window = Window(5, 60)
    for second in range(1000):
        window.note(f"guest-{second}", second)
    assert len(window) == 60
    window.note("guest-999", 2000)
    assert len(window) == 1


def test_of_too_many_the_oldest_are_forgotten() -> None:
    window = Window(1, 60)
    for number in range(MOST_KEYS):
        window.note(f"guest-{number}", 0)
    window.note("guest-0", 0)
    window.note("one more", 0)
    assert len(window) == MOST_KEYS
    assert window.wait("guest-0", 0)
    assert not window.wait("guest-1", 0)


# Addresses


@pytest.mark.parametrize(
    ("address", "plain", "counted"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("::FFFF:c000:207", "192.0.2.7", "192.0.2.7"),
        ("2001:DB8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::1", "fe80::/64"),
        ("", "", ""),
        ("nowhere", "", ""),
    ],
)
def test_what_counts_as_one_address(address: str, plain: str, counted: str) -> None:
    assert bare(address) == plain
    assert network(address) == counted


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_not_limited(address: str) -> None:
    addresses = Addresses(1, 1, 60)
    assert is_loopback(address)
    assert [addresses.admit(address, 0) for _ in range(9)] == [None] * 9


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::1", "", "::", "0.0.0.0"])
def test_what_is_not_this_machine(address: str) -> None:
    assert not is_loopback(address)


def test_what_has_no_address_is_not_limited() -> None:
    addresses = Addresses(1, 1, 60)
    assert [addresses.admit("", 0) for _ in range(9)] == [None] * 9
    addresses.gone("")


def refused(addresses: Addresses, address: str, now: float) -> tuple[str, str]:
    refusal = addresses.admit(address, now)
    assert refusal is not None
    return refusal.code, refusal.text


def test_so_many_connections_of_one_address_are_open_at_a_time() -> None:
    addresses = Addresses(2, 32, 600)
    addresses.admit("2001:db8::1", 0)
    addresses.admit("2001:db8::2", 0)
    assert refused(addresses, "2001:db8::3", 0) == (
        "too-many-connections",
        "2001:db8::/64 already has 2 connections, the maximum. Close one and try again.",
    )
    assert addresses.admit("2001:db8:0:1::1", 0) is None
    addresses.gone("2001:db8::1")
    assert addresses.admit("2001:db8::3", 0) is None
    assert addresses.admit("2001:db8::4", 0) is not None


def test_so_many_connections_of_one_address_come_within_a_time() -> None:
    addresses = Addresses(16, 2, 600)
    for moment in (0, 100):
        addresses.admit("192.0.2.7", moment)
        addresses.gone("192.0.2.7")
    assert refused(addresses, "192.0.2.7", 200) == (
        "too-often",
        "Too many new connections from 192.0.2.7: the maximum is 2 in 10 min."
        " Try again in 6 min 40 s.",
    )
    assert addresses.admit("192.0.2.8", 200) is None
    assert refused(addresses, "192.0.2.7", 599.5)[1].endswith("Try again in 1 s.")
    assert addresses.admit("192.0.2.7", 600) is None, "refusals do not count"


# Connections

TWO = Limits(flood=None, per_address=2, name_within=0.0)


def test_one_too_many_of_an_address_is_told_and_closed() -> None:
    chat = Chat(limits=TWO)
    ann = chat.join("ann")
    chat.connect()
    person, program = chat.connect(), chat.connect()
    assert person.send("eve", "let me in") == [
        "* 192.0.2.1 already has 2 connections, the maximum. Close one and try again."
    ]
    refusal, *rest = program.ask(do="hello", name="eve")
    assert (refusal["code"], rest) == ("too-many-connections", [])
    assert person.closed
    assert program.closed
    silent = chat.connect()
    chat.wait_for_greeting()
    assert silent.read()[0].startswith("* 192.0.2.1 already has 2 connections")
    assert silent.closed
    assert "eve" not in chat.hub.directory.users
    assert ann.send("/time") != []


def test_an_address_may_come_again_when_a_connection_is_closed() -> None:
    chat = Chat(limits=TWO)
    ann, bob = chat.join("ann"), chat.join("bob")
    refused = chat.connect()
    refused.send("eve")
    refused.hang_up()
    assert "already has 2 connections" in chat.connect().send("eve")[0]
    bob.hang_up()
    assert "Welcome, eve" in chat.connect().send("eve")[1]
    assert chat.connect("198.51.100.1").send("zoe")[0].startswith("Welcome to")
    assert ann.send("/time") != []


def test_who_comes_too_often_is_told_when_to_come_back() -> None:
    chat = Chat(limits=Limits(arrivals=3, arrivals_within=60))
    for number in range(3):
        person = chat.connect()
        person.send(f"eve{number}")
        person.hang_up()
    chat.clock.advance(20)
    sentence = chat.connect().send("ann")[0]
    assert "Too many new connections from 192.0.2.1: the maximum is 3 in 1 min" in sentence
    assert sentence.endswith("Try again in 40 s.")
    chat.clock.advance(40)
    assert "Welcome, ann" in chat.connect().send("ann")[1]


def test_those_who_are_refused_take_no_place_of_others() -> None:
    chat = Chat(limits=TWO)
    chat.factory.max_clients = 4
    crowd = [chat.connect() for _ in range(50)]
    for person in crowd[25:]:
        person.hang_up()
    assert "Welcome, ann" in chat.connect("198.51.100.1").send("ann")[1]
    assert "Welcome, bob" in chat.connect("198.51.100.2").send("bob")[1]
    assert "server is full" in chat.connect("198.51.100.3").send("eve")[0]


def test_a_connection_knows_its_peer_s_address() -> None:
    chat = Chat()
    for written, address in (("::ffff:192.0.2.7", "192.0.2.7"), ("fe80::2%eth0", "fe80::2")):
        person = chat.connect(written)
        person.send("")
        assert person.protocol.address == address


# Behind a proxy


class Proxied(Person):
    """A user who connects through a proxy, which announces the peer."""

    def __init__(self, chat: Chat) -> None:
        inside = ProxyFactory(chat.factory)
        super().__init__(inside, "198.51.100.1")  # type: ignore[arg-type]


V2 = b"\r\n\r\n\0\r\nQUIT\n"  # the signature of version 2 of the protocol
HEADER = b"PROXY TCP4 192.0.2.%d 192.0.2.254 1000 13531\r\n"


def test_behind_a_proxy_the_address_that_it_tells_counts() -> None:
    chat = Chat(limits=TWO)
    for number in (1, 2, 3):
        for name in ("a", "b"):
            person = Proxied(chat)
            person.protocol.dataReceived(HEADER % number + b"%s%d\n" % (name.encode(), number))
            assert f"Welcome, {name}{number}" in person.read()[1]
            assert person.protocol.wrappedProtocol.address == f"192.0.2.{number}"
    third = Proxied(chat)
    third.protocol.dataReceived(HEADER % 1 + b"eve\n")
    assert third.read()[0].startswith("* 192.0.2.1 already has 2 connections")


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (b"PROXY UNKNOWN\r\n", "198.51.100.1"),
        (b"PROXY UNKNOWN \r\n", "198.51.100.1"),
        (b"PROXY UNKNOWN ffff::1 ffff::2 1000 13531\r\n", "198.51.100.1"),
        (b"PROXY TCP4 192.0.2.7 192.0.2.254 1000 13531\r\n", "192.0.2.7"),
        (b"PROXY TCP6 2001:db8::7 2001:db8::1 1000 13531\r\n", "2001:db8::7"),
        (V2 + b"\x20\x00\x00\x00", "198.51.100.1"),
        (V2 + b"\x21\x00\x00\x00", "198.51.100.1"),
        (V2 + b"\x21\x11\x00\x0c\xc0\x00\x02\x07\xc0\x00\x02\xfe\x03\xe8\x34\xdb", "192.0.2.7"),
    ],
)
def test_a_proxy_s_header_comes_in_every_form_and_in_pieces(header: bytes, address: str) -> None:
    chat = Chat()
    for cut in range(len(header) + 1):
        person = Proxied(chat)
        for piece in (header[:cut], header[cut:] + b"ann\n"):
            if piece:
                person.protocol.dataReceived(piece)
        assert "Welcome, ann" in person.read()[1]
        assert person.protocol.wrappedProtocol.address == address
        person.send("/quit"), person.hang_up()


@pytest.mark.parametrize(
    "header",
    [
        b"PROXY TCP4 x y 1000 13531\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.8 a b\r\n",
        b"PROXY TCP4\r\n",
        b"PROXY UNKNOWNS\r\n",
        b"PROXY\r\n",
        b"ann\r\n",
        b"PROXY " + b"x" * 200,
    ],
)
def test_what_is_no_proxy_s_header_closes_the_connection(header: bytes) -> None:
    person = Proxied(Chat())
    person.protocol.dataReceived(header)
    assert person.read() == []
    assert person.closed


def test_nobody_is_greeted_before_the_proxy_has_told_who_it_is() -> None:
    chat = Chat(limits=Limits(per_address=1))
    ann, bob = Proxied(chat), Proxied(chat)
    for _ in range(4):
        chat.wait_for_greeting()
    assert ann.read() == []
    ann.protocol.dataReceived(HEADER % 1)
    bob.protocol.dataReceived(HEADER % 1)
    chat.wait_for_greeting()
    assert ann.read() == ["Welcome to chatsvc. What is your name?"]
    assert bob.read()[0].startswith("* 192.0.2.1 already has 1 connection")


def test_a_proxy_that_never_tells_is_closed() -> None:
    chat = Chat(limits=Limits())
    person = Proxied(chat)
    for _ in range(240):
        chat.wait_for_greeting()
    assert person.closed
    person.hang_up()
    assert not chat.clock.getDelayedCalls()


# The name


def test_a_name_that_came_during_a_stall_is_in_time() -> None:
    chat = Chat(limits=Limits())
    ann = chat.connect()
    chat.clock.callLater(60, ann.protocol.dataReceived, b"ann\r\n")  # read after the timers
    chat.clock.advance(60)
    assert not ann.closed
    assert "ann" in chat.hub.directory.users


def test_one_second_to_say_a_name_is_one_second() -> None:
    chat = Chat(limits=Limits(name_within=1.0))
    eve = chat.connect()
    chat.clock.advance(1)
    assert eve.read()[-1] == "* You did not enter a name within 1 second. Goodbye."


def test_who_does_not_say_a_name_in_time_is_told_and_closed() -> None:
    chat = Chat(limits=Limits())
    ann, eve, bot = chat.connect(), chat.connect(), chat.connect()
    bot.protocol.dataReceived(b'{"')
    for _ in range(59):
        chat.clock.advance(1)
        eve.protocol.dataReceived(b"x")  # sending byte by byte does not help
    assert ann.send("ann")[-1].startswith("* Welcome, ann.")
    assert not eve.closed
    chat.clock.advance(1)
    assert eve.read()[-1] == "* You did not enter a name within 60 seconds. Goodbye."
    assert bot.events() == [
        {"event": "goodbye", "text": "You did not enter a name within 60 seconds. Goodbye."}
    ]
    assert eve.closed
    assert not ann.closed
    assert ann.send("/time") != []


@pytest.mark.parametrize("limits", [Limits(), UNLIMITED])
def test_connections_come_and_go_without_a_trace(limits: Limits) -> None:
    chat = Chat(limits=limits)
    for number in range(200):
        person = chat.connect(f"192.0.2.{number}")
        if number % 2:
            person.send("ann", *(str(line) for line in range(20)))
        person.hang_up()
    chat.clock.advance(0)
    assert not chat.clock.getDelayedCalls()
    assert not chat.factory.connections


def test_a_transport_without_addresses_is_served() -> None:
    chat = Chat(limits=Limits(per_address=1))
    for _ in range(3):
        protocol, transport = chat.factory.buildProtocol(None), Transport()
        transport.peerAddr = object()
        protocol.makeConnection(transport)
        protocol.dataReceived(b"\n")
        assert transport.protocol.address == ""
        assert transport.value().startswith(b"Welcome")


def test_how_addresses_are_written_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = [f"10.1.{n // 250}.{n % 250}" for n in range(5000)]
    written = list(map(network, addresses))
    monkeypatch.setattr(rate_limits, "ip_address", None)
    assert list(map(network, addresses)) == written
