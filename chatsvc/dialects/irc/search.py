"""Searching: SEARCH (IRCv3 "search", a draft); in other clients, SEARCH is the chat's command."""

from __future__ import annotations

from collections.abc import Mapping

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.history import tell_line
from chatsvc.dialects.irc.message import Message, tags_of
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.places import place
from chatsvc.dialects.irc.registry import on, part_in_words, refused, told, told_part
from chatsvc.dialects.jsonl import seconds, timestamp
from chatsvc.model.history_events import Found, Part
from chatsvc.model.long_events import with_entries
from chatsvc.model.requests import Refusal

CAPABILITY = "draft/search"
BY_ATTRIBUTES = "SEARCH attributes"
_INSTANT = 0.001  # seconds: `before` includes its own time
_MOST = 100  # messages
_INVALID = ("bad-argument", "bad-query", "bad-room", "no-account", "no-such-person",
            "no-such-room", "not-in-room", "too-long")  # fmt: skip


@on("SEARCH")
def _(client: Client, message: Message) -> None:
    if CAPABILITY not in client.capabilities:
        client.type("search", " ".join(message.params))
        return
    attributes = tags_of(message.params[0] if message.params else "")
    try:
        query, n = _query(attributes), int(attributes.get("limit") or _MOST)
    except ValueError:
        _fail(client, "INVALID_PARAMS", "Invalid parameters")
    else:
        about = Pending(BY_ATTRIBUTES)
        first = {"first": True} if attributes.get("after") else {}
        client.ask("search", about, query=query, n=max(1, min(n, _MOST)), **first)


def _query(attributes: Mapping[str, str]) -> str:
    """Return the chat's query; raise ValueError if a time is invalid."""
    words = [f'"{word}"' for word in attributes.get("text", "").replace('"', " ").split()]
    if where := attributes.get("in"):
        words.append(f"in:{place(where)}")
    if sender := attributes.get("from"):
        words.append(f"from:{sender}")
    if after := attributes.get("after"):
        words.append(f"after:{timestamp(seconds(after))}")
    if before := attributes.get("before"):
        words.append(f"before:{timestamp(seconds(before) + _INSTANT)}")
    return " ".join(words)


def _fail(client: Client, code: str, text: str) -> None:
    client.fail("SEARCH", code, text)


@told.register
def _(event: Found, client: Client, about: Pending) -> None:
    if about.command != BY_ATTRIBUTES:
        part_in_words(client, event, about, Part())
        part_in_words(client, with_entries(event, ()), about, Part(len(event.lines), ends=True))
        return
    with client.batch("search"):
        told_part(event, client, about, Part())


@told_part.register
def _(event: Found, client: Client, about: Pending, part: Part) -> None:
    """Send messages in the order of their times, which is SHOULD."""
    if about.command != BY_ATTRIBUTES:
        part_in_words(client, event, about, part)
        return
    for line in reversed(event.lines):
        tell_line(client, line, line.room)


@refused(BY_ATTRIBUTES)
def _(event: Refusal, client: Client, about: Pending) -> None:
    _fail(client, "INVALID_PARAMS" if event.code in _INVALID else "INTERNAL_ERROR", event.text)
