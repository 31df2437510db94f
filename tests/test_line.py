"""Connections: split and flooding input, slow readers, ends."""

from __future__ import annotations

import json

import pytest
from conftest import Chat, Person, Worker, no_turn, start

from chatsvc.model.rate_limits import UNLIMITED, Limits, Rate
from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.memory import MemoryArchive


def test_lines_end_in_crlf_or_lf(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    ann.protocol.dataReceived(b"one\ntwo\r\nthr")
    ann.protocol.dataReceived(b"ee\r")
    ann.protocol.dataReceived(b"\n")
    assert [line.rpartition(" ")[2] for line in bob.read()] == ["one", "two", "three"]


def test_what_is_not_utf8_is_refused_and_harms_nobody(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    assert ann.send(b"gr\xfc\xdfe")[0].startswith("* Not sent: invalid UTF-8.")
    assert bob.read() == []


def test_nobody_colours_or_moves_another_s_screen(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    ann.send("\x1b[31mred\x1b[0m \x1b]0;title\x07a\x00b\x07c\x9b2Jd \u202eevil")
    assert bob.read() == ["[1970-01-01 00:00] <ann> red abc2Jd evil"]


def test_a_line_of_more_than_4_kib_is_refused_and_its_writer_stays(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    bob.read()
    assert ann.send("x" * 4097) == [
        "* Not sent: the message has 4097 bytes, and the maximum is 4096."
    ]
    assert ann.send("ü" * 2049)[0].startswith("* Not sent: the message has 4098 bytes")
    assert bob.read() == []
    ann.send("x" * 4096)
    assert len(bob.read()[0]) > 4096


def test_an_endless_line_ends_the_connection_with_a_word(chat: Chat) -> None:
    ann = chat.join("ann")
    for _ in range(5):
        ann.protocol.dataReceived(b"x" * 4096)
    assert ann.read() == ["* The line is longer than 16384 bytes. Goodbye."]
    assert ann.closed


def test_one_too_many_is_told_that_the_server_is_full(chat: Chat) -> None:
    chat.factory.max_clients = 1
    chat.join("ann")
    person, program = chat.connect(), chat.connect()
    assert "The server is full" in person.send("bob")[0]
    assert program.ask(do="hello")[0]["code"] == "full"
    assert person.closed
    assert program.closed


def test_a_pasted_block_arrives_whole_and_in_order() -> None:
    worker = Worker()
    chat = Chat(MemoryArchive(worker, no_turn, start))
    ann, bob = chat.join("ann"), chat.join("bob")
    bob.read()
    ann.protocol.dataReceived(b"".join(b"line %d\n" % n for n in range(200)))
    assert ann.protocol.paused
    assert chat.archive.waiting == 32
    worker.work()
    assert 32 < chat.hub.directory.rooms["#lobby"].last < 150  # others get a turn
    for _ in range(4):
        chat.clock.advance(0)
        worker.work()
    assert [line.rpartition("> ")[2] for line in bob.read()] == [f"line {n}" for n in range(200)]
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
    assert ann.read()[-1] == "* Goodbye, ann."
    assert ann.closed


def test_goodbye_waits_for_ones_lines_to_be_kept() -> None:
    worker = Worker()
    chat = Chat(MemoryArchive(worker, no_turn, start))
    ann = chat.join("ann")
    ann.protocol.dataReceived(b"one\ntwo\n/quit\n")
    assert not ann.closed
    worker.work()
    assert ann.closed
    assert chat.hub.directory.rooms["#lobby"].last == 2


def test_lines_that_came_before_the_connection_broke_are_kept() -> None:
    worker = Worker()
    chat = Chat(MemoryArchive(worker, no_turn, start))
    ann = chat.join("ann")
    ann.protocol.dataReceived(b"".join(b"line %d\n" % n for n in range(100)) + b"half a li")
    ann.hang_up()
    worker.work()
    assert chat.hub.directory.rooms["#lobby"].last == 100


def test_a_slow_reader_costs_nothing_and_reads_on_where_it_was(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    ann.read(), bob.read()
    bob.stop_reading()
    ann.send(*(f"line {n}" for n in range(500)))
    chat.join("eve")
    assert bob.read() == []
    assert ann.send("/msg bob hi") == ["* Not sent: bob is not responding at the moment."]
    bob.read_on()
    chat.clock.advance(0)  # others get a turn
    missed, *lines = bob.read()
    assert missed.startswith("* Your connection was slow")
    assert [line.rpartition("> ")[2] for line in lines] == [f"line {n}" for n in range(500)]
    ann.send("live")
    assert bob.read() == ["[1970-01-01 00:00] <ann> live"]


def test_a_reader_who_has_read_during_a_stall_stays(chat: Chat) -> None:
    bob = chat.join("bob")
    bob.stop_reading()
    chat.clock.callLater(60, bob.read_on)  # the reactor writes after its timers
    chat.clock.advance(60)
    chat.clock.advance(60)
    assert not bob.closed


@pytest.mark.parametrize(
    ("limit", "time"), [(60.0, "60 seconds"), (1.0, "1 second"), (1.5, "1.5 seconds")]
)
def test_a_reader_who_never_reads_is_told_why_and_closed(
    chat: Chat, limit: float, time: str
) -> None:
    bob = chat.join("bob")
    bob.protocol.gate.slow_limit = limit
    bob.read()
    bob.stop_reading()
    chat.clock.advance(limit - 0.5)
    assert not bob.closed
    chat.clock.advance(0.5)
    assert bob.read() == [f"* You did not read for {time}. Goodbye."]
    assert bob.closed
    chat.clock.advance(10)
    assert "bob" not in chat.hub.directory.users


def test_who_does_not_read_is_not_read_from(chat: Chat) -> None:
    ann = chat.join("ann")
    ann.stop_reading()
    assert ann.protocol.paused
    assert ann.send("/help") == []
    ann.read_on()
    assert len(ann.read()) > 8


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
    assert chat.hub.directory.rooms["#lobby"].last == 1


def test_a_command_that_fails_is_logged_and_the_person_stays(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, nothing_fails_anywhere: list[object]
) -> None:
    ann = chat.join("ann")

    async def burn(room: str, limit: int) -> None:
        raise RuntimeError("burned")

    monkeypatch.setattr(chat.archive, "tallies", burn)
    monkeypatch.setattr(chat.hub.visibility, "rooms", lambda: 1 / 0)
    for request in ("/stats", "/rooms"):
        assert ann.send(request) == ["* Internal error. Details are in the server's log."]
    assert len(nothing_fails_anywhere) == 2
    nothing_fails_anywhere.clear()
    assert ann.send("/topic") != []


def test_a_thousand_connections_come_and_go_without_a_trace(chat: Chat) -> None:
    for _ in range(1000):
        chat.connect().hang_up()
    assert not chat.hub.directory.sessions
    assert not chat.factory.connections
    chat.clock.advance(60)
    assert not chat.clock.getDelayedCalls()


def test_stopping_keeps_what_waits_and_tells_everybody() -> None:
    worker = Worker()
    chat = Chat(MemoryArchive(worker, no_turn, start))
    ann = chat.join("ann")
    ann.send("last words")
    start(chat.hub.close())
    assert ann.send("too late") == ["* Not sent: the server is stopping."]
    worker.work()
    assert ann.read() == ["* The server is stopping. All messages are saved. Goodbye."]
    assert ann.closed
    assert chat.hub.directory.rooms["#lobby"].last == 1


# Faster than the limit

FAST = Limits(flood=Rate(8, 2.0), per_address=0, arrivals=0, name_within=0.0)
NOTICE = (
    "* You are sending faster than 2 lines a second. The"
    " rest will follow at that rate; nothing is lost."
)


def numbered(count: int) -> bytes:
    return b"".join(b"line %d\n" % n for n in range(count))


def said(reader: Person, name: str = "ann") -> list[str]:
    return [line.partition("> ")[2] for line in reader.read() if f"<{name}> " in line]


def test_a_pasted_block_comes_at_its_pace_whole_and_in_order_and_others_in_between() -> None:
    chat = Chat(limits=FAST)
    ann, bob, eve = chat.join("ann"), chat.join("bob"), chat.join("eve")
    ann.read(), bob.read()
    ann.protocol.dataReceived(numbered(100))
    assert said(bob) == [f"line {n}" for n in range(8)]
    for number in range(8, 100):
        if number < 12:
            eve.send(f"eve is here {number}")
            assert said(bob, "eve") == [f"eve is here {number}"]
        chat.clock.advance(0.49)
        assert said(bob) == []
        chat.clock.advance(0.01)
        assert said(bob) == [f"line {number}"]
    assert [line for line in ann.read() if "eve" not in line] == [NOTICE]
    assert not ann.protocol.paused
    assert not chat.clock.getDelayedCalls()


def test_eight_lines_are_no_flood_and_neither_are_two_a_second() -> None:
    chat = Chat(limits=FAST)
    ann, bob = chat.join("ann"), chat.join("bob")
    ann.read(), bob.read()
    ann.send(*(f"line {n}" for n in range(8)))
    for number in range(8, 20):
        chat.clock.advance(0.5)
        ann.send(f"line {number}")
    assert said(bob) == [f"line {n}" for n in range(20)]
    assert ann.read() == []


def test_who_sends_a_block_again_is_told_again() -> None:
    chat = Chat(limits=FAST)
    ann = chat.join("ann")
    told = 0
    for _ in range(3):
        told += ann.send(*(f"line {n}" for n in range(12))).count(NOTICE)
        chat.clock.advance(0.5 * 4 + 2)  # not yet long enough for a full burst
        told += ann.send("more", "more", "more", "more", "more").count(NOTICE)
        for _ in range(10):
            chat.clock.advance(0.5)
    assert told == 3


def test_a_program_that_changes_too_much_is_answered_at_the_same_pace() -> None:
    chat = Chat(limits=Limits(flood=Rate(2, 1.0)))
    bot = chat.program("bot")
    bot.read()
    for number in range(4):
        bot.protocol.dataReceived(b'{"do":"away","tag":"%d"}\n' % number)
    answers = bot.events()
    assert [event.get("tag") for event in answers] == ["0", "1", None]
    assert answers[2]["event"] == "notice"
    assert answers[2]["text"].startswith("You are sending faster than 1 line a second.")
    for tag in ("2", "3"):
        chat.clock.advance(1)
        assert [event.get("tag") for event in bot.events()] == [tag]


def test_what_says_only_that_one_is_there_is_free_and_nonsense_is_not() -> None:
    chat = Chat(limits=Limits(flood=Rate(2, 1.0)))
    ann, bot = chat.join("ann"), chat.program("bot")
    ann.read(), bot.read()
    assert ann.send(*[""] * 20, "/time") != []
    for _ in range(20):
        bot.protocol.dataReceived(b'{"do":"ping"}\n\n')
    assert bot.events() == [{"event": "pong"}] * 20
    for _ in range(3):
        bot.protocol.dataReceived(b"nonsense\n")
    assert [event["event"] for event in bot.events()] == ["refused", "refused", "notice"]
    chat.clock.advance(1)
    assert [event["code"] for event in bot.events()] == ["not-json"]


def test_coming_back_into_many_rooms_is_free() -> None:
    chat = Chat(limits=Limits(flood=Rate(2, 1.0)))
    bot = chat.program("bot")
    for n in range(20):
        bot.protocol.dataReceived(b'{"do":"join","room":"#r%d","after":0}\n' % n)
    assert [event["event"] for event in bot.events()] == ["entered"] * 20


def test_at_the_door_there_is_no_pace_and_the_name_costs_nothing() -> None:
    chat = Chat(limits=Limits(flood=Rate(1, 1.0)))
    bob, ann = chat.join("bob"), chat.connect()
    answers = ann.send(*["<bad name>"] * 5, "ann", "hello", "more")
    assert len([line for line in answers if "Press Enter to join as" in line]) == 5
    assert said(bob) == ["hello"]
    assert chat.connect().send(*["<bad name>"] * 10)[-1].startswith("* Too many failed attempts.")


def test_goodbye_comes_after_the_block_before_it() -> None:
    chat = Chat(limits=FAST)
    ann, bob = chat.join("ann"), chat.join("bob")
    bob.read()
    ann.protocol.dataReceived(numbered(20) + b"/quit\nnever\n")
    for _ in range(12):
        chat.clock.advance(0.5)
        assert not ann.closed
    chat.clock.advance(0.5)
    assert said(bob) == [f"line {n}" for n in range(20)]
    assert ann.closed
    ann.hang_up()
    assert not chat.clock.getDelayedCalls()


def test_who_stops_sending_is_obeyed_to_the_end_at_the_same_pace() -> None:
    chat = Chat(limits=FAST)
    bob, ann = chat.join("bob"), chat.connect()
    bob.read()
    ann.protocol.dataReceived(b"ann\n" + numbered(10) + b"and the last")
    chat.clock.advance(0.5)
    assert ann.protocol.paused
    chat.clock.advance(0.5)
    assert not ann.protocol.paused  # so now the transport finds that this was all
    ann.protocol.readConnectionLost()
    assert not ann.closed
    assert said(bob)[-1] == "line 9"
    chat.clock.advance(0.5)
    assert said(bob) == ["and the last"]
    assert ann.read()[-1] == "* Goodbye, ann."
    assert ann.closed


def test_what_came_too_fast_before_the_connection_broke_is_kept_too() -> None:
    chat = Chat(limits=FAST)
    ann, bob = chat.join("ann"), chat.join("bob")
    bob.read()
    ann.protocol.dataReceived(numbered(9) + b"half a li")
    ann.hang_up()
    assert said(bob) == [f"line {n}" for n in range(9)]
    assert not chat.clock.getDelayedCalls()


def test_a_goodbye_that_was_sent_before_the_connection_broke_closes_nothing_again() -> None:
    chat = Chat(limits=FAST)
    ann = chat.join("ann")
    ann.protocol.dataReceived(numbered(9) + b"/quit\n")
    ann.hang_up()
    assert not chat.clock.getDelayedCalls()
    assert not chat.hub.directory.users


def test_breaking_the_connection_is_no_way_around_the_pace() -> None:
    chat = Chat(limits=FAST)
    ann, bob = chat.join("ann"), chat.join("bob")
    bob.read()
    ann.protocol.dataReceived(numbered(1000))
    ann.hang_up()
    assert said(bob) == [f"line {n}" for n in range(8 + 1)]


def test_who_is_closed_says_nothing_more() -> None:
    chat = Chat(limits=FAST)
    bob = chat.join("bob")
    ann = chat.program("ann", client="the secret of ann")
    ann.ask(do="join", room="#lobby")
    bob.read()
    ann.protocol.dataReceived(b"".join(b'{"do":"say","text":"%d"}\n' % n for n in range(7)))
    ann.protocol.dataReceived(b'{"do":"nick","name":"eve"}\n{"do":"nick","name":"zoe"}\n')
    chat.program("ann", client="the secret of ann")
    assert ann.closed
    chat.clock.advance(5)
    ann.hang_up()
    assert said(bob) == [str(n) for n in range(7)]  # join was the first
    assert set(chat.hub.directory.users) == {"ann", "bob"}
    assert [call for call in chat.clock.getDelayedCalls() if call.active()] == []


def test_what_came_too_fast_waits_as_well_for_a_reader_who_is_slow() -> None:
    chat = Chat(limits=FAST)
    ann, bob = chat.join("ann"), chat.join("bob")
    bob.read()
    ann.protocol.dataReceived(numbered(8) + b"and the last")
    ann.protocol.readConnectionLost()
    ann.stop_reading()
    chat.clock.advance(5)
    assert said(bob) == [f"line {n}" for n in range(8)]
    assert not ann.closed
    ann.read_on()
    assert said(bob) == ["and the last"]
    assert ann.closed


def test_what_came_too_fast_waits_for_the_answer_before_it() -> None:
    worker = Worker()
    chat = Chat(MemoryArchive(worker, no_turn, start), limits=Limits(flood=Rate(1, 1.0)))
    ann = chat.join("ann")
    ann.protocol.dataReceived(b"hello\n/stats\n/time\n")
    chat.clock.advance(1)
    assert not [line for line in ann.read() if "It is" in line]
    worker.work()
    chat.clock.advance(1)
    answers = [line for line in ann.read() if "1 message" in line or "It is" in line]
    assert len(answers) == 2
    assert "1 message" in answers[0]


def test_without_a_limit_nobody_waits() -> None:
    chat = Chat(limits=UNLIMITED)
    ann, bob = chat.join("ann"), chat.join("bob")
    bob.read()
    ann.protocol.dataReceived(numbered(60))
    assert said(bob) == [f"line {n}" for n in range(60)]
