"""Moderation and room rules, as programs see them."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Chat, Person
from staff import SECRET, guest, program, refusal

TIME = "1970-01-01T00:00:00.000Z"


def founding(chat: Chat) -> Person:
    """Return a registered program that has founded #tea."""
    bot = chat.program("bot")
    bot.ask(do="register", password=SECRET)
    bot.ask(do="join", room="#tea")
    return bot


def ruling(chat: Chat) -> Person:
    """Return a program that is an operator, and in #lobby."""
    bot = program(chat, "boss", "#lobby")
    bot.ask(do="register", password=SECRET)
    chat.hub.login.claim_code = "code-of-the-log"
    bot.ask(do="claim", code="code-of-the-log")
    return bot


def test_kick(chat: Chat) -> None:
    bot, eve, bob = founding(chat), program(chat, "eve"), program(chat, "bob")
    bot.events()
    removed = {"event": "removed", "room": "#tea", "name": "eve", "by": "bot", "reason": "loud"}
    assert bot.ask(do="kick", room="#tea", name="eve", reason="loud", tag="1") == [
        {**removed, "tag": "1"}
    ]
    assert eve.events()[-1] == {**removed, "own": True}
    assert bob.events() == [removed]
    assert refusal(bot, do="kick", room="#tea", name="eve")[0] == "absent"
    assert refusal(bob, do="kick", room="#tea", name="bot")[0] == "not-allowed"
    assert refusal(bot, do="kick", room="#other", name="bob")[0] == "no-such-room"


def test_a_kicked_program_may_come_back_unless_the_room_is_for_the_invited(chat: Chat) -> None:
    bot, eve = founding(chat), program(chat, "eve")
    bot.ask(do="kick", room="#tea", name="eve")
    assert eve.ask(do="join", room="#tea")[-1]["event"] == "entered"
    bot.ask(do="set", room="#tea", rule="invite-only", value="on")
    bot.ask(do="kick", room="#tea", name="eve")
    assert refusal(eve, do="join", room="#tea")[0] == "invite-only"


def test_ban_and_unban(chat: Chat) -> None:
    bot, eve = founding(chat), program(chat, "eve")
    bot.events()
    (banned,) = bot.ask(do="ban", room="#tea", who="eve", duration=3600, reason="spam")
    assert banned == {
        "event": "banned",
        "who": "eve",
        "room": "#tea",
        "by": "bot",
        "reason": "spam",
        "time": TIME,
        "until": "1970-01-01T01:00:00.000Z",
        "means": ["connection", "name"],
        "hit": ["eve"],
    }
    assert refusal(eve, do="join", room="#tea") == (
        "banned",
        "You are banned in #tea: spam. You can join again in 1 h.",
    )
    (bans,) = bot.ask(do="bans", room="#tea")
    assert [(ban["who"], ban["by"]) for ban in bans["bans"]] == [("eve", "bot")]
    (unbanned,) = bot.ask(do="unban", room="#tea", who="eve")
    expected = {"event": "unbanned", "who": "eve", "room": "#tea", "by": "bot", "lifted": ["eve"]}
    assert unbanned == expected
    assert refusal(bot, do="unban", room="#tea", who="eve")[0] == "no-such-person"
    assert eve.ask(do="join", room="#tea")[0]["event"] == "entered"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"who": "nobody"}, "no-such-person"),
        ({"who": ""}, "usage"),
        ({"who": "ip=300.0.0.1"}, "bad-address"),
        ({"who": "ip=0.0.0.0/0"}, "bad-address"),
        ({"who": "eve", "duration": "soon"}, "bad-duration"),
        ({"who": "eve", "duration": "99999d"}, "bad-duration"),
        ({"who": "eve", "duration": -1}, "bad-argument"),
        ({"who": "eve", "duration": []}, "bad-argument"),
        ({"who": "eve", "reason": "x" * 401}, "too-long"),
        ({"who": "eve " + "x" * 400}, "too-long"),
        ({"who": "eve", "here": "yes"}, "bad-argument"),
        ({}, "usage"),
    ],
)
def test_what_is_no_ban_is_refused(chat: Chat, request_: dict[str, Any], code: str) -> None:
    bot = founding(chat)
    program(chat, "eve")
    bot.events()
    for do in ("ban", "mute"):
        assert refusal(bot, do=do, **request_)[0] == code
    (bans,) = bot.ask(do="bans")
    assert bans == {"event": "bans", "room": "#tea", "bans": []}


