"""HTTP connections, parsed by `twisted.web`: within limits of their own, one request at a time."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel, Request
from zope.interface import implementer

from chatsvc.dialects.join_page import METHODS, answer
from chatsvc.model import costs
from chatsvc.model.server_events import Goodbye
from chatsvc.transports.connection import HEAD_WITHIN, ClientConnection, LastWords, stop
from chatsvc.transports.web.reply import Reply
from chatsvc.transports.web.site import Site
from chatsvc.transports.websocket.handshake import Head
from chatsvc.transports.websocket.opening import is_known_place, opened

KEEP_ALIVE = 5.0  # seconds that a connection waits for its next request

READ_WITHIN = 20.0  # seconds in which a slow reader has to take what fills the buffer

_log = Logger()

_TOO_LONG = "431 Request Header Fields Too Large"


class PageRequest(Request):
    """A request whose head is complete."""

    channel: Any
    lost = False  # nobody waits for the answer any more

    def connectionLost(self, reason: Failure) -> None:
        """Note that the connection is lost."""
        self.lost = True
        super().connectionLost(reason)

    def process(self) -> None:
        self.channel.process(self)

    def head(self) -> Head:
        """Return what was received."""
        line = b" ".join((self.method, self.uri, self.clientproto)).decode("latin-1")
        fields = {
            name.decode("latin-1").lower(): [value.decode("latin-1") for value in values]
            for name, values in self.requestHeaders.getAllRawHeaders()
        }
        return Head(line, fields)

    def send(self, reply: Reply) -> None:
        """Answer."""
        self.setResponseCode(reply.status)
        headers = dict(reply.headers)
        if reply.status != 304:
            headers["Content-Length"] = str(len(reply.body))
        for name, value in headers.items():
            self.responseHeaders.setRawHeaders(name, [value])
        self.write(reply.body)
        self.finish()


@implementer(IHalfCloseableProtocol)
class Channel(HTTPChannel):
    """Owns a connection that loads pages, until it closes or becomes a WebSocket."""

    delimiter = b"\n"  # people who type a request send no CR
    timeOut = None  # `ClientConnection.due` limits the time of all that it does
    requestFactory = PageRequest
    transport: Any
    _full = _ended = _handed_over = False
    _idle = True
    _answering = False  # an answer takes time
    _rest: IDelayedCall | None = None  # until the next request is read

    def __init__(self, arrival: ClientConnection, site: Site) -> None:
        super().__init__()
        self._arrival, self._site = arrival, site
        self._clock = arrival.gate.clock
        limited = arrival.gate.limits.flood is not None
        self._purse = arrival.gate.purses.purse(arrival.address) if limited else None

    # Reading

    def dataReceived(self, data: bytes) -> None:
        if self._idle:
            self._idle = False
            self._arrival.due(HEAD_WITHIN)
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        super().lineReceived(line.removesuffix(b"\r"))

    def lineLengthExceeded(self, line: bytes) -> None:
        """Refuse a head that is too long."""
        self._refuse(_TOO_LONG, "The request is too long.")

    def rawDataReceived(self, data: bytes) -> None:
        """Give the next owner of the connection what arrived before the change."""
        if self._handed_over:
            self._arrival.occupant.dataReceived(data)
        else:
            super().rawDataReceived(data)

    def headerReceived(self, line: bytes) -> bool:
        """Refuse also a length with more digits than Python reads, which raises here."""
        try:
            return bool(super().headerReceived(line))
        except ValueError:
            self._respondToBadRequestAndDisconnect()
            return False

    def allHeadersReceived(self) -> None:
        """Answer without the body, which no answer depends on, and close after that."""
        request, has_body = self.requests[-1], self.length != 0
        self.length = 0
        request.requestHeaders.removeHeader(b"Expect")
        super().allHeadersReceived()
        if has_body:
            self.persistent = False

    def _respondToBadRequestAndDisconnect(self) -> None:
        self._refuse("400 Bad Request", "This is not a valid HTTP request.")

    def _refuse(self, status: str, sentence: str) -> None:
        arrival = self._arrival
        chat = arrival.gate.hub.settings.name
        self.transport.write(answer(b"", chat, arrival.place(), sentence, status))
        self.loseConnection()

    # Answering

    def process(self, request: PageRequest) -> None:
        """Answer a request, or become a WebSocket."""
        arrival, head = self._arrival, request.head()
        known = is_known_place(arrival, head)
        successor = opened(arrival, head, b"") if known else None
        if successor is not None:
            self._hand_over(successor)
            return
        if request.method.decode() not in METHODS:
            self.persistent = False  # what follows may be its body, whatever it says
        if not self.persistent:
            request.responseHeaders.setRawHeaders("Connection", ["close"])
        answer = self._watched(head) if known else None
        if answer is None:
            request.send(self._site.reply(arrival, head))
        else:
            self._answering = True
            Deferred.fromCoroutine(answer).addBoth(self._answered, request)

    def _watched(self, head: Head) -> Coroutine[Any, Any, Reply] | None:
        """Begin to answer a program that watches the service."""
        arrival, monitor = self._arrival, self._arrival.gate.monitor
        if monitor is None:
            return None
        return monitor.find(head, arrival.is_local(), relayed=bool(arrival.node))

    def _answered(self, reply: Reply | Failure, request: PageRequest) -> None:
        self._answering = False
        if isinstance(reply, Failure):
            _log.failure("A request failed", reply)
            self.transport.abortConnection()
        elif not request.lost:
            request.send(reply)

    def writeHeaders(self, version: bytes, code: bytes, reason: bytes, headers: Any) -> None:
        """Write the head of an answer with this server's version of HTTP."""
        super().writeHeaders(b"HTTP/1.1", code, reason, headers)

    def requestDone(self, request: PageRequest) -> None:
        """Let others have a turn, and the reader take the answer, before the next request."""
        self.paused = True
        super().requestDone(request)
        if not self._handed_over:
            self._idle = True
            self._arrival.due(READ_WITHIN if self._full else KEEP_ALIVE)
            self.transport.pauseProducing()
            wait = self._purse.pay(self._clock.seconds(), costs.PAGE) if self._purse else 0.0
            self._rest = self._clock.callLater(wait, self._go_on)

    def _go_on(self) -> None:
        self._rest = None
        if self._full:
            return
        self.transport.resumeProducing()
        self.paused = False
        if self._buffer:
            self.dataReceived(b"")
        if self._ended and self._rest is None and not self._handed_over:
            self.loseConnection()

    def pauseProducing(self) -> None:
        """Answer nothing more while the reader is slow."""
        self._full = True
        super().pauseProducing()

    def resumeProducing(self) -> None:
        """Go on: the reader has taken what was sent."""
        self._full = False
        super().resumeProducing()
        if self._idle:
            self._arrival.due(KEEP_ALIVE)
        if self._rest is None:
            self._go_on()
        else:
            self.transport.pauseProducing()

    # The end

    def loseConnection(self) -> None:
        """Close when everything is sent."""
        if not self._handed_over:
            self._hand_over(LastWords(self._arrival, b""))

    def _hand_over(self, successor: Any) -> None:
        self._handed_over, self.paused = True, False
        stop(self._rest)
        self.requests.clear()
        self.setRawMode()
        self.transport.unregisterProducer()
        self.transport.resumeProducing()
        self._arrival.hand_over(self.transport, successor)

    def readConnectionLost(self) -> None:
        """Answer what has arrived: nothing more will."""
        self._ended = True
        if self._rest is None and not self._full and not self._answering:
            self.loseConnection()

    def writeConnectionLost(self) -> None:
        """Do nothing: only the successor closes this half of the connection."""

    def end(self, goodbye: Goodbye) -> bool:
        """Close, at once if a request is only half received or an answer not taken."""
        if self._idle and not self._full:
            self.loseConnection()
        else:
            self.transport.abortConnection()
        return True

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        stop(self._rest)
        super().connectionLost(reason)
        self._arrival.gone()
