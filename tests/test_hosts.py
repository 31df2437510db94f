"""Hosts: who creates a room is in charge of it, for as long as they are in it."""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from staff import (
    SECRET,
    arriving,
    everybody_reads,
    founder,
    guest,
    member,
    operator,
    program,
    refusal,
    restarted,
)

from chatsvc.core.temporary_roles import RETURN
from chatsvc.model.records import Ban, RoomRules


def hosted(chat: Chat, *more: Person) -> Person:
    """Return a guest who has created #tea, which others have joined."""
    dan = guest(chat, "dan")
    assert dan.send("/join #tea") == [
        "* You are in #tea, and nobody else is here yet. You are its host."
    ]
    for other in more:
        other.send("/join #tea")
    everybody_reads(dan, *more)
    return dan


def host(chat: Chat, room: str = "#tea") -> str | None:
    found = chat.hub.directory.rooms[room].temporary.host
    return found.name if found else None


def test_a_guest_who_creates_a_room_is_in_charge_of_it(chat: Chat) -> None:
    eve, bob = guest(chat, "eve"), guest(chat, "bob")
    dan = hosted(chat, eve, bob)
    assert eve.send("/kick bob") == ["* Only moderators of #tea can do that."]
    assert eve.send("/transfer eve") == ["* Only the host of #tea can do that."]
    assert dan.send("/room")[0] == "* Rules of #tea. Host: dan."
    assert dan.send("/topic tea at five")[-1].endswith("tea at five")
    assert dan.send("/set slow 5s") == ["* dan set slow in #tea: 5 s"]
    assert dan.send("/mute eve 5m")[0].startswith("* eve is muted in #tea")
    assert dan.send("/kick eve loud") == ["* dan removed eve from #tea: loud"]
    assert dan.send("/ban bob")[0].startswith("* bob is banned in #tea")
    assert "* You are banned in #tea." in bob.send("/join #tea")
    assert dan.send("/set keep 1h") == ["* Only the founder of #tea can do that."]
    assert any("/kick" in line for line in dan.send("/help"))


def test_rooms_of_accounts_have_founders_and_the_lobby_belongs_to_operators(chat: Chat) -> None:
    eve = guest(chat, "eve")
    founder(chat, "ann", eve)
    assert host(chat) is host(chat, "#lobby") is None
    assert eve.send("/room")[0] == "* Rules of #tea. Founder: ann."
    eve.send("/room #lobby")
    assert eve.send("/kick ann") == ["* Only moderators of #lobby can do that."]
    op = operator(chat)
    assert op.send("/found eve") == ["* eve is a guest and must register first: /register password"]


def test_a_host_appoints_guests_and_the_one_longest_there_succeeds(chat: Chat) -> None:
    eve, bob, zoe = guest(chat, "eve"), guest(chat, "bob"), guest(chat, "zoe")
    dan = hosted(chat, eve, bob, zoe)
    assert dan.send("/op bob") == ["* dan made bob a moderator of #tea."]
    dan.send("/op zoe")
    everybody_reads(eve, bob, zoe)
    assert bob.send("/mute dan") == ["* dan is the host of #tea. Only a higher role can do that."]
    assert bob.send("/ban zoe")[0].startswith("* zoe is a moderator of #tea.")
    dan.send("/leave #tea")
    assert eve.read() == ["* dan left.", "* bob is now the host of #tea."]
    dan.send("/join #tea")
    assert host(chat) == "bob"
    assert dan.send("/kick eve") == ["* Only moderators of #tea can do that."]
    bob.send("/deop zoe", "/leave #tea")
    assert host(chat) is None
    assert zoe.send("/kick eve") == ["* Only moderators of #tea can do that."]


def test_moderators_remove_and_dismiss_each_other(chat: Chat) -> None:
    eve, bob = guest(chat, "eve"), guest(chat, "bob")
    dan = hosted(chat, eve, bob)
    dan.send("/op eve", "/op bob")
    eve.read()
    assert eve.send("/deop bob")[-1] == "* eve made bob a regular member of #tea."
    dan.send("/op bob")
    bob.read()
    assert bob.send("/kick eve") == ["* bob removed eve from #tea."]
    eve.send("/join #tea")
    assert eve.send("/kick bob") == ["* Only moderators of #tea can do that."]


@pytest.mark.parametrize("way", ["deop", "kick"])
def test_moderators_dismiss_a_host_and_gain_nothing(chat: Chat, way: str) -> None:
    eve, bob = guest(chat, "eve"), guest(chat, "bob")
    dan = hosted(chat, eve, bob)
    dan.send("/op bob", "/set limit 9")
    everybody_reads(eve, bob)
    words = {
        "deop": "* bob made dan a regular member of #tea.",
        "kick": "* bob removed dan from #tea.",
    }
    assert bob.send(f"/{way} dan") == [words[way]]
    assert host(chat) is None
    assert bob.send("/transfer bob")[0].startswith("* Only the founder of #tea")
    assert bob.send("/set slow 1s") == ["* bob set slow in #tea: 1 s"]
    dan.send("/join #tea")
    assert dan.send("/kick bob") == ["* Only moderators of #tea can do that."]
    for person in (dan, bob, eve):
        person.send("/leave #tea")
    assert "#tea" not in chat.hub.directory.rooms