def test_mute_and_unmute(chat: Chat) -> None:
    bot, eve = founding(chat), program(chat, "eve")
    bot.events()
    (muted,) = bot.ask(do="mute", who="eve", duration="10m", quietly=True)
    assert (muted["mute"], muted["quietly"], muted["hit"]) == (True, True, ["eve"])
    (own,) = eve.ask(do="say", room="#tea", text="hi", tag="1")
    assert (own["event"], own["number"], own["tag"]) == ("said", 1, "1")
    assert bot.events() == []
    bot.ask(do="unmute", who="eve")
    bot.ask(do="mute", who="eve", duration="10m")
    told = eve.events()[-1]
    assert (told["event"], told["own"], told["until"]) == (
        "banned",
        True,
        "1970-01-01T00:10:00.000Z",
    )
    assert refusal(eve, do="say", room="#tea", text="hi")[0] == "muted"
    bot.ask(do="unmute", who="eve")
    assert eve.events()[-1] == {
        "event": "unbanned",
        "who": "eve",
        "room": "#tea",
        "by": "bot",
        "mute": True,
        "own": True,
    }
    assert refusal(eve, do="mute", room="#tea", who="bot")[0] == "not-allowed"
    assert refusal(eve, do="unmute", room="#tea", who="eve")[0] == "not-allowed"
    (bans,) = eve.ask(do="bans", room="#tea")
    assert (bans["event"], bans["bans"]) == ("bans", [])


def test_an_operator_acts_on_the_whole_server_or_here(chat: Chat) -> None:
    boss, eve = ruling(chat), program(chat, "eve", "#lobby")
    bob = guest(chat, "bob", "192.0.2.5")
    boss.events()
    assert boss.ask(do="kick", name="eve", here=True)[-1]["room"] == "#lobby"
    assert not eve.closed
    assert "room" not in boss.ask(do="ban", who="ip=192.0.2.5", duration="forever")[-1]
    assert bob.closed
    (bans,) = boss.ask(do="bans")
    assert bans["bans"][0]["addresses"] == ["192.0.2.5"]
    assert boss.ask(do="bans", here=True)[0]["bans"] == []


def test_howtoban(chat: Chat) -> None:
    boss, eve = ruling(chat), guest(chat, "eve", "192.0.2.9")
    assert boss.ask(do="howtoban", name="eve")[-1]["ways"][1] == {
        "who": "ip=192.0.2.9",
        "also": [],
    }
    bot = founding(chat)
    eve.send("/join #tea")
    bot.events()
    ways = bot.ask(do="howtoban", name="eve")[0]["ways"]
    assert [way["who"] for way in ways] == ["name=eve", "address", "network"]
    assert refusal(bot, do="howtoban", name="nobody")[0] == "no-such-person"
    assert refusal(program(chat, "carol"), do="howtoban", name="bot")[0] == "not-allowed"


def test_delete(chat: Chat) -> None:
    bot, eve = founding(chat), program(chat, "eve")
    eve.ask(do="say", room="#tea", text="secret")
    bot.events()
    bob = program(chat, "bob")
    assert refusal(bob, do="delete", room="#tea", number=1)[0] == "not-allowed"
    assert refusal(bob, do="delete", room="#tea", number=9)[0] == "no-such-line"
    assert refusal(bob, do="delete", room="#tea", number="x")[0] == "bad-argument"
    bot.events()
    deleted = {"event": "deleted", "room": "#tea", "number": 1, "from": "eve", "by": "bot"}
    assert bot.ask(do="delete", room="#tea", number=1) == [deleted]
    assert bob.events() == [deleted]
    shown = program(chat, "late").ask(do="history", room="#tea")[0]["lines"][0]
    assert (shown["text"], shown["size"], shown["deleted"]) == ("", 0, "bot")


