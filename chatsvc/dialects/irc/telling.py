"""What happens in the chat, as IRC clients are told it; what IRC has no message for is a notice."""

from __future__ import annotations

from functools import singledispatch

from chatsvc.dialects.irc.asking import Registration, motd
from chatsvc.dialects.irc.client import Asked, mask, privmsg, said
from chatsvc.dialects.irc.message import write
from chatsvc.dialects.irc.numerics import REFUSALS
from chatsvc.dialects.jsonl import timestamp
from chatsvc.dialects.sentences import lines
from chatsvc.events import (
    Away,
    Clock,
    Entered,
    Event,
    Exited,
    Goodbye,
    History,
    Joined,
    Kept,
    Left,
    People,
    Person,
    Place,
    Pong,
    Refusal,
    Renamed,
    Rooms,
    Told,
    Topic,
    Welcome,
)
from chatsvc.governance import Bans, Invited, Proved, Removed, Role, Rules, You

_PREFIXES = {"operator": "@", "founder": "~", "moderator": "@", "voiced": "+"}
_LETTERS = {"founder": "+q", "moderator": "+o", "voiced": "+v", "member": "-o"}
_WIDTH = 400  # characters of names in one NAMES reply
SUPPORTED = (
    "AWAYLEN=400", "CASEMAPPING=ascii", "CHANLIMIT=#:50", "CHANMODES=b,k,l,imst", "CHANNELLEN=32",
    "CHANTYPES=#", "CHATHISTORY=500", "KICKLEN=400", "MODES", "NICKLEN=32", "PREFIX=(qov)~@+",
    "TARGMAX=JOIN:10,PART:10,PRIVMSG:1,NOTICE:1,KICK:1", "TOPICLEN=400", "UTF8ONLY",
)  # fmt: skip


def tell(client: Registration, event: Event, tag: str | None) -> None:
    """Put `event` into the client's words, ready to be sent."""
    _tell(event, client, client.about(tag))


@singledispatch
def _tell(event: object, client: Registration, about: Asked) -> None:
    _in_words(event, client)


def _in_words(event: object, client: Registration) -> None:
    for line in lines(event, None):
        client.notice(line.removeprefix("* "))


# Registration


@_tell.register
def _(event: Welcome, client: Registration, about: Asked) -> None:
    client.welcome, client.nick, client.asking = event, event.name, False
    software = event.software.replace(" ", "-")
    client.reply("WELCOME", f"Welcome to {event.chat}, {mask(event.name, event.account or '')}")
    client.reply("YOURHOST", f"Your host is {client.server}, running {software}")
    client.reply("CREATED", "What is said here is kept")
    client.reply("MYINFO", client.server, software, "i", "biklmost", "bklov")
    network = f"NETWORK={event.chat.replace(' ', '_')}"
    for start in range(0, len(SUPPORTED), 12):
        part = SUPPORTED[start : start + 12]
        client.reply("ISUPPORT", *([network] if not start else []), *part)
    motd(client)


@_tell.register
def _(event: Proved, client: Registration, about: Asked) -> None:
    client.account = event.account
    who = mask(client.wanted or "*", event.account)
    client.reply("LOGGEDIN", who, event.account, f"You are logged in as {event.account}")
    client.reply("SASLSUCCESS")


@_tell.register
def _(event: You, client: Registration, about: Asked) -> None:
    if event.name != client.nick:
        client.send("NICK", event.name, source=mask(client.nick))
        client.nick = event.name
    if event.account is None:
        client.reply("LOGGEDOUT", mask(event.name), "You are logged out")
    else:
        words = f"You are logged in as {event.account}"
        client.reply("LOGGEDIN", mask(event.name, event.account), event.account, words)


