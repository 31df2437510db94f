"""Detecting the protocol from the first bytes, whenever they arrive and however they are split."""

from __future__ import annotations

from itertools import pairwise

import pytest
from beginnings import BEGINNINGS, EVERYTHING, GREETING
from conftest import Chat, Person, start
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_limits import HEADER, Proxied
from tlspeople import ALERT, CERTIFICATE
from twisted.internet.address import UNIXAddress
from twisted.internet.testing import StringTransport

from chatsvc.model.rate_limits import Limits
from chatsvc.transports.detection import TLS_BEGINS
from chatsvc.transports.languages import LANGUAGES, LONGEST_FIRST, NAMES, language_of
from chatsvc.transports.tls import TLS
from chatsvc.transports.websocket.access import WebAccess


def named(data: bytes) -> str | None:
    language = language_of(data)
    return language.name if language else None


@pytest.mark.parametrize(("name", "data"), EVERYTHING)
def test_the_first_line_tells_what_is_spoken(name: str, data: bytes) -> None:
    assert named(data) == name


def test_every_language_has_a_row_and_examples_here() -> None:
    assert set(BEGINNINGS) == {language.name for language in LANGUAGES}
    assert set(NAMES) == {*BEGINNINGS, "websocket"}


words = st.sampled_from(
    b'CAP LS|CAP|LS|NICK|USER|PASS|GET|POST|PRI|ab| |  |/|*| HTTP/1.1|HTTP|1|\r|\n|\r\n|{|"|}|\t|:|'
    b"x|x y z|\x16|\x03|\xff|a b c :d".split(b"|")
)


@pytest.mark.slow
@given(st.lists(words, max_size=8).map(b"".join))
@example(b"CAP " + b"x" * 509 + b"\n")
@example(b"NICK " + b"x" * 507 + b"\n")
@example(b"NICK " + b"x" * 508 + b"\n")
@example(b"X " + b"y" * LONGEST_FIRST + b" HTTP/1.1\n")
@example(b"x /" + b"y" * (LONGEST_FIRST - 3) + b" HTTP/1.1\n")
@example(b"{" + b" " * (LONGEST_FIRST - 2) + b'"')
@example(b"{" + b" " * LONGEST_FIRST + b'"')
@settings(max_examples=300, deadline=None)
def test_what_is_once_decided_stays_so_whatever_follows(data: bytes) -> None:
    decided = named(data)
    for length in range(len(data)):
        early = named(data[:length])
        assert early is None or early == decided
    assert named(data + b"\n") is not None


def converse(pieces: list[bytes], pauses: list[bool], proxied: bool = False) -> bytes:
    """Return the answer to a peer that sends these pieces, without the greeting."""
    chat = Chat()
    chat.factory.tls = TLS(CERTIFICATE, chat.clock)
    person = Proxied(chat) if proxied else chat.connect()
    if proxied:
        person.protocol.dataReceived(HEADER.replace(b"13531", b"12345") % 1)
    for piece, pause in zip(pieces, pauses, strict=True):
        if pause:
            chat.clock.advance(0.3)
        person.protocol.dataReceived(piece)
    answer: bytes = person.transport.value()
    return answer.removeprefix(GREETING)


whole = {data: converse([data], [False]) for _, data in EVERYTHING}


@given(st.sampled_from(EVERYTHING), st.lists(st.integers(0, 60), max_size=6), st.data())
@settings(max_examples=150, deadline=None)
@pytest.mark.slow
def test_it_does_not_matter_how_the_bytes_are_cut_nor_how_slowly_they_come(
    known: tuple[str, bytes], cuts: list[int], more: st.DataObject
) -> None:
    name, data = known
    places = [0, *sorted({cut for cut in cuts if 0 < cut < len(data)}), len(data)]
    pieces = [data[a:b] for a, b in pairwise(places)]
    pauses = more.draw(st.lists(st.booleans(), min_size=len(pieces), max_size=len(pieces)))
    answer = converse(pieces, pauses)
    if name == "tls":  # whose answers differ each time
        assert answer[:2] == whole[data][:2] in (b"\x16\x03", b"\x15\x03")
    else:
        assert answer == whole[data]
        assert answer or name == "irc"  # which may wait for USER


