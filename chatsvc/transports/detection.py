"""Detects the protocol of a connection from its first bytes, however they are split.

A silent peer is greeted as a person, but may still turn out to be something else.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Collection
from functools import cache, partial
from pkgutil import resolve_name
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol, IHandshakeListener
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.dialects.text import TEXT
from chatsvc.model.server_events import Asked, Goodbye
from chatsvc.transports.adapters import SharedAdapter
from chatsvc.transports.chat_protocol import ChatProtocol
from chatsvc.transports.connection import ClientConnection, LastWords, stop
from chatsvc.transports.languages import LANGUAGES, PEOPLE, TLS, Language, language_of
from chatsvc.transports.tls import fingerprint_of

GREETING = 0.25  # seconds of silence after which a person is greeted
# TLS may still begin meanwhile, which a greeting would break: HexChat does so after 0.3 s, eggdrop
# after 1.0 s.
TLS_BEGINS = 1.5

ACCESS_DENIED = b"\x15\x03\x03\x00\x02\x02\x31"  # a fatal alert of TLS (RFC 8446, 6.2)


@cache
def builder(language: Language) -> Callable[[ClientConnection], Any]:
    """Import what gets a connection of this language, perhaps in a wrapper: an `Occupant`."""
    place = resolve_name(language.place)
    shared = not callable(place)  # a dialect without state
    return partial(ChatProtocol, ways=SharedAdapter(place)) if shared else place


def prepare(speaks: Collection[str]) -> None:
    """Import what these languages need, so that no connection waits for it."""
    for language in LANGUAGES:
        if language.name in speaks:
            builder(language)


def secure(arrival: ClientConnection) -> Any:
    """Return what decrypts a connection, and detects the protocol inside."""
    tls = arrival.gate.tls
    arrival.shake_hands()
    if arrival.refusal is not None or tls is None:
        arrival.note_refusal()
        return LastWords(arrival, ACCESS_DENIED)  # a handshake is too expensive for that
    arrival.secure = True
    return tls.around(Detector(arrival))


@implementer(IHalfCloseableProtocol, IHandshakeListener)
class Detector(Protocol):
    """Owns a connection until its protocol is detected; inside TLS, detection starts over."""

    transport: Any
    _silence: IDelayedCall | None = None

    def __init__(self, arrival: ClientConnection) -> None:
        self._arrival = arrival
        self._data = b""

    def connectionMade(self) -> None:
        self._arrival.begin(self.transport, self)
        if not isinstance(self.transport, TLSMemoryBIOProtocol):
            self.handshakeCompleted()

    def handshakeCompleted(self) -> None:
        """Note that data can now be sent and received."""
        if isinstance(self.transport, TLSMemoryBIOProtocol):
            self._arrival.fingerprint = fingerprint_of(self.transport)
        clock = self._arrival.gate.clock
        self._silence = clock.callLater(self._patience(), self._nothing_came)

    def _patience(self) -> float:
        """Return how long a peer may be silent before it is taken for a person."""
        arrival = self._arrival
        plain = not arrival.secure and arrival.gate.understands(TLS.name)
        waited = arrival.node != ""  # another node has waited for TLS
        return TLS_BEGINS if plain and not waited else GREETING

    def _nothing_came(self) -> None:
        arrival = self._arrival
        if not arrival.arrive():  # the proxy announces the peer first
            self.handshakeCompleted()
            return
        if arrival.refusal is None and (self._data or "text" not in arrival.gate.speaks):
            return  # some programs take their time
        if arrival.tls_only and not arrival.secure:
            return  # no plain text is sent there, unless the peer sends some first
        arrival.join()
        arrival.check(PEOPLE.name)
        if arrival.refusal is None:
            self._greet()
        else:
            self._become(PEOPLE)

    def _greet(self) -> None:
        if not self._arrival.greeted:
            self._arrival.greeted = True
            chat = self._arrival.gate.hub.settings.name
            question = Asked("name", f"Welcome to {chat}. What is your name?")
            self.transport.write(TEXT.write(question))

    def dataReceived(self, data: bytes) -> None:
        self._data = (self._data + data).removeprefix(BOM_UTF8)
        if BOM_UTF8.startswith(self._data):
            return  # a piped file from Windows may begin with it
        language = language_of(self._data, self._arrival.secure)
        if language is not None:
            self._become(language)

    def _become(self, language: Language) -> None:
        arrival = self._arrival
        stop(self._silence)
        arrival.arrive()
        if language.chats:
            arrival.join()
        elif language is not TLS or arrival.refusal is not None:
            arrival.visit()  # TLS may be a browser's, whose connections have their own limits
        arrival.language = language.name
        arrival.check(language.name)
        if language is PEOPLE and arrival.refusal is None:
            self._greet()
        data, self._data = self._data, b""
        arrival.hand_over(self.transport, builder(language)(arrival), data)

    def readConnectionLost(self) -> None:
        """Treat the first line as complete: nothing more will arrive."""
        self._become(language_of(self._data + b"\n", self._arrival.secure) or PEOPLE)
        self._arrival.occupant.readConnectionLost()

    def writeConnectionLost(self) -> None:
        """Do nothing: only the following protocols close this half of a connection."""

    def end(self, goodbye: Goodbye) -> bool:
        """Close; tell a person who was greeted why."""
        if self._silence is None:  # nothing can be sent before the handshake
            self.transport.abortConnection()
            return True
        stop(self._silence)
        said = TEXT.write(goodbye) if self._arrival.greeted else b""
        self._arrival.hand_over(self.transport, LastWords(self._arrival, said))
        return True

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        stop(self._silence)
        if not self._data:
            self._arrival.visit()  # browsers open connections that they may not need
        self._arrival.gone()
