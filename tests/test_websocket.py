"""WebSocket conversations in memory: JSON and IRC in messages, and how they end."""

from __future__ import annotations

import json
from dataclasses import replace
from unittest.mock import patch

import pytest
from conftest import Chat, start
from test_limits import HEADER, Proxied
from tlspeople import Secure, encrypted
from webpeople import Browser, program, request
from websockets.frames import Frame, Opcode

from chatsvc.dialects.jsonl import JSONDialect
from chatsvc.model.rate_limits import UNLIMITED, Limits, Rate
from chatsvc.transports.connection import LAST_WORDS
from chatsvc.transports.websocket import adapter, frames
from chatsvc.transports.websocket.frames import LONGEST_MESSAGE, LONGEST_REASON
from chatsvc.transports.websocket.opening import MOST_FRAMES, NOT_FOR_PEOPLE
from chatsvc.transports.websocket.protocol import FAREWELL, GONE, MOST_LATE, SILENT

TEXT, BINARY = "text.ircv3.net", "binary.ircv3.net"
REGISTRATION = ("NICK ann", "USER ann 0 * :Ann")


def masked(opcode: int, payload: bytes = b"", fin: bool = True) -> bytes:
    return Frame(Opcode(opcode), payload, fin).serialize(mask=True)


def send_raw(browser: Browser, data: bytes) -> None:
    browser.person.protocol.dataReceived(data)
    browser.exchange()


# Talking


def test_programs_people_and_irc_clients_meet_in_a_room(chat: Chat) -> None:
    tom, ann, bob = chat.join("tom"), program(chat, "ann"), Browser(chat, TEXT)
    assert bob.send("NICK bob", "USER b 0 * b")[0].startswith(":irc.chatsvc 001 bob ")
    bob.send("JOIN #lobby")
    (said,) = [one for one in ann.ask(do="say", room="#lobby", text="tëa?") if "number" in one]
    assert said["text"] == "tëa?"
    assert any(line.endswith("PRIVMSG #lobby :tëa?") for line in bob.read())
    bob.send("PRIVMSG #lobby :yes")
    assert [one["text"] for one in ann.events() if one["event"] == "said"] == ["yes"]
    assert [line.partition("] ")[2] for line in tom.read() if "<" in line] == [
        "<ann> tëa?",
        "<bob> yes",
    ]


@pytest.mark.parametrize("subprotocols", [(TEXT,), (BINARY,), ("x", BINARY, TEXT)])
def test_irc_has_one_line_in_each_message_without_its_end(
    chat: Chat, subprotocols: tuple[str, ...]
) -> None:
    ann = Browser(chat, *subprotocols)
    chosen = next(name for name in subprotocols if name != "x")
    assert ann.client.subprotocol == chosen
    binary = chosen == BINARY
    for line in REGISTRATION:
        ann.send(line.encode() if binary else line)
    opcodes = {frame.opcode for frame in ann.frames}
    ann.send(b"JOIN #tea\r\n" if binary else "JOIN #tea\r\n")
    lines = ann.send(b"NAMES #tea" if binary else "NAMES #tea")
    assert [line.split()[1] for line in lines] == ["353", "366"]
    assert not any(end in line for line in lines for end in "\r\n")
    assert opcodes <= {Opcode.BINARY if binary else Opcode.TEXT}


@pytest.mark.parametrize("kind", ["pings", "fragments"])
def test_only_so_many_frames_come_before_the_first_message(chat: Chat, kind: str) -> None:
    begin = masked(Opcode.TEXT, fin=False) if kind == "fragments" else b""
    more = (
        masked(Opcode.CONT, fin=False) if kind == "fragments" else masked(Opcode.PING, b"x" * 125)
    )
    patient, hasty = Browser(chat), Browser(chat)
    send_raw(patient, begin + more * (MOST_FRAMES - 2))
    assert patient.ended is None
    send_raw(hasty, begin + more * 10_000)
    assert len(hasty.frames) <= MOST_FRAMES + 1
    assert hasty.ended == (1008, "Too many frames without a message.")
    end = masked(Opcode.CONT, b'{"do":"ping"}') if begin else masked(Opcode.TEXT, b'{"do":"ping"}')
    send_raw(patient, end)
    assert patient.read() == ['{"event":"pong"}']


def test_the_first_message_decides_without_a_subprotocol(chat: Chat) -> None:
    ann = Browser(chat)
    assert ann.client.subprotocol is None
    assert ann.send(*REGISTRATION)[0].startswith(":irc.chatsvc 001 ann ")
    assert Browser(chat).ask(do="ping", tag="1") == [{"event": "pong", "tag": "1"}]
    pretty = Browser(chat)
    assert pretty.send('{\n  "do": "ping"\n}\n') == ['{"event":"pong"}']


