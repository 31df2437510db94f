"""A link with strangers, or with nodes that send malformed frames, and how links close."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from conftest import Transport
from links import SECRET, Nodes, Wire, joined
from OpenSSL import crypto
from tlspeople import CERTIFICATE
from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import CertificateOptions
from twisted.logger import LogEvent, globalLogPublisher
from twisted.protocols.tls import TLSMemoryBIOFactory

from chatsvc.transports.link.frames import (
    CLOSED_WITHIN,
    LONGEST,
    READY_WITHIN,
    VERSION,
    Kind,
    LinkEnd,
    frame,
)
from chatsvc.transports.link.leading import ATTEMPTS, ATTEMPTS_WITHIN, LONGEST_HELLO, LeadingEnd
from chatsvc.transports.selfsigned import make
from chatsvc.transports.tls import TLS

NOBODY = IPv4Address("TCP", "198.51.100.7", 5000)


def hello(**changes: object) -> bytes:
    facts = {"version": VERSION, "secret": SECRET, "node": "c", "software": "1", **changes}
    return frame(Kind.HELLO, 0, json.dumps(facts).encode())


def arrived(**changes: object) -> bytes:
    facts = {
        "peer": ["tcp", "192.0.2.1", 5], "host": ["tcp", "192.0.2.2", 6], "node": "",
        "secure": False, "fingerprint": "", "tls_only": False, **changes,
    }  # fmt: skip
    return json.dumps(facts).encode()


class Stranger(Protocol):
    """Connects to the leading node, and reads what it answers."""

    transport: Wire

    def __init__(self, nodes: Nodes) -> None:
        self.read = b""
        self.lost = False
        self.nodes = nodes
        self.leading = LeadingEnd(nodes.links, nodes.clock)
        self.here, self.there = joined(self, self.leading)

    def dataReceived(self, data: bytes) -> None:
        self.read += data

    def connectionLost(self, reason: Any = None) -> None:
        self.lost = True

    def send(self, *data: bytes) -> bytes:
        """Send data; return what is answered."""
        self.here.write(b"".join(data))
        self.nodes.turn()
        while self.here.carry() or self.there.carry():
            self.nodes.turn()
        read, self.read = self.read, b""
        return read


@pytest.fixture
def log() -> Any:
    """Everything that is logged."""
    events: list[LogEvent] = []
    globalLogPublisher.addObserver(events.append)  # type: ignore[arg-type]
    yield events
    globalLogPublisher.removeObserver(events.append)  # type: ignore[arg-type]


# Strangers


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n",
        b"\0\0\0\0",
        b"\xff" * 100,
        struct.pack("!I", LONGEST_HELLO + 1),
        frame(Kind.HELLO, 0, b"x" * (LONGEST_HELLO + 1)),
        frame(Kind.HELLO),
        frame(Kind.HELLO, 0, b"[" * 4000),
        frame(Kind.HELLO, 0, b"9" * 4000),
        frame(Kind.HELLO, 0, b"[]"),
        frame(Kind.HELLO, 0, b"\xff"),
        frame(Kind.PING, 0, b"\0" * 8),
        frame(Kind.ARRIVED, 1, arrived()),
        frame(Kind.LEAVING),
        hello(secret="wrong"),
        hello(secret=None),
        hello(secret=[SECRET]),
        hello(secret="\ud800"),
        hello(secret="wrong") + hello(),
        hello(node=""),
        hello(node=5),
    ],
)
def test_a_stranger_is_disconnected_without_an_answer(sent: bytes, log: list[LogEvent]) -> None:
    nodes = Nodes()
    log.clear()
    ann, stranger = nodes.join("ann"), Stranger(nodes)
    assert stranger.send(sent) == b""
    assert stranger.lost
    assert log == []
    assert "ann" in "\n".join(ann.send("/who"))
    assert list(nodes.links._ends) == ["b"]


@pytest.mark.parametrize("sent", [b"", b"\0", struct.pack("!I", 4000) + b"\1" + b"x" * 3000])
def test_a_stranger_who_says_nothing_complete_is_disconnected(sent: bytes) -> None:
    nodes = Nodes()
    stranger = Stranger(nodes)
    stranger.send(sent)
    nodes.clock.advance(READY_WITHIN - 0.1)
    stranger.send(b"")
    assert not stranger.lost
    nodes.clock.advance(0.2)
    stranger.send(b"")
    assert stranger.lost


def test_a_stranger_cannot_fill_the_memory() -> None:
    nodes = Nodes()
    stranger = Stranger(nodes)
    for _ in range(100):
        stranger.leading.dataReceived(b"\0\0\0\x09\x04" + b"\0" * 8 + b"\xff" * 65_000)
    assert len(stranger.leading._unprocessed) < 200_000
    assert stranger.there.value() == b""


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"node": "b"}, "There is a node b already. Give each node a name of its own with --node."),
        ({"node": "a"}, "There is a node a already. Give each node a name of its own with --node."),
        ({"version": VERSION + 1}, f"The leading node a speaks version {VERSION} of links."),
        ({"version": [{}]}, f"The leading node a speaks version {VERSION} of links."),
    ],
)
def test_a_node_that_cannot_join_is_told_why(changes: dict[str, Any], reason: str) -> None:
    nodes = Nodes()
    stranger = Stranger(nodes)
    answer = stranger.send(hello(**changes), hello(), frame(Kind.ARRIVED, 1, arrived()))
    assert answer == frame(Kind.REFUSED, 0, reason.encode())
    assert stranger.lost
    assert list(nodes.links._ends) == ["b"]
    assert nodes.leading.connections == {}


def test_a_refused_node_learns_the_reason() -> None:
    nodes = Nodes()
    twin = nodes.relaying("b")
    here, there = joined(twin, LeadingEnd(nodes.links, nodes.clock))
    twin.handshakeCompleted()
    nodes.turn()
    while here.carry() or there.carry():
        nodes.turn()
    taken = "There is a node b already. Give each node a name of its own with --node."
    assert nodes.reasons == [taken]


def test_nodes_join_after_a_lost_link() -> None:
    nodes = Nodes()
    nodes.here.cut()
    assert nodes.links._ends == {}
    nodes.link()
    assert list(nodes.links._ends) == ["b"]


def test_an_address_has_only_so_many_attempts() -> None:
    nodes = Nodes()
    allowed = [nodes.links.buildProtocol(NOBODY) is not None for _ in range(ATTEMPTS + 5)]
    assert allowed == [True] * ATTEMPTS + [False] * 5
    assert nodes.links.buildProtocol(IPv4Address("TCP", "192.0.2.5", 5000)) is not None
    nodes.clock.advance(ATTEMPTS_WITHIN + 0.1)
    assert nodes.links.buildProtocol(NOBODY) is not None


# The secret


def test_the_secret_is_told_only_to_the_node_that_has_announced_itself() -> None:
    nodes = Nodes()
    end = nodes.relaying("c")
    here, _ = joined(end, Stranger(nodes))
    other = make()
    here.getPeerCertificate = lambda: _certificate(other)  # type: ignore[method-assign]
    end.handshakeCompleted()
    nodes.turn()
    assert here.value() == b""
    assert here.disconnecting
    here.cut()
    assert nodes.reasons == ["It is not the node that leads the chat."]


def test_the_secret_is_never_logged(log: list[LogEvent]) -> None:
    nodes = Nodes()
    for sent in (hello(), hello(node="b"), hello(secret="wrong"), frame(Kind.DATA, 5, b"x")):
        Stranger(nodes).send(sent)
    Stranger(nodes).send(hello(node="d"), frame(Kind.ARRIVED, 1, hello()))
    nodes.here.cut()
    assert log
    assert SECRET not in repr(log)
    assert SECRET not in repr(nodes.leader)


def _certificate(pem: bytes) -> Any:
    return crypto.load_certificate(crypto.FILETYPE_PEM, pem)


# Malformed frames

MALFORMED = [
    b"\0\0\0\0",
    b"\0\0\0\3abc",
    struct.pack("!IBI", 5, 0, 1),
    struct.pack("!IBI", 5, 99, 1),
    struct.pack("!I", LONGEST + 1),
    b"\xff" * 20,
    frame(Kind.PONG),
    frame(Kind.PONG, 0, b"123456789"),
]
ARRIVALS = [
    b"", b"[", b"[]", b"[" * 100_000, b"5" * 100_000, b"\xff", arrived(peer=None),
    arrived(peer="tcp"), arrived(peer=[]), arrived(host=["tcp", 1, 2, 3]),
    arrived(peer=["tcp", "no address", 5]), arrived(peer=["tcp", "192.0.2.1", "port"]),
    arrived(host=["tcp", None, 5]), arrived(peer=["tcp", "192.0.2.1", None]),
]  # fmt: skip
OF_RELAYS = [
    *MALFORMED,
    *(frame(Kind.ARRIVED, 9, payload) for payload in ARRIVALS),
    frame(Kind.ARRIVED, 1, arrived()),  # a number that is in use
]
OF_LEADERS = [
    *MALFORMED,
    frame(Kind.DATA, 1, b"abc"),
    frame(Kind.DATA, 0xFFFFFFFF, b"abcdefgh"),
    frame(Kind.DATA, 1 << 20, b"abcdefgh"),
]


@pytest.mark.parametrize("sent", OF_RELAYS)
def test_a_malformed_frame_closes_the_link_at_the_leading_node(sent: bytes) -> None:
    nodes = Nodes()
    ann = nodes.join("ann")
    node = Stranger(nodes)
    node.send(hello(), frame(Kind.ARRIVED, 1, arrived()), frame(Kind.DATA, 1, b"carl\n"))
    assert list(node.leading.connections) == [1]
    ann.read()
    node.send(sent, frame(Kind.ARRIVED, 2, arrived()), frame(Kind.DATA, 1, b"unheard\n"))
    nodes.turn()
    assert node.lost
    assert node.leading.connections == {}
    assert ann.read() == ["* carl left."]
    assert list(nodes.links._ends) == ["b"]
    assert len(nodes.chat.factory.connections) == 1


@pytest.mark.parametrize("sent", OF_LEADERS)
def test_a_malformed_frame_closes_the_link_at_the_other_node(sent: bytes) -> None:
    nodes = Nodes()
    ann = nodes.join("ann")
    ann.received()
    nodes.there.write(sent + frame(Kind.DATA, 1, struct.pack("!I", 1) + b"unheard"))
    nodes.carry()
    assert ann.received() == b""
    assert nodes.here.lost
    assert ann.closed
    assert nodes.end.connections == {}
    assert nodes.relay.link is None


@pytest.mark.parametrize("kind", list(Kind))
def test_frames_of_unknown_connections_are_ignored(kind: Kind) -> None:
    nodes = Nodes()
    ann, payload = nodes.join("ann"), b"\0" * 8
    if kind is not Kind.ARRIVED:
        nodes.here.write(frame(kind, 77, payload))
    if kind is not Kind.DATA:
        nodes.there.write(frame(kind, 77, payload))
    nodes.carry()
    assert not nodes.here.lost
    assert list(nodes.leading.connections) == [1] or kind is Kind.LEAVING
    assert kind is Kind.LEAVING or ann.send("/who")


def test_a_connection_that_names_no_protocol_of_the_internet_is_accepted() -> None:
    nodes = Nodes()
    node = Stranger(nodes)
    answer = node.send(
        hello(),
        frame(Kind.ARRIVED, 1, arrived(peer=["unix", "", 0], host=["unix", "", 0])),
        frame(Kind.DATA, 1, b"ann\n"),
        frame(Kind.ARRIVED, 2, arrived(peer=["tcp", "2001:db8::1", 5])),
        frame(Kind.DATA, 2, b"bob\n"),
    )
    assert b"Welcome" in answer
    assert {each.address for each in nodes.chat.factory.connections} == {"", "2001:db8::1"}


# Closing


class Secure:
    """A link over TLS, in memory."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.end = nodes.relaying("c")
        tls = TLSMemoryBIOFactory(
            CertificateOptions(), True, Factory.forProtocol(Protocol), nodes.clock
        )
        self.leading: Any = nodes.links.buildProtocol(NOBODY)
        outside = tls.protocol(tls, self.end)
        self.leader: LeadingEnd = self.leading.wrappedProtocol
        self.here, self.there = joined(outside, self.leading)
        self.carry()

    def carry(self) -> None:
        self.nodes.turn()
        while self.here.carry() or self.there.carry():
            self.nodes.turn()


