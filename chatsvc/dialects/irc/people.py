"""People: nicknames, away, and accounts."""

from __future__ import annotations

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.message import Message, reason
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.registry import on, told
from chatsvc.model.account_events import Identified
from chatsvc.model.presence_events import Away, Realname, Renamed
from chatsvc.model.stamps import Stamp
from chatsvc.model.text_rules import LONGEST_WORDS

_INVALID_REALNAME = f"A real name has from 1 to {LONGEST_WORDS} characters"
PRE_AWAY = "draft/pre-away"


def userhost(mask: str) -> tuple[str, str]:
    """Return the user and the host of a user's mask."""
    user, _, host = mask.partition("!")[2].partition("@")
    return user, host


def become(client: Client, name: str) -> None:
    """Tell the client that a login has given it another name, if it has."""
    if name != client.nick:
        _rename_own(client, client.nick, name, stamp=None)


def _rename_own(client: Client, old: str, new: str, stamp: Stamp | None) -> None:
    """Tell the client its new nickname, after its new user and host if they change with it.

    IRCv3 "chghost": the source of CHGHOST is the user before the change.
    """
    source, (user, host) = client.mask(old), userhost(client.mask(new))
    if userhost(source) != (user, host) and "chghost" in client.capabilities:
        client.send("CHGHOST", user, host, source=source, by=new)
        source = f"{old}!{user}@{host}"
    client.send("NICK", new, source=source, by=new, stamp=stamp)
    client.nick = new


@told.register
def _(event: Renamed, client: Client, about: Pending) -> None:
    if event.own:
        _rename_own(client, event.old, event.new, event.stamp)
    else:
        client.send(
            "NICK", event.new, source=client.mask(event.old), by=event.new, stamp=event.stamp
        )


@on("SETNAME", 1)
def _(client: Client, message: Message) -> None:
    text = message.params[0]
    if text.strip() and len(text) <= LONGEST_WORDS:
        client.ask("realname", text=text)
    elif {"setname", "standard-replies"} & client.capabilities:
        client.fail("SETNAME", "INVALID_REALNAME", _INVALID_REALNAME)
    else:
        client.notice(_INVALID_REALNAME)


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
    words = reason(" ".join(message.params))
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
        client.send("AWAY", *([event.reason] if event.reason else []), by=event.name)
