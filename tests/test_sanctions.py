"""What moderators and operators are shown: bans, addresses, acts, reports; and lines deleted."""

from __future__ import annotations

import pytest
from conftest import Chat, start
from staff import (
    NOW,
    MoodyArchive,
    back,
    everybody_reads,
    founder,
    guest,
    member,
    operator,
    program,
    restarted,
)

from chatsvc import moderation, sanctions
from chatsvc.records import Ban


def test_bans_are_listed_with_who_when_why_and_until(chat: Chat) -> None:
    eve, bob = guest(chat, "eve", "192.0.2.9"), guest(chat, "bob", "192.0.2.8")
    ann = founder(chat, "ann", eve, bob)
    ann.send("/ban eve 1h spam")
    chat.clock.advance(60)
    ann.send("/mute --quietly bob")
    assert ann.send("/bans") == [
        "* eve is banned in #tea until 1970-01-01 01:00, by connection, address and name;"
        " ann, 1970-01-01 00:00: spam",
        "* bob is quietly muted in #tea for ever, by connection, address and name;"
        " ann, 1970-01-01 00:01",
    ]
    chat.clock.advance(3540)
    assert len(ann.send("/bans")) == 1
    assert guest(chat, "carol").send("/bans") == ["* Only moderators of #lobby may do that."]


def test_addresses_are_shown_to_operators_only(chat: Chat) -> None:
    op, eve = operator(chat), guest(chat, "eve", "192.0.2.9")
    ann = founder(chat, "ann", eve, op)
    said = op.send("/ban --here eve 10.1.2.3 ip=2001:db8::/32 spam")
    assert "(10.1.2.3, 192.0.2.9, 2001:db8::/32)" in said[0]
    assert "192.0.2.9" in "".join(op.send("/bans --here"))
    assert "10.1.2.3" in "".join(op.send("/audit"))
    for command in ("/bans", "/audit", "/howtoban op", "/whois eve", "/unban eve"):
        shown = "\n".join(ann.send(command))
        assert shown
        assert not any(part in shown for part in ("192.0.2", "10.1.2", "2001:db8"))
    everybody_reads(ann)
    assert "banned eve address address: spam" in ann.send("/audit")[-2]


def test_howtoban_says_whom_else_a_ban_would_hit(chat: Chat) -> None:
    op, eve = operator(chat), member(chat, "eve", "192.0.2.9")
    guest(chat, "bob", "192.0.2.9"), guest(chat, "carol", "192.0.2.77")
    eve.send("/nick mallory")
    everybody_reads(op)
    assert op.send("/howtoban mallory") == [
        "* What would hold mallory:",
        "*   name=mallory             hits nobody else here",
        "*   account=eve              hits nobody else here",
        "*   ip=192.0.2.9             also hits bob",
        "*   ip=192.0.2.0/24          also hits bob and carol",
        "* /ban mallory takes the name, the account, and an address that nobody else has.",
    ]
    assert op.send("/howtoban nobody") == ["* There is nobody called nobody here."]
    assert op.send("/howtoban op") == ["* You cannot do that to yourself."]
    six = guest(chat, "six", "2001:db8::1")
    assert "*   ip=2001:db8::/64         hits nobody else here" in op.send("/howtoban six")
    assert six.send("/howtoban op") == ["* Only moderators of #lobby may do that."]


def test_howtoban_tells_moderators_of_people_in_their_room_only(chat: Chat) -> None:
    eve, bob = guest(chat, "eve", "192.0.2.9"), guest(chat, "bob", "192.0.2.9")
    guest(chat, "elsewhere", "192.0.2.9")
    ann = founder(chat, "ann", eve, bob)
    assert ann.send("/howtoban eve")[1:-1] == [
        "*   name=eve                 hits nobody else here",
        "*   address                  also hits bob",
        "*   network                  also hits ann and bob",
    ]
    assert ann.send("/howtoban elsewhere") == ["* elsewhere is not in #tea."]


def test_a_room_has_a_limited_number_of_bans(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sanctions, "MOST_BANS_OF_ROOM", 3)
    ann, op = founder(chat), operator(chat)
    ann.send(*(f"/ban name=eve{n}" for n in range(3)))
    assert ann.send("/mute name=eve") == ["* There are 3 bans and mutes here: /unban some first."]
    assert op.send("/ban name=eve")[0] == "* name=eve is banned for ever, by name."


