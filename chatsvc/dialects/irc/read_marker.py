"""Read positions: MARKREAD (IRCv3 "draft/read-marker")."""

from __future__ import annotations

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.places import place
from chatsvc.dialects.irc.registry import on, refused, told
from chatsvc.dialects.jsonl import timestamp
from chatsvc.model.history_events import Marked
from chatsvc.model.requests import Refusal

CAPABILITY = "draft/read-marker"
_NO_TIME = "Invalid timestamp"
_NOTHING_THERE = ("no-account", "no-such-person", "no-such-room")


@on("MARKREAD")
def _(client: Client, message: Message) -> None:
    if not message.params:
        client.fail("MARKREAD", "NEED_MORE_PARAMS", "Which channel or user?")
        return
    target, *selector = message.params
    if not selector:
        client.ask("mark", room=place(target), anywhere=True)
    elif selector[0].startswith("timestamp="):
        when = selector[0].removeprefix("timestamp=")
        client.ask("mark", room=place(target), number=when, anywhere=True)
    else:
        client.fail("MARKREAD", "INVALID_PARAMS", target, selector[0], _NO_TIME)


@told.register
def _(event: Marked, client: Client, about: Pending) -> None:
    if CAPABILITY in client.capabilities or about.command == "MARKREAD":
        tell_mark(client, event.room.removeprefix("@"), event.time)


def tell_mark(client: Client, target: str, time: float | None) -> None:
    """Send the time of the last line that was read; `*` means none."""
    client.send("MARKREAD", target, "*" if time is None else f"timestamp={timestamp(time)}")


@refused("MARKREAD")
def _(event: Refusal, client: Client, about: Pending) -> None:
    target, *selector = about.params or ("*",)
    if not selector and event.code in _NOTHING_THERE:
        tell_mark(client, target, None)
    elif event.code == "bad-argument":
        client.fail("MARKREAD", "INVALID_PARAMS", target, *selector, _NO_TIME)
    else:
        client.fail("MARKREAD", "INTERNAL_ERROR", target, event.text)
