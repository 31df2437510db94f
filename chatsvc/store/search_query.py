"""Search queries, and whether a line matches one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from chatsvc.model.message_events import Said
from chatsvc.model.text_rules import key
from chatsvc.model.words import words_of


@dataclass(frozen=True, slots=True)
class Term:
    """Consecutive words; the last one may be a prefix; or words that must not occur."""

    words: str
    begins: bool = False
    without: bool = False


@dataclass(frozen=True, slots=True)
class Sought:
    """Lines with all of these, by a sender (a name's key), from `after` on, `before` a time."""

    terms: tuple[Term, ...] = ()
    sender: str = ""
    after: float = -math.inf
    before: float = math.inf


@dataclass(frozen=True, slots=True)
class Seeker:
    """The user who searches: their rooms, each with the number of the last line they may not read.

    Lines by the names in `hidden` (keys) are left out, and quiet ones, unless they are their own.
    """

    rooms: Mapping[str, int]
    hidden: frozenset[str] = frozenset()
    client: str = ""
    account: str = ""  # its name


class Spot(NamedTuple):
    """The position of a line that exists or was deleted."""

    room: str
    number: int


class LastSearch(NamedTuple):
    """A user's last query, and the last line that they were shown, if there are older ones."""

    query: str
    older: Spot | None


class Finds(NamedTuple):
    """Matching lines, newest first; whether there are older ones, and some not indexed yet."""

    lines: list[Said]
    more: bool = False
    unfinished: bool = False


def names_in(line: Said) -> set[str]:
    """Return the keys of the names by which a line's sender is known."""
    return {key(line.sender), key(line.account)} if line.account else {key(line.sender)}


def is_for(seeker: Seeker, line: Said) -> bool:
    """Return whether a user may find a line."""
    names = names_in(line)
    if line.deleted or line.number <= seeker.rooms.get(line.room, line.number):
        return False
    own = line.client == seeker.client or (key(seeker.account) in names and seeker.account)
    return names.isdisjoint(seeker.hidden) and bool(not line.quiet or own)


def is_sought(sought: Sought, line: Said) -> bool:
    """Return whether a line matches the query."""
    if sought.sender and sought.sender not in names_in(line):
        return False
    return sought.after <= line.time < sought.before and _has(sought.terms, line.text)


def _has(terms: tuple[Term, ...], text: str) -> bool:
    words = f" {' '.join(words_of(text))} "
    return all((_pattern(term) in words) != term.without for term in terms)


def _pattern(term: Term) -> str:
    return f" {' '.join(words_of(term.words))}{'' if term.begins else ' '}"
