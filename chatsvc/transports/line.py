"""Lines over a connection: the protocol, its factory, and what a slow or silent reader costs.

The first byte decides what is spoken: `{` means JSON lines; anything else, or silence, text.
"""

from __future__ import annotations

import re
from collections.abc import Coroutine
from functools import partial
from socket import socket
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IPushProducer,
    IReactorTime,
    ITCPTransport,
)
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.internet.tcp import Connection
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc import commands
from chatsvc.dialects.jsonl import JSONL
from chatsvc.dialects.text import TEXT
from chatsvc.events import (
    Asked,
    Batch,
    Event,
    Goodbye,
    Notice,
    Refusal,
    Refused,
    Request,
    Said,
    Shared,
)
from chatsvc.hub import Hub
from chatsvc.rules import LONGEST_LINE
from chatsvc.session import Session
from chatsvc.transports.telnet import IAC, TelnetFilter

GREETING = 0.25  # seconds of silence after which a person is greeted
BUFFER = 65536  # bytes waiting for a reader beyond which it counts as slow
LAST_WORDS = 10.0  # seconds that a closed connection has to take what was sent
LEFTOVER = 256  # lines of a broken connection that are still obeyed
TURN = 64  # lines of one connection, after which others have a turn
SLICE = 4096  # bytes: LineReceiver copies what is left of a read for each line in it

_HTTP = re.compile(rb"[A-Z]{3,7} \S+ HTTP/1\.[01]\r?\n?")
_NOT_HTTP = b"This is a chat, not a web site. Join it with: telnet HOST PORT\r\n"

_ANSWERING, _HELD, _FULL, _OTHERS = 1, 2, 4, 8  # why nothing is read

_log = Logger()


class Dialect(Protocol):
    """How requests and events are written; one for all connections, so it remembers nothing."""

    def read(self, line: str, question: str | None) -> Request | None: ...

    def write(self, event: Event, here: str | None, tag: str | None) -> bytes: ...

    def write_said(self, line: Said, elsewhere: bool) -> bytes: ...

    def write_own(self, line: Said, elsewhere: bool) -> bytes: ...


