"""A failing connection harms no other one and leaves nothing behind."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import Chat, Person, Worker, no_turn, start
from ircpeople import irc
from samples import EVENTS
from twisted.internet.defer import Deferred
from twisted.logger import LogEvent

from chatsvc import commands
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.registry import _HANDLERS, tell
from chatsvc.model.message_events import Line
from chatsvc.model.requests import Request
from chatsvc.store.archive import ArchiveFailed, Commit
from chatsvc.store.memory import MemoryArchive
from chatsvc.transports.connection import LAST_WORDS

SEEDS = 150
ROOMS = ("#lobby", "#tea")
WIRE = ("show", "show_personally", "tell", "tell_part", "announce", "hold", "run", "close")
DIALECT = ("read", "write", "write_part", "write_said", "write_own")
IDLE = ("run", "tell_part", "write_part")  # which is not called for short answers

Logged = list[LogEvent]


class Fault(Exception):
    """An error raised by a test."""


def fail(*_: object, **__: object) -> Any:
    raise Fault


class Faulty:
    """The adapter of a connection, one of whose methods fails."""

    def __init__(self, ways: Any, method: str) -> None:
        self._ways, self._method = ways, method

    @property
    def dialect(self) -> Faulty:
        return self

    @property
    def said(self) -> Any:
        return (fail, fail) if self._method == "write_said" else self._ways.said

    def __getattr__(self, name: str) -> Any:
        return fail if name == self._method else getattr(self._ways.dialect, name)


def spoil(person: Person, method: str) -> None:
    """Let something in a connection fail from now on."""
    protocol = person.protocol
    if method in WIRE:
        setattr(protocol, method, fail)
    else:
        protocol._ways = Faulty(protocol._ways, method)
        protocol._said = protocol._ways.said


def receive(person: Person, *lines: str | bytes) -> None:
    """Receive bytes, and react to an error as Twisted does."""
    try:
        for line in lines:
            person.protocol.dataReceived(line if isinstance(line, bytes) else line.encode())
    except Fault:
        person.hang_up()


def is_open(person: Person) -> bool:
    return bool(person.transport.connected) and not person.closed


def shown(lines: list[dict[str, Any]], room: str) -> list[int]:
    return [one["number"] for one in lines if one["event"] == "said" and one["room"] == room]


class Sometimes(MemoryArchive):
    """An archive that cannot store some of the lines."""

    chance: random.Random

    def _commit(self, lines: list[Line]) -> Commit:
        if self.chance.random() < 0.1:
            raise ArchiveFailed("The disk is full.")
        return super()._commit(lines)


class Play:
    """Bystanders and victims, whose connections fail at random places."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.worker = Worker()
        archive = Sometimes(self.worker, no_turn, start)
        archive.chance = self.chance
        self.chat = Chat(archive)
        self.bystanders = {name: self.bystander(name) for name in ("ann", "bob", "cleo")}
        self.read: dict[str, list[dict[str, Any]]] = {name: [] for name in self.bystanders}
        self.tags: dict[str, list[str]] = {name: [] for name in self.bystanders}
        self.victims: dict[str, Person] = {}

    def bystander(self, name: str) -> Person:
        person = self.chat.program(name)
        for room in ROOMS:
            person.ask(do="join", room=room)
        person.read()
        return person

    def come(self) -> None:
        """Add a user of any dialect, whose connection will fail sooner or later."""
        name = f"victim{len(self.victims)}"
        kind = self.chance.choice(("text", "json", "irc"))
        if kind == "text":
            person = self.chat.join(name)
        elif kind == "json":
            person = self.chat.program(name)
            person.ask(do="join", room=self.chance.choice(ROOMS))
        else:
            person = irc(self.chat, name, *self.chance.choice([(), ("echo-message",)]))
            person.send(f"JOIN {self.chance.choice(ROOMS)}")
        self.victims[name] = person

    def victim(self) -> Person | None:
        present = [each for each in self.victims.values() if is_open(each)]
        return self.chance.choice(present) if present else None

    def spoil(self) -> None:
        if (person := self.victim()) is not None:
            spoil(person, self.chance.choice((*WIRE, *DIALECT)))

    def settle_badly(self) -> None:
        if (person := self.victim()) is not None:
            session = person.protocol.session
            if session.in_flight and session.when_settled is None:
                session.when_settled = fail

    def act(self) -> None:
        """Let a victim do something, in any dialect."""
        if (person := self.victim()) is not None:
            words = (
                "hello\r\n", "/who\r\n", '{"do":"say","room":"#lobby","text":"hi","tag":"t"}\n',
                '{"do":"who"}\n', "PRIVMSG #lobby :hi\r\n", "WHOIS\r\n", "NAMES #lobby\r\n",
                "JOIN #tea\r\n", "/join #tea\r\n", "/leave\r\n", "PART #tea\r\n", "/quit\r\n",
                '{"do":"quit"}\n', "/msg ann psst\r\n", b"\xff\r\n", b"x" * 17000 + b"\r\n",
            )  # fmt: skip
            receive(person, self.chance.choice(words))

    def clog(self) -> None:
        if (person := self.victim()) is not None and not person.protocol.full:
            person.stop_reading()

    def hang_up(self) -> None:
        if (person := self.victim()) is not None:
            person.hang_up()

    def say(self) -> None:
        name = self.chance.choice(list(self.bystanders))
        tag = f"{name}{len(self.tags[name])}"
        self.tags[name].append(tag)
        room = self.chance.choice(ROOMS)
        self.listen(name)
        self.bystanders[name].protocol.dataReceived(
            json.dumps({"do": "say", "room": room, "text": "words", "tag": tag}).encode() + b"\n"
        )

    def listen(self, name: str) -> None:
        self.read[name] += self.bystanders[name].events()

    def work(self) -> None:
        if self.worker.pieces:
            self.worker.step()

    def pass_time(self) -> None:
        self.chat.clock.advance(self.chance.choice((0, 0, 1)))

    def finish(self) -> None:
        self.worker.work()
        for person in self.victims.values():
            if person.transport.connected:
                person.hang_up()
        self.chat.clock.advance(LAST_WORDS)
        self.worker.work()
        for name in self.bystanders:
            self.listen(name)