@pytest.mark.parametrize("proxied", [False, True])
@pytest.mark.parametrize(("name", "data"), [known for known in EVERYTHING if len(known[1]) < 5000])
def test_it_does_not_matter_when_they_come_one_by_one(
    name: str, data: bytes, proxied: bool
) -> None:
    pieces = [bytes([byte]) for byte in data]
    for slow in (False, True):
        answer = converse(pieces, [slow] * len(pieces), proxied)
        if name == "tls":
            assert answer[:2] == whole[data][:2]
        else:
            assert answer == whole[data]


# People


def test_nobody_is_greeted_before_their_time(chat: Chat) -> None:
    ann = chat.connect()
    chat.clock.advance(0.24)
    assert ann.read() == []
    chat.clock.advance(0.02)
    assert ann.read() == [GREETING.decode().strip()]
    assert ann.send("ann")[0].startswith("* Welcome, ann.")


def test_who_begins_like_a_program_is_greeted_when_it_is_clear_that_they_are_none(
    chat: Chat,
) -> None:
    ann = chat.connect()
    ann.protocol.dataReceived(b"NIC")
    chat.clock.advance(1)
    assert ann.read() == []
    ann.protocol.dataReceived(b"o, then")
    assert ann.read() == [GREETING.decode().strip()]


@pytest.mark.parametrize("name", ["nick", "CAP", "CAPTAIN", "{ann}", "USER", "GET", "HTTP"])
def test_a_person_may_be_called_so(chat: Chat, name: str) -> None:
    for pause in (False, True):
        ann = chat.connect()
        if pause:
            chat.wait_for_greeting()
        assert f"* Welcome, {name}." in "".join(ann.send(name))
        ann.send("/quit")
        ann.hang_up()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Goodbye."),
        (b"ann", "Welcome, ann."),
        (b"CAP", "Welcome, CAP."),
        (b'{"do":"ping"}', '"goodbye"'),
        (b"NICK ann", "ERROR :"),
        (b"GET / HTTP/1.0", "200 OK"),
        (b"GET / HTTP/1.0\r\n", "200 OK"),
        (b"\x16", "Welcome, guest-1."),
    ],
)
def test_who_sends_nothing_more_is_answered(chat: Chat, data: bytes, said: str) -> None:
    peer = chat.connect()
    if data:
        peer.protocol.dataReceived(data)
    peer.protocol.readConnectionLost()
    assert said in "\n".join(peer.read())
    assert peer.closed
    assert peer.transport.connected, "what was said last may still be on its way"
    peer.hang_up()
    assert not chat.hub.directory.sessions
    assert not chat.clock.getDelayedCalls()


# IRC


def test_who_was_greeted_may_be_an_irc_client_all_the_same(chat: Chat) -> None:
    client = chat.connect()
    chat.wait_for_greeting()
    client.read()
    assert client.send("NICK ann", "USER ann 0 * :Ann")[0].startswith(":irc.chatsvc 001 ann ")


# HTTP


def test_a_browser_that_is_made_to_send_commands_has_no_effect(chat: Chat) -> None:
    bob, browser = chat.join("bob"), chat.connect()
    bob.read()
    chat.wait_for_greeting()
    commands = ["eve", "spam, spam", '{"do":"hello","name":"eve"}', "/shutdown", "NICK eve"]
    head = [f"POST /{'x' * 9000} HTTP/1.1", "Host: localhost:13531", "Content-Length: 99", ""]
    answer = browser.send(*head, *commands)
    assert "HTTP/1.1 405 Method Not Allowed" in answer
    assert browser.send(*commands) == []
    assert browser.closed
    assert bob.read() == []
    assert len(chat.hub.directory.sessions) == 1


