"""The connections at one moment: how many chat in which way, and what waits for their readers.

They are counted when somebody asks, in portions, so that messages cost nothing more and no
message waits for the count.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from chatsvc.transports.chat_protocol import ChatProtocol
from chatsvc.transports.connection import ClientConnection
from chatsvc.transports.gate import Gate

PORTION = 500  # connections counted in one turn: half a millisecond


class ConnectionKind(NamedTuple):
    """How a session is connected."""

    dialect: str
    websocket: bool
    tls: bool


@dataclass(slots=True)
class ConnectionCensus:
    """What was counted."""

    connections: int = 0
    sessions: Counter[ConnectionKind] = field(default_factory=Counter)
    slow: int = 0
    queued: int = 0  # bytes

    def add(self, connection: ClientConnection) -> None:
        """Count a connection."""
        self.connections += 1
        self.queued += queued(connection.transport)
        occupant = connection.occupant
        if isinstance(occupant, ChatProtocol):
            self.slow += occupant.full
            kind = ConnectionKind(connection.language, connection.upgraded, connection.secure)
            self.sessions[kind] += 1


async def count(gate: Gate) -> ConnectionCensus:
    """Count the connections."""
    census = ConnectionCensus()
    connections = cast(list[ClientConnection], list(gate.connections))
    for start in range(0, len(connections), PORTION):
        for connection in connections[start : start + PORTION]:
            census.add(connection)
        await _turn(gate.clock)
    return census


def queued(transport: Any) -> int:
    """Return how many bytes wait in this process for a reader to take them."""
    while hasattr(transport, "transport"):  # that of TLS or of a proxy's header
        transport = transport.transport
    waiting = len(getattr(transport, "dataBuffer", b"")) - getattr(transport, "offset", 0)
    return waiting + int(getattr(transport, "_tempDataLen", 0))


def _turn(clock: IReactorTime) -> Deferred[None]:
    done: Deferred[None] = Deferred()
    clock.callLater(0, done.callback, None)
    return done