def test_a_subprotocol_that_nobody_knows_is_not_chosen(chat: Chat) -> None:
    person = chat.connect()
    person.protocol.dataReceived(request(Sec_WebSocket_Protocol="mqtt, stomp"))
    assert not [line for line in person.read() if line.startswith("Sec-WebSocket-Protocol")]


@pytest.mark.parametrize("first", ["ann", "/help", "", "GET / HTTP/1.1", "\x16\x03"])
def test_people_are_told_that_they_cannot_type_here(chat: Chat, first: str) -> None:
    browser = Browser(chat)
    assert browser.send(first) == []
    assert browser.ended == (1008, NOT_FOR_PEOPLE)
    assert browser.person.closed
    assert not chat.hub.directory.sessions


def test_it_works_inside_tls_and_behind_a_proxy() -> None:
    chat = encrypted(Chat())
    ann = Browser.over_tls(Secure(chat).shake_hands())
    assert ann.ask(do="hello", name="ann")[0]["event"] == "welcome"
    proxied = Proxied(chat)
    proxied.protocol.dataReceived(HEADER % 7)
    bob = Browser(chat, person=proxied)
    bob.ask(do="hello", name="bob")
    assert proxied.protocol.wrappedProtocol.address == "192.0.2.7"
    ann.ask(do="quit")
    assert ann.ended == (1000, "Goodbye, ann.")


def test_a_reader_over_websocket_costs_no_encoding_of_its_own(chat: Chat) -> None:
    readers = [program(chat, f"reader{number}") for number in range(5)]
    tom = chat.join("tom")
    for reader in readers:
        reader.read()
    with (
        patch.object(JSONDialect, "write_said", autospec=True, return_value=b"{}\n") as written,
        patch.object(adapter, "framed", wraps=frames.framed) as framed,
    ):
        tom.send("hello")
    assert written.call_count == framed.call_count == 1
    assert [reader.read() for reader in readers] == [["{}"]] * 5


def test_irc_readers_with_the_same_capabilities_share_their_frames(chat: Chat) -> None:
    readers = [Browser(chat, TEXT) for _ in range(4)]
    for number, reader in enumerate(readers):
        reader.send(f"NICK reader{number}", "USER x 0 * x", "JOIN #lobby")
    tom = chat.join("tom")
    with patch.object(adapter, "framed", wraps=frames.framed) as framed:
        tom.send("hello")
    assert framed.call_count == 1
    assert all(reader.read()[-1].endswith("PRIVMSG #lobby :hello") for reader in readers)


def long_answer(chat: Chat) -> Browser:
    """Return a user who is receiving a long answer."""
    ann, tom = program(chat, "ann"), chat.join("tom")
    for number in range(40):
        tom.send(f"{number} " + "x" * 2000)
    ann.read()
    ann.client.send_text(b'{"do":"history","room":"#lobby","n":40,"tag":"h"}')
    ann.exchange()
    return ann


def test_a_long_answer_is_one_message_in_parts(chat: Chat) -> None:
    ann = long_answer(chat)
    assert [frame.fin for frame in ann.frames] == [False]
    chat.join("tim").send("meanwhile")
    chat.clock.pump([0.0] * 200)  # others have their turn between the parts
    ann.exchange()
    assert [frame.opcode for frame in ann.frames].count(Opcode.CONT) > 1
    page, *others = ann.events()
    assert (page["tag"], len(page["lines"])) == ("h", 40)
    assert [event["event"] for event in others] == ["joined", "said"]


def test_a_connection_can_be_closed_in_the_middle_of_a_long_answer(chat: Chat) -> None:
    ann = long_answer(chat)
    (session,) = [one for one in chat.hub.directory.sessions if one.name == "ann"]
    chat.hub.sessions.end(session, "Enough.")
    assert ann.ended == (1000, "Enough.")
    ann.person.hang_up()
    chat.clock.pump([0.0] * 20)


# What is refused


def started(chat: Chat) -> Browser:
    browser = program(chat, "ann")
    browser.read()
    return browser