def test_a_host_hands_the_room_over_or_steps_down(chat: Chat) -> None:
    eve, bob = guest(chat, "eve"), guest(chat, "bob")
    dan = hosted(chat, eve, bob)
    assert dan.send("/transfer zoe") == ["* No user named zoe is online."]
    assert dan.send("/transfer dan") == ["* dan is already the host of #tea."]
    assert dan.send("/transfer eve") == ["* dan made eve the host of #tea."]
    assert "* Rules of #tea. Host: eve. Moderators: dan." in eve.send("/room")
    assert dan.send("/transfer dan") == ["* Only the host of #tea can do that."]
    assert eve.send("/deop eve")[0] == "* dan is now the host of #tea."
    dan.read()
    carl = member(chat, "carl")
    assert dan.send("/transfer carl") == ["* dan made carl the founder of #tea."]
    assert carl.read() == ["* dan made carl the founder of #tea."]
    assert host(chat) is None
    assert dan.send("/room")[0] == "* Rules of #tea. Founder: carl. Moderators: dan."


def test_a_host_who_registers_or_logs_in_is_the_founder(chat: Chat) -> None:
    eve = guest(chat, "eve")
    dan = hosted(chat, eve)
    dan.send("/set slow 5s", "/nick daniel")
    assert host(chat) == "daniel"
    assert "* daniel is now the founder of #tea." in dan.send(f"/register {SECRET}")
    assert "* daniel is now the founder of #tea." in eve.read()
    dan.send("/leave #tea"), eve.send("/leave #tea")
    assert chat.archive.records(RoomRules) == [RoomRules("#tea", slow=5.0)]
    member(chat, "zoe").hang_up()
    bob = guest(chat, "bob")
    bob.send("/join #other", f"/login zoe {SECRET}")
    assert "* Rules of #other. Founder: zoe." in bob.send("/room #other", "/room")


def test_guests_get_their_role_permanently_only_in_a_founded_room(chat: Chat) -> None:
    eve, bob = guest(chat, "eve"), guest(chat, "bob")
    dan = hosted(chat, eve)
    dan.send("/op eve")
    eve.send(f"/register {SECRET}")
    eve.hang_up()
    dan.send("/leave #tea")
    assert all(one.role == "member" for one in chat.hub.membership.of_room("#tea").values())
    ann = founder(chat, "ann", bob, room="#own")
    ann.send("/op bob")
    bob.send(f"/register {SECRET}")
    bob.send("/leave #own", "/join #own")
    assert bob.send("/set slow 1s") == ["* bob set slow in #own: 1 s"]


def test_what_a_host_sets_ends_when_the_room_is_empty(chat: Chat) -> None:
    eve = guest(chat, "eve")
    dan = hosted(chat, eve)
    dan.send("hello", "/set slow 5s", "/ban eve", "/mute name=zoe", "/leave #tea")
    assert chat.hub.directory.rooms["#tea"].charter is None
    assert not chat.archive.records(RoomRules)
    assert not chat.archive.records(Ban)
    assert eve.send("/join #tea")[0].startswith("* You are in #tea, and nobody")
    assert eve.send("/kick dan") == ["* Only moderators of #tea can do that."]
    assert dan.send("/join #tea") == ["* You are in #tea with eve."]
    assert host(chat) is None


def test_a_room_without_messages_is_created_again(chat: Chat) -> None:
    dan, eve = hosted(chat), guest(chat, "eve")
    dan.send("/set invite-only on", "/leave #tea")
    assert "#tea" not in chat.hub.directory.rooms
    eve.send("/join #tea")
    assert host(chat) == "eve"


def test_messages_of_a_closed_room_stay_closed_when_its_rules_end(chat: Chat) -> None:
    dan, bob = hosted(chat), member(chat, "bob")
    dan.send("/set password mulch", "a secret")
    bob.send("/join #tea mulch", "another")
    bob.hang_up()
    dan.send("/leave #tea")
    eve, op = guest(chat, "eve"), operator(chat)
    assert eve.send("/join #tea") == ["* You are in #tea, and nobody else is here yet."]
    eve.send("in public")
    assert not [line for line in eve.send("/history", "/search secret") if "a secret" in line]
    op.send("/join #tea")
    assert "a secret" in "".join(op.send("/history"))
    chat = restarted(chat)
    zoe, bob = guest(chat, "zoe"), arriving(chat, "bob")
    bob.send(SECRET)
    assert "a secret" not in "".join(zoe.send("/join #tea", "/history"))
    assert "another" in "".join(bob.send("/room #tea", "/history"))
    assert "in public" in "".join(zoe.send("/history"))