def test_a_link_over_tls_begins_and_carries_people() -> None:
    nodes = Nodes()
    nodes.here.cut()
    secure = Secure(nodes)
    ann = nodes.connect()
    ann.protocol.dataReceived(b"ann\n")
    secure.carry()
    assert b"Welcome" in ann.received()


@pytest.mark.parametrize("who", ["leader", "end"])
def test_closing_a_link_over_tls_ends_it_on_both_sides(who: str) -> None:
    nodes = Nodes()
    secure = Secure(nodes)
    one: LinkEnd = getattr(secure, who)
    assert not one.is_lost
    one.send(Kind.REFUSED, 77, b"sent before")
    one.close()
    secure.carry()
    assert (secure.end.is_lost, secure.leader.is_lost) == (True, True)
    assert nodes.reasons == ["sent before" if who == "leader" else "It has closed the link."]


def test_all_links_close() -> None:
    nodes = Nodes()
    secure = Secure(nodes)
    nodes.links.close()
    secure.carry()
    nodes.carry()
    assert (secure.end.is_lost, nodes.end.is_lost) == (True, True)
    assert nodes.links._ends == {}


def test_closing_does_not_wait_for_a_peer_that_stands_still() -> None:
    nodes = Nodes()
    secure = Secure(nodes)
    secure.end.close()
    nodes.clock.pump([CLOSED_WITHIN, 0.1])
    assert secure.here.disconnecting
    assert secure.here.value() == b""  # aborted


def test_a_leader_that_does_not_answer_is_given_up() -> None:
    nodes = Nodes()
    end = nodes.relaying("c")
    here, _ = joined(end, Protocol())
    nodes.clock.pump([READY_WITHIN, 0.1])  # even without the end of a handshake
    assert here.disconnecting


def test_a_peer_that_is_refused_and_never_closes_is_aborted() -> None:
    nodes = Nodes()
    tls = TLS(CERTIFICATE, nodes.clock)
    leading = LeadingEnd(nodes.links, nodes.clock)
    transport = Transport()
    tls.around(leading).makeConnection(transport)
    leading.dataReceived(hello(node="b"))
    nodes.clock.pump([READY_WITHIN, 0.1])
    assert transport.disconnecting
