"""What moderators and operators see: bans, addresses, acts, reports; and deleted messages."""

from __future__ import annotations

import time

import pytest
from conftest import Chat, start
from hypothesis import given
from hypothesis import strategies as st
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

from chatsvc.model.ban_masks import BanMask
from chatsvc.model.records import Ban
from chatsvc.policy import bans as ban_list
from chatsvc.services import reports


def test_bans_are_listed_with_who_when_why_and_until(chat: Chat) -> None:
    eve, bob = guest(chat, "eve", "192.0.2.9"), guest(chat, "bob", "192.0.2.8")
    ann = founder(chat, "ann", eve, bob)
    ann.send("/ban eve 1h spam")
    chat.clock.advance(60)
    ann.send("/mute --quietly bob")
    assert ann.send("/bans") == [
        "* eve is banned in #tea until 1970-01-01 01:00, by connection, address and name;"
        " ann, 1970-01-01 00:00: spam",
        "* bob is quietly muted in #tea permanently, by connection, address and name;"
        " ann, 1970-01-01 00:01",
    ]
    assert [line.split()[1] for line in bob.send("/bans")] == ["eve"]  # quiet mutes stay quiet
    chat.clock.advance(3540)
    assert len(ann.send("/bans")) == 1


def test_addresses_are_shown_to_operators_only(chat: Chat) -> None:
    op, eve = operator(chat), guest(chat, "eve", "192.0.2.9")
    ann = founder(chat, "ann", eve, op)
    said = op.send("/ban --here eve 10.1.2.3 ip=2001:db8::/32 spam")
    assert said[0].startswith("* eve ip=10.1.2.3 ip=2001:db8::/32 is banned in #tea")
    assert "(192.0.2.9)" in said[0]
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
        "* Bans that would match mallory:",
        "*   name=mallory             affects nobody else online",
        "*   account=eve              affects nobody else online",
        "*   ip=192.0.2.9             also affects bob",
        "*   ip=192.0.2.0/24          also affects bob and carol",
        "* /ban mallory would match them by account, connection and name.",
    ]
    assert op.send("/howtoban nobody") == ["* No user named nobody is online."]
    assert op.send("/howtoban op") == ["* You cannot do that to yourself."]
    six = guest(chat, "six", "2001:db8::1")
    assert "*   ip=2001:db8::/64         affects nobody else online" in op.send("/howtoban six")
    assert op.send("/howtoban six")[-1] == (
        "* /ban six would match them by connection, address and name."
    )
    assert six.send("/howtoban op") == ["* Only moderators of #lobby can do that."]


def test_howtoban_does_not_offer_the_address_of_the_server_s_own_machine(chat: Chat) -> None:
    op, six = operator(chat), guest(chat, "six", "::1")
    guest(chat, "eve", "127.0.0.1"), everybody_reads(op, six)
    for name in ("eve", "six"):
        assert op.send(f"/howtoban {name}") == [
            f"* Bans that would match {name}:",
            f"*   {f'name={name}':24} affects nobody else online",
            f"* /ban {name} would match them by connection and name.",
        ]


def test_howtoban_tells_moderators_of_people_in_their_room_only(chat: Chat) -> None:
    eve, bob = guest(chat, "eve", "192.0.2.9"), guest(chat, "bob", "192.0.2.9")
    guest(chat, "elsewhere", "192.0.2.9")
    ann = founder(chat, "ann", eve, bob)
    assert ann.send("/howtoban eve")[1:-1] == [
        "*   name=eve                 affects nobody else online",
        "*   address                  also affects bob",
        "*   network                  also affects ann and bob",
    ]
    assert ann.send("/howtoban elsewhere") == ["* elsewhere is not in #tea."]


def test_a_room_has_a_limited_number_of_bans(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ban_list, "MOST_BANS_OF_ROOM", 3)
    ann, op = founder(chat), operator(chat)
    ann.send(*(f"/ban name=eve{n}" for n in range(3)))
    assert ann.send("/mute name=eve") == [
        "* There are already 3 bans and mutes, the maximum. Remove some first: /unban who"
    ]
    assert op.send("/ban name=eve")[0] == "* name=eve is banned permanently, by name."


def test_many_mutes_cost_a_line_little(chat: Chat) -> None:
    eve = guest(chat, "eve", "192.0.2.9")
    founder(chat, "ann", eve)
    (session,) = chat.hub.directory.users["eve"].sessions
    room, hub = chat.hub.directory.rooms["#tea"], chat.hub.bans
    networks = [f"ip=10.{n // 250}.{n % 250}.0/24" for n in range(5000)]
    mutes = [Ban(str(n), "#tea", tuple(networks[n::500]), "x", mute=True) for n in range(500)]
    start(chat.archive.put(*mutes))
    hub.open()
    begun = time.process_time()
    assert not any(hub.mute_of(session, room) for _ in range(500))
    assert time.process_time() - begun < 0.5