def test_a_request_s_head_may_be_late_but_not_endless(chat: Chat) -> None:
    chat.factory.web = WebAccess(hosts=["chat.example.org"])
    slow = chat.connect()
    slow.protocol.dataReceived(b"GET / HTTP/1.1\r\nHo")
    chat.clock.advance(5)
    slow.protocol.dataReceived(b"st: chat.example.org\r\n\r")
    assert slow.read() == []
    slow.protocol.dataReceived(b"\n")
    assert "telnet chat.example.org 80" in slow.read()
    long = chat.connect()
    for _ in range(18):
        long.protocol.dataReceived(b"GET / HTTP/1.1\r\n" + b"x" * 1000)
    assert long.read()[0] == "HTTP/1.1 431 Request Header Fields Too Large"


def test_who_is_not_let_in_is_shown_no_patience() -> None:
    chat = Chat(limits=Limits(pages_open=1))
    chat.connect().protocol.dataReceived(b"GET /")
    browser = chat.connect()
    browser.protocol.dataReceived(b"GET / HTTP/1.1\r\nHo")
    status, *_, sentence = [line for line in browser.read() if "HTTP" in line or "maximum" in line]
    assert status == "HTTP/1.1 503 Service Unavailable"
    assert "192.0.2.1 already has 1 connection, the maximum" in sentence
    assert browser.closed


def test_who_asks_for_a_page_and_never_goes_is_cut(chat: Chat) -> None:
    browser, flooder = chat.connect(), chat.connect()
    browser.send("GET / HTTP/1.1", "Connection: close", "")
    flooder.send("POST / HTTP/1.1", "Content-Length: 9", "")
    chat.clock.advance(9)
    assert len(chat.factory.connections) == 2
    for _ in range(17):
        flooder.protocol.dataReceived(b"x" * 65536)
        if not flooder.transport.connected:
            break
    assert len(chat.factory.connections) == 1
    chat.clock.advance(1)
    assert not chat.factory.connections
    assert not chat.clock.getDelayedCalls()


# Enabled protocols


def refusals(chat: Chat, address: str = "192.0.2.1") -> dict[str, str]:
    """Return each protocol's answer at once, and whether the connection is closed then."""
    said = {}
    for name, several in BEGINNINGS.items():
        peer = chat.connect(address)
        peer.protocol.dataReceived(several[0])
        data = peer.transport.value()
        said[name] = data.decode("latin-1") + (" and closed" if peer.closed else "")
    return said


@pytest.mark.parametrize("spoken", ["text", "json", "irc", "text,json", "text,tls", "json,http"])
def test_what_is_not_spoken_is_refused_in_its_own_language(chat: Chat, spoken: str) -> None:
    chat.factory.speaks = tuple(spoken.split(","))
    chat.factory.tls = TLS(CERTIFICATE, chat.clock)
    said = refusals(chat)
    sentence = "This chat does not accept {}. It accepts " + spoken.replace(",", ", ") + "."
    refused = {
        "tls": ALERT,
        "json": '{"event":"refused","code":"not-spoken","text":"'
        + sentence.format("json")
        + '"}\n',
        "irc": f"ERROR :Closing Link: irc.chatsvc ({sentence.format('irc')})\r\n",
        "http": sentence.format("http"),
        "text": f"* {sentence.format('text')}\r\n",
    }
    for name, answer in said.items():
        understood = name in spoken
        refusal = refused.get(name, sentence.format(name))
        assert (refusal in answer) is not understood
        assert answer.endswith(" and closed") or understood
        if name == "http":
            assert answer.startswith("HTTP/1.1 200" if understood else "HTTP/1.1 403")


def test_where_no_text_is_spoken_nobody_is_greeted(chat: Chat) -> None:
    chat.factory.speaks = ("json",)
    bot = chat.connect()
    chat.clock.advance(30)
    assert bot.read() == []
    assert bot.ask(do="ping") == [{"event": "pong"}]


def test_without_a_certificate_no_tls_is_spoken(chat: Chat) -> None:
    assert refusals(chat)["tls"] == ALERT + " and closed"


@pytest.fixture
def strict() -> Chat:
    """Return a chat that requires TLS."""
    chat = Chat()
    chat.factory.require_tls = True
    chat.factory.tls = TLS(CERTIFICATE, chat.clock)
    return chat