def test_lockdown_announce_audit_and_reports(chat: Chat) -> None:
    boss, bob = ruling(chat), program(chat, "bob", "#lobby")
    boss.events()
    assert boss.ask(do="lockdown", switch="on") == [{"event": "lockdown", "on": True, "by": "boss"}]
    assert bob.events() == [{"event": "lockdown", "on": True, "by": "boss"}]
    (refused,) = chat.connect().ask(do="hello", name="carol")
    assert (refused["event"], refused["code"]) == ("refused", "lockdown")
    assert refusal(boss, do="lockdown", switch="")[0] == "usage"
    assert boss.ask(do="announce", text="hi")[0]["event"] == "announced"
    assert bob.events()[0]["text"] == "hi"
    (thanks,) = bob.ask(do="report", name="boss", reason="rude")
    assert (thanks["own"], thanks["number"]) == (True, 1)
    told = {key: value for key, value in thanks.items() if key != "own"}
    assert boss.events() == [told]
    assert boss.ask(do="reports")[0]["reports"] == [
        {key: value for key, value in told.items() if key != "event"}
    ]
    assert boss.ask(do="resolve", number=1)[0]["event"] == "notice"
    (audit,) = boss.ask(do="audit", n=2)
    assert audit["acts"] == [
        {"time": TIME, "by": "boss", "what": "announced: hi"},
        {"time": TIME, "by": "boss", "what": "resolved report 1 about boss"},
    ]
    for do in ("lockdown", "announce", "audit", "reports", "resolve"):
        request = {"switch": "on", "text": "x", "number": 1, "do": do}
        assert refusal(bob, **request)[0] == "not-allowed"
    assert refusal(bob, do="report", name="nobody", reason="x")[0] == "no-such-person"
    assert refusal(bob, do="report", name="boss")[0] == "usage"


def test_rules_and_roles(chat: Chat) -> None:
    bot, eve = founding(chat), program(chat, "eve")
    bot.events()
    rule = {"event": "rule", "room": "#tea", "name": "slow", "value": "10 s", "by": "bot"}
    assert bot.ask(do="set", room="#tea", rule="slow", value="10s") == [rule]
    assert eve.events() == [rule]
    (rules,) = eve.ask(do="room")
    assert (rules["event"], rules["founder"]) == ("rules", "bot")
    assert {"name": "slow", "value": "10 s"}.items() <= next(
        one for one in rules["rules"] if one["name"] == "slow"
    ).items()
    assert refusal(eve, do="set", room="#tea", rule="slow", value="off")[0] == "not-allowed"
    assert refusal(bot, do="set", room="#tea", rule="speed", value="x")[0] == "bad-rule"
    assert refusal(bot, do="set", room="#tea", rule="slow", value="x")[0] == "bad-duration"
    role = {"event": "role", "room": "#tea", "name": "eve", "by": "bot"}
    voiced, before = {**role, "role": "voiced", "before": "guest"}, {"before": "voiced"}
    assert bot.ask(do="voice", room="#tea", name="eve") == [voiced]
    assert eve.events() == [voiced]
    assert bot.ask(do="devoice", room="#tea", name="eve") == [{**role, "role": "member", **before}]
    assert refusal(bot, do="deop", room="#tea", name="eve")[0] == "known"
    assert refusal(bot, do="transfer", room="#tea", name="eve")[0] == "not-registered"
    assert bot.ask(do="op", room="#tea", name="eve")[0]["role"] == "moderator"
    eve.ask(do="register", password=SECRET)
    assert refusal(bot, do="op", room="#tea", name="eve")[0] == "known"
    assert refusal(eve, do="transfer", room="#tea", name="eve")[0] == "not-allowed"
    assert bot.ask(do="transfer", room="#tea", name="eve")[0]["role"] == "founder"
    assert refusal(bot, do="deop", room="#tea", name="eve")[0] == "not-allowed"
    for do in ("op", "deop", "voice", "devoice", "transfer"):
        assert refusal(eve, do=do, room="#tea", name="nobody")[0] == "no-such-person"
        assert refusal(program(chat, f"x-{do}"), do=do, name="eve")[0] == "not-allowed"


def test_invite(chat: Chat) -> None:
    bot, eve = founding(chat), chat.program("eve")
    bot.ask(do="set", room="#tea", rule="invite_only", value="on")
    assert refusal(eve, do="join", room="#tea")[0] == "invite-only"
    invited = {"event": "invited", "room": "#tea", "name": "eve", "by": "bot"}
    assert bot.ask(do="invite", room="#tea", name="eve") == [{**invited, "own": True}]
    assert eve.events() == [invited]
    eve.ask(do="nick", name="mallory")
    chat.program("eve")
    assert refusal(program(chat, "x", "#lobby"), do="join", room="#tea")[0] == "invite-only"
    assert eve.ask(do="join", room="#tea")[0]["event"] == "entered"
    assert refusal(bot, do="invite", room="#tea", name="mallory") == (
        "known",
        "mallory is already in #tea.",
    )
