"""What is sought among the lines that were said, and whether a line is that."""

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
    """Words that follow each other; the last one may only `begin` so; or that are not there."""

    words: str
    begins: bool = False
    without: bool = False


@dataclass(frozen=True, slots=True)
class Sought:
    """Lines with all of these, of somebody (a name's key), from `after` on, `before` a time."""

    terms: tuple[Term, ...] = ()
    sender: str = ""
    after: float = -math.inf
    before: float = math.inf


@dataclass(frozen=True, slots=True)
class Seeker:
    """Who seeks: in which rooms, each with the number of the last line that they may not read.

    Lines of those in `hidden` (names' keys) are not for them, nor quiet ones, but their own.
    """

    rooms: Mapping[str, int]
    hidden: frozenset[str] = frozenset()
    client: str = ""
    account: str = ""  # its name


class Spot(NamedTuple):
    """A line that is, or was, somewhere."""

    room: str
    number: int


class LastSearch(NamedTuple):
    """What somebody has looked for, and the last line that they were shown, if there are older."""

    query: str
    older: Spot | None


class Finds(NamedTuple):
    """Lines, newest first; whether there are older ones, and whether not all are indexed yet."""

    lines: list[Said]
    more: bool = False
    unfinished: bool = False


def names_in(line: Said) -> set[str]:
    """The keys of the names by which a line's sender is known."""
    return {key(line.sender), key(line.account)} if line.account else {key(line.sender)}


def is_for(seeker: Seeker, line: Said) -> bool:
    """Whether a line is one that somebody may find."""
    names = names_in(line)
    if line.deleted or line.number <= seeker.rooms.get(line.room, line.number):
        return False
    own = line.client == seeker.client or (key(seeker.account) in names and seeker.account)
    return names.isdisjoint(seeker.hidden) and bool(not line.quiet or own)


def is_sought(sought: Sought, line: Said) -> bool:
    """Whether a line is what is sought."""
    if sought.sender and sought.sender not in names_in(line):
        return False
    return sought.after <= line.time < sought.before and _has(sought.terms, line.text)


def _has(terms: tuple[Term, ...], text: str) -> bool:
    words = f" {' '.join(words_of(text))} "
    return all((_pattern(term) in words) != term.without for term in terms)


def _pattern(term: Term) -> str:
    return f" {' '.join(words_of(term.words))}{'' if term.begins else ' '}"
