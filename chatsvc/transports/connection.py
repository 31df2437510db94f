"""One connection from its first moment to its last, whatever is spoken on it."""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet import protocol
from twisted.internet.address import UNIXAddress
from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol, INegotiated
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.dialects.join_page import Address
from chatsvc.model.rate_limits import is_loopback
from chatsvc.model.requests import Refusal
from chatsvc.model.text_rules import counted
from chatsvc.transports.gate import Gate
from chatsvc.transports.peer import address_of, prepare

LAST_WORDS = 10.0  # seconds that a closed connection has to take what was sent
MOST_UNHEARD = 1 << 20  # bytes that are still read from somebody who was answered for good


class Occupant(Protocol):
    """The protocol that a connection has at the moment."""

    def makeConnection(self, transport: Any) -> None: ...

    def dataReceived(self, data: bytes) -> None: ...

    def readConnectionLost(self) -> None: ...

    def end(self, words: str) -> None:
        """Close, with these words if there is anybody who reads them and has no name yet."""


class ClientConnection:
    """What is known of a connection; it is counted, and must lead to a name in time."""

    occupant: Any = None  # an Occupant; inside TLS, the one there
    transport: Any = None  # of the first occupant
    address = ""  # the peer's IP address, if it has one
    refusal: Refusal | None = None
    secure = False  # what is said cannot be read on the way
    fingerprint = ""  # SHA-256 of the certificate that the peer has shown inside TLS
    greeted = False
    tls_only = False  # it came to a port for TLS alone
    _known = False  # where the peer is
    _waiting: IDelayedCall | None = None  # until somebody without a name is closed

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    def begin(self, transport: Any, occupant: Occupant) -> None:
        """The connection is made; inside TLS it is the same one."""
        self.occupant = occupant
        if self.transport is not None:
            return
        self.transport = transport
        self.secure = INegotiated.providedBy(transport)
        prepare(transport)
        self.gate.connections.add(self)
        self.arrive()
        clock, within = self.gate.clock, self.gate.limits.name_within
        if within:
            self._waiting = clock.callLater(within, self._time_is_up, within)

    def arrive(self) -> bool:
        """Be counted in or refused, once it is known where the peer is; says whether it is."""
        if not self._known:
            address = address_of(self.transport)
            if address is not None:
                self._known, self.address = True, address
                self.refusal = self.gate.admit(self)
        return self._known

    def check(self, language: str) -> None:
        """Refuse what is not spoken here, or not without TLS."""
        gate = self.gate
        if self.refusal is not None:
            return
        if not gate.understands(language):
            spoken = ", ".join(gate.spoken())
            text = f"This chat does not accept {language}. It accepts {spoken}."
            self.refusal = Refusal("not-spoken", text)
        elif language != "tls" and not self.secure and not self._may_be_plain():
            text = f"This chat requires TLS: {self.place().by_hand()}"
            self.refusal = Refusal("tls-needed", text)

    def _time_is_up(self, within: float) -> None:
        # After a stall, read first what has come meanwhile.
        self._waiting = self.gate.clock.callLater(0, self._end, within)

    def _end(self, within: float) -> None:
        self.occupant.end(f"You did not enter a name within {counted(within, 'second')}. Goodbye.")

    def hand_over(self, transport: Any, occupant: Any, data: bytes = b"") -> None:
        """Let another protocol have the connection, and what was received on it and not used."""
        holder = "wrappedProtocol" if isinstance(transport, ProtocolWrapper) else "protocol"
        setattr(transport, holder, occupant)
        self.occupant = occupant
        occupant.makeConnection(transport)  # inside TLS, that makes another one the occupant
        if data:
            occupant.dataReceived(data)

    def _may_be_plain(self) -> bool:
        """Whether TLS is not required of this peer, who may be on this very machine."""
        if self.tls_only:
            return False
        if not self.gate.require_tls or is_loopback(self.address):
            return True
        return isinstance(self.transport.getPeer(), UNIXAddress)

    def place(self) -> Address:
        """Where this chat is, as far as is known here, and how it may be joined from there."""
        plain = self._may_be_plain()
        port = getattr(self.transport.getHost(), "port", "PORT")
        return Address(port=port, speaks=self.gate.spoken(), plain=plain)

    def leaving(self) -> None:
        """Somebody is leaving, and need not say their name any more."""
        stop(self._waiting)

    def gone(self) -> None:
        """The connection is lost."""
        stop(self._waiting)
        self.gate.gone(self)


def stop(timer: IDelayedCall | None) -> None:
    if timer is not None and timer.active():
        timer.cancel()


@implementer(IHalfCloseableProtocol)
class LastWords(protocol.Protocol):
    """Says one thing, and closes; what comes meanwhile is read, and not obeyed.

    If it were not read, the peer's system could throw away what was said (RFC 9112, 9.6).
    """

    transport: Any
    _unheard = 0

    def __init__(self, arrival: ClientConnection, words: bytes) -> None:
        self._arrival, self._words = arrival, words

    def connectionMade(self) -> None:
        self._arrival.leaving()
        self._timer = self._arrival.gate.clock.callLater(LAST_WORDS, self._give_up)
        self.transport.write(self._words)
        if self._arrival.secure:
            self.transport.loseConnection()  # TLS waits for the peer's farewell by itself
        else:
            self.transport.loseWriteConnection()

    def _give_up(self) -> None:
        self.transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        self._unheard += len(data)
        if self._unheard > MOST_UNHEARD:
            self._give_up()

    def readConnectionLost(self) -> None:
        """The peer has nothing to say: once everything is sent, both are done."""
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Everything is sent."""

    def end(self, words: str) -> None:
        """It is closing already."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        stop(self._timer)
        self._arrival.gone()