def test_plaintext_from_elsewhere_is_told_how_to_connect(strict: Chat) -> None:
    said = refusals(strict)
    by_tls = "This chat requires TLS: openssl s_client -quiet -connect HOST:12345"
    assert said["text"] == f"* {by_tls}\r\n and closed"
    assert f'"code":"tls-needed","text":"{by_tls}"' in said["json"]
    assert said["irc"] == f"ERROR :Closing Link: irc.chatsvc ({by_tls})\r\n and closed"
    page = "HTTP/1.1 308 Permanent Redirect\r\nLocation: https://chat:13531/\r\n"
    assert said["http"].startswith(page)
    assert "\nopenssl s_client -quiet -connect chat:13531\n</pre>" in said["http"]
    assert "telnet" not in said["http"]
    assert said["tls"].startswith("\x16\x03")
    silent = strict.connect()
    strict.clock.advance(TLS_BEGINS)
    assert silent.read() == [f"* {by_tls}"]
    assert silent.closed


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_plaintext_from_this_machine_is_let_in(strict: Chat, address: str) -> None:
    ann = strict.connect(address)
    strict.wait_for_greeting()
    assert "* Welcome, ann." in "".join(ann.send("ann"))
    assert "telnet" in refusals(strict, address)["http"]


def test_plaintext_by_a_file_is_let_in(strict: Chat) -> None:
    protocol, transport = strict.factory.buildProtocol(None), StringTransport()
    transport.peerAddr = UNIXAddress(None)
    protocol.makeConnection(transport)
    protocol.dataReceived(b"ann\n")
    assert b"* Welcome, ann." in transport.value()


def test_behind_a_proxy_the_address_that_it_tells_decides(strict: Chat) -> None:
    for header, welcome in (
        (HEADER % 1, False),
        (HEADER.replace(b"192.0.2.%d", b"127.0.0.1"), True),
    ):
        person = Proxied(strict)
        person.protocol.dataReceived(header + b"ann\n")
        assert ("Welcome, ann" in "".join(person.read())) is welcome


# Stopping, and time


def test_who_has_not_begun_to_speak_is_closed_when_the_chat_stops(chat: Chat) -> None:
    greeted = chat.connect()
    chat.wait_for_greeting()
    half, page = chat.connect(), chat.connect()
    half.protocol.dataReceived(b"NI")
    page.protocol.dataReceived(b"GET / HTTP/1.1\r\n")
    closed: list[bool] = []

    async def close_all() -> None:
        await chat.factory.all_closed()
        closed.append(True)

    start(close_all())
    assert greeted.read()[-1] == "* The server is stopping. Goodbye."
    assert half.read() == page.read() == []
    assert half.closed
    assert not closed
    greeted.hang_up()
    half.hang_up()
    assert closed


@pytest.mark.parametrize("data", [b"", b"NIC", b"\x16", b"{"])
def test_who_never_says_a_whole_word_is_closed_in_time(data: bytes) -> None:
    chat = Chat(limits=Limits())
    peer: Person = chat.connect()
    if data:
        peer.protocol.dataReceived(data)
    chat.clock.advance(59)
    assert not peer.closed
    assert peer.transport.connected
    chat.clock.advance(1)
    assert peer.closed or not peer.transport.connected
    chat.clock.advance(10)
    assert not chat.factory.connections
    assert not chat.clock.getDelayedCalls()


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (b"ann\n", b"* Welcome, ann."),
        (b'{"do":"hello","name":"ann"}\n', b'"event":"welcome"'),
        (b"NICK ann\nUSER a 0 * :a\n", b" 001 ann "),
    ],
)
@pytest.mark.parametrize("cut", [1, 2, 3, 5, 100])
def test_what_is_piped_in_may_begin_with_a_byte_order_mark(
    chat: Chat, typed: bytes, answer: bytes, cut: int
) -> None:
    person = chat.connect()
    data = b"\xef\xbb\xbf" + typed
    for begin in range(0, len(data), cut):
        person.protocol.dataReceived(data[begin : begin + cut])
    assert answer in person.transport.value()
    assert b"\xef\xbb\xbf" not in person.transport.value()
