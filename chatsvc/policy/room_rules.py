"""A room's rules as people write and read them, and the word filters.  No permissions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from chatsvc.model.characters import formatting_in, is_unseen
from chatsvc.model.confusables import imitated
from chatsvc.model.records import RoomRules
from chatsvc.model.requests import Refused
from chatsvc.model.room_events import Setting
from chatsvc.model.text_rules import check_words, duration, key, span

MOST_WORDS = 100  # in a word filter
_UNSPACED = (  # Thai, Lao, Burmese, Khmer, Japanese, Chinese: no spaces between words
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]"
)


def _switch(name: str, value: str) -> bool:
    if value.lower() not in ("on", "off", "yes", "no"):
        raise Refused("bad-rule", f"{name} must be on or off.")
    return value.lower() in ("on", "yes")


def _count(name: str, value: str) -> int:
    if value.lower() == "off":
        return 0
    if not value.isdecimal() or len(value) > 5 or int(value) == 0:
        raise Refused("bad-rule", f"{name} must be a number from 1 to 99999, or off.")
    return int(value)


def _duration(_name: str, value: str) -> float:
    return duration(value)


def _pause(name: str, value: str) -> float:
    """Parse a duration with an end: without one, nobody could send a second message."""
    try:
        seconds = duration(value)
    except Refused:
        seconds = 0.0
    if not seconds and value.lower() != "off":
        raise Refused("bad-duration", f"{name} must be a duration such as 10s, or off.")
    return seconds


def _history(name: str, value: str) -> str:
    if value.lower() not in ("all", "joined", "none"):
        raise Refused("bad-rule", f"{name} must be all, joined (since the user joined) or none.")
    return value.lower()


def _text(name: str, value: str) -> str:
    check_words(value)
    return "" if value.lower() == "off" else value


def _words(name: str, value: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(map(key, value.replace(",", " ").split())))
    if words == ("off",):
        return ()
    if len(words) > MOST_WORDS or len(value) > MOST_WORDS * 10:
        raise Refused("bad-rule", f"{name} accepts at most {MOST_WORDS} words.")
    return words


@dataclass(frozen=True, slots=True)
class RuleKind:
    """The syntax, storage and purpose of a rule."""

    field: str
    read: Callable[[str, str], Any]
    help: str


KINDS = {
    "description": RuleKind("description", _text, "what the room is for"),
    "password": RuleKind("password", _text, "password to join, or off"),
    "invite-only": RuleKind("invite_only", _switch, "on: users need an invitation to join"),
    "registered-only": RuleKind("registered_only", _switch, "on: only registered users can join"),
    "moderated": RuleKind("moderated", _switch, "on: only users with voice can talk"),
    "outside": RuleKind("outside", _switch, "on: users can send messages without joining"),
    "no-ctcp": RuleKind("no_ctcp", _switch, "on: refuse CTCP requests of IRC clients"),
    "topic-locked": RuleKind("topic_locked", _switch, "on: only moderators can change the topic"),
    "hidden": RuleKind("hidden", _switch, "on: /rooms does not list the room"),
    "limit": RuleKind("most", _count, "maximum number of users, or off"),
    "slow": RuleKind("slow", _pause, "wait between a user's messages (10s), or off"),
    "history": RuleKind("history", _history, "history for new users: all, joined or none"),
    "keep": RuleKind("keep", _duration, "delete messages after this time (30d), or off"),
    "refuse": RuleKind("refuse", _words, "refuse messages with these words, or off"),
    "mask": RuleKind("mask", _words, "show these words as asterisks, or off"),
}


def rule_name(name: str) -> str:
    """Return a rule's name as listed."""
    name = name.lower().replace("_", "-")
    if name not in KINDS:
        raise Refused("bad-rule", f"There is no rule {name[:32]}. Rules: {', '.join(KINDS)}.")
    return name


def value_of(name: str, written: str) -> Any:
    """Parse the value of a rule; refuse an invalid one."""
    return KINDS[name].read(name, written.strip())


def changed(charter: RoomRules, name: str, value: Any) -> RoomRules:
    """Return the rules with another value for one; that of a password is its hash."""
    return replace(charter, **{KINDS[name].field: value})


def current(charter: RoomRules, name: str) -> Any:
    """Return the value of a rule."""
    return getattr(charter, KINDS[name].field)


def shown(charter: RoomRules, name: str) -> str:
    """Return the value of a rule in words."""
    value = current(charter, name)
    if name == "password":
        return "set" if value else "off"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return span(value) if value else "off"
    if isinstance(value, tuple):
        return " ".join(value) or "off"
    return str(value or "off")


def listed(charter: RoomRules) -> tuple[Setting, ...]:
    """Return every rule, with its value and purpose."""
    return tuple(Setting(name, shown(charter, name), kind.help) for name, kind in KINDS.items())


def filtered(charter: RoomRules, text: str) -> str:
    """Return a message with filtered words replaced; refuse it if it contains a blocked one."""
    for start, end in _found(charter.refuse, text):
        raise Refused(
            "filtered", f'Not sent: "{text[start:end]}" is not allowed in {charter.room}.'
        )
    for start, end in _found(charter.mask, text):
        text = text[:start] + "*" * (end - start) + text[end:]
    return text


def _found(words: tuple[str, ...], text: str) -> list[tuple[int, int]]:
    """Return where any of these words is in a text, in whatever letters it is written."""
    if not words:
        return []
    found = _matches(words, *_folded(text))
    if not text.isascii():  # others may also look like ASCII
        found += _matches(words, *_folded(text, _drawn))
    return sorted(set(found))


def _matches(words: tuple[str, ...], folded: str, origins: Sequence[int]) -> list[tuple[int, int]]:
    return [
        (origins[found.start()], origins[found.end() - 1] + 1)
        for found in _pattern(words).finditer(folded)
    ]


def _folded(text: str, spelt: Callable[[str], str] = key) -> tuple[str, Sequence[int]]:
    """Return a text in the form that words are compared in, and each character's old position."""
    formatting = formatting_in(text)
    if text.isascii() and not formatting:
        return text.lower(), range(len(text))
    hidden = {position for start, end in formatting for position in range(start, end)}
    folded, origins = [], []
    for position, written in enumerate(text):
        for c in unicodedata.normalize("NFKD", spelt(written)) if position not in hidden else "":
            if not is_unseen(c):
                folded.append(c)
                origins.append(position)
    return "".join(folded), origins


def _drawn(c: str) -> str:
    """Return the ASCII letter that a character imitates; "" for a mark drawn across another one."""
    return "" if c in _OVERLAYS else key(imitated(c))


_OVERLAYS = frozenset(map(chr, (*range(0x334, 0x339), *range(0x20D2, 0x20F1))))


@lru_cache(maxsize=128)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern for words that are not parts of longer ones, if their script shows that."""
    longest_first = sorted(words, key=len, reverse=True)
    seen = filter(None, (_folded(word)[0] for word in longest_first))
    some = "|".join(map(re.escape, seen)) or "(?!)"
    # The marks are many: they are in the pattern twice, not twice per word.
    inside = rf"[\w{_marks()}]"
    before = f"(?:(?={_UNSPACED})|(?<!{inside}))"
    after = f"(?:(?<={_UNSPACED})|(?!{inside}))"
    return re.compile(f"{before}(?:{some}){after}")


@cache
def _marks() -> str:
    """Return accents and vowel signs, which belong to the letter before them."""
    every = map(chr, range(0x300, 0x1F000))
    return "".join(c for c in every if unicodedata.category(c) in ("Mn", "Mc"))