@_tell.register
def _(event: Refusal, client: Registration, about: Asked) -> None:
    if client.welcome is None:
        _refuse_at_the_door(event, client, about)
        return
    if about.command == "BANS":  # clients ask on their own, and it is not for everybody here
        client.reply("ENDOFBANLIST", *about.params)
        return
    name = REFUSALS.get(event.code)
    room = next((word for word in about.params if word.startswith("#")), None)
    if about.command in ("PRIVMSG", "NOTICE") and room:
        name = "CANNOTSENDTOCHAN" if event.code == "not-in-room" else name
    if about.command == "JOIN" and event.code in ("banned", "wrong-password"):
        name = "BANNEDFROMCHAN" if event.code == "banned" else "BADCHANNELKEY"
    if event.code == "unknown":
        client.reply("UNKNOWNCOMMAND", about.command)
    elif name in ("NICKNAMEINUSE", "ERRONEUSNICKNAME"):
        client.send(
            "433" if name == "NICKNAMEINUSE" else "432",
            client.nick,
            about.params[0] if about.params else "*",
            event.text,
        )
    elif name in (None, "INPUTTOOLONG", "NEEDMOREPARAMS", "PASSWDMISMATCH"):
        client.notice(event.text)
    elif name == "CHANOPRIVSNEEDED" and not room:
        client.reply("NOPRIVILEGES", event.text)
    else:
        subject = room or (about.params[0] if about.params else "*")
        client.reply(name or "", subject, event.text)


def _refuse_at_the_door(event: Refusal, client: Registration, about: Asked) -> None:
    client.asking = False
    if about.command == "AUTHENTICATE":
        client.reply("SASLFAIL", event.text)
    elif event.code in ("registered", "password-needed") and client.prove():
        client.asking = True
    elif event.code in ("name-taken", "registered"):
        client.reply("NICKNAMEINUSE", client.wanted, event.text)
        client.wanted = ""
    elif event.code == "bad-name":
        client.reply("ERRONEUSNICKNAME", client.wanted, event.text)
        client.wanted = ""
    elif event.code in ("password-needed", "wrong-password", "no-account"):
        client.reply("PASSWDMISMATCH", event.text)
    else:
        client.raw(write("ERROR", event.text).encode())


@_tell.register
def _(event: Goodbye, client: Registration, about: Asked) -> None:
    client.raw(write("ERROR", event.text).encode())


# Channels


@_tell.register
def _(event: Entered, client: Registration, about: Asked) -> None:
    account = client.welcome.account or "" if client.welcome else ""
    client.send("JOIN", event.room, source=mask(event.name, account))
    if event.topic:
        client.reply("TOPIC", event.room, event.topic)
    client.ask("who", Asked("NAMES", (event.room,)), room=event.room)


@_tell.register
def _(event: Exited, client: Registration, about: Asked) -> None:
    client.send("PART", event.room, source=mask(client.nick))


@_tell.register
def _(event: Joined, client: Registration, about: Asked) -> None:
    for name in event.names:
        client.send("JOIN", event.room, source=mask(name))


@_tell.register
def _(event: Left, client: Registration, about: Asked) -> None:
    for name in event.names:
        client.send("PART", event.room, *([event.words] if event.words else []), source=mask(name))


@_tell.register
def _(event: Removed, client: Registration, about: Asked) -> None:
    if event.room:
        client.send("KICK", event.room, event.name, event.reason or event.by, source=mask(event.by))
    else:
        client.notice(f"{event.name} was put out.")


@_tell.register
def _(event: Topic, client: Registration, about: Asked) -> None:
    if event.changed:
        client.send("TOPIC", event.room, event.text, source=mask(event.by))
    elif event.text:
        client.reply("TOPIC", event.room, event.text)
        client.reply("TOPICWHOTIME", event.room, event.by, str(int(event.time)))
    else:
        client.reply("NOTOPIC", event.room)


@_tell.register
def _(event: Role, client: Registration, about: Asked) -> None:
    letters = _LETTERS.get(event.role, "-o")
    client.send("MODE", event.room, letters, event.name, source=mask(event.by))


@_tell.register
def _(event: Rules, client: Registration, about: Asked) -> None:
    values = {rule.name: rule.value for rule in event.rules}
    letters = {"invite-only": "i", "moderated": "m", "hidden": "s", "topic-locked": "t"}
    modes = "".join(letter for name, letter in letters.items() if values.get(name) == "on")
    modes += "k" if values.get("password", "off") != "off" else ""
    limit = values.get("limit", "off")
    params = [limit] if limit != "off" else []
    client.reply("CHANNELMODEIS", event.room, f"+{modes}{'l' if params else ''}", *params)


