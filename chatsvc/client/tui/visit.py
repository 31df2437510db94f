"""One's visit to a chat: coming in, being told what happens, losing the connection and coming back.

It is the connection's `Front`.  What is on the screen is the state's business.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.python.failure import Failure

from chatsvc.client.connection import Connection
from chatsvc.client.door import Identity, is_final
from chatsvc.client.standing import FIRST_ROOM
from chatsvc.client.tui.reading import Reading
from chatsvc.client.tui.state import State
from chatsvc.events import Entered, Event, Goodbye, Help, History, Refused


class Visit:
    """Keeps the state true to what the server says."""

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        clock: IReactorTime,
        identity: Identity,
        state: State,
        over: Callable[[BaseException | None], object],
    ) -> None:
        self.connection = Connection(endpoint, self, clock, identity, everywhere=True)
        self.reading = Reading(self.connection, state)
        self.online = False
        self._state = state
        self._over = over  # told when the visit cannot go on

    def begin(self, room: str | None) -> None:
        """Come in, into a room or those of one's account."""
        Deferred.fromCoroutine(self._be_there(room)).addErrback(self._ended)

    async def _be_there(self, room: str | None) -> None:
        await self.connection.while_wanted(self._come_in(room))

    async def _come_in(self, room: str | None) -> None:
        await self.connection.open()
        self.online = True
        if room is not None or not self.connection.rooms:
            await self.connection.enter(room or FIRST_ROOM)
        await Deferred()  # until one is not wanted any more

    def _ended(self, failure: Failure) -> None:
        self._over(failure.value)

    # The front

    def event(self, event: Event, tag: str | None) -> None:
        if isinstance(event, (History, Help)) or (isinstance(event, Goodbye) and self.online):
            return
        self._state.event(event, own=tag is not None)
        if isinstance(event, Entered):
            self.reading.ask_who(event.room)

    def lost(self, reason: str) -> None:
        self.online = False
        self._state.note(f"The connection is lost ({reason}). What you type waits.", wrong=True)

    def back(self) -> None:
        self.online = True
        self._state.note("The connection is back.")

    async def refused(self, refusal: Refused, identity: Identity) -> Identity | None:
        if refusal.suggestion and not is_final(refusal):
            self._state.note(f"{refusal.text} You are {refusal.suggestion} instead.", wrong=True)
            return Identity(refusal.suggestion, identity.password)
        return None
