"""Opening, losing, restoring and closing a connection, as its states allow."""

from __future__ import annotations

from collections.abc import Callable
from random import random

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatsvc.client.login_prompts import LATER, is_final
from chatsvc.client.net.connection_state import (
    LOGGED_IN,
    ConnectionEvent,
    ConnectionMachine,
    ConnectionState,
)
from chatsvc.client.net.failures import NotConnected, NotTrusted, PutOut, not_connected
from chatsvc.client.net.front import Front
from chatsvc.client.net.incoming import Incoming
from chatsvc.client.net.login import Login, restore
from chatsvc.client.net.outbox import given
from chatsvc.client.net.outgoing import Requests
from chatsvc.client.net.phases import Call, Linked, Nothing, Pause, Phase
from chatsvc.client.net.resume_state import ResumeState
from chatsvc.client.net.wire import ServerLink
from chatsvc.model.events import Event
from chatsvc.model.requests import Refusal, Refused
from chatsvc.model.server_events import Goodbye

SHORTEST, LONGEST = 0.25, 60.0  # seconds between two attempts

_log = Logger()


def backoff(failures: int) -> float:
    """Return the seconds to wait after a number of failures; the delay grows.

    Without failures, when a server moves everybody at once, it spreads them over a second.
    """
    if not failures:
        return random()
    return min(SHORTEST * 1.5 ** min(failures, 100), LONGEST) + random()


class Opening:
    """The opening of a connection, until the first login succeeds."""

    def __init__(self) -> None:
        self.done: Deferred[None] = Deferred()
        self.patient = False  # the server has asked us to retry later

    def finish(self, result: Failure | None) -> None:
        """Report the outcome, unless nobody waits for it any more."""
        if not self.done.called:
            self.done.callback(result)