places = st.sampled_from(
    [
        "10.1.2.3",
        "10.1.0.0/16",
        "10.1.2.0/24",
        "10.0.0.0/8",
        "2001:db8::/32",
        "2001:db8::/64",
        "::1",
    ]
)
whom = st.one_of(places.map("ip={}".format), st.sampled_from(["name=eve", "name=bob", "client=x"]))


@given(
    st.lists(st.lists(whom, min_size=1, max_size=3), max_size=6),
    st.sampled_from(["10.1.2.3", "10.1.9.9", "11.0.0.1", "2001:db8::7", "2001:db9::7", "::1", ""]),
    st.frozensets(st.sampled_from(["name=eve", "name=bob", "client=x"]).map(BanMask.parse)),
    st.integers(0, 6),
)
def test_whoever_a_ban_holds_is_found(
    bans: list[list[str]], address: str, marks: frozenset[BanMask], lifted: int
) -> None:
    chat = Chat()
    kept = [Ban(str(n), "", tuple(who), "x") for n, who in enumerate(bans)]
    start(chat.archive.put(*kept))
    chat.hub.bans.open()
    start(chat.hub.bans.remove(kept[:lifted]))
    found = chat.hub.bans.ban_at_the_door(marks, address)
    holding = [
        ban
        for ban in kept[lifted:]
        if ban_list.holds([BanMask.parse(each) for each in ban.who], marks, address)
    ]
    assert found in holding if holding else found is None


def test_what_is_past_is_forgotten(chat: Chat) -> None:
    ann = founder(chat)
    ann.send("/ban name=eve 1h", "/mute name=eve 2h", "/ban name=bob")
    chat.clock.advance(3600)
    start(chat.hub.maintenance.tidy_up())
    kept = chat.archive.records(Ban)
    assert sorted(ban.label + str(ban.mute) for ban in kept) == ["name=bobFalse", "name=eveTrue"]


def test_every_act_is_in_the_audit(chat: Chat) -> None:
    eve, bob = guest(chat, "eve"), member(chat, "bob")
    ann, op = founder(chat, "ann", eve, bob), operator(chat)
    eve.send("nonsense")
    ann.send("/set slow 10s", "/delete 1", "/voice eve", "/kick eve out", "/mute --quietly bob 1h")
    ann.send("/unmute bob", "/op bob", "/deop bob", "/ban name=x 2d spam", "/unban name=x")
    ann.send("/transfer bob")
    ann.send("/set topic tea at 5")
    op.send("/lockdown on", "/announce hello", "/report eve loud", "/resolve 1")
    acts = [
        "set slow: 10 s",
        "deleted message 1 by eve",
        "made eve voiced",
        "kicked eve: out",
        "quietly muted bob for 1 h",
        "unmuted bob",
        "made bob moderator",
        "made bob member",
        "banned name=x for 2 days: spam",
        "unbanned name=x",
        "made bob founder",
        "set topic: tea at 5",
    ]
    assert ann.send("/audit") == [f"* {NOW} ann in #tea: {act}" for act in acts]
    whole = ["turned lockdown on", "announced: hello", "resolved report 1 about eve"]
    assert op.send("/audit 3") == [f"* {NOW} op: {act}" for act in whole]
    assert len(op.send("/audit")) == len(acts) + 3
    op = back(restarted(chat), "op")
    assert len(op.send("/audit 100")) == len(acts) + 3
    assert back(chat, "op").send("/audit 0")[0].endswith("resolved report 1 about eve")


def test_the_audit_names_the_account_of_who_goes_by_another_name(chat: Chat) -> None:
    eve = member(chat, "eve")
    ann, op = founder(chat, "ann", eve), operator(chat)
    eve.send("hello", "/nick mallory", "bye")
    ann.send("/nick anna", "/delete 1", "/delete 2", "/voice mallory", "/devoice mallory")
    ann.send("/mute mallory 1h", "/unmute mallory", "/kick mallory", "/ban mallory")
    by = "* [1970-01-01 00:00] anna (ann) in #tea:"
    assert ann.send("/audit") == [
        f"{by} deleted message 1 by eve",
        f"{by} deleted message 2 by mallory (eve)",
        f"{by} made mallory (eve) voiced",
        f"{by} made mallory (eve) member",
        f"{by} muted mallory (eve) for 1 h",
        f"{by} unmuted mallory (eve)",
        f"{by} kicked mallory (eve)",
        f"{by} banned mallory (eve)",
    ]
    assert ann.send("/bans")[0].endswith("; anna (ann), 1970-01-01 00:00")
    op.send("/nick boss"), eve.send("/report anna unjust")
    assert op.send("/reports")[0].endswith(": mallory (eve) about anna (ann) in #lobby: unjust")


