"""MODE: a room's rules and roles as channel modes, and the user modes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chatsvc.dialects.irc.capabilities import KEYLEN
from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.mode_lists import LISTS, ask_list, change_list, refuse_mode
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.registry import in_words, on, refused, told
from chatsvc.model.presence_events import Person
from chatsvc.model.requests import Refusal
from chatsvc.model.room_events import Role, Rule, Rules
from chatsvc.model.text_rules import key

_RULES = {
    "C": "no-ctcp", "i": "invite-only", "m": "moderated", "n": "outside", "s": "hidden",
    "t": "topic-locked",
}  # fmt: skip
_INVERTED = "n"  # is set while the rule is off
_VALUES = {"k": "password", "l": "limit"}
_LETTERS = {name: letter for letter, name in {**_RULES, **_VALUES}.items()}
_ROLES = {"o": ("op", "deop"), "v": ("voice", "devoice"), "q": ("transfer", "deop")}
_PREFIXED = {"founder": "qo", "host": "o", "moderator": "o", "operator": "o", "voiced": "v"}
_MOST_CHANGES = 20  # in one MODE
_TOO_MANY = f"Only the first {_MOST_CHANGES} changes were made"
_HIGHEST_LIMIT = 99_999

_Change = Callable[[], None]


@on("MODE", 1)
def _(client: Client, message: Message) -> None:
    target, *words = message.params
    if not target.startswith("#"):
        _user_modes(client, target, words)
    elif not words or not words[0].strip("+-"):
        client.ask("room", room=target)
    else:
        for change in _changes(client, target, words[0], words[1:]):
            change()


class _Together:
    """Successive changes of rules, which are one request, and so one MODE for everybody."""

    def __init__(self, client: Client, room: str) -> None:
        self._client, self._room = client, room
        self._rules: dict[str, str] = {}

    def add(self, letter: str, plus: bool, word: str) -> None:
        if letter in _VALUES:
            self._rules[_VALUES[letter]] = word if plus else "off"
        else:
            self._rules[_RULES[letter]] = "on" if plus != (letter in _INVERTED) else "off"

    def taken(self) -> Iterator[_Change]:
        """Yield the request for what was added since the last time, if anything was."""
        if self._rules:
            rules, self._rules = self._rules, {}
            about = Pending("MODE", (self._room,))
            yield lambda: self._client.ask("set", about, room=self._room, rules=rules)


def _changes(client: Client, room: str, letters: str, words: list[str]) -> Iterator[_Change]:
    """Yield the requests for what a MODE changes, in order."""
    plus, number, together = True, 0, _Together(client, room)
    for letter in letters:
        if letter in "+-":
            plus = letter == "+"
            continue
        number += 1
        if number > _MOST_CHANGES:
            yield from together.taken()
            yield lambda: client.reply_later("TOOMANYTARGETS", room, _TOO_MANY)
            return
        wants = letter in _ROLES or letter in LISTS or letter == "k" or (letter == "l" and plus)
        word = words.pop(0) or " " if wants and words else ""
        if _sets_rule(letter, plus, word):
            together.add(letter, plus, word)
        else:
            yield from together.taken()
            yield _change(client, room, letter, plus, word)
    yield from together.taken()


def _sets_rule(letter: str, plus: bool, word: str) -> bool:
    """Return whether a change is that of a rule, with a valid value."""
    if letter in _RULES or (letter in _VALUES and not plus):
        return True
    return (letter == "k" and _is_key(word)) or (letter == "l" and _is_limit(word))


def _change(client: Client, room: str, letter: str, plus: bool, word: str) -> _Change:
    if letter in LISTS and not word.strip():
        return ask_list(client, room, letter)
    if letter in LISTS:
        return change_list(client, room, letter, plus, word)
    if letter in _ROLES and word.strip():
        do, about = _ROLES[letter][not plus], Pending("MODE", (room, letter, word))
        return lambda: client.ask(do, about, room=room, name=word, present=True)
    if letter in (*_ROLES, *_VALUES) and not word:
        return lambda: client.reply_later("NEEDMOREPARAMS", "MODE")
    if letter in _VALUES:
        return lambda: client.reply_later("INVALIDMODEPARAM", room, letter, "*", _VALID[letter])
    return lambda: client.reply_later("UNKNOWNMODE", letter)


_VALID = {
    "k": f"A key is one word of at most {KEYLEN} characters",
    "l": f"A limit is a number from 1 to {_HIGHEST_LIMIT}",
}


def _is_key(word: str) -> bool:
    return word.split() == [word] and len(word) <= KEYLEN


def _is_limit(word: str) -> bool:
    short = word.isascii() and word.isdecimal() and len(word) <= len(str(_HIGHEST_LIMIT))
    return short and int(word) > 0


@refused("MODE")
def _(event: Refusal, client: Client, about: Pending) -> None:
    """Answer a refusal, except of what changes nothing, as other servers do."""
    if event.code != "known":
        refuse_mode(event, client, about)


# User modes


def _user_modes(client: Client, target: str, words: list[str]) -> None:
    if key(target) == key(client.nick):
        _own(client, words[0] if words else "")
    else:
        client.ask("whois", Pending("MODE OTHER", (target,)), name=target)


@refused("MODE OTHER")
def _(event: Refusal, client: Client, about: Pending) -> None:
    client.reply("NOSUCHNICK", about.first, event.text)


def tell_other(client: Client) -> None:
    """Answer that the modes of a user who exists are their own."""
    client.reply("USERSDONTMATCH")


def _own(client: Client, letters: str) -> None:
    if not letters:
        client.reply("UMODEIS", f"+{client.modes}")
        return
    plus = True
    if len(letters) > _MOST_CHANGES:
        client.reply("TOOMANYTARGETS", client.nick, _TOO_MANY)
    for letter in letters[:_MOST_CHANGES]:
        if letter in "+-":
            plus = letter == "+"
        elif letter == "B":
            client.ask("bot", Pending("MODE B"), on=plus)
        elif letter == "i" and plus != client.invisible:
            client.invisible = plus
            client.ask("invisible", Pending("MODE i", ("+i" if plus else "-i",)), on=plus)
        elif letter == "w" and plus != client.wallops:
            client.wallops = plus
            change = "+w" if plus else "-w"
            client.send("MODE", client.nick, change, by=client.nick)
        elif letter not in "iow":  # which are as they are
            client.reply("UMODEUNKNOWNFLAG")


def own_visibility(client: Client, about: Pending) -> None:
    """Tell the client that it is invisible, or no longer."""
    client.send("MODE", client.nick, about.first, by=client.nick)


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
    if event.instead and "q" in set_:  # the former founder is a moderator now
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
    """Announce the changes of one request as one MODE."""
    if client.changed and (client.changed[0].room, client.changed[0].by) != (event.room, event.by):
        _tell_rules(client)
    client.changed.append(event)
    if not event.more:
        _tell_rules(client)


def _tell_rules(client: Client) -> None:
    rules, client.changed = client.changed, []
    letters, params, sign = "", [], ""
    for rule in rules:
        letter = _LETTERS.get(rule.name)
        if letter is None:
            client.notice(f"{rule.by} set {rule.name}: {rule.value}", to=rule.room)
            continue
        plus = (rule.value != "off") != (letter in _INVERTED)
        letters += letter if sign == "-+"[plus] else f"{'-+'[plus]}{letter}"
        sign = "-+"[plus]
        params += {"k": ["*"], "l": [rule.value] if plus else []}.get(letter, [])
    if letters:
        client.send("MODE", rules[0].room, letters, *params, by=rules[0].by, stamp=rules[-1].stamp)


@told.register
def _(event: Rules, client: Client, about: Pending) -> None:
    if about.command != "MODE":
        in_words(client, event)
        return
    values = {rule.name: rule.value for rule in event.rules}
    modes = "".join(
        letter
        for letter, name in _RULES.items()
        if (values.get(name) == "on") != (letter in _INVERTED)
    )
    params = []
    for letter, shown in (("k", "*"), ("l", values.get("limit", "off"))):
        if values.get(_VALUES[letter], "off") != "off":
            modes += letter
            params.append(shown)
    client.reply("CHANNELMODEIS", event.room, f"+{modes}", *params)
    client.reply("CREATIONTIME", event.room, str(int(event.made or 0)))
