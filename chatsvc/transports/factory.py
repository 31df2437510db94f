"""All connections: what they share, how many there may be, and when none is left."""

from __future__ import annotations

from collections.abc import Collection

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger

from chatsvc.model.costs import Purses
from chatsvc.model.events import Refusal
from chatsvc.model.rate_limits import Addresses, Limits
from chatsvc.services.hub import Hub
from chatsvc.transports.connection import ClientConnection
from chatsvc.transports.detection import NAMES, Detector
from chatsvc.transports.tls import TLS

PAGES = 2  # of earlier lines that are in memory at a time, whoever asks for them

_log = Logger()


class ChatFactory(ServerFactory):
    """Makes a protocol for each connection; what they share is the hub."""

    noisy = False

    def __init__(
        self,
        hub: Hub,
        clock: IReactorTime,
        limits: Limits,
        max_clients: int = 1000,
        slow_limit: float = 300.0,
        speaks: Collection[str] = NAMES,
        require_tls: bool = False,
    ) -> None:
        self.hub = hub
        self.clock = clock
        self.limits = limits
        self.max_clients = max_clients
        self.slow_limit = slow_limit
        self.speaks = speaks
        self.require_tls = require_tls  # of everybody but those on this machine
        self.tls: TLS | None = None
        self.connections: set[ClientConnection] = set()
        self._refused: set[ClientConnection] = set()  # of these
        self._addresses = Addresses(limits)
        self.purses = Purses(limits.work)
        self.busy: set[object] = set()  # the connections that let others have a turn
        self.pages = DeferredSemaphore(PAGES)
        self._when_empty: Deferred[None] | None = None

    def understands(self, language: str) -> bool:
        """Whether it is spoken here."""
        return language in self.speaks and (language != "tls" or self.tls is not None)

    def spoken(self) -> list[str]:
        """The names of the languages that are."""
        return list(filter(self.understands, self.speaks))

    async def all_closed(self) -> None:
        """Close whoever has no name, and return when no connection is open any more.

        Each closes within `LAST_WORDS`.
        """
        for arrival in list(self.connections):
            self._end(arrival)
        if self.connections:
            self._when_empty = Deferred()
            await self._when_empty

    def _end(self, arrival: ClientConnection) -> None:
        try:
            arrival.occupant.end("The server is stopping. Goodbye.")
        except Exception:
            _log.failure("A connection failed and is closed")
            arrival.transport.abortConnection()

    def admit(self, arrival: ClientConnection) -> Refusal | None:
        """Count a connection, or say why it is one too many."""
        if len(self.connections) - len(self._refused) > self.max_clients:
            text = "Sorry, the server is full. Please try again later."
            refusal: Refusal | None = Refusal("full", text)
        else:
            refusal = self._addresses.admit(arrival.address, self.clock.seconds())
        if refusal is not None:
            self._refused.add(arrival)
        return refusal

    def gone(self, arrival: ClientConnection) -> None:
        """A connection is lost."""
        if arrival not in self.connections:
            return
        self.connections.discard(arrival)
        if arrival in self._refused:
            self._refused.discard(arrival)
        else:
            self._addresses.gone(arrival.address)
        if not self.connections and self._when_empty is not None:
            when_empty, self._when_empty = self._when_empty, None
            when_empty.callback(None)

    def buildProtocol(  # type: ignore[override]  # Twisted's type wants no factory in particular
        self, addr: IAddress | None
    ) -> Detector:
        return Detector(ClientConnection(self))


class TLSOnly(ServerFactory):
    """The connections of a port for TLS alone, which are counted with all others."""

    noisy = False

    def __init__(self, chat: ChatFactory) -> None:
        self._chat = chat

    def buildProtocol(self, addr: IAddress | None) -> Detector:  # type: ignore[override]
        arrival = ClientConnection(self._chat)
        arrival.tls_only = True
        return Detector(arrival)
