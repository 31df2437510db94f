"""The transport of a connection that another node has accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from twisted.internet.error import ConnectionAborted
from twisted.internet.interfaces import (
    IAddress,
    IConsumer,
    IHalfCloseableProtocol,
    IPushProducer,
    IReactorTime,
    ITransport,
)
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.transports.link.frames import PIECE, Kind

UNREAD = 65_536  # bytes that wait for a paused protocol, beyond which nothing more is read
ONCE = 65_536  # bytes that a protocol gets in one turn, as from a TCP connection

_log = Logger()


class End(Protocol):
    """The link that such a connection is part of."""

    congested: bool

    def send(self, kind: Kind, whom: int = 0, payload: bytes = b"") -> None: ...

    def deliver(self, to: RemoteTransport, data: bytes) -> None:
        """Send data to a connection; what several get is sent once."""

    def deliver_frame(self, to: RemoteTransport, kind: Kind) -> None:
        """Send a frame behind the data of a connection."""

    def forget(self, number: int) -> None:
        """Forget a connection: nothing more comes from it."""


@implementer(ITransport, IConsumer, IPushProducer)
class RemoteTransport:
    """Behaves to a protocol like a TCP connection, which is at another node.

    Pausing costs no frame until much has arrived.
    """

    __slots__ = (
        "_clock", "_end", "_ended", "_gone", "_held", "_host", "_is_full", "_paused", "_peer",
        "_producer", "_reading", "_unread", "connected", "disconnecting", "latest", "number",
        "protocol",
    )  # fmt: skip

    def __init__(
        self, end: End, number: int, peer: IAddress, host: IAddress, clock: IReactorTime
    ) -> None:
        self.protocol: Any = None
        self.connected = True
        self.disconnecting = False
        self.number = number
        self.latest = 0  # the position of what was sent to it last, which orders what is sent
        self._end = end
        self._clock = clock
        self._peer, self._host = peer, host
        self._producer: Any = None
        self._is_full = False  # the peer takes no more data
        self._paused = False
        self._held = False  # the other node does not read from the peer
        self._ended = False  # the peer sends nothing more
        self._gone = False  # nor is there a peer to send anything to
        self._reading = False  # what is unread is passed on soon
        self._unread = bytearray()

    # What a protocol calls

    def getPeer(self) -> IAddress:
        """Return the address of the client."""
        return self._peer

    def getHost(self) -> IAddress:
        """Return the address at which the other node has accepted it."""
        return self._host

    def write(self, data: bytes) -> None:
        """Send data."""
        if not self.connected or self.disconnecting or not data:
            return
        if len(data) <= PIECE:
            self._end.deliver(self, data)
            return
        for start in range(0, len(data), PIECE):
            self._end.deliver(self, data[start : start + PIECE])

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Send several pieces of data."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """Close once everything is sent; nothing more is read."""
        if self.connected and not self.disconnecting:
            self.disconnecting = True
            self._say(Kind.CLOSE)
            if self._gone:
                self._clock.callLater(0, self.lost)

    def loseWriteConnection(self) -> None:
        """End this half once everything is sent."""
        self._say(Kind.ENDED)

    def abortConnection(self) -> None:
        """Close at once."""
        if self.connected:
            self.disconnecting = True
            self._say(Kind.ABORT)
            self._end.forget(self.number)
            self._clock.callLater(0, self.lost, Failure(ConnectionAborted()))

    def pauseProducing(self) -> None:
        """Read nothing more."""
        self._paused = True

    def resumeProducing(self) -> None:
        """Read again, beginning in the next turn."""
        if self._paused:
            self._paused = False
            if self._unread or self._ended or self._gone:
                self._read_soon()

    def stopProducing(self) -> None:
        """Close."""
        self.loseConnection()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Tell a push producer when to pause."""
        assert streaming, "a pull producer would be called for each of many small frames"
        self._producer = producer
        if self._is_slow():
            producer.pauseProducing()

    def unregisterProducer(self) -> None:
        """Tell it no more."""
        self._producer = None

    def _say(self, kind: Kind) -> None:
        if self.connected:
            self._end.deliver_frame(self, kind)

    # What the link calls

    def begin(self, protocol: Any) -> None:
        """Give the connection to a protocol."""
        self.protocol = protocol
        self._safely(protocol.makeConnection, self)

    def receive(self, data: bytes) -> None:
        """Pass on what the client has sent."""
        if self.disconnecting:
            return
        if not self._paused and not self._unread:
            self._safely(self.protocol.dataReceived, data)
            return
        self._unread += data
        if not self._held and len(self._unread) > UNREAD:
            self._held = True
            self._end.send(Kind.HOLD, self.number)

    def _read_soon(self) -> None:
        if not self._reading:
            self._reading = True
            self._clock.callLater(0, self._read_on)

    def _read_on(self) -> None:
        self._reading = False
        if self._paused or not self.connected or self.disconnecting:
            return
        data = bytes(self._unread[:ONCE])
        del self._unread[:ONCE]
        if self._held and not self._unread:
            self._held = False
            self._end.send(Kind.GO_ON, self.number)
        if data:
            self._safely(self.protocol.dataReceived, data)
        if self._unread:
            self._read_soon()
        else:
            self._nothing_follows()

    def _nothing_follows(self) -> None:
        """End the connection after what was read, as far as it has ended."""
        if self._ended:
            self.end()
        if self._gone and not self._paused:
            self.lost()

    def end(self) -> None:
        """Note that the client sends nothing more."""
        self._ended = True
        if self._paused or self._unread or self.disconnecting:
            return
        self._ended = False
        if IHalfCloseableProtocol.providedBy(self.protocol):
            self._safely(self.protocol.readConnectionLost)
        else:
            self.loseConnection()

    def filled(self) -> None:
        """Note that nothing more can be sent for now."""
        self._is_full = True
        self.follow_congestion()

    def emptied(self) -> None:
        """Note that everything was taken."""
        self._is_full = False
        self.follow_congestion()

    def follow_congestion(self) -> None:
        """Tell the producer whether it can produce."""
        if self._producer is None or not self.connected:
            return
        if self._is_slow():
            self._safely(self._producer.pauseProducing)
        else:
            self._safely(self._producer.resumeProducing)

    def gone(self) -> None:
        """Note that the client is gone.

        What it has sent is read first, as from a TCP connection; but not if the protocol waits for
        the client to take something.
        """
        if self._unread and not self.disconnecting and not self._is_slow():
            self._gone = True
        else:
            self.lost()

    def _is_slow(self) -> bool:
        return self._is_full or self._end.congested

    def lost(self, reason: Failure = connectionDone) -> None:
        """Note that the connection is lost; what has come before is still read."""
        if not self.connected:
            return
        self._end.forget(self.number)
        data, self._unread = bytes(self._unread), bytearray()
        if data and not self.disconnecting:
            self._safely(self.protocol.dataReceived, data)
        self.connected = False
        self._safely(self.protocol.connectionLost, reason)

    def _safely(self, act: Callable[..., object], *arguments: object) -> None:
        try:
            act(*arguments)
        except Exception:
            _log.failure("A connection failed and was closed")
            self.abortConnection()