@pytest.fixture
def sometimes_failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Play], None]:
    """Let victims' commands fail now and then."""
    run = commands.run

    def patch(play: Play) -> None:
        def run_or_fail(hub: Any, session: Any, request: Request) -> Any:
            victim = session.user is not None and session.name in play.victims
            if victim and play.chance.random() < 0.05:
                raise Fault
            return run(hub, session, request)

        monkeypatch.setattr(commands, "run", run_or_fail)

    return patch


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_fault_in_a_connection_reaches_another(
    seed: int, sometimes_failing: Callable[[Play], None], nothing_fails_anywhere: Logged
) -> None:
    play = Play(seed)
    sometimes_failing(play)
    steps = [
        *[play.say] * 4, *[play.work] * 4, *[play.act] * 4, play.come, play.spoil,
        play.settle_badly, play.clog, play.hang_up, play.pass_time,
    ]  # fmt: skip
    for _ in range(200):
        play.chance.choice(steps)()
    play.finish()
    check_bystanders(play)
    check_nobody_is_left(play)
    check_stopping(play)
    assert all(event["log_failure"].check(Fault) for event in nothing_fails_anywhere)
    nothing_fails_anywhere.clear()


def check_bystanders(play: Play) -> None:
    """Check that bystanders see every line once, in order, and what became of their own."""
    for name, read in play.read.items():
        for room in ROOMS:
            last = play.chat.hub.directory.rooms[room].last
            assert shown(read, room) == list(range(1, last + 1))
        own = [one for one in read if "tag" in one]
        answered = [one["tag"] for one in own if one["event"] in ("said", "refused")]
        assert sorted(answered) == sorted(play.tags[name])
        assert is_open(play.bystanders[name])


