# ruff: noqa: RUF001
"""The line editor: what keys do to the line, and how it looks."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsvc.client.graphemes import width
from chatsvc.client.line_editor import Editor, Key, Typed

LEFT, RIGHT, UP, DOWN = b"\x1b[D", b"\x1b[C", b"\x1b[A", b"\x1b[B"


def typed(*keys: str | bytes) -> list[Typed]:
    editor = Editor()
    encoded = (key if isinstance(key, bytes) else key.encode() for key in keys)
    return [typed for key in encoded for typed in editor.feed(key)]


def seen(editor: Editor, columns: int = 80) -> str:
    """Return the row, with a | where the cursor is."""
    text, back = re.fullmatch(
        r"\r(.*)\x1b\[K(?:\x1b\[(\d+)D)?", editor.row(columns), re.DOTALL
    ).groups()  # type: ignore[union-attr]
    assert width(text) < columns
    cursor = len(text)
    while width(text[cursor:]) < int(back or 0):
        cursor -= 1
    return f"{text[:cursor]}|{text[cursor:]}"


def test_enter_finishes_a_line() -> None:
    assert typed("hello\r", "two\nthree\r") == ["hello", "two", "three"]


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (["helo", LEFT, "l"], "hello"),
        (["hellp", b"\x7f", "o"], "hello"),
        (["ello", b"\x01", "h"], "hello"),
        (["ello", b"\x1b[H", "h", b"\x1b[F", "!"], "hello!"),
        (["hello", LEFT, LEFT, b"\x1b[3~"], "helo"),
        (["hello", LEFT, LEFT, RIGHT, b"\x04"], "hell"),
        (["one two", b"\x17", "three"], "one three"),
        (["one two ", b"\x17"], "one "),
        (["one two", b"\x15", "three"], "three"),
        (["one two", b"\x01", b"\x0b", "three"], "three"),
        (["x", LEFT, LEFT, b"\x7f", RIGHT, RIGHT, "y"], "xy"),
        (["a\tb  c"], "a\tb  c"),
        (["می\u200cخواهم"], "می\u200cخواهم"),
        (["東京\u3000大阪\u00a0x"], "東京\u3000大阪\u00a0x"),
        (["a👩\u200d🚀", b"\x7f", "b"], "ab"),
        (["a❤️", LEFT, "b"], "ab❤️"),
        (["a🇩🇪🇫🇷", LEFT, b"\x7f"], "a🇫🇷"),
        (["a🤷🏻b", b"\x01", RIGHT, b"\x1b[3~"], "ab"),
        (["x\u3000y", b"\x17"], "x\u3000"),
        (["a\x00\x01b", b"\x05", b"\x1b[15~", b"\x1bx", "c"], "bac"),
    ],
)
def test_keys_edit_the_line(keys: list[str | bytes], line: str) -> None:
    assert typed(*keys, "\r") == [line]


def test_a_character_may_come_in_pieces() -> None:
    assert typed(b"caf\xc3", b"\xa9 \xe6\x97", b"\xa5\x1b", b"[", b"Dx\r") == ["café x日"]


def test_an_accent_goes_with_its_letter() -> None:
    assert typed("cafe\u0301", b"\x7f", "\r") == ["caf"]
    assert typed("e\u0301a", LEFT, LEFT, b"\x1b[3~", "\r") == ["a"]


def test_the_up_key_brings_back_what_was_typed_before() -> None:
    assert typed("one\r", "two\r", "dra", UP, UP, UP, "!\r") == ["one", "two", "one!"]
    assert typed("one\r", "dra", UP, DOWN, DOWN, "ft\r") == ["one", "draft"]


def test_ctrl_d_ends_an_empty_line_only() -> None:
    assert typed(b"\x04") == [Key.END]
    assert typed("a", b"\x04", "\r") == ["a"]


def test_ctrl_l_clears_the_screen() -> None:
    assert typed(b"\x0c") == [Key.CLEAR]


def test_the_row_shows_prompt_line_and_cursor() -> None:
    editor = Editor()
    editor.prompt = "#lobby> "
    list(editor.feed(b"hello" + LEFT))
    assert seen(editor) == "#lobby> hell|o"


def test_of_a_long_line_the_row_shows_where_the_cursor_is() -> None:
    editor = Editor()
    editor.prompt = "> "
    list(editor.feed(b"abcdefghijkl"))
    assert seen(editor, 9) == "> ghijkl|"
    list(editor.feed(LEFT * 12))
    assert seen(editor, 9) == "> |abcdef"


def test_wide_letters_take_two_columns() -> None:
    editor = Editor()
    list(editor.feed("日本語".encode() + LEFT))
    assert seen(editor) == "日本|語"
    assert seen(editor, 6) == "日本|"


def test_a_hidden_line_is_not_shown_and_not_remembered() -> None:
    editor = Editor()
    editor.hidden = True
    list(editor.feed(b"sesame"))
    assert seen(editor) == "******|"
    assert list(editor.feed(b"\r")) == ["sesame"]
    editor.hidden = False
    list(editor.feed(UP))
    assert seen(editor) == "|"


def test_passwords_are_not_shown_and_not_remembered() -> None:
    editor = Editor()
    list(editor.feed(b"hello\r"))
    list(editor.feed(b"/login ann correct-horse" + LEFT))
    assert seen(editor) == "/login *** ************|*"
    assert list(editor.feed(b"\r")) == ["/login ann correct-horse"]
    list(editor.feed(UP))
    assert seen(editor) == "hello|"


@given(st.lists(st.binary(max_size=20), max_size=10), st.integers(1, 100))
def test_no_keys_break_it_and_the_row_always_fits(keys: list[bytes], columns: int) -> None:
    editor = Editor()
    editor.prompt = "> "
    for data in keys:
        for line in editor.feed(data):
            assert isinstance(line, Key) or "\r" not in line
        row = re.sub(r"\x1b\[(K|\d+D)", "", editor.row(columns)).removeprefix("\r")
        assert "\x1b" not in row
        assert width(row) <= max(columns - 1, 4)
