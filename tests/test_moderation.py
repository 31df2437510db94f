"""Moderation, as telnet users see it: kicks, bans, mutes, and what is not allowed."""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from staff import (
    NOW,
    SECRET,
    back,
    everybody_reads,
    founder,
    guest,
    member,
    operator,
    restarted,
)


def test_a_moderator_kicks_somebody_out_of_the_room(chat: Chat) -> None:
    eve, bob = guest(chat, "eve"), guest(chat, "bob")
    ann = founder(chat, "ann", eve, bob)
    assert ann.send("/kick eve too loud") == ["* ann removed eve from #tea: too loud"]
    assert eve.read() == [
        "* ann removed you from #tea: too loud",
        "* Your messages now go to #lobby.",
    ]
    assert bob.read() == ["* ann removed eve from #tea: too loud"]
    eve.send("/join #tea")
    assert bob.read() == ["* eve joined."]


def test_an_operator_kicks_somebody_off_the_server_or_out_of_a_room_only(chat: Chat) -> None:
    op, eve, bob = operator(chat), guest(chat, "eve"), guest(chat, "bob")
    everybody_reads(op, eve, bob)
    assert op.send("/kick --here bob") == ["* op removed bob from #lobby."]
    assert not bob.closed
    everybody_reads(eve, bob)
    assert op.send("/kick eve go away")[0] == "* eve left: removed by op: go away"
    assert eve.read() == ["* op removed you from the server: go away."]
    assert eve.closed
    assert guest(chat, "eve").read() == []


def test_kicks_are_refused_with_a_sentence(chat: Chat) -> None:
    bob, eve = member(chat, "bob"), guest(chat, "eve")
    op, ann = operator(chat), founder(chat, "ann", bob)
    op.send("/join #tea")
    ann.send("/op bob")
    everybody_reads(ann, bob, op)
    assert eve.send("/kick ann") == ["* Only moderators of #lobby can do that."]
    assert ann.send("/kick nobody") == ["* No user named nobody is online."]
    assert ann.send("/kick eve") == ["* eve is not in #tea."]
    assert ann.send("/kick op") == ["* op is an operator. You cannot act against an operator."]
    assert bob.send("/kick ann") == [
        "* ann is the founder of #tea. Only a higher role can do that."
    ]
    assert ann.send(f"/kick bob {'x' * 401}") == ["* That is too long. Use at most 400 characters."]
    assert ann.send("/kick")[0].startswith("* Usage: /kick [--here] name [reason]")
    assert ann.send("/kick --there bob") == ["* Unknown option --there. Available: --here."]


def test_a_ban_keeps_somebody_out_until_its_time_is_over(chat: Chat) -> None:
    eve = guest(chat, "eve", "192.0.2.9")
    ann = founder(chat, "ann", eve)
    assert ann.send("/ban eve 1h30m spam") == [
        "* eve is banned in #tea until 1970-01-01 01:30, by connection, address and name: spam",
        "*   Removed: eve.",
    ]
    assert eve.read()[0] == "* ann removed you from #tea: spam"
    assert eve.send("/join #tea") == [
        "* You are banned in #tea: spam. You can join again in 1 h 30 min."
    ]
    chat.clock.advance(5399)
    assert eve.send("/join #tea") == ["* You are banned in #tea: spam. You can join again in 1 s."]
    chat.clock.advance(1)
    assert eve.send("/join #tea")[0].startswith("* You are in #tea")


def test_a_ban_holds_under_another_name_and_over_another_connection(chat: Chat) -> None:
    eve, bob = guest(chat, "eve", "192.0.2.9"), guest(chat, "bob")
    ann = founder(chat, "ann", eve, bob)
    ann.send("/ban eve")
    eve.send("/nick mallory")
    assert eve.send("/join #tea") == ["* You are banned in #tea."]
    again = guest(chat, "trudy", "192.0.2.9")
    assert again.send("/join #tea") == ["* You are banned in #tea."]
    bob.send("/nick trent")
    assert "* You are in #tea" in bob.send("/leave #tea", "/join #tea")[1]