def test_what_is_past_is_forgotten(chat: Chat) -> None:
    ann = founder(chat)
    ann.send("/ban name=eve 1h", "/mute name=eve 2h", "/ban name=bob")
    chat.clock.advance(3600)
    start(chat.hub.chores.tidy_up())
    kept = chat.archive.records(Ban)
    assert sorted(ban.label + str(ban.mute) for ban in kept) == ["name=bobFalse", "name=eveTrue"]


def test_every_act_is_in_the_audit(chat: Chat) -> None:
    eve, bob = guest(chat, "eve"), member(chat, "bob")
    ann, op = founder(chat, "ann", eve, bob), operator(chat)
    eve.send("nonsense")
    ann.send("/set slow 10s", "/delete 1", "/voice eve", "/kick eve out", "/mute --quietly bob 1h")
    ann.send("/unmute bob", "/op bob", "/deop bob", "/ban name=x 2d spam", "/unban name=x")
    ann.send("/transfer bob")
    op.send("/lockdown on", "/announce hello", "/report eve loud", "/resolve 1")
    acts = [
        "set slow: 10 s",
        "deleted line 1 of eve",
        "made eve voiced",
        "kicked eve: out",
        "quietly muted bob for 1 h",
        "unmuted bob",
        "made bob moderator",
        "made bob member",
        "banned name=x for 2 days: spam",
        "unbanned name=x",
        "made bob founder",
    ]
    assert ann.send("/audit") == [f"* {NOW} ann in #tea: {act}" for act in acts]
    whole = ["turned lockdown on", "announced: hello", "resolved report 1 about eve"]
    assert op.send("/audit 3") == [f"* {NOW} op: {act}" for act in whole]
    assert len(op.send("/audit")) == len(acts) + 3
    op = back(restarted(chat), "op")
    assert len(op.send("/audit 100")) == len(acts) + 3
    assert back(chat, "op").send("/audit 0")[0].endswith("resolved report 1 about eve")


def test_a_report_reaches_operators_who_are_here_and_who_come(chat: Chat) -> None:
    op, bob = operator(chat), guest(chat, "bob")
    everybody_reads(op, bob)
    assert bob.send("/report Op rude") == ["* Thank you. The operators are told about op."]
    told = f"* Report 1, {NOW[1:-1]}: bob about op in #lobby: rude"
    assert op.read() == [told]
    op.hang_up()
    again = back(chat, "op", "198.51.100.1")
    assert told in again.read()
    assert bob.send("/reports") == ["* Only operators may do that."]
    assert bob.send("/resolve 1") == ["* Only operators may do that."]
    assert again.send("/resolve 2") == ["* There is no report 2: /reports lists them."]
    assert again.send("/resolve 1") == ["* Report 1 about op is dealt with."]
    assert again.send("/reports") == ["* Nothing is reported."]
    assert bob.send("/report nobody rude") == ["* There is nobody called nobody here."]
    assert bob.send("/report op")[0].startswith("* It goes like this: /report name reason")


def test_reports_wait_for_a_restart_and_one_person_cannot_fill_them(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moderation, "MOST_REPORTS_BY_ONE", 2)
    op, bob = operator(chat), guest(chat, "bob")
    bob.send("/report op one", "/report op two")
    assert bob.send("/report op three") == [
        "* The operators have 2 reports of yours: wait for their answer."
    ]
    op.hang_up()
    assert len(back(restarted(chat), "op").send("/reports")) == 3


def test_an_announcement_reaches_everybody_wherever_they_are(chat: Chat) -> None:
    op, bob = operator(chat), guest(chat, "bob")
    bot = program(chat, "bot", "#elsewhere")
    everybody_reads(op, bob)
    bot.events()
    assert op.send("/announce back at 8") == ["* op tells everybody: back at 8"]
    assert bob.read() == ["* op tells everybody: back at 8"]
    (event,) = bot.events()
    assert (event["event"], event["by"], event["text"]) == ("announced", "op", "back at 8")
    assert bob.send("/announce hi") == ["* Only operators may do that."]


