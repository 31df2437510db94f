"""Accepting connections for the leading node.  TLS ends here; the protocols are its business."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IReactorTime,
)
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.dialects.text import TEXT
from chatsvc.model.rate_limits import Addresses, Limits
from chatsvc.model.server_events import Goodbye
from chatsvc.services.sessions import MOVING
from chatsvc.transports.connection import HEAD_WITHIN, stop
from chatsvc.transports.detection import ACCESS_DENIED, GREETING, TLS_BEGINS
from chatsvc.transports.languages import is_tls
from chatsvc.transports.link.arrival import Arrival
from chatsvc.transports.link.relaying import RelayedConnection, RelayingEnd
from chatsvc.transports.link.unavailable import (
    UNAVAILABLE,
    is_about_room,
    is_http,
    is_probe,
    unavailable,
)
from chatsvc.transports.peer import address_of, pass_on, prepare
from chatsvc.transports.tls import TLS

PATIENCE = 15.0  # seconds that a connection waits for a node to lead
REFUSED = 64  # connections of a full node that are told so; the others are cut

FULL = Goodbye("This server is full. Try again later.")

Accept = Callable[[Arrival], Protocol]
"""Returns a protocol of this node's own chat."""


class Relay(ServerFactory):
    """Creates the connections of a node that does not lead."""

    noisy = False

    def __init__(
        self,
        clock: IReactorTime,
        limits: Limits,
        most: int,
        speaks: Collection[str],
        require_tls: bool,
    ) -> None:
        self.clock = clock
        self.require_tls = require_tls
        self._speaks = speaks
        self.tls: TLS | None = None
        self.link: RelayingEnd | None = None
        self.open = 0  # connections
        self._most = most + limits.pages_in_all
        self._handshakes = Addresses(0, limits.pages, limits.pages_within)
        self._waiting: dict[RelayedConnection, IDelayedCall] = {}
        self._accept: Accept | None = None  # while this node leads
        self._is_leaving = False

    def change(self, limits: Limits, most: int, require_tls: bool) -> None:
        """Use other limits from now on."""
        self.require_tls = require_tls
        self._most = most + limits.pages_in_all
        self._handshakes.change(0, limits.pages, limits.pages_within, limits.lan)

    def buildProtocol(self, addr: IAddress | None) -> Any:
        return self.connect()

    def connect(self, tls_only: bool = False) -> Protocol:
        """Return the protocol of a new connection, which comes here while another node leads."""
        self._accept = None
        return _Arriving(self, tls_only)

    def use(self, link: RelayingEnd | None) -> None:
        """Pass connections on over this link, or let them wait."""
        self.link, self._accept = link, None
        if link is not None:
            for connection in self._waited():
                self.begin(connection)

    def _waited(self) -> list[RelayedConnection]:
        """Return the connections that have waited until now."""
        waiting, self._waiting = self._waiting, {}
        for timer in waiting.values():
            stop(timer)
        return list(waiting)

    def spoken(self) -> list[str]:
        """Return the names of the accepted protocols."""
        return [name for name in self._speaks if name != "tls" or self.tls is not None]

    def hand_over(self, accept: Accept) -> None:
        """Let connections take part in the chat of this node, which leads now.

        Those that wait do so at once, and those that have just arrived as soon as they are ready.
        """
        self._accept = accept
        for connection in self._waited():
            self._give(connection, accept)

    def _give(self, connection: RelayedConnection, accept: Accept) -> None:
        self.open -= 1
        connection.become(accept(connection.arrival()))

    def leave(self) -> None:
        """Accept nobody any more, and close the connections that wait: this node stops."""
        self._is_leaving = True
        self.use(None)
        for connection in self._waited():
            self._close(connection, MOVING)

    # For the connections

    def begin(self, connection: RelayedConnection) -> None:
        """Pass a connection on, or refuse it if there are too many, or let it wait for a link."""
        if self.link is not None and len(self.link.connections) < self._most:
            connection.follow(self.link)
        else:
            self._wait(connection)

    def _wait(self, connection: RelayedConnection) -> None:
        """Let a connection wait for a link or its refusal, unless this node leads meanwhile."""
        if self._accept is not None:
            self._give(connection, self._accept)
            return
        is_hopeless = self._is_leaving or self.link is not None
        patience = GREETING if is_hopeless else PATIENCE
        self._waiting[connection] = self.clock.callLater(patience, self._give_up, connection)
        self.look_at(connection)

    def look_at(self, connection: RelayedConnection) -> None:
        """Refuse a health check at once, so that a load balancer chooses another node."""
        if connection not in self._waiting:
            return  # it is refused already
        asks = is_probe(connection.unsent)
        if asks and self.link is not None and not is_about_room(connection.unsent):
            stop(self._waiting.pop(connection))
            connection.follow(self.link)  # this node is full, and still healthy
        elif asks:
            self._give_up(connection)
        else:
            connection.hold(asks is False)

    def _give_up(self, connection: RelayedConnection) -> None:
        stop(self._waiting.pop(connection, None))
        self._close(connection, self._why_not())

    def _why_not(self) -> Goodbye:
        if self._is_leaving:
            return MOVING
        return FULL if self.link is not None else Goodbye(UNAVAILABLE)

    def _close(self, connection: RelayedConnection, goodbye: Goodbye) -> None:
        if not connection.unsent:  # a person, as far as is known
            connection.write(TEXT.write(goodbye))
        elif is_http(connection.unsent):
            connection.write(unavailable(connection.unsent, goodbye.text))
        connection.close()

    def gone(self, connection: RelayedConnection) -> None:
        """Note that a connection is lost."""
        self.open -= 1
        stop(self._waiting.pop(connection, None))

    def has_room(self) -> bool:
        """Return whether this process can have so many connections, if only to refuse some.

        A load balancer whose health checks were cut would disconnect everybody here.
        """
        return self.open <= self._most + REFUSED

    def may_shake_hands(self, address: str) -> bool:
        """Count a TLS handshake, and return whether it is not one too many."""
        refusal = self._handshakes.admit(address, self.clock.seconds())
        if refusal is None:
            self._handshakes.gone(address)
        return refusal is None


