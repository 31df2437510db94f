"""MODE: a room's rules and roles as channel modes, and the user modes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chatsvc.dialects.irc.ban_masks import masks, named
from chatsvc.dialects.irc.capabilities import KEYLEN
from chatsvc.dialects.irc.client import Client, Pending
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.registry import in_words, on, part_in_words, told, told_part
from chatsvc.model.history_events import Part
from chatsvc.model.moderation_events import Banned, Bans, Unbanned
from chatsvc.model.presence_events import Person
from chatsvc.model.room_events import Expected, Role, Rule, Rules
from chatsvc.model.text_rules import key

_RULES = {"i": "invite-only", "m": "moderated", "s": "hidden", "t": "topic-locked"}
_VALUES = {"k": "password", "l": "limit"}
_LETTERS = {name: letter for letter, name in {**_RULES, **_VALUES}.items()}
_ROLES = {"o": ("op", "deop"), "v": ("voice", "devoice"), "q": ("transfer", "deop")}
_PREFIXED = {"founder": "qo", "host": "qo", "moderator": "o", "operator": "o", "voiced": "v"}
_LISTS = {  # the command that lists them, those that add and remove, the first and last numerics
    "b": ("bans", "ban", "unban", "BANLIST", "ENDOFBANLIST"),
    "e": ("bans", "exempt", "unexempt", "EXCEPTLIST", "ENDOFEXCEPTLIST"),
    "I": ("invited", "invite", "uninvite", "INVITELIST", "ENDOFINVITELIST"),
}
_MOST_CHANGES = 20  # in one MODE


@on("MODE", 1)
def _(client: Client, message: Message) -> None:
    target, *words = message.params
    if target.startswith("#"):
        if words:
            for number, change in enumerate(_changes(client, target, words[0], words[1:])):
                if number < _MOST_CHANGES:
                    change()
                elif number == _MOST_CHANGES:
                    too_many_changes(client, target)
        else:
            client.ask("room", room=target)
    elif key(target) != key(client.nick):
        client.reply("USERSDONTMATCH")
    else:
        _own(client, words[0] if words else "")


def too_many_changes(client: Client, target: str) -> None:
    """Answer that the rest of a MODE was not carried out."""
    client.reply("TOOMANYTARGETS", target, f"Only the first {_MOST_CHANGES} changes were made")


def _changes(
    client: Client, room: str, letters: str, words: list[str]
) -> Iterator[Callable[[], None]]:
    """Yield the changes that a MODE requests, in order; of several passwords only the last one."""
    plus, passwords = True, letters.count("k")
    for letter in letters:
        if letter in "+-":
            plus = letter == "+"
            continue
        wants = letter in _ROLES or letter in _LISTS or letter == "k" or (letter == "l" and plus)
        word = words.pop(0) or " " if wants and words else ""
        if letter == "k" and (passwords := passwords - 1):
            continue
        yield _change(client, room, letter, plus, word)


def _change(client: Client, room: str, letter: str, plus: bool, word: str) -> Callable[[], None]:
    def ask(do: str, about: Pending | None = None, **args: object) -> Callable[[], None]:
        return lambda: client.ask(do, about or Pending("MODE", (room, letter)), room=room, **args)

    if letter in _RULES:
        return ask("set", rule=_RULES[letter], value="on" if plus else "off")
    if letter in _LISTS and not word.strip():
        return ask(_LISTS[letter][0], Pending(f"LIST {letter}", (room,)))
    if letter in _LISTS:
        return _change_list(client, room, letter, plus, word)
    if letter == "k" and plus and word and not _is_key(word):
        text = f"A key is one word of at most {KEYLEN} characters"
        return lambda: client.reply("INVALIDMODEPARAM", room, letter, "*", text)
    if letter in _ROLES and word.strip():
        return ask(_ROLES[letter][not plus], Pending("MODE", (room, letter, word)), name=word)
    if letter in _VALUES and (word or not plus):
        return ask("set", rule=_VALUES[letter], value=word if plus else "off")
    if letter == "n":  # nobody can talk from outside, whatever the modes
        return lambda: None
    if letter in (*_ROLES, *_VALUES):
        return lambda: client.reply("NEEDMOREPARAMS", "MODE")
    return lambda: client.reply("UNKNOWNMODE", letter)


def _is_key(word: str) -> bool:
    return word.split() == [word] and len(word) <= KEYLEN


def _change_list(
    client: Client, room: str, letter: str, plus: bool, pattern: str
) -> Callable[[], None]:
    _, add, take, *_ = _LISTS[letter]
    whom = {"name": named(pattern)} if letter == "I" else {"who": pattern}
    about = Pending(f"MODE {letter}", (room, pattern))
    return lambda: client.ask(add if plus else take, about, room=room, **whom)


# User modes


def _own(client: Client, letters: str) -> None:
    if not letters:
        client.reply("UMODEIS", f"+{client.modes}")
        return
    plus = True
    if len(letters) > _MOST_CHANGES:
        too_many_changes(client, client.nick)
    for letter in letters[:_MOST_CHANGES]:
        if letter in "+-":
            plus = letter == "+"
        elif letter == "B":
            client.ask("bot", Pending("MODE B"), on=plus)
        elif letter == "w" and plus != client.wallops:
            client.wallops = plus
            change = "+w" if plus else "-w"
            client.send("MODE", client.nick, change, by=client.nick)
        elif letter not in "iow":  # which are as they are
            client.reply("UMODEUNKNOWNFLAG")


def own_mode(client: Client, person: Person) -> None:
    """Tell the client that one of its user modes has changed."""
    client.bot = person.bot
    client.send("MODE", client.nick, "+B" if person.bot else "-B", by=client.nick)


# What others are told


@told.register
def _(event: Role, client: Client, about: Pending) -> None:
    new, old = _PREFIXED.get(event.role, ""), _PREFIXED.get(event.before, "")
    set_, unset = _without(new, old), _without(old, new)
    if event.voice:
        set_, unset = ("v", "") if event.voice == "given" else ("", "v")
    elif set_ and unset:  # a moderator keeps the voice, also afterwards
        set_, unset = set_.replace("v", ""), unset.replace("v", "")
    letters = (f"+{set_}" if set_ else "") + (f"-{unset}" if unset else "")
    names = [event.name] * len(set_ + unset)
    if event.instead:  # the former founder or host is a moderator now
        letters, names = f"{letters}-q", [*names, event.instead]
    if letters:
        client.send("MODE", event.room, letters, *names, by=event.by, stamp=event.stamp)


def _without(letters: str, others: str) -> str:
    return "".join(letter for letter in letters if letter not in others)


def role_on_entering(client: Client, room: str, name: str, role: str) -> None:
    letters = _PREFIXED.get(role, "")
    if letters:
        client.send("MODE", room, f"+{letters}", *[name] * len(letters))


@told.register
def _(event: Rule, client: Client, about: Pending) -> None:
    letter = _LETTERS.get(event.name)
    if letter is None:
        client.notice(f"{event.by} set {event.name}: {event.value}", to=event.room)
        return
    plus = event.value != "off"
    params = {"k": ["*"], "l": [event.value] if plus else []}.get(letter, [])
    change = f"{'+' if plus else '-'}{letter}"
    client.send("MODE", event.room, change, *params, by=event.by, stamp=event.stamp)


@told.register
def _(event: Rules, client: Client, about: Pending) -> None:
    if about.command != "MODE":
        in_words(client, event)
        return
    values = {rule.name: rule.value for rule in event.rules}
    modes = "n" + "".join(letter for letter, name in _RULES.items() if values.get(name) == "on")
    modes += "k" if values.get("password", "off") != "off" else ""
    limit = values.get("limit", "off")
    params = [limit] if limit != "off" else []
    client.reply("CHANNELMODEIS", event.room, f"+{modes}{'l' if params else ''}", *params)
    client.reply("CREATIONTIME", event.room, str(int(event.made or 0)))


@told_part.register
def _(event: Bans, client: Client, about: Pending, part: Part) -> None:
    if not about.command.startswith("LIST "):
        part_in_words(client, event, about, part)
        return
    letter = about.command[-1]
    _, _, _, entry, end = _LISTS[letter]
    for ban in event.bans:
        if ban.exempt == (letter == "e") and not ban.mute:
            for each in masks(ban.who):
                client.reply(entry, event.room, each, ban.by, str(int(ban.time)))
    if part.ends:
        client.reply(end, event.room)


@told.register
def _(event: Expected, client: Client, about: Pending) -> None:
    if about.command == "MODE I":
        client.send("MODE", event.room, "-I", about.param(1), by=client.nick)
    elif about.command != "LIST I":
        in_words(client, event)
    else:
        for name in event.names:
            client.reply("INVITELIST", event.room, f"{name}!*@*")
        client.reply("ENDOFINVITELIST", event.room)


@told_part.register
def _(event: Banned, client: Client, about: Pending, part: Part) -> None:
    if part.begins:
        _listed(event, client, about, "+")
    if event.room and not event.mute:
        for name in event.hit:
            client.send("KICK", event.room, name, event.reason or event.by, by=client.nick)


@told.register
def _(event: Unbanned, client: Client, about: Pending) -> None:
    _listed(event, client, about, "-")


def _listed(event: Banned | Unbanned, client: Client, about: Pending, sign: str) -> None:
    """Tell a room that a mask was listed or removed; the moderator's answer says which."""
    if about.command not in ("MODE b", "MODE e"):
        in_words(client, event)
        return
    change = f"{sign}{about.command[-1]}"
    for each in masks(event.who):  # as it is listed, so that clients have it once
        client.send("MODE", event.room, change, each, by=client.nick)


def end_of_list(client: Client, about: Pending) -> bool:
    """Send an empty list: clients request lists unasked, even of users who may not read them."""
    if not about.command.startswith("LIST "):
        return False
    client.reply(_LISTS[about.command[-1]][4], *about.params)
    return True
