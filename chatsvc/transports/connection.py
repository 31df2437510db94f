"""One connection from its first moment to its last, in any protocol."""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet import protocol
from twisted.internet.address import UNIXAddress
from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol, INegotiated
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.dialects.join_page import Address
from chatsvc.model.rate_limits import is_loopback
from chatsvc.model.requests import Refusal
from chatsvc.model.server_events import Goodbye
from chatsvc.model.text_rules import counted
from chatsvc.transports.gate import Gate
from chatsvc.transports.peer import address_of, pass_on, prepare

HEAD_WITHIN = 20.0  # seconds to send the head of an HTTP request
LAST_WORDS = 10.0  # seconds that a closing connection has to take what was sent
MOST_UNHEARD = 1 << 20  # bytes that are still read after the final answer


class Occupant(Protocol):
    """The protocol that a connection has at the moment."""

    def makeConnection(self, transport: Any) -> None: ...

    def dataReceived(self, data: bytes) -> None: ...

    def readConnectionLost(self) -> None: ...

    def end(self, goodbye: Goodbye) -> bool:
        """Close with a goodbye, unless the user has a name; return whether it closes."""


class ClientConnection:
    """The state of a connection; it is counted, and must lead to a name in time."""

    occupant: Any = None  # an Occupant; inside TLS, the one there
    transport: Any = None  # of the first occupant
    address = ""  # the peer's IP address, if it has one
    refusal: Refusal | None = None
    secure = False  # nobody can read the traffic
    fingerprint = ""  # SHA-256 of the certificate that the peer has sent inside TLS
    greeted = False
    language = ""  # as in --speaks, once it is known
    upgraded = False  # it became a WebSocket
    tls_only = False  # it came to a port for TLS only
    node = ""  # the node that has accepted it, if that is another one
    _known = False  # the peer's address
    _visits = False  # it loads pages, and does not count as a user
    _waiting: IDelayedCall | None = None  # until a connection without a name is closed

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    def begin(self, transport: Any, occupant: Occupant) -> None:
        """Start the connection; inside TLS it is the same one."""
        self.occupant = occupant
        if self.transport is not None:
            return
        self.transport = transport
        self.secure = self.secure or INegotiated.providedBy(transport)
        prepare(transport)
        self.gate.connections.add(self)
        self.arrive()
        self._wait_for_name()

    def arrive(self) -> bool:
        """Count or refuse the connection once its address is known; return whether it is."""
        if not self._known:
            address = address_of(self.transport)
            if address is not None:
                self._known, self.address = True, address
                self.refusal = self.gate.admit(self)
        return self._known

    def check(self, language: str) -> None:
        """Refuse a protocol that is not enabled, or that requires TLS."""
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

    def note_refusal(self, code: str | None = None) -> None:
        """Let the administrator know that this is refused, once that is certain."""
        if code is not None:
            self.gate.note_refusal(code, self.address)
        elif self.refusal is not None:
            self.gate.note_refusal(self.refusal.code, self.address)

    def visit(self) -> None:
        """Count the connection as one that loads pages instead of as a user's, or refuse it."""
        if not self._visits:
            self._visits = True
            self.refusal = self.gate.visit(self)
            self.due(HEAD_WITHIN)

    def shake_hands(self) -> None:
        """Count a TLS handshake, which is work even if nothing follows, or refuse it."""
        refusal = None if self.refusal is not None else self.gate.shake_hands(self)
        if refusal is not None:
            self.visit()  # so it does not count as a user
            self.refusal = refusal

    def join(self) -> None:
        """Count a connection that has loaded pages as a user's, or refuse it."""
        if self._visits:
            self._visits = False
            self.refusal = self.gate.join(self)
            self._wait_for_name()

    def _wait_for_name(self) -> None:
        self.leaving()
        within = self.gate.limits.name_within
        if within:
            self.due(
                within, f"You did not enter a name within {counted(within, 'second')}. Goodbye."
            )

    def due(self, within: float, words: str = "") -> None:
        """End the connection after these seconds, unless the next step is due by then."""
        stop(self._waiting)
        self._waiting = self.gate.clock.callLater(within, self._time_is_up, words)

    def _time_is_up(self, words: str) -> None:
        if words and self.gate.in_doubt:  # nothing is read, so the name may have been sent
            self.due(HEAD_WITHIN, words)
            return
        # After a stall, first read what has arrived meanwhile.
        self._waiting = self.gate.clock.callLater(0, self._end, words)

    def _end(self, words: str) -> None:
        closes = self.occupant.end(Goodbye(words))
        if closes and words:
            self.note_refusal("no-name")

    def hand_over(self, transport: Any, occupant: Any, data: bytes = b"") -> None:
        """Give the connection to another protocol, with what was received and not used."""
        self.occupant = occupant
        pass_on(transport, occupant)  # inside TLS, this changes the occupant
        if data:
            occupant.dataReceived(data)

    def _may_be_plain(self) -> bool:
        """Return whether TLS is not required of this peer, which may be on this machine."""
        return not self.tls_only and (not self.gate.require_tls or self.is_local())

    def is_local(self) -> bool:
        """Return whether the peer is on this machine."""
        return is_loopback(self.address) or isinstance(self.transport.getPeer(), UNIXAddress)

    def place(self) -> Address:
        """Return this chat's address, as far as it is known here, and how to join it from there."""
        plain = self._may_be_plain()
        port = getattr(self.transport.getHost(), "port", "PORT")
        return Address(port=port, speaks=self.gate.spoken(), plain=plain)

    def leaving(self) -> None:
        """Stop waiting for a name: the user is leaving."""
        stop(self._waiting)

    def gone(self) -> None:
        """Note that the connection is lost."""
        stop(self._waiting)
        if self.refusal is not None:
            self.gate.hub.measurements.refusals[self.refusal.code] += 1
        self.gate.gone(self)


def stop(timer: IDelayedCall | None) -> None:
    if timer is not None and timer.active():
        timer.cancel()


@implementer(IHalfCloseableProtocol)
class LastWords(protocol.Protocol):
    """Sends a final text and closes; reads and ignores what arrives meanwhile.

    If it were not read, the peer's system could discard the text (RFC 9112, 9.6).
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
            self.transport.loseConnection()  # TLS itself waits for the peer's close_notify
        else:
            self.transport.loseWriteConnection()

    def _give_up(self) -> None:
        self.transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        self._unheard += len(data)
        if self._unheard > MOST_UNHEARD:
            self._give_up()

    def readConnectionLost(self) -> None:
        """Close once everything is sent: the peer sends nothing more."""
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Note that everything is sent."""

    def end(self, goodbye: Goodbye) -> bool:
        """Do nothing: it is closing already."""
        return False

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        stop(self._timer)
        self._arrival.gone()
