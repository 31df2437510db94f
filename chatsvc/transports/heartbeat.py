"""Connections of programs that answer pings."""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from chatsvc.model.server_events import Goodbye
from chatsvc.transports.chat_protocol import ChatProtocol
from chatsvc.transports.connection import stop

JITTER = 0.001  # seconds by which a timer may fire early


class Heartbeat(ChatProtocol):
    """A connection that pings a silent client, and closes if the client does not answer."""

    _silent: float  # seconds of silence after which it is asked
    _within: float  # seconds that it has to answer
    _heard = 0.0  # when something came last
    _asked = 0.0  # when the client was asked last
    _overdue = False  # it had not answered in time at the last look
    _pulse: IDelayedCall | None = None

    def _ask(self) -> None:
        """Send a ping."""
        raise NotImplementedError

    def connectionMade(self) -> None:
        super().connectionMade()
        self._heard = self.gate.clock.seconds()
        self._pulse = self.gate.clock.callLater(self._silent, self._feel_pulse)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        stop(self._pulse)

    def dataReceived(self, data: bytes) -> None:
        self._heard = self.gate.clock.seconds()
        super().dataReceived(data)

    def _feel_pulse(self) -> None:
        """Ping a silent client; close one that does not answer."""
        if self.paused:
            # Nothing is read at the moment, and its answer may be what waits.
            self._heard = self.gate.clock.seconds()
        if self._overdue and self._asked > self._heard:
            self._give_up()
        else:
            self._pulse = self.gate.clock.callLater(self._next_look(), self._feel_pulse)

    def _next_look(self) -> float:
        """Ping if it is time, and return the seconds until the next check."""
        now, self._overdue = self.gate.clock.seconds(), False
        if self._asked > self._heard:
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
