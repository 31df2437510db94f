"""Lines over a connection: the protocol, and limits for slow, silent and fast peers."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc import commands
from chatsvc.commands import ROWS
from chatsvc.core.wire import Reader
from chatsvc.model import costs
from chatsvc.model.batch import Batch, Shared
from chatsvc.model.costs import LINE
from chatsvc.model.events import Event
from chatsvc.model.rate_limits import Bucket, Rate
from chatsvc.model.requests import Refusal, Refused, Request
from chatsvc.model.server_events import Goodbye, Notice
from chatsvc.model.text_rules import LONGEST_LINE, counted
from chatsvc.transports.adapters import Adapter
from chatsvc.transports.connection import LAST_WORDS, ClientConnection, stop
from chatsvc.transports.output import Telling
from chatsvc.transports.pacing import ALL, ANSWERING, DOUBT, FLOOD, FULL, HELD
from chatsvc.transports.request_queue import RequestQueue
from chatsvc.transports.weighing import weight

WAITING = (
    "The database does not answer. What you type waits; if you are disconnected, type it again."
)
LEFTOVER = 256  # maximum lines of a broken connection that are carried out


_log = Logger()


@implementer(IHalfCloseableProtocol)
class ChatProtocol(Telling):
    """A connection: turns bytes into requests to the commands, and events into bytes."""

    __slots__ = (
        "_arrival",
        "_broken",
        "_bucket",
        "_ended",
        "_line_end",
        "_lost",
        "_queue",
        "_said",
        "_timer",
        "address",
        "fingerprint",
        "secure",
    )

    delimiter = b"\n"
    MAX_LENGTH = LONGEST_LINE

    transport: Any  # its methods depend on the endpoint

    # Opening and closing

    def __init__(self, arrival: ClientConnection, ways: Adapter) -> None:
        super().__init__()
        self._arrival, self._ways = arrival, ways
        self._queue = RequestQueue()
        self._timer: IDelayedCall | None = None  # when to close a slow reader
        self._bucket: Bucket | None = None
        self._line_end = b""  # sent for each line received, if the client does not show line ends
        self._ended = False  # the peer sends nothing more
        self._lost = False
        self._broken = False  # something failed; the connection will be closed soon
        self._said = ways.said  # cached, because it is needed for every send
        self.gate, self.address = arrival.gate, arrival.address
        self.secure, self.fingerprint = arrival.secure, arrival.fingerprint

    @property
    def node(self) -> str:
        return self._arrival.node or self.gate.node()

    def connectionMade(self) -> None:
        limits = self.gate.limits
        self.session = self.gate.hub.sessions.connect(self)
        self._begin_sending(self._arrival.greeted or self._arrival.upgraded)
        if limits.flood:
            self._bucket = Bucket(limits.flood)
            self._purse = self.gate.purses.purse(self.address)
        if self._arrival.refusal is not None:
            self.session.tell(self._arrival.refusal)
            self._arrival.note_refusal()
            self.close()
        elif self.gate.in_doubt:
            self.doubt(True)

    def doubt(self, on: bool) -> None:
        """Answer nothing, or (False) go on."""
        if on and self.session.user is not None:
            self.session.tell(Notice(WAITING))
        self.session.safely(self._pause, DOUBT, on)

    def end(self, goodbye: Goodbye) -> bool:
        """Close the connection, unless its user has a name; return whether it closes."""
        if self.session.user is not None:
            return False
        self.session.tell(goodbye)
        self.close()
        return True

    def readConnectionLost(self) -> None:
        """Note that the peer sends nothing more; what it sent is still answered."""
        self.clearLineBuffer()
        self._ended = True
        self._leave_if_ended()

    def _leave_if_ended(self) -> None:
        answered = not self._reasons & (ANSWERING | HELD) and not self._queue
        if self._ended and answered and not self._closing and not self.session.leaving:
            self.gate.hub.sessions.quit(self.session, "", lost=True)

    def writeConnectionLost(self) -> None:
        """Close the connection completely if only this side ends its half."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._lost = True
        try:
            self._obey_the_rest()
        finally:
            try:
                self.gate.hub.sessions.leave(self.session, "")
            finally:
                self._arrival.gone()

    def _obey_the_rest(self) -> None:
        """Carry out what was sent before the connection broke."""
        self._stop_timers()
        self.full, self._direct = True, False
        self._is_ready()
        if self._reasons & DOUBT:
            self._queue.clear()
            return
        bucket, self._bucket = self._bucket, None
        self.session.safely(self._go_on)
        for line in self._leftover()[:LEFTOVER]:
            now = self.gate.clock.seconds()
            if (bucket is not None and bucket.take(now)) or self._pay(now):
                break
            self.lineReceived(line)

    def fail(self, error: Exception) -> None:
        if self._broken:
            return
        _log.failure("A connection failed and was closed", Failure(error))
        self._broken = self._closing = self.full = True
        self._stop_timers()
        if not self._lost:  # loops over many sessions must finish first
            self._timer = self.gate.clock.callLater(0, self.transport.abortConnection)

    def _leftover(self) -> list[bytes]:
        """Return the complete lines that were received and not carried out."""
        unread, self._unread = self._unread[:LONGEST_LINE], b""
        buffer: bytes = self.clearLineBuffer()
        return (buffer + self._as_lines(unread)).split(self.delimiter)[:-1]

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._stop_timers()
        self._is_ready()
        if self._lost:
            return
        self.transport.unregisterProducer()
        self._timer = self.gate.clock.callLater(LAST_WORDS, self.transport.abortConnection)
        if self.paused:
            self.transport.resumeProducing()  # TLS needs the peer's farewell
        self._hang_up()

    def _hang_up(self) -> None:
        """Close the connection once everything is sent."""
        self.transport.loseConnection()

    def _stop_timers(self) -> None:
        self._arrival.leaving()
        self.gate.busy.discard(self)
        for timer in (self._timer, self._queue.pace, self._debt, self._others):
            stop(timer)

    # Input

    def lineReceived(self, line: bytes) -> None:
        if self._closing or self.session.leaving:
            return
        if self._work >= self._most:
            self._end_turn()
        self._work += LINE
        if self._line_end:
            self._send(self._line_end)
        try:
            self._obey(line)
        except Exception as error:
            self.fail(error)

    def _obey(self, raw: bytes) -> None:
        requests: Sequence[Request | Refused]
        dialect = self._ways.dialect
        try:
            line = raw.removesuffix(b"\r").decode()
            requests = dialect.read(line, self.session.question)
        except UnicodeDecodeError:
            self._work += costs.REFUSAL
            requests = dialect.refuse_encoding(raw)
        except Refused as refused:
            self._work += costs.REFUSAL
            requests = (refused,)
        self._said = self._ways.said  # the output format may have changed
        if requests:
            if self._bucket is not None and self.session.user is not None:
                self._keep_pace(requests, self._bucket)
            # Nearly always one request, which can skip the queue.
            if len(requests) == 1 and not (self._queue or self._reasons or self._telling):
                self._do(requests[0])
            else:
                self._queue.extend(requests)
                self._go_on()

    def _keep_pace(self, requests: Sequence[Request | Refused], bucket: Bucket) -> None:
        """Queue what was sent too fast, and stop reading until it is done."""
        lines = weight(requests)
        if not lines:
            return
        clock = self.gate.clock
        wait = bucket.take(clock.seconds(), lines)
        if not wait:
            return
        self._pause(FLOOD, True)
        stop(self._queue.pace)
        self._queue.pace = clock.callLater(wait, self.session.safely, self._pause, FLOOD, False)
        if not bucket.told:
            bucket.told = True
            self.session.tell(Notice(_too_fast(bucket.rate)))

    def ask_first(self, requests: Sequence[Request]) -> None:
        """Carry out an answer's request before anything else that waits."""
        if not requests:
            return
        waiting = len(self._queue)
        self._queue[:0] = requests
        if self._queue.following:
            return
        self._queue.following = True
        try:
            self._do_all(waiting)
        finally:
            self._queue.following = False
        self._go_on()

    def _go_on(self) -> None:
        """Carry out requests in order, until something must come first; then read on."""
        if self._queue.going_on or self._queue.following:
            return
        self._queue.going_on = True
        try:
            self._do_all()
        finally:
            self._queue.going_on = False
        if self.paused and not (self._reasons or self._queue or self._lost or self._closing):
            super().resumeProducing()
        if self._ended:
            self._leave_if_ended()

    def _do_all(self, but: int = 0) -> None:
        """Carry out queued requests, except the last `but`, unless something must come first."""
        while len(self._queue) > but and self._may_do_more():
            self._do(self._queue.pop(0))
            if self._queue and self._work >= costs.MESSAGE:
                self._end_turn()

    def _may_do_more(self) -> bool:
        """Return whether requests can be carried out now; drop them if they never can."""
        if self._closing or self.session.leaving:
            self._queue.clear()
            return False
        if self._lost:
            return True
        if self._telling:
            return False  # further requests wait for the end of a long answer
        # An answer may make further requests at once; others wait until it is complete.
        return not self._reasons & (~ANSWERING if self._queue.following else ALL)

    def _do(self, what: Request | Refused) -> None:
        if not isinstance(what, Request):
            commands.refuse(self.gate.hub, self.session, what)
            return
        row = ROWS[what.name]
        if row.settled and self.session.in_flight:
            self._postpone(what)
            return
        self._work += row.cost.work
        dialect = self._ways.dialect
        before, dialect.about = dialect.about, what.context
        try:
            answer = commands.run(self.gate.hub, self.session, what)
        except Exception:
            self._failed(Failure(), what.tag)
            return
        finally:
            dialect.about = before
        if answer is not None:
            self._wait_for(self._paged(answer) if what.name == "history" else answer, what.tag)

    def _postpone(self, request: Request) -> None:
        """Wait until the session's lines are settled, on which the request depends."""
        if not self._lost:  # otherwise it cannot wait, and its meaning would change
            self._queue.insert(0, request)
            self._pause(HELD, True)

    def _wait_for(self, answer: Coroutine[Any, Any, None], tag: str | None) -> None:
        done = Deferred.fromCoroutine(answer)
        self._queue.answers += 1
        self._pause(ANSWERING, True)
        done.addErrback(self._failed, tag)
        done.addBoth(lambda _: self.session.safely(self._answered))

    def _answered(self) -> None:
        self._queue.answers -= 1
        self._pause(ANSWERING, self._queue.answers > 0)

    def _failed(self, failure: Failure, tag: str | None) -> None:
        _log.failure("A command failed", failure)
        self.session.tell(
            Refusal("failed", "Internal error. Details are in the server's log."), tag
        )

    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse_length(f"The line is longer than {LONGEST_LINE} bytes. Goodbye.")
        self.close()

    def refuse_length(self, text: str) -> None:
        """Say why the connection is closed."""
        self.session.tell(Refusal("too-long", text))

    def hold(self, held: bool) -> None:
        self._pause(HELD, held)

    def _pause(self, reason: int, on: bool) -> None:
        if self._closing:
            return
        self._reasons = self._reasons | reason if on else self._reasons & ~reason
        if self._reasons and not self.paused:
            self.pauseProducing()
        elif not on and self.transport.connected:
            self._go_on()
        if self._readers and not self._is_busy():
            self._is_ready()

    # Output

    def show(self, batch: Batch, elsewhere: bool) -> None:
        self._send(batch.whole(self._said[elsewhere]))

    def show_personally(self, batch: Batch, elsewhere: bool, reader: Reader) -> None:
        write_own = self._ways.dialect.write_own
        pieces = batch.pieces(self._said[elsewhere]).copy()
        for position in batch.said_by.get(reader.client, ()):
            pieces[position] = write_own(batch.lines[position], elsewhere)
        if reader.may_hide(batch):
            for position, line in enumerate(batch.lines):
                if reader.hides(line):
                    pieces[position] = b""
        data = b"".join(pieces)
        if data:
            self._send(data)

    def tell(self, event: Event, here: str | None, tag: str | None) -> None:
        data = self._ways.dialect.write(event, here, tag)
        self._work += costs.SENT + len(data) * costs.ANSWER
        self._send(data)

    def announce(self, event: Shared, here: str | None) -> None:
        dialect = self._ways.dialect
        self._send(event.written((dialect, here), lambda: dialect.write(event.event, here, None)))

    def output_stuck(self) -> None:
        """Note that much waits for the reader, which is slow."""
        if not self._reasons & FULL:
            self.full = True
            self._pause(FULL, True)
            if self._timer is None:
                self._timer = self.gate.clock.callLater(self.gate.slow_limit, self._slow)

    def output_flows(self) -> None:
        """Note that everything was taken."""
        self._buffered, self._waiting = False, 0
        if self._reasons & FULL and not self._broken:
            self.full = telling = self._telling
            stop(self._timer)
            self._timer = None
            self._pause(FULL, False)
            if not telling:
                self.gate.hub.sessions.drained(self.session)
        elif self._readers and not self._is_busy():
            self._is_ready()

    def _catch_up(self) -> None:
        """Show what was held back, unless a long answer must end first."""
        if self._telling or self._reasons & FULL or self._closing:
            return
        if self.full and self.transport.connected:
            self.full = False
            self.gate.hub.sessions.drained(self.session)

    def _slow(self) -> None:
        # After a stall, find out first what the reader has taken meanwhile.
        self._timer = self.gate.clock.callLater(0, self._too_slow)

    def _too_slow(self) -> None:
        limit = counted(self.gate.slow_limit, "second")
        self.session.tell(Goodbye(f"You did not read for {limit}. Goodbye."))
        self._arrival.note_refusal("slow-reader")
        self.gate.hub.sessions.leave(self.session, "stopped reading")
        self.close()


def _too_fast(rate: Rate) -> str:
    pace = f"{counted(rate.per_second, 'line')} a second"
    return (
        f"You are sending faster than {pace}. The rest will follow at that rate; nothing is lost."
    )
