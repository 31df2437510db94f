"""A room's rules, as telnet users see them: who may join, who may talk, what newcomers may read."""

from __future__ import annotations

import pytest
from conftest import Chat, Worker, start
from staff import (
    NOW,
    SECRET,
    MoodyArchive,
    back,
    everybody_reads,
    founder,
    guest,
    member,
    operator,
    program,
    refusal,
    restarted,
)

from chatsvc.core.chat import Room
from chatsvc.model.rate_limits import Limits
from chatsvc.model.records import RoomRules
from chatsvc.policy import permissions
from chatsvc.policy.room_rules import KINDS


def test_rules_are_shown_to_everybody_and_changed_by_moderators(chat: Chat) -> None:
    bob = guest(chat, "bob")
    ann = founder(chat, "ann", bob)
    assert ann.send("/set slow 1m30s") == ["* ann set slow in #tea: 90 s"]
    assert bob.read() == ["* ann set slow in #tea: 90 s"]
    shown = bob.send("/room")
    assert shown[0] == "* Rules of #tea. Founder: ann."
    assert len(shown) == 1 + len(KINDS)
    assert "*   slow             90 s " in "\n".join(shown)
    assert max(map(len, shown)) < 80
    assert ann.send("/set") == shown
    assert bob.send("/set slow off") == ["* Only moderators of #tea can do that."]
    assert ann.send("/set topic tea at 5") == ["* ann set the topic: tea at 5"]


@pytest.mark.parametrize(
    ("rule", "answer"),
    [
        ("speed 5", "There is no rule speed. Rules: description, password, "),
        ("slow soon", "slow must be a duration such as 10s, or off."),
        ("slow 5", "slow must be a duration such as 10s, or off."),
        ("slow forever", "slow must be a duration such as 10s, or off."),
        ("slow 3651d", "slow must be a duration such as 10s, or off."),
        ("keep 5", "A duration needs a unit: s, m, h, d or w, such as 30m."),
        ("hidden maybe", "hidden must be on or off."),
        ("limit 0", "limit must be a number from 1 to 99999, or off."),
        ("limit 0000000001000000", "limit must be a number from 1 to 99999, or off."),
        ("history some", "history must be all, joined (since the user joined) or none."),
        (f"description {'x' * 401}", "That is too long. Use at most 400 characters."),
        (f"refuse {' '.join(map(str, range(101)))}", "refuse accepts at most 100 words."),
        (f"mask {'x' * 1001}", "mask accepts at most 100 words."),
    ],
)
def test_what_is_no_rule_is_refused(chat: Chat, rule: str, answer: str) -> None:
    (refused,) = founder(chat).send(f"/set {rule}")
    assert refused.startswith(f"* {answer}")


def test_rules_hold_after_a_restart_and_in_an_empty_room(chat: Chat) -> None:
    ann = founder(chat)
    ann.send(
        "/set registered-only on", "/set description a \x1b[31mquiet\x07 place", "/set slow 5s"
    )
    ann.send("/leave #tea")
    chat = restarted(chat)
    assert guest(chat, "eve").send("/join #tea") == [
        "* Only registered users can join #tea. To register: /register password"
    ]
    bob = member(chat, "bob")
    bob.send("/join #tea")
    rules = "\n".join(bob.send("/room"))
    assert "*   description      a quiet place" in rules
    assert "*   slow             5 s " in rules


def test_a_room_without_rules_founder_and_lines_vanishes_when_it_is_empty(chat: Chat) -> None:
    bob = guest(chat, "bob")
    bob.send("/join #soap", "/leave #soap")
    assert "#soap" not in "\n".join(bob.send("/rooms"))
    founder(chat, "ann", room="#soap").send("/set slow 5s", "/leave #soap")
    assert "#soap" in "\n".join(bob.send("/rooms"))


def test_rules_that_say_nothing_are_not_kept(chat: Chat) -> None:
    ann = founder(chat)
    ann.send("/set slow 5s", "/set password tea", "/set refuse damn")
    assert len(chat.archive.records(RoomRules)) == 1
    ann.send("/set slow off", "/set password off", "/set refuse off")
    assert chat.archive.records(RoomRules) == []


