"""Renaming channels: RENAME (IRCv3 "channel-rename", a draft)."""

from __future__ import annotations

from collections.abc import Iterable

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.privmsg import msgid
from chatsvc.dialects.irc.refusal import refuse
from chatsvc.dialects.irc.registry import on, refused, told
from chatsvc.dialects.jsonl import timestamp
from chatsvc.dialects.sentences import lines
from chatsvc.model.requests import Refusal
from chatsvc.model.room_events import Moved
from chatsvc.model.text_rules import key

CAPABILITY = "draft/channel-rename"
_NUMERICS = ("no-such-room", "bad-room", "not-in-room", "not-allowed")


@on("RENAME", 2)
def _(client: Client, message: Message) -> None:
    old, new, *reason = message.params
    client.ask("rename", room=old, name=new, reason=" ".join(reason))


@told.register
def _(event: Moved, client: Client, about: Pending) -> None:
    """Section "Messages"; for clients without the capability, section "Fallback"."""
    old, new = key(event.room), key(event.to)
    _rename(client, event)
    if CAPABILITY in client.capabilities:
        _tell_renamed(client, event)
    elif old != new:
        client.send("PART", event.room, *filter(None, (event.reason,)), by=client.nick)
        client.rooms.pop(new)
        client.ask("join", Pending("JOIN", (event.to,)), room=event.to)


def _tell_renamed(client: Client, event: Moved) -> None:
    names = event.room, event.to, event.reason
    client.send("RENAME", *names, by=event.by, stamp=event.stamp)


def tell_earlier(client: Client, event: Moved, room: str) -> None:
    """Write a change from the history; without the capability, in words, as it changes nothing."""
    if CAPABILITY in client.capabilities:
        _tell_renamed(client, event)
    elif event.stamp is not None:
        tags = {"time": timestamp(event.stamp.time), "msgid": msgid("", event.stamp.id)}
        for words in lines(event, None):
            client.notice(words.removeprefix("* "), to=room, tags=tags)


def _rename(client: Client, event: Moved) -> None:
    """Let what is known of the channel belong to its new name."""
    old, new = key(event.room), key(event.to)
    client.rooms.pop(old, None)
    client.rooms[new] = event.to
    if event.room in client.earlier:
        client.earlier[event.to] = client.earlier.pop(event.room)
    note_former(client, event.to, {old, *(k for k, v in client.former.items() if v == old)})


def note_former(client: Client, room: str, names: Iterable[str]) -> None:
    """Note the keys of a channel's former names, which ids of its messages may contain."""
    client.former.update(dict.fromkeys(names, key(room)))
    client.former.pop(key(room), None)


@refused("RENAME")
def _(event: Refusal, client: Client, about: Pending) -> None:
    """Section "Errors": numerics where one fits, otherwise FAIL."""
    if event.code in _NUMERICS:
        refuse(event, client, about._replace(params=about.params[:1]))
    else:
        code = "CHANNEL_NAME_IN_USE" if event.code == "room-exists" else "CANNOT_RENAME"
        client.fail("RENAME", code, *about.params[:2], event.text)


@refused("JOIN")
def _(event: Refusal, client: Client, about: Pending) -> None:
    """Section "Channel redirection"."""
    if event.code == "room-renamed":
        client.fail("JOIN", "CHANNEL_RENAMED", about.first, event.suggestion or "*", event.text)
    else:
        refuse(event, client, about)


def tell_forwarded(client: Client, asked: str, room: str) -> None:
    """Tell a client without the capability that it joins a channel under another name (470)."""
    if CAPABILITY not in client.capabilities and key(asked) in client.former:
        client.reply("LINKCHANNEL", asked, room, "The channel was renamed")
