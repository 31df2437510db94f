"""From an HTTP request to a chat: who may connect, and what the first message speaks."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.model.server_events import Goodbye
from chatsvc.transports.connection import ClientConnection, LastWords
from chatsvc.transports.languages import WEBSOCKET, name_of
from chatsvc.transports.websocket.frames import (
    GOING_AWAY,
    REFUSED,
    FrameReader,
    client_frame,
    close_frame,
    line_of,
)
from chatsvc.transports.websocket.handshake import (
    IRC_SUBPROTOCOLS,
    Head,
    NotUpgraded,
    accept,
    refusal,
    wants_websocket,
)
from chatsvc.transports.websocket.protocol import PROTOCOLS

NOT_FOR_PEOPLE = "Over WebSocket, this chat speaks JSON and IRC: see docs/protocol.md."

MOST_FRAMES = 100  # up to the first message


def is_known_place(arrival: ClientConnection, head: Head) -> bool:
    """Return whether this server is known under the name in the request's `Host`."""
    hosts = head.fields.get("host", [])
    gate = arrival.gate
    certified = gate.tls.names if gate.tls is not None else ()
    known = all(gate.web.knows(host, certified) for host in hosts)
    if not known:
        arrival.note_refusal("unknown-host")
    return known


def opened(arrival: ClientConnection, head: Head, rest: bytes) -> Any:
    """Return the connection's next protocol if the request is for a WebSocket, else None.

    From then on the connection is that of a user.
    """
    if not arrival.gate.understands(WEBSOCKET) or not wants_websocket(head):
        return None
    try:
        _check(arrival, head)
        answer, subprotocol = accept(head)
    except NotUpgraded as refused:
        return LastWords(arrival, refusal(refused))
    arrival.join()
    arrival.check("http")
    if arrival.refusal is not None:
        arrival.note_refusal()
        return LastWords(arrival, answer + close_frame(REFUSED, arrival.refusal.text))
    return Opening(arrival, answer, subprotocol, rest)


def _check(arrival: ClientConnection, head: Head) -> None:
    """Raise `NotUpgraded` unless the page, if it is one, may connect."""
    host, origin = head.one("host"), head.one("origin")
    if host is None:
        raise NotUpgraded("400 Bad Request", "The request has no Host.")
    if origin is not None and not arrival.gate.web.trusts(origin, host, arrival.secure):
        arrival.note_refusal("unknown-origin")
        text = "Pages from this origin cannot connect. The operator can allow it: --web-origin."
        raise NotUpgraded("403 Forbidden", text)


@implementer(IHalfCloseableProtocol)
class Opening(Protocol):
    """Answers the request, and owns the connection until the first message is complete."""

    transport: Any

    def __init__(
        self,
        arrival: ClientConnection,
        answer: bytes,
        subprotocol: str,
        rest: bytes,
    ) -> None:
        self._arrival, self._answer, self._rest = arrival, answer, rest
        self._subprotocol = subprotocol
        self._frames = FrameReader()
        self._frames.most = MOST_FRAMES

    def connectionMade(self) -> None:
        self._arrival.upgraded = True
        self.transport.write(self._answer)
        if self._subprotocol:
            self._become("irc", self._rest, IRC_SUBPROTOCOLS[self._subprotocol])
        else:
            self.dataReceived(self._rest)

    def dataReceived(self, data: bytes) -> None:
        frames = self._frames
        frames.feed(data)
        message = frames.next()
        if frames.answer:
            self.transport.write(frames.answer)
            frames.answer = b""
        if message is not None:
            self._begin(message)
        elif frames.end is not None:
            self._finish(frames.end.code, frames.end.words)

    def _begin(self, message: bytes) -> None:
        name = name_of(line_of(message))
        if name in PROTOCOLS:
            self._become(name, client_frame(message) + self._frames.rest())
        else:
            self._finish(REFUSED, NOT_FOR_PEOPLE)

    def _become(self, name: str, data: bytes, binary: bool = False) -> None:
        self._arrival.language = name
        self._arrival.check(name)
        protocol = PROTOCOLS[name](self._arrival, FrameReader(binary))
        self._arrival.hand_over(self.transport, protocol, data)

    def _finish(self, code: int, words: str = "") -> None:
        self._arrival.hand_over(self.transport, LastWords(self._arrival, close_frame(code, words)))

    def readConnectionLost(self) -> None:
        """Close: there will be no first message."""
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Do nothing: only the successor closes this half of the connection."""

    def end(self, goodbye: Goodbye) -> bool:
        """Close, and say why."""
        stopping = self._arrival.gate.hub.messaging.stopping
        self._finish(GOING_AWAY if stopping else REFUSED, goodbye.text)
        return True

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._arrival.gone()
