"""Detects the protocol of a connection from its first bytes, however they are split.

A silent peer is greeted as a person, but may still turn out to be something else.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol, IHandshakeListener
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.dialects.join_page import METHOD
from chatsvc.dialects.jsonl import JSONL
from chatsvc.dialects.text import TEXT
from chatsvc.model.server_events import Asked, Goodbye
from chatsvc.transports.adapters import SharedAdapter
from chatsvc.transports.chat_protocol import ChatProtocol
from chatsvc.transports.connection import ClientConnection, LastWords, stop
from chatsvc.transports.irc import IRCProtocol
from chatsvc.transports.text import TextProtocol
from chatsvc.transports.tls import fingerprint_of
from chatsvc.transports.web.first_request import FirstRequest
from chatsvc.transports.websocket.opening import NAME

GREETING = 0.25  # seconds of silence after which a person is greeted
# TLS may still begin meanwhile, which a greeting would break: HexChat does so after 0.3 s, eggdrop
# after 1.0 s.
TLS_BEGINS = 1.5
LONGEST_FIRST = 8192  # maximum bytes without a line end that may still be another protocol
LONGEST_IRC = 512  # RFC 2812, 2.3

_TLS = b"\x16\x03"  # a handshake of TLS 1.x (RFC 8446, 5.1)
_ACCESS_DENIED = b"\x15\x03\x03\x00\x02\x02\x31"  # a fatal alert of TLS (RFC 8446, 6.2)
_JSON = re.compile(rb'\{[ \t]*["}\r\n]')
_HALF_JSON = re.compile(rb"\{[ \t]*")
_HTTP = re.compile(rb"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT) /")
_HTTP_LINE = re.compile(rb"%b \S+ HTTP/[0-9.]+\r?" % METHOD)
_HALF_HTTP = re.compile(rb"%b( \S*( [HTP/0-9.]*\r?)?)?" % METHOD)
_LONG_HTTP = re.compile(rb"%b /\S*( [HTP/0-9.]*\r?)?" % METHOD)
_IRC_LINE = re.compile(
    rb"(?:CAP [A-Za-z]+\b.*|cap (?i:LS|LIST|REQ|END)\b.*|(?:NICK|nick) :?\S+"
    rb"|(?:USER|user) \S+ \S+ \S+ .+|(?:PASS|pass) .+"
    rb"|(?:AUTHENTICATE|JOIN|METADATA|MODE|NOTICE|OPER|PART|PING|PONG|PRIVMSG|QUIT|REGISTER|TAGMSG"
    rb"|TOPIC|VERIFY|WHOIS) .+)[ ]*\r?"
)
_IRC_WORDS = (
    b"CAP ", b"NICK ", b"USER ", b"PASS ", b"cap ", b"nick ", b"user ", b"pass ",
    b"AUTHENTICATE ", b"JOIN ", b"METADATA ", b"MODE ", b"NOTICE ", b"OPER ", b"PART ", b"PING ",
    b"PONG ", b"PRIVMSG ", b"QUIT ", b"REGISTER ", b"TAGMSG ", b"TOPIC ", b"VERIFY ", b"WHOIS ",
)  # fmt: skip

Verdict = bool | None  # None: a few more bytes will tell


@dataclass(frozen=True, slots=True)
class Language:
    """A row of the table: how its first bytes look, and what then gets the connection."""

    name: str  # in --speaks
    begins: Callable[[bytes], Verdict]
    build: Callable[[ClientConnection], Any]  # an Occupant, perhaps in a wrapper
    chats: bool = True  # people can chat with it


def is_tls(data: bytes) -> Verdict:
    return True if data.startswith(_TLS) else None if _TLS.startswith(data) else False


def is_json(data: bytes) -> Verdict:
    """Return whether this is an object; people may be called {ann}."""
    start = data[:LONGEST_FIRST]
    half = len(data) < LONGEST_FIRST and _HALF_JSON.fullmatch(start)
    return True if _JSON.match(start) else None if half or not data else False


def is_irc(data: bytes) -> Verdict:
    """Return whether this is a command of IRC with an argument, as a client may begin with.

    Case does not matter (Modern IRC, "Command"), but `Nick Cave` is how people write, and waits for
    an answer. No name has a space; `nick`, `CAP` alone, and `Nick` are names. No IRC client sends
    NUL, which telnet clients have in their line ends.
    """
    line, end, _ = data.partition(b"\n")
    if len(line) > LONGEST_IRC or b"\0" in line:
        return False
    if end:  # PASS is an HTTP method too: pages may choose any
        return _IRC_LINE.fullmatch(line) is not None and not _HTTP_LINE.fullmatch(line)
    half = any(line.startswith(word) or word.startswith(line) for word in _IRC_WORDS)
    return None if half else False


def is_http(data: bytes) -> Verdict:
    """Return whether this is a request line, with any method; of long ones, check the beginning."""
    if _HTTP.match(data):
        return True
    line, end, _ = data.partition(b"\n")
    if len(line) > LONGEST_FIRST:
        return _LONG_HTTP.fullmatch(line[:LONGEST_FIRST]) is not None
    if end:
        return _HTTP_LINE.fullmatch(line) is not None
    return None if not line or _HALF_HTTP.fullmatch(line) else False


def is_text(data: bytes) -> Verdict:
    return True if data else None


def _secure(arrival: ClientConnection) -> Any:
    tls = arrival.gate.tls
    arrival.shake_hands()
    if arrival.refusal is not None or tls is None:
        arrival.note_refusal()
        return LastWords(arrival, _ACCESS_DENIED)  # a handshake is too expensive for that
    arrival.secure = True
    return tls.around(Detector(arrival))


TLS = Language("tls", is_tls, _secure, chats=False)
PEOPLE = Language("text", is_text, TextProtocol)
LANGUAGES = (  # the first match wins; the last row takes everything else
    TLS,
    Language("json", is_json, partial(ChatProtocol, ways=SharedAdapter(JSONL))),
    Language("irc", is_irc, IRCProtocol),
    Language("http", is_http, lambda arrival: FirstRequest(arrival, _name_of), chats=False),
    PEOPLE,
)
NAMES = (*(language.name for language in LANGUAGES), NAME)  # which an HTTP request asks for
CHATTING = tuple(language.name for language in LANGUAGES if language.chats)


def language_of(data: bytes, secure: bool = False) -> Language | None:
    """Return the matching row, or None if more bytes are needed; inside TLS there is no TLS."""
    for language in LANGUAGES:
        verdict = False if secure and language is TLS else language.begins(data)
        if verdict is not False:
            return language if verdict else None
    return None


def _name_of(line: bytes) -> str:
    """Return the language of a first line that is whole."""
    return (language_of(line, secure=True) or PEOPLE).name


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
        return TLS_BEGINS if plain else GREETING

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
        arrival.hand_over(self.transport, language.build(arrival), data)

    def readConnectionLost(self) -> None:
        """Treat the first line as complete: nothing more will arrive."""
        self._become(language_of(self._data + b"\n", self._arrival.secure) or PEOPLE)
        self._arrival.occupant.readConnectionLost()

    def writeConnectionLost(self) -> None:
        """Do nothing: only the following protocols close this half of a connection."""

    def end(self, words: str) -> None:
        """Close; tell a person who was greeted why."""
        if self._silence is None:  # nothing can be sent before the handshake
            self.transport.abortConnection()
            return
        stop(self._silence)
        said = TEXT.write(Goodbye(words)) if self._arrival.greeted else b""
        self._arrival.hand_over(self.transport, LastWords(self._arrival, said))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        stop(self._silence)
        if not self._data:
            self._arrival.visit()  # browsers open connections that they may not need
        self._arrival.gone()
