"""NickServ and ChanServ, as IRC people know them: thin names for commands of the chat's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from chatsvc.dialects.irc.client import Client, Pending
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.registry import on


class _ServiceRow(NamedTuple):
    """One command of a service's: how it is written, and which one of the chat's it is."""

    usage: str
    help: str
    do: str = ""
    room: bool = True  # its first argument is one; else it is written as the chat's own
    names: tuple[str, ...] = ()  # of what follows; the last takes the rest
    own: bool = False  # a name that is left out is one's own


def _person(usage: str, help: str, do: str) -> _ServiceRow:
    return _ServiceRow(usage, help, do, room=False)


def _about(help: str, do: str) -> _ServiceRow:
    return _ServiceRow("#channel [nick]", help, do, names=("name",), own=True)


_NICKSERV = {
    "IDENTIFY": _person("[name] password", "logs you in", "login"),
    "REGISTER": _person("password [email]", "makes your nickname your own", "register"),
    "LOGOUT": _person("", "makes you a guest again", "logout"),
    "PASSWD": _person("old new", "changes your password; also SET PASSWORD", "passwd"),
    "DROP": _person("password", "gives your nickname up", "unregister"),
    "INFO": _person("name", "says who somebody is", "whois"),
    "CERT": _person(
        "[ADD|DEL] [fingerprint]", "the TLS certificates that log you in", "certificate"
    ),
}
_CHANSERV = {
    "REGISTER": _ServiceRow("#channel", "says whose a channel is"),
    "INFO": _ServiceRow("#channel", "the rules of a channel, and who has a role there", "set"),
    "SET": _ServiceRow("#channel rule value", "changes a rule", "set", names=("rule", "value")),
    "OP": _about("makes somebody a moderator", "op"),
    "DEOP": _about("makes a moderator a plain member", "deop"),
    "VOICE": _about("lets somebody talk where it is moderated", "voice"),
    "DEVOICE": _about("takes that back", "devoice"),
    "INVITE": _about("lets somebody come in", "invite"),
    "KICK": _ServiceRow(
        "#channel nick [reason]", "puts somebody out", "kick", names=("name", "reason")
    ),
    "BAN": _ServiceRow("#channel who", "keeps somebody out", "ban", names=("who",)),
    "UNBAN": _ServiceRow("#channel who", "lets them come in again", "unban", names=("who",)),
    "DROP": _ServiceRow("#channel", "removes a channel, as an operator", "remove-room"),
    "TRANSFER": _ServiceRow(
        "#channel nick", "makes somebody its founder", "transfer", names=("name",)
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
    "A channel belongs to whoever comes in first, if their nickname is registered: /join it, and"
    " you are its founder."
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
    """Do what a service is told, and let the service answer."""
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
    if not row.room:
        about = Pending(word, service=source)
        client.type(row.do, _as_the_chat_says(word, rest), about)
        return
    room, *words = rest.split(None, len(row.names)) or [""]
    if row.own and not words:
        words = [client.nick]
    if not room.startswith("#") or (row.names and not words):
        client.notice(f"It goes like this: {word} {row.usage}", source)
        return
    about = Pending(word, (room, *words), service=source)
    client.ask(row.do, about, room=room, **dict(zip(row.names, words, strict=False)))


def _as_the_chat_says(word: str, rest: str) -> str:
    if word != "CERT":
        return rest
    change, _, fingerprint = rest.partition(" ")
    return f"{_OTHER_WORDS.get(change.upper(), change)} {fingerprint}".strip()


def _help(client: Client, service: _Service, source: str) -> None:
    client.notice(f"{service.name} knows:", source)
    for name, row in service.rows.items():
        client.notice(f"{f'{name} {row.usage}':34} {row.help}", source)