def check_nobody_is_left(play: Play) -> None:
    hub = play.chat.hub
    assert sorted(user.name for user in hub.directory.users.values()) == sorted(play.bystanders)
    assert len(play.chat.factory.connections) == len(play.bystanders)
    for room in hub.directory.rooms.values():
        assert {session.name for session in room.members} <= set(play.bystanders)
    assert hub.messaging.orphans == {}
    for name in play.victims:
        assert play.chat.program(name).read() == []
        assert name in hub.directory.users


def check_stopping(play: Play) -> None:
    done: list[None] = []
    chat = play.chat
    Deferred.fromCoroutine(chat.hub.close()).addCallback(done.append)
    play.worker.work()
    Deferred.fromCoroutine(chat.factory.all_closed()).addCallback(done.append)
    chat.clock.advance(LAST_WORDS)
    assert done == [None, None]


@pytest.mark.parametrize("method", [*WIRE, *DIALECT])
def test_a_connection_that_fails_is_closed_logged_and_gone(
    chat: Chat, method: str, nothing_fails_anywhere: Logged
) -> None:
    ann, eve, bob = chat.join("ann"), chat.join("eve"), chat.join("bob")
    spoil(eve, method)
    bob.read()
    ann.send("one")
    chat.join("cleo")
    receive(eve, "mine\r\n", "/who\r\n", "/quit\r\n")
    chat.clock.advance(LAST_WORDS)
    ann.send("two")
    assert [line for line in bob.read() if "> " in line and "mine" not in line] == [
        "[1970-01-01 00:00] <ann> one",
        "[1970-01-01 00:00] <ann> two",
    ]
    assert "eve" not in chat.hub.directory.users
    assert len(chat.factory.connections) == 3
    assert not chat.hub.directory.rooms["#lobby"].members.keys() - chat.hub.directory.sessions
    assert len(nothing_fails_anywhere) == (method not in IDLE)
    nothing_fails_anywhere.clear()


def ask_for_a_long_answer(chat: Chat, room: str = "#tea") -> Person:
    """Return a program that has read the first part of a long answer."""
    bob = chat.program("bob")
    bob.ask(do="join", room=room, last=0)
    bob.protocol.dataReceived(json.dumps({"do": "history", "n": 40}).encode() + b"\n")
    assert bob.transport.value().startswith(b'{"event":"history"')
    bob.stop_reading()
    return bob


def long_talk(chat: Chat) -> Person:
    ann = chat.program("ann")
    ann.ask(do="join", room="#tea")
    for n in range(40):
        ann.ask(do="say", room="#tea", text=f"{n} ".ljust(4000, "x"))
    return ann


@pytest.mark.parametrize("method", ["tell_part", "write_part"])
def test_a_connection_that_fails_in_a_long_answer_is_closed_and_gone(
    chat: Chat, method: str, nothing_fails_anywhere: Logged
) -> None:
    ann = long_talk(chat)
    bob = ask_for_a_long_answer(chat)
    spoil(bob, method)
    bob.read_on()
    for _ in range(3):
        chat.clock.advance(0)
    assert not is_open(bob)
    assert set(chat.hub.directory.users) == {"ann"}
    assert is_open(ann)
    assert [call for call in chat.clock.getDelayedCalls() if call.active()] == []
    assert len(nothing_fails_anywhere) == 1
    nothing_fails_anywhere.clear()


def test_a_long_answer_whose_command_fails_comes_to_its_end(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, nothing_fails_anywhere: Logged
) -> None:
    long_talk(chat)
    bob = ask_for_a_long_answer(chat)
    with monkeypatch.context() as patched:
        patched.setattr(chat.archive, "read", fail)
        page = bob.transport.value()
        bob.read_on()
        for _ in range(3):
            chat.clock.advance(0)
    whole, refused = bob.events()
    assert (whole["event"], refused["code"]) == ("history", "failed")
    assert 0 < len(whole["lines"]) < 40
    assert page
    assert bob.ask(do="ping") == [{"event": "pong"}]
    assert len(nothing_fails_anywhere) == 1
    nothing_fails_anywhere.clear()


