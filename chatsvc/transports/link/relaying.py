"""A relaying node's end of a link, and the connections that it passes on to the leading node."""

from __future__ import annotations

import json
from collections.abc import Callable
from socket import socket
from typing import Any
from typing import Protocol as Interface

from twisted.internet.address import UNIXAddress
from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IHandshakeListener,
    IPushProducer,
    IReactorTime,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.tcp import Connection
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc import __version__
from chatsvc.store.leading import Leader
from chatsvc.transports.connection import HEAD_WITHIN, LAST_WORDS, stop
from chatsvc.transports.link.arrival import Arrival
from chatsvc.transports.link.asking import Questions
from chatsvc.transports.link.deliveries import Deliveries
from chatsvc.transports.link.frames import SILENCE, VERSION, Kind, LinkEnd, addressees
from chatsvc.transports.peer import pass_on
from chatsvc.transports.sending import BUFFER
from chatsvc.transports.tls import fingerprint_of

HEARD = 4.0  # seconds since the last data; a leader that was not heard for longer may run


@implementer(IHandshakeListener)
class RelayingEnd(LinkEnd):
    """The link to the leading node.

    `when_ready` is called when it can be used, `when_leaving` when it takes no new connections, and
    `when_lost` when it is lost, with a reason in words if the leading node has refused it.
    """

    def __init__(
        self,
        node: str,
        leader: Leader,
        clock: IReactorTime,
        when_ready: Callable[[RelayingEnd], object],
        when_leaving: Callable[[RelayingEnd], object],
        when_lost: Callable[[RelayingEnd, str], object],
    ) -> None:
        super().__init__(clock)
        self.leader = leader
        self.connections: dict[int, RelayedConnection] = {}
        self._node = node
        self._when_ready, self._when_leaving = when_ready, when_leaving
        self._when_lost = when_lost
        self.questions = Questions(self.send)
        self.was_ended = False  # by a leading node that answered until then
        self._was_ready = False
        self._refusal = ""
        self._last = 0
        self._deliveries = Deliveries(clock, self.connections)

    def handshakeCompleted(self) -> None:
        """Prove that this is a node, to nobody but the node that has announced itself."""
        if fingerprint_of(self.transport) != self.leader.fingerprint:
            self._refusal = "It is not the node that leads the chat."
            self.abort()
            return
        hello = {
            "version": VERSION, "secret": self.leader.secret, "node": self._node,
            "software": __version__,
        }  # fmt: skip
        self.send(Kind.HELLO, 0, json.dumps(hello).encode())
        self.begin()

    def frame_received(self, kind: Kind, whom: int, payload: bytes) -> None:
        if kind is Kind.DATA:
            self._deliveries.add(*addressees(whom, payload))
            return
        self._deliveries.flush()
        if kind is Kind.WELCOME:
            self.is_ready()
            self._was_ready = True
            self._when_ready(self)
        elif kind is Kind.LEAVING:
            self._when_leaving(self)
        elif kind is Kind.REFUSED:
            self._refusal = payload.decode(errors="replace")
        elif kind in (Kind.ANSWER, Kind.PART):
            self.questions.received(kind, whom, payload)
        elif whom in self.connections:
            self._on(kind, self.connections[whom])

    def _on(self, kind: Kind, connection: RelayedConnection) -> None:
        if kind is Kind.CLOSE:
            connection.close()
        elif kind is Kind.ABORT:
            connection.transport.abortConnection()
        elif kind is Kind.ENDED:
            connection.end_writing()
        elif kind is Kind.HOLD:
            connection.hold(True)
        elif kind is Kind.GO_ON:
            connection.hold(False)

    def congestion_changed(self) -> None:
        for connection in list(self.connections.values()):
            connection.read_or_pause()

    def add(self, connection: RelayedConnection) -> int:
        """Announce a connection, and return its number."""
        self._last += 1
        self.connections[self._last] = connection
        self.send(Kind.ARRIVED, self._last, json.dumps(connection.facts()).encode())
        return self._last

    def leave(self) -> None:
        """Ask the leading node to say goodbye to everybody here."""
        self.send(Kind.LEAVING)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        self._deliveries.end()
        heard = self._clock.seconds() - self._heard
        self.was_ended = self._was_ready and not self._is_closing and heard < HEARD
        for connection in list(self.connections.values()):
            connection.close()
        self.connections.clear()
        self.questions.lost()
        self._when_lost(self, self._refusal or self._why_lost())

    def _why_lost(self) -> str:
        silent = self._clock.seconds() - self._heard > SILENCE
        return f"It was silent for {SILENCE:g} seconds." if silent else "It has closed the link."


class Place(Interface):
    """What knows the link at the moment, and the connections that wait for one."""

    clock: IReactorTime

    def begin(self, connection: RelayedConnection) -> None: ...

    def look_at(self, connection: RelayedConnection) -> None: ...

    def gone(self, connection: RelayedConnection) -> None: ...