def test_an_address_that_others_have_is_not_in_the_ban_of_a_person(chat: Chat) -> None:
    op, eve = operator(chat), guest(chat, "eve", "192.0.2.9")
    guest(chat, "bob", "192.0.2.9")
    everybody_reads(op)
    op.send("/ban eve")
    assert eve.closed
    assert "* Welcome, carol." in guest_lines(chat, "carol", "192.0.2.9")
    assert "* You are banned." in guest_lines(chat, "EVE", "203.0.113.1")


def guest_lines(chat: Chat, name: str, address: str) -> str:
    return "\n".join(chat.connect(address).send(name))


@pytest.mark.parametrize(
    ("who", "held", "free"),
    [
        ("ip=10.0.0.0/8", "10.200.3.4", "11.0.0.1"),
        ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
        ("ip=::ffff:10.0.0.0/104", "10.200.3.4", "11.0.0.1"),
    ],
)
def test_a_network_is_banned_on_the_whole_server(
    chat: Chat, who: str, held: str, free: str
) -> None:
    op, inside = operator(chat), guest(chat, "inside", held)
    everybody_reads(op, inside)
    *_, said, hit = op.send(f"/ban {who} 2d")
    assert said.endswith(" is banned until 1970-01-03 00:00, by address.")
    assert hit == "*   Removed: inside."
    assert inside.closed
    assert "* You are banned. You can join again in 2 days." in guest_lines(chat, "eve", held)
    assert "* Welcome, eve." in guest_lines(chat, "eve", free)


def test_several_are_banned_at_once_and_let_in_again_by_any_of_their_names(chat: Chat) -> None:
    op, eve = operator(chat), guest(chat, "eve", "192.0.2.9")
    other = guest(chat, "other", "10.1.1.1")
    everybody_reads(op)
    *_, first, last = op.send("/ban eve 10.1.2.3/8 1d spam")
    assert first == (
        "* eve ip=10.0.0.0/8 is banned until 1970-01-02 00:00, by connection, address and name"
        " (192.0.2.9): spam"
    )
    assert last == "*   Removed: eve and other."
    assert eve.closed
    assert other.closed


@pytest.mark.parametrize(
    "who", ["eve ip=10.0.0.0/8", "eve", "name=Eve", "10.0.0.0/8", "ip=10.3.4.5/8", "account=eve"]
)
def test_a_ban_of_several_is_lifted_by_any_of_their_names(chat: Chat, who: str) -> None:
    op = operator(chat)
    member(chat, "eve").hang_up()
    op.send("/ban Eve ip=10.0.0.0/8 1d spam")
    assert op.send(f"/unban {who}")[0].endswith(" is no longer banned.")
    assert op.send("/bans") == ["* No bans or mutes on this server."]
    assert op.send("/unban eve") == ["* eve is not banned. To list the bans: /bans"]


def test_the_ban_of_a_person_is_lifted_by_their_address(chat: Chat) -> None:
    op = operator(chat)
    guest(chat, "eve", "192.0.2.9")
    op.send("/ban eve")
    assert op.send("/unban 192.0.2.9") == ["* ip=192.0.2.9 is no longer banned."]
    assert "* Welcome, eve." in guest_lines(chat, "eve", "192.0.2.9")


def test_bans_of_accounts_hold_whatever_they_are_called(chat: Chat) -> None:
    op, eve = operator(chat), member(chat, "eve", "192.0.2.9")
    eve.send("/nick mallory")
    everybody_reads(op, eve)
    assert op.send("/ban account=eve")[-1] == "*   Removed: mallory."
    assert chat.connect("203.0.113.1").send("eve")[1] == "* You are banned."
    stranger = guest(chat, "bob", "203.0.113.1")
    assert stranger.send(f"/login eve {SECRET}") == ["* You are banned."]
    assert stranger.closed
    op.send("/unban account=eve")
    stranger = guest(chat, "bob", "203.0.113.1")
    assert stranger.send(f"/login eve {SECRET}")[0] == "* You are logged in as eve."


