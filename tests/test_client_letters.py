# ruff: noqa: RUF001
"""Grapheme clusters, and the words made of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsvc.client import graphemes

HARD = st.text(st.sampled_from("a b\u0301\u200c\u200d\ufe0f\t❤👩🚀🇩🇪🏻日한हि्दी\u3000\u00a0"))


@pytest.mark.parametrize(
    "letter",
    [
        "a",
        "é",
        "e\u0301",
        "❤\ufe0f",
        "🤷🏻",
        "🇩🇪",
        "👩\u200d🚀",
        "ی\u200c",
        "हि",
        "\u3000",
        "\t",
        "한",
    ],
)
def test_a_letter_is_what_people_see_as_one(letter: str) -> None:
    text = f"x{letter}y"
    assert graphemes.before(text, len(text) - 1) == 1
    assert graphemes.after(text, 1) == len(text) - 1
    for middle in range(1, len(text) - 1):
        assert graphemes.begin(text, middle) == 1
    assert graphemes.is_text(letter[0]) or letter == "\t"


def test_two_flags_are_two_letters() -> None:
    assert [graphemes.before("🇩🇪🇫🇷", at) for at in (4, 2)] == [2, 0]
    assert [graphemes.after("🇩🇪🇫🇷", at) for at in (0, 1, 2)] == [2, 2, 4]


@pytest.mark.parametrize("text", ["\x00", "\x1b", "\x7f", "\x85", "\ud800", "\t", "\n"])
def test_orders_are_not_text(text: str) -> None:
    assert not graphemes.is_text(text)


@given(HARD)
def test_going_left_and_right_stops_at_the_same_places(text: str) -> None:
    rightwards, at = [0], 0
    while at < len(text):
        rightwards.append(at := graphemes.after(text, at))
    leftwards = [at := len(text)]
    while at > 0:
        leftwards.append(at := graphemes.before(text, at))
    assert rightwards == leftwards[::-1]
    assert {graphemes.begin(text, at) for at in range(len(text) + 1)} == set(rightwards)
    for at in rightwards:
        assert graphemes.word_before(text, at) in rightwards
        assert graphemes.word_after(text, at) in rightwards


def test_words_of_any_script_are_deleted_whole() -> None:
    assert graphemes.word_before("हिन्दी भाषा", 11) == 7
    assert graphemes.word_before("می\u200cخواهم", 8) == 0
    assert graphemes.word_before("one, two  ", 10) == 5
    assert graphemes.word_before("one,", 4) == 3
    assert graphemes.word_after("  one, two", 0) == 5
    assert graphemes.word_after("", 0) == 0
