"""A hostile or broken server: its lines neither crash nor block a client."""

from __future__ import annotations

import json
from collections.abc import Callable
from time import process_time  # others may use the machine too
from typing import Any

import pytest
from conftest import Chat
from hypothesis import example, given, settings
from hypothesis import strategies as st
from samples import EVENTS
from tuipeople import on_a_screen, visit
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from chatsvc.client.export import FORMATS
from chatsvc.client.login_prompts import Identity
from chatsvc.client.net.connection import Connection
from chatsvc.client.scripts import as_json, as_text
from chatsvc.client.tui.model.buffers import Buffer
from chatsvc.client.tui.model.occupants import came
from chatsvc.client.tui.model.state import State
from chatsvc.client.tui.widgets.rendering import shown_text
from chatsvc.client.tui.widgets.status import topic
from chatsvc.client.tui.widgets.wrapping import spans
from chatsvc.client.words import Words
from chatsvc.dialects.jsonl import JSONL
from chatsvc.model.events import Event
from chatsvc.model.message_events import Said
from chatsvc.model.requests import Refused
from chatsvc.model.room_events import Joined
from chatsvc.model.server_events import Welcome

CROWD = 100_000
WELCOME = JSONL.write(Welcome("chat", "x 1", "ann", "c", 1.0, "", {"in_flight": 8}), None, "1")
SAID = Said("#lobby", 2**40, 1.0, "bob", "still here", False, "", None)

harm = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(
        [
            "",
            "\x1b]0;x\x07\x1b[2J",
            "\ud800",
            "\u202e",
            "\x00",
            "\n" * 50,
            "#lobby",
            "@ann",
            "ann",
            "0001-01-01T00:00:00.000Z",
            "9999-12-31T23:59:59.999Z",
            "x" * 5000,
            "\t",
            "🇩🇪" * 100,
        ]
    )
    | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=5,
)


