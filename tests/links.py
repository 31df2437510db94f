"""A link between two nodes in memory: pieces of any size arrive when the test lets them."""

from __future__ import annotations

import random
from typing import Any

from conftest import Chat, Person, Transport
from OpenSSL import crypto
from tlspeople import CERTIFICATE
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.model.rate_limits import UNLIMITED
from chatsvc.store.leading import Leader
from chatsvc.transports.languages import NAMES
from chatsvc.transports.link.arrival import Arrival
from chatsvc.transports.link.leading import LeadingEnd, Links
from chatsvc.transports.link.relay import Relay
from chatsvc.transports.link.relaying import RelayedConnection, RelayingEnd
from chatsvc.transports.tls import TLS

SECRET = "the-secret-of-these-nodes"


class Wire(Transport):
    """One side of a link: what is written waits until the test carries it to the other side."""

    other: Wire

    def __init__(self, protocol: Any) -> None:
        super().__init__()
        self.protocol = protocol
        self.lost = False

    def getPeerCertificate(self) -> crypto.X509:
        return crypto.load_certificate(crypto.FILETYPE_PEM, CERTIFICATE)

    def take(self, size: int) -> bytes:
        """Return the first bytes that wait, which wait no longer."""
        data: bytes = self.value()
        self.clear()
        self.io.write(data[size:])
        return data[:size]

    def carry(self, size: int = 1 << 30) -> bool:
        """Deliver bytes, and then the end, to the other side; return whether there were any."""
        data = self.take(size)
        if data and not self.other.lost:
            self.other.protocol.dataReceived(data)
        elif self.disconnecting and not self.lost:
            self.cut()
        return bool(data)

    def abortConnection(self) -> None:
        self.disconnecting = True
        self.clear()

    def cut(self) -> None:
        """Lose the connection, on both sides."""
        for side in (self, self.other):
            if not side.lost:
                side.lost, side.connected = True, False
                side.protocol.connectionLost(connectionDone)

    def fill(self) -> None:
        """Report that much waits to be sent, as a real transport does."""
        self.producer.pauseProducing()

    def drain(self) -> None:
        """Report that everything was sent."""
        self.producer.resumeProducing()


def joined(one: Any, other: Any) -> tuple[Wire, Wire]:
    """Connect two protocols."""
    sides = Wire(one), Wire(other)
    sides[0].other, sides[1].other = sides[1], sides[0]
    other.makeConnection(sides[1])
    one.makeConnection(sides[0])
    return sides


class Nodes:
    """A node that leads, with the chat, and one that relays to it."""

    def __init__(self, chat: Chat | None = None, seed: int = 0, **settings: Any) -> None:
        self.chat = chat or Chat(**settings)
        self.clock = self.chat.clock
        self.chance = random.Random(seed)
        self.tls = TLS(CERTIFICATE, self.clock)
        self.links = Links("a", SECRET, self.tls, self.clock)
        self.links.chat = self.chat.factory
        self.relay = Relay(self.clock, UNLIMITED, 100, NAMES, False)
        self.reasons: list[str] = []
        self.people: list[Guest] = []
        self.link()

    @property
    def leader(self) -> Leader:
        """What the database says about the leading node."""
        fingerprint = self.tls.fingerprint.replace(":", "").lower()
        return Leader(1, "a", "192.0.2.9:1", fingerprint, SECRET, 0.0, True)

    def link(self) -> None:
        """Open a link."""
        self.end = self.relaying("b")
        self.leading = LeadingEnd(self.links, self.clock)
        self.here, self.there = joined(self.end, self.leading)
        self.end.handshakeCompleted()
        self.carry()

    def relaying(self, node: str) -> RelayingEnd:
        return RelayingEnd(
            node,
            self.leader,
            self.clock,
            self.relay.use,
            lambda _: self.relay.use(None),
            self._lost,
        )

    def _lost(self, link: RelayingEnd, reason: str) -> None:
        self.reasons.append(reason)
        self.relay.use(None)

    def turn(self) -> None:
        """Do what is due at once, on both nodes."""
        self.clock.advance(0)

    def carry(self) -> None:
        """Deliver everything, cut anywhere, until nothing more comes of it."""
        self.turn()
        while self.carry_some():
            self.turn()

    def carry_some(self) -> bool:
        """Deliver a piece in each direction, in any order; return whether there was one."""
        sides = self.chance.sample([self.here, self.there], 2)
        pieces = [side.carry(self.chance.choice([1, 3, 9, 50, 1000, 1 << 20])) for side in sides]
        return any(pieces)

    def pass_time(self, seconds: float) -> None:
        """Let time pass while the link works."""
        for _ in range(round(seconds * 4)):
            self.clock.advance(0.25)
            self.carry()

    def connect(self, address: str = "192.0.2.1") -> Guest:
        """Return a connection at the node that relays, which has sent nothing yet."""
        self.people.append(Guest(self, address))
        return self.people[-1]

    def join(self, name: str) -> Guest:
        """Return a user in the lobby, over the text dialect, who has read the welcome."""
        person = self.connect()
        person.send(name)
        return person


class Guest(Person):
    """A user at the node that relays."""

    def __init__(self, nodes: Nodes, address: str) -> None:
        self.nodes = nodes
        self.lost = False
        super().__init__(nodes.relay, address)  # type: ignore[arg-type]  # it builds protocols too
        nodes.turn()

    def read(self) -> list[str]:
        self.nodes.carry()
        return super().read()

    def received(self) -> bytes:
        """Return the bytes that have come since the last time."""
        data: bytes = self.transport.value()
        self.transport.clear()
        return data

    def lose(self) -> None:
        """Lose the connection, as a transport does after it was closed."""
        if not self.lost:
            self.hang_up()

    def hang_up(self) -> None:
        self.lost = True
        super().hang_up()

    @property
    def relayed(self) -> RelayedConnection:
        """The connection, as the node that relays sees it."""
        assert isinstance(self.protocol, RelayedConnection)
        return self.protocol

    @property
    def is_paused(self) -> bool:
        """Whether nothing is read from it."""
        return self.transport.producerState == "paused"


@implementer(IHalfCloseableProtocol)
class Recorder(Protocol):
    """A protocol that records what happens to it."""

    transport: Any

    def __init__(self) -> None:
        self.data = bytearray()
        self.largest = 0
        self.events: list[str] = []

    def connectionMade(self) -> None:
        self.transport.registerProducer(self, True)

    def dataReceived(self, data: bytes) -> None:
        self.data += data
        self.largest = max(self.largest, len(data))

    def readConnectionLost(self) -> None:
        self.events.append("end")

    def writeConnectionLost(self) -> None:
        """Do nothing: the tests look at the other side."""

    def pauseProducing(self) -> None:
        self.events.append("full")

    def resumeProducing(self) -> None:
        self.events.append("empty")

    def stopProducing(self) -> None:
        """Do nothing: `connectionLost` follows."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.events.append("lost")


class Recorders:
    """A chat whose connections are recorded."""

    nodes = 1

    def __init__(self) -> None:
        self.all: list[Any] = []
        self.left: list[str] = []

    def accept(self, arrival: Arrival) -> Any:
        self.all.append(Recorder())
        return self.all[-1]

    def dismiss(self, node: str) -> None:
        self.left.append(node)


def recorded(people: int, seed: int = 0) -> tuple[Nodes, list[Guest], list[Any]]:
    """Return people at another node, and the protocols of their connections."""
    nodes = Nodes(seed=seed)
    recorders = Recorders()
    nodes.links.chat = recorders
    guests = [nodes.connect() for _ in range(people)]
    nodes.carry()
    return nodes, guests, recorders.all
