"""Which rooms may be created, which are removed, and by whom: nobody can use up all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from archive_files import sqlite
from conftest import Chat, NewArchive, Person, Worker, start
from staff import (
    SECRET,
    back,
    everybody_reads,
    founder,
    guest,
    member,
    operator,
    program,
    refusal,
)  # fmt: skip
from twisted.internet.defer import Deferred

from chatsvc.model.rate_limits import Limits
from chatsvc.store.memory import MemoryArchive

HOUR, DAY = 3600.0, 86400.0


@pytest.fixture
def chat(chat_in_each_store: Chat) -> Chat:
    return chat_in_each_store


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a few rooms count as many."""
    monkeypatch.setattr("chatsvc.services.new_rooms.GUESTS", 3)
    monkeypatch.setattr("chatsvc.services.new_rooms.ACCOUNTS", 4)
    monkeypatch.setattr("chatsvc.services.room_removal.PLENTY", 2)


def tidy(chat: Chat, seconds: float) -> None:
    """Let time pass, and run the maintenance."""
    chat.clock.advance(seconds)
    assert Deferred.fromCoroutine(chat.hub.maintenance.tidy_up()).result is None


def rooms(chat: Chat) -> set[str]:
    return {room.name for room in chat.hub.directory.rooms.values()}


def say_in(person: Person, room: str, *lines: str) -> None:
    """Say something in a room, and leave it."""
    person.send(f"/join {room}", *lines, f"/leave {room}")


# New rooms


@pytest.mark.usefixtures("small")
def test_guests_then_accounts_then_nobody_but_operators_make_rooms(chat: Chat) -> None:
    eve, ann, op = guest(chat, "eve"), member(chat, "ann"), operator(chat)
    assert eve.send("/join #one")[0].startswith("* You are in #one")
    eve.send("/join #two")
    (refused,) = eve.send("/join #three")
    assert refused.startswith("* The server has too many rooms. Registered users can")
    ann.send("/join #three")
    (refused,) = ann.send("/join #four")
    assert refused == ("* The server has too many rooms. To see existing rooms: /rooms")
    op.send("/join #four")
    assert rooms(chat) == {"#lobby", "#one", "#two", "#three", "#four"}
    assert eve.send("/join #four")[0].startswith("* You are in #four")


@pytest.fixture
def limited() -> Chat:
    return Chat(limits=Limits(flood=None, rooms=2, rooms_within=HOUR))


def test_new_rooms_from_one_address_are_counted(limited: Chat) -> None:
    eve, evil, bob = (
        guest(limited, name, address)
        for name, address in {"eve": "192.0.2.1", "evil": "192.0.2.1", "bob": "192.0.2.2"}.items()
    )
    eve.send("/join #one", "/join #one", "/leave #one", "/join #lobby")
    evil.send("/join #two", "/join #two")
    (refused,) = eve.send("/join #three")
    assert refused == (
        "* Too many new rooms from your address. Try again in 1 h, or join an existing room: /rooms"
    )
    assert eve.send("/join #two")[0].startswith("* You are in #two")
    assert bob.send("/join #three")[0].startswith("* You are in #three")
    limited.clock.advance(HOUR)
    assert eve.send("/join #four")[0].startswith("* You are in #four")


def test_an_account_is_counted_for_itself_and_operators_are_not(limited: Chat) -> None:
    guest(limited, "eve").send("/join #one", "/join #two")
    ann, op = member(limited, "ann"), operator(limited, address="192.0.2.1")
    ann.send("/join #three", "/join #four")
    assert ann.send("/join #five") == ["* You have created too many rooms. Try again in 1 h."]
    op.send(*(f"/join #op{n}" for n in range(5)))
    assert len(rooms(limited)) == 10


def test_programs_and_irc_clients_are_told_too(limited: Chat) -> None:
    bot = program(limited, "bot")
    bot.ask(do="join", room="#two")
    assert refusal(bot, do="join", room="#three")[0] == "too-many-rooms"
    irc = limited.connect()
    irc.send("NICK ann", "USER u 0 * :ann")
    (line,) = irc.send("JOIN #three")
    assert line.split()[1] == "405"


