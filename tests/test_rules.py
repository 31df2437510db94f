"""Valid names, rooms and texts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from precis_i18n import get_profile

from chatsvc.model import text_rules
from chatsvc.model.characters import clean
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import (
    LONGEST_DURATION,
    LONGEST_NAME,
    LONGEST_TEXT,
    LONGEST_WORDS,
    check_name,
    check_text,
    check_words,
    counted,
    duration,
    key,
    likely_name,
    looks_like_duration,
    room_name,
    span,
)

# Text with many of the characters that have an effect on a terminal.
wild = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "\x00\x07\x08\t\r\n\x1b\x7f\x85\x9b\x9d\u200e\u202e\u2066\u2028[]m;0?\\AHJP"
        ),
        st.characters(categories=["Cc", "Cf", "Cs"]),
    )
)
# Letters, digits and marks of many scripts, including those that RFC 8265 mentions.
letters = st.one_of(
    st.sampled_from(
        "annAl1_-σςΣΐϊΪ\u0301ßẞİ\u0131K\u05d0\u05d1\u0639\u0661\u06f2日न\u093f½ﬁⅧ\uff41\uff21"
    ),
    st.characters(categories=["L", "N", "M"]),
)
words = st.text(letters, min_size=1, max_size=8)
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


SELECTORS = "".join(
    map(chr, [*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
)  # those that select nothing are removed


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"], exclude_characters=SELECTORS)))
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
    with pytest.raises(Refused, match=f"bytes, and the maximum is {LONGEST_TEXT}") as refused:
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
    ["ann", "Ann-Marie", "o'neil", "guest-1", "jürgen", "日本", "x" * 32, "[bot]", "a.b", "नमस्ते",
     "μαΐου", "Σας", "Ольга", "아나", "\uff41nn", "K", "İ", "e\u0301va",
     "\u05e9\u05dc\u05d5\u05dd-2", "\u0639\u0644\u064a\u0661"],
)  # fmt: skip
def test_what_may_be_a_name(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "two words", "x" * 33, "-ann", ".ann", "'ann", "#ann", "/ann", "<ann>", "*", "a\u202eb",
     "a\u200bb", "a\nb", "all", "ALL", "\uff41\uff4c\uff4c", "\U0001f600", "a,b", "@ann",
     "NickServ", "chanserv"],
)  # fmt: skip
def test_what_may_not_be_a_name(name: str) -> None:
    with pytest.raises(Refused) as refused:
        check_name(name)
    assert refused.value.code == "bad-name"


@pytest.mark.parametrize(
    ("name", "words", "likely"),
    [
        ("ab½", '"½" cannot be in a name', "ab12"),
        ("ﬁona", '"ﬁ" cannot be in a name', "fiona"),
        ("\u1100ann", '"\u1100" cannot be in a name', "ann"),
        ("ann\u05d0", "right-to-left", "ann"),
        ("1\u05d0\u05d1", "right-to-left", "\u05d0\u05d1"),
        ("\u05d0\u05d1-", "right-to-left", "\u05d0\u05d1"),
        ("\u0639\u0644\u064a\u06612", "one kind of digits", "\u0639\u0644\u064a"),
        ("\u0661\u0662", "right-to-left", None),
        ("ΜΑΪ\u0301\u039f\u03a5", "lower case", "μαΐου"),
    ],
)
def test_why_a_name_in_some_script_is_none(name: str, words: str, likely: str | None) -> None:
    with pytest.raises(Refused, match=words) as refused:
        check_name(name)
    assert refused.value.code == "bad-name"
    assert refused.value.suggestion == likely


@given(st.one_of(wild, words, st.text("all- !.'#\u0301", min_size=1, max_size=5)))
@example("all!")
@example("x" * 40)
@example("a" * 31 + "\u05d0")
@example("\u05d0" * 31 + "-\u05d1")
@often
def test_a_name_that_is_suggested_is_a_name(name: str) -> None:
    likely = likely_name(name)
    assume(likely is not None)
    assert likely is not None
    check_name(likely)


@given(words.filter(is_name))
@often
def test_what_is_a_name_stays_as_it_is(name: str) -> None:
    assert likely_name(name) == name


@given(wild.filter(is_name))
@settings(max_examples=50, deadline=None)
def test_a_name_is_one_clean_word(name: str) -> None:
    assert clean(name) == name
    assert name.split() == [name]
    assert len(name) <= LONGEST_NAME


def test_a_likely_name_is_the_nearest_one() -> None:
    assert likely_name("ann smith") == "ann_smith"
    assert likely_name("Ann Smith½") == "Ann_Smith12"
    assert likely_name("  <ann>! ") == "ann"
    assert likely_name("--ann") == "ann"
    assert likely_name("!?") is None


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


usernames = get_profile("UsernameCaseMapped")


@given(words, st.sampled_from([str.upper, str.lower, str.title, decomposed, wide]))
@example("ΐ", str.upper)
@example("ΰ", str.title)
@example("Ann", wide)
@often
def test_names_that_are_one_for_others_are_one_here(
    name: str, respelled: Callable[[str], str]
) -> None:
    other = respelled(name)
    assume(is_name(name) and is_name(other))
    if usernames.enforce(name) == usernames.enforce(other):
        assert key(name) == key(other)


@given(words.filter(is_name))
@often
def test_a_name_is_an_identifier_for_others(name: str) -> None:
    mapped = usernames.enforce(name)
    assert usernames.enforce(mapped) == mapped


def test_spellings_of_one_name() -> None:
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


# Durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("30min", 1800),
        ("1h30m", 5400),
        ("2d", 172800),
        ("1d12h", 129600),
        ("1w", 604800),
        ("1w2d3h4min5s", 788645),
        ("1H30M", 5400),
        ("007s", 7),
        ("3650d", LONGEST_DURATION),
        ("forever", 0),
        ("Forever", 0),
        ("off", 0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("90", "needs a unit"),
        ("0", "needs a unit"),
        ("", "Use 90s"),
        ("h", "Use 90s"),
        ("1h30", "Use 90s"),
        ("30m1h", "Use 90s"),
        ("1h1h", "Use 90s"),
        ("1.5h", "Use 90s"),
        ("-1h", "Use 90s"),
        ("2y", "Use 90s"),
        ("1 h", "Use 90s"),
        ("\u0661s", "Use 90s"),
        ("forevr", "or forever"),
        ("0s", "longer than zero"),
        ("0h0m", "longer than zero"),
        ("3651d", "at most 10 years"),
        ("9" * 16000 + "s", "at most 10 years"),
    ],
)
def test_what_is_no_duration(text: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        duration(text)
    assert refused.value.code == "bad-duration"


@pytest.mark.parametrize("word", ["90s", "1h30", "3", "forever", "FOREVER"])
def test_a_word_that_is_meant_as_a_duration(word: str) -> None:
    assert looks_like_duration(word)


@pytest.mark.parametrize("word", ["", "spam", "off", "forevermore", "-1h", "\u0661s", "½h"])
def test_a_word_that_is_not_meant_as_a_duration(word: str) -> None:
    assert not looks_like_duration(word)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 s"),
        (0.2, "1 s"),
        (59.2, "1 min"),
        (90, "90 s"),
        (120, "2 min"),
        (150, "2 min 30 s"),
        (3599.5, "1 h"),
        (3600.0000002, "1 h"),
        (3601, "1 h 1 min"),
        (5400, "1 h 30 min"),
        (86400, "1 day"),
        (131400, "1 day 12 h 30 min"),
        (172800, "2 days"),
        (LONGEST_DURATION, "3650 days"),
    ],
)
def test_a_time_in_words(seconds: float, words: str) -> None:
    assert span(seconds) == words


@given(st.floats(1, LONGEST_DURATION - 60))
@example(3599.9)
@often
def test_a_time_in_words_is_never_less_than_it_is(seconds: float) -> None:
    words = span(seconds)
    short = words.replace("days", "d").replace("day", "d").replace("min", "m").replace(" ", "")
    assert -0.001 <= duration(short) - seconds <= 60
    assert span(duration(short)) == words


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 lines"),
        (1, "1 line"),
        (1.0, "1 line"),
        (1.5, "1.5 lines"),
        (2, "2 lines"),
        (60.0, "60 lines"),
        (1234, "1,234 lines"),
    ],
)
def test_a_number_has_its_noun_in_the_right_form(count: float, said: str) -> None:
    assert counted(count, "line") == said
    assert counted(count, "person", "people") == said.replace("lines", "people").replace(
        "line", "person"
    )


def test_no_sentence_has_a_number_and_a_plural_noun_by_hand() -> None:
    """Check numbers that can be 1, but not limits that are constants."""
    by_hand = re.compile(
        r"\{[a-z_.]+(?:[^{}]*:[,g])?\} (?:seconds|minutes|hours|messages|others)\b"
    )
    found = [
        f"{path.name}: {found[0]}"
        for path in Path(text_rules.__file__).parent.parent.rglob("*.py")
        for found in by_hand.finditer(path.read_text())
    ]
    assert found == ["paste_dialog.py: {lines} messages"]
