"""All connections: what they share, how many there may be, and when none is left."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import ServerFactory

from chatsvc.events import Refusal
from chatsvc.hub import Hub
from chatsvc.limits import Addresses, Limits
from chatsvc.transports.line import ChatProtocol


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
    ) -> None:
        self.hub = hub
        self.clock = clock
        self.limits = limits
        self.max_clients = max_clients
        self.slow_limit = slow_limit
        self.connections: set[ChatProtocol] = set()
        self._refused: set[ChatProtocol] = set()  # of these
        self._addresses = Addresses(limits)
        self._when_empty: Deferred[None] | None = None

    async def all_closed(self) -> None:
        """Return when no connection is open any more; each closes within `LAST_WORDS`."""
        if self.connections:
            self._when_empty = Deferred()
            await self._when_empty

    def admit(self, protocol: ChatProtocol) -> Refusal | None:
        """Count a connection, or say why it is one too many."""
        if len(self.connections) - len(self._refused) > self.max_clients:
            text = "Sorry, the server is full. Please try again later."
            refusal: Refusal | None = Refusal("full", text)
        else:
            refusal = self._addresses.admit(protocol.address, self.clock.seconds())
        if refusal is not None:
            self._refused.add(protocol)
        return refusal

    def gone(self, protocol: ChatProtocol) -> None:
        """A connection is lost."""
        self.connections.discard(protocol)
        if protocol in self._refused:
            self._refused.discard(protocol)
        else:
            self._addresses.gone(protocol.address)
        if not self.connections and self._when_empty is not None:
            self._when_empty.callback(None)

    def buildProtocol(  # type: ignore[override]  # Twisted's type wants no factory in particular
        self, addr: IAddress | None
    ) -> ChatProtocol:
        protocol = ChatProtocol()
        protocol.factory = self
        return protocol
