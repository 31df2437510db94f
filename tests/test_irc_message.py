"""Parsing and writing IRC messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsvc.dialects.irc.message import Message, TooLong, parse, pieces, tagged, write


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ping x", Message("PING", ["x"])),
        ("PRIVMSG #a :b c", Message("PRIVMSG", ["#a", "b c"])),
        ("PRIVMSG #a :", Message("PRIVMSG", ["#a", ""])),
        (":src!u@h NICK :x", Message("NICK", ["x"])),
        ("@a=1;b=\\:\\s;c JOIN #x", Message("JOIN", ["#x"], {"a": "1", "b": "; ", "c": ""})),
        ("USER a  0 *  :A B", Message("USER", ["a", "0", "*", "A B"])),
        ("PING a\rQUIT\0", Message("PING", ["aQUIT"])),
        ("", None),
    ],
)
def test_messages_are_read(line: str, message: Message | None) -> None:
    assert parse(line) == message


def test_messages_that_are_too_long_are_none() -> None:
    assert parse(f"@{'x' * 4094} PING x")
    for line in ("x" * 511, f"@{'x' * 4095} PING x"):
        with pytest.raises(TooLong):
            parse(line)


WORD = st.text(st.characters(codec="utf-8", exclude_characters=" :\r\n\0"), min_size=1, max_size=9)
VALUE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@given(st.lists(WORD, max_size=3), VALUE.filter(lambda text: not set(text) & set("\r\n")), VALUE)
def test_what_is_written_reads_as_it_was(middle: list[str], last: str, value: str) -> None:
    line = write("PRIVMSG", *middle, last, tags={"k": value})
    assert parse(line.removesuffix("\r\n")) == Message("PRIVMSG", [*middle, last], {"k": value})


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n")), st.integers(10, 80))
def test_pieces_are_short_enough_and_nothing_is_lost(text: str, room: int) -> None:
    found = pieces(text, room)
    assert all(len(piece.encode()) <= room for piece in found)
    assert "".join(found) == text


def test_a_written_message_can_have_more_tags() -> None:
    assert tagged("PING x\r\n", {"label": "1"}) == "@label=1 PING x\r\n"
    assert tagged("@a=b PING x\r\n", {"label": "1;"}) == "@label=1\\:;a=b PING x\r\n"
