"""Encryption: what is the same inside TLS as outside."""

from __future__ import annotations

import ssl
from itertools import pairwise

import pytest
from beginnings import BEGINNINGS, GREETING
from conftest import Chat, Person
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL
from tlspeople import ALERT, Secure, encrypted

from chatsvc.model.rate_limits import UNLIMITED, Limits
from chatsvc.transports.factory import Port


@pytest.fixture
def chat() -> Chat:
    return encrypted(Chat())


# Talking


def test_people_talk_over_tls_and_without_it_in_one_room(chat: Chat) -> None:
    ann, bob = Secure(chat).shake_hands(), chat.join("bob")
    bob.read()
    assert "* Welcome, ann. You are in #lobby with bob." in ann.send("ann")[1]
    assert bob.read() == ["* ann joined."]
    ann.send("hello")
    assert bob.read() == ["[1970-01-01 00:00] <ann> hello"]
    bob.send("hello yourself")
    assert ann.read() == ["[1970-01-01 00:00] <bob> hello yourself"]
    assert ann.send("/quit")[-1] == "* Goodbye, ann."


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (BEGINNINGS["json"][0], '{"event":"pong"}'),
        (BEGINNINGS["irc"][0], ":irc.chatsvc CAP * LS "),
        (BEGINNINGS["http"][0], "HTTP/1.1 200 OK"),
        (BEGINNINGS["text"][0], GREETING.decode().strip()),
        (BEGINNINGS["tls"][0] + b"\r\n", GREETING.decode().strip()),
    ],
)
@pytest.mark.parametrize("one_by_one", [False, True])
def test_inside_tls_the_first_bytes_decide_again(
    chat: Chat, data: bytes, answer: str, one_by_one: bool
) -> None:
    peer = Secure(chat).shake_hands()
    for start in range(len(data) if one_by_one else 1):
        peer.tls.write(data[start : start + 1] if one_by_one else data)
        peer.carry()
    assert peer.read()[0].startswith(answer)


@given(st.lists(st.integers(1, 1500), max_size=6), st.lists(st.booleans(), min_size=7, max_size=7))
@settings(max_examples=50, deadline=None)
def test_it_does_not_matter_how_a_handshake_is_cut_nor_how_long_it_takes(
    cuts: list[int], pauses: list[bool]
) -> None:
    chat = encrypted(Chat())
    ann = Secure(chat)
    with pytest.raises(ssl.SSLWantReadError):
        ann.tls.do_handshake()
    data = ann._sent.read()
    places = [0, *sorted({cut for cut in cuts if cut < len(data)}), len(data)]
    for (start, end), pause in zip(pairwise(places), pauses, strict=False):
        ann.outside.protocol.dataReceived(data[start:end])
        if pause:
            chat.clock.advance(1)
    ann.shake_hands()
    assert ann.send("ann")[0] == GREETING.decode().strip()


def test_who_is_silent_inside_tls_is_greeted_there_and_not_before(chat: Chat) -> None:
    ann = Secure(chat)
    with pytest.raises(ssl.SSLWantReadError):
        ann.tls.do_handshake()
    ann.carry()
    chat.clock.advance(5)
    assert ann.outside.transport.value() == b""
    ann.shake_hands()
    chat.clock.advance(0.2)
    assert ann.read() == []
    chat.wait_for_greeting()
    assert ann.read() == [GREETING.decode().strip()]


def test_a_slow_reader_over_tls_costs_nothing_and_reads_on(chat: Chat) -> None:
    ann, bob = chat.join("ann"), Secure(chat).shake_hands()
    bob.send("bob")
    bob.outside.stop_reading()
    ann.send(*(f"line {n}" for n in range(500)))
    assert bob.read() == []
    bob.outside.read_on()
    missed = bob.read()
    assert [line.rpartition("> ")[2] for line in missed] == [f"line {n}" for n in range(500)]


