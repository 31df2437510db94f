"""Twisted's factories: a protocol for each connection that a port accepts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import ServerFactory

from chatsvc.model.rate_limits import Limits
from chatsvc.services.hub import Hub
from chatsvc.services.sessions import MOVING
from chatsvc.transports.chat_protocol import ChatProtocol
from chatsvc.transports.connection import ClientConnection
from chatsvc.transports.detection import Detector, prepare
from chatsvc.transports.gate import Gate
from chatsvc.transports.languages import NAMES
from chatsvc.transports.link.arrival import Arrival


class ChatFactory(Gate, ServerFactory):
    """Creates a protocol for each connection."""

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
        prepare(speaks)
        super().__init__(hub, clock, limits, max_clients, slow_limit, speaks, require_tls)

    def buildProtocol(  # type: ignore[override]  # Twisted's type wants no factory in particular
        self, addr: IAddress | None
    ) -> Detector:
        return self.connect()

    def connect(self, tls_only: bool = False) -> Detector:
        """Return the protocol of a new connection."""
        arrival = ClientConnection(self)
        arrival.tls_only = tls_only
        return Detector(arrival)

    def accept(self, from_node: Arrival) -> Detector:
        """Return the protocol of a connection that another node has accepted."""
        arrival = ClientConnection(self)
        arrival.node, arrival.tls_only = from_node.node, from_node.tls_only
        arrival.secure, arrival.fingerprint = from_node.secure, from_node.fingerprint
        return Detector(arrival)

    def dismiss(self, node: str) -> None:
        """Say goodbye to everybody at another node, which stops."""
        for guest in [each for each in self.connections if each.node == node]:
            occupant = guest.occupant
            if isinstance(occupant, ChatProtocol) and occupant.session.user is not None:
                self.hub.sessions.move(occupant.session)
            else:
                self.end(guest, MOVING)

    def doubt(self, on: bool) -> None:
        """Answer nobody who chats, because another node may lead, or (False) go on."""
        self.hub.login.suspended = on
        for guest in list(self.connections):
            if isinstance(guest.occupant, ChatProtocol):
                guest.occupant.doubt(on)


class Accepting(Protocol):
    """What creates the connections of a port."""

    def connect(self, tls_only: bool = False) -> Any: ...


class Port(ServerFactory):
    """Creates the connections of a port; those of one for TLS only count like all others."""

    noisy = False

    def __init__(self, inside: Accepting, tls_only: bool = False) -> None:
        self._inside = inside
        self._tls_only = tls_only

    def buildProtocol(self, addr: IAddress | None) -> Any:
        return self._inside.connect(self._tls_only)