@implementer(IHalfCloseableProtocol)
class _Arriving(Protocol):
    """Finds out whether a connection begins with TLS."""

    transport: Any

    def __init__(self, relay: Relay, tls_only: bool) -> None:
        self._relay = relay
        self._tls_only = tls_only
        self._data = b""
        self._silence: IDelayedCall | None = None
        self._since = relay.clock.seconds()

    def connectionMade(self) -> None:
        self._relay.open += 1
        prepare(self.transport)
        if self._relay.has_room():
            # TLS may begin; the leading node greets the silent after a little more time.
            self._wait(TLS_BEGINS - GREETING if self._relay.tls is not None else 0.0)
        else:
            self.transport.abortConnection()

    def _wait(self, patience: float) -> None:
        self._silence = self._relay.clock.callLater(patience, self._nothing_came)

    def _nothing_came(self) -> None:
        if address_of(self.transport) is not None:
            self._pass_on()
        elif self._relay.clock.seconds() - self._since < HEAD_WITHIN:
            self._wait(GREETING)  # the proxy announces the peer first
        else:
            self.transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        self._data += data
        is_secure = is_tls(self._data) if self._relay.tls is not None else False
        if is_secure:
            self._begin_tls()
        elif is_secure is not None:
            self._pass_on()

    def readConnectionLost(self) -> None:
        """Pass on what has come, although nothing follows."""
        self._pass_on()
        self.transport.protocol.readConnectionLost()

    def writeConnectionLost(self) -> None:
        """Do nothing: this half is not ended here."""

    def _pass_on(self) -> None:
        stop(self._silence)
        connection = RelayedConnection(self._relay, self._tls_only, False, self._data)
        pass_on(self.transport, connection)

    def _begin_tls(self) -> None:
        stop(self._silence)
        if self._relay.tls is None or not self._relay.may_shake_hands(self._address()):
            self.transport.write(ACCESS_DENIED)
            self.transport.loseConnection()
            return
        protocol = self._relay.tls.around(RelayedConnection(self._relay, self._tls_only, True))
        pass_on(self.transport, protocol)
        protocol.dataReceived(self._data)

    def _address(self) -> str:
        return address_of(self.transport) or ""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        stop(self._silence)
        self._relay.open -= 1
