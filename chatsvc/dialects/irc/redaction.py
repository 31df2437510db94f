"""Deleting messages: REDACT (IRCv3 "draft/message-redaction")."""

from __future__ import annotations

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.places import number_in, place
from chatsvc.dialects.irc.privmsg import msgid
from chatsvc.dialects.irc.registry import in_words, on, refused, told
from chatsvc.model.message_events import Deleted, Retracted
from chatsvc.model.requests import Refusal

CAPABILITY = "draft/message-redaction"
_NO_MESSAGE = 0  # which no message has as its number
_CODES = {
    **dict.fromkeys(
        ("bad-room", "no-account", "no-such-person", "no-such-room", "not-in-room"),
        "INVALID_TARGET",
    ),
    "no-such-line": "UNKNOWN_MSGID",
}


@on("REDACT", 2)
def _(client: Client, message: Message) -> None:
    target, id, *reason = message.params
    number = number_in(client, target, id) or _NO_MESSAGE  # the target is checked first
    client.ask("delete", room=place(target), number=number, reason=" ".join(reason))


@told.register
def _(event: Deleted, client: Client, about: Pending) -> None:
    if CAPABILITY not in client.capabilities:
        in_words(client, event)
        return
    _redact(client, event, about, msgid(client.room_in_ids(event.room), event.number))


@told.register
def _(event: Retracted, client: Client, about: Pending) -> None:
    if CAPABILITY in client.capabilities:
        _redact(client, event, about, msgid(event.room, event.id))


def _redact(client: Client, event: Deleted | Retracted, about: Pending, id: str) -> None:
    other = about.first if about.command == "REDACT" else event.room.removeprefix("@")
    to_me = event.room.startswith("@") and event.by != client.nick
    reason = [event.reason] if event.reason else []
    target = client.nick if to_me else other
    client.send("REDACT", target, id, *reason, by=event.by)


@refused("REDACT")
def _(event: Refusal, client: Client, about: Pending) -> None:
    code = _CODES.get(event.code, "REDACT_FORBIDDEN")
    subject = about.params[: 1 if code == "INVALID_TARGET" else 2]
    text = "No such message" if code == "UNKNOWN_MSGID" else event.text
    client.fail("REDACT", code, *subject, text)
