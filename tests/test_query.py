"""Parsing search queries."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsvc.model.requests import Refused
from chatsvc.model.words import words_of
from chatsvc.store.query_parser import MOST_WORDS, Query, parse
from chatsvc.store.search_query import Sought, Term

NOW = 1_582_200_000.0
DAY = 86400.0


def terms(text: str) -> tuple[Term, ...]:
    return parse(text, NOW).sought.terms


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("tea", (Term("tea"),)),
        ("tea time", (Term("tea"), Term("time"))),
        ('"Tea time" pot', (Term("tea time"), Term("pot"))),
        ("\u201cTea time\u201d", (Term("tea time"),)),
        ("tea*", (Term("tea", begins=True),)),
        ('"tea ti"*', (Term("tea ti", begins=True),)),
        ("tea -milk", (Term("tea"), Term("milk", without=True))),
        ('tea -"with milk"', (Term("tea"), Term("with milk", without=True))),
        ("well-known", (Term("well known"),)),
        ("tea :-) !", (Term("tea"),)),
        ('foo"bar baz"', (Term("foo"), Term("bar baz"))),
        ("http://example.org", (Term("http example org"),)),
        ("note:this", (Term("note this"),)),
    ],
)
def test_words_and_phrases(text: str, found: tuple[Term, ...]) -> None:
    assert parse(text, NOW) == Query(Sought(found))


def test_who_where_and_when() -> None:
    query = parse('tea FROM:Bob in:#Tea before:2020-02-20 after:2d "at five"', NOW)
    began = datetime(2020, 2, 20).timestamp()
    assert query.room == "#Tea"
    assert query.sought == Sought((Term("tea"), Term("at five")), "bob", NOW - 2 * DAY, began)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2020-02-20", datetime(2020, 2, 20).timestamp()),
        ("2020-02-20T12:30", datetime(2020, 2, 20, 12, 30).timestamp()),
        ("2020-02-20T12:30:15", datetime(2020, 2, 20, 12, 30, 15).timestamp()),
        ("2020-02-20T12:30:15.500Z", 1_582_201_815.5),
        ("90s", NOW - 90),
        ("1h30m", NOW - 5400),
        ("1w", NOW - 7 * DAY),
    ],
)
def test_a_time_is_a_day_or_how_long_ago_it_was(text: str, time: float) -> None:
    assert parse(f"after:{text}", NOW).sought == Sought(after=time)
    assert parse(f"before:{text} x", NOW).sought.before == time


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "Enter words to search for"),
        ("?!", "Enter words to search for"),
        ("-tea", "Enter words to search for"),
        ('"tea', "quotation mark is missing"),
        ("t*", "at least two letters before *"),
        ("é*", "at least two letters before *"),
        ("from:", "from: needs a value, for example: /search tea from:bob"),
        ("tea in: x", "in: needs a value, for example: /search tea in:#lobby"),
        ("from:a from:b", "only one from:"),
        ("-from:bob", "Only words can be excluded"),
        ("before:tomorrow", "before:2026-11-20"),
        ("after:2026-13-01", "after:2026-11-20"),
        ("after:7", "after:2d"),
        ("after:99999999999d", "after:2d"),
        (" ".join(f"w{n}" for n in range(21)), "at most 20"),
        ("x" * 401, "at most 400 characters"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_an_example(text: str, fault: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(text, NOW)
    assert fault in refused.value.text


SIGNS = st.sampled_from('abé会 "-*:#@_0123.fromin after before 2d\u201c\u2028')


@given(st.text(SIGNS, max_size=60))
def test_whatever_is_written_is_a_query_or_is_refused(text: str) -> None:
    with suppress(Refused):
        for term in parse(text, NOW).sought.terms:
            words = words_of(term.words)
            assert words
            assert words_of(" ".join(words)) == words


WORD = st.from_regex(r"[a-zà-ö]{2,8}", fullmatch=True)


@given(st.lists(st.tuples(st.lists(WORD, min_size=1, max_size=3), st.booleans(), st.booleans())))
def test_what_is_written_well_is_understood(some: list[tuple[list[str], bool, bool]]) -> None:
    some = [(["tea"], False, False), *some[:19]]
    written = [f'{"-" * without}"{" ".join(w)}"{"*" * star}' for w, star, without in some]
    expected = tuple(
        Term(" ".join(words_of(" ".join(w))), star, without) for w, star, without in some
    )
    words = sum(term.words.count(" ") + 1 for term in expected)
    if len(" ".join(written)) <= 400 and words <= MOST_WORDS:
        assert terms(" ".join(written)) == expected
