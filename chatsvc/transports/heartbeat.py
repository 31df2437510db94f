"""Connections of programs that answer when they are asked whether they are there."""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from chatsvc.model.server_events import Goodbye
from chatsvc.transports.chat_protocol import ChatProtocol
from chatsvc.transports.connection import stop

JITTER = 0.001  # seconds by which a timer may fire early


class Heartbeat(ChatProtocol):
    """A connection whose client is asked whether it is there, and closed if it does not answer."""

    _silent: float  # seconds of silence after which it is asked
    _within: float  # seconds that it has to answer
    _heard = 0.0  # when something came last
    _asked: float | None = None  # when the client was asked, if nothing came since
    _overdue = False
    _pulse: IDelayedCall | None = None

    def _ask(self) -> None:
        """Send what the client has to answer."""
        raise NotImplementedError

    def connectionMade(self) -> None:
        super().connectionMade()
        self._hear()
        self._pulse = self.gate.clock.callLater(self._silent, self._feel_pulse)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        stop(self._pulse)

    def dataReceived(self, data: bytes) -> None:
        self._hear()
        super().dataReceived(data)

    def _hear(self) -> None:
        self._heard = self.gate.clock.seconds()
        self._asked, self._overdue = None, False

    def _feel_pulse(self) -> None:
        """Ask a silent client whether it is there; close one that does not answer that either."""
        if self.paused:
            self._hear()  # nothing is read at the moment, and its answer may be what waits
        if self._overdue:
            self._give_up()
        else:
            self._pulse = self.gate.clock.callLater(self._next_look(), self._feel_pulse)

    def _next_look(self) -> float:
        """Ask if it is time to, and return the seconds until the next look."""
        now = self.gate.clock.seconds()
        if self._asked is not None:
            left = self._asked + self._within - now
            self._overdue = left <= JITTER
            # After a stall, read first what has come meanwhile.
            return 0.0 if self._overdue else min(left, self._silent)
        left = self._heard + self._silent - now
        if left > JITTER:
            return left
        self._asked = now
        self._ask()
        return min(self._within, self._silent)

    def _give_up(self) -> None:
        self.session.tell(Goodbye("Ping timeout. Goodbye."))
        self.gate.hub.sessions.leave(self.session, "ping timeout")
        self.close()