# Empty rooms


def test_a_room_of_guests_that_was_empty_for_long_is_removed(chat: Chat) -> None:
    eve = guest(chat, "eve")
    say_in(eve, "#eves", "hello", "/topic eve's")
    tidy(chat, 29 * DAY)
    assert rooms(chat) == {"#lobby", "#eves"}
    tidy(chat, DAY)
    assert rooms(chat) == {"#lobby"}
    eve.send("/join #eves")
    assert eve.send("/history") == ["* No earlier messages in #eves."]
    assert "The topic" not in "".join(eve.send("/topic"))


def test_rooms_stay_while_somebody_or_an_account_has_to_do_with_them(chat: Chat) -> None:
    eve = guest(chat, "eve")
    ann = founder(chat, "ann", room="#anns")
    ann.send("hello", "/leave #anns")
    eve.send("/join #eves", "hello")
    tidy(chat, 365 * DAY)
    assert rooms(chat) == {"#lobby", "#anns", "#eves"}


@pytest.mark.usefixtures("small")
def test_of_many_rooms_the_emptiest_go_within_hours(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatsvc.services.new_rooms.GUESTS", 100)
    eve = guest(chat, "eve")
    say_in(eve, "#loved", *map(str, range(30)))
    for n in range(6):
        say_in(eve, f"#junk{n}", "x")
    tidy(chat, HOUR - 1)
    assert len(rooms(chat)) == 8
    tidy(chat, 1.0)
    assert rooms(chat) == {"#lobby", "#loved"}


def test_how_long_a_room_was_empty_is_known_after_a_restart(tmp_path: Path) -> None:
    def open_chat() -> Chat:
        return Chat(sqlite(tmp_path / "chat.db"))

    chat = open_chat()
    chat.clock.advance(DAY)
    say_in(guest(chat, "eve"), "#eves", "hello")
    start(chat.archive.close())
    again = open_chat()
    assert rooms(again) == {"#eves"}
    tidy(again, 30 * DAY)
    assert rooms(again) == {"#eves"}
    tidy(again, DAY)
    assert rooms(again) == set()
    start(again.archive.close())
    third = open_chat()
    assert rooms(third) == set()
    start(third.archive.close())


# Removed by an operator


def test_an_operator_removes_a_room_with_everything_in_it(chat: Chat) -> None:
    op = operator(chat)
    eve = guest(chat, "eve")
    ann = founder(chat, "ann", eve, room="#spam")
    ann.send("/set moderated on", "/voice eve", "/ban carl", "buy")
    eve.read()
    assert op.send("/remove-room #spam") == ["* Removed #spam and all its messages."]
    assert "the room was removed" in "".join(eve.read())
    assert rooms(chat) == {"#lobby"}
    assert "op in #spam: removed the room" in op.send("/audit")[-1]
    eve.send("/join #spam")
    assert eve.send("/history") == ["* No earlier messages in #spam."]
    eve.send("mine")
    assert eve.send("/history")[-1].endswith("<eve> mine")
    assert chat.hub.directory.rooms["#spam"].role(ann.protocol.session.person) == "guest"
    assert guest(chat, "carl").send("/join #spam")[0].startswith("* You are in #spam")


def test_removed_lines_are_not_found(chat: Chat) -> None:
    op, ann = operator(chat), founder(chat, "ann", room="#spam")
    ann.send("buy pills")
    assert "buy pills" in "".join(ann.send("/search pills"))
    op.send("/remove-room #spam")
    ann.send("/join #spam")
    assert "buy pills" not in "".join(ann.send("/search pills"))


def test_numbers_of_a_removed_room_are_not_used_again(chat: Chat) -> None:
    op, bot = operator(chat), program(chat, "bot", "#spam")
    bot.ask(do="say", text="one", room="#spam")
    op.send("/remove-room #spam")
    bot.ask(do="join", room="#spam")
    (said,) = bot.ask(do="say", text="two", room="#spam")
    assert (said["event"], said["text"]) == ("said", "two")
    if not isinstance(chat.archive, MemoryArchive):
        assert said["number"] == 2


def test_a_line_on_its_way_to_a_removed_room_does_no_harm(chat: Chat) -> None:
    op, ann = operator(chat), founder(chat, "ann", room="#spam")
    del chat.hub.directory.rooms["#spam"]
    assert ann.send("late") == []
    assert op.send("/who #lobby")[0].startswith("* In #lobby")


@pytest.mark.parametrize("done_before", [0, 1, 2, 3])
def test_lines_on_their_way_to_a_removed_room_are_refused(
    new_archive: NewArchive, done_before: int
) -> None:
    worker = Worker()
    archive = new_archive(worker)
    chat = Chat(archive)
    op, ann, bot = operator_with(chat, worker), chat.connect(), chat.connect()
    ann.send("ann", "/join #spam", "/leave #lobby")
    bot.ask(do="hello", name="bot")
    bot.ask(do="join", room="#spam")
    worker.work()
    everybody_reads(ann, bot)
    for n in range(3):
        ann.send(f"buy {n}")
        bot.ask(do="say", text=f"sell {n}", tag=str(n))
    op.send("/remove-room #spam")
    for _ in range(min(done_before, len(worker.pieces))):
        worker.step()
    (answer,) = (event for event in bot.ask(do="join", room="#spam") if event["event"] != "removed")
    still_there = "#spam" in chat.hub.directory.rooms
    assert answer["event"] == ("entered" if still_there else "refused")
    assert answer.get("code") == (None if still_there else "busy")
    worker.work()
    before = not isinstance(archive, MemoryArchive)  # lines stored before the removal was noted
    refused = [line for line in ann.read() if "Not sent: buy" in line]
    assert refused == [f"* #spam was removed. Not sent: buy {n}" for n in range(before, 3)]
    tagged = [event for event in bot.events() if "tag" in event]
    assert [(each["event"], each.get("code")) for each in tagged] == [
        ("refused", "no-such-room")
    ] * 3
    assert "#spam" not in chat.hub.directory.rooms
    assert chat.hub.directory.leaving == {}
    assert ann.protocol.session.in_flight == bot.protocol.session.in_flight == 0
    page = Deferred.fromCoroutine(archive.read("#spam", 0, 10))
    worker.work()
    assert page.result == []
    bot.ask(do="join", room="#spam")
    bot.ask(do="say", text="afresh", tag="9")
    worker.work()
    assert [event["text"] for event in bot.events() if event["event"] == "said"] == ["afresh"]
    start(archive.close())
    worker.work()


def operator_with(chat: Chat, worker: Worker) -> Person:
    """Return an operator, where the archive stores only what it is told to."""
    op = chat.connect()
    chat.hub.login.claim_code = "code-of-the-log"
    for line in ("op", f"/register {SECRET}", "/claim code-of-the-log"):
        op.send(line)
        worker.work()
    return op


@pytest.mark.parametrize(
    ("name", "words"),
    [("#lobby", "cannot be removed"), ("#nowhere", "There is no room #nowhere"), ("", "room")],
)
def test_what_cannot_be_removed(chat: Chat, name: str, words: str) -> None:
    (answer, *_) = operator(chat).send(f"/remove-room {name}".strip())
    assert words in answer
    assert "#lobby" in rooms(chat)


def test_only_operators_remove_rooms(chat: Chat) -> None:
    ann = founder(chat, "ann")
    assert ann.send("/remove-room #tea") == ["* Only operators can do that."]
    assert "remove-room" not in "".join(ann.send("/help"))
    assert "#tea" in rooms(chat)


def test_operators_remove_rooms_by_program_and_by_irc(chat: Chat) -> None:
    operator(chat).send("/quit")
    founder(chat, "ann", room="#one").send("/join #two")
    op = back(chat, "op", "198.51.100.1")
    op.send("/quit")
    bot = chat.program("op", account_password="correct-horse")
    (removed,) = bot.ask(do="remove-room", room="#one")
    assert removed["event"] == "notice"
    irc = chat.connect()
    irc.send("PASS op:correct-horse", "NICK op", "USER u 0 * :op")
    assert "Removed #two" in "".join(irc.send("CS DROP #two"))
    assert rooms(chat) == {"#lobby"}
