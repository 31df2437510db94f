"""What both ends of a link have in common: frames, sent together, and noticing a silent peer.

A frame is its length (4 bytes), its kind (1 byte), the number of a connection (4 bytes), and a
payload.  `DATA` from the leading node has a count of connections in place of the number; their
numbers precede the data, so what many read is sent once.
"""

from __future__ import annotations

import json
import struct
from enum import IntEnum
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import Int32StringReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.transports.connection import stop

VERSION = 1  # of these frames; both ends must have the same
LONGEST = 1 << 20  # bytes of a frame
PIECE = 1 << 18  # bytes of one connection in a frame
BEAT = 1.0  # seconds between pings
SILENCE = 8.0  # seconds without any data, after which the peer is taken for lost
READY_WITHIN = 5.0  # seconds in which a link must be ready to be used
CLOSED_WITHIN = 2.0  # seconds that a link which is closed has to send the rest

_HEAD = struct.Struct("!IBI")
_WHAT = struct.Struct("!BI")
_TIME = struct.Struct("!d")

_log = Logger()


class Malformed(Exception):
    """A frame that no node sends."""


class Kind(IntEnum):
    """What a frame says."""

    HELLO = 1  # to the leading node: JSON with the version, the secret and the node's name
    WELCOME = 2
    REFUSED = 3  # why, in words
    PING = 4
    PONG = 5  # with the payload of the ping
    LEAVING = 6  # this node stops: say goodbye to all its connections; or send it no new ones
    ARRIVED = 7  # a new connection: JSON with what is known about it
    DATA = 8
    ENDED = 9  # the peer of the connection sends nothing more; or send it nothing more
    GONE = 10  # the connection is lost
    CLOSE = 11  # close it once everything is sent
    ABORT = 12  # close it at once
    HOLD = 13  # read nothing more from it; or it takes no more data
    GO_ON = 14
    ASK = 15  # to the leading node: an administrator's request, with a number of its own
    PART = 16  # the beginning of what follows in the next frame about this request
    ANSWER = 17  # a report about this request, or the answer: as on the control socket


_KINDS = {int(kind): kind for kind in Kind}


def frame(kind: Kind, whom: int = 0, payload: bytes = b"") -> bytes:
    """Return a frame."""
    return _HEAD.pack(_WHAT.size + len(payload), kind, whom) + payload


def addressed(numbers: list[int], data: bytes) -> bytes:
    """Return a frame with data for several connections."""
    count = len(numbers)
    return frame(Kind.DATA, count, struct.pack(f"!{count}I", *numbers) + data)


def addressees(count: int, payload: bytes) -> tuple[tuple[int, ...], bytes]:
    """Return the numbers of the connections, and the data, of such a frame."""
    end = 4 * count
    if end > len(payload):
        raise Malformed
    return struct.unpack(f"!{count}I", payload[:end]), payload[end:]


def facts(payload: bytes) -> dict[str, Any]:
    """Return the JSON object of a frame."""
    try:
        read = json.loads(payload)
    except (ValueError, RecursionError):
        raise Malformed from None
    if not isinstance(read, dict):
        raise Malformed
    return read


def _parts(received: bytes) -> tuple[Kind, int, bytes]:
    if len(received) < _WHAT.size:
        raise Malformed
    number, whom = _WHAT.unpack_from(received)
    kind = _KINDS.get(number)
    if kind is None:
        raise Malformed
    return kind, whom, received[_WHAT.size :]


def _time(payload: bytes) -> float:
    if len(payload) != _TIME.size:
        raise Malformed
    (seconds,) = _TIME.unpack(payload)
    return float(seconds)


