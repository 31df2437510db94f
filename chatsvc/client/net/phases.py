"""What belongs to one state of a connection, and ends with it: a call, a pause, a link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from chatsvc.client.net.outbox import Outgoing
from chatsvc.client.net.wire import Owner, ServerLink
from chatsvc.model.events import Event

GOODBYE = 3.0  # seconds that a server has to close a connection


class Phase(Protocol):
    """What a connection is busy with in its present state."""

    @property
    def next_try(self) -> float | None:
        """When, on the clock, the server is or was called; None while connected or closed."""

    def leave(self, farewell: dict[str, object] | None) -> Deferred[None]:
        """End this, with a request as the last one if there is a link; fires when it has ended."""


class Nothing:
    """While closed: nothing."""

    next_try = None

    def leave(self, farewell: dict[str, object] | None) -> Deferred[None]:
        """Do nothing."""
        return succeed(None)


class Pause:
    """While waiting: the time until the next try."""

    def __init__(self, clock: IReactorTime, delay: float, then: Callable[[], None]) -> None:
        self._timer: IDelayedCall = clock.callLater(delay, then)

    @property
    def next_try(self) -> float:
        """When the next try begins."""
        return self._timer.getTime()

    def leave(self, farewell: dict[str, object] | None) -> Deferred[None]:
        """Wait no more."""
        self._timer.cancel()
        return succeed(None)


class Caller(Owner, Protocol):
    """Who is told what becomes of a call, and of the link that it leads to."""

    def unreachable(self, failure: Failure) -> None:
        """There is no link."""


class Call:
    """While connecting: one try to reach the server.

    It is its link's owner.  Once it is left, the caller hears nothing of it, however late it ends.
    """

    def __init__(self, caller: Caller, clock: IReactorTime) -> None:
        self.next_try = clock.seconds()
        self._caller = caller
        self._clock = clock
        self._over = False  # answered, or left
        self._left = False
        self._calling: Deferred[Any]

    def begin(self, endpoint: IStreamClientEndpoint) -> None:
        """Call the server."""
        factory = Factory.forProtocol(lambda: ServerLink(self, self._clock))
        factory.noisy = False
        self._calling = endpoint.connect(factory)
        self._calling.addErrback(self._failed)

    def leave(self, farewell: dict[str, object] | None) -> Deferred[None]:
        """Call no more."""
        self._over = self._left = True
        self._calling.cancel()
        return succeed(None)

    def _failed(self, failure: Failure) -> None:
        if not self._over:
            self._over = True
            self._caller.unreachable(failure)

    # What the link tells

    def connected(self, wire: ServerLink) -> None:
        """Pass the link on, unless it comes too late."""
        if self._left:
            wire.drop("it came too late")
        else:
            self._over = True
            self._caller.connected(wire)

    def received(self, event: Event | None, tag: str | None) -> None:
        """Pass an event on."""
        if not self._left:
            self._caller.received(event, tag)

    def disconnected(self, reason: str) -> None:
        """Pass the loss on."""
        if not self._left:
            self._caller.disconnected(reason)


class Linked:
    """While connected, from login to leaving: the wire, and what is asked before all that waits."""

    next_try = None

    def __init__(self, wire: ServerLink, tag: Callable[[], str], clock: IReactorTime) -> None:
        self.parting: str | None = None  # what the server said last
        self._wire = wire
        self._tag = tag
        self._clock = clock
        self._asked: dict[str, Outgoing] = {}
        self._work: Deferred[None] = Deferred()
        self.left = False  # or lost: what the login does now is of no use
        self._ended: Deferred[None] = Deferred()
        self._limit: IDelayedCall | None = None

    def begin(self, work: Deferred[None]) -> None:
        """Remember the login and restoring that are under way, which end with the link."""
        self._work = work

    def send(self, request: dict[str, object]) -> None:
        """Send a request."""
        self._wire.send(request)

    def drop(self, reason: str) -> None:
        """Cut the link at once."""
        self._wire.drop(reason)

    async def ask(self, answers: type | None, do: str, **arguments: object) -> Event | None:
        """Ask at once; raises `CancelledError` when the link is left before or meanwhile."""
        self._check()
        asked = Outgoing(do, arguments, self._tag(), answers=answers)
        self._asked[asked.tag] = asked
        self._wire.send(asked.request())
        answer = await asked.answer
        self._check()
        return answer

    def _check(self) -> None:
        if self.left:
            raise CancelledError

    def asked(self, tag: str | None) -> Outgoing | None:
        """Return what was asked with `tag` and is not answered."""
        return self._asked.get(tag or "")

    def answered(self, tag: str | None) -> Outgoing | None:
        """Return what was asked with `tag`, which is done with."""
        return self._asked.pop(tag or "", None)

    def first_asked(self) -> str | None:
        """Return the tag of what was asked first and is not answered."""
        return next(iter(self._asked), None)

    def leave(self, farewell: dict[str, object] | None) -> Deferred[None]:
        """Say farewell and let the server close the link, or close it; cut it after a while."""
        self.left = True
        self._asked.clear()
        self._clock.callLater(0, self._work.cancel)  # not now, when it may be at work itself
        if farewell is not None:
            self._wire.send(farewell)
        else:
            self._wire.hang_up()
        self._limit = self._clock.callLater(GOODBYE, self.drop, "the server does not let go")
        return self._ended

    def end(self) -> None:
        """The link is gone."""
        self.left = True
        self._asked.clear()
        self._work.cancel()
        if self._limit is not None and self._limit.active():
            self._limit.cancel()
        self._ended.callback(None)
