"""The round-trip time to the server, measured regularly."""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from chatsvc.client.net.connection import Connection
from chatsvc.client.net.failures import NotConnected, Uncertain
from chatsvc.model.events import Event
from chatsvc.model.requests import Refused

EVERY = 30.0  # seconds


class Pulse:
    """Measures the latency while connected."""

    def __init__(self, connection: Connection, clock: IReactorTime) -> None:
        self.latency: float | None = None  # seconds
        self._connection = connection
        self._clock = clock
        self._beats = LoopingCall(self._beat)
        self._beats.clock = clock

    def start(self) -> None:
        """Measure now and regularly from now on."""
        if not self._beats.running:
            self._beats.start(EVERY)

    def stop(self) -> None:
        """Stop: the connection is lost, or the visit has ended."""
        self.latency = None
        if self._beats.running:
            self._beats.stop()

    def _beat(self) -> None:
        began = self._clock.seconds()
        asked = self._connection.request("ping", once=True, shown=False)
        asked.addCallbacks(self._answered, self._unanswered, (began,))

    def _answered(self, _: Event | None, began: float) -> None:
        self.latency = self._clock.seconds() - began

    def _unanswered(self, failure: Failure) -> None:
        failure.trap(NotConnected, Uncertain, Refused)
