"""Parses search queries such as `tea "at five" from:bob in:#tea after:2d -milk`."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import check_words, duration, key, looks_like_duration, moment
from chatsvc.model.words import words_of
from chatsvc.store.search_query import Sought, Term

MOST_TERMS = 20
MOST_WORDS = 40  # in all terms: each is looked up separately
SHORTEST_BEGINNING = 2  # letters; so many words begin with fewer that the search is slow

_QUOTES = str.maketrans("“”„«»", '"""""')
_PIECE = re.compile(r'(-?)(?:(from|in|before|after):([^\s"]*)|"([^"]*)"(\*?)|([^\s"]+))', re.I)
_DATES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")  # the server's local time


@dataclass(frozen=True, slots=True)
class Query:
    """What is sought, and in which room (`#tea`) or conversation with a user (`@bob`)."""

    sought: Sought
    room: str | None = None


@dataclass(slots=True)
class _Found:
    terms: list[Term] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)


def parse(text: str, now: float) -> Query:
    """Parse `text`; raise `Refused` if it is not a valid query."""
    check_words(text)
    text = text.translate(_QUOTES)
    if text.count('"') % 2:
        raise _bad('A quotation mark is missing. To search for a phrase: /search "see you later"')
    found = _Found()
    for piece in _PIECE.finditer(text):
        _take(found, piece)
    if not (found.named or any(not term.without for term in found.terms)):
        raise _bad("Enter words to search for. For example: /search tea from:bob")
    if len(found.terms) > MOST_TERMS:
        raise _bad(f"Too many terms. Search for at most {MOST_TERMS}.")
    if sum(term.words.count(" ") + 1 for term in found.terms) > MOST_WORDS:
        raise _bad(
            f"Too long: search for at most {MOST_WORDS} words. In Chinese, Japanese, Korean, Thai"
            " and the like, each letter counts as a word."
        )
    return _query(found, now)


def _take(found: _Found, piece: re.Match[str]) -> None:
    minus, name, value, phrase, star, word = piece.groups()
    if name is not None:
        if minus:
            raise _bad(f"Only words can be excluded, such as -tea, but not {piece[0]}")
        _name(found, name.lower(), value)
    elif phrase is not None:
        _add(found, phrase, bool(star), bool(minus))
    else:
        _add(found, word, word.endswith("*"), bool(minus))


def _name(found: _Found, name: str, value: str) -> None:
    if not value:
        raise _bad(f"{name}: needs a value, for example: {_EXAMPLES[name]}")
    if name in found.named:
        raise _bad(f"A search can have only one {name}:.")
    found.named[name] = value


def _add(found: _Found, text: str, begins: bool, without: bool) -> None:
    """Add words, if there are any: punctuation alone is none."""
    words = words_of(text)
    if not words:
        return
    last = words[-1]
    if begins and last.isascii() and len(last) < SHORTEST_BEGINNING:
        raise _bad("Use at least two letters before *, such as /search te*")
    found.terms.append(Term(" ".join(words), begins and len(last) > 1, without))


def _query(found: _Found, now: float) -> Query:
    named = found.named
    times = {name: _time(name, named[name], now) for name in ("after", "before") if name in named}
    sender = key(named.get("from", "").removeprefix("@"))
    return Query(Sought(tuple(found.terms), sender, **times), named.get("in"))


def _time(name: str, value: str, now: float) -> float:
    """Parse the start of a day, a time, or a duration ago."""
    for form in _DATES:
        with suppress(ValueError, OverflowError):
            return datetime.strptime(value, form).timestamp()
    with suppress(Refused, OverflowError):
        if "-" in value:
            return moment(value)
        if looks_like_duration(value):
            return now - duration(value)
    raise _bad(f"{value} is not a day or a past time, such as {_EXAMPLES[name]}")


_EXAMPLES = {
    "from": "/search tea from:bob",
    "in": "/search tea in:#lobby, or in:@bob",
    "before": "/search tea before:2026-11-20, or before:2d",
    "after": "/search tea after:2026-11-20, or after:2d",
}


def _bad(text: str) -> Refused:
    return Refused("bad-query", text)
