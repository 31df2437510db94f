"""The leading node's end of a link: connections at the other node take part in the chat here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hmac import compare_digest
from ipaddress import ip_address
from typing import Any
from typing import Protocol as Interface

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatsvc.commands.control import Command
from chatsvc.model.rate_limits import Addresses
from chatsvc.transports.connection import stop
from chatsvc.transports.link.arrival import Arrival
from chatsvc.transports.link.asking import carry_out
from chatsvc.transports.link.frames import (
    VERSION,
    Kind,
    LinkEnd,
    Malformed,
    addressed,
    facts,
    frame,
)
from chatsvc.transports.link.remote import RemoteTransport
from chatsvc.transports.tls import TLS

LONGEST_HELLO = 4096  # bytes
ATTEMPTS, ATTEMPTS_WITHIN = 100, 10.0  # to join, from an address, in so many seconds
BURST = 0.1  # seconds in which much may be sent before the link counts as slow
PORTION = 50  # connections of a lost link that are ended in one turn

_log = Logger()


class Chat(Interface):
    """What the connections of other nodes take part in."""

    nodes: int  # that accept connections for it

    def accept(self, arrival: Arrival) -> Protocol:
        """Return the protocol of a connection."""

    def dismiss(self, node: str) -> None:
        """Say goodbye to everybody at a node, which stops."""


class _Data:
    """Data on its way to several connections, and its position among what is sent."""

    __slots__ = ("data", "numbers", "position")

    def __init__(self, data: bytes, position: int) -> None:
        self.data = data
        self.position = position
        self.numbers: list[int] = []

    def __bytes__(self) -> bytes:
        return addressed(self.numbers, self.data)


class LeadingEnd(LinkEnd):
    """One other node."""

    def __init__(self, links: Links, clock: IReactorTime) -> None:
        super().__init__(clock)
        self._links = links
        self.node = ""  # once it has proved that it is one
        self.software = ""  # its version
        self.since = 0.0
        self.connections: dict[int, RemoteTransport] = {}
        self._position = 0
        self._pending: dict[bytes, _Data] = {}
        self._waiting: list[bytes | _Data] = []
        self._slow: IDelayedCall | None = None  # until the link counts as slow

    # Opening and closing

    def connectionMade(self) -> None:
        self.MAX_LENGTH = LONGEST_HELLO
        super().connectionMade()

    def frame_received(self, kind: Kind, whom: int, payload: bytes) -> None:
        if not self.node:
            self._greet(kind, payload)
        elif kind is Kind.DATA and whom in self.connections:
            self.connections[whom].receive(payload)
        elif kind is Kind.ARRIVED:
            if self._links.chat is None:
                self.send(Kind.CLOSE, whom)  # it was on its way when this node stopped leading
            else:
                self._accept(self._links.chat, whom, payload)
        elif kind is Kind.ASK:
            carry_out(payload, whom, self._links.commands, self.send)
        elif kind is Kind.LEAVING:
            if self._links.chat is not None:
                self._links.chat.dismiss(self.node)
        elif whom in self.connections:
            self._on(kind, self.connections[whom])

    def _greet(self, kind: Kind, payload: bytes) -> None:
        """Let a node in that knows the secret; anybody else is not answered."""
        hello = facts(payload)
        node = hello.get("node")
        knows = compare_digest(
            str(hello.get("secret")).encode(errors="replace"), self._links.secret
        )
        if kind is not Kind.HELLO or not knows or not isinstance(node, str) or not node:
            raise Malformed
        self.software = str(hello.get("software", ""))
        refusal = self._links.refusal(hello.get("version"), node)
        if refusal:
            self.send(Kind.REFUSED, 0, refusal.encode(errors="replace"))
            self.close()
            return
        self.MAX_LENGTH = LinkEnd.MAX_LENGTH
        self.is_ready()
        self.node, self.since = node, self._clock.seconds()
        self._links.joined(self)
        self.send(Kind.WELCOME)
        self.begin()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        stop(self._slow)
        self._links.left(self)
        self._end_some(reason)

    def _end_some(self, reason: Failure) -> None:
        """End the connections of a lost link, in portions, because others must not wait for it."""
        for number in list(self.connections)[:PORTION]:
            self.connections.pop(number).lost(reason)
        if self.connections:
            self._clock.callLater(0, self._end_some, reason)

    # Connections

    def _accept(self, chat: Chat, number: int, payload: bytes) -> None:
        known = facts(payload)
        peer, host = _address(known.get("peer")), _address(known.get("host"))
        if number in self.connections:
            raise Malformed
        self.connections[number] = remote = RemoteTransport(self, number, peer, host, self._clock)
        remote.begin(chat.accept(_arrival(self.node, known)))

    def _on(self, kind: Kind, remote: RemoteTransport) -> None:
        if kind is Kind.ENDED:
            remote.end()
        elif kind is Kind.HOLD:
            remote.filled()
        elif kind is Kind.GO_ON:
            remote.emptied()
        elif kind is Kind.GONE:
            remote.gone()

    def forget(self, number: int) -> None:
        """Forget a connection."""
        self.connections.pop(number, None)

    def pauseProducing(self) -> None:
        """Find out first whether this lasts: a page for one client must not hold up all others."""
        self._slow = self._clock.callLater(BURST, super().pauseProducing)

    def resumeProducing(self) -> None:
        """Go on."""
        stop(self._slow)
        if self.congested:
            super().resumeProducing()

    def congestion_changed(self) -> None:
        for remote in list(self.connections.values()):
            remote.follow_congestion()

    # Sending.  What several connections get in one turn is sent once; each still gets everything
    # in order, because it is added only to data behind what it was sent last.

    def send(self, kind: Kind, whom: int = 0, payload: bytes = b"") -> None:
        if not self.is_lost:
            self._position += 1
            self._waiting.append(frame(kind, whom, payload))
            self.flush_soon()

    def deliver(self, to: RemoteTransport, data: bytes) -> None:
        """Send data to a connection."""
        found = self._pending.get(data)
        if found is None or found.position < to.latest:
            if self.is_lost:
                return
            self._position += 1
            found = self._pending[data] = _Data(data, self._position)
            self._waiting.append(found)
            self.flush_soon()
        to.latest = found.position
        found.numbers.append(to.number)

    def deliver_frame(self, to: RemoteTransport, kind: Kind) -> None:
        """Send a frame behind the data of a connection."""
        self.send(kind, to.number)
        to.latest = self._position

    def collected(self) -> list[bytes]:
        waiting, self._waiting = self._waiting, []
        self._pending.clear()
        return [bytes(one) for one in waiting]


class Links(ServerFactory):
    """The leading node's links to all other nodes."""

    noisy = False

    def __init__(self, node: str, secret: str, tls: TLS, clock: IReactorTime) -> None:
        self.node = node
        self.secret = secret.encode()
        self.chat: Chat | None = None  # while this node leads
        self.commands: Mapping[str, Command] = {}  # of administrators at other nodes
        self._tls = tls
        self._clock = clock
        self.when_left: Callable[[], object] = lambda: None
        self._ends: dict[str, LeadingEnd] = {}
        self._attempts = Addresses(0, ATTEMPTS, ATTEMPTS_WITHIN)

    @property
    def others(self) -> list[LeadingEnd]:
        """The nodes that relay, in the order of their names."""
        return [self._ends[name] for name in sorted(self._ends)]

    def buildProtocol(self, addr: IAddress | None) -> Any:
        if not self._may_try(getattr(addr, "host", "")):
            return None
        return self._tls.around(LeadingEnd(self, self._clock))

    def _may_try(self, address: str) -> bool:
        """Count an attempt to join, whose handshake is work, and return whether it is allowed."""
        if self._attempts.admit(address, self._clock.seconds()) is not None:
            return False
        self._attempts.gone(address)
        return True

    def refusal(self, version: object, node: str) -> str:
        """Return why a node cannot join, or an empty text."""
        if self.chat is None:
            return f"The node {self.node} does not lead the chat."
        if version != VERSION:
            return f"The leading node {self.node} speaks version {VERSION} of links."
        if node == self.node or node in self._ends:
            return f"There is a node {node} already. Give each node a name of its own with --node."
        return ""

    def joined(self, end: LeadingEnd) -> None:
        """Note a new node."""
        self._ends[end.node] = end
        self._count()
        _log.info("The node {node} has joined.", node=end.node)

    def left(self, end: LeadingEnd) -> None:
        """Note that a node is gone."""
        if self._ends.get(end.node) is end:
            del self._ends[end.node]
            self._count()
            _log.warn(
                "The node {node} is gone, with {count} connections.",
                node=end.node, count=len(end.connections),
            )  # fmt: skip
            self.when_left()

    def _count(self) -> None:
        if self.chat is not None:
            self.chat.nodes = 1 + len(self._ends)

    def leave(self) -> bool:
        """Let the other nodes send nobody here any more: another one is about to lead.

        Return whether there are others.
        """
        self.chat = None
        for end in list(self._ends.values()):
            end.send(Kind.LEAVING)
        return bool(self._ends)

    def close(self) -> None:
        """Disconnect all nodes, once everything is sent."""
        for end in list(self._ends.values()):
            end.close()

    def cut(self) -> None:
        """Disconnect all nodes at once."""
        for end in list(self._ends.values()):
            end.abort()


def _arrival(node: str, known: dict[str, Any]) -> Arrival:
    secure, tls_only = bool(known.get("secure")), bool(known.get("tls_only"))
    return Arrival(node, secure, str(known.get("fingerprint", "")), tls_only)


def _address(known: Any) -> IAddress:
    try:
        kind, host, port = known
        if kind == "unix":
            return UNIXAddress(None)
        version = ip_address(str(host)).version
        return (IPv4Address if version == 4 else IPv6Address)("TCP", str(host), int(port))
    except (TypeError, ValueError):
        raise Malformed from None