@_tell.register
def _(event: Bans, client: Registration, about: Asked) -> None:
    if about.command != "BANS":
        _in_words(event, client)
        return
    for ban in event.bans:
        client.reply("BANLIST", event.room, ban.who.replace(" ", ","), ban.by, str(int(ban.time)))
    client.reply("ENDOFBANLIST", event.room)


@_tell.register
def _(event: Invited, client: Registration, about: Asked) -> None:
    if event.own:
        client.reply("INVITING", event.name, event.room)
    else:
        client.send("INVITE", client.nick, event.room, source=mask(event.by))


@_tell.register
def _(event: Rooms, client: Registration, about: Asked) -> None:
    client.reply("LISTSTART", "Channel")
    for place in event.rooms:
        _list(client, place)
    client.reply("LISTEND")


def _list(client: Registration, place: Place) -> None:
    client.reply("LIST", place.room, str(place.count), place.topic)


# People


@_tell.register
def _(event: People, client: Registration, about: Asked) -> None:
    if about.command == "WHO":
        for person in event.people:
            _who(client, event.room, person)
        client.reply("ENDOFWHO", event.room)
        return
    hosts = "userhost-in-names" in client.capabilities
    names: list[str] = []
    for person in event.people:
        shown = mask(person.name, person.account or "") if hosts else person.name
        names.append(_PREFIXES.get(person.role or "", "") + shown)
        if len(" ".join(names)) > _WIDTH:
            client.reply("NAMREPLY", "=", event.room, " ".join(names))
            names = []
    if names:
        client.reply("NAMREPLY", "=", event.room, " ".join(names))
    client.reply("ENDOFNAMES", event.room)


def _who(client: Registration, room: str, person: Person) -> None:
    host = mask("", person.account or "").partition("@")[2]
    flags = ("G" if person.away is not None else "H") + _PREFIXES.get(person.role or "", "")
    words = f"0 {person.name}"
    client.reply("WHOREPLY", room, "chat", host, client.server, person.name, flags, words)


@_tell.register
def _(event: Person, client: Registration, about: Asked) -> None:
    if about.command == "WHO":
        _who(client, "*", event)
        client.reply("ENDOFWHO", event.name)
        return
    host = mask("", event.account or "").partition("@")[2]
    client.reply("WHOISUSER", event.name, "chat", host, "*", event.name)
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


@_tell.register
def _(event: Renamed, client: Registration, about: Asked) -> None:
    client.send("NICK", event.new, source=mask(event.old))
    if event.own:
        client.nick = event.new


@_tell.register
def _(event: Away, client: Registration, about: Asked) -> None:
    if event.own:
        client.reply("UNAWAY" if event.reason is None else "NOWAWAY")
    elif "away-notify" in client.capabilities:
        client.send("AWAY", *([event.reason] if event.reason else []), source=mask(event.name))


@_tell.register
def _(event: Told, client: Registration, about: Asked) -> None:
    if event.own and "echo-message" not in client.capabilities:
        return
    tags: dict[str, str | None] = {}
    if "server-time" in client.capabilities:
        tags["time"] = timestamp(event.time)
    source = mask(event.sender)
    client.raw(privmsg(source, event.to, event.text, event.action, tags))


@_tell.register
def _(event: History, client: Registration, about: Asked) -> None:
    batched = "batch" in client.capabilities
    if batched:
        client.send("BATCH", "+history", "chathistory", event.room)
    more = {"batch": "history"} if batched else {}
    for line in event.lines:
        client.raw(said(line, event.room.removeprefix("@"), client.capabilities, more))
    if batched:
        client.send("BATCH", "-history")


# The rest


@_tell.register
def _(event: Clock, client: Registration, about: Asked) -> None:
    client.reply("TIME", client.server, timestamp(event.time))


@_tell.register
def _(event: Pong, client: Registration, about: Asked) -> None:
    """PING is answered without asking the chat."""


@_tell.register
def _(event: Kept, client: Registration, about: Asked) -> None:
    """The client was shown its line, or does not want to be."""