class _Ways:
    """A dialect with the two ways in which it writes lines: of the room talked to, and others."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.said = (
            partial(dialect.write_said, elsewhere=False),
            partial(dialect.write_said, elsewhere=True),
        )


_TEXT_WAYS, _JSON_WAYS = _Ways(TEXT), _Ways(JSONL)


@implementer(IHalfCloseableProtocol)
class ChatProtocol(LineReceiver):
    """One connection: bytes in, requests to the commands; events out, as bytes."""

    delimiter = b"\n"
    MAX_LENGTH = LONGEST_LINE

    transport: Any  # what it can do depends on the endpoint
    factory: ChatFactory
    session: Session
    full = False
    _ways: _Ways | None = None
    _telnet: TelnetFilter | None = None
    _timer: IDelayedCall | None = None  # until the greeting; later, until a slow reader is closed
    _direct = False
    _socket: socket
    _buffered = False
    _waiting = 0
    _lines = 0  # received in this turn
    _reasons = 0
    _welcome = True
    _closing = False
    _ended = False  # the peer sends nothing more

    # Coming and going

    def connectionMade(self) -> None:
        transport = self.transport
        self._direct = isinstance(transport, Connection) and not transport.TLS
        if self._direct:
            self._socket = transport.getHandle()
        if ITCPTransport.providedBy(transport):
            transport.setTcpNoDelay(True)
            transport.setTcpKeepAlive(True)
        # A pull producer is called when nothing waits any more: one may send directly again.
        transport.registerProducer(_Outflow(self), not self._direct)
        self.session = self.factory.hub.connect(self)
        self._welcome = self.factory.admit(self)
        self._timer = self.factory.clock.callLater(GREETING, self._speak, _TEXT_WAYS)

    def _speak(self, ways: _Ways) -> None:
        self._stop_timer()
        self._ways = ways
        hub = self.factory.hub
        if not self._welcome:
            text = "Sorry, the server is full. Please try again later."
            self.session.tell(Refusal("full", text))
            self.close()
        elif ways is _TEXT_WAYS:
            question = f"Welcome to {hub.settings.name}. What is your name?"
            self.session.tell(Asked("name", question))

    def readConnectionLost(self) -> None:
        """No more will come, but what was sent is still to be answered."""
        rest = self.clearLineBuffer()
        if rest and self._ways is _TEXT_WAYS:
            self.lineReceived(rest)
        self._ended = True
        self._leave_if_ended()

    def _leave_if_ended(self) -> None:
        answered = not self._reasons & (_ANSWERING | _HELD)
        if self._ended and answered and not self._closing and not self.session.leaving:
            self.factory.hub.quit(self.session, "")

    def writeConnectionLost(self) -> None:
        """Only this side ends its half of a connection, and then all of it."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._stop_timer()
        self.full, self._direct = True, False
        for line in self.clearLineBuffer().split(self.delimiter)[:-1][:LEFTOVER]:
            self.lineReceived(line)  # it was sent before the connection broke
        self.factory.hub.leave(self.session, "")
        self.factory.gone(self, self._welcome)

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._stop_timer()
        self.transport.unregisterProducer()
        self._timer = self.factory.clock.callLater(LAST_WORDS, self.transport.abortConnection)
        if self.paused:
            self.transport.resumeProducing()  # TLS wants to hear the peer's farewell
        self.transport.loseConnection()

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    # In

    def dataReceived(self, data: bytes) -> None:
        if self._ways is None and data:
            if _HTTP.match(data):
                self._ways = _TEXT_WAYS
                self._refuse_http()
            else:
                self._speak(_JSON_WAYS if data[:1] == b"{" else _TEXT_WAYS)
        if self._ways is _TEXT_WAYS:
            data = self._without_telnet(data)
        for start in range(0, len(data) or 1, SLICE):
            if self._closing:
                return
            super().dataReceived(data[start : start + SLICE])
        if not self.paused:
            self._lines = 0

    def _without_telnet(self, data: bytes) -> bytes:
        between = self._telnet is None or not self._telnet.inside
        if between and IAC not in data and data[-1:] < b"\x80":
            return data
        if self._telnet is None:
            self._telnet = TelnetFilter()
        data = self._telnet.feed(data)
        if self._telnet.answer:
            self._send(self._telnet.answer)
        if self._telnet.interrupted:
            self.session.tell(Notice("To leave, type /quit"))
        return data

    def lineReceived(self, line: bytes) -> None:
        if self._closing or self.session.leaving:
            return
        self._lines += 1
        if self._lines == TURN:
            self._pause(_OTHERS, True)
            self.factory.clock.callLater(0, self._next_turn)
        self._obey(line)

    def _next_turn(self) -> None:
        self._lines = 0
        self._pause(_OTHERS, False)

    def _obey(self, raw: bytes) -> None:
        hub, session = self.factory.hub, self.session
        if self._ways is None:
            return
        if session.user is None and _HTTP.match(raw):
            self._refuse_http()
            return
        try:
            line = raw.removesuffix(b"\r").decode()
            request = self._ways.dialect.read(line, session.question)
        except UnicodeDecodeError:
            commands.refuse(hub, session, _NOT_UTF8)
        except Refused as refused:
            commands.refuse(hub, session, refused)
        else:
            if request is not None:
                self._do(request)

    def _do(self, request: Request) -> None:
        try:
            answer = commands.run(self.factory.hub, self.session, request)
        except Exception:
            self._failed(Failure(), request.tag)
        else:
            if answer is not None:
                self._wait_for(answer, request.tag)

    def run(self, request: Request) -> None:
        self._do(request)
        self._pause(_HELD, False)

    def _wait_for(self, answer: Coroutine[Any, Any, None], tag: str | None) -> None:
        done = Deferred.fromCoroutine(answer)
        self._pause(_ANSWERING, True)
        done.addErrback(self._failed, tag)
        done.addBoth(lambda _: self._pause(_ANSWERING, False))

    def _failed(self, failure: Failure, tag: str | None) -> None:
        _log.failure("A command failed", failure)
        self.session.tell(Refusal("failed", "That went wrong here, and is noted in the log."), tag)

    def _refuse_http(self) -> None:
        head = f"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: {len(_NOT_HTTP)}"
        self._send(head.encode() + b"\r\nContent-Type: text/plain\r\n\r\n" + _NOT_HTTP)
        self.close()

    def lineLengthExceeded(self, line: bytes) -> None:
        text = f"That line has more than {LONGEST_LINE} bytes. Goodbye."
        self.session.tell(Refusal("too-long", text))
        self.close()

    def hold(self, held: bool) -> None:
        self._pause(_HELD, held)

    def _pause(self, reason: int, on: bool) -> None:
        if self._closing:
            return
        self._reasons = self._reasons | reason if on else self._reasons & ~reason
        if self._reasons and not self.paused:
            self.pauseProducing()
        elif self.paused and not self._reasons and self.transport.connected:
            self.resumeProducing()
        if not on:
            self._leave_if_ended()

    # Out

    def show(self, batch: Batch, elsewhere: bool) -> None:
        assert self._ways is not None
        self._send(batch.whole(self._ways.said[elsewhere]))

    def show_personally(self, batch: Batch, elsewhere: bool, session: Session) -> None:
        assert self._ways is not None
        write_own = self._ways.dialect.write_own
        pieces = batch.pieces(self._ways.said[elsewhere]).copy()
        for position in batch.said_by.get(session.client, ()):
            pieces[position] = write_own(batch.lines[position], elsewhere)
        if session.user and session.user.ignores:
            for position, line in enumerate(batch.lines):
                if session.hides(line):
                    pieces[position] = b""
        data = b"".join(pieces)
        if data:
            self._send(data)

    def tell(self, event: Event, here: str | None, tag: str | None) -> None:
        if self._ways is None:
            self._ways = _TEXT_WAYS
        self._send(self._ways.dialect.write(event, here, tag))

    def announce(self, event: Shared, here: str | None) -> None:
        assert self._ways is not None
        dialect = self._ways.dialect
        self._send(event.written((dialect, here), lambda: dialect.write(event.event, here, None)))

    def _send(self, data: bytes) -> None:
        if self._closing:
            return
        # transport.write alone costs two epoll_ctl calls and a turn of the reactor per reader.
        if self._direct and not self._buffered:
            try:
                sent = self._socket.send(data)
            except OSError:
                sent = 0  # full, or broken: the transport finds out which
            if sent == len(data):
                return
            data = data[sent:]
        self._buffered = True
        self._waiting += len(data)
        self.transport.write(data)
        if self._direct and self._waiting > BUFFER:
            self.output_stuck()

    def output_stuck(self) -> None:
        """Much waits until the reader reads: it is a slow one."""
        if not self.full:
            self.full = True
            self._pause(_FULL, True)
            if self._timer is None:
                self._timer = self.factory.clock.callLater(self.factory.slow_limit, self._too_slow)

    def output_flows(self) -> None:
        """Everything was taken."""
        self._buffered, self._waiting = False, 0
        if self.full:
            self.full = False
            self._stop_timer()
            self._pause(_FULL, False)
            self.factory.hub.drained(self.session)

    def _too_slow(self) -> None:
        limit = self.factory.slow_limit
        self.session.tell(Goodbye(f"You are {limit:g} seconds behind with reading. Goodbye."))
        self.factory.hub.leave(self.session, "reads nothing any more")
        self.close()