@implementer(IPushProducer)
class LinkEnd(Int32StringReceiver):
    """One end of a link."""

    MAX_LENGTH = LONGEST
    transport: Any

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._unsent: list[bytes] = []
        self._flushing: IDelayedCall | None = None
        self._due: IDelayedCall | None = None  # until it must be ready, or closed
        self._pulse: IDelayedCall | None = None
        self._heard = clock.seconds()
        self._is_closing = False
        self.congested = False  # the peer is slow to read
        self.lag = 0.0  # seconds that the last ping took, there and back
        self.is_lost = False

    # For subclasses

    def frame_received(self, kind: Kind, whom: int, payload: bytes) -> None:
        """Act on a frame, or raise `Malformed`."""
        raise NotImplementedError

    def congestion_changed(self) -> None:
        """Note that `congested` has changed."""
        raise NotImplementedError

    # Opening and closing

    def connectionMade(self) -> None:
        self._abort_after(READY_WITHIN)

    def begin(self) -> None:
        """Send pings from now on, and expect data."""
        self.transport.setTcpNoDelay(True)  # TLS passes this on to TCP
        self.transport.registerProducer(self, True)
        self._heard = self._clock.seconds()
        self._beat()

    def is_ready(self) -> None:
        """Note that the link can be used."""
        stop(self._due)

    def _beat(self) -> None:
        if self._clock.seconds() - self._heard > SILENCE:
            # After a stall of this process, read first what has come meanwhile.
            self._pulse = self._clock.callLater(0, self._look_again)
            return
        self.send(Kind.PING, 0, _TIME.pack(self._clock.seconds()))
        self._pulse = self._clock.callLater(BEAT, self._beat)

    def _look_again(self) -> None:
        if self._clock.seconds() - self._heard > SILENCE:
            self.abort()
        else:
            self._beat()

    def close(self) -> None:
        """Close once everything is sent; abort if that takes long."""
        if self._is_closing or self.is_lost:
            return
        self._flush()
        self._is_closing = True
        if self._pulse is not None:
            stop(self._pulse)
            self.transport.unregisterProducer()  # TLS closes nothing while there is one
        self.transport.loseConnection()
        self._abort_after(CLOSED_WITHIN)

    def abort(self) -> None:
        """Close at once; nothing more is read."""
        self._is_closing = True
        self.transport.abortConnection()

    def _abort_after(self, seconds: float) -> None:
        stop(self._due)
        self._due = self._clock.callLater(seconds, self._time_is_up)

    def _time_is_up(self) -> None:
        # After a stall of this process, read first what has come meanwhile.
        self._due = self._clock.callLater(0, self.abort)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.is_lost = True
        for timer in (self._flushing, self._due, self._pulse):
            stop(timer)

    # Frames

    def dataReceived(self, data: bytes) -> None:
        if self._is_closing:
            return
        self._heard = self._clock.seconds()
        super().dataReceived(data)

    def lengthLimitExceeded(self, length: int) -> None:
        self.abort()

    def stringReceived(self, string: bytes) -> None:
        if self._is_closing:
            return
        try:
            self._act(*_parts(string))
        except Malformed:
            if self._pulse is not None:
                _log.warn("A node has sent a malformed frame; the link to it is closed.")
            self.abort()

    def _act(self, kind: Kind, whom: int, payload: bytes) -> None:
        if kind is Kind.PING and self._pulse is not None:
            self.send(Kind.PONG, 0, payload)
        elif kind is Kind.PONG and self._pulse is not None:
            self.lag = self._heard - _time(payload)
        else:
            self.frame_received(kind, whom, payload)

    def send(self, kind: Kind, whom: int = 0, payload: bytes = b"") -> None:
        """Send a frame in this turn of the reactor, together with others."""
        if self.is_lost:
            return
        self._unsent.append(frame(kind, whom, payload))
        self.flush_soon()

    def flush_soon(self) -> None:
        """Send what is collected when everything that is ready has run."""
        if self._flushing is None:
            self._flushing = self._clock.callLater(0, self._flush)

    def _flush(self) -> None:
        stop(self._flushing)
        self._flushing = None
        data, self._unsent = b"".join(self.collected()), []
        if data:
            self.transport.write(data)

    def collected(self) -> list[bytes]:
        """Return what is to be sent."""
        return self._unsent

    # The transport's flow control

    def pauseProducing(self) -> None:
        """Note that much waits to be sent."""
        self.congested = True
        self.congestion_changed()

    def resumeProducing(self) -> None:
        """Note that everything was sent."""
        self.congested = False
        self.congestion_changed()

    def stopProducing(self) -> None:
        """Do nothing: `connectionLost` follows."""
