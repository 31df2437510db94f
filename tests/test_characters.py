"""Which characters are removed from a text, and what becomes of IRC's formatting."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatsvc.model.characters import (
    before_code,
    clean,
    clean_formatted,
    clean_lines,
    clean_message,
    is_unseen,
    looks_empty,
    plain,
)

often = settings(max_examples=100, deadline=None)
plain_codes = [*"\x02\x03\x04\x0f\x11\x16\x1d\x1e\x1f"]
codes = st.sampled_from([*plain_codes, "\x034", "\x0304,01", "\x0312,", "\x04ff0000,00FF00"])
hidden = st.sampled_from("\u061c\u200e\u200f\u202a\u202e\u2066\u2069\ufeff\ufe0f\U000e0041\x00\x9b")
wild = st.lists(st.one_of(codes, hidden, st.text(max_size=3))).map("".join)

TYPED = [
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # ZWNJ, the half-space
    "\u0915\u094d\u200d\u0937 \u0d9a\u0dca\u200d\u0dba",  # ZWJ
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f \U0001f3f3\ufe0f\u200d\U0001f308",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # England
    "\u845b\U000e0100 \u1820\u180b",
    "\u5168\u89d2\u3000\u7a7a\u767d 10\u00a0km 1\u202f000 thin\u2009space",
    "\u0e20\u0e32\u0e29\u0e32\u200b\u0e44\u0e17\u0e22 soft\u00adhyphen",
    "\ue0b0 \U000f0001",  # icons of a font
    "e\u0301 Z\u0353\u0353 \ufdfa \u2800\u28ff",
]


@pytest.mark.parametrize("text", TYPED, ids=ascii)
def test_what_people_type_stays(text: str) -> None:
    for cleaned in (clean, clean_formatted, clean_lines, clean_message):
        assert cleaned(text) == text


@pytest.mark.parametrize(
    "c", "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", ids=ascii
)
def test_no_bidi_control_passes(c: str) -> None:
    for cleaned in (clean, clean_formatted, clean_lines, clean_message):
        assert cleaned(f"a{c}b") == "ab"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\U000e0068\U000e0069b", "ab"),  # tags can spell invisible text
        ("\U0001f3f4\U000e0067x", "\U0001f3f4x"),
        ("x\ufe0f\ufe01\U000e0101\U000e0102", "x\ufe0f"),  # selectors can, too
        ("\ufe0fx \ufe0f", "x "),
        ("\u202e\ufe0fx", "x"),
        ("a\ufeffb\ufff9c\ufffad\ufffb", "abcd"),
        ("a\ufffeb\U0001ffffc", "abc"),
    ],
    ids=ascii,
)
def test_what_only_hides_is_taken_out(text: str, cleaned: str) -> None:
    assert clean(text) == clean_message(text) == cleaned


def test_tabs_and_blanks_stay_in_what_is_said() -> None:
    code = "if x:\n\ty()\n\t\tz()  # \t two"
    assert clean_message(code) == clean_lines(code) == code
    assert clean_formatted("a\t\tb  c") == "a\t\tb  c"
    assert clean("a\t\tb  c") == "a b  c"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("build \x0304,01failed\x03 after \x02 3\x02 tries", "build failed after  3 tries"),
        ("\x0303\x02A\x03\x0f ACLs", "A ACLs"),
        ("\x03123", "3"),
        ("\x031,234", "4"),
        ("\x031,x", ",x"),
        ("\x03,1", ",1"),
        ("\x04ff0000red\x04", "red"),
        ("\x04ff0000,00FF00both", "both"),
        ("\x04ff00 four", "ff00 four"),
        ("\x02b\x02 \x1di\x1d \x1fu\x1f \x1es\x1e \x11m\x11 \x16r\x16\x0f", "b i u s m r"),
        ("\x03\u0663", "\u0663"),
        ("a\tb\nc", "a\tb\nc"),
    ],
    ids=ascii,
)
def test_formatting_is_taken_out_whole_or_kept_whole(text: str, written: str) -> None:
    assert plain(text) == written
    assert clean_message(text) == text
    assert clean_lines(text) == written
    assert plain(written) == written


@given(wild)
@example("\x03\x0004")
@example("\x1b\x034[31mx")
@often
def test_nothing_but_formatting_controls_an_irc_client(text: str) -> None:
    for kept in (clean_formatted(text), clean_message(text)):
        controls = {c for c in kept if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")}
        assert controls <= set("\x02\x03\x04\x0f\x11\x16\x1d\x1e\x1f\t\n")
        assert not any(unicodedata.category(c) == "Cc" for c in plain(kept) if c not in "\t\n")
    assert "\n" not in clean_formatted(text)


@given(wild)
@example("\x02\ufe0f")
@often
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    for cleaned in (clean, clean_formatted, clean_lines, clean_message):
        assert cleaned(cleaned(text)) == cleaned(text)


@given(wild)
@example("x\x1d\ufe0f")
@example("x \x02\ufe0f")
@often
def test_everybody_but_irc_clients_reads_the_same_words(text: str) -> None:
    assert clean_lines(clean_message(text)) == clean_lines(text)


@given(st.lists(st.one_of(codes, st.text("a1,f ", max_size=3))).map("".join), st.data())
@often
def test_no_text_is_cut_inside_a_code(text: str, data: st.DataObject) -> None:
    cut = before_code(text, data.draw(st.integers(0, len(text))))
    assert plain(text[:cut]) + plain(text[cut:]) == plain(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " \t\u3000", "\u200b", "\u200d\u200c", "\ufe0f", "\u3164\uffa0", "\u2800"),
        *("\u00ad", "\u034f", "\U000e0061", "\x00", "\x02\x0304\x0f"),
    ],
    ids=ascii,
)
def test_what_shows_nothing_looks_empty(text: str) -> None:
    assert looks_empty(clean_message(text))


@pytest.mark.parametrize("text", ["x", ".", "\u0301", "\ue000", "\u200bx", "\x03041", "\u28ff"])
def test_what_shows_something_does_not(text: str) -> None:
    assert not looks_empty(text)


def test_every_format_character_is_unseen_but_those_that_are_drawn() -> None:
    """For example Arabic, Syriac and Kaithi number signs, and controls of hieroglyphs."""
    every = (c for c in map(chr, range(0x110000)) if unicodedata.category(c) == "Cf")
    drawn = (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)
    seen = {ord(c) for c in every if not is_unseen(c)}
    assert {c for c in seen if not 0x13430 <= c < 0x13440} == set(drawn)
