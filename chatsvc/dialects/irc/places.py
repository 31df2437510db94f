"""Targets as the chat calls them: a room, or (@name) the conversation with a user."""

from __future__ import annotations

from chatsvc.dialects.irc.client import Client
from chatsvc.model.text_rules import key


def place(target: str) -> str:
    return target if target.startswith("#") else f"@{target}"


def room_in_ids(client: Client, room: str) -> str:
    """Return what the ids of a room's lines begin with, the same for both in a conversation."""
    if room.startswith("#") or client.account is None:
        return room
    return "@" + ",".join(sorted((client.account, room.removeprefix("@"))))


def number_in(client: Client, target: str, msgid: str) -> int | None:
    """Return the number of a line of the target; None if the id belongs to no line there."""
    room, _, number = msgid.rpartition("-")
    where = target if target.startswith("#") else f"@{client.account_of(target)}"
    if key(room) != key(room_in_ids(client, where)):
        return None
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 16 else None
