"""The text dialect, for people with telnet, netcat or a pipe: `/` commands in, sentences out."""

from __future__ import annotations

import re
from string import ascii_letters, digits, punctuation

from chatsvc.dialects import (  # noqa: F401  # they register their sentences
    administration_sentences,
    metadata_sentences,
    moderation_sentences,
)
from chatsvc.dialects.reading import StatelessDialect
from chatsvc.dialects.sentences import lines, part_lines, said
from chatsvc.model.characters import UNSEEN, looks_empty, plain
from chatsvc.model.events import Event
from chatsvc.model.history_events import Part
from chatsvc.model.long_events import LongEvent
from chatsvc.model.message_events import Said
from chatsvc.model.requests import Request
from chatsvc.model.server_events import Cleared

# A stray key or a byte order mark before a command does not make it a message.
_COMMAND = re.compile(rf"[\x00-\x1a {UNSEEN}]*/(.*)", re.DOTALL)
_PLAIN = frozenset(ascii_letters + digits + punctuation) - {"/", "!", "\\"}
_AT_THE_DOOR = ("/quit", "q!", "/help", "/login", "/name")  # which no password begins with


class TextDialect(StatelessDialect):
    """Lines as people type and read them, ended by CRLF (RFC 854: the NVT's line end)."""

    def read(self, line: str, question: str | None = None) -> tuple[Request, ...]:
        """Return the request in `line`, which may answer a `question`."""
        return (typed(line, question),)

    def write(self, event: Event, here: str | None = None, tag: str | None = None) -> bytes:
        """Write `event` as lines for a user in the room `here`."""
        if isinstance(event, Cleared):
            return b"\x1b[2J\x1b[H"
        return "".join(f"{plain(line)}\r\n" for line in lines(event, here)).encode()

    def write_part(self, event: LongEvent, here: str | None, tag: str | None, part: Part) -> bytes:
        """Write part of a long answer: some of its entries, or what follows them."""
        return "".join(f"{plain(line)}\r\n" for line in part_lines(event, here, part)).encode()

    def write_said(self, line: Said, elsewhere: bool) -> bytes:
        """Write a line for everybody but its sender."""
        return f"{plain(said(line, elsewhere))}\r\n".encode()

    def write_own(self, line: Said, elsewhere: bool) -> bytes:
        """Write nothing: the sender has typed the line."""
        return b""


TEXT = TextDialect()


def typed(line: str, question: str | None = None) -> Request:
    """Return the request that a person typed, which may answer a question."""
    if question is None and line[:1] in _PLAIN and line != "q!":
        return Request("say", line)  # nearly always; the rest would come to the same
    if question in ("password", "login") and line.partition(" ")[0].lower() not in _AT_THE_DOOR:
        return _secret(question, line)
    if "/" in line and (command := _COMMAND.match(line)) is not None:
        written = command[1]
        if written.startswith("/"):
            return Request("say", written)
        name, _, rest = written.partition(" ")
        return Request(name, rest)
    if line == "q!":
        return Request("quit", "")
    if question is not None:
        return Request(question, line)
    if line[:1] in ("!", "\\"):
        name, _, rest = line[1:].partition(" ")
        return Request(name, rest, literal=line)
    return Request("empty") if looks_empty(line) else Request("say", line)


def _secret(question: str, line: str) -> Request:
    """Return the answer to a password prompt; an empty line accepts the other name offered."""
    if question == "login":
        return Request("login", None, {"password": line}) if line.strip() else Request("name", "")
    return Request(question, line)
