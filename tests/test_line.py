"""Connections: the first byte, pieces and floods of bytes, slow readers, ends."""

from __future__ import annotations

import json

import pytest
from conftest import Chat, Worker, no_turn, start

from chatsvc.archive import ArchiveFailed, MemoryArchive


def test_the_first_byte_decides_even_when_bytes_come_one_by_one(chat: Chat) -> None:
    ann, bot = chat.connect(), chat.connect()
    for byte in b"ann\r\nhi\r\n":
        ann.protocol.dataReceived(bytes([byte]))
    for byte in b'{"do":"ping"}\n':
        bot.protocol.dataReceived(bytes([byte]))
    assert "* Welcome, ann." in ann.read()[1]
    assert bot.events() == [{"event": "pong"}]


def test_nobody_is_greeted_before_their_time(chat: Chat) -> None:
    ann = chat.connect()
    chat.clock.advance(0.24)
    assert ann.read() == []
    chat.clock.advance(0.02)
    assert ann.read() == ["Welcome to chatsvc. What is your name?"]


def test_lines_end_in_crlf_or_lf(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    ann.protocol.dataReceived(b"one\ntwo\r\nthr")
    ann.protocol.dataReceived(b"ee\r")
    ann.protocol.dataReceived(b"\n")
    assert [line.rpartition(" ")[2] for line in bob.read()] == ["one", "two", "three"]


def test_what_is_not_utf8_is_refused_and_harms_nobody(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    assert ann.send(b"gr\xfc\xdfe")[0].startswith("* That was not sent: it is not UTF-8.")
    assert bob.read() == []


def test_nobody_colours_or_moves_another_s_screen(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    ann.send("\x1b[31mred\x1b[0m \x1b]0;title\x07a\x00b\x07c\x9b2Jd \u202eevil")
    assert bob.read() == ["[1970-01-01 00:00] <ann> red abc2Jd evil"]


def test_a_line_of_more_than_4_kib_is_refused_and_its_writer_stays(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    bob.read()
    assert ann.send("x" * 4097) == [
        "* That line has 4097 bytes; 4096 is the most. It was not sent."
    ]
    assert ann.send("ü" * 2049)[0].startswith("* That line has 4098 bytes")
    assert bob.read() == []
    ann.send("x" * 4096)
    assert len(bob.read()[0]) > 4096


def test_an_endless_line_ends_the_connection_with_a_word(chat: Chat) -> None:
    ann = chat.join("ann")
    for _ in range(5):
        ann.protocol.dataReceived(b"x" * 4096)
    assert ann.read() == ["* That line has more than 16384 bytes. Goodbye."]
    assert ann.closed


def test_a_browser_is_told_that_this_is_a_chat_and_cannot_speak(chat: Chat) -> None:
    bob, browser = chat.join("bob"), chat.connect()
    answer = browser.send("POST / HTTP/1.1", "Host: localhost", "", "/quit", "evil")
    assert "HTTP/1.1 400 Bad Request" in answer
    assert browser.closed
    assert bob.read() == []


def test_one_too_many_is_told_that_the_server_is_full(chat: Chat) -> None:
    chat.factory.max_clients = 1
    chat.join("ann")
    person, program = chat.connect(), chat.connect()
    assert "the server is full" in person.send("bob")[0]
    assert program.ask(do="hello")[0]["code"] == "full"
    assert person.closed
    assert program.closed


def test_a_pasted_block_arrives_whole_and_in_order() -> None:
    worker = Worker()
    chat = Chat(MemoryArchive(worker, no_turn, start))
    ann, bob = chat.join("ann"), chat.join("bob")
    bob.read()
    ann.protocol.dataReceived(b"".join(b"line %d\n" % n for n in range(100)))
    assert ann.protocol.paused
    assert chat.archive.waiting == 32
    worker.work()
    assert chat.hub.rooms["#lobby"].last == 64  # others have a turn
    chat.clock.advance(0)
    worker.work()
    assert [line.rpartition("> ")[2] for line in bob.read()] == [f"line {n}" for n in range(100)]
    assert not ann.protocol.paused


def test_who_stops_sending_is_answered_to_the_end(chat: Chat) -> None:
    bob, ann = chat.join("bob"), chat.connect()
    bob.read()
    ann.protocol.dataReceived(b"ann\nfirst\nlast without an end")
    ann.protocol.readConnectionLost()
    assert [line.rpartition("> ")[2] for line in bob.read()[1:3]] == [
        "first",
        "last without an end",
    ]
    assert ann.read()[-1] == "* Goodbye, ann. Thank you for coming."
    assert ann.closed


def test_goodbye_waits_for_ones_lines_to_be_kept() -> None:
    worker = Worker()
    chat = Chat(MemoryArchive(worker, no_turn, start))
    ann = chat.join("ann")
    ann.protocol.dataReceived(b"one\ntwo\n/quit\n")
    assert not ann.closed
    worker.work()
    assert ann.closed
    assert chat.hub.rooms["#lobby"].last == 2


def test_lines_that_came_before_the_connection_broke_are_kept() -> None:
    worker = Worker()
    chat = Chat(MemoryArchive(worker, no_turn, start))
    ann = chat.join("ann")
    ann.protocol.dataReceived(b"".join(b"line %d\n" % n for n in range(100)) + b"half a li")
    ann.hang_up()
    worker.work()
    assert chat.hub.rooms["#lobby"].last == 100


def test_a_slow_reader_costs_nothing_and_reads_on_where_it_was(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    ann.read(), bob.read()
    bob.stop_reading()
    ann.send(*(f"line {n}" for n in range(500)))
    chat.join("eve")
    assert bob.read() == []
    assert ann.send("/msg bob hi") == ["* bob is not reading just now. It was not sent."]
    bob.read_on()
    missed, *lines = bob.read()
    assert missed.startswith("* You were reading slowly:")
    assert [line.rpartition("> ")[2] for line in lines] == [f"line {n}" for n in range(500)]
    ann.send("live")
    assert bob.read() == ["[1970-01-01 00:00] <ann> live"]


def test_a_reader_who_never_reads_is_told_why_and_closed(chat: Chat) -> None:
    bob = chat.join("bob")
    bob.read()
    bob.stop_reading()
    chat.clock.advance(59)
    assert not bob.closed
    chat.clock.advance(1)
    assert bob.read() == ["* You are 60 seconds behind with reading. Goodbye."]
    assert bob.closed
    chat.clock.advance(10)
    assert "bob" not in chat.hub.users


def test_who_does_not_read_is_not_read_from(chat: Chat) -> None:
    ann = chat.join("ann")
    ann.stop_reading()
    assert ann.protocol.paused
    assert ann.send("/help") == []
    ann.read_on()
    assert len(ann.read()) > 20


def test_lines_that_cannot_be_kept_are_refused_with_the_reason() -> None:
    worker = Worker()
    archive = MemoryArchive(worker, no_turn, start)
    chat = Chat(archive)
    ann, bot = chat.join("ann"), chat.program("bot")
    bot.ask(do="join", room="#lobby")
    ann.send("precious")
    bot.ask(do="say", text="words", tag="9")

    def fail() -> None:
        raise ArchiveFailed("The disk is full.")

    for position, (done, _, arguments) in enumerate(worker.pieces):
        worker.pieces[position] = (done, lambda *_: fail(), arguments)
    worker.step()
    assert ann.read()[-1] == "* The disk is full. Not sent: precious"
    worker.work()
    assert json.loads(bot.read()[-1])["event"] == "said"
    assert chat.hub.rooms["#lobby"].last == 1


def test_a_command_that_fails_is_logged_and_the_person_stays(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, nothing_fails_anywhere: list[object]
) -> None:
    ann = chat.join("ann")

    async def burn(room: str, limit: int) -> None:
        raise RuntimeError("burned")

    monkeypatch.setattr(chat.archive, "tallies", burn)
    monkeypatch.setattr(chat.hub, "places", lambda: 1 / 0)
    for request in ("/stats", "/rooms"):
        assert ann.send(request) == ["* That went wrong here, and is noted in the log."]
    assert len(nothing_fails_anywhere) == 2
    nothing_fails_anywhere.clear()
    assert ann.send("/topic") != []


def test_a_thousand_connections_come_and_go_without_a_trace(chat: Chat) -> None:
    for _ in range(1000):
        chat.connect().hang_up()
    assert not chat.hub.sessions
    assert not chat.factory.connections
    chat.clock.advance(60)
    assert not chat.clock.getDelayedCalls()


def test_stopping_keeps_what_waits_and_tells_everybody() -> None:
    worker = Worker()
    chat = Chat(MemoryArchive(worker, no_turn, start))
    ann = chat.join("ann")
    ann.send("last words")
    start(chat.hub.close())
    assert ann.send("too late") == ["* The server is stopping. It was not sent."]
    worker.work()
    assert ann.read() == ["* The server is stopping; what was said is kept. Goodbye."]
    assert ann.closed
    assert chat.hub.rooms["#lobby"].last == 1