def test_bans_are_refused_with_a_sentence(chat: Chat) -> None:
    op, bob = operator(chat), member(chat, "bob")
    ann, eve = founder(chat, "ann", bob), guest(chat, "eve")
    ann.send("/op bob")
    everybody_reads(op, ann, bob)
    assert eve.send("/ban ann") == ["* Only moderators of #lobby can do that."]
    assert ann.send("/ban eve 10x") == ["* Not a duration. Use 90s, 30m, 1h30m, 2d, 1w or forever."]
    assert ann.send("/ban eve 3 strikes") == [
        "* A duration needs a unit: s, m, h, d or w, such as 30m."
    ]
    assert ann.send("/ban nobody") == [
        "* No user named nobody is online. To match the name anyway: name=nobody"
    ]
    assert ann.send("/ban account=nobody")[1] == "*   It matches nobody online at the moment."
    assert ann.send("/ban ip=10.0.0.0/33") == [
        "* 10.0.0.0/33 is not an address. Use an address"
        " such as 192.0.2.7, or a network such as 10.0.0.0/8."
    ]
    for network, least in (("0.0.0.0/0", 8), ("::/0", 16), ("2000::/3", 16), ("8.0.0.0/7", 8)):
        assert op.send(f"/ban ip={network}") == [
            f"* {network} is too large. The minimum prefix is /{least}."
            " To let only registered users join: /lockdown on"
        ]
    assert op.send(f"/ban {' '.join(f'10.0.0.{n}' for n in range(11))}") == [
        "* A ban or mute accepts at most 10 names and addresses. Use several bans."
    ]
    assert op.send("/ban op") == ["* You cannot do that to yourself."]
    assert op.send("/ban account=op") == [
        "* op is an operator. You cannot act against an operator."
    ]


def test_bans_and_mutes_of_those_whom_they_would_not_affect_are_refused(chat: Chat) -> None:
    bob, op = member(chat, "bob"), operator(chat)
    ann = founder(chat, "ann", bob, op)
    ann.send("/op bob")
    refused = [
        "* bob is a moderator of #tea, so its bans and mutes do not affect bob."
        " First take that role: /deop bob"
    ]
    for who in ("ban bob", "mute bob", "ban account=bob"):
        assert ann.send(f"/{who}") == refused
    assert op.send("/ban --here ann") == [
        "* ann is the founder of #tea, so its bans and mutes do not affect ann."
        " First /transfer the room"
    ]
    bob.hang_up()
    assert ann.send("/ban bob") == refused
    ann.send("/deop bob")
    assert ann.send("/ban bob")[0].startswith("* bob is banned in #tea permanently")


def test_nobody_bans_an_equal_who_is_not_here(chat: Chat) -> None:
    bob, carol = member(chat, "bob"), member(chat, "carol")
    ann = founder(chat, "ann", bob, carol)
    ann.send("/op bob", "/op carol")
    ann.hang_up()
    carol.hang_up()
    above = ". Only a higher role can do that."
    assert bob.send("/leave #lobby", "/ban ann")[-1] == f"* ann is the founder of #tea{above}"
    assert bob.send("/mute account=carol") == [f"* carol is a moderator of #tea{above}"]


def test_a_mute_silences_and_says_so(chat: Chat) -> None:
    eve, bob = guest(chat, "eve", "192.0.2.9"), guest(chat, "bob")
    ann = founder(chat, "ann", eve, bob)
    assert ann.send("/mute eve 10m calm down")[-1] == "*   Muted: eve."
    assert eve.read() == ["* ann muted you in #tea until 1970-01-01 00:10: calm down"]
    refused = ["* You are muted in #tea: calm down. You can talk again in 10 min."]
    for line in ("hello", "/me waves", "/topic mine"):
        assert eve.send(line) == refused
    assert bob.read() == []
    eve.send("/nick mallory")
    assert eve.send("hello") == refused
    assert eve.send("/room #lobby", "free here")[1:] == []
    chat.clock.advance(600)
    eve.send("/room #tea", "sorry")
    assert bob.read()[-1].endswith("<mallory> sorry")


