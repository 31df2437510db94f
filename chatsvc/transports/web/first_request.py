"""HTTP: reads the head of the first request, and finds out what should get the connection."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.dialects.join_page import LONGEST_HEAD, METHOD, answer, is_whole, place_in
from chatsvc.model.server_events import Goodbye
from chatsvc.transports.connection import ClientConnection, LastWords
from chatsvc.transports.web.channel import Channel
from chatsvc.transports.web.site import NO_HOST, UNKNOWN_HOST, packaged
from chatsvc.transports.websocket.handshake import Head, head_of, split
from chatsvc.transports.websocket.opening import is_known_place, opened

_STATUS = {"tls-needed": "200 OK", "not-spoken": "403 Forbidden"}
_BUSY = "503 Service Unavailable"
_BAD = "400 Bad Request"
_ENCRYPTED = "308 Permanent Redirect"  # not for long: no answer is stored
_MISDIRECTED = "421 Misdirected Request"
_PAGE = re.compile(rb"(?:GET|HEAD) /[? ]")
_REQUEST = re.compile(rb"%b [!-~]+ HTTP/1\.[01]\r?\n" % METHOD)


@implementer(IHalfCloseableProtocol)
class FirstRequest(Protocol):
    """Owns a connection until the head of its first request is complete."""

    transport: Any

    def __init__(self, arrival: ClientConnection) -> None:
        self._arrival, self._data = arrival, b""

    def dataReceived(self, data: bytes) -> None:
        self._data += data
        refused = self._arrival.refusal is not None  # a refused connection gets no time
        if refused or is_whole(self._data) or len(self._data) > LONGEST_HEAD:
            self._answer()

    def readConnectionLost(self) -> None:
        """Answer what has arrived: nothing more will."""
        self._data = self._data.rstrip(b"\r\n") + b"\r\n\r\n"
        self._answer()
        self._arrival.occupant.readConnectionLost()

    def writeConnectionLost(self) -> None:
        """Do nothing: only the following protocol closes this half of a connection."""

    def _answer(self) -> None:
        arrival, data = self._arrival, self._data
        begin, rest = split(data)
        head = head_of(begin)
        known = is_known_place(arrival, head)
        successor = opened(arrival, head, rest) if known else None
        if successor is None and known and self._is_for_pages():
            channel = Channel(arrival, packaged())
            arrival.hand_over(self.transport, channel, data)
        else:
            words = successor or LastWords(arrival, self._written(head, known))
            arrival.hand_over(self.transport, words)

    def _is_for_pages(self) -> bool:
        """Return whether there is time to read this request, and the next ones."""
        short = len(split(self._data)[0]) <= LONGEST_HEAD
        return short and self._arrival.refusal is None and _REQUEST.match(self._data) is not None

    def _written(self, head: Head, known: bool) -> bytes:
        arrival, refusal = self._arrival, self._arrival.refusal
        place = arrival.place()
        say = partial(answer, self._data, arrival.gate.hub.settings.name)
        if not known:
            return say(place, UNKNOWN_HOST, _MISDIRECTED)
        named = place_in(self._data, place, 443 if arrival.secure else 80)
        if is_whole(self._data) and not head.is_addressed():
            return say(named, NO_HOST, _BAD)
        if refusal is None:
            return say(named)
        arrival.note_refusal()
        page = named.encrypted_page() if named != place and _PAGE.match(self._data) else ""
        if refusal.code == "tls-needed" and page:
            return say(named, refusal.text, _ENCRYPTED, location=page)
        return say(named, refusal.text, _STATUS.get(refusal.code, _BUSY))

    def end(self, goodbye: Goodbye) -> bool:
        """Close: a client this slow is not a person who reads."""
        self.transport.abortConnection()
        return True

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._arrival.gone()
