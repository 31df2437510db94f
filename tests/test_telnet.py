"""Telnet's own bytes (RFC 854, 855, 860) never reach the chat."""

from __future__ import annotations

from itertools import pairwise

import pytest
from conftest import Chat
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsvc.transports.telnet import (
    DO,
    DONT,
    EC,
    ECHO,
    EL,
    IAC,
    IP,
    SB,
    SE,
    TIMING_MARK,
    WILL,
    WONT,
    TelnetFilter,
)

DO_TIMING_MARK = bytes([IAC, DO, TIMING_MARK])
WILL_TIMING_MARK = bytes([IAC, WILL, TIMING_MARK])
INTERRUPT = bytes([IAC, IP])
NAWS = bytes([IAC, SB, 31, 0, 80, 0, 24, IAC, SE])
NAWS_255 = bytes([IAC, SB, 31, 0, IAC, IAC, 0, SE, IAC, SE])  # 255 columns, 240 rows


def filtered(*pieces: bytes) -> tuple[bytes, bytes, bool]:
    """Return the text, the answers, and whether it was interrupted."""
    telnet = TelnetFilter()
    text, answers, interrupted = b"", b"", False
    for piece in pieces:
        text += telnet.feed(piece)
        answers += telnet.answer
        interrupted |= telnet.interrupted
    return text, answers, interrupted


@pytest.mark.parametrize(
    "command",
    [
        *(bytes([IAC, verb, option]) for verb in (WONT, DONT) for option in (0, 1, 31, 255)),
        *(bytes([IAC, command]) for command in (*range(240, 247), 249)),
        NAWS,
        NAWS_255,
        bytes([IAC, SB, 24, 0]) + b"xterm\r\n" + bytes([IAC, SE]),
    ],
    ids=bytes.hex,
)
def test_commands_are_taken_out_and_not_answered(command: bytes) -> None:
    text, answer, _ = filtered(b"he" + command + b"llo\r\n" + command)
    assert (text, answer) == (b"hello\r\n", b"")


@pytest.mark.parametrize("option", [0, 1, 3, 24, 31, 255])
def test_options_are_refused_once_for_each_request(option: int) -> None:
    asked = bytes([IAC, DO, option, IAC, WILL, option])
    refused = bytes([IAC, WONT, option, IAC, DONT, option])
    assert filtered(b"a" + asked + b"b", asked) == (b"ab", refused * 2, False)


def test_a_client_that_agrees_to_be_echoed_is_not_answered() -> None:
    telnet = TelnetFilter()
    assert telnet.echo(True) == bytes([IAC, WILL, ECHO])
    telnet.feed(bytes([IAC, DO, ECHO, IAC, DONT, ECHO]))
    assert telnet.answer == b""
    assert telnet.echo(False) == bytes([IAC, WONT, ECHO])
    telnet.feed(bytes([IAC, DONT, ECHO]))
    assert telnet.answer == b""
    telnet.feed(bytes([IAC, DO, ECHO]))
    assert telnet.answer == bytes([IAC, WONT, ECHO])


def test_commands_that_correct_are_the_keys_that_do() -> None:
    assert filtered(b"ab" + bytes([IAC, EC, IAC, EL]) + b"c")[0] == b"ab\x7f\x15c"


@pytest.mark.parametrize(
    ("command", "letter"), [(IP, "\u0403"), (EL, "\u0415"), (EC, "\u0408")], ids=["IP", "EL", "EC"]
)
def test_a_key_inside_of_a_character_is_a_part_of_it(command: int, letter: str) -> None:
    lead = letter.encode()[:1]
    assert filtered(lead, bytes([IAC, command]))[0] == letter.encode()


def test_all_but_commands_is_text() -> None:
    everything = bytes(range(IAC))
    assert filtered(everything) == (everything, b"", False)


def test_an_escaped_255_is_data() -> None:
    assert filtered(b"a" + bytes([IAC, IAC]) + b"b")[0] == b"a\xffb"


def test_a_timing_mark_is_answered_because_the_client_waits_for_it() -> None:
    assert filtered(b"a" + DO_TIMING_MARK + b"b") == (b"ab", WILL_TIMING_MARK, False)
    assert filtered(DO_TIMING_MARK * 2)[1] == WILL_TIMING_MARK * 2


def test_an_interrupt_is_noticed_once() -> None:
    telnet = TelnetFilter()
    telnet.feed(INTERRUPT)
    assert telnet.interrupted
    telnet.feed(b"x")
    assert not telnet.interrupted


def test_an_option_with_the_number_of_an_interrupt_is_none() -> None:
    assert filtered(bytes([IAC, WONT, IP, IAC, SB, 1, IP, IAC, SE])) == (b"", b"", False)


def test_half_a_command_is_waited_for() -> None:
    telnet = TelnetFilter()
    assert not telnet.inside
    for half in (bytes([IAC]), bytes([DO]), bytes([1, IAC, SB, 31, 0]), bytes([IAC])):
        assert telnet.feed(half) == b""
        assert telnet.inside is (half != bytes([1]))
    assert telnet.feed(bytes([SE]) + b"x") == b"x"
    assert not telnet.inside


pieces_of_telnet = st.lists(
    st.one_of(
        st.binary(max_size=4),
        st.sampled_from([DO_TIMING_MARK, INTERRUPT, NAWS, NAWS_255, bytes([IAC, IAC]), b"hi\r\n"]),
        st.lists(st.sampled_from([IAC, SB, SE, DO, WILL, IP, 6, 65]), max_size=4).map(bytes),
    )
).map(b"".join)


@given(pieces_of_telnet, st.lists(st.integers(0, 60)))
@settings(max_examples=200, deadline=None)
def test_it_does_not_matter_how_the_bytes_are_cut(data: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    assert filtered(*(data[a:b] for a, b in pairwise(places))) == filtered(data)


@given(st.lists(st.one_of(st.text().map(str.encode), st.sampled_from([NAWS, DO_TIMING_MARK]))))
@settings(max_examples=100, deadline=None)
def test_all_text_comes_through(pieces: list[bytes]) -> None:
    text = b"".join(piece for piece in pieces if IAC not in piece)
    assert filtered(*pieces)[0] == text


# In a conversation


def test_somebody_with_a_telnet_client_is_heard(chat: Chat) -> None:
    bob, ann = chat.join("bob"), chat.connect()
    ann.protocol.dataReceived(bytes([IAC, DO, 3, IAC, WILL]))
    ann.protocol.dataReceived(bytes([24]) + b"an" + NAWS + b"n\r\nhel" + NAWS + b"lo\r\n")
    came, said = bob.read()
    assert came == "* ann joined."
    assert said.endswith("<ann> hello")


def test_who_interrupts_is_told_how_to_leave(chat: Chat) -> None:
    ann = chat.join("ann")
    ann.protocol.dataReceived(INTERRUPT + DO_TIMING_MARK)
    assert ann.transport.value() == WILL_TIMING_MARK + b"* To leave, type /quit\r\n"


def test_a_program_may_send_what_it_likes_and_is_no_telnet_client(chat: Chat) -> None:
    bot = chat.program("bot")
    bot.protocol.dataReceived(DO_TIMING_MARK + b"\n")
    assert [event["code"] for event in bot.events()] == ["not-utf8"]
