"""People: nicknames, away, and accounts."""

from __future__ import annotations

from chatsvc.dialects.irc.client import Client, Pending
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.registry import on, told
from chatsvc.model.account_events import Identified
from chatsvc.model.presence_events import Away, Realname, Renamed

PRE_AWAY = "draft/pre-away"


def userhost(mask: str) -> tuple[str, str]:
    """Return the user and the host of a user's mask."""
    user, _, host = mask.partition("!")[2].partition("@")
    return user, host


def become(client: Client, name: str) -> None:
    """Tell the client that a login has given it another name, if it has."""
    if name != client.nick:
        client.send("NICK", name, by=client.nick)
        client.nick = name


@told.register
def _(event: Renamed, client: Client, about: Pending) -> None:
    client.send("NICK", event.new, by=event.old, stamp=event.stamp)
    if event.own:
        client.nick = event.new


@on("SETNAME", 1)
def _(client: Client, message: Message) -> None:
    client.ask("realname", text=message.params[0])


@told.register
def _(event: Realname, client: Client, about: Pending) -> None:
    if event.own:
        client.realname = event.realname
    if "setname" in client.capabilities:
        client.send("SETNAME", event.realname, by=event.name)


@told.register
def _(event: Identified, client: Client, about: Pending) -> None:
    if "account-notify" in client.capabilities:
        client.send("ACCOUNT", event.account or "*", by=event.name)


@on("AWAY", anybody=True)
def _(client: Client, message: Message) -> None:
    reason = " ".join(message.params)
    if client.registered:
        client.ask("away", reason=reason) if reason else client.ask("back")
    elif PRE_AWAY in client.capabilities:
        client.registration.away = reason
        client.reply("NOWAWAY" if reason else "UNAWAY")
    else:
        client.reply("NOTREGISTERED")


def away_from_the_start(client: Client) -> None:
    """Mark a user as away who requested that before registration was complete."""
    if client.registration.away:
        client.ask("away", Pending("AWAY"), reason=client.registration.away)


@told.register
def _(event: Away, client: Client, about: Pending) -> None:
    if event.written:
        client.reply("AWAY", event.name, event.reason or "")
    elif event.own:
        client.reply("UNAWAY" if event.reason is None else "NOWAWAY")
    elif "away-notify" in client.capabilities:
        client.send("AWAY", *([event.reason] if event.reason else []), by=event.name)
