"""The terminal client and the browser client play the same scenes, and show and send the same."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from real import needs
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionRefusedError as NobodyListens
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.protocol import connectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.client.commands import Commands
from chatsvc.client.login_prompts import Identity
from chatsvc.client.net.address import Server
from chatsvc.client.tui.control.chat_session import ChatSession, Going
from chatsvc.client.tui.control.input_handler import InputHandler
from chatsvc.client.tui.model.buffers import SERVER, Buffer
from chatsvc.client.tui.model.items import Company, Item, Note
from chatsvc.client.tui.model.state import State
from chatsvc.model.requests import Refused

HERE = Path(__file__).parent
SCENES = sorted((HERE / "scenes").glob("*.jsonl"))
WHEN = "2026-11-21T14:00:00.000Z"
DEFAULTS: dict[str, dict[str, Any]] = {
    "said": {"time": WHEN, "size": 1},
    "told": {"time": WHEN},
    "welcome": {
        "version": 1, "chat": "test", "software": "test", "client": "secret-of-ann", "time": WHEN,
        "limits": {"in_flight": 32},
        "census": {"people": 1, "most": 1, "operators": 0, "arriving": 0, "rooms": 1},
    },
}  # fmt: skip
CHECKS = ("sent", "not_sent", "shown", "unread", "panes", "people", "here", "name")

Step = dict[str, Any]
Play = Callable[[list[Step]], list[Any]]


def steps_of(scene: Path) -> list[Step]:
    """Return the steps of a scene, with the fields of events that a scene need not write."""
    steps = [json.loads(line) for line in scene.read_text().splitlines()]
    for step in steps:
        if "server" in step:
            step["server"] = {**DEFAULTS.get(step["server"]["event"], {}), **step["server"]}
    return steps


class Terminal:
    """The terminal client without a screen, connected to the scene."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_790_000_000)
        self.network = Network()
        self.state = State(self.clock.seconds, lambda: None)
        self.session = ChatSession(self.network.reach, self.clock, self.state, self)
        self.input = InputHandler(self.session.connection, self.state, Commands(), self)
        self.session.begin(Going(identity=Identity("ann")))

    # The screen

    def let_in(self) -> None:
        """Do nothing: the chat is shown anyway."""

    def told(self, text: str) -> None:
        """Do nothing."""

    def over(self, why: BaseException) -> None:
        raise why

    def ask(self, refused: Refused, question: str, hidden: bool) -> Deferred[str | None]:
        raise refused

    def look_at(self, name: str, left: bool = False) -> None:
        pane = self.state.select(name)
        self.session.reading.fill(pane)
        if pane.name != SERVER and not pane.private:
            self.session.reading.stand_in(pane.name)

    def give_back(self, text: str, pane: Buffer) -> bool:
        pane.draft = pane.draft or text
        return pane.draft == text

    def end(self, words: str) -> None:
        raise AssertionError("no scene ends the client")

    # Steps

    def do(self, name: str, value: Any) -> None:
        getattr(self, f"_{name}", lambda _: None)(value)
        self.network.pump()

    def _server(self, event: Step) -> None:
        self.network.tell(event)

    def _history(self, lines: list[Step]) -> None:
        self.network.history = [{**DEFAULTS["said"], **line} for line in lines]

    def _type(self, text: str) -> None:
        self.input.typed(text, self.state.pane)

    def _look_at(self, name: str) -> None:
        self.look_at(name)

    def _looking(self, looking: bool) -> None:
        self.state.looking = looking
        self.state.seen()

    def _at_end(self, at_end: bool) -> None:
        self.state.pane.following = at_end
        self.state.seen()

    def _clock(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def _lose(self, _: bool) -> None:
        self.network.lose()

    def _return(self, _: bool) -> None:
        self.network.up = True
        self.clock.advance(60)

    # Checks

    def observe(self, name: str, step: Step) -> Any:
        wanted = step[name]
        find = self.state.find
        match name:
            case "sent" | "not_sent":
                return self.network.taken(wanted["do"] if name == "sent" else wanted)
            case "shown":
                return list(_shown(find(step.get("in", self.state.here))))
            case "unread":
                panes = {each: find(each) for each in wanted}
                return {each: [pane.unread, pane.mentions] for each, pane in panes.items() if pane}
            case "panes":
                return [each for each in self.state.panes if each != SERVER]
            case "people":
                rooms = {each: find(each) for each in wanted}
                return {
                    each: sorted(one.name for one in room.people.values())
                    for each, room in rooms.items()
                    if room
                }
            case _:
                return getattr(self.state, name)


@implementer(IStreamClientEndpoint)
class Network:
    """The way to the scene's server, which answers requests for lists itself."""

    def __init__(self) -> None:
        self.up = True
        self.sent: list[Step] = []
        self.history: list[Step] = []  # what the server has stored
        self._tags: dict[str, str] = {}
        self._protocol: Any = None
        self._transport = StringTransport()

    def reach(self, server: Server, tell: Callable[[str], None]) -> Network:
        return self

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        if not self.up:
            return fail(NobodyListens())
        self._protocol = factory.buildProtocol(None)  # type: ignore[arg-type]
        self._transport = StringTransport()
        self._protocol.makeConnection(self._transport)
        return succeed(self._protocol)

    def lose(self) -> None:
        self.pump()
        self.up = False
        self._protocol.connectionLost(Failure(connectionDone.value))

    def tell(self, event: Step) -> None:
        answers = event.pop("answers", None)
        tag = {"tag": self._tags[answers]} if answers else {}
        self._protocol.dataReceived(json.dumps({**event, **tag}).encode() + b"\n")

    def pump(self) -> None:
        """Note what was sent, and answer what needs no scene."""
        while written := self._transport.value():
            self._transport.clear()
            for line in written.splitlines():
                self._received(json.loads(line))

    def _received(self, request: Step) -> None:
        self._tags[request["do"]] = request.get("tag", "")
        answer = _automatic(request, self.history)
        if answer is None:
            self.sent.append(request)
        else:
            self.tell({**answer, "answers": request["do"]} if "tag" in request else answer)

    def taken(self, what: str) -> Step | None:
        found = next((request for request in self.sent if request["do"] == what), None)
        if found is not None:
            self.sent.remove(found)
        return found


def _automatic(request: Step, lines: list[Step]) -> Step | None:
    room = request.get("room")
    answers: dict[str, Step] = {
        "who": {"event": "people", "room": room, "people": [], "count": 0},
        "history": {"event": "history", "room": room, "lines": lines, "more": False},
        "room": {"event": "talking", "room": request.get("name")},
        "mark": {"event": "marked", "room": room, "number": request.get("number"), "time": WHEN},
        "ping": {"event": "pong"},
    }
    return answers.get(request["do"])


def _shown(pane: Buffer | None) -> Iterator[str]:
    assert pane is not None
    for ordinal, item in enumerate((*pane.shown.items, *pane.waiting), pane.shown.base):
        if ordinal == pane.new:
            yield "-- new --"
        if not isinstance(item, Note):
            yield _written(item)


def _written(item: Item) -> str:
    assert not isinstance(item, Note)
    if isinstance(item, Company):
        return f"({item.text})"
    text = f"(deleted by {item.deleted})" if item.deleted else item.text
    sender = f"* {item.sender}" if item.action else f"<{item.sender}>"
    return f"{sender} {text}{' (waiting)' if item.waiting else ''}"


def play_terminal(steps: list[Step]) -> list[Any]:
    """Play a scene with the terminal client; return what each check observes."""
    terminal, observed = Terminal(), []
    terminal.network.pump()
    for step in steps:
        for name, value in step.items():
            if name in CHECKS:
                observed.append(terminal.observe(name, step))
            else:
                terminal.do(name, value)
    return observed


def play_browser(steps: list[Step]) -> list[Any]:
    """Play a scene with the browser client in Node; return what each check observes."""
    command = [needs("node"), "--experimental-detect-module", "--no-warnings"]
    program = HERE / "web" / "play_scene.js"
    played = subprocess.run(
        [*command, str(program)],
        input=json.dumps(steps),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert played.returncode == 0, played.stderr
    observed: list[Any] = json.loads(played.stdout)
    return observed


@pytest.mark.parametrize("play", [play_terminal, play_browser])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.stem)
def test_both_clients_play_the_scene(scene: Path, play: Play) -> None:
    steps = steps_of(scene)
    wanted = [(name, step[name], number) for number, step in enumerate(steps, 1) for name in step]
    wanted = [check for check in wanted if check[0] in CHECKS]
    observed = play(steps_of(scene))
    assert len(observed) == len(wanted)
    for (name, value, number), seen in zip(wanted, observed, strict=True):
        where = f"line {number} of {scene.name}"
        if name == "sent":
            assert seen is not None, where
            seen = {field: seen.get(field) for field in value}
        assert seen == (None if name == "not_sent" else value), where
