"""Tells others that the user is typing (IRCv3 "typing"): rarely, and not to crowds."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from chatsvc.client.net.connection import Connection
from chatsvc.client.net.failures import NotConnected, Uncertain
from chatsvc.client.tui.model.buffers import SERVER, Buffer
from chatsvc.model.requests import Refused

EVERY = 3.0  # seconds
CROWD = 50  # people


class Signs:
    """Sends typing notices for the current conversation, as long as they are `wanted`."""

    def __init__(
        self, connection: Connection, clock: IReactorTime, wanted: Callable[[], bool]
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._wanted = wanted
        self._pane: Buffer | None = None  # where the user is typing
        self._last: tuple[Buffer | None, float] = (None, 0.0)  # the last notice: where, and when
        self._pausing: IDelayedCall | None = None

    def typed(self, text: str, pane: Buffer) -> None:
        """Note that the draft has changed to this text."""
        if pane is not self._pane:
            self._stop("done")
        if not text or (text.startswith("/") and not text.startswith("//")):
            self._stop("done")
        elif self._wanted() and self._is_for(pane):
            self._go_on(pane)

    def sent(self) -> None:
        """Note that the text was sent, which implies that typing has stopped."""
        self._forget()

    def _is_for(self, pane: Buffer) -> bool:
        return pane.name != SERVER and pane.inside and len(pane.people) <= CROWD

    def _go_on(self, pane: Buffer) -> None:
        now = self._clock.seconds()
        last, then = self._last
        if pane is not last or now - then >= EVERY:
            self._pane, self._last = pane, (pane, now)
            self._signal("active", pane)
        self._cancel()
        self._pausing = self._clock.callLater(EVERY, self._stop, "paused")

    def _stop(self, how: str) -> None:
        pane = self._pane
        self._forget()
        if pane is not None:
            self._signal(how, pane)

    def _forget(self) -> None:
        self._cancel()
        self._pane = None

    def _cancel(self) -> None:
        if self._pausing is not None and self._pausing.active():
            self._pausing.cancel()
        self._pausing = None

    def _signal(self, how: str, pane: Buffer) -> None:
        """Send a notice to the people in the conversation; do nothing while disconnected."""
        if not self._connection.here:
            return
        to = {"name": pane.name[1:]} if pane.private else {"room": pane.name}
        asked = self._connection.request(
            "signal", once=True, shown=False, signs={"typing": how}, **to
        )
        asked.addErrback(_nobody)


def _nobody(failure: Failure) -> None:
    """Ignore an error: a lost notice does no harm."""
    failure.trap(Refused, Uncertain, NotConnected)