def test_a_deleted_line_is_gone_for_everybody(chat: Chat) -> None:
    eve, bob = guest(chat, "eve"), guest(chat, "bob")
    ann, bot = founder(chat, "ann", eve, bob), program(chat, "bot")
    eve.send("secret")
    everybody_reads(ann, bob)
    bot.events()
    assert bob.send("/delete 1") == ["* That line is eve's, not yours: only moderators delete it."]
    assert ann.send("/delete 1") == ["* ann deleted eve's line 1."]
    assert bob.read() == ["* ann deleted eve's line 1."]
    (event,) = bot.events()
    assert event == {"event": "deleted", "room": "#tea", "number": 1, "from": "eve", "by": "ann"}
    assert bob.send("/history") == [f"    1 {NOW} <eve> (deleted by ann)"]
    late = guest(chat, "late")
    assert late.send("/join #tea")[1:] == [f"{NOW} <eve> (deleted by ann)"]
    assert ann.send("/delete 1") == ["* Line 1 was deleted by ann already."]
    assert ann.send("/delete 2") == ["* #tea has no line 2. /history shows them."]
    assert ann.send("/delete 0") == ["* #tea has no line 0. /history shows them."]
    assert ann.send("/delete x") == ["* number is a number, 0 or more."]
    eve.send("mine")
    assert eve.send("/delete 2") == ["* eve deleted their own line 2."]


def test_a_deleted_line_is_not_mentioned_to_those_who_may_not_read_it(chat: Chat) -> None:
    ann = founder(chat)
    ann.send("/set history joined", "old")
    bob = guest(chat, "bob")
    bob.send("/join #tea")
    assert bob.send("/delete 1") == ["* #tea has no line 1. /history shows them."]
    ann.send("/delete 1")
    assert bob.read() == []


def test_an_act_that_cannot_be_kept_is_not_done() -> None:
    archive = MoodyArchive()
    chat = Chat(archive)
    eve, bob = guest(chat, "eve"), member(chat, "bob")
    ann, op = founder(chat, "ann", eve, bob), operator(chat)
    eve.send("hello")
    everybody_reads(ann, eve, bob, op)
    archive.fails = True
    acts = ("/kick eve", "/ban eve", "/mute eve", "/set slow 10s", "/set password x", "/op bob")
    for act in (*acts, "/voice eve", "/transfer bob", "/delete 1"):
        assert ann.send(act) == ["* The disk is full."]
    for act in ("/lockdown on", "/announce hi", "/report eve x", "/kick eve", "/ban eve"):
        assert op.send(act) == ["* The disk is full."]
    archive.fails = False
    assert eve.read() == bob.read() == []
    assert ann.send("/bans") == ["* Nobody is banned or muted in #tea."]
    rules = ann.send("/room")
    assert rules[0] == "* The rules of #tea. Founder: ann."
    assert all(" off " in rule for rule in rules if rule.startswith(("*   slow", "*   password")))
    assert ann.send("/history") == [f"    1 {NOW} <eve> hello"]
    assert op.send("/reports") == ["* Nothing is reported."]
    assert "* Welcome, carol." in chat.connect("192.0.2.3").send("carol")[1]
    assert ann.send("/audit") == ["* Nobody has had to moderate anything here yet."]


def test_a_report_that_cannot_be_resolved_stays() -> None:
    archive = MoodyArchive()
    chat = Chat(archive)
    op = operator(chat)
    guest(chat, "bob").send("/report op rude")
    archive.fails = True
    assert op.send("/resolve 1")[-1] == "* The disk is full."
    archive.fails = False
    assert op.send("/resolve 1") == ["* Report 1 about op is dealt with."]


def test_help_shows_people_what_they_may_do(chat: Chat) -> None:
    op, bob = operator(chat), guest(chat, "bob")
    ann = founder(chat)

    def listed(lines: list[str]) -> set[str]:
        return {word.strip(",") for line in lines for word in line.split() if word[0] == "/"}

    for_moderators = {"/kick", "/ban", "/unban", "/mute", "/unmute", "/bans", "/howtoban"}
    for_moderators |= {"/audit", "/set", "/op", "/deop", "/voice", "/devoice", "/transfer"}
    for_operators = {"/lockdown", "/announce", "/reports", "/resolve"}
    guests, moderators = listed(bob.send("/help")), listed(ann.send("/help"))
    assert {"/report", "/delete", "/room"} <= guests
    assert guests.isdisjoint(for_moderators | for_operators | {"/invite"})
    assert moderators >= for_moderators | {"/invite"}
    assert moderators.isdisjoint(for_operators)
    assert listed(op.send("/help")) >= for_moderators | for_operators
    assert listed(ann.send("/room #lobby", "/help")).isdisjoint(for_moderators)
