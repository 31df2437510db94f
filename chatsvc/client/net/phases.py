"""Objects that live as long as one state of a connection: a call, a pause, a link."""

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

GOODBYE = 3.0  # seconds in which a server must close the connection


class Phase(Protocol):
    """A connection's activity in its present state."""

    @property
    def next_try(self) -> float | None:
        """The time of the current or next attempt to connect; None while connected or closed."""

    def leave(self, farewell: dict[str, object] | None) -> Deferred[None]:
        """End this, with a last request if there is a link; fire when it has ended."""


class Nothing:
    """The closed state: no activity."""

    next_try = None

    def leave(self, farewell: dict[str, object] | None) -> Deferred[None]:
        """Do nothing."""
        return succeed(None)


class Pause:
    """The wait until the next attempt."""

    def __init__(self, clock: IReactorTime, delay: float, then: Callable[[], None]) -> None:
        self._timer: IDelayedCall = clock.callLater(delay, then)

    @property
    def next_try(self) -> float:
        """The time of the next attempt."""
        return self._timer.getTime()

    def leave(self, farewell: dict[str, object] | None) -> Deferred[None]:
        """Stop waiting."""
        self._timer.cancel()
        return succeed(None)


class Caller(Owner, Protocol):
    """The listener to the outcome of a call, and to the link that it leads to."""

    def unreachable(self, failure: Failure) -> None:
        """Fail, because there is no link."""


class Call:
    """One attempt to reach the server.

    It owns the link that it opens..  After the state is left, its caller hears nothing from it,
    however late it ends.
    """

    def __init__(self, caller: Caller, clock: IReactorTime) -> None:
        self.next_try = clock.seconds()
        self._caller = caller
        self._clock = clock
        self._over = False  # answered, or left
        self._left = False
        self._calling: Deferred[Any]

    def begin(self, endpoint: IStreamClientEndpoint) -> None:
        """Start connecting."""
        factory = Factory.forProtocol(lambda: ServerLink(self, self._clock))
        factory.noisy = False
        self._calling = endpoint.connect(factory)
        self._calling.addErrback(self._failed)

    def leave(self, farewell: dict[str, object] | None) -> Deferred[None]:
        """Stop connecting."""
        self._over = self._left = True
        self._calling.cancel()
        return succeed(None)

    def _failed(self, failure: Failure) -> None:
        if not self._over:
            self._over = True
            self._caller.unreachable(failure)

    # Events of the link

    def connected(self, wire: ServerLink) -> None:
        """Pass the link on, unless it is too late."""
        if self._left:
            wire.drop("it was no longer needed")
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
    """The connection from login to leaving, and the requests that skip the queue."""

    next_try = None

    def __init__(self, wire: ServerLink, tag: Callable[[], str], clock: IReactorTime) -> None:
        self.parting: str | None = None  # the server's last sentence
        self.moving = False  # the server asks us to reconnect soon
        self._wire = wire
        self._tag = tag
        self._clock = clock
        self._asked: dict[str, Outgoing] = {}
        self._work: Deferred[None] = Deferred()
        self.left = False  # or lost: the login no longer matters
        self._ended: Deferred[None] = Deferred()
        self._limit: IDelayedCall | None = None

    def begin(self, work: Deferred[None]) -> None:
        """Keep the running login and restoring, which end with the link."""
        self._work = work

    def send(self, request: dict[str, object]) -> None:
        """Send a request."""
        self._wire.send(request)

    def drop(self, reason: str) -> None:
        """Cut the link at once."""
        self._wire.drop(reason)

    async def ask(self, answers: type | None, do: str, **arguments: object) -> Event | None:
        """Make a request at once; raise `CancelledError` if the link is left before the answer."""
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
        """Return the unanswered request with `tag`."""
        return self._asked.get(tag or "")

    def answered(self, tag: str | None) -> Outgoing | None:
        """Remove and return the request with `tag`."""
        return self._asked.pop(tag or "", None)

    def first_asked(self) -> str | None:
        """Return the tag of the first unanswered request."""
        return next(iter(self._asked), None)

    def leave(self, farewell: dict[str, object] | None) -> Deferred[None]:
        """Say goodbye and let the server close the link; cut it after a timeout."""
        self.left = True
        self._asked.clear()
        self._clock.callLater(0, self._work.cancel)  # not at once: it may be running
        if farewell is not None:
            self._wire.send(farewell)
        else:
            self._wire.hang_up()
        self._limit = self._clock.callLater(GOODBYE, self.drop, "the server did not close it")
        return self._ended

    def end(self) -> None:
        """Note that the link is lost."""
        self.left = True
        self._asked.clear()
        self._work.cancel()
        if self._limit is not None and self._limit.active():
            self._limit.cancel()
        self._ended.callback(None)