def test_a_room_that_cannot_be_shown_a_line_is_shown_it_with_the_next(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, nothing_fails_anywhere: Logged
) -> None:
    ann, bob = chat.program("ann"), chat.program("bob")
    for person in (ann, bob):
        person.ask(do="join", room="#lobby")
    room = chat.hub.directory.rooms["#lobby"]
    with monkeypatch.context() as patched:
        patched.setattr(type(room), "show", fail)
        ann.ask(do="say", text="one", tag="t1")
    assert chat.hub.directory.sessions == {ann.protocol.session, bob.protocol.session}
    assert ann.protocol.session.in_flight == 0
    bob.read()
    ann.ask(do="say", text="two", tag="t2")
    assert shown(bob.events(), "#lobby") == [1, 2]
    assert len(nothing_fails_anywhere) == 1
    nothing_fails_anywhere.clear()


# IRC: a refusal that was not requested is not the answer to the message before

_SOME = ("#lobby", "x", "y", "z")
_ENDING = ("QUIT",)


def _messages() -> Iterator[str]:
    for command in sorted(_HANDLERS.keys() - {*_ENDING}):
        for count in range(len(_SOME) + 1):
            yield " ".join((command, *_SOME[:count]))


@pytest.mark.parametrize("capabilities", [(), ("standard-replies", "draft/account-registration")])
def test_a_line_that_cannot_be_read_is_refused_by_itself_after_every_message(
    chat: Chat, capabilities: tuple[str, ...]
) -> None:
    watcher = chat.join("watcher")
    for position, message in enumerate(_messages()):
        client = irc(chat, f"ann{position}", *capabilities)
        client.send(message)
        first, *more = client.send(b"\xff\xfe")
        assert "UTF-8" in first, message
        assert first.split()[1] in ("NOTICE", "FAIL"), message
        assert more == [], message
        assert is_open(client), message
        client.hang_up()
    assert is_open(watcher)
    assert list(chat.hub.directory.users) == ["watcher"]


@pytest.mark.parametrize("message", ["WHOIS", "WHO", "NAMES", "HELP", "MONITOR", "CHATHISTORY"])
def test_a_line_that_is_too_long_is_refused_by_itself(chat: Chat, message: str) -> None:
    client = irc(chat, "ann")
    client.send(message)
    first, *_ = client.send(b"x" * 17000)
    assert first == ":irc.chatsvc 417 ann :Input line was too long"
    assert client.closed


def test_what_cannot_be_read_before_the_welcome_does_not_keep_anybody_out(chat: Chat) -> None:
    client = chat.connect()
    client.send("NICK ann")
    assert "UTF-8" in client.send(b"\xff")[0]
    assert client.send("USER ann 0 * :Ann")[0].startswith(":irc.chatsvc 001 ann ")


def test_a_refusal_is_about_its_own_message_however_many_are_asked_for(chat: Chat) -> None:
    client = irc(chat, "ann")
    client.send("WHOIS")
    assert client.send("PRIVMSG #none :hi")[0].startswith(":irc.chatsvc 403 ann #none ")
    assert client.send(b"\xff")[0].startswith(":irc.chatsvc FAIL * INVALID_UTF8 ")


@pytest.mark.parametrize("command", [*sorted(_HANDLERS), "LIST b", "LIST I", "MODE b", "MODE I"])
def test_an_event_is_told_whatever_the_client_asked_for(chat: Chat, command: str) -> None:
    client = irc(chat, "ann").protocol._client
    for event in EVENTS:
        client._asked["irc-999999"] = Pending(command)
        tell(client, event, "irc-999999")
        tell(client, event, "irc-forgotten")
    assert client.taken()
