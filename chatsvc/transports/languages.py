"""The protocols that a connection can speak: their names, and how their first bytes look.

The options list the names too, for every command. So the table only names what gets a connection;
`builder` imports it when a service starts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from chatsvc.dialects.join_page import METHOD

LONGEST_FIRST = 8192  # maximum bytes without a line end that may still be another protocol
LONGEST_IRC = 512  # RFC 2812, 2.3

_TLS = b"\x16\x03"  # a handshake of TLS 1.x (RFC 8446, 5.1)
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
    place: str  # "module:name" of a dialect, or of what builds an occupant of a connection
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


LANGUAGES = (  # the first match wins; the last row takes everything else
    Language("tls", is_tls, "chatsvc.transports.detection:secure", chats=False),
    Language("json", is_json, "chatsvc.dialects.jsonl:JSONL"),
    Language("irc", is_irc, "chatsvc.transports.irc:IRCProtocol"),
    Language("http", is_http, "chatsvc.transports.web.first_request:FirstRequest", chats=False),
    Language("text", is_text, "chatsvc.transports.text:TextProtocol"),
)
TLS, PEOPLE = LANGUAGES[0], LANGUAGES[-1]
WEBSOCKET = "websocket"  # which an HTTP request asks for
NAMES = (*(language.name for language in LANGUAGES), WEBSOCKET)
CHATTING = tuple(language.name for language in LANGUAGES if language.chats)


def language_of(data: bytes, secure: bool = False) -> Language | None:
    """Return the matching row, or None if more bytes are needed; inside TLS there is no TLS."""
    for language in LANGUAGES:
        verdict = False if secure and language is TLS else language.begins(data)
        if verdict is not False:
            return language if verdict else None
    return None


def name_of(line: bytes) -> str:
    """Return the language of a first line that is whole."""
    return (language_of(line, secure=True) or PEOPLE).name
