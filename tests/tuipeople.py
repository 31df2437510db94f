"""The full-screen client with a chat in memory: keys in, rows of the screen out, no sockets."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from conftest import Chat, Person
from textual import app as textual_app
from textual import events
from textual import pilot as textual_pilot
from textual import screen as textual_screen
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.keys import _character_to_key
from textual.pilot import Pilot
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionRefusedError as NobodyListens
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.protocol import connectionDone
from twisted.internet.testing import StringTransport
from zope.interface import implementer

from chatsvc.client.login_prompts import Identity
from chatsvc.client.net.address import Server
from chatsvc.client.tui.control.app import ChatApp
from chatsvc.client.tui.control.chat_session import Going
from chatsvc.client.tui.widgets.conversation import ConversationView


async def quiet(*_: object) -> bool:
    """Let everything happen that needs no time to pass."""
    loop: Any = asyncio.get_running_loop()
    while loop._ready:
        await asyncio.sleep(0)
    return True


# Textual takes a process for idle if it uses no processor for 20 ms.  That is slow, and wrong
# while other programs use the processor.
textual_app.wait_for_idle = textual_pilot.wait_for_idle = quiet  # type: ignore[assignment,attr-defined]

# Once it is quiet, no widget has a message left: asking each of them takes as long as the test.
Pilot._wait_for_screen = quiet  # type: ignore[assignment]

# A pause of the pilot draws the screen.  A timer would draw it in between, whenever time passes.
textual_screen.UPDATE_PERIOD = 3600.0  # type: ignore[misc]

_parse_rules = Stylesheet._parse_rules
_parsed: dict[object, list[RuleSet]] = {}


def parse_once(self: Stylesheet, *source: object, **options: object) -> list[RuleSet]:
    """Parse a style sheet, or return its rules if an app of this process has parsed it."""
    key = (source, *options.items(), *self._variables.items())
    if key not in _parsed:
        _parsed[key] = _parse_rules(self, *source, **options)  # type: ignore[arg-type]
    return _parsed[key]


Stylesheet._parse_rules = parse_once  # type: ignore[method-assign]


class Pipe(StringTransport):
    """The client's end of a connection: what it writes waits until it is pumped."""

    gone = False
    protocol: Any

    def abortConnection(self) -> None:
        self.gone = True

    def loseConnection(self) -> None:
        self.gone = True


@implementer(IStreamClientEndpoint)
class Network:
    """The connection to a chat in memory; bytes move when they are pumped."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.up = True
        self.silent = False  # nothing arrives
        self.why: Exception = NobodyListens()  # connecting fails while it is not up
        self.reached: list[Server] = []  # the servers that the client has tried
        self.sent: list[bytes] = []  # everything that the client has sent, as it was sent
        self._pairs: list[tuple[Pipe, Person]] = []

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        if not self.up:
            return fail(self.why)
        person, pipe = self.chat.connect(), Pipe()
        protocol: Any = factory.buildProtocol(None)  # type: ignore[arg-type]
        pipe.protocol = protocol
        self._pairs.append((pipe, person))
        protocol.makeConnection(pipe)
        return succeed(protocol)

    def reach(self, server: Server, tell: Callable[[str], None]) -> Network:
        """Return an endpoint of this chat, whatever the address."""
        self.reached.append(server)
        self.tell = tell
        return self

    def pump(self) -> None:
        """Move bytes both ways until nothing moves."""
        moved = not self.silent
        while moved:
            self.chat.clock.advance(0)
            moved = any(self._move(pipe, person) for pipe, person in list(self._pairs))

    def _move(self, pipe: Pipe, person: Person) -> bool:
        out, back = pipe.value(), person.transport.value()
        pipe.clear()
        person.transport.clear()
        if out:
            self.sent.append(out)
            person.protocol.dataReceived(out)
        if back:
            pipe.protocol.dataReceived(back)
        if pipe.gone or (person.closed and not person.transport.value()):
            self._hang_up(pipe, person)
            return True
        return bool(out or back)

    def deliver(self) -> None:
        """Move bytes to the server only."""
        for pipe, person in self._pairs:
            out = pipe.value()
            pipe.clear()
            self.sent.append(out)
            person.protocol.dataReceived(out)

    def _hang_up(self, pipe: Pipe, person: Person) -> None:
        self._pairs.remove((pipe, person))
        person.hang_up()
        pipe.protocol.connectionLost(connectionDone)

    def break_off(self) -> None:
        """Lose all connections and everything on its way, as if a cable had been pulled."""
        self.up = False
        for pipe, person in list(self._pairs):
            self._hang_up(pipe, person)


class Visitor:
    """A user of the full-screen client."""

    def __init__(self, app: ChatApp, network: Network, pilot: Pilot[int]) -> None:
        self.app = app
        self.network = network
        self.pilot = pilot

    async def settle(self) -> None:
        """Let everything happen that is about to happen, without time passing."""
        for _ in range(5):
            self.network.pump()
            await self.pilot.pause()
            await self.app.moments.draw_if_due()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def type(self, text: str, *keys: str) -> None:
        """Type a text, then press keys, such as `enter`."""
        self.post(text)
        await self.pilot.pause()
        await self.press(*keys)

    def post(self, text: str) -> None:
        """Type a text as fast as possible."""
        for letter in text:
            self.app.post_message(events.Key(_character_to_key(letter), letter))

    async def wait(self, seconds: float) -> None:
        """Let time pass for chat and connection."""
        self.network.chat.clock.advance(seconds)
        await self.settle()

    async def lose_connection(self) -> None:
        self.network.break_off()
        await self.settle()

    async def come_back(self) -> None:
        """Make the server reachable again, and let the client reconnect."""
        self.network.up = True
        await self.wait(0)
        await self.wait(120)

    @property
    def rows(self) -> list[str]:
        """Return the screen as text."""
        strips = self.app.screen._compositor.render_strips()
        return [strip.text.rstrip() for strip in strips]

    @property
    def screen(self) -> str:
        return "\n".join(self.rows)

    @property
    def shown(self) -> ConversationView:
        """The current conversation."""
        return self.app.shelf.shown

    @property
    def conversation(self) -> list[str]:
        """Return the visible rows of the conversation."""
        shown = self.shown
        rows = [shown.render_line(y).text.rstrip() for y in range(shown.size.height)]
        while rows and not rows[-1]:
            rows.pop()
        return rows


@asynccontextmanager
async def visit(
    chat: Chat,
    name: str = "ann",
    room: str | None = None,
    size: tuple[int, int] = (80, 24),
    identity: Identity | None = None,
    settled: bool = True,
    **arguments: Any,
) -> AsyncIterator[Visitor]:
    """Let a user join a chat on a screen of `size`, and leave when the block ends."""
    network = Network(chat)
    going = Going(Server(), identity or Identity(name), room)
    app = ChatApp(network.reach, chat.clock, going, now=chat.clock.seconds, **arguments)
    async with app.run_test(size=size) as pilot:
        visitor = Visitor(app, network, pilot)
        if settled:
            await visitor.settle()
        yield visitor
    closing = Deferred.fromCoroutine(app.visit.connection.close())
    network.pump()
    assert closing.called


def on_a_screen(scenario: Callable[[Chat], Awaitable[None]]) -> Callable[[Chat], None]:
    """Run a coroutine as a test, in its own loop: no plugin, no reactor."""

    @functools.wraps(scenario)
    def test(chat: Chat) -> None:
        asyncio.run(_run(scenario(chat)))

    return test


async def _run(scenario: Awaitable[None]) -> None:
    await scenario
