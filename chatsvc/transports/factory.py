"""Twisted's factories: a protocol for each connection that a port accepts."""

from __future__ import annotations

from collections.abc import Collection

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import ServerFactory

from chatsvc.model.rate_limits import Limits
from chatsvc.services.hub import Hub
from chatsvc.transports.connection import ClientConnection
from chatsvc.transports.detection import Detector, prepare
from chatsvc.transports.gate import Gate
from chatsvc.transports.languages import NAMES


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
        return Detector(ClientConnection(self))


class TLSOnly(ServerFactory):
    """Creates the connections of a port for TLS only, which count like all others."""

    noisy = False

    def __init__(self, chat: ChatFactory) -> None:
        self._chat = chat

    def buildProtocol(self, addr: IAddress | None) -> Detector:  # type: ignore[override]
        arrival = ClientConnection(self._chat)
        arrival.tls_only = True
        return Detector(arrival)
