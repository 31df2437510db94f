"""IRC clients that know metadata, and the batches that they read."""

from __future__ import annotations

from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET

CAPS = ("batch", "draft/metadata-3")


def aware(chat: Chat, nick: str, *more: str) -> Person:
    """Return a metadata-aware client ("Definitions")."""
    return irc(chat, nick, *CAPS, *more)


def registered(chat: Chat, nick: str) -> Person:
    client = aware(chat, nick)
    client.send(f"NS REGISTER {SECRET}")
    return client


def owner(chat: Chat, nick: str = "ann", room: str = "#tea") -> Person:
    """Return a client that may change the metadata of a channel."""
    client = registered(chat, nick)
    client.send(f"JOIN {room}")
    return client


def batched(answer: list[str]) -> tuple[str, list[str]]:
    """Return the type and parameters of a batch, and the messages in it."""
    begin, *inside, end = answer
    source, command, reference, *params = begin.split(" ")
    assert (source, command, reference[0]) == (":irc.chatsvc", "BATCH", "+")
    assert end == f":irc.chatsvc BATCH -{reference[1:]}"
    tag = f"@batch={reference[1:]} "
    assert all(line.startswith(tag) for line in inside)
    return " ".join(params), [line.removeprefix(tag) for line in inside]