@pytest.mark.parametrize("finished", [False, True])
def test_who_says_farewell_or_nonsense_is_gone_and_nothing_is_logged(
    chat: Chat, finished: bool
) -> None:
    ann, bob, eve = chat.join("ann"), Secure(chat), Secure(chat)
    if finished:
        for peer, name in ((bob, "bob"), (eve, "eve")):
            peer.shake_hands().send(name)
        with pytest.raises(ssl.SSLWantReadError):
            bob.tls.unwrap()
        bob.carry()
        eve.outside.protocol.dataReceived(b"\x17\x03\x03\x00\x05wrong")
    else:
        for peer in (bob, eve):
            with pytest.raises(ssl.SSLWantReadError):
                peer.tls.do_handshake()
            peer.carry()
        bob.outside.protocol.dataReceived(bytes.fromhex("15030300020228"))  # an alert
        eve.outside.protocol.dataReceived(b"\x16\x03\x01 and garbage" * 100)
    for peer in (bob, eve):
        assert peer.outside.closed
        peer.outside.hang_up()
    assert len(chat.factory.connections) == len(chat.hub.directory.sessions) == 1
    assert ann.send("/time") != []
    chat.clock.advance(60)
    assert not chat.clock.getDelayedCalls()


# Limits


def test_a_connection_that_is_lost_can_still_be_aborted(chat: Chat) -> None:
    ann = Secure(chat).shake_hands()
    ann.send("ann")
    inside = ann.outside.protocol
    ann.outside.hang_up()
    inside.abortConnection()
    assert not chat.hub.directory.users


def test_a_client_that_gives_up_in_the_handshake_is_gone_and_nothing_is_logged(chat: Chat) -> None:
    eve = chat.connect("192.0.2.1")
    close_notify = b"\x15\x03\x03\x00\x02\x01\x00"  # RFC 8446, 6.1
    eve.protocol.dataReceived(BEGINNINGS["tls"][0] + close_notify)
    assert eve.transport.disconnecting


def test_a_connection_is_counted_once() -> None:
    chat = encrypted(Chat(limits=Limits(flood=None, per_address=2, arrivals=4, name_within=0)))
    chat.factory.max_clients = 3
    ann, bob = Secure(chat).shake_hands(), Secure(chat).shake_hands()
    ann.send("ann"), bob.send("bob")
    assert len(chat.factory.connections) == 2
    third = Secure(chat).shake_hands()
    assert "already has 2 connections" in third.send("dave")[0]
    third.outside.hang_up()
    bob.outside.hang_up()
    Secure(chat).shake_hands().send("zoe")
    other = Secure(chat, "192.0.2.2").shake_hands()
    other.send("eve")
    assert set(chat.hub.directory.users) == {"ann", "zoe", "eve"}
    full = chat.connect("192.0.2.3")
    assert "server is full" in full.send("dave")[0]


def test_connections_refused_as_users_and_as_browsers_cost_no_handshake() -> None:
    chat = encrypted(Chat(limits=Limits(per_address=1, pages_open=1)))
    chat.connect()
    Secure(chat).shake_hands()
    refused = chat.connect()
    refused.protocol.dataReceived(BEGINNINGS["tls"][0])
    assert refused.transport.value() == ALERT.encode("latin-1")
    assert refused.closed


@pytest.mark.parametrize("sent", [0, 1, 2, 5, 200, None])
def test_a_handshake_that_never_ends_is_closed_in_time(sent: int | None) -> None:
    chat = encrypted(Chat(limits=Limits()))
    ann = Secure(chat)
    with pytest.raises(ssl.SSLWantReadError):
        ann.tls.do_handshake()
    if sent is None:
        ann.carry()  # the server has answered, and waits
    else:
        ann.outside.protocol.dataReceived(ann._sent.read()[:sent])
    chat.clock.advance(59.9)
    assert ann.outside.transport.connected
    assert not ann.outside.closed
    chat.clock.advance(0.1)
    assert ann.outside.closed or not ann.outside.transport.connected
    chat.clock.advance(10)
    assert not chat.factory.connections
    assert not chat.clock.getDelayedCalls()


def test_inside_tls_one_has_as_long_as_outside_to_say_ones_name() -> None:
    chat = encrypted(Chat(limits=Limits()))
    ann, bob = Secure(chat), Secure(chat)
    chat.clock.advance(0.1)
    for peer in (ann, bob):
        peer.shake_hands()
    chat.clock.advance(59)
    bob.send("bob")
    assert not ann.outside.closed
    chat.clock.advance(0.9)
    words = "* You did not enter a name within 60 seconds. Goodbye."
    assert ann.read() == [GREETING.decode().strip(), words]
    assert bob.send("/time") != []
    chat.clock.advance(10)
    assert len(chat.factory.connections) == 1


