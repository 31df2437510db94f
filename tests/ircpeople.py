"""IRC clients in memory."""

from __future__ import annotations

import base64

import pytest
from conftest import Chat, Person

EVENT = "@time=1970-01-01T00:00:00.000Z;msgid=~100000000000{n} "  # of an event at the start
TAGS = "@time=1970-01-01T00:00:00.000Z;msgid=#lobby-{n} "


def irc(chat: Chat, nick: str, *capabilities: str) -> Person:
    """Return an IRC client that has registered, and has read the welcome."""
    client = chat.connect()
    if capabilities:
        client.send(f"CAP REQ :{' '.join(capabilities)}")
    client.send(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
    if capabilities:
        client.send("CAP END")
    return client


@pytest.fixture
def bob(chat: Chat, ann: Person) -> Person:
    """Return a guest in #tea, where a file's `ann` is."""
    bob = irc(chat, "bob")
    bob.send("JOIN #tea"), ann.read()
    return bob


def plain(account: str, password: str) -> str:
    return base64.b64encode(f"\0{account}\0{password}".encode()).decode()
