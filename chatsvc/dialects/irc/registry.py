"""The tables of the dialect: the handler of each message, and the writer of each event.

The other modules fill them, each for its subject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import singledispatch
from typing import NamedTuple

from chatsvc.dialects.irc import message as wire
from chatsvc.dialects.irc.capabilities import MULTILINE
from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.labeled import Labeled
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.sentences import lines, part_lines
from chatsvc.model.events import Event
from chatsvc.model.history_events import Part
from chatsvc.model.long_events import LongEvent, entries_of, with_entries
from chatsvc.model.moderation_events import Bans
from chatsvc.model.presence_events import Person
from chatsvc.model.requests import Refusal, Request
from chatsvc.model.room_events import Rules

Handler = Callable[[Client, Message], None]
Refuser = Callable[[Refusal, Client, Pending], None]


class _MessageRow(NamedTuple):
    handler: Handler
    needed: int = 0  # parameters
    anybody: bool = False  # also before registration is complete


LABELS = frozenset(("batch", "labeled-response"))  # required for answers with labels
LONGEST_LABEL = 64  # bytes; IRCv3 "labeled-response"
_SPOKEN = (Bans, Person, Rules)  # by services: the notices for what others are told by numerics
_HANDLERS: dict[str, _MessageRow] = {}
REFUSED: dict[str, Refuser] = {}  # of commands with their own texts for refusals


def on(command: str, needed: int = 0, anybody: bool = False) -> Callable[[Handler], Handler]:
    """Register the handler of a command."""

    def enter(handler: Handler) -> Handler:
        _HANDLERS[command] = _MessageRow(handler, needed, anybody)
        return handler

    return enter


def handle(client: Client, message: Message) -> None:
    """Handle a message in place of one that has been read."""
    _HANDLERS[message.command].handler(client, message)


def refused(command: str) -> Callable[[Refuser], Refuser]:
    """Register how the refusal of a command is answered, unless in the usual way."""

    def enter(refuser: Refuser) -> Refuser:
        REFUSED[command] = refuser
        return refuser

    return enter


def read(client: Client, line: str) -> Sequence[Request]:
    """Handle a message, and return the requests to the chat."""
    try:
        message = wire.parse(line)
    except wire.TooLong:
        _refuse(client, wire.beginning(line), lambda _: client.reply("INPUTTOOLONG"))
        return client.requests()
    if message is not None:
        labeled = _labeled(client, message) if message.tags else None
        if labeled is None:
            _do(client, message, None)
        else:
            with client.answering(labeled):
                _do(client, message, labeled)
    return client.requests()


def refuse_encoding(client: Client, line: bytes) -> None:
    """Refuse a line that is not UTF-8 (IRCv3 "UTF8ONLY")."""
    text = "Not sent: invalid UTF-8. Set your client's encoding to UTF-8"
    message = wire.beginning(line.decode(errors="replace"))
    _refuse(client, message, lambda command: client.fail(command, "INVALID_UTF8", text))


def _refuse(client: Client, message: Message, say: Callable[[str], None]) -> None:
    """Answer that a line is unreadable; drop its batch, whose text would be incomplete."""
    collected = client.collected if "batch" in message.tags else None
    if collected is None:
        labeled = _labeled(client, message)
    else:
        collected.drop()
        labeled = collected.about.labeled and collected.about.labeled.held()
    with client.answering(labeled):
        say(message.command)


def _labeled(client: Client, message: Message) -> Labeled | None:
    """Return the answer to a labeled message, which begins now."""
    label = message.tags.get("label", "") if client.capabilities >= LABELS else ""
    return Labeled(label) if label and not wire.longer(label, LONGEST_LABEL) else None


def _do(client: Client, message: Message, labeled: Labeled | None) -> None:
    client.latest = Pending(message.command, message.params, labeled)
    inside = "batch" in message.tags and client.capabilities >= MULTILINE
    row = _HANDLERS["BATCH"] if inside else _HANDLERS.get(message.command, _OTHERS)
    if not client.registered and not row.anybody:
        client.reply("NOTREGISTERED")
    elif len(message.params) < row.needed:
        client.reply("NEEDMOREPARAMS", message.command)
    else:
        row.handler(client, message)


def _type(client: Client, message: Message) -> None:
    """Pass any other message to the chat, if the chat has a command of that name."""
    client.type(message.command.lower(), " ".join(message.params))


_OTHERS = _MessageRow(_type)


def tell(client: Client, event: Event, tag: str | None, about: object = None) -> None:
    """Write `event` for the client, ready to be sent; `about` is the subject without a tag."""
    asked = client.asked(tag, about)
    client.speaker = asked.service
    try:
        with client.answering(None if tag is None else asked.labeled):
            if asked.service and isinstance(event, _SPOKEN):
                in_words(client, event)
            else:
                told(event, client, asked)
    finally:
        client.speaker = ""


@singledispatch
def told(event: object, client: Client, about: Pending) -> None:
    if not isinstance(event, LongEvent):
        in_words(client, event)
        return
    told_part(event, client, about, Part())
    end = Part(len(entries_of(event)), ends=True)
    told_part(with_entries(event, ()), client, about, end)


def in_words(client: Client, event: object) -> None:
    """Write an event without an IRC message as a notice, in the words of the text dialect."""
    _notices(client, lines(event, None), client.speaker)


@singledispatch
def told_part(event: object, client: Client, about: Pending, part: Part) -> None:
    """Send some of the entries of a long answer, or what follows them."""
    part_in_words(client, event, about, part)


def part_in_words(client: Client, event: object, about: Pending, part: Part) -> None:
    """Send part of a long answer as notices, from the service that was asked."""
    _notices(client, part_lines(event, None, part), about.service)


def _notices(client: Client, lines: Iterable[str], source: str) -> None:
    for line in lines:
        client.notice(line.removeprefix("* "), source)