WRONG = {
    "too long": (1009, masked(1, b"x" * (LONGEST_MESSAGE + 1))),
    "too long in parts": (1009, masked(1, b"x" * 9000, fin=False) + masked(0, b"x" * 9000)),
    "endless": (1009, b"\x81\xff" + b"\xff" * 8),
    "not UTF-8": (1007, masked(1, b'{"do":"\xff"}')),
    "not UTF-8 in parts": (1007, masked(1, b'"\xc3', fin=False) + masked(0, b"x")),
    "no mask": (1002, b"\x81\x02hi"),
    "long ping": (1002, b"\x89\xfe\x00\x7e"),
    "ping in parts": (1002, b"\x09\x80\0\0\0\0"),
    "reserved bit": (1002, b"\xc1\x80\0\0\0\0"),
    "unknown opcode": (1002, b"\x83\x80\0\0\0\0"),
    "no beginning": (1002, masked(0, b"x")),
    "no end": (1002, masked(1, b"x", fin=False) + masked(1, b"x")),
    "wasteful length": (1002, b"\x81\xfe\x00\x05"),
    "half a code": (1002, b"\x88\x81\0\0\0\0\3"),
    "code 1005": (1002, masked(8, b"\x03\xed")),
    "reason not UTF-8": (1007, masked(8, b"\x03\xe8\xff")),
    "binary": (1003, masked(2, b"{}")),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_allowed_ends_the_connection_with_its_code(chat: Chat, name: str) -> None:
    code, data = WRONG[name]
    for browser in (started(chat), Browser(chat)):  # also as the first message
        send_raw(browser, data)
        assert browser.ended is not None
        assert browser.ended[0] == code
        assert browser.person.closed
        browser.person.hang_up()
    assert not chat.hub.directory.sessions


def test_a_message_as_long_as_is_allowed_is_read(chat: Chat) -> None:
    ann = started(chat)
    ann.client.send_text(b'{"do":"ping"}'.ljust(LONGEST_MESSAGE // 2), fin=False)
    ann.client.send_continuation(b" " * (LONGEST_MESSAGE // 2), fin=True)
    ann.exchange()
    assert ann.read() == ['{"event":"pong"}']


def test_a_message_of_several_lines_is_one_request(chat: Chat) -> None:
    ann = started(chat)
    (refused,) = map(json.loads, ann.send('{"do":"ping"}\n{"do":"ping"}'))
    assert refused["code"] == "not-json"


def test_an_irc_message_that_is_not_utf8_is_refused_in_a_binary_one(chat: Chat) -> None:
    ann = Browser(chat, BINARY)
    ann.send(*REGISTRATION, "JOIN #tea")
    assert "UTF-8" in ann.send(b"PRIVMSG #tea :\xff")[0]
    assert ann.ended is None


def test_requests_before_a_mistake_are_obeyed(chat: Chat) -> None:
    ann = started(chat)
    send_raw(ann, masked(1, b'{"do":"ping"}') + b"\x81\x00" + masked(1, b'{"do":"ping"}'))
    assert ann.read() == ['{"event":"pong"}']
    assert ann.ended == (1002, "Frames from clients must have a mask.")


def test_a_refusal_closes_with_1008_and_its_words() -> None:
    chat = Chat(limits=Limits(per_address=1))
    first, second = Browser(chat), Browser(chat)
    assert second.ended is not None
    assert second.ended[0] == 1008
    assert "connection" in second.ended[1]
    assert first.ended is None
    chat = Chat()
    chat.factory.speaks = ("http", "websocket", "irc")
    ann = Browser(chat)
    assert ann.ask(do="ping")[0]["code"] == "not-spoken"
    assert ann.ended is not None
    assert ann.ended[0] == 1008
    chat.factory.speaks = ("http", "json")
    assert Browser(chat).client.handshake_exc is not None


def test_a_long_reason_is_cut_between_characters(chat: Chat) -> None:
    ann = started(chat)
    (session,) = chat.hub.directory.sessions
    chat.hub.sessions.end(session, "é" * 200)
    assert ann.ended == (1000, "é" * (LONGEST_REASON // 2))


# Silence, slowness


def test_a_silent_client_is_pinged_and_closed_if_it_does_not_answer(chat: Chat) -> None:
    for subprotocols in ((), (TEXT,)):
        browser = Browser(chat, *subprotocols) if subprotocols else started(chat)
        browser.send("NICK tim", "USER x 0 * x")
        chat.clock.advance(SILENT - 0.1)
        assert browser.person.transport.value() == b""
        chat.clock.advance(0.2)
        assert browser.person.transport.value() == b"\x89\x00"
        browser.exchange()  # answers
        browser.person.protocol.dataReceived(masked(10))
        chat.clock.advance(SILENT + 0.1)
        browser.person.transport.clear()
        chat.clock.advance(GONE - SILENT - 0.3)
        assert not browser.person.closed
        browser.person.transport.clear()
        chat.clock.advance(0.3)
        assert browser.ended == (1000, "Ping timeout. Goodbye.")


def test_who_does_not_begin_is_closed() -> None:
    chat = Chat(limits=replace(UNLIMITED, name_within=60))
    silent, nameless = Browser(chat), Browser(chat)
    nameless.ask(do="ping")
    chat.clock.advance(60)
    chat.clock.advance(0)
    chat.clock.advance(0)
    words = "You did not enter a name within 60 seconds. Goodbye."
    assert silent.ended == (1008, words)
    assert nameless.ended == (1000, words)


def test_a_slow_reader_catches_up(chat: Chat) -> None:
    ann, tom = program(chat, "ann"), chat.join("tom")
    ann.read()
    ann.person.stop_reading()
    tom.send(*(f"line {number}" for number in range(30)))
    assert ann.read() == []
    ann.person.read_on()
    assert [event["text"] for event in ann.events()] == [f"line {number}" for number in range(30)]


def test_what_comes_too_fast_waits_and_control_frames_cost_too() -> None:
    chat = Chat(limits=replace(UNLIMITED, flood=Rate(3, 1.0), work=Rate(10, 1.0)))
    ann = program(chat, "ann")
    ann.read()
    send_raw(ann, b"".join(masked(1, b'{"do":"say","room":"#lobby","text":"x"}') for _ in range(9)))
    assert ann.person.protocol.paused
    chat.clock.pump([1.0] * 60)
    assert len([one for one in ann.events() if one["event"] == "said"]) == 9
    send_raw(ann, b"\x8a\x80\0\0\0\0" * 60_000)
    assert ann.person.protocol.paused


# The end


def test_a_client_that_closes_leaves_after_what_it_has_sent(chat: Chat) -> None:
    ann, tom = started(chat), chat.join("tom")
    tom.read()
    ann.client.send_text(b'{"do":"say","room":"#lobby","text":"bye"}')
    ann.client.send_close(3001, "reload")
    ann.exchange()
    assert ann.ended is not None
    assert ann.ended[0] == 3001
    assert ann.person.closed
    assert any(line.endswith("<ann> bye") for line in tom.read())
    assert [one.name for one in chat.hub.directory.sessions] == ["tom"]


def test_the_server_waits_for_the_client_s_close_frame(chat: Chat) -> None:
    ann = started(chat)
    ann.person.protocol.dataReceived(masked(1, b'{"do":"quit"}'))
    assert not ann.person.closed
    send_raw(ann, masked(1, b'{"do":"say","room":"#lobby","text":"too late"}'))
    assert ann.ended == (1000, "Goodbye, ann.")
    assert ann.person.closed  # it has answered
    bob = program(chat, "bob")
    bob.person.protocol.dataReceived(masked(1, b'{"do":"quit"}'))
    chat.clock.advance(FAREWELL)
    assert bob.person.closed
    bob.person.hang_up()
    ann.person.hang_up()
    assert not chat.clock.getDelayedCalls()


def test_a_client_that_sends_many_frames_instead_of_its_close_frame_is_closed(chat: Chat) -> None:
    bob = program(chat, "bob").person
    bob.protocol.dataReceived(masked(Opcode.TEXT, b'{"do":"quit"}'))
    bob.protocol.dataReceived(masked(Opcode.PING) * MOST_LATE)
    assert not bob.closed
    bob.protocol.dataReceived(masked(Opcode.PING))
    assert bob.closed


def test_a_client_that_sends_on_for_ever_is_cut_off(chat: Chat) -> None:
    ann = started(chat)
    ann.person.protocol.dataReceived(masked(1, b'{"do":"quit"}'))
    for _ in range(70):
        if ann.person.transport.connected:
            ann.person.protocol.dataReceived(masked(1, b"x" * 16000))
    assert not ann.person.transport.connected


def test_a_connection_that_is_half_closed_or_lost_is_left(chat: Chat) -> None:
    ann = started(chat)
    ann.person.protocol.readConnectionLost()
    assert ann.ended == (1000, "Goodbye, ann.")
    assert ann.person.closed
    silent = Browser(chat)
    silent.person.protocol.readConnectionLost()
    assert silent.person.closed
    bob = program(chat, "bob")
    bob.person.protocol.dataReceived(masked(1, b'{"do":"say"')[:9])
    bob.person.hang_up()
    assert not chat.hub.directory.sessions


def test_the_server_says_when_it_stops(chat: Chat) -> None:
    ann, silent = started(chat), Browser(chat)
    start(chat.hub.close())
    start(chat.factory.all_closed())
    assert ann.ended is not None
    assert ann.ended[0] == 1001
    assert silent.ended == (1001, "The server is stopping. Goodbye.")
    for one in (ann, silent):
        assert one.person.closed
        one.person.hang_up()
    chat.clock.advance(LAST_WORDS)
