"""Lines in WebSocket messages: a `ChatProtocol` that reads and writes frames."""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from chatsvc.model import costs
from chatsvc.model.batch import Shared
from chatsvc.model.events import Event
from chatsvc.model.requests import Refusal
from chatsvc.model.room_events import Joined
from chatsvc.model.server_events import Goodbye
from chatsvc.transports.connection import MOST_UNHEARD, ClientConnection, stop
from chatsvc.transports.heartbeat import Heartbeat
from chatsvc.transports.irc import IRCProtocol
from chatsvc.transports.websocket.adapter import FRAMED_JSON, FramedAdapter
from chatsvc.transports.websocket.frames import (
    BINARY,
    FIN,
    GOING_AWAY,
    NORMAL,
    PING,
    REFUSED,
    TEXT,
    FrameReader,
    close_frame,
    frame,
    framed,
)

SILENT = 30.0  # seconds after which a client is pinged ...
GONE = 90.0  # ... and closed, if it has sent nothing by then
FAREWELL = 3.0  # seconds that a client has to answer a close frame
MOST_LATE = 1000  # frames that it may send before its answer


class WebSocketProtocol(Heartbeat):
    """A connection whose lines are WebSocket messages."""

    _silent, _within = SILENT, GONE - SILENT
    _frames: FrameReader
    _parting: Goodbye | Refusal | None = None  # what was told last, if it says why this ends
    _farewell: IDelayedCall | None = None  # until the peer's close frame is not waited for
    _unheard = 0  # bytes that came after ours

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        stop(self._farewell)

    # In

    def dataReceived(self, data: bytes) -> None:
        if self._closing:
            self._await_farewell(data)
            return
        super().dataReceived(data)
        if self._frames.end is not None and not (self.paused or self._unread or self._closing):
            self._end_as_wanted()

    def _as_lines(self, data: bytes) -> bytes:
        frames = self._frames
        before = frames.frames
        lines = frames.lines(data)
        self._work += (frames.frames - before) * costs.FRAME
        if frames.answer:
            answer, frames.answer = frames.answer, b""
            self._send_between(answer)
        return lines

    def _end_as_wanted(self) -> None:
        """Close because the peer requested it, or because it broke the protocol."""
        end = self._frames.end
        if end is not None and end.by_peer:
            self.readConnectionLost()
        elif end is not None:
            self._close_with(end.code, end.words)

    def readConnectionLost(self) -> None:
        if self._closing:
            self.transport.loseConnection()
        else:
            super().readConnectionLost()

    # Out

    def _send_between(self, control: bytes) -> None:
        """Send a control frame, even between the parts of a long answer."""
        telling, self._telling = self._telling, False
        self._send(control)
        self._telling = telling

    def _ask(self) -> None:
        self._send_between(frame(b"", FIN | PING))

    def tell(self, event: Event, here: str | None, tag: str | None) -> None:
        self._parting = event if isinstance(event, Goodbye | Refusal) else None
        super().tell(event, here, tag)

    # The end

    def close(self) -> None:
        parting = self._parting
        code = REFUSED if isinstance(parting, Refusal) else NORMAL
        moving = isinstance(parting, Goodbye) and parting.reconnect
        if self.gate.hub.messaging.stopping or moving:
            code = GOING_AWAY
        if self._frames.end is not None:
            code = self._frames.end.code
        self._close_with(code, parting.text if parting is not None else "")

    def _close_with(self, code: int, words: str) -> None:
        if not self._closing and not self._lost:
            self._send_between(close_frame(code, words))
        super().close()

    def _hang_up(self) -> None:
        """Wait for the peer's close frame, the last thing it sends."""
        if self._ended:
            self.transport.loseConnection()
            return
        self._farewell = self.gate.clock.callLater(FAREWELL, self.transport.loseConnection)
        self._frames.most = self._frames.frames + MOST_LATE
        unread, self._unread = self._unread, b""
        self._await_farewell(unread)

    def _await_farewell(self, data: bytes) -> None:
        self._unheard += len(data)
        self._frames.lines(data)
        if self._frames.end is not None:
            self.transport.loseConnection()
        elif self._unheard > MOST_UNHEARD:
            self.transport.abortConnection()


class WebSocketJSON(WebSocketProtocol):
    """A program that sends JSON in text messages."""

    def __init__(self, arrival: ClientConnection, frames: FrameReader) -> None:
        super().__init__(arrival, FRAMED_JSON)
        self._frames = frames


class WebSocketIRC(WebSocketProtocol, IRCProtocol):
    """An IRC client (IRCv3 "WebSocket")."""

    def __init__(self, arrival: ClientConnection, frames: FrameReader) -> None:
        IRCProtocol.__init__(self, arrival)
        self._frames = frames
        self._first = FIN | (BINARY if frames.binary else TEXT)
        self._ways = FramedAdapter(self._ways, self._first)
        self._said = self._ways.said

    def answer(self, data: bytes) -> None:
        super().answer(framed(data, self._first))

    def _joins(self, event: Joined, shared: Shared) -> bytes:
        return framed(super()._joins(event, shared), self._first)


PROTOCOLS: dict[str, type[WebSocketJSON | WebSocketIRC]] = {
    "json": WebSocketJSON,
    "irc": WebSocketIRC,
}