@implementer(IHalfCloseableProtocol, IHandshakeListener, IPushProducer)
class RelayedConnection(Protocol):
    """Passes the bytes of a client on to the leading node, and back."""

    transport: Any

    def __init__(self, place: Place, tls_only: bool, secure: bool, data: bytes = b"") -> None:
        self._place = place
        self._tls_only, self._secure = tls_only, secure
        self.unsent = data  # what has come before there was a link
        self._link: RelayingEnd | None = None
        self._number = 0
        self._due: IDelayedCall | None = None  # until the handshake, or closing, is given up
        self._is_closing = False
        self._held = False
        self._direct = False
        self._socket: socket
        self._buffered = False
        self._waiting = 0
        self._is_full = False

    def facts(self) -> dict[str, object]:
        """Return what the leading node should know about this connection."""
        return {
            "peer": _facts(self.transport.getPeer()),
            "host": _facts(self.transport.getHost()),
            **self.arrival()._asdict(),
        }

    # Opening and closing

    def connectionMade(self) -> None:
        if self._secure:
            self._due = self._place.clock.callLater(HEAD_WITHIN, self.transport.abortConnection)
        else:
            self._begin()

    def handshakeCompleted(self) -> None:
        """Note that TLS is ready."""
        stop(self._due)
        self._begin()

    def _begin(self) -> None:
        self._direct = isinstance(self.transport, Connection) and not self.transport.TLS
        if self._direct:
            self._socket = self.transport.getHandle()
        self.transport.registerProducer(self, not self._direct)
        self._place.begin(self)

    def follow(self, link: RelayingEnd) -> None:
        """Be part of the chat over this link."""
        self._link = link
        self._number = link.add(self)
        data, self.unsent = self.unsent, b""
        if data:
            self.dataReceived(data)
        self.hold(False)

    def arrival(self) -> Arrival:
        """Return what is known about this connection."""
        fingerprint = fingerprint_of(self.transport) if self._secure else ""
        return Arrival("", self._secure, fingerprint, self._tls_only)

    def become(self, protocol: Any) -> None:
        """Give the connection to another protocol, with what has come until now."""
        self._stop_producing()
        self.transport.resumeProducing()
        pass_on(self.transport, protocol)
        if self._secure:
            protocol.handshakeCompleted()
        if self.unsent:
            protocol.dataReceived(self.unsent)

    def close(self) -> None:
        """Close once everything is sent; a client that does not take it loses the rest."""
        if self._is_closing:
            return
        self._is_closing = True
        self._due = self._place.clock.callLater(LAST_WORDS, self.transport.abortConnection)
        self._stop_producing()
        self.transport.resumeProducing()  # TLS needs the peer's farewell
        self.transport.loseConnection()

    def end_writing(self) -> None:
        """Send nothing more than what was sent."""
        self._stop_producing()
        self.transport.loseWriteConnection()

    def _stop_producing(self) -> None:
        self._direct = False
        self.transport.unregisterProducer()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        stop(self._due)
        if self._link is not None and self._number in self._link.connections:
            del self._link.connections[self._number]
            self._link.send(Kind.GONE, self._number)
        self._place.gone(self)

    # From the client

    def dataReceived(self, data: bytes) -> None:
        if self._link is not None:
            self._link.send(Kind.DATA, self._number, data)
        else:
            self.unsent += data
            self._place.look_at(self)

    def readConnectionLost(self) -> None:
        """Note that the client sends nothing more."""
        if self._link is not None:
            self._link.send(Kind.ENDED, self._number)
        else:
            self.close()

    def writeConnectionLost(self) -> None:
        """Do nothing: the leading node has ended this half."""

    def hold(self, held: bool) -> None:
        """Read nothing more, or (False) go on."""
        self._held = held
        self.read_or_pause()

    def read_or_pause(self) -> None:
        """Read from the client, unless it is held or the link is slow."""
        if self._is_closing or not self.transport.connected:
            return
        if self._held or (self._link is not None and self._link.congested):
            self.transport.pauseProducing()
        elif not self.transport.disconnecting:
            self.transport.resumeProducing()

    # To the client

    def write(self, data: bytes) -> None:
        """Send data, bypassing the transport's buffer where possible, which costs much more."""
        if self._direct and not self._buffered:
            try:
                sent = self._socket.send(data)
            except OSError:
                sent = 0  # full or broken: the transport finds out which
            if sent == len(data):
                return
            data = data[sent:]
        self._buffered = True
        self._waiting += len(data)
        self.transport.write(data)
        if self._direct and self._waiting > BUFFER:
            self.pauseProducing()

    def pauseProducing(self) -> None:
        """Note that much waits for the client."""
        if not self._is_full and self._link is not None:
            self._is_full = True
            self._link.send(Kind.HOLD, self._number)

    def resumeProducing(self) -> None:
        """Note that the client has taken everything."""
        self._buffered, self._waiting = False, 0
        if self._is_full and self._link is not None:
            self._is_full = False
            self._link.send(Kind.GO_ON, self._number)

    def stopProducing(self) -> None:
        """Do nothing: `connectionLost` follows."""


def _facts(address: Any) -> tuple[str, str, int]:
    if isinstance(address, UNIXAddress):
        return "unix", "", 0
    return "tcp", address.host, address.port
