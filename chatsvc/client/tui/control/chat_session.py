"""A visit to a chat: joining, following events, reconnecting.

It is the connection's `Front`.  The state decides what is on the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IProtocolFactory, IReactorTime, IStreamClientEndpoint
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.client.login_prompts import AtTheDoor, Identity
from chatsvc.client.net.address import Server
from chatsvc.client.net.connection import Connection
from chatsvc.client.net.front import MOVED
from chatsvc.client.net.resume_state import FIRST_ROOM
from chatsvc.client.tui.control.history_loader import HistoryLoader
from chatsvc.client.tui.control.latency import Pulse
from chatsvc.client.tui.model.state import State
from chatsvc.model.events import Event
from chatsvc.model.requests import Refused
from chatsvc.model.room_events import Entered
from chatsvc.model.server_events import Goodbye

Reach = Callable[[Server, Callable[[str], None]], IStreamClientEndpoint]


class Going(NamedTuple):
    """A server to join, the name to use, and the room."""

    server: Server = Server()
    identity: Identity = Identity()
    room: str | None = None


class Host(Protocol):
    """The part of the screen that reports the progress of joining."""

    def let_in(self) -> None:
        """The user has joined."""

    def told(self, text: str) -> None:
        """Show this while the user waits to join."""

    def over(self, why: BaseException) -> None:
        """Joining failed, or the server has removed the user."""

    def ask(self, refused: Refused, question: str, hidden: bool) -> Deferred[str | None]:
        """Ask the user for an answer to a refusal; None if they want to go elsewhere."""


@implementer(IStreamClientEndpoint)
class Way:
    """The endpoint of the current server, which may change on the next attempt."""

    def __init__(self) -> None:
        self.to: IStreamClientEndpoint

    def connect(self, factory: IProtocolFactory) -> Deferred[Any]:
        return self.to.connect(factory)


class ChatSession:
    """Keeps the state in step with the server."""

    interactive = True

    def __init__(self, reach: Reach, clock: IReactorTime, state: State, host: Host) -> None:
        self.going = Going()
        self.online = False
        self.inside = False  # since then, connected or not
        self.is_moving = False  # offline because the server restarts
        self._way = Way()
        self.connection = Connection(self._way, self, clock, everywhere=True)
        self.reading = HistoryLoader(self.connection, state, clock)
        self.pulse = Pulse(self.connection, clock)
        self._door = AtTheDoor(self)
        self._reach = reach
        self._clock = clock
        self._state = state
        self._host = host
        self._early: list[str] = []  # told before there was a place for it
        self._for_now = False  # the current name is a suggestion of the server
        self._visiting: Deferred[None] | None = None
        self._afterwards: Going | None = None

    def begin(self, going: Going) -> None:
        """Join the given room or the account's rooms; may be called again for another server."""
        if self._visiting is not None:  # the previous attempt has not ended yet
            self._afterwards = going
            return
        self.going = going
        self._early.clear()
        self._way.to = self._reach(going.server, self.note)
        self._visiting = Deferred.fromCoroutine(self._be_there())
        self._visiting.addErrback(self._ended)

    def give_up(self) -> None:
        """Cancel joining."""
        if self._visiting is not None and not self.inside:
            self._visiting.cancel()

    @property
    def arriving(self) -> bool:
        """Whether joining is in progress."""
        return self._visiting is not None and not self.inside

    @property
    def next_try(self) -> float | None:
        """Return the seconds until the next attempt to reconnect."""
        then = self.connection.next_try
        return None if then is None else max(then - self._clock.seconds(), 0.0)

    async def _be_there(self) -> None:
        await self.connection.while_wanted(self._come_in())

    async def _come_in(self) -> None:
        await self.connection.open(self.going.identity)
        room = self.going.room
        if room is not None or not self.connection.rooms:
            await self._enter(room or FIRST_ROOM)
        self.online = self.inside = True
        self._door.let_in()
        self.pulse.start()
        self._host.let_in()
        for text in self._early:
            self._state.note(text)
        await Deferred()  # until the server removes us

    async def _enter(self, room: str) -> None:
        """Join a room; report a refusal, and stay in the chat."""
        try:
            await self.connection.enter(room)
        except Refused as refused:
            self._state.note(refused.text, wrong=True)

    def _ended(self, failure: Failure) -> None:
        self._visiting = None
        self.online = False
        self.pulse.stop()
        assert failure.value is not None
        going, self._afterwards = self._afterwards, None
        if going is not None:
            self.begin(going)
        elif not failure.check(CancelledError):
            self._host.over(failure.value)

    # The front

    def event(self, event: Event, tag: str | None) -> None:
        if isinstance(event, Goodbye) and self.online:
            return
        self._state.event(event, own=tag is not None)
        if isinstance(event, Entered):
            self.reading.ask_who(event.room)
            self.reading.fill(self._state.open(event.room))

    def lost(self, reason: str) -> None:
        self.online = self.is_moving = False
        self.pulse.stop()
        text = f"Connection lost ({reason}). What you type is sent after reconnecting."
        self._state.note(text, wrong=True)

    def moving(self) -> None:
        self.online, self.is_moving = False, True
        self.pulse.stop()

    def back(self) -> None:
        self.online = True
        self._door.let_in()
        self.pulse.start()
        moving, self.is_moving = self.is_moving, False
        self._state.note(MOVED if moving else "Reconnected.")

    # Login

    async def refused(self, refusal: Refused, identity: Identity) -> Identity | None:
        return await self._door.refused(refusal, identity)

    def note(self, text: str) -> None:
        if self.inside:
            self._state.note(text)
        else:
            self._early.append(text)
            self._host.told(text)

    async def ask(self, refused: Refused, question: str, hidden: bool = False) -> str:
        answer = await self._host.ask(refused, question, hidden)
        if answer is None:
            raise refused
        self._for_now = not answer
        return answer

    @property
    def name_to_keep(self) -> str:
        """Return the name to use next time: never one that the server only suggested."""
        return self.going.identity.name if self._for_now else self.connection.name