def test_a_restart_ends_what_a_host_has_set(chat: Chat) -> None:
    dan = hosted(chat)
    dan.send("hello", "/set slow 5s", "/ban zoe")
    later = restarted(chat)
    assert later.hub.directory.rooms["#tea"].charter is None
    assert not later.archive.records(RoomRules)
    assert not later.archive.records(Ban)
    dan = guest(later, "dan")
    assert dan.send("/join #tea")[0] == "* You are in #tea, and nobody else is here yet."
    assert host(later) is None


def test_only_an_operator_assigns_a_room_without_a_host(chat: Chat) -> None:
    eve, bob, carl = guest(chat, "eve"), guest(chat, "bob"), member(chat, "carl")
    dan = hosted(chat, eve, bob)
    dan.send("hello", "/leave #tea")
    chat.clock.advance(40 * 86400.0)
    assert eve.send("/found eve") == ["* Only operators can do that."]
    op = operator(chat)
    op.send("/join #tea")
    assert op.send("/found dan") == ["* dan is not in #tea."]
    assert op.send("/found eve") == ["* op made eve the host of #tea."]
    assert op.send("/found bob")[0].startswith("* #tea has somebody in charge.")
    assert eve.send("/kick bob")[-1] == "* eve removed bob from #tea."
    assert op.send("/transfer carl")[-1] == "* op made carl the founder of #tea."
    assert carl.read()[-1] == "* op made carl the founder of #tea."


def test_a_host_who_loses_the_connection_returns_in_time(chat: Chat) -> None:
    eve = guest(chat, "eve")
    dan = program(chat, "dan", client="secret-of-dan")
    eve.send("/join #tea")
    dan.ask(do="set", room="#tea", rule="slow", value="5s")
    dan.ask(do="op", room="#tea", name="eve")
    dan.hang_up()
    assert eve.read()[-2:] == ["* dan left.", "* eve is now the host of #tea."]
    chat.clock.advance(RETURN - 1)
    dan = chat.program("dan", client="secret-of-dan")
    entered = next(one for one in dan.ask(do="join", room="#tea") if one["event"] == "entered")
    assert entered["role"] == "host"
    assert "* eve is now a moderator of #tea." in eve.read()
    assert dan.ask(do="room")[0]["host"] == "dan"
    eve.send("/leave #tea")
    dan.hang_up()
    assert chat.archive.records(RoomRules) != []
    chat.clock.advance(RETURN)
    assert chat.archive.records(RoomRules) == []
    dan = program(chat, "dan", client="secret-of-dan")
    assert host(chat) == "dan"  # of a new room: nothing was said in the old one


def test_a_host_who_was_replaced_removed_or_too_late_does_not_return(chat: Chat) -> None:
    op = operator(chat)
    for way in ("late", "transfer", "kill", "kick", "quit"):
        room = f"#{way}"
        dan = program(chat, "dan", room, client="secret-of-dan")
        op.send(f"/join {room}", "hello")
        if way == "kick":
            op.send("/kick --here dan")
        elif way == "kill":
            op.send("/kick dan")
        elif way == "quit":
            dan.ask(do="quit")
        if not dan.closed:
            dan.hang_up()
        chat.clock.advance(RETURN + 1 if way == "late" else 5)
        if way == "transfer":
            op.send("/found op")
        dan = program(chat, "dan", room, client="secret-of-dan")
        assert host(chat, room) is None, way
        dan.hang_up()


def test_a_connection_that_replaces_another_keeps_the_role(chat: Chat) -> None:
    eve = guest(chat, "eve")
    program(chat, "dan", client="secret-of-dan")
    eve.send("/join #tea", "hello")
    dan = program(chat, "dan", client="secret-of-dan")
    assert host(chat) == "dan"
    assert refusal(dan, do="transfer", room="#tea", name="dan")[0] == "known"


def test_a_voice_is_kept_beside_a_role(chat: Chat) -> None:
    eve = guest(chat, "eve")
    dan = hosted(chat, eve)
    assert dan.send("/voice dan") == ["* dan gave dan a voice in #tea."]
    assert dan.send("/voice dan") == ["* dan is already a voiced user of #tea."]
    dan.send("/voice eve", "/op eve")
    assert dan.send("/deop eve") == ["* dan made eve a voiced user of #tea."]
    assert dan.send("/devoice dan") == ["* dan took dan's voice in #tea."]
    assert dan.send("/devoice dan") == ["* dan is not a voiced user of #tea."]


def test_an_account_that_may_found_no_more_rooms_is_the_host(chat: Chat) -> None:
    ann = member(chat, "ann")
    for number in range(20):
        ann.send(f"/join #r{number}")
    assert ann.send("/join #tea")[0].endswith("You are its host.")
    assert ann.send("/set slow 5s") == ["* ann set slow in #tea: 5 s"]
    ann.send("/leave #tea")
    assert "#tea" not in chat.hub.directory.rooms
