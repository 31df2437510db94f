"""What real IRC clients send by themselves when they start does not delay what a user types."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import Chat, Person
from ircpeople import irc, plain
from staff import SECRET, member

from chatsvc.model.rate_limits import UNLIMITED, Limits

DEFAULT = replace(UNLIMITED, flood=Limits().flood, work=Limits().work)
LOGIN = f"AUTHENTICATE {plain('ida', SECRET)}"
# Recorded from irssi 1.4.3, WeeChat 3.8 and HexChat 2.16.1: what each sends before a user types,
# and what it asks about each channel after joining.
STARTS = {
    "irssi": (
        "CAP LS 302",
        "JOIN :",
        "CAP REQ :sasl multi-prefix extended-join setname invite-notify away-notify chghost"
        " account-notify server-time",
        "AUTHENTICATE PLAIN",
        LOGIN,
        "CAP END",
        "NICK ida",
        "USER ida ida 127.0.0.1 :Ida",
        "MODE ida +i",
        "JOIN #lobby",
    ),
    "WeeChat": (
        "CAP LS 302",
        "NICK ida",
        "USER root 0 * :root",
        "CAP REQ :account-notify away-notify cap-notify chghost extended-join invite-notify"
        " message-tags multi-prefix sasl server-time setname userhost-in-names",
        "AUTHENTICATE PLAIN",
        LOGIN,
        "CAP END",
        "JOIN #lobby",
    ),
    "HexChat": (
        "CAP LS 302",
        "NICK ida",
        "USER hexa 0 * :realname",
        "CAP REQ :account-notify account-tag away-notify cap-notify chghost extended-join"
        " invite-notify multi-prefix",
        "CAP REQ :sasl server-time setname userhost-in-names",
        "AUTHENTICATE PLAIN",
        LOGIN,
        "CAP END",
        "JOIN #lobby",
    ),
}
ASKED = {
    "irssi": ("MODE {}", "WHO {} %tcuhnfdar,743", "MODE {} b"),
    "WeeChat": ("MODE {}", "WHO {} %cuhsnfdar"),
    "HexChat": ("MODE {}", "WHO {} %chtsunfra,152"),
}
ENDS = {"MODE {}": "329", "WHO": "315", "MODE {} b": "368"}  # the last reply to each question


def started(chat: Chat, kind: str) -> Person:
    """Return ida, whose client has just connected; the clock has not moved."""
    member(chat, "ida").hang_up()
    ida = chat.connect()
    for line in STARTS[kind]:
        ida.send(line)
        chat.clock.advance(0)
    return ida


def ask(chat: Chat, ida: Person, kind: str, room: str) -> None:
    """Send a client's questions about a channel, and check that each is answered at once."""
    for question in ASKED[kind]:
        answers = ida.send(question.format(room))
        chat.clock.advance(0)
        end = ENDS.get(question) or ENDS[question.split()[0]]
        assert f" {end} ida {room}" in "".join((answers + ida.read())[-1:]), question


@pytest.mark.parametrize("kind", STARTS)
def test_a_user_who_joins_right_after_connecting_is_in_the_channel_at_once(kind: str) -> None:
    chat = Chat(limits=DEFAULT)
    ida = started(chat, kind)
    assert ida.send("JOIN #tea")[-1] == ":irc.chatsvc 366 ida #tea :End of NAMES list"
    for room in ("#lobby", "#tea"):
        ask(chat, ida, kind, room)


@pytest.mark.parametrize("kind", STARTS)
def test_what_a_client_sends_by_itself_leaves_the_whole_allowance_for_talking(kind: str) -> None:
    chat = Chat(limits=DEFAULT)
    bob = irc(chat, "bob")
    bob.send("JOIN #tea")
    ida = started(chat, kind)
    ida.send("JOIN #tea")
    for room in ("#lobby", "#tea"):
        ask(chat, ida, kind, room)
    bob.read()
    ida.send(*["PRIVMSG #tea :hello"] * 10)
    assert len(bob.read()) == Limits().flood.burst  # type: ignore[union-attr]
    chat.clock.advance(0.5)
    assert len(bob.read()) == 1