def test_two_who_change_rules_at_once_change_both() -> None:
    archive = MoodyArchive()
    chat = Chat(archive)
    bob = member(chat, "bob")
    ann = founder(chat, "ann", bob)
    ann.send("/op bob", "/set hidden on")
    archive.worker = Worker()
    ann.send("/set slow 5s"), bob.send("/set limit 9")
    ann.send("/set hidden off"), bob.send("/transfer bob")
    archive.worker.work()
    archive.worker = None
    assert archive.records(RoomRules) == [RoomRules("#tea", slow=5.0, most=9)]


def test_a_password_is_not_set_in_a_room_that_has_gone_meanwhile() -> None:
    worker = Worker()
    chat = Chat(hasher=worker)
    op, eve = guest(chat, "op"), guest(chat, "eve")
    op.send(f"/register {SECRET}"), worker.work()
    chat.hub.login.claim_code = "code"
    eve.send("/join #tea"), op.send("/claim code", "/join #tea"), eve.send("/leave #tea")
    second = back(chat, "op")
    worker.work()
    op.send("/set password hush")
    second.send("/leave #tea")
    worker.work()
    assert op.read()[-1] == "* #tea no longer exists. To create it again: /join #tea"
    assert chat.archive.records(RoomRules) == []


def test_a_password_is_not_set_by_who_is_no_moderator_any_more() -> None:
    worker = Worker()
    chat = Chat(hasher=worker)
    ann, bob = guest(chat, "ann"), guest(chat, "bob")
    ann.send(f"/register {SECRET}"), worker.work(), ann.send("/join #tea")
    bob.send(f"/register {SECRET}"), worker.work(), bob.send("/join #tea")
    ann.send("/op bob"), bob.send("/set password hush"), ann.send("/deop bob")
    worker.work()
    assert bob.read()[-1] == "* Only moderators of #tea can do that."
    assert "*   password         off " in "\n".join(ann.send("/room"))


