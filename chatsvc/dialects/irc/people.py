"""People: nicknames, away, and accounts."""

from __future__ import annotations

from chatsvc.dialects.irc.client import Client, Pending
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.privmsg import mask
from chatsvc.dialects.irc.registry import on, told
from chatsvc.model.account_events import Identified
from chatsvc.model.presence_events import Away, Realname, Renamed

PRE_AWAY = "draft/pre-away"


@told.register
def _(event: Renamed, client: Client, about: Pending) -> None:
    if "chghost" in client.capabilities:
        client.send("CHGHOST", "chat", mask(event.new).partition("@")[2], source=mask(event.old))
    client.send("NICK", event.new, source=mask(event.old))
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
        client.send("SETNAME", event.realname, source=mask(event.name))


@told.register
def _(event: Identified, client: Client, about: Pending) -> None:
    if "account-notify" in client.capabilities:
        client.send("ACCOUNT", event.account or "*", source=mask(event.name))


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
        client.send("AWAY", *([event.reason] if event.reason else []), source=mask(event.name))