@pytest.mark.parametrize("first", ["/mute eve 10m x", "/mute eve forever y", "/mute --here eve 1m"])
def test_of_several_mutes_that_hold_the_longest_one_is_told(chat: Chat, first: str) -> None:
    op, eve = operator(chat), guest(chat, "eve")
    later = ["/mute eve 10m x", "/mute eve forever y", "/mute --here eve 1m", "/mute eve 2m z"]
    op.send(first, *(other for other in later if other != first), "/mute --quietly eve")
    everybody_reads(eve)
    assert eve.send("hello") == ["* You are muted: y."]
    op.send("/unmute eve", "/mute --here eve 1m x", "/mute --here eve 2m y", "/mute --quietly eve")
    everybody_reads(eve)
    assert eve.send("hello") == [
        "* You are muted in #lobby: y. You can talk again in 2 min.",
    ]
    chat.clock.advance(120)
    assert eve.send("hello") == []


def test_an_operator_s_mute_holds_everywhere_and_in_private(chat: Chat) -> None:
    op, eve, bob = operator(chat), member(chat, "eve", "192.0.2.9"), guest(chat, "bob")
    eve.send("/join #mine")
    everybody_reads(op, eve, bob)
    op.send("/mute eve spam")
    assert eve.read() == ["* op muted you permanently: spam"]
    for line in ("hello", "/msg bob hi", "/nick hello", "/topic hello"):
        assert eve.send(line) == ["* You are muted: spam."]
    assert bob.read() == []
    assert op.send("/unmute eve") == ["* eve is no longer muted."]
    assert eve.read() == ["* op unmuted you."]
    assert eve.send("/msg bob hi") == ["* to bob: hi"]


def test_a_quiet_mute_is_not_noticed_by_the_muted(chat: Chat) -> None:
    eve, bob = member(chat, "eve"), guest(chat, "bob")
    second = back(chat, "eve")
    ann = founder(chat, "ann", eve, bob)
    second.read()
    said = ann.send("/mute --quietly eve 1h")
    assert said[0].startswith("* eve is quietly muted in #tea until 1970-01-01 01:00")
    assert eve.read() == []
    assert eve.send("hello?") == []
    assert second.read() == [f"{NOW} #tea <eve> hello?"]
    assert bob.read() == []
    assert ann.read() == []
    assert eve.send("/history") == [f"    1 {NOW} <eve> hello?"]
    assert bob.send("/history") == ["* No earlier messages in #tea."]
    late = guest(chat, "late")
    assert all("hello?" not in line for line in late.send("/join #tea"))
    assert ann.send("/delete 1") == [
        "* There is no message 1 in #tea. To see the numbers: /history"
    ]
    assert eve.send("/delete 1") == ["* eve deleted their own message 1."]
    assert [line for line in bob.read() if "late" not in line] == []
    assert ann.send("/unmute eve") == ["* eve is no longer muted in #tea."]
    assert eve.read() == []


def test_quiet_mutes_do_not_tell_moderators_who_has_an_address(chat: Chat) -> None:
    op, eve = operator(chat), guest(chat, "eve", "10.1.1.1")
    ann = founder(chat, "ann", eve)
    for who in ("ip=10.0.0.0/8", "10.1.1.1", "eve 10.1.1.1"):
        assert ann.send(f"/mute --quietly {who}") == [
            "* Only operators can mute an address quietly. Leave out --quietly."
        ]
    assert op.send("/mute --quietly 10.1.1.1")[-1] == "*   Muted: eve."