@pytest.mark.parametrize("limits", [Limits(per_address=0, arrivals=0), UNLIMITED])
def test_connections_come_and_go_without_a_trace(limits: Limits) -> None:
    chat = encrypted(Chat(limits=limits))
    tls = chat.factory.tls
    assert tls is not None
    for number in range(30):
        peer = Secure(chat)
        if number % 3:
            peer.shake_hands()
        if number % 3 == 2:
            peer.send("ann", "hello")
        peer.outside.hang_up()
    chat.clock.advance(0)
    assert not chat.clock.getDelayedCalls()
    assert not chat.factory.connections
    assert not chat.hub.directory.sessions
    assert not tls._factory.protocols


def test_where_tls_is_required_it_suffices(chat: Chat) -> None:
    chat.factory.require_tls = True
    ann = Secure(chat).shake_hands()
    assert "* Welcome, ann." in ann.send("ann")[1]
    browser = Secure(chat).shake_hands()
    page = browser.send("GET / HTTP/1.1", "Host: chat", "")
    assert "openssl s_client -quiet -connect chat:443" in page
    assert not [line for line in page if line.startswith("telnet")]


# Versions


@pytest.mark.parametrize(
    ("version", "understood"),
    [(SSL.TLS1_1_VERSION, False), (SSL.TLS1_2_VERSION, True), (SSL.TLS1_3_VERSION, True)],
)
def test_old_versions_are_not_spoken(chat: Chat, version: int, understood: bool) -> None:
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_cipher_list(b"ALL:@SECLEVEL=0")
    context.set_min_proto_version(version)
    context.set_max_proto_version(version)
    client, ann = SSL.Connection(context, None), chat.connect()
    client.set_connect_state()
    done, said = False, ""
    for _ in range(4):
        try:
            client.do_handshake()
            done = True
        except SSL.WantReadError:
            ann.protocol.dataReceived(client.bio_read(65536))
            client.bio_write(ann.transport.value() or b"nothing")
            ann.transport.clear()
        except SSL.Error as error:
            said = str(error)
            break
    assert done is understood
    assert ("alert protocol version" in said) is not understood


# Starting late


@pytest.mark.parametrize("late", [0.0, 0.254, 0.349, 1.01, 1.49])
def test_tls_may_begin_late_and_is_greeted_soon(late: float) -> None:
    chat = encrypted(Chat())
    client = Secure(chat)
    chat.clock.advance(late)
    client.shake_hands()
    assert client.read() == []
    chat.wait_for_greeting()
    assert client.read() == [GREETING.decode().strip()]


def test_a_person_is_greeted_when_tls_has_had_its_time() -> None:
    chat = encrypted(Chat())
    ann, bob = chat.connect(), chat.connect()
    chat.clock.advance(1.49)
    assert ann.read() == []
    bob.protocol.dataReceived(b"bob\r\n")
    assert bob.read()[0] == GREETING.decode().strip()
    chat.clock.advance(0.01)
    assert ann.read() == [GREETING.decode().strip()]


def tls_port(chat: Chat) -> Person:
    return Person(Port(chat.factory, tls_only=True), "192.0.2.1")  # type: ignore[arg-type]


def test_a_port_for_tls_alone_never_speaks_first() -> None:
    chat = encrypted(Chat(limits=Limits()))
    late = tls_port(chat)
    chat.clock.advance(59)
    assert late.read() == []
    late.protocol.dataReceived(BEGINNINGS["tls"][0])
    assert late.transport.value().startswith(b"\x16\x03")
    silent = tls_port(chat)
    chat.clock.advance(60)
    assert silent.read() == []
    assert not silent.transport.connected or silent.closed


def test_whoever_talks_plainly_to_a_port_for_tls_alone_is_told() -> None:
    chat = encrypted(Chat())
    for data in (b"ann\r\n", b"NICK ann\r\n", b'{"do":"ping"}\n'):
        peer = tls_port(chat)
        peer.protocol.dataReceived(data)
        assert "This chat requires TLS" in peer.read()[0]
        assert peer.closed
