"""Line editing: how lines end, and the keys that correct them."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from conftest import Chat, Person
from hypothesis import example, given, settings
from hypothesis import strategies as st
from staff import SECRET, member
from wcwidth import iter_graphemes

from chatsvc.model.text_rules import LONGEST_LINE
from chatsvc.transports.editing import LineEditor, needs_no_editing
from chatsvc.transports.telnet import DO, DONT, EC, ECHO, EL, IAC, WILL, WONT

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
GRAPHEMES = [
    "a", "é", "e\u0301", "日", "각", "\u1100\u1161\u11a8", FAMILY, "❤\ufe0f", "1\ufe0f\u20e3",
    "\U0001f1e9\U0001f1ea", "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e007f", "👍🏽",
    "\u0915\u094d\u0937\u093f", "\u0e01\u0e33", "\u0646\u0651", "a\u200d", "\t",
]  # fmt: skip
often = settings(max_examples=200, deadline=None)


def typed(*pieces: bytes) -> tuple[list[bytes], bytes]:
    """Return the finished lines, and the unfinished rest."""
    editor = LineEditor(LONGEST_LINE)
    lines = b"".join(
        piece if editor.idle and needs_no_editing(piece) else editor.feed(piece) for piece in pieces
    )
    assert lines.endswith(b"\n") or not lines
    return [line.removesuffix(b"\r") for line in lines.split(b"\n")[:-1]], editor.rest()


# Line ends


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\0", b"\r"])
def test_a_line_ends_as_an_nvt_ends_it(end: bytes) -> None:
    assert typed(b"ann" + end) == ([b"ann"], b"")
    assert typed(b"ann", end, b"hi", end, end) == ([b"ann", b"hi", b""], b"")
    assert typed(*(bytes([byte]) for byte in b"ann" + end + b"hi" + end)) == ([b"ann", b"hi"], b"")
    assert typed(b"ann" + end + b"hi" + end + b"rest") == (
        ([b"ann", b"hi"], b"rest") if end != b"\r" else ([], b"ann\rhi\rrest")
    )


@pytest.mark.parametrize("end", [b"\r\n", b"\r\0"])
def test_an_end_may_come_in_two_pieces(end: bytes) -> None:
    assert typed(b"ann" + end[:1], end[1:] + b"hi" + end[:1], end[1:]) == ([b"ann", b"hi"], b"")
    assert typed(b"ann" + end[:1], end[1:], end[1:].replace(b"\0", b"\n")) == ([b"ann", b""], b"")


def test_lines_that_end_with_cr_may_come_at_once() -> None:
    assert typed(b"one\rtwo\r", b"three\r") == ([b"one", b"two", b"three"], b"")


def test_a_cr_with_more_after_it_does_not_end_a_line() -> None:
    assert typed(b"10%\r20%\r\n") == ([b"10%\r20%"], b"")


def test_nul_alone_is_nothing() -> None:
    assert typed(b"\0", b"he\0llo\0\r\n", b"\0\n") == ([b"hello", b""], b"")


def test_tabs_and_other_bytes_stay() -> None:
    assert typed(b"\tif x:\xff\x1b[A\x03\n") == ([b"\tif x:\xff\x1b[A\x03"], b"")


# Corrections


@pytest.mark.parametrize("key", [b"\x08", b"\x7f"])
@pytest.mark.parametrize("last", GRAPHEMES, ids=ascii)
def test_a_key_takes_away_what_is_one_character_to_its_reader(key: bytes, last: str) -> None:
    for before in ("", "x", "\U0001f1eb\U0001f1f7 "):
        lines, _ = typed((before + last).encode() + key + b"\n")
        assert lines == [before.encode()]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"annx\x08", b"ann"),
        (b"/mee\x7f waves", b"/me waves"),
        (b"\x7f\x7f\x08ann", b"ann"),
        (b"abc\x7f\x7f\x7f\x7fd", b"d"),
        (b"wrong\x15right", b"right"),
        (b"\xc3\x7fa", b"a"),  # half a character
        (b"\xff\xff\x7fa", b"\xffa"),
    ],
)
def test_keys_that_correct(data: bytes, line: bytes) -> None:
    assert typed(data + b"\n") == ([line], b"")
    assert typed(*(bytes([byte]) for byte in data + b"\n")) == ([line], b"")


def test_a_line_that_has_ended_is_not_corrected() -> None:
    assert typed(b"one\n\x7f\x7f\x15two\n") == ([b"one", b"two"], b"")


@given(st.lists(st.sampled_from([*GRAPHEMES, "\x7f", "\x08", "\x15", "\n", "\r\n", "\r\0", "\0"])))
@example(["a", "\x7f", "\r\0"])
@often
def test_it_does_not_matter_how_what_is_typed_is_cut(keys: list[str]) -> None:
    data = "".join(keys).encode() + b"\n"
    assert typed(data) == typed(*(bytes([byte]) for byte in data))
    assert typed(data) == typed(*(data[a:b] for a, b in pairwise([0, len(data) // 2, len(data)])))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
@often
def test_so_many_keys_as_there_are_characters_empty_a_line(text: str) -> None:
    keys = sum(1 for _ in iter_graphemes(text))
    assert typed(text.encode() + b"\x7f" * keys + b"\n")[0] == [b""]


def test_what_is_too_long_for_a_line_is_not_collected() -> None:
    editor = LineEditor(LONGEST_LINE)
    assert editor.feed(b"x" * LONGEST_LINE) == b""
    assert editor.feed(b"x") == b"x" * (LONGEST_LINE + 1)
    assert editor.rest() == b""


@pytest.mark.parametrize(
    "keys", ["\x7f", "a\x7f", "é\x7f", f"{FAMILY}\x7f", "\u0301", "\U0001f1e9"]
)
def test_correcting_costs_little(keys: str) -> None:
    data = (keys * 65536).encode()[:65536] + b"\x7f" * 8192
    editor, before = LineEditor(1 << 20), time.process_time()
    editor.feed(data)
    assert time.process_time() - before < 0.5


# In a conversation


def keys(person: Person, data: bytes) -> bytes:
    """Return the answers to keys that are sent one by one."""
    person.transport.clear()
    for byte in data:
        person.protocol.dataReceived(bytes([byte]))
    answer: bytes = person.transport.value()
    return answer


@pytest.mark.parametrize("end", [b"\r\n", b"\r\0", b"\n", b"\r"])
@pytest.mark.parametrize(
    "name", [b"annx\x08", b"NICKK\x7f\x08\x08\x08\x08ann", b"GET\x7f\x7f\x7fann", b"\0ann"]
)
def test_somebody_is_let_in_key_by_key(chat: Chat, name: bytes, end: bytes) -> None:
    bob, ann = chat.join("bob"), chat.connect()
    chat.wait_for_greeting()
    keys(ann, name + end + b"helx\x7flo" + end)
    came, said = bob.read()
    assert came == "* ann joined."
    assert said.endswith("<ann> hello")


def test_an_empty_line_of_a_keepalive_is_not_answered(chat: Chat) -> None:
    ann = chat.join("ann")
    assert keys(ann, b"\0\r\n\0\r\0\0") == b""


def test_commands_of_telnet_correct_as_well(chat: Chat) -> None:
    bob, ann = chat.join("bob"), chat.join("ann")
    bob.read()
    ann.protocol.dataReceived(b"wrong" + bytes([IAC, EL]) + b"hex" + bytes([IAC, EC]) + b"llo\r\n")
    assert bob.read()[0].endswith("<ann> hello")


def test_who_hangs_up_has_still_said_what_was_typed(chat: Chat) -> None:
    bob, ann = chat.join("bob"), chat.join("ann")
    bob.read()
    ann.protocol.dataReceived(b"byex\x7f")
    ann.protocol.readConnectionLost()
    assert bob.read()[0].endswith("<ann> bye")


# Passwords


def ann_again(chat: Chat) -> Person:
    member(chat, "ann").hang_up()
    return chat.connect()


@pytest.mark.parametrize("first", [b"ann\r\n", b"ann\r\0", bytes([IAC, WILL, 31]) + b"ann\n"])
def test_telnet_shows_no_password(chat: Chat, first: bytes) -> None:
    ann = ann_again(chat)
    ann.protocol.dataReceived(first)
    assert bytes([IAC, WILL, ECHO]) in ann.transport.value()
    assert keys(ann, bytes([IAC, DO, ECHO])) == b""
    wrong = keys(ann, b"wrong\r\n")
    assert wrong.startswith(b"\r\n* ")
    assert IAC not in wrong
    right = keys(ann, f"{SECRET}x\x7f\r\n".encode())
    assert right.startswith(b"\r\n" + bytes([IAC, WONT, ECHO]) + b"* ")
    assert keys(ann, bytes([IAC, DONT, ECHO]) + b"hello\r\n") == b""


def test_telnet_shows_another_name_than_the_registered_one(chat: Chat) -> None:
    ann = ann_again(chat)
    ann.protocol.dataReceived(b"ann\r\n")
    assert bytes([IAC, WONT, ECHO]) in keys(ann, b"\r\n")
    assert keys(ann, b"hello\r\n") == b""


def test_the_password_of_the_chat_is_not_shown_either() -> None:
    ann = Chat(password="open-sesame").connect()
    ann.protocol.dataReceived(b"ann\r\n")
    assert bytes([IAC, WILL, ECHO]) in ann.transport.value()
    assert bytes([IAC, WONT, ECHO]) in keys(ann, b"open-sesame\r\n")


def test_netcat_is_sent_nothing_of_telnet(chat: Chat) -> None:
    ann = ann_again(chat)
    ann.protocol.dataReceived(b"ann\n")
    ann.protocol.dataReceived(f"{SECRET}\n".encode())
    assert b"Welcome back, ann" in ann.transport.value()
    assert IAC not in ann.transport.value()