_NOT_UTF8 = Refused(
    "not-utf8", "That was not sent: it is not UTF-8. Please set your terminal to UTF-8."
)


@implementer(IPushProducer)
class _Outflow:
    """Hears from the transport how its output goes.

    A `LineReceiver` has methods of these names itself, which are about its input.
    """

    __slots__ = ("_protocol",)

    def __init__(self, protocol: ChatProtocol) -> None:
        self._protocol = protocol

    def pauseProducing(self) -> None:
        self._protocol.output_stuck()

    def resumeProducing(self) -> None:
        self._protocol.output_flows()

    def stopProducing(self) -> None:
        """The transport is closed; the protocol hears of that by itself."""


class ChatFactory(ServerFactory):
    """Makes a protocol for each connection; what they share is the hub."""

    noisy = False

    def __init__(
        self, hub: Hub, clock: IReactorTime, max_clients: int = 1000, slow_limit: float = 300.0
    ) -> None:
        self.hub = hub
        self.clock = clock
        self.max_clients = max_clients
        self.slow_limit = slow_limit
        self.connections: set[ChatProtocol] = set()
        self._refused = 0  # of these
        self._when_empty: Deferred[None] | None = None

    async def all_closed(self) -> None:
        """Return when no connection is open any more; each closes within `LAST_WORDS`."""
        if self.connections:
            self._when_empty = Deferred()
            await self._when_empty

    def admit(self, protocol: ChatProtocol) -> bool:
        """Note a new connection; False when it is one too many, and is to be told so."""
        self.connections.add(protocol)
        admitted = len(self.connections) - self._refused <= self.max_clients
        self._refused += not admitted
        return admitted

    def gone(self, protocol: ChatProtocol, admitted: bool) -> None:
        """A connection is lost."""
        self._refused -= not admitted
        self.connections.discard(protocol)
        if not self.connections and self._when_empty is not None:
            self._when_empty.callback(None)

    def buildProtocol(  # type: ignore[override]  # Twisted's type wants no factory in particular
        self, addr: IAddress | None
    ) -> ChatProtocol:
        protocol = ChatProtocol()
        protocol.factory = self
        return protocol
