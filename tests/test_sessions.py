"""Several connections of one account: one user to the others, and each sees everything."""

from __future__ import annotations

from pathlib import Path

import pytest
from archive_files import sqlite
from conftest import Chat, start
from staff import SECRET, arriving, member, reopened, returned

from chatsvc.dialects.sentences import clock
from chatsvc.model.records import Member, RoomRules

NOW = f"[{clock(0.0)}]"


def test_two_connections_are_one_person(chat: Chat) -> None:
    bob, work = chat.join("bob"), member(chat, "ann")
    bob.read()
    home = returned(chat, "ann")
    assert bob.read() == []
    assert bob.send("/who")[0] == "* In #lobby: 2 people"
    work.send("hi")
    assert home.read() == [f"{NOW} <ann> hi"]
    bob.read()
    work.hang_up()
    assert bob.read() == []
    home.send("/quit")
    assert bob.read() == ["* ann left."]


def test_all_connections_enter_and_leave_rooms_together(chat: Chat) -> None:
    bob, work = chat.join("bob"), member(chat, "ann")
    home = returned(chat, "ann")
    bob.send("/join #tea", "milk?")
    work.send("/join #tea")
    assert home.read() == ["* You are in #tea with bob."]
    assert bob.read() == ["* ann joined."]
    bob.send("sugar?")
    assert home.read() == [f"{NOW} #tea <bob> sugar?"]
    home.send("/leave #tea")
    assert bob.read() == ["* ann left."]
    assert work.read()[-1] == "* You left #tea. Your messages now go to #lobby."


def test_what_is_done_over_one_connection_is_told_to_the_other(chat: Chat) -> None:
    work = member(chat, "ann")
    home = returned(chat, "ann")
    work.send("/nick anna")
    assert home.read() == ["* You are now anna."]
    work.send("/away lunch")
    assert home.read() == ["* You are away: lunch"]
    home.send("/back")
    assert work.read() == ["* You are back."]


def test_who_is_called_otherwise_logs_in_from_a_second_place_as_that(chat: Chat) -> None:
    member(chat, "ann").send("/nick anna")
    assert arriving(chat, "ann").send(SECRET)[0].startswith("* Welcome back, anna.")
    assert list(chat.hub.directory.users) == ["anna"]
    assert "ann is a registered name" in chat.connect().send("ann")[1]


def test_a_guest_who_logs_in_joins_who_is_here_already(chat: Chat) -> None:
    bob, work = chat.join("bob"), member(chat, "ann")
    guest = chat.join("guest")
    guest.send("/join #tea")
    bob.send("/join #tea")
    work.read(), bob.read()
    assert guest.send(f"/login ann {SECRET}") == [
        "* ann is now the founder of #tea.",
        "* You are logged in as ann.",
    ]
    assert set(bob.read()) == {
        "* guest left #lobby.",
        "* guest left.",
        "* ann joined.",
        "* ann is now the founder of #tea.",
    }
    assert work.read() == ["* guest left.", "* You are in #tea with bob."]
    assert bob.send("/who")[0] == "* In #tea: 2 people"
    guest.send("tea?")
    assert work.read() == [f"{NOW} #tea <ann> tea?"]


def test_connections_are_listed_and_ended(chat: Chat) -> None:
    work = member(chat, "ann")
    home = returned(chat, "ann", "203.0.113.9")
    work.read()
    assert work.send("/sessions") == [
        f"*   1  since {clock(0.0)}, from 192.0.2.1, in #lobby (this one)",
        f"*   2  since {clock(0.0)}, from 203.0.113.9, in #lobby",
        "* To end one: /sessions number",
    ]
    assert work.send("/sessions 1") == ["* That is this connection. To end it: /quit"]
    for none in ("0", "3"):
        assert work.send(f"/sessions {none}") == [
            f"* You have no connection {none}. To list yours: /sessions"
        ]
    assert len(work.send("/sessions 2")) == 2
    assert home.read() == ["* You ended this connection from another one."]
    assert home.closed
    assert chat.join("bob").send("/sessions") == [
        "* Only registered users can do that. To register: /register password"
    ]


def test_logging_out_leaves_the_other_connections_alone(chat: Chat) -> None:
    bob, work = chat.join("bob"), member(chat, "ann")
    home = returned(chat, "ann")
    bob.read()
    work.send("/logout")
    assert bob.read() == ["* guest-1 joined."]
    work.send("hi")
    assert home.read() == ["* guest-1 joined.", f"{NOW} <guest-1> hi"]


def test_giving_the_name_up_ends_the_other_connections(chat: Chat) -> None:
    bob, work = chat.join("bob"), member(chat, "ann")
    home = returned(chat, "ann")
    bob.read()
    assert home.send("/unregister wrong-horse")[0].startswith("* Wrong password.")
    assert home.send(f"/unregister {SECRET}") == [
        "* Account deleted. You are now the guest ann. Your messages remain."
    ]
    assert work.read()[-1] == "* Your account ann was deleted."
    assert work.closed
    assert bob.read() == []
    assert home.send("hi", f"/register {SECRET}")[-1].startswith("* ann is now registered to you.")
    assert bob.read() == [f"{NOW} <ann> hi"]


