"""People: nicknames, away, and accounts."""

from __future__ import annotations

from chatsvc.dialects.irc.client import Client, Pending
from chatsvc.dialects.irc.message import Message, reason
from chatsvc.dialects.irc.registry import on, refused, told
from chatsvc.model.account_events import Identified
from chatsvc.model.presence_events import Away, Realname, Renamed
from chatsvc.model.requests import Refusal

PRE_AWAY = "draft/pre-away"


def userhost(mask: str) -> tuple[str, str]:
    """Return the user and the host of a user's mask."""
    user, _, host = mask.partition("!")[2].partition("@")
    return user, host


def become(client: Client, name: str) -> None:
    """Tell the client that a login has given it another name, if it has."""
    if name != client.nick:
        client.send("NICK", name, source=client.mask(client.nick))
        client.nick = name


@told.register
def _(event: Renamed, client: Client, about: Pending) -> None:
    account = client.account_tag(event.new)  # nobody has the old name
    client.send("NICK", event.new, source=client.mask(event.old), **account)
    if event.own:
        client.nick = event.new


@on("SETNAME", 1)
def _(client: Client, message: Message) -> None:
    if message.params[0]:
        client.ask("realname", text=message.params[0])
    else:
        client.reply("NEEDMOREPARAMS", "SETNAME")


@refused("SETNAME")
def _(event: Refusal, client: Client, about: Pending) -> None:
    """Refuse a real name with a standard reply (IRCv3 "setname")."""
    code = "INVALID_REALNAME" if event.code == "too-long" else "CANNOT_CHANGE_REALNAME"
    client.fail("SETNAME", code, event.text)


@told.register
def _(event: Realname, client: Client, about: Pending) -> None:
    if event.own:
        client.realname = event.realname
    if "setname" in client.capabilities:
        client.send("SETNAME", event.realname, source=client.mask(event.name))


@told.register
def _(event: Identified, client: Client, about: Pending) -> None:
    if "account-notify" in client.capabilities:
        client.send("ACCOUNT", event.account or "*", source=client.mask(event.name))


@on("AWAY", anybody=True)
def _(client: Client, message: Message) -> None:
    words = reason(message.params)
    if client.registered:
        client.ask("away", reason=words) if words else client.ask("back")
    elif PRE_AWAY in client.capabilities:
        client.registration.away = words
        client.reply("NOWAWAY" if words else "UNAWAY")
    else:
        client.reply("NOTREGISTERED")


def away_from_the_start(client: Client) -> None:
    """Mark a user as away who requested that before registration was complete."""
    if client.registration.away:
        client.ask("away", Pending("AWAY"), reason=client.registration.away)


@told.register
def _(event: Away, client: Client, about: Pending) -> None:
    if event.written:
        with client.adding_to(about.labeled):
            client.reply("AWAY", event.name, event.reason or "")
    elif event.own:
        client.reply("UNAWAY" if event.reason is None else "NOWAWAY")
    elif "away-notify" in client.capabilities:
        client.send(
            "AWAY", *([event.reason] if event.reason else []), source=client.mask(event.name)
        )
