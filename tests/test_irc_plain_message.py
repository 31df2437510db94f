"""Plain messages have a short way through the dialect, which must come to the same."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatsvc.dialects import irc
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.registration_state import Stage

COMMANDS = ("PRIVMSG", "privmsg", "NOTICE", "PRIVMSG ", " PRIVMSG", ":ann PRIVMSG", "@a=b PRIVMSG")
CHARACTERS = st.sampled_from("#ab,: !~\x01\x03\t\r\0éπ")


def client() -> irc.Client:
    """Return a registered client in a channel."""
    one = irc.Client()
    one.registration.stage, one.rooms = Stage.REGISTERED, {"#a": "#a"}
    return one


def comparable(about: object) -> Pending:
    """Return the subject of a request with its parameters as a tuple."""
    assert isinstance(about, Pending)
    return about._replace(params=tuple(about.params))


@pytest.mark.parametrize("target", ["#a", "#", "#a:b", "#A!~", f"#{'a' * 40}"])
@pytest.mark.parametrize("text", ["x", " ", ":x", "a  b :c ", "x" * 170])
def test_a_plain_message_goes_the_short_way(target: str, text: str) -> None:
    assert irc.plain_message(client(), f"PRIVMSG {target} :{text}")


@pytest.mark.parametrize(
    "line",
    [
        "PRIVMSG #a,#b :x",
        "PRIVMSG #a b :x",
        "PRIVMSG ann :x",
        "PRIVMSG #a x",
        "PRIVMSG #a :",
        "PRIVMSG #a :\x01ACTION x\x01",
        "PRIVMSG #a :é",
        "NOTICE #a :x",
        "@+a=b PRIVMSG #a :x",
        f"PRIVMSG #a :{'x' * 171}",
        f"PRIVMSG #{'a' * 41} :x",
    ],
)
def test_all_others_go_the_long_way(line: str) -> None:
    assert irc.plain_message(client(), line) is None


def test_nobody_goes_the_short_way_before_registration() -> None:
    assert irc.plain_message(irc.Client(), "PRIVMSG #a :x") is None


@given(
    st.sampled_from(COMMANDS),
    st.text(CHARACTERS, max_size=4),
    st.sampled_from((" :", "  :", " ", ":")),
    st.text(CHARACTERS, max_size=180),
)
@example("PRIVMSG", "a", " :", "b")
def test_both_ways_request_the_same(command: str, name: str, colon: str, text: str) -> None:
    line, short, long = f"{command} #{name}{colon}{text}", client(), client()
    requests = irc.plain_message(short, line)
    if requests is not None:
        (request,), (expected,) = requests, irc.read(long, line)
        assert request[:-1] == expected[:-1]
        assert short.latest == request.context == comparable(expected.context)
        assert comparable(long.latest) == short.latest
        assert not long.taken()