def test_both_connections_may_give_the_name_up_at_once(chat: Chat) -> None:
    work = member(chat, "ann")
    home = returned(chat, "ann")
    account = chat.hub.accounts.find("ann")
    for person in (work, home):
        person.protocol.dataReceived(f"/unregister {SECRET}\r\n".encode())
    assert account is not None
    assert chat.hub.accounts.get(account.id) is None


def test_who_is_removed_by_another_process_leaves(chat: Chat) -> None:
    ann = member(chat, "ann")
    bob = member(chat, "bob")
    ann.send("/msg bob hi")
    account = chat.hub.accounts.find("ann")
    assert account is not None
    before = chat.hub.accounts._by_id
    chat.hub.accounts._learn([one for one in chat.archive.records(type(account)) if one != account])
    chat.hub.account_sessions.take_over(before)
    assert ann.closed
    assert "* ann left." in bob.read()
    assert bob.send("/msg ann hi") == ["* No user named ann is online."]
    assert chat.hub.membership.of_account(account.id) == []


def test_a_slow_connection_does_not_hold_the_other_up(chat: Chat) -> None:
    bob, work = chat.join("bob"), member(chat, "ann")
    home = returned(chat, "ann")
    work.read()
    work.stop_reading()
    bob.send("one", "two")
    assert home.read() == [f"{NOW} <bob> one", f"{NOW} <bob> two"]
    assert work.read() == []
    work.read_on()
    assert work.read() == [f"{NOW} <bob> one", f"{NOW} <bob> two"]


def test_what_a_dead_connection_was_not_shown_is_shown_to_the_next(chat: Chat) -> None:
    bob, work = chat.join("bob"), member(chat, "ann")
    work.stop_reading()
    bob.send("one", "two")
    home = arriving(chat, "ann").send(SECRET)
    assert "2 new since you left." in home[0]
    assert home[1:] == [f"{NOW} <bob> one", f"{NOW} <bob> two"]


# Reconnecting


def test_new_lines_are_counted_where_no_connection_was(chat: Chat) -> None:
    bob, ann = chat.join("bob"), member(chat, "ann")
    chat.program("ann", account_password=SECRET)
    ann.hang_up()
    bob.send("one")
    assert "1 new since you left." in arriving(chat, "ann").send(SECRET)[0]


def test_of_many_new_lines_the_last_two_hundred_are_shown(chat: Chat) -> None:
    bob, ann = chat.join("bob"), member(chat, "ann")
    ann.hang_up()
    bob.send(*(f"line {n}" for n in range(60)))
    for _ in range(4):
        chat.clock.advance(0)
        bob.send(*(f"line {n}" for n in range(50)))
        chat.clock.advance(0)
    shown = arriving(chat, "ann").send(SECRET)
    new = chat.hub.directory.rooms["#lobby"].last
    assert new > 200
    assert f"{new} new since you left." in shown[0]
    assert len(shown) == 201


def test_what_is_read_is_known_after_the_power_fails(path: Path) -> None:
    archive = sqlite(path)
    chat = Chat(archive)
    bob, ann = chat.join("bob"), member(chat, "ann")
    bob.send("one")
    ann.hang_up()
    chat.clock.advance(1)
    bob.send("two", "three")
    start(archive.close())
    again = Chat(sqlite(path))
    assert "2 new since you left." in arriving(again, "ann").send(SECRET)[0]
    start(again.archive.close())


def test_rooms_in_which_nothing_was_said_survive_a_restart(path: Path) -> None:
    chat = Chat(sqlite(path))
    member(chat, "ann").send("/join #tea", "/leave #lobby")
    again = reopened(chat, path)
    assert "You are in #tea" in arriving(again, "ann").send(SECRET)[0]
    assert again.hub.directory.rooms["#tea"].role(again.hub.directory.users["ann"]) == "founder"
    start(again.archive.close())


@pytest.mark.parametrize(("rule", "new"), [("all", 2), ("joined", 2), ("none", 0)])
def test_what_is_new_is_what_one_may_read(chat: Chat, rule: str, new: int) -> None:
    bob, ann = chat.join("bob"), member(chat, "ann")
    bob.send("/join #tea", "before")
    chat.hub.directory.rooms["#tea"].charter = RoomRules("#tea", history=rule)
    ann.send("/join #tea", "/leave #lobby")
    ann.hang_up()
    bob.send("one", "two")
    shown = arriving(chat, "ann").send(SECRET)
    assert ("2 new since you left." in shown[0]) == bool(new)
    assert len(shown) == 1 + new


