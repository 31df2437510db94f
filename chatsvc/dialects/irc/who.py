"""Members: NAMES, and WHO with its patterns and fields (IRCv3 "WHOX", "multi-prefix")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.message import Message, told_address
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.people import userhost
from chatsvc.dialects.irc.registry import on, part_in_words, refused, told_part
from chatsvc.model.history_events import Part
from chatsvc.model.presence_events import People, Person
from chatsvc.model.requests import Refusal

EVERYBODY = 10**9  # more than any list has entries
_OF_NAMES = frozenset(("multi-prefix", "userhost-in-names"))  # on which a list depends
_MOST_ROOMS = 10  # in one NAMES
_PREFIXES = {"founder": "~@", "host": "@", "moderator": "@", "voiced": "+"}
_UNTOLD = "255.255.255.255"  # IRCv3 "WHOX", for an address that is not disclosed


def prefixes(client: Client, person: Person, role: str, room: str) -> str:
    """Return what precedes a name; operators count as moderators in every room.

    Without multi-prefix it is one sign that every client knows, so a founder is `@`.
    """
    found = _PREFIXES.get(role, "")
    if person.role == "operator" and "@" not in found:
        found = f"@{found}"
    if room in person.voices and "+" not in found:
        found = f"{found}+"
    return found if "multi-prefix" in client.capabilities else found.removeprefix("~")[:1]


def role_of(person: Person) -> str:
    """Return a user's role in the room asked about, or else in their first one."""
    return person.roles[0] if person.roles else ""


@on("NAMES")
def _(client: Client, message: Message) -> None:
    if not message.params:  # everybody everywhere is too much for one answer
        client.reply("ENDOFNAMES", "*")
        return
    *others, last = client.targets(message.params[0], _MOST_ROOMS) or ["*"]
    for room in others:
        client.ask("who", Pending("NAMES", (room,)), room=room, n=EVERYBODY)
    ask_names(client, last, ",".join((*others, last)))


def ask_names(client: Client, room: str, asked: str = "") -> None:
    """Request all users in a room; the end of the list names all rooms that were `asked` for."""
    client.ask("who", Pending("NAMES", (room, asked)), room=room, n=EVERYBODY)


@on("WHO")
def _(client: Client, message: Message) -> None:
    wanted, *options = message.params or ["*"]
    about = Pending("WHO", (wanted, *options))
    if wanted.startswith("#"):
        client.ask("who", about, room=wanted, n=EVERYBODY)
    else:
        client.ask("find", about, names="*" if wanted == "0" else wanted, n=EVERYBODY)


@refused("NAMES")
def _(event: Refusal, client: Client, about: Pending) -> None:
    _end_names(client, about, about.first)


def _end_names(client: Client, about: Pending, room: str) -> None:
    """End the list, once for all rooms of a message."""
    for asked in about.params[1:]:
        client.reply("ENDOFNAMES", asked if "," in asked else room)


@refused("WHO")
def _(event: Refusal, client: Client, about: Pending) -> None:
    client.reply("ENDOFWHO", about.first)


@told_part.register
def _(event: People, client: Client, about: Pending, part: Part) -> None:
    if about.command == "WHO":
        _who(client, event, about, part)
    elif about.command in ("ISON", "USERHOST"):
        _online(client, event, about, part)
    elif event.room:
        _names(client, event, about, part)
    else:
        part_in_words(client, event, about, part)


def _online(client: Client, event: People, about: Pending, part: Part) -> None:
    as_written = _present if about.command == "USERHOST" else attrgetter("name")
    items = list(map(as_written, event.people))
    client.replies(about.command, items=items or [""] * part.begins)


def _names(client: Client, event: People, about: Pending, part: Part) -> None:
    _tell_names(client, event.room, event.hidden, _name_rows(client, event.room, event.people))
    if part.ends:
        _end_names(client, about, event.room)


def _name_rows(client: Client, room: str, people: Iterable[Person]) -> list[str]:
    """Return the names with their prefixes, as many in each row as fit into a reply."""
    hosts = "userhost-in-names" in client.capabilities
    names = [
        prefixes(client, person, role_of(person), room) + (person.mask if hosts else person.name)
        for person in people
    ]
    return client.rows("NAMREPLY", "=", room, items=names)


def _tell_names(client: Client, room: str, hidden: bool, rows: Iterable[str]) -> None:
    for row in rows:
        client.reply("NAMREPLY", "@" if hidden else "=", room, row)


def tell_names(client: Client, room: str) -> None:
    """Send who is in a room that the client has joined; those who join a crowd share a list."""
    found = client.roll(room, client.nick)
    if found is None:
        ask_names(client, room)
        return
    roll, own = found
    way = room, len(client.nick.encode()), client.capabilities & _OF_NAMES
    rows = roll.written(way, lambda: _name_rows(client, room, roll.people))
    _tell_names(client, room, roll.hidden, (*rows, *_name_rows(client, room, own)))
    client.reply("ENDOFNAMES", room)


def _who(client: Client, event: People, about: Pending, part: Part) -> None:
    wanted, options = about.first, "".join(about.params[1:2])
    flags, percent, fields = options.partition("%")
    for person in event.people:
        if "o" in flags and person.role != "operator":
            continue
        room = event.room or next(iter(person.rooms), "*")
        if percent:
            client.reply("WHOSPCRPL", *_fields(client, room, person, fields))
        else:
            _whoreply(client, room, person)
    if part.ends:
        client.reply("ENDOFWHO", wanted)


def _whoreply(client: Client, room: str, person: Person) -> None:
    words = f"0 {person.realname or person.name}"
    flags = _flags(client, person, room)
    where = userhost(person.mask)
    client.reply("WHOREPLY", room, *where, client.server, person.name, flags, words)


def _flags(client: Client, person: Person, room: str) -> str:
    here = "H" if person.away is None else "G"
    operator = "*" if person.role == "operator" else ""
    shown = "" if room == "*" else prefixes(client, person, role_of(person), room)
    return f"{here}{operator}{shown}{'B' * person.bot}"


def _fields(client: Client, room: str, person: Person, asked: str) -> Iterator[str]:
    """Return the requested fields, in the fixed order."""
    letters, _, token = asked.partition(",")
    user, host = userhost(person.mask)
    values = {
        "t": token if token.isdecimal() and len(token) <= 3 else "0",
        "c": room,
        "u": user,
        "i": told_address(person.addresses[0]) if person.addresses else _UNTOLD,
        "h": host,
        "s": client.server,
        "n": person.name,
        "f": _flags(client, person, room),
        "d": "0",
        "l": str(int(person.idle)),
        "a": person.account or "0",
        "o": "n/a",
        "r": person.realname or person.name,
    }
    return (value for letter, value in values.items() if letter in letters)


@on("ISON", 1)
def _(client: Client, message: Message) -> None:
    _find(client, " ".join(message.params).split())


@on("USERHOST", 1)
def _(client: Client, message: Message) -> None:
    _find(client, " ".join(message.params).split())


def _find(client: Client, names: list[str]) -> None:
    """Request names, but no patterns."""
    plain = [name for name in names if not {*name} & {*"*?"}]
    client.ask("find", names=" ".join(plain) or "-")  # which matches nobody


def _present(person: Person) -> str:
    operator = "*" if person.role == "operator" else ""
    away = "+" if person.away is None else "-"
    return f"{person.name}{operator}={away}{'@'.join(userhost(person.mask))}"
