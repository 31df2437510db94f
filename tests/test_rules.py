"""What names, rooms and lines may be."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from chatsvc.events import Refused
from chatsvc.rules import (
    LONGEST_NAME,
    LONGEST_TEXT,
    LONGEST_WORDS,
    check_name,
    check_text,
    check_words,
    clean,
    key,
    likely_name,
    room_name,
)

# Text with many of the characters that do something to a terminal.
wild = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "\x00\x07\x08\t\r\n\x1b\x7f\x85\x9b\x9d\u200e\u202e\u2066\u2028[]m;0?\\AHJP"
        ),
        st.characters(categories=["Cc", "Cf", "Cs"]),
    )
)
often = settings(max_examples=200, deadline=None)


# Lines


@given(wild)
@example("\x1b\x1b[0m[31mred")
@example("\x1b]0;title\x1b\\\x9b31m\x1b[")
@example("\u202egnirts")
@often
def test_clean_text_holds_nothing_that_moves_or_reorders_a_screen(text: str) -> None:
    for c in clean(text):
        assert unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(c) not in (
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
        )  # fmt: skip


@given(wild)
@often
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"])))
@example("Ελληνικά, עברית, 日本語, e\u0301, \U0001f600")
@often
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[10;20Hgone", "gone"),
        ("\x1b[?1049h\x1b[>4;2mx", "x"),
        ("\x1b]0;a title\x07x", "x"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;aGk=", ""),
        ("\x1bP1$tx\x1b\\y", "y"),
        ("\x1bcx\x1b(By\x1b#8z", "xyz"),
        ("\x9b31mred", "31mred"),
        ("a\tb\r\n\nc", "a b c"),
        ("a\x00b\x08c\x7fd", "abcd"),
        ("one\u2028two", "one two"),
        ("\u202eevil\u202c", "evil"),
        ("a\ud800b", "ab"),
    ],
)
def test_escape_sequences_and_controls_are_taken_out(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize("text", ["", " ", "\u3000\u00a0 "])
def test_a_line_with_nothing_in_it_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        check_text(text)
    assert refused.value.code == "empty"


@pytest.mark.parametrize("c", ["x", "é", "語", "\U0001f600"])
def test_a_line_may_have_just_so_many_bytes(c: str) -> None:
    longest = c * (LONGEST_TEXT // len(c.encode()))
    check_text(longest)
    with pytest.raises(Refused, match=f"bytes; {LONGEST_TEXT} is the most") as refused:
        check_text(longest + c)
    assert refused.value.code == "too-long"


def test_other_words_may_have_just_so_many_characters() -> None:
    check_words("é" * LONGEST_WORDS)
    check_words("")
    with pytest.raises(Refused, match=str(LONGEST_WORDS)):
        check_words("x" * (LONGEST_WORDS + 1))


# Names


def is_name(name: str) -> bool:
    try:
        check_name(name)
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    "name",
    ["ann", "Ann-Marie", "o'neil", "guest-1", "jürgen", "日本", "x" * 32, "[bot]", "a.b", "नमस्ते"],
)
def test_what_may_be_a_name(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "two words", "x" * 33, "-ann", ".ann", "'ann", "#ann", "/ann", "<ann>", "*", "a\u202eb",
     "a\u200bb", "a\nb", "all", "ALL", "\uff41\uff4c\uff4c", "\U0001f600", "a,b", "@ann"],
)  # fmt: skip
def test_what_may_not_be_a_name(name: str) -> None:
    with pytest.raises(Refused) as refused:
        check_name(name)
    assert refused.value.code == "bad-name"


@given(st.one_of(wild, st.text("all- !.'#\u0301", min_size=1, max_size=5)))
@example("all!")
@example("x" * 40)
@often
def test_a_name_that_is_suggested_is_a_name(name: str) -> None:
    likely = likely_name(name)
    assume(likely is not None)
    assert likely is not None
    assert is_name(likely)


@given(wild.filter(is_name))
@settings(max_examples=50, deadline=None)
def test_a_name_is_one_clean_word(name: str) -> None:
    assert clean(name) == name
    assert name.split() == [name]
    assert len(name) <= LONGEST_NAME


def test_a_likely_name_is_the_nearest_one() -> None:
    assert likely_name("ann smith") == "ann_smith"
    assert likely_name("  <ann>! ") == "ann"
    assert likely_name("--ann") == "ann"
    assert likely_name("!?") is None


def test_names_that_look_alike_are_one() -> None:
    assert key("Ann") == key("ANN") == key("\uff21nn")
    assert key("Straße") == key("STRASSE")
    assert key("ann") != key("anna")


# Rooms


@pytest.mark.parametrize("name", ["tea", "#tea"])
def test_a_room_is_written_with_a_number_sign(name: str) -> None:
    assert room_name(name) == "#tea"


@pytest.mark.parametrize("name", ["", "#", "##", "#a b", "#" + "x" * 32, "#a\n", "#a/b", "#<b>"])
def test_what_may_not_be_a_rooms_name(name: str) -> None:
    with pytest.raises(Refused) as refused:
        room_name(name)
    assert refused.value.code == "bad-room"


@given(st.one_of(wild, st.text("#abc-é", max_size=34)))
@often
def test_a_rooms_name_is_clean_and_its_own_name(name: str) -> None:
    try:
        written = room_name(name)
    except Refused:
        return
    assert room_name(written) == written == clean(written)
    assert written[0] == "#"
    assert 2 <= len(written) <= LONGEST_NAME
