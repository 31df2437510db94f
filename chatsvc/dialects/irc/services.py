"""NickServ and ChanServ, as on other IRC networks: aliases for commands of the chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.registry import on


class _ServiceRow(NamedTuple):
    """A command of a service: its syntax, and the command of the chat that it stands for."""

    usage: str
    help: str
    do: str = ""
    room: bool = True  # its first argument is a channel; otherwise it is written as the chat's own
    names: tuple[str, ...] = ()  # of the arguments; the last takes the rest
    own: bool = False  # a missing name means the user's own


def _person(usage: str, help: str, do: str) -> _ServiceRow:
    return _ServiceRow(usage, help, do, room=False)


def _about(help: str, do: str) -> _ServiceRow:
    return _ServiceRow("#channel [nick]", help, do, names=("name",), own=True)


_NICKSERV = {
    "IDENTIFY": _person("[name] password", "logs you in", "prove"),
    "REGISTER": _person("password [email]", "registers your nickname", "register"),
    "LOGOUT": _person("", "makes you a guest again", "logout"),
    "PASSWD": _person("old new", "changes your password; also SET PASSWORD", "passwd"),
    "DROP": _person("password", "deletes your account", "unregister"),
    "INFO": _person("name", "shows details about a user", "whois"),
    "CERT": _person(
        "[ADD|DEL] [fingerprint]", "manages the TLS certificates you can log in with", "certificate"
    ),
}
_CHANSERV = {
    "REGISTER": _ServiceRow("#channel", "shows how to own a channel"),
    "INFO": _ServiceRow("#channel", "shows the rules and roles of a channel", "set"),
    "SET": _ServiceRow(
        "#channel rule value", "changes a channel rule", "set", names=("rule", "value")
    ),
    "OP": _about("makes a user a moderator", "op"),
    "DEOP": _about("makes a moderator a regular member", "deop"),
    "VOICE": _about("lets a user talk in a moderated channel", "voice"),
    "DEVOICE": _about("removes a user's voice", "devoice"),
    "INVITE": _about("invites a user", "invite"),
    "KICK": _ServiceRow(
        "#channel nick [reason]", "removes a user", "kick", names=("name", "reason")
    ),
    "BAN": _ServiceRow("#channel who", "bans a user", "ban", names=("who",)),
    "UNBAN": _ServiceRow("#channel who", "lifts a ban", "unban", names=("who",)),
    "DROP": _ServiceRow("#channel", "deletes a channel; operators only", "remove-room"),
    "TRANSFER": _ServiceRow(
        "#channel nick", "makes a user the founder", "transfer", names=("name",)
    ),
}


class _Service(NamedTuple):
    name: str
    rows: Mapping[str, _ServiceRow]


_SERVICES = {
    "nickserv": _Service("NickServ", _NICKSERV),
    "chanserv": _Service("ChanServ", _CHANSERV),
}
_FOUNDING = (
    "Register your nickname, then /join a channel that does not exist. You become its founder."
)
_OTHER_WORDS = {"ADD": "add", "DEL": "remove", "REMOVE": "remove", "LIST": ""}


def is_service(name: str) -> bool:
    return name.lower() in _SERVICES


@on("NS")
@on("NICKSERV")
def _(client: Client, message: Message) -> None:
    talk_to(client, "nickserv", " ".join(message.params))


@on("CS")
@on("CHANSERV")
def _(client: Client, message: Message) -> None:
    talk_to(client, "chanserv", " ".join(message.params))


def talk_to(client: Client, name: str, text: str) -> None:
    """Carry out a command of a service, and let the service answer."""
    service = _SERVICES[name.lower()]
    source = f"{service.name}!services@{client.server}"
    word, _, rest = text.strip().partition(" ")
    if word.upper() == "SET" and rest.upper().startswith("PASSWORD ") and "PASSWD" in service.rows:
        word, rest = "PASSWD", rest[9:]
    row = service.rows.get(word.upper())
    if row is None:
        _help(client, service, source)
    elif not row.do:
        client.notice(_FOUNDING, source)
    else:
        _do(client, row, word.upper(), rest.strip(), source)


def _do(client: Client, row: _ServiceRow, word: str, rest: str, source: str) -> None:
    if word == "IDENTIFY":
        _identify(client, rest.split(), source)
        return
    if not row.room:
        about = Pending(word, service=source)
        client.type(row.do, _as_the_chat_says(word, rest), about)
        return
    room, *words = rest.split(None, len(row.names)) or [""]
    if row.own and not words:
        words = [client.nick]
    if not room.startswith("#") or (row.names and not words):
        client.notice(f"Usage: {word} {row.usage}", source)
        return
    about = Pending(word, (room, *words), service=source)
    client.ask(row.do, about, room=room, **dict(zip(row.names, words, strict=False)))


def _identify(client: Client, words: list[str], source: str) -> None:
    """Log in, and keep the nickname as on other networks."""
    if len(words) not in (1, 2):
        client.notice("Usage: IDENTIFY [name] password", source)
        return
    *names, password = words
    about, name = Pending("IDENTIFY", service=source), (*names, client.nick)[0]
    client.ask("prove", about, name=name, password=password, keep_name=True)


def _as_the_chat_says(word: str, rest: str) -> str:
    if word != "CERT":
        return rest
    change, _, fingerprint = rest.partition(" ")
    return f"{_OTHER_WORDS.get(change.upper(), change)} {fingerprint}".strip()


def _help(client: Client, service: _Service, source: str) -> None:
    client.notice(f"{service.name} commands:", source)
    for name, row in service.rows.items():
        client.notice(f"{f'{name} {row.usage}':34} {row.help}", source)
