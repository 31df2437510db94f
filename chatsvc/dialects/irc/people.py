"""People: who somebody is, what they are called, whether they are away."""

from __future__ import annotations

from chatsvc.dialects.irc.client import Asked, Client
from chatsvc.dialects.irc.lines import mask
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.modes import own_mode
from chatsvc.dialects.irc.table import on, told
from chatsvc.events import Away, People, Person, Realname, Renamed
from chatsvc.governance import Identified

_PREFIXES = {"operator": "@", "founder": "~", "moderator": "@", "voiced": "+"}
_WIDTH = 400  # characters of names in one NAMES reply


@on("NAMES", 1)
def _(client: Client, message: Message) -> None:
    client.ask("who", room=message.params[0])


@on("WHO", 1)
def _(client: Client, message: Message) -> None:
    if message.params[0].startswith("#"):
        client.ask("who", room=message.params[0])
    else:
        client.ask("whois", name=message.params[0])


@told.register
def _(event: People, client: Client, about: Asked) -> None:
    if about.command == "WHO":
        for person in event.people:
            _who(client, event.room, person)
        client.reply("ENDOFWHO", event.room)
        return
    hosts = "userhost-in-names" in client.capabilities
    names: list[str] = []
    for person in event.people:
        shown = mask(person.name) if hosts else person.name
        names.append(_PREFIXES.get(person.role or "", "") + shown)
        if len(" ".join(names)) > _WIDTH:
            client.reply("NAMREPLY", "=", event.room, " ".join(names))
            names = []
    if names:
        client.reply("NAMREPLY", "=", event.room, " ".join(names))
    client.reply("ENDOFNAMES", event.room)


def _who(client: Client, room: str, person: Person) -> None:
    flags = ("G" if person.away is not None else "H") + _PREFIXES.get(person.role or "", "")
    words = f"0 {person.realname or person.name}"
    client.reply("WHOREPLY", room, *_userhost(person), client.server, person.name, flags, words)


def _userhost(person: Person) -> tuple[str, str]:
    user, _, host = mask(person.name).partition("!")[2].partition("@")
    return user, host


@on("WHOIS", 1)
def _(client: Client, message: Message) -> None:
    client.ask("whois", Asked("WHOIS", (message.params[-1],)), name=message.params[-1])


@told.register
def _(event: Person, client: Client, about: Asked) -> None:
    if about.command == "MODE B":
        own_mode(client, event)
        return
    if about.command == "WHO":
        _who(client, "*", event)
        client.reply("ENDOFWHO", event.name)
        return
    client.reply("WHOISUSER", event.name, *_userhost(event), "*", event.realname or event.name)
    if event.rooms:
        client.reply("WHOISCHANNELS", event.name, " ".join(event.rooms))
    client.reply("WHOISSERVER", event.name, client.server, "chatsvc")
    if event.role == "operator":
        client.reply("WHOISOPERATOR", event.name)
    if event.away is not None:
        client.reply("AWAY", event.name, event.away)
    if event.account:
        client.reply("WHOISACCOUNT", event.name, event.account)
    for address in event.addresses:
        client.reply("WHOISACTUALLY", event.name, address)
    client.reply("WHOISIDLE", event.name, str(int(event.idle)), str(int(event.since)))
    client.reply("ENDOFWHOIS", event.name)


@told.register
def _(event: Renamed, client: Client, about: Asked) -> None:
    if "chghost" in client.capabilities:
        client.send("CHGHOST", "chat", mask(event.new).partition("@")[2], source=mask(event.old))
    client.send("NICK", event.new, source=mask(event.old))
    if event.own:
        client.nick = event.new


@on("SETNAME", 1)
def _(client: Client, message: Message) -> None:
    client.ask("realname", text=message.params[0])


@told.register
def _(event: Realname, client: Client, about: Asked) -> None:
    if event.own:
        client.realname = event.realname
    if "setname" in client.capabilities:
        client.send("SETNAME", event.realname, source=mask(event.name))


@told.register
def _(event: Identified, client: Client, about: Asked) -> None:
    if "account-notify" in client.capabilities:
        client.send("ACCOUNT", event.account or "*", source=mask(event.name))


@on("AWAY")
def _(client: Client, message: Message) -> None:
    reason = " ".join(message.params)
    client.ask("away", reason=reason) if reason else client.ask("back")


@told.register
def _(event: Away, client: Client, about: Asked) -> None:
    if event.own:
        client.reply("UNAWAY" if event.reason is None else "NOWAWAY")
    elif "away-notify" in client.capabilities:
        client.send("AWAY", *([event.reason] if event.reason else []), source=mask(event.name))
