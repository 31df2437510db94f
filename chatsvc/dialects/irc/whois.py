"""Who a user is, and was: WHOIS and WHOWAS."""

from __future__ import annotations

import time
from fnmatch import fnmatchcase

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.message import Message, told_address
from chatsvc.dialects.irc.modes import own_mode, own_visibility, tell_other
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.people import userhost
from chatsvc.dialects.irc.registry import in_words, on, refused, told, told_part
from chatsvc.dialects.irc.server import OF_USER, answer_of_user
from chatsvc.dialects.irc.who import prefixes
from chatsvc.model.history_events import Part
from chatsvc.model.presence_events import Departed, Person
from chatsvc.model.requests import Refusal
from chatsvc.model.text_rules import key

_MOST_NAMES = 10  # in one WHOIS or WHOWAS


@on("WHOIS")
def _(client: Client, message: Message) -> None:
    *others, asked = message.params[:2] or [""]
    server = "".join(others)
    if _is_elsewhere(client, server) and server != asked:
        client.reply("NOSUCHSERVER", server)
        return
    names = client.targets(asked, _MOST_NAMES)
    if not names:
        client.reply("NONICKNAMEGIVEN")
    for name in names[:-1]:
        client.ask("whois", Pending("WHOIS", (name,)), name=name)
    for name in names[-1:]:
        client.ask("whois", Pending("WHOIS", (name, asked)), name=name)


def _is_elsewhere(client: Client, target: str) -> bool:
    """Return whether the first parameter names another server, instead of a user of this one."""
    return "." in target and not fnmatchcase(client.server, key(target))


@refused("WHOIS")
def _(event: Refusal, client: Client, about: Pending) -> None:
    client.reply("NOSUCHNICK", about.first, event.text)
    _end(client, about)


def _end(client: Client, about: Pending) -> None:
    """Send one end for all names, spelled as in the request."""
    for asked in about.params[1:]:
        client.reply("ENDOFWHOIS", asked)


@told.register
def _(event: Person, client: Client, about: Pending) -> None:
    if about.command == "MODE B":
        own_mode(client, event)
    elif about.command == "MODE i":
        own_visibility(client, about)
    elif about.command == OF_USER:
        answer_of_user(client, about)
    elif about.command == "MODE OTHER":
        tell_other(client)
    elif about.command == "WHOIS":
        _whois(client, event)
        _end(client, about)
    else:
        in_words(client, event)


def _whois(client: Client, person: Person) -> None:
    name = person.name
    client.reply("WHOISUSER", name, *userhost(person.mask), "*", person.realname or name)
    roles = person.roles or ("",) * len(person.rooms)
    rooms = zip(person.rooms, roles, strict=True)
    items = [f"{prefixes(client, person, role, room)}{room}" for room, role in rooms]
    client.replies("WHOISCHANNELS", name, items=items)
    client.reply("WHOISSERVER", name, client.server, client.description)
    if person.role == "operator":
        client.reply("WHOISOPERATOR", name)
    if person.away is not None:
        client.reply("AWAY", name, person.away)
    if person.account:
        client.reply("WHOISACCOUNT", name, person.account)
    for address in person.addresses:
        client.reply("WHOISACTUALLY", name, told_address(address))
    for node in person.nodes:
        client.reply("WHOISSPECIAL", name, f"is connected to the node {node}")
    if person.bot:
        client.reply("WHOISBOT", name)
    if person.secure:
        client.reply("WHOISSECURE", name)
    client.reply("WHOISIDLE", name, str(int(person.idle)), str(int(person.since)))


@on("WHOWAS")
def _(client: Client, message: Message) -> None:
    names = client.targets(message.params[0], _MOST_NAMES) if message.params else []
    if not names:
        client.reply("NONICKNAMEGIVEN")
    count = message.params[1] if len(message.params) > 1 else ""
    wanted = int(count) if count.isdecimal() and len(count) < 5 else 0
    for name in names:
        client.ask("whowas", Pending("WHOWAS", (name,)), name=name, count=wanted)


@refused("WHOWAS")
def _(event: Refusal, client: Client, about: Pending) -> None:
    client.reply("WASNOSUCHNICK", about.first, event.text)
    client.reply("ENDOFWHOWAS", about.first)


@told_part.register
def _(event: Departed, client: Client, about: Pending, part: Part) -> None:
    for one in event.people:
        client.reply("WHOWASUSER", one.name, *userhost(one.mask), "*", one.realname or one.name)
        when = time.strftime("%a %b %d %H:%M:%S %Y", time.gmtime(one.time))
        client.reply("WHOISSERVER", one.name, client.server, f"{when} UTC")
        if one.account:
            client.reply("WHOISACCOUNT", one.name, one.account)
    if part.ends:
        client.reply("ENDOFWHOWAS", event.name)
