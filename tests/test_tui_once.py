"""While a user types, whatever happens: what is sent arrives once and in order, drafts are kept."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from itertools import count
from typing import Any

from conftest import Chat, Person
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from textual import events
from tuipeople import Network, Visitor, visit
from twisted.internet.defer import Deferred

from chatsvc.client.commands import Commands
from chatsvc.client.login_prompts import Identity
from chatsvc.client.tui.control.chat_session import ChatSession, Going
from chatsvc.client.tui.control.input_handler import InputHandler
from chatsvc.client.tui.model.buffers import SERVER, Buffer
from chatsvc.client.tui.model.items import Note
from chatsvc.client.tui.model.state import State

ROOMS = ("#lobby", "#tea")


def listener(chat: Chat) -> Person:
    bob = chat.program("bob")
    for room in ROOMS:
        bob.ask(do="join", room=room)
    return bob


def heard(bob: Person) -> dict[str, list[str]]:
    """Return what was said by others, by room."""
    lines: dict[str, list[str]] = defaultdict(list)
    for one in bob.events():
        if one["event"] == "said" and one["from"] == "ann":
            lines[one["room"]].append(one["text"])
        elif one["event"] == "told" and not one.get("own"):
            lines["@bob"].append(one["text"])
    return lines


# Without a screen


class Desk:
    """A user without a screen."""

    def __init__(self) -> None:
        self.back: list[str] = []

    def look_at(self, name: str, left: bool = False) -> None:
        """Record the switch to another conversation."""

    def give_back(self, text: str, pane: Buffer) -> bool:
        self.back.append(text)
        return True

    def end(self, words: str) -> None:
        raise AssertionError("nobody wants to leave")


class Host:
    """A user who joins without being asked anything."""

    def let_in(self) -> None:
        """Do nothing."""

    def told(self, text: str) -> None:
        raise AssertionError(text)

    def over(self, why: BaseException) -> None:
        raise why

    def ask(self, refused: object, question: str, hidden: bool) -> Deferred[str | None]:
        raise AssertionError(refused)


class Talker:
    """State, connection and input, driven without a screen."""

    def __init__(self) -> None:
        self.chat = Chat()
        self.bob = listener(self.chat)
        self.network = Network(self.chat)
        self.state = State(self.chat.clock.seconds, lambda: None)
        self.visit = ChatSession(
            lambda server, tell: self.network, self.chat.clock, self.state, Host()
        )
        self.desk = Desk()
        self.saying = InputHandler(self.visit.connection, self.state, Commands(), self.desk)
        self.visit.begin(Going(identity=Identity("ann")))
        self.network.pump()
        self.say("/join #tea", ROOMS[0])
        self.network.pump()

    def say(self, text: str, where: str) -> None:
        self.saying.typed(text, self.state.open(where))

    def do(self, what: str) -> None:
        match what:
            case "deliver":
                self.network.deliver()
            case "pump":
                self.network.pump()
            case "lose":
                self.network.break_off()
            case "return":
                self.network.up = True
                self.chat.clock.advance(120)
            case "hello":
                self.bob.ask(do="say", room="#tea", text="hello")

    def end(self) -> None:
        for _ in range(3):
            self.do("return")
            self.do("pump")
        assert self.visit.connection.here


HAPPENS = ("deliver", "pump", "lose", "return")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([*ROOMS, "@bob", *HAPPENS]), max_size=40))
def test_each_line_arrives_once_and_in_order(happening: list[str]) -> None:
    ann, numbers, sent = Talker(), count(1), defaultdict(list)
    ann.bob.read()
    for each in happening:
        if each in HAPPENS:
            ann.do(each)
        else:
            text = f"line {next(numbers)}"
            sent[each].append(text)
            ann.say(text, each)
    ann.end()
    lines = heard(ann.bob)
    for room in ROOMS:
        assert lines[room] == sent[room]
    assert ann.desk.back == []
    _private_lines_arrive_or_are_doubted(ann, lines["@bob"], sent["@bob"])
    assert [pane.waiting for pane in ann.state.panes.values() if pane.waiting] == []


def _private_lines_arrive_or_are_doubted(ann: Talker, arrived: list[str], sent: list[str]) -> None:
    doubted = [
        item.text.rpartition(": ")[2]
        for pane in ann.state.panes.values()
        for item in pane.items
        if isinstance(item, Note) and "may not have arrived" in item.text
    ]
    assert arrived == [text for text in sent if text in arrived]
    assert set(sent) == {*arrived, *doubted}


# On a screen


class Model:
    """What should be in each room, and in the drafts."""

    def __init__(self) -> None:
        self.here = 1
        self.drafts = [""] * 3  # nowhere, #lobby, #tea
        self.sent: dict[str, list[str]] = {room: [] for room in ROOMS}
        self.numbers = count(1)

    def type(self, text: str) -> None:
        self.drafts[self.here] += text

    def send(self, text: str) -> None:
        if self.here:
            self.sent[ROOMS[self.here - 1]].append(text.strip("\n"))

    def enter(self) -> None:
        if self.here and self.drafts[self.here].strip():
            self.send(self.drafts[self.here])
            self.drafts[self.here] = ""


KEYS = ("word", "line", "enter", "switch", "back", "paste", "many")
OFTEN = st.sampled_from([*KEYS, "word", "enter", "word", "enter", *HAPPENS, "hello", "resize"])


async def _do(what: str, ann: Visitor, model: Model, bob: Person) -> None:
    number = next(model.numbers)
    match what:
        case "word":
            ann.post(f"w{number}")
            await ann.pilot.pause()
            model.type(f"w{number}")
        case "line":
            await ann.pilot.press("ctrl+j")
            model.type("\n")
        case "enter":
            await ann.pilot.press("enter")
            model.enter()
        case "switch" | "back":
            await ann.pilot.press("alt+down" if what == "switch" else "alt+up")
            model.here = (model.here + (1 if what == "switch" else -1)) % 3
        case "paste":
            ann.app.post_message(events.Paste(f"p{number}\rq{number}"))
            await ann.pilot.pause()
            model.type(f"p{number}\nq{number}")
        case "many" if model.here:
            lines = [f"m{number}.{line}" for line in range(20)]
            ann.app.post_message(events.Paste("\r".join(lines)))
            await ann.pilot.pause()
            await ann.pilot.press("enter")
            await ann.pilot.pause()
            model.send("\n".join(lines))
        case "resize":
            await ann.pilot.resize_terminal(40 + number % 60, 12 + number % 20)
        case "hello":
            bob.ask(do="say", room="#tea", text="hello")
        case "deliver":
            ann.network.deliver()
        case "pump":
            await ann.settle()
        case "lose":
            await ann.lose_connection()
        case "return":
            await ann.come_back()


async def _drive(happening: list[str]) -> None:
    chat = Chat()
    bob, model = listener(chat), Model()
    said: Any = defaultdict(list)
    async with visit(chat) as ann:
        await ann.type("/join #tea", "enter")
        await ann.press("alt+up")
        for each in happening:
            await _do(each, ann, model, bob)
            for room, lines in heard(bob).items():
                said[room] += lines
        await ann.come_back()
        await ann.come_back()
        for room, lines in heard(bob).items():
            said[room] += lines
        assert {room: said[room] for room in ROOMS} == model.sent
        for name, draft in zip((SERVER, *ROOMS), model.drafts, strict=True):
            ann.app.look_at(name)
            assert ann.app.entry.composer.text == draft
            assert ann.app.state.pane.waiting == []


@example(["back", "word", "line", "enter"])
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(OFTEN, max_size=20))
def test_whatever_is_pressed_and_lost_what_is_sent_arrives_once(happening: list[str]) -> None:
    asyncio.run(_drive(happening))
