"""One connection that speaks the JSON-lines protocol, and detects when the peer is gone."""

from __future__ import annotations

import json
import re
from typing import Any, Protocol

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IDelayedCall, IReactorTime, ITCPTransport
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

from chatsvc.dialects.json_events import read_event
from chatsvc.model.events import Event
from chatsvc.model.server_events import Pong
from chatsvc.model.text_rules import clean_lines

PING_EVERY = 30.0  # seconds of silence after which the server is pinged
PATIENCE = 30.0  # seconds that it has to answer

_EMPTY_LINES = re.compile(rb"\n[\r\n]*\n")
FOREIGN = "the server does not speak the chat protocol"


class Owner(Protocol):
    """The owner of a connection."""

    def connected(self, wire: ServerLink) -> None:
        """Called when requests can be sent."""

    def received(self, event: Event | None, tag: str | None) -> None:
        """Called with each event from the server (None if it is unknown to this version)."""

    def disconnected(self, reason: str) -> None:
        """Called when the connection is lost; `reason` completes "the connection is lost: …"."""


class ServerLink(LineReceiver):
    """Sends requests and receives events, one JSON object per line; pings when idle."""

    transport: ITCPTransport
    delimiter = b"\n"
    MAX_LENGTH = 1 << 23  # a page of 500 lines of history, and more

    def __init__(self, owner: Owner, clock: IReactorTime) -> None:
        self._owner = owner
        self._clock = clock
        self._reason: str | None = None
        self._pinged = self._overdue = False
        self._watch: IDelayedCall | None = None

    def send(self, request: dict[str, object]) -> None:
        """Send one request."""
        self.transport.write(encoded(request) + b"\n")

    def drop(self, reason: str) -> None:
        """Abort the connection."""
        self._reason = self._reason or reason
        self.transport.abortConnection()

    def hang_up(self) -> None:
        """Close the connection cleanly; nothing more is received from it."""
        self._reason = self._reason or "this client closed it"
        self.transport.loseConnection()

    def connectionMade(self) -> None:
        self._watch = self._clock.callLater(PING_EVERY, self._quiet)
        self._owner.connected(self)

    def dataReceived(self, data: bytes) -> None:
        self._pinged = self._overdue = False
        if self._watch is not None:
            self._watch.reset(PING_EVERY)
        super().dataReceived(
            _EMPTY_LINES.sub(b"\n", data)
        )  # each of which costs a copy of the rest

    def lineReceived(self, line: bytes) -> None:
        if self._reason is not None or not line.strip():
            return
        try:
            event, tag = read_event(_harmless(line.decode()))
        except (ValueError, RecursionError):
            self.drop(f"{FOREIGN}; it sent {_excerpt(line)}")
        else:
            if tag is not None or not isinstance(event, Pong):
                self._owner.received(event, tag if isinstance(tag, str) else None)

    def lineLengthExceeded(self, line: bytes) -> None:
        self.drop(FOREIGN)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self._owner.disconnected(self._reason or _sentence(reason))

    def _quiet(self) -> None:
        if self._overdue:
            self._watch = None
            self.drop("the server does not answer")
        elif self._pinged:
            self._overdue = True  # after a stall, first read what has arrived meanwhile
            self._watch = self._clock.callLater(0, self._quiet)
        else:
            self._pinged = True
            self.send({"do": "ping"})
            self._watch = self._clock.callLater(PATIENCE, self._quiet)


def encoded(request: dict[str, object]) -> bytes:
    """Return a request as a line without its line end."""
    return json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _harmless(line: str) -> str:
    """Return a line of JSON without anything that could control a terminal."""
    if line.isprintable() and "\\u" not in line:
        return line
    return json.dumps(_cleaned(json.loads(line)), ensure_ascii=False)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean_lines(value)
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    if isinstance(value, dict):
        return {name: _cleaned(one) for name, one in value.items()}
    return value


def _sentence(reason: Failure) -> str:
    """Return why a connection was lost, in words."""
    if reason.check(ConnectionDone):
        return "closed by the server"
    if reason.check(ConnectionLost):
        return "connection reset"
    return str(reason.value).rstrip(".")


def _excerpt(line: bytes) -> str:
    text = line.decode("utf-8", "replace")[:100]
    return '"' + "".join(c for c in text if c.isprintable()) + '"'