def test_unmuting_finds_somebody_under_the_name_they_have_now(chat: Chat) -> None:
    eve = guest(chat, "eve")
    ann = founder(chat, "ann", eve)
    ann.send("/mute eve")
    eve.send("/nick mallory")
    everybody_reads(eve)
    assert ann.send("/unmute mallory") == ["* mallory is no longer muted in #tea."]
    assert eve.read() == ["* ann unmuted you in #tea."]
    assert ann.send("/unmute mallory") == [
        "* mallory is not muted. To list the bans of #tea: /bans"
    ]


def test_bans_mutes_and_lockdown_hold_after_a_restart(chat: Chat) -> None:
    op, eve = operator(chat), guest(chat, "eve", "192.0.2.9")
    bob = guest(chat, "bob", "192.0.2.8")
    founder(chat, "ann", eve, bob).send("/mute bob")
    op.send("/ban eve 2d spam", "/lockdown on")
    chat = restarted(chat)
    assert "* You are banned: spam." in guest_lines(chat, "eve", "203.0.113.7")
    assert "* Only registered users can join" in guest_lines(chat, "carol", "203.0.113.7")
    op = back(chat, "op")
    assert len(op.send("/bans")) == 1
    op.send("/lockdown off")
    bob = guest(chat, "bob", "203.0.113.8")
    bob.send("/join #tea")
    assert bob.send("hello") == ["* You are muted in #tea."]


def test_who_logs_in_is_let_in_with_the_password_of_an_account_only(chat: Chat) -> None:
    op = operator(chat)
    member(chat, "bob").hang_up()
    assert op.send("/lockdown on") == ["* op turned lockdown on: only registered users can join."]
    stranger = chat.connect()
    assert "* Only registered users can join at the moment." in "\n".join(stranger.send("eve"))
    stranger.send("bob")
    assert stranger.send(SECRET)[0].startswith("* Welcome back, bob.")
    assert op.send("/lockdown maybe") == ["* Usage: /lockdown on, or /lockdown off"]
    assert stranger.send("/lockdown off") == ["* Only operators can do that."]
    assert op.send("/lockdown off") == ["* op turned lockdown off: everybody can join."]
    assert stranger.read() == ["* op turned lockdown off: everybody can join."]
    assert "* Welcome, eve." in guest_lines(chat, "eve", "192.0.2.7")


def test_own_lines_are_not_deleted_without_end(chat: Chat) -> None:
    bob = guest(chat, "bob")
    bob.send(*(f"line {n}" for n in range(12)))
    for n in range(10):
        assert bob.send(f"/delete {n + 1}") == [f"* bob deleted their own message {n + 1}."]
    assert bob.send("/delete 11") == ["* You have deleted many messages recently. Wait 10 min."]
    chat.clock.advance(600)
    assert bob.send("/delete 11") == ["* bob deleted their own message 11."]


def test_help_shows_no_command_that_is_of_no_use(chat: Chat) -> None:
    ann, bob = founder(chat, "ann"), guest(chat, "bob")

    def listed(person: Person) -> str:
        return " ".join(person.send("/help"))

    assert "/register" in listed(bob)
    assert "/register" not in listed(ann)
    assert "/claim" not in listed(ann)
    chat.hub.login.claim_code = "code-of-the-log"
    assert "/claim" in listed(ann)
    ann.send("/op bob")
    carl = member(chat, "carl")
    carl.send("/join #tea")
    ann.send("/op carl")
    assert "/transfer" in listed(ann)
    assert "/kick" in listed(carl)
    assert "/transfer" not in listed(carl)
    assert "/invite-code" not in listed(operator(chat))


def test_moderators_can_remove_themselves_from_a_room_but_not_from_the_server(chat: Chat) -> None:
    bob = member(chat, "bob")
    op, ann = operator(chat), founder(chat, "ann", bob)
    everybody_reads(ann, bob, op)
    left = ["* ann removed you from #tea.", "* Your messages now go to #lobby."]
    assert ann.send("/kick ann") == left
    assert bob.read() == ["* ann removed ann from #tea."]
    assert op.send("/kick op") == ["* You cannot do that to yourself."]
