"""HTTP: a browser, or anything else, is shown how to join, and nothing more."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.dialects.join_page import LONGEST_HEAD, answer, is_whole, place_in
from chatsvc.transports.connection import ClientConnection, LastWords
from chatsvc.transports.websocket.opening import NameOf, is_known_place, opened

_STATUS = {"tls-needed": "200 OK", "not-spoken": "403 Forbidden"}
_BUSY = "503 Service Unavailable"
_MISDIRECTED = "421 Misdirected Request"
_UNKNOWN = "This server does not know the name in the address. The operator can add it: --web-host."


@implementer(IHalfCloseableProtocol)
class Page(Protocol):
    """Reads the head of one request, and answers it."""

    transport: Any

    def __init__(self, arrival: ClientConnection, name_of: NameOf) -> None:
        self._arrival, self._head, self._name_of = arrival, b"", name_of

    def dataReceived(self, data: bytes) -> None:
        self._head += data
        refused = self._arrival.refusal is not None  # a refused connection gets no time
        if refused or is_whole(self._head) or len(self._head) > LONGEST_HEAD:
            self._answer()

    def readConnectionLost(self) -> None:
        """Answer with what has arrived: nothing more will."""
        self._answer()
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Do nothing: only the following protocol closes this half of a connection."""

    def _answer(self) -> None:
        known = is_known_place(self._arrival, self._head)
        websocket = opened(self._arrival, self._head, self._name_of) if known else None
        successor = websocket or LastWords(self._arrival, self._written(known))
        self._arrival.hand_over(self.transport, successor)

    def _written(self, known: bool) -> bytes:
        arrival, refusal = self._arrival, self._arrival.refusal
        place = place_in(self._head, arrival.place(), 443 if arrival.secure else 80)
        chat = arrival.gate.hub.settings.name
        if not known:
            return answer(self._head, chat, arrival.place(), _UNKNOWN, _MISDIRECTED)
        if refusal is None:
            return answer(self._head, chat, place)
        status = _STATUS.get(refusal.code, _BUSY)
        return answer(self._head, chat, place, refusal.text, status)

    def end(self, words: str) -> None:
        """Close: a client this slow is not a person who reads."""
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._arrival.gone()
