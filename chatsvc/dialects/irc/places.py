"""Targets as the chat calls them: a room, or (@name) the conversation with a user."""

from __future__ import annotations

from chatsvc.dialects.irc.client import Client
from chatsvc.model.text_rules import key


def place(target: str) -> str:
    return target if target.startswith("#") else f"@{target}"


def number_in(client: Client, target: str, msgid: str) -> int | None:
    """Return the number of a line of the target; None if the id belongs to no line there."""
    room, _, number = msgid.rpartition("-")
    where = target if target.startswith("#") else f"@{client.account_of(target)}"
    if msgid.startswith("~"):  # a message that is not stored
        number = msgid[1:]
    elif client.former.get(key(room), key(room)) != key(client.room_in_ids(where)):
        return None
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 16 else None
