"""The full-screen client beside a chat in memory: keys in, rows of the screen out, no sockets."""

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


async def quiet(*_: float) -> None:
    """Let everything happen that waits for no time to pass."""
    loop: Any = asyncio.get_running_loop()
    while loop._ready:
        await asyncio.sleep(0)


# Textual takes a process for idle that uses no processor for 20 ms.  That is slow, and wrong where
# other programs have the processor.
textual_app.wait_for_idle = textual_pilot.wait_for_idle = quiet  # type: ignore[assignment,attr-defined]


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
    """The way to a chat in memory; bytes move when they are pumped."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.up = True
        self.silent = False  # nothing arrives
        self.why: Exception = NobodyListens()  # there is no connection, while it is not up
        self.reached: list[Server] = []  # where the client has wanted to go
        self.sent: list[bytes] = []  # all that the client has sent, as it was sent
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
        """Wherever one wants to go, one comes here."""
        self.reached.append(server)
        self.tell = tell
        return self

    def pump(self) -> None:
        """Move bytes both ways until all is quiet."""
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
        """Lose all connections, as if a cable had been pulled; what is under way is lost."""
        self.up = False
        for pipe, person in list(self._pairs):
            self._hang_up(pipe, person)


class Visitor:
    """Somebody with the full-screen client before them."""

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
        """Type a text as fast as can be."""
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
        """Let the server be reachable again, and the client find that out."""
        self.network.up = True
        await self.wait(0)
        await self.wait(120)

    @property
    def rows(self) -> list[str]:
        """What is on the screen, as text."""
        strips = self.app.screen._compositor.render_strips()
        return [strip.text.rstrip() for strip in strips]

    @property
    def screen(self) -> str:
        return "\n".join(self.rows)

    @property
    def shown(self) -> ConversationView:
        """The conversation one looks at."""
        return self.app.shelf.shown

    @property
    def conversation(self) -> list[str]:
        """The rows of the conversation that are in sight."""
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
    """Let somebody come into a chat on a screen of `size`, and go when the block ends."""
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
    """A test that is a coroutine, in a loop of its own: no plugin, no reactor."""

    @functools.wraps(scenario)
    def test(chat: Chat) -> None:
        asyncio.run(_run(scenario(chat)))

    return test


async def _run(scenario: Awaitable[None]) -> None:
    await scenario