def test_a_second_connection_reads_no_more_than_the_first(chat: Chat) -> None:
    bob, work = chat.join("bob"), member(chat, "ann")
    home = returned(chat, "ann")
    bob.send("/join #tea", "secret")
    chat.hub.directory.rooms["#tea"].charter = RoomRules("#tea", history="none")
    work.send("/join #tea")
    assert home.send("/history #tea") == ["* No earlier messages in #tea."]


def test_a_person_is_in_fifty_rooms_at_most_over_all_connections(chat: Chat) -> None:
    ann = member(chat, "ann")
    ann.send(*(f"/join #room{n}" for n in range(49)))
    bot = chat.program("ann", account_password=SECRET)
    (refused,) = bot.ask(do="join", room="#onemore")
    assert refused["code"] == "too-many-rooms"
    assert bot.ask(do="join", room="#room1")[0]["event"] == "entered"
    guest = chat.join("guest")
    guest.send("/join #onemore")
    assert guest.send(f"/login ann {SECRET}") == [
        "* You are already in 50 rooms, the maximum. Leave one first: /leave"
    ]


def test_the_first_guest_in_the_lobby_does_not_found_it(chat: Chat) -> None:
    member(chat, "ann")
    ann = chat.hub.directory.users["ann"]
    assert chat.hub.directory.rooms["#lobby"].role(ann) == "member"


def test_who_made_a_room_as_a_guest_founds_it_by_registering(chat: Chat) -> None:
    ann = chat.join("ann")
    ann.send("/join #tea", f"/register {SECRET}")
    assert chat.hub.directory.rooms["#tea"].role(chat.hub.directory.users["ann"]) == "founder"


def test_an_account_does_not_stay_where_it_is_banned(chat: Chat) -> None:
    bob = member(chat, "bob")
    member(chat, "ann").hang_up()
    bob.send("/join #tea", "/ban account=ann")
    guest = chat.join("guest")
    guest.send("/join #tea")
    guest.send(f"/login ann {SECRET}")
    assert "#tea" not in guest.protocol.session.rooms


def test_a_guest_is_not_let_in_for_who_they_were(chat: Chat) -> None:
    ann, bob = member(chat, "ann"), member(chat, "bob")
    ann.send("/join #tea", "/set registered-only on")
    bob.send("/join #tea", "/logout")
    assert "Only registered users can join" in bob.send("/join #tea")[0]


# How many rooms


def test_who_was_let_in_before_waits_until_there_is_room_again(chat: Chat) -> None:
    bob, carl, ann = chat.join("bob"), chat.join("carl"), member(chat, "ann")
    for person in (ann, bob):
        person.send("/join #tea")
    ann.send("/set limit 2")
    bob.send("/leave #tea", "/join #tea", "/leave #tea")
    carl.send("/join #tea")
    assert "#tea is full" in bob.send("/join #tea")[0]
    carl.send("/leave #tea")
    assert bob.send("/join #tea")[0].startswith("* You are in #tea")


def test_who_was_let_in_before_needs_no_invitation_but_there_must_be_room(chat: Chat) -> None:
    bob, carl, ann = chat.join("bob"), chat.join("carl"), member(chat, "ann")
    ann.send("/join #tea", "/set invite-only on", "/set limit 2", "/invite bob", "/invite carl")
    bob.send("/join #tea", "/leave #tea")
    carl.send("/join #tea")
    assert "#tea is full" in bob.send("/join #tea")[0]
    carl.send("/leave #tea")
    assert bob.send("/join #tea")[0].startswith("* You are in #tea")
    bob.send("/leave #tea")
    ann.send("/set invite-only on")  # and from now on no user who had joined before
    assert "is invite-only" in bob.send("/join #tea")[0]


def founded(chat: Chat, name: str) -> list[str]:
    """Return the rooms that an account is founder of."""
    account = chat.hub.accounts.find(name)
    assert account is not None
    members = chat.hub.membership.of_account(account.id)
    return [member.room for member in members if member.role == "founder"]


def test_an_account_founds_twenty_rooms(chat: Chat) -> None:
    ann, bob = member(chat, "ann"), chat.join("bob")
    ann.send(*(f"/join #a{n}" for n in range(21)))
    assert len(founded(chat, "ann")) == 20
    bob.send(*(f"/join #b{n}" for n in range(21)), f"/register {SECRET}")
    assert len(founded(chat, "bob")) == 20


def test_a_room_with_nothing_in_it_goes_with_its_founder(chat: Chat) -> None:
    ann = member(chat, "ann")
    ann.send("/join #tea", "/join #ale", "hello", "/leave #ale", "/leave #tea")
    assert set(chat.hub.directory.rooms) == {"#lobby", "#ale"}
    assert founded(chat, "ann") == ["#ale"]
    chat.clock.advance(1)
    kept = {member.room: member.role for member in chat.archive.records(Member)}
    assert kept == {"#lobby": "member", "#ale": "founder"}
