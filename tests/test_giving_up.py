"""Deleting your own account: nothing is delivered to it afterwards."""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET, founder, member, program


def unregister(person: Person) -> None:
    person.send(f"/unregister {SECRET}")


@pytest.mark.parametrize(
    "rule", ["invite-only on", "registered-only on", "password mulch", "limit 1"]
)
def test_a_room_that_is_closed_to_guests_is_left(rule: str) -> None:
    chat = Chat()
    eve = member(chat, "eve")
    ann = founder(chat, "ann", eve)
    ann.send(f"/set {rule}")
    unregister(eve)
    eve.read()
    ann.send("the secret")
    shut_out = rule != "limit 1"  # eve does not exceed the limit by staying
    assert any("the secret" in line for line in eve.read()) != shut_out
    assert any("the secret" in line for line in eve.send("/history 5 #tea")) != shut_out
    assert ("eve" in [user.name for user in chat.hub.directory.rooms["#tea"].people]) != shut_out
    if rule == "registered-only on":
        assert "Only registered users can join" in eve.send("/join #tea")[0]


def test_a_room_that_is_open_is_not_left() -> None:
    chat = Chat()
    eve = member(chat, "eve")
    ann = founder(chat, "ann", eve)
    unregister(eve)
    eve.read()
    ann.send("hello")
    assert any("hello" in line for line in eve.read())


def test_private_lines_stay_with_the_account() -> None:
    chat = Chat()
    eve, ann = member(chat, "eve"), member(chat, "ann")
    ann.send("/msg eve before")
    unregister(eve)
    eve.read()
    assert eve.send("/history @ann") == [
        "* Private messages are stored only between registered users."
    ]
    eve.send("/quit")
    ann.send("/msg eve after")
    again = member(chat, "eve")
    assert not any("after" in line or "before" in line for line in again.read())
    assert again.send("/history @ann")[0].startswith("* You and ann have no messages")


def test_a_role_is_gone_with_the_account() -> None:
    chat = Chat()
    eve = member(chat, "eve")
    ann = founder(chat, "ann", eve)
    ann.send("/op eve")
    unregister(eve)
    eve.read()
    assert eve.send("/kick ann")[0] == "* Only moderators of #tea can do that."
    ann.send("/mods only us")
    assert not any("only us" in line for line in eve.read())
    eve.send(f"/register {SECRET}")
    assert eve.send("/kick ann")[0] == "* Only moderators of #tea can do that."


def test_programs_and_irc_clients_leave_closed_rooms_too() -> None:
    chat = Chat()
    founder(chat, "ann").send("/set registered-only on")
    client = irc(chat, "eve")
    client.send(f"PRIVMSG NickServ :REGISTER {SECRET}", "JOIN #tea")
    assert any(" PART #tea" in line for line in client.send(f"PRIVMSG NickServ :DROP {SECRET}"))
    dan = program(chat, "dan", "#lobby")
    dan.ask(do="register", password=SECRET)
    dan.ask(do="join", room="#tea")
    events = [each["event"] for each in dan.ask(do="unregister", password=SECRET)]
    assert "exited" in events