def test_a_room_without_rules_costs_no_charter(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = guest(chat, "bob")
    founder(chat, "ann", bob)
    (session,) = chat.hub.directory.users["bob"].sessions
    room = chat.hub.directory.rooms["#tea"]
    monkeypatch.delattr(Room, "rules")
    permissions.check_topic(session.person, room, 0.0)
    assert permissions.may_see(session.person, room)
    assert not permissions.needs_password(session.person, room)
    assert permissions.floor(session, room) == 0


def test_an_invite_only_room_lets_in_members_and_the_invited(chat: Chat) -> None:
    bob, eve = guest(chat, "bob"), guest(chat, "eve")
    carol = member(chat, "carol")
    ann = founder(chat, "ann", carol)
    ann.send("/set invite-only on")
    refused = ["* #tea is invite-only. Ask a moderator for an invitation."]
    assert bob.send("/join #tea") == refused
    assert carol.send("/invite bob") == ["* Only moderators can invite people to #tea."]
    assert ann.send("/invite bob") == ["* bob can now join #tea."]
    assert bob.read() == ["* ann invited you to #tea. To join: /join #tea"]
    assert bob.send("/join #tea")[0].startswith("* You are in #tea")
    assert eve.send("/join #tea") == refused
    carol.send("/leave #tea")
    assert carol.send("/join #tea")[0].startswith("* You are in #tea")
    ann.send("/kick carol")
    carol.read()
    assert carol.send("/join #tea") == refused
    carol.hang_up()
    assert ann.send("/invite carol") == ["* carol can now join #tea."]
    carol = back(restarted(chat), "carol")
    assert carol.send("/join #tea")[0].startswith("* You are in #tea")


def test_somebody_who_is_muted_invites_nobody(chat: Chat) -> None:
    bob, eve = guest(chat, "bob"), member(chat, "eve")
    ann = founder(chat, "ann", eve)
    ann.send("/mute eve")
    assert eve.send("/invite bob")[-1] == "* You are muted in #tea."
    ann.send("/unmute eve", "/mute --quietly eve")
    assert eve.send("/invite bob")[-1] == "* bob can now join #tea."
    assert [line for line in bob.read() if "invites" in line] == []


def test_a_room_s_password_is_asked_of_newcomers_only() -> None:
    chat = Chat(limits=Limits(flood=None, per_address=0, arrivals=0, attempts=3))
    carol, bob = member(chat, "carol"), guest(chat, "bob")
    ann = founder(chat, "ann", carol)
    assert ann.send("/set password earl grey") == ["* ann set password in #tea: set"]
    assert carol.read() == ["* ann set password in #tea: set"]
    assert bob.send("/join #tea") == ["* #tea requires a password: /join #tea password"]
    assert bob.send("/join #tea earl grey")[0].startswith("* You are in #tea")
    carol.send("/leave #tea")
    assert carol.send("/join #tea") == ["* #tea requires a password: /join #tea password"]
    ann.send("/invite carol")
    assert carol.send("/join #tea")[-1].startswith("* You are in #tea")
    eve = guest(chat, "eve")
    for _ in range(3):
        assert eve.send("/join #tea wrong")[0].startswith("* Wrong password for #tea.")
    assert eve.send("/join #tea earl grey")[0].startswith("* Too many wrong passwords.")


def test_a_limit_keeps_further_people_out(chat: Chat) -> None:
    bob, eve, op = guest(chat, "bob"), guest(chat, "eve"), operator(chat)
    ann = founder(chat, "ann", bob)
    ann.send("/set limit 2")
    assert eve.send("/join #tea") == ["* #tea is full (limit: 2). Try again later."]
    assert op.send("/join #tea")[0].startswith("* You are in #tea")
    op.send("/leave"), bob.send("/leave #tea")
    assert eve.send("/join #tea")[0].startswith("* You are in #tea")


def test_in_a_moderated_room_those_talk_who_have_a_voice(chat: Chat) -> None:
    bob, carol = guest(chat, "bob"), member(chat, "carol")
    ann = founder(chat, "ann", bob, carol)
    ann.send("/set moderated on")
    everybody_reads(bob, carol)
    refused = ["* Only users with voice can talk in #tea. Ask a moderator."]
    for person in (bob, carol):
        for line in ("hello", "/me waves", "/topic mine"):
            assert person.send(line) == refused
    assert ann.send("/voice bob", "/voice carol") == [
        "* ann gave bob a voice in #tea.",
        "* ann gave carol a voice in #tea.",
    ]
    bob.send("/nick rob")
    bob.send("hello"), carol.send("hello")
    assert [line[-11:] for line in ann.send("/history")] == ["<rob> hello", "arol> hello"]
    assert ann.send("/voice carol") == ["* carol is already a voiced user of #tea."]
    ann.send("/devoice rob", "/devoice carol")
    everybody_reads(bob, carol)
    assert bob.send("hello") == carol.send("hello") == refused
    assert ann.send("/devoice rob") == ["* rob is not a voiced user of #tea. To see roles: /room"]
    ann.send("/op carol")
    carol.read()
    assert carol.send("hello") == []


def test_a_hidden_room_is_seen_by_those_who_belong_to_it(chat: Chat) -> None:
    eve, bob, op = guest(chat, "eve"), member(chat, "bob"), operator(chat)
    ann = founder(chat, "ann", bob)
    ann.send("/set hidden on")
    for command in ("/rooms", "/whois ann"):
        assert "#tea" not in "\n".join(eve.send(command))
        assert "#tea" in "\n".join(bob.send(command))
        assert "#tea" in "\n".join(op.send(command))
    assert eve.send("/who #tea") == eve_finds_nothing("#tea")
    assert eve.send("/who #none") == eve_finds_nothing("#none")
    ann.send("/leave")
    assert "#tea" in "\n".join(ann.send("/rooms"))


def eve_finds_nothing(room: str) -> list[str]:
    return [f"* There is no room {room}. To list rooms: /rooms"]


def test_slow_mode_lets_one_wait_between_two_lines(chat: Chat) -> None:
    bob = guest(chat, "bob")
    ann = founder(chat, "ann", bob)
    ann.send("/set slow 10s")
    bob.read()
    assert bob.send("one") == []
    chat.clock.advance(4)
    refused = ["* Not sent: #tea is in slow mode. Try again in 6 s."]
    assert bob.send("two") == refused
    assert bob.send("/me waves") == refused
    ann.send("four", "five")
    chat.clock.advance(6)
    bob.send("six")
    assert [line.split()[-1] for line in ann.send("/history")] == ["one", "four", "five", "six"]


@pytest.mark.parametrize("rule", ["joined", "none"])
def test_newcomers_read_nothing_from_before_they_came(chat: Chat, rule: str) -> None:
    ann = founder(chat)
    ann.send(f"/set history {rule}", "old")
    bob, carol = guest(chat, "bob"), member(chat, "carol")
    for person in (bob, carol):
        assert len(person.send("/join #tea")) == 1
        assert person.send("/history 50") == ["* No earlier messages in #tea."]
    ann.send("new")
    for person in (bob, carol):
        person.send("/leave", "/join #tea")
        assert "old" not in "\n".join(person.send("/history 50"))
    bot = program(chat, "bot")
    assert [event["event"] for event in bot.ask(do="leave", room="#tea")] == ["exited"]
    assert len(bot.ask(do="join", room="#tea", after=0)) == 1
    assert bot.ask(do="history", room="#tea", before=2)[0]["lines"] == []
    assert refusal(bot, do="delete", room="#tea", number=1)[0] == "no-such-line"
    assert "old" in "\n".join(ann.send("/history"))


def test_an_account_reads_what_was_said_since_it_joined_also_while_it_was_away(chat: Chat) -> None:
    ann = founder(chat)
    ann.send("/set history joined", "old")
    carol = member(chat, "carol")
    carol.send("/join #tea", "/leave #lobby")
    carol.hang_up()
    ann.send("new")
    carol = back(restarted(chat), "carol")
    assert carol.read()[-1] == f"{NOW} <ann> new"
    assert carol.send("/history") == [f"    2 {NOW} <ann> new"]


def test_those_who_are_forgotten_read_nothing_from_before(chat: Chat) -> None:
    ann, bob = founder(chat), guest(chat, "bob")
    ann.send("/set history none", "old")
    bob.send("/join #tea")
    chat.hub.directory.rooms["#tea"].floors.clear()
    assert bob.send("/history") == ["* No earlier messages in #tea."]


def test_whoever_is_inside_when_history_is_closed_reads_what_comes_then(chat: Chat) -> None:
    bob = guest(chat, "bob")
    ann = founder(chat, "ann", bob)
    ann.send("old", "/set history none", "new")
    assert bob.send("/history") == [f"    2 {NOW} <ann> new"]


def test_lines_are_kept_as_long_as_the_rule_says(chat: Chat) -> None:
    ann, bob = founder(chat), guest(chat, "bob")
    ann.send("/set keep 1h", "old")
    chat.clock.advance(1800)
    ann.send("new")
    chat.clock.advance(1801)
    start(chat.hub.maintenance.tidy_up())
    assert [line.split()[-1] for line in bob.send("/join #tea")[1:]] == ["new"]
    ann.send("/set keep off")
    chat.clock.advance(10**7)
    start(chat.hub.maintenance.tidy_up())
    assert [line.split()[-1] for line in ann.send("/history")] == ["new"]


def test_unwanted_words_are_refused_or_masked(chat: Chat) -> None:
    bob = guest(chat, "bob")
    ann = founder(chat, "ann", bob)
    ann.send("/set refuse spam", "/set mask damn")
    bob.read()
    assert bob.send("Spam!") == ['* Not sent: "Spam" is not allowed in #tea.']
    bob.send("/me says damn")
    assert ann.read() == [f"{NOW} * bob says ****"]
    assert bob.send("/history") == [f"    1 {NOW} * bob says ****"]