class Lifecycle:
    """Moves a connection between states, each of which has a `Phase`."""

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        clock: IReactorTime,
        front: Front,
        login: Login,
        resume: ResumeState,
        requests: Requests,
        unwanted: Callable[[Exception], None],  # called if the server refuses us permanently
        retry: Callable[[int], float] = backoff,
    ) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._front = front
        self._login = login
        self._resume = resume
        self._requests = requests
        self._unwanted = unwanted
        self._retry = retry
        self._incoming = Incoming(front, login, resume, requests)
        self._machine = ConnectionMachine()
        self._phase: Phase = Nothing()
        self._opening: Opening | None = None
        self._closing: list[Deferred[None]] = []
        self._failures = 0  # consecutive attempts without a welcome

    @property
    def state(self) -> ConnectionState:
        """The connection's state."""
        return self._machine.state

    @property
    def next_try(self) -> float | None:
        """The time of the current or next attempt to connect; None while connected or closed."""
        return self._phase.next_try

    # Requests by the connection's user

    def open(self) -> Deferred[None]:
        """Connect for the first time; fire when logged in, or fail with the reason."""
        self._machine.note(ConnectionEvent.TRY)
        opening = self._opening = Opening()
        self._call()
        return opening.done

    def close(self, words: str = "") -> Deferred[None]:
        """Leave, with a goodbye if logged in; fire when the connection has ended."""
        if self.state is ConnectionState.CLOSED:
            return succeed(None)
        closed: Deferred[None] = Deferred()
        self._closing.append(closed)
        if self.state in LOGGED_IN:
            self._leave({"do": "quit", **given(words=words or None)})
        elif not self._is_leaving:
            self._leave(None)
        return closed

    # Events of the connection

    def unreachable(self, failure: Failure) -> None:
        """Schedule another attempt; give up if untrusted, or if this was the first one."""
        self._machine.note(ConnectionEvent.UNREACHABLE)
        self._pause()
        if isinstance(failure.value, NotTrusted):
            self._give_up(failure.value)
        elif self._opening is not None and not self._opening.patient:
            self._opened(Failure(not_connected(failure)))

    def connected(self, wire: ServerLink) -> None:
        """Log in."""
        self._machine.note(ConnectionEvent.CONNECTED)
        if self._opening is not None:
            self._opening.patient = False
        link = self._phase = Linked(wire, self._requests.tag, self._clock)
        work = Deferred.fromCoroutine(self._log_in(link))
        link.begin(work.addErrback(self._not_let_in, link))

    def received(self, event: Event | None, tag: str | None) -> None:
        """Take an event; the server's last one may end the connection permanently."""
        link = self._link
        if isinstance(event, Goodbye):
            link.parting, link.moving = event.text.rstrip("."), event.reconnect
            if event.final and self._opening is None and not self._is_leaving:
                self._put_out(PutOut(event.text))
                return
        if isinstance(event, Refusal) and self.state is ConnectionState.LOGGING_IN:
            tag = tag or link.first_asked()  # a full server does not read our hello
        self._incoming.take(link, event, tag)

    def disconnected(self, reason: str) -> None:
        """Schedule another attempt, unless the connection was to end."""
        link, uncertain = self._link, self._requests.take_back()
        if self._is_leaving:
            link.end()
        else:
            self._lose(link, link.parting or reason)
        self._requests.doubt(uncertain)

    def _lose(self, link: Linked, reason: str) -> None:
        before = self.state
        self._machine.note(ConnectionEvent.LOST)
        self._pause(link.moving)
        link.end()
        if self._opening is None and before in LOGGED_IN:
            self._front.moving() if link.moving else self._front.lost(reason)
        elif self._opening is not None and not self._opening.patient:
            self._opened(Failure(NotConnected(reason)))

    @property
    def _is_leaving(self) -> bool:
        return self.state is ConnectionState.LEAVING

    @property
    def _link(self) -> Linked:
        assert isinstance(self._phase, Linked)
        return self._phase

    # Connecting and logging in

    def _call(self) -> None:
        call = self._phase = Call(self, self._clock)
        call.begin(self._endpoint)

    def _call_again(self) -> None:
        self._machine.note(ConnectionEvent.TRY)
        self._call()

    def _pause(self, moving: bool = False) -> None:
        self._failures += 1
        delay = self._retry(0 if moving else self._failures + 1)
        self._phase = Pause(self._clock, delay, self._call_again)

    async def _log_in(self, link: Linked) -> None:
        welcome = await self._login.hello(link.ask)
        self._machine.note(ConnectionEvent.WELCOME)
        self._requests.limit(welcome.limits)
        self._failures = 0
        if self._opening is None:
            self._front.back()
        self._opened(None)  # from now on, lost connections are restored
        await restore(link.ask, self._resume, self._front, lambda: len(self._requests) > 0)
        if not link.left:
            self._machine.note(ConnectionEvent.RESTORED)
            self._requests.send_on(link)

    def _not_let_in(self, failure: Failure, link: Linked) -> None:
        refused = failure.value
        if failure.check(CancelledError) or (link.left and failure.check(Refused, NotConnected)):
            return
        if not isinstance(refused, Refused):
            self._failed(failure, link)
        elif refused.code in LATER:
            if self._opening is not None:
                self._opening.patient = True
            link.drop(refused.text)
        elif self._opening is not None or is_final(refused):
            self._give_up(refused)
        else:
            link.drop(refused.text)

    def _failed(self, failure: Failure, link: Linked) -> None:
        """Handle a failed login that the server did not refuse."""
        if self._opening is not None and not link.left:
            self._opened(failure)
        else:
            _log.failure("Logging in again failed", failure)
            link.drop("an internal error in this client")

    def _opened(self, result: Failure | None) -> None:
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.finish(result)

    # Leaving

    def _give_up(self, why: Exception) -> None:
        """Stop connecting, because the next attempt would fail in the same way."""
        if self._opening is not None:
            self._opened(Failure(why))
        else:
            self._put_out(why)

    def _put_out(self, why: Exception) -> None:
        self._leave(None)
        self._unwanted(why)

    def _leave(self, farewell: dict[str, object] | None) -> None:
        self._machine.note(ConnectionEvent.LEAVE)
        self._requests.hold()
        self._phase.leave(farewell).addCallback(self._gone)
        self._opened(Failure(NotConnected("the connection is closed")))

    def _gone(self, _: None) -> None:
        self._machine.note(ConnectionEvent.GONE)
        self._phase = Nothing()
        closing, self._closing = self._closing, []
        for closed in closing:
            closed.callback(None)