def test_the_topics_of_those_who_do_not_moderate_are_no_acts(chat: Chat) -> None:
    ann, bob = founder(chat), guest(chat, "bob")
    bob.send("/join #tea")
    chat.hub.start(set_topic(chat, "bob", "mine"))
    chat.hub.start(set_topic(chat, "ann", "ours"))
    assert ann.send("/audit") == [f"* {NOW} ann in #tea: set topic: ours"]
    ann.read()
    assert ann.send(f"/set topic {'x' * 401}") == [
        "* That is too long. Use at most 400 characters."
    ]
    assert len(ann.send("/audit")) == 1


async def set_topic(chat: Chat, name: str, text: str) -> None:
    (session,) = chat.hub.directory.users[name].sessions
    await chat.hub.room_administration.set_topic(session, chat.hub.directory.rooms["#tea"], text)


def test_a_report_reaches_operators_who_are_here_and_who_come(chat: Chat) -> None:
    op, bob = operator(chat), guest(chat, "bob")
    everybody_reads(op, bob)
    assert bob.send("/report Op rude") == [
        "* Thank you. The operators will see your report about op."
    ]
    told = f"* Report 1, {NOW[1:-1]}: bob about op in #lobby: rude"
    assert op.read() == [told]
    op.hang_up()
    again = back(chat, "op", "198.51.100.1")
    assert told in again.read()
    assert bob.send("/reports") == ["* Only operators can do that."]
    assert bob.send("/resolve 1") == ["* Only operators can do that."]
    assert again.send("/resolve 2") == ["* There is no report 2. To list reports: /reports"]
    assert again.send("/resolve 1") == ["* Report 1 about op closed."]
    assert again.send("/reports") == ["* No open reports."]
    assert bob.send("/report nobody rude") == ["* No user named nobody is online."]
    assert bob.send("/report op")[0].startswith("* Usage: /report name reason")


