"""Lines over a connection: the protocol, and what slow, silent and fast peers cost."""

from __future__ import annotations

from collections.abc import Coroutine
from socket import socket
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.internet.tcp import Connection
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc import commands
from chatsvc.core.session import Session
from chatsvc.model.batch import Batch, Shared
from chatsvc.model.events import Event, Goodbye, Notice, Refusal, Refused, Request
from chatsvc.model.rate_limits import Bucket, Rate
from chatsvc.model.text_rules import LONGEST_LINE, MOST_LINES
from chatsvc.transports.adapters import Adapter
from chatsvc.transports.connection import LAST_WORDS, ClientConnection, stop

if TYPE_CHECKING:
    from chatsvc.transports.factory import ChatFactory

BUFFER = 65536  # bytes waiting for a reader beyond which it counts as slow
LEFTOVER = 256  # lines of a broken connection that are still obeyed
TURN = 64  # lines of one connection, after which others have a turn
SLICE = 4096  # bytes: LineReceiver copies what is left of a read for each line in it

_ANSWERING, _HELD, _FULL, _OTHERS, _FLOOD = 1, 2, 4, 8, 16  # why nothing is read
_FREE = ("ping", "empty")  # what programs and people send to see that they are still there

_log = Logger()


@implementer(IHalfCloseableProtocol)
class ChatProtocol(LineReceiver):
    """One connection: bytes in, requests to the commands; events out, as bytes."""

    delimiter = b"\n"
    MAX_LENGTH = LONGEST_LINE

    transport: Any  # what it can do depends on the endpoint
    factory: ChatFactory
    session: Session
    full = False
    _timer: IDelayedCall | None = None  # until a slow reader is closed
    _bucket: Bucket | None = None
    _late: Request | Refused | None = None  # what came too fast, and is obeyed next
    _pace: IDelayedCall | None = None  # until that
    _direct = False
    _socket: socket
    _buffered = False
    _waiting = 0
    _lines = 0  # received in this turn
    _reasons = 0
    _closing = False
    _ended = False  # the peer sends nothing more
    _lost = False
    _broken = False  # something failed, and the connection is about to be closed

    # Coming and going

    def __init__(self, arrival: ClientConnection, ways: Adapter) -> None:
        self._arrival, self._ways = arrival, ways
        self._said = ways.said  # at hand, because it is wanted at every send
        self.factory, self.address = arrival.factory, arrival.address
        self.secure, self.fingerprint = arrival.secure, arrival.fingerprint

    def connectionMade(self) -> None:
        transport, limits = self.transport, self.factory.limits
        self.session = self.factory.hub.sessions.connect(self)
        self._direct = isinstance(transport, Connection) and not transport.TLS
        if self._direct:
            self._socket = transport.getHandle()
        # A pull producer is called when nothing waits any more: one may send directly again.
        transport.registerProducer(_Outflow(self), not self._direct)
        self._buffered = self._arrival.greeted  # the greeting may still wait, and comes first
        if limits.flood:
            self._bucket = Bucket(limits.flood)
        if self._arrival.refusal is not None:
            self.session.tell(self._arrival.refusal)
            self.close()

    def end(self, words: str) -> None:
        """Close, unless it is somebody whose name is known."""
        if self.session.user is None:
            self.session.tell(Goodbye(words))
            self.close()

    def readConnectionLost(self) -> None:
        """No more will come, but what was sent is still to be answered."""
        self.clearLineBuffer()
        self._ended = True
        self._leave_if_ended()

    def _leave_if_ended(self) -> None:
        answered = not self._reasons & (_ANSWERING | _HELD) and self._late is None
        if self._ended and answered and not self._closing and not self.session.leaving:
            self.factory.hub.sessions.quit(self.session, "")

    def writeConnectionLost(self) -> None:
        """Only this side ends its half of a connection, and then all of it."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._lost = True
        try:
            self._obey_the_rest()
        finally:
            try:
                self.factory.hub.sessions.leave(self.session, "")
            finally:
                self._arrival.gone()

    def _obey_the_rest(self) -> None:
        """Obey what was sent before the connection broke."""
        self._stop_timers()
        self.full, self._direct = True, False
        bucket, self._bucket = self._bucket, None
        self.session.safely(self._obey_late)
        for line in self.clearLineBuffer().split(self.delimiter)[:-1][:LEFTOVER]:
            if bucket is not None and bucket.take(self.factory.clock.seconds()):
                break
            self.lineReceived(line)

    def fail(self, error: Exception) -> None:
        if self._broken:
            return
        _log.failure("A connection failed and is closed", Failure(error))
        self._broken = self._closing = self.full = True
        self._stop_timers()
        if not self._lost:  # whoever shows or tells something to many is to finish first
            self._timer = self.factory.clock.callLater(0, self.transport.abortConnection)

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._stop_timers()
        self.transport.unregisterProducer()
        self._timer = self.factory.clock.callLater(LAST_WORDS, self.transport.abortConnection)
        if self.paused:
            self.transport.resumeProducing()  # TLS wants to hear the peer's farewell
        self.transport.loseConnection()

    def _stop_timers(self) -> None:
        self._arrival.leaving()
        for timer in (self._timer, self._pace):
            stop(timer)

    # In

    def dataReceived(self, data: bytes) -> None:
        data = self._as_lines(data)
        for start in range(0, len(data) or 1, SLICE):
            if self._closing:
                return
            super().dataReceived(data[start : start + SLICE])
        if not self.paused:
            self._lines = 0

    def _as_lines(self, data: bytes) -> bytes:
        """What was received, as lines ended by `delimiter`."""
        return data

    def lineReceived(self, line: bytes) -> None:
        if self._closing or self.session.leaving:
            return
        self._lines += 1
        if self._lines == TURN:
            self._pause(_OTHERS, True)
            self.factory.clock.callLater(0, self._next_turn)
        self.session.safely(self._obey, line)

    def _next_turn(self) -> None:
        self._lines = 0
        self.session.safely(self._pause, _OTHERS, False)

    def _obey(self, raw: bytes) -> None:
        try:
            line = raw.removesuffix(b"\r").decode()
            request = self._ways.dialect.read(line, self.session.question)
        except UnicodeDecodeError:
            self._refuse_encoding(raw)
        except Refused as refused:
            self._refuse(refused)
        else:
            if request is not None and (
                (bucket := self._bucket) is None or self._in_time(request, bucket)
            ):
                self._do(request)

    def _refuse_encoding(self, raw: bytes) -> None:
        self._refuse(_NOT_UTF8)

    def _refuse(self, refused: Refused) -> None:
        if self._bucket is None or self._in_time(refused, self._bucket):
            commands.refuse(self.factory.hub, self.session, refused)

    def _in_time(self, what: Request | Refused, bucket: Bucket) -> bool:
        """False if this came too fast: it is obeyed later, and nothing is read until then."""
        if self.session.user is None or (isinstance(what, Request) and _is_free(what)):
            return True
        clock = self.factory.clock
        wait = bucket.take(clock.seconds(), self._weight(what))
        if not wait:
            return True
        self._late = what
        self._pause(_FLOOD, True)
        self._pace = clock.callLater(wait, self.session.safely, self._pause, _FLOOD, False)
        if not bucket.told:
            bucket.told = True
            self.session.tell(Notice(_too_fast(bucket.rate)))
        return False

    def _weight(self, what: Request | Refused) -> int:
        """For how many lines it counts."""
        return lines_in(what)

    def resumeProducing(self) -> None:
        """Go on reading, after what came too fast before."""
        self._obey_late()
        if self.paused and not self._reasons:
            super().resumeProducing()

    def _obey_late(self) -> None:
        late, self._late = self._late, None
        if self._closing or self.session.leaving:
            return
        if isinstance(late, Request):
            self._do(late)
        elif late is not None:
            commands.refuse(self.factory.hub, self.session, late)

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
        done.addBoth(lambda _: self.session.safely(self._pause, _ANSWERING, False))

    def _failed(self, failure: Failure, tag: str | None) -> None:
        _log.failure("A command failed", failure)
        self.session.tell(Refusal("failed", "That went wrong here, and is noted in the log."), tag)

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
        self._send(batch.whole(self._said[elsewhere]))

    def show_personally(self, batch: Batch, elsewhere: bool, session: Session) -> None:
        write_own = self._ways.dialect.write_own
        pieces = batch.pieces(self._said[elsewhere]).copy()
        for position in batch.said_by.get(session.client, ()):
            pieces[position] = write_own(batch.lines[position], elsewhere)
        if batch.quiet or (session.user and session.user.ignores):
            for position, line in enumerate(batch.lines):
                if session.hides(line):
                    pieces[position] = b""
        data = b"".join(pieces)
        if data:
            self._send(data)

    def tell(self, event: Event, here: str | None, tag: str | None) -> None:
        self._send(self._ways.dialect.write(event, here, tag))

    def announce(self, event: Shared, here: str | None) -> None:
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
                self._timer = self.factory.clock.callLater(self.factory.slow_limit, self._slow)

    def output_flows(self) -> None:
        """Everything was taken."""
        self._buffered, self._waiting = False, 0
        if self.full and not self._broken:
            self.full = False
            stop(self._timer)
            self._timer = None
            self._pause(_FULL, False)
            self.factory.hub.sessions.drained(self.session)

    def _slow(self) -> None:
        # After a stall, find out first what the reader has taken meanwhile.
        self._timer = self.factory.clock.callLater(0, self._too_slow)

    def _too_slow(self) -> None:
        limit = self.factory.slow_limit
        self.session.tell(Goodbye(f"You are {limit:g} seconds behind with reading. Goodbye."))
        self.factory.hub.sessions.leave(self.session, "reads nothing any more")
        self.close()


_NOT_UTF8 = Refused(
    "not-utf8", "That was not sent: it is not UTF-8. Please set your terminal to UTF-8."
)


def _is_free(request: Request) -> bool:
    """Whether it does not count as a line: programs come back into all their rooms at once."""
    return request.name in _FREE or (request.name == "join" and "after" in request.args)


def lines_in(what: Request | Refused) -> int:
    """How many lines something is that is said."""
    if not isinstance(what, Request):
        return 1
    text = what.args.get("text") if what.rest is None else what.rest
    return min(text.count("\n") + 1, MOST_LINES) if isinstance(text, str) else 1


def _too_fast(rate: Rate) -> str:
    pace = f"{rate.per_second:g} line{'' if rate.per_second == 1 else 's'} a second"
    return f"You send faster than {pace}: the rest follows at that pace, and nothing is lost."


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
