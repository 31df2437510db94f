"""What is sought among the lines that were said, and whether a line is that.

Words are runs of letters and digits; case, accents and width do not matter.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from chatsvc.characters import plain
from chatsvc.events import Said
from chatsvc.rules import key

# Scripts without blanks between words: each of their letters is a word, and a word is a phrase.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003fffd]"
)
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]")
_WORD = re.compile(r"[^\W_]+")


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


class Finds(NamedTuple):
    """Lines, newest first; whether there are older ones, and whether not all are indexed yet."""

    lines: list[Said]
    more: bool = False
    unfinished: bool = False


def folded(text: str) -> str:
    """`text` such that what is the same word is spelt the same."""
    text = plain(text)
    if text.isascii():
        return text.lower()
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return _UNSPACED.sub(r" \g<0> ", unicodedata.normalize("NFKC", bare).casefold())


def words_of(text: str) -> list[str]:
    """The words in `text`, folded."""
    return _WORD.findall(folded(text))


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
