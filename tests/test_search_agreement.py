"""Searching in PostgreSQL finds the same as in SQLite, with random lines and random queries."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from keeper import Keeper, delete, expire, line, now
from postgresql import lacks
from real import lacking
from test_archive_search import SCRIPTS

from chatsvc.model.message_events import Line, Said
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import key
from chatsvc.model.words import words_of
from chatsvc.store.query_parser import parse
from chatsvc.store.search_query import Seeker, Sought, Spot, is_for, is_sought

LINES, QUERIES = 300, 120
ROOMS = ("#tea", "#pie", "#\u8336", "#empty", "#few")
LONG = ["x" * 250, "x" * 249 + "y"]  # longer than what PostgreSQL stores of a word
NAMES = ("ann", "Bob", "\u0418\u0440\u0430", "ann2")
OFTEN = ["tea", "Tea", "t\u00e9", "te", "teapot", "pot", "a", "\u4f1a\u8b70", "\u0447\u0430\u0439"]
WORDS = [
    *(OFTEN * 6), "Stra\u00dfe", "strasse", "snake_case", "it's", "\uff14\uff12", "42", "I", "r1",
    "\u03c4\u03c3\u03ac\u03b9", "\u0634\u0627\u06cc", "not", *(LONG * 4),
    *(text for text, *_ in SCRIPTS), *(found for _, found, _ in SCRIPTS),
]  # fmt: skip
BETWEEN = (" ", " ", " ", " ", ", ", "-", "", "\n", "'", ". ")
STEP = 20.0  # seconds from one line to the next, roughly
DISORDER = 29.0  # seconds by which a line's time differs from that


class Lines:
    """Random lines, and random queries for them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._texts: list[str] = []

    def line(self, number: int) -> Line:
        pick, text = self.random.choice, self._text()
        self._texts.append(text)
        return line(
            text,
            self.random.choices(ROOMS, (9, 4, 4, 0, 1))[0],
            pick(NAMES),
            time=number * STEP + self.random.uniform(-DISORDER, DISORDER),
            client=pick("cd"),
            account=pick(("", "", "ann", "Eve")),
            quiet=self.random.random() < 0.15,
        )

    def _text(self) -> str:
        if self.random.random() < 0.08:  # more places of a word than a tsvector has
            return "tea a " * 300 + " ".join(self.random.choices(OFTEN, k=4))
        return self._words(self.random.randint(1, 8))

    def _words(self, most: int) -> str:
        pick = self.random.choice
        return "".join(pick(WORDS) + pick(BETWEEN) for _ in range(most))

    def query(self) -> str:
        some = self.random.random
        terms = [self._term() for _ in range(self.random.randint(0, 3))]
        ago = [f"{round(some() * LINES * STEP)}s" for _ in range(2)]
        limits = [
            (0.2, f"from:{self.random.choice(NAMES)}"),
            (0.2, f"in:{self.random.choice(ROOMS)}"),
            (0.2, f"after:{ago[0]}"),
            (0.2, f"before:{ago[1]}"),
        ]
        return " ".join([*terms, *(limit for chance, limit in limits if some() < chance)])

    def _term(self) -> str:
        """Return a word, a phrase or a prefix, often one that occurs; or something to exclude."""
        words = words_of(self.random.choice(self._texts))[-9:] or ["tea"]
        if self.random.random() < 0.3:
            words = self.random.choices(OFTEN, k=3)
        first = self.random.randrange(len(words))
        piece = words[first : first + self.random.choice((1, 1, 1, 2, 3))]
        star = self.random.random() < 0.3
        if star:
            piece[-1] = piece[-1][: self.random.randint(2, 9)]
        return f'{self.random.choice(("", "", "", "-"))}"{" ".join(piece)}"{"*" if star else ""}'

    def seeker(self, room: str | None) -> Seeker:
        rooms = [room] if room else self.random.sample(ROOMS, self.random.randint(1, len(ROOMS)))
        floors = self.random.choice(((0,), (0, 40), (20, 60)))
        return Seeker(
            {name: self.random.choice(floors) for name in rooms},
            frozenset(map(key, self.random.choice(((), (), ("Bob",), ("eve", "ann2"))))),
            self.random.choice(("", "c")),
            self.random.choice(("", "", "Ann")),
        )


class Asked(NamedTuple):
    sought: Sought
    seeker: Seeker
    limit: int


def fill(lines: Lines, stores: list[Keeper]) -> list[Said]:
    """Store the same lines everywhere, while they are indexed; return those that are left."""
    for number in range(LINES):
        said = lines.line(number)
        for store in stores:
            store.keep(said)
            if number % 7 == 0:
                now(store.archive.index())
    for room in ROOMS:
        for number in lines.random.sample(range(1, 60), 6):
            for store in stores:
                delete(store, number, room)
    for store in stores:
        expire(store, 10 * STEP, "#pie")
    return [said for room in ROOMS for said in now(stores[0].archive.read(room, 0, LINES))]


def asked(lines: Lines) -> Iterator[Asked]:
    """Yield random queries that are valid."""
    while True:
        try:
            query = parse(lines.query(), LINES * STEP)
        except Refused:
            continue
        limit = lines.random.choice((1, 4, 20, LINES))
        yield Asked(query.sought, lines.seeker(query.room), limit)


def pages(store: Keeper, query: Asked) -> list[list[Said]]:
    """Return everything that is found, page by page."""
    found: list[list[Said]] = []
    older, more = None, True
    while more:
        some, more, unfinished = now(store.archive.search(*query[:2], older, query.limit))
        assert not unfinished
        found.append(some)
        older = Spot(some[-1].room, some[-1].number) if some else None
    return found


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.slow
def test_postgresql_finds_the_same_as_sqlite(
    keepers: list[Keeper], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    if lacks():
        lacking(lacks())
    _, sqlite, postgresql = keepers
    from chatsvc.store.postgresql import index_search

    for name, value in (("NEWEST", 20), ("NEWER", 50), ("_MOST", 9)):
        monkeypatch.setattr(index_search, name, value)  # so that few lines need all parts
    lines = Lines(seed)
    left = fill(lines, [sqlite, postgresql])
    hits = 0
    for query, _ in zip(asked(lines), range(QUERIES), strict=False):
        for name in ("MANY", "SCATTERED"):  # so that every way to find lines is used
            monkeypatch.setattr(index_search, name, lines.random.choice((-1, 10**9)))
        found = pages(sqlite, query)
        assert pages(postgresql, query) == found, query
        matching = [one for one in left if is_for(query.seeker, one) and _has(query, one)]
        assert sorted(one for page in found for one in page) == sorted(matching), query
        hits += bool(matching)
    assert hits > QUERIES / 3


def _has(query: Asked, said: Said) -> bool:
    return said.room in query.seeker.rooms and is_sought(query.sought, said)