def test_reports_wait_for_a_restart_and_one_person_cannot_fill_them(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MOST_REPORTS_BY_ONE", 2)
    op, bob = operator(chat), member(chat, "bob")
    bob.send("/report op one", "/nick robert", "/report op two", "/nick rob")
    refused = ["* There are already 2 open reports from you. Wait for an answer."]
    assert bob.send("/report op three") == refused
    op.hang_up()
    chat = restarted(chat)
    assert len(back(chat, "op").send("/reports")) == 3
    assert back(chat, "bob", "203.0.113.7").send("/report op three")[-1:] == refused


def test_guests_cannot_report_more_under_ever_new_names(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MOST_REPORTS_BY_ONE", 2)
    op, eve = operator(chat), guest(chat, "eve", "2001:db8::1")
    eve.send("/report op one", "/nick mallory", "/report op two", "/nick trudy")
    refused = ["* There are already 2 open reports from your address. Wait for an answer."]
    assert eve.send("/report op three") == refused
    assert guest(chat, "trent", "2001:db8::2").send("/report op three") == refused
    assert guest(chat, "bob").send("/report op rude")[0].startswith("* Thank you.")
    assert len(op.send("/reports")) == 4


def test_an_operator_is_told_the_last_reports_and_how_many_there_are(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MOST_REPORTS_BY_ONE", 1000)
    bob = guest(chat, "bob")
    operator(chat).hang_up()
    bob.send(*(f"/report op {n}" for n in range(1, 106)))
    op = back(chat, "op")
    *_, one, ten, last, end = (line for line in op.read() if int_in(line) not in range(97, 105))
    assert (one.split()[2], ten.split()[2]) == ("96,", "105,")
    assert last == "* These are the last 10 of 105 open reports."
    assert end == "* To close a report: /resolve number"
    listed = op.send("/reports")
    assert (listed[0].split()[2], len(listed)) == ("6,", 102)
    assert listed[-2] == "* These are the last 100 of 105 open reports."
    assert op.send("/resolve 1") == ["* Report 1 about op closed."]


def int_in(line: str) -> int:
    """Return the number of the report in a line, or 0."""
    words = line.split()
    return int(words[2].strip(",")) if words[1:2] == ["Report"] else 0


def test_an_announcement_reaches_everybody_wherever_they_are(chat: Chat) -> None:
    op, bob = operator(chat), guest(chat, "bob")
    bot = program(chat, "bot", "#elsewhere")
    everybody_reads(op, bob)
    bot.events()
    assert op.send("/announce back at 8") == ["* Announcement from op: back at 8"]
    assert bob.read() == ["* Announcement from op: back at 8"]
    (event,) = bot.events()
    assert (event["event"], event["by"], event["text"]) == ("announced", "op", "back at 8")
    assert bob.send("/announce hi") == ["* Only operators can do that."]


def test_a_deleted_line_is_gone_for_everybody(chat: Chat) -> None:
    eve, bob = guest(chat, "eve"), guest(chat, "bob")
    ann, bot = founder(chat, "ann", eve, bob), program(chat, "bot")
    eve.send("secret")
    everybody_reads(ann, bob)
    bot.events()
    assert bob.send("/delete 1") == ["* That message is by eve. Only moderators can delete it."]
    assert ann.send("/delete 1") == ["* ann deleted eve's message 1."]
    assert bob.read() == ["* ann deleted eve's message 1."]
    (event,) = bot.events()
    assert event == {"event": "deleted", "room": "#tea", "number": 1, "from": "eve", "by": "ann"}
    assert bob.send("/history") == [f"    1 {NOW} <eve> (deleted by ann)"]
    late = guest(chat, "late")
    assert late.send("/join #tea")[1:] == [f"{NOW} <eve> (deleted by ann)"]
    assert ann.send("/delete 1") == ["* Message 1 was already deleted by ann."]
    assert ann.send("/delete 2") == [
        "* There is no message 2 in #tea. To see the numbers: /history"
    ]
    assert ann.send("/delete 0") == [
        "* There is no message 0 in #tea. To see the numbers: /history"
    ]
    assert ann.send("/delete x") == ["* number must be a number, 0 or more."]
    eve.send("mine")
    assert eve.send("/delete 2") == ["* eve deleted their own message 2."]
    eve.send("mine, too", "/nick mallory")
    assert eve.send("/delete 3") == ["* mallory deleted their own message 3."]
    assert bot.events()[-1] == {
        "event": "deleted",
        "room": "#tea",
        "number": 3,
        "from": "eve",
        "by": "mallory",
        "own": True,
    }


def test_a_deleted_line_is_not_mentioned_to_those_who_may_not_read_it(chat: Chat) -> None:
    ann = founder(chat)
    ann.send("/set history joined", "old")
    bob = guest(chat, "bob")
    bob.send("/join #tea")
    assert bob.send("/delete 1") == [
        "* There is no message 1 in #tea. To see the numbers: /history"
    ]
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
    assert ann.send("/bans") == ["* No bans or mutes in #tea."]
    rules = ann.send("/room")
    assert rules[0] == "* Rules of #tea. Founder: ann."
    assert all(" off " in rule for rule in rules if rule.startswith(("*   slow", "*   password")))
    assert ann.send("/history") == [f"    1 {NOW} <eve> hello"]
    assert op.send("/reports") == ["* No open reports."]
    assert "* Welcome, carol." in chat.connect("192.0.2.3").send("carol")[1]
    assert ann.send("/audit") == ["* No moderation actions yet."]


def test_a_report_that_cannot_be_resolved_stays() -> None:
    archive = MoodyArchive()
    chat = Chat(archive)
    op = operator(chat)
    guest(chat, "bob").send("/report op rude")
    archive.fails = True
    assert op.send("/resolve 1")[-1] == "* The disk is full."
    archive.fails = False
    assert op.send("/resolve 1") == ["* Report 1 about op closed."]


def test_help_shows_people_what_they_may_do(chat: Chat) -> None:
    op, bob = operator(chat), guest(chat, "bob")
    ann = founder(chat)

    def listed(lines: list[str]) -> set[str]:
        return {word.strip(",") for line in lines for word in line.split() if word[0] == "/"}

    for_moderators = {"/kick", "/ban", "/unban", "/mute", "/unmute", "/howtoban"}
    for_moderators |= {"/audit", "/set", "/op", "/deop", "/voice", "/devoice", "/transfer"}
    for_operators = {"/lockdown", "/announce", "/reports", "/resolve"}
    guests, moderators = listed(bob.send("/help")), listed(ann.send("/help"))
    assert {"/report", "/delete", "/room", "/bans", "/invite"} <= guests
    assert guests.isdisjoint(for_moderators | for_operators)
    assert moderators >= for_moderators
    assert moderators.isdisjoint(for_operators)
    assert listed(op.send("/help")) >= for_moderators | for_operators
    assert listed(ann.send("/room #lobby", "/help")).isdisjoint(for_moderators)
