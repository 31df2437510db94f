"""Crowds over IRC: whose JOINs and names many clients are sent at once."""

from __future__ import annotations

from conftest import Chat, Person
from ircpeople import irc

CROWD = 60  # people, more than whose joins are announced at once


def crowd(chat: Chat) -> list[Person]:
    """Fill #tea, so that it is a crowd, and let all be announced; the first is the host."""
    people = [chat.join(f"p{number:02}") for number in range(CROWD)]
    for person in people:
        person.send("/join #tea")
    chat.clock.advance(3)
    return people


def names(lines: list[str]) -> list[str]:
    """Return the names that a client was shown, in the order of RFC 2812, 3.2.1."""
    assert " JOIN #tea" in lines[0]
    assert lines[-1].endswith(" #tea :End of NAMES list")
    rows = [line for line in lines if " 353 " in line]
    assert all(len(row.encode()) <= 510 for row in rows)
    return [name for row in rows for name in row.split(" :", 1)[1].split()]


def joined(lines: list[str]) -> list[str]:
    return [line.split("!")[0].removeprefix(":") for line in lines if " JOIN #tea" in line]


def test_all_who_join_are_shown_themselves_and_the_others(chat: Chat) -> None:
    crowd(chat)
    others = ["@p00", *(f"p{number:02}" for number in range(1, CROWD))]
    ann, bob = irc(chat, "ann"), irc(chat, "bob")
    assert names(ann.send("JOIN #tea")) == ["ann", *others]
    assert names(bob.send("JOIN #tea")) == ["ann", *others, "bob"]
    chat.clock.advance(3)
    assert joined(ann.read()) == ["bob"]


def test_a_client_is_told_once_that_it_joined(chat: Chat) -> None:
    """RFC 2812, 3.2.1: one JOIN confirms it; clients take another for a new channel."""
    crowd(chat)
    ann, bob = irc(chat, "ann"), irc(chat, "bob", "extended-join")
    ann.send("JOIN #tea"), bob.send("JOIN #tea")
    chat.clock.advance(3)
    assert ann.read() == [":bob!~bob@people-bob JOIN #tea"]
    assert bob.read() == [":ann!~ann@people-ann JOIN #tea * :ann"]


def test_capabilities_decide_what_a_newcomer_is_shown(chat: Chat) -> None:
    """IRCv3 "multi-prefix", "userhost-in-names": each for the clients that requested it."""
    crowd(chat)
    plain, whole = irc(chat, "ann"), irc(chat, "bob", "multi-prefix", "userhost-in-names")
    assert "@p00" in names(plain.send("JOIN #tea"))
    assert "@p00!~p00@people-p00" in names(whole.send("JOIN #tea"))


def test_names_and_roles_are_those_of_now(chat: Chat) -> None:
    """A list that others received is not sent again after a change that newcomers do not see."""
    host, *_, last = crowd(chat)
    eve = irc(chat, "eve")
    eve.send("JOIN #tea")
    assert "eve" in names(irc(chat, "a1").send("JOIN #tea"))
    eve.send("NICK zoe")
    assert {"eve", "zoe"} & {*names(irc(chat, "a2").send("JOIN #tea"))} == {"zoe"}
    host.send("/op zoe"), last.send("/leave")
    shown = names(irc(chat, "a3").send("JOIN #tea"))
    assert "@zoe" in shown
    assert "p59" not in shown