class Everything:
    """A front that shows each event in every format."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.state = State(lambda: 0.0, lambda: None)
        self._words = [Words(True), Words(False)]
        self._formats = [format("#lobby") for format in FORMATS.values()]

    def event(self, event: Event, tag: str | None) -> None:
        self.events.append(event)
        self.state.event(event, own=tag is not None)
        for words in self._words:
            for row in words.lines(event, "#lobby", own=tag is not None):
                assert "\x1b]" not in row
                assert "\n" not in row
        for pane in self.state.panes.values():
            topic(pane, self.state, False)
            for item in pane.items:
                list(spans(shown_text(item), 40))
        if isinstance(event, Said):
            as_json(event)
            as_text(self._words[0])(event)
            for format in self._formats:
                "".join(format.page([event])).encode("utf-8", "replace")

    def lost(self, reason: str) -> None:
        """Do nothing: it reconnects."""

    def moving(self) -> None:
        """Do nothing: it reconnects."""

    def back(self) -> None:
        """Do nothing."""

    async def refused(self, refusal: Refused, identity: Identity) -> Identity | None:
        return None


class Table:
    """A connection that has logged in, and its front."""

    def __init__(self) -> None:
        self.front = Everything()
        self.transport = StringTransport()
        self.aborted = False
        self.transport.abortConnection = self._abort  # type: ignore[method-assign]
        self.connection = Connection(self, self.front, Clock(), Identity("ann"))  # type: ignore[arg-type]
        Deferred.fromCoroutine(self.connection.open())
        self.wire.dataReceived(WELCOME)

    def connect(self, factory: Any) -> Deferred[Any]:
        self.wire = factory.buildProtocol(None)
        self.wire.makeConnection(self.transport)
        connected: Deferred[Any] = Deferred()
        return connected

    def _abort(self) -> None:
        self.aborted = True

    def survives(self, *lines: bytes) -> bool:
        """Return whether a client that is sent these lines is still connected, or has hung up."""
        for line in lines:
            self.wire.dataReceived(line + b"\n")
        self.wire.dataReceived(JSONL.write(SAID))
        gone = self.aborted or self.transport.disconnecting
        return gone or self.front.events[-1] == SAID


def places(value: Any) -> list[tuple[Any, Any]]:
    """Yield everything in a JSON value that may be changed: its container and its key."""
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    found = [(value, key) for key in keys]
    for key in keys:
        if isinstance(value[key], (dict, list)):
            found += places(value[key])
    return found


@st.composite
def changed_events(draw: Any) -> bytes:
    value = json.loads(JSONL.write(draw(st.sampled_from(EVENTS))))
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(places(value)))
        how = draw(st.integers(0, 3))
        if how == 0 and isinstance(container, dict):
            container.pop(key, None)
        elif how == 1 and isinstance(container, list):
            container[:] = container * draw(st.integers(0, 3))
        else:
            container[key] = draw(harm)
        if not value:
            break
    return json.dumps(value, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


@settings(max_examples=100, deadline=None)
@example([JSONL.write(SAID._replace(room="#a\n#b", sender="c\r\nd")).rstrip(b"\n")])
@example([JSONL.write(Joined("#lobby\n", ("a\nb",))).rstrip(b"\n")])
@given(st.lists(changed_events(), min_size=1, max_size=5))
@pytest.mark.slow
def test_changed_events_crash_nobody(lines: list[bytes]) -> None:
    assert Table().survives(*lines)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(EVENTS), max_size=20))
def test_events_in_any_order_crash_nobody(events: list[Event]) -> None:
    assert Table().survives(*(JSONL.write(event).rstrip(b"\n") for event in events))


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 200_000, b'{"event":' * 100_000, b"\xff\xfe", b'"said"', b"5", b"null", b"[]",
        b'{"event":"said","number":1' + b"0" * 5000 + b"}", b'{"event":"pong","tag":{}}',
        b'{"event":["pong"]}', b"HTTP/1.1 400 Bad Request", b'{"event":"clock","time":NaN}',
    ],
    ids=lambda line: repr(line[:30]),
)  # fmt: skip
def test_what_is_no_event_ends_the_connection(line: bytes) -> None:
    table = Table()
    assert table.survives(line)
    assert table.aborted


def test_a_line_without_an_end_ends_the_connection() -> None:
    table = Table()
    begin = process_time()
    while not table.aborted:
        table.wire.dataReceived(b"x" * 65_536)
        assert process_time() - begin < 30


def test_empty_lines_without_end_cost_nothing() -> None:
    table = Table()
    begin = process_time()
    for _ in range(20):
        table.wire.dataReceived(b"\r\n\n" * 20_000)
    assert table.survives()
    assert process_time() - begin < 3


def test_an_answer_of_another_kind_ends_the_connection_and_asks_nobody_to_report_it() -> None:
    table = Table()
    entering = Deferred.fromCoroutine(table.connection.enter("#tea"))
    tag = json.loads(table.transport.value().splitlines()[-1])["tag"]
    table.wire.dataReceived(json.dumps({"event": "pong", "tag": tag}).encode() + b"\n")
    assert table.aborted
    assert not entering.called
    assert table.connection.unanswered == 1


CROWDS: list[Callable[[tuple[str, ...]], Event]] = [
    lambda names: Joined("#lobby", names, len(names)),
    lambda names: Joined("#lobby", names, 1, roles=("voiced",)),
]


@pytest.mark.parametrize("crowd", CROWDS)
@pytest.mark.slow
def test_a_crowd_comes_and_goes_in_a_moment(crowd: Callable[[tuple[str, ...]], Event]) -> None:
    names = tuple(f"guest-{number}" for number in range(CROWD))
    pane = Buffer("#lobby")
    begin = process_time()
    table = Table()
    line = JSONL.write(crowd(names))
    left = JSONL.write(Joined("#lobby", names)).replace(b'"joined"', b'"left"')
    assert table.survives(line.rstrip(), left.rstrip(), line.rstrip())
    assert not table.aborted
    assert len(table.front.state.panes["#lobby"].people) == CROWD
    came(pane, Joined("#lobby", names), 0.0)
    assert process_time() - begin < 20


def test_there_is_an_end_to_the_panes_that_a_server_opens() -> None:
    state = State(lambda: 0.0, lambda: None)
    for number in range(1500):
        state.event(SAID._replace(room=f"#room-{number}"))
    assert len(state.panes) == 1000


@on_a_screen
@pytest.mark.slow
async def test_the_screen_goes_on_with_a_crowd_and_odd_lists(chat: Chat) -> None:
    bob = chat.join("bob")
    async with visit(chat) as ann:
        names = tuple(f"guest-{number}" for number in range(CROWD))
        begin = process_time()
        ann.app.visit.event(Joined("#lobby", names, roles=("founder", "voiced")), None)
        await ann.settle()
        bob.send("hello ann")
        await ann.settle()
        assert "hello ann" in ann.screen
        await ann.type("hello bob", "enter")
        assert any("hello bob" in line for line in bob.read())
        assert process_time() - begin < 20
