"""PRIVMSG, NOTICE, TAGMSG and STATUSMSG, between IRC clients and with other users."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from conftest import Chat
from ircpeople import irc
from staff import SECRET, founder, member

from chatsvc.model.rate_limits import UNLIMITED, Rate


def test_a_notice_stays_one_and_is_kept_as_one(chat: Chat) -> None:
    bot, ann, bob = irc(chat, "bot"), irc(chat, "ann", "echo-message"), chat.join("bob")
    bot.send("JOIN #lobby"), ann.send("JOIN #lobby")
    bob.read()
    bot.send("NOTICE #lobby :build 7 is green")
    assert ann.read() == [":bot!~bot@people-bot NOTICE #lobby :build 7 is green"]
    assert bob.read() == ["[1970-01-01 00:00] -bot- build 7 is green"]
    assert (
        bob.send("/history 1")
        == [
            "* Earlier in #lobby:",
            "*      1  [1970-01-01 00:00] -bot- build 7 is green",
        ]
        or "-bot- build 7 is green" in bob.send("/history 1")[-1]
    )
    late = chat.program("carol")
    (*_, said) = late.ask(do="join", room="#lobby")
    assert (said["text"], said["notice"]) == ("build 7 is green", True)
    assert ann.send("NOTICE bot :thanks") == [":ann!~ann@people-ann NOTICE bot :thanks"]
    assert bot.read()[-1] == ":ann!~ann@people-ann NOTICE bot :thanks"


def test_a_notice_between_accounts_is_one_too(chat: Chat) -> None:
    ann, bob = member(chat, "ann"), member(chat, "bob")
    bob.hang_up(), ann.hang_up()
    clients = []
    for name in ("ann", "bob"):
        client = chat.connect()
        client.send(f"PASS {SECRET}", f"NICK {name}", f"USER {name} 0 * :x")
        clients.append(client)
    clients[0].send("NOTICE bob :done")
    assert clients[1].read() == [":ann!~ann@people-ann NOTICE bob :done"]


def test_no_notice_is_answered(chat: Chat) -> None:
    ann = irc(chat, "ann")
    assert ann.send("NOTICE #nowhere :x", "NOTICE nobody :x") == []
    assert ann.send("PRIVMSG nobody :x")[0].startswith(":irc.chatsvc 401 ann nobody ")


def test_several_are_told_at_once_but_not_many(chat: Chat) -> None:
    ann, bob, carol = (irc(chat, name) for name in ("ann", "bob", "carol"))
    ann.send("PRIVMSG bob,carol :hello you two")
    assert bob.read() == [":ann!~ann@people-ann PRIVMSG bob :hello you two"]
    assert carol.read() == [":ann!~ann@people-ann PRIVMSG carol :hello you two"]
    assert ann.send("PRIVMSG bob,carol,#a :x")[-1].startswith(":irc.chatsvc 403 ann #a ")
    assert ann.send("PRIVMSG a,b,c,d,e :x") == [
        ":irc.chatsvc 407 ann a,b,c,d,e :Not sent: at most 4 targets at once"
    ]


def test_the_moderators_of_a_room_are_told_alone(chat: Chat) -> None:
    ann, eve = founder(chat, "ann"), irc(chat, "eve", "echo-message")
    member(chat, "bob").hang_up()
    bob = chat.connect()
    bob.send(f"PASS {SECRET}", "NICK bob", "USER b 0 * :b", "JOIN #tea")
    carol = chat.join("carol")
    carol.send("/join #tea"), eve.send("JOIN #tea"), ann.send("/op bob")
    for each in (ann, bob, carol, eve):
        each.read()
    assert eve.send("PRIVMSG @#tea :carol is loud") == [
        ":eve!~eve@people-eve PRIVMSG @#tea :carol is loud"
    ]
    assert bob.read() == [":eve!~eve@people-eve PRIVMSG @#tea :carol is loud"]
    assert ann.read() == ["* eve whispers to the moderators of #tea: carol is loud"]
    assert carol.read() == []
    assert ann.send("/mods I know") == ["* to @#tea: I know"]
    assert bob.read() == [":ann!~ann@people-ann PRIVMSG @#tea :I know"]
    ann.send("/mute eve")
    eve.read()
    assert eve.send("PRIVMSG @#tea :x")[0].startswith(":irc.chatsvc 404 eve @#tea ") or eve


def test_who_is_typing_is_shown_to_clients_that_know_it_and_not_kept(chat: Chat) -> None:
    ann, bob = irc(chat, "ann", "message-tags"), irc(chat, "bob")
    program, telnet = chat.program("carol"), chat.join("dave")
    ann.send("JOIN #lobby"), bob.send("JOIN #lobby"), program.ask(do="join", room="#lobby")
    for each in (ann, bob, telnet):
        each.read()
    assert ann.send("@+typing=active;x=y TAGMSG #lobby") == []
    (event,) = program.events()
    assert event == {
        "event": "signal", "from": "ann", "to": "#lobby", "signs": {"typing": "active"},
        "id": 1000000000005, "time": "1970-01-01T00:00:00.000Z",
    }  # fmt: skip
    assert bob.read() == telnet.read() == []
    (own,) = program.ask(do="signal", signs={"typing": "done"}, room="#lobby")
    assert own["own"]
    assert ann.read() == [
        "@msgid=~1000000000006;+typing=done :carol!~carol@people-carol TAGMSG #lobby"
    ]
    program.ask(do="signal", signs={"draft/react": "👍"}, name="ann")
    assert ann.read() == [
        "@msgid=~1000000000007;+draft/react=👍 :carol!~carol@people-carol TAGMSG ann"
    ]
    assert chat.hub.directory.rooms["#lobby"].last == 0
    assert bob.send("@+typing=active TAGMSG #lobby") == []
    assert ann.read() == []
    (refused,) = program.ask(do="signal", signs={"typing": 1}, room="#lobby")
    assert refused["code"] == "bad-argument"


def test_one_s_own_signals_are_echoed_to_those_who_want_it(chat: Chat) -> None:
    ann = irc(chat, "ann", "message-tags", "echo-message")
    ann.send("JOIN #lobby")
    assert ann.send("@+typing=active TAGMSG #lobby") == [
        "@msgid=~1000000000002;+typing=active :ann!~ann@people-ann TAGMSG #lobby"
    ]


def test_who_is_muted_or_ignored_shows_nothing(chat: Chat) -> None:
    ann, bob = founder(chat, "ann"), irc(chat, "bob", "message-tags")
    eve = irc(chat, "eve", "message-tags")
    bob.send("JOIN #tea"), eve.send("JOIN #tea")
    bob.send("IGNORE eve")
    bob.read()
    eve.send("@+typing=active TAGMSG #tea")
    assert bob.read() == []
    bob.send("UNIGNORE eve"), ann.send("/mute eve")
    bob.read()
    eve.send("@+typing=active TAGMSG #tea")
    assert bob.read() == []


def test_ctcp_is_between_clients_and_not_kept(chat: Chat) -> None:
    ann, bob, carol = irc(chat, "ann"), irc(chat, "bob"), chat.join("carol")
    assert ann.send("PRIVMSG bob :\x01VERSION\x01") == []
    assert bob.read() == [":ann!~ann@people-ann PRIVMSG bob :\x01VERSION\x01"]
    bob.send("NOTICE ann :\x01VERSION irssi 1.4\x01", "NOTICE nobody :\x01VERSION x\x01")
    assert ann.read() == [":bob!~bob@people-bob NOTICE ann :\x01VERSION irssi 1.4\x01"]
    ann.send("JOIN #lobby"), bob.send("JOIN #lobby")
    bob.read(), carol.read()
    ann.send("PRIVMSG #lobby :\x01PING 1\x01", "PRIVMSG #lobby :\x01ACTION waves\x01")
    assert bob.read()[0] == ":ann!~ann@people-ann PRIVMSG #lobby :\x01PING 1\x01"
    assert carol.read() == ["[1970-01-01 00:00] * ann waves"]
    assert chat.hub.directory.rooms["#lobby"].last == 1
    assert ann.send("PRIVMSG nobody :\x01PING 1\x01")[0].startswith(":irc.chatsvc 401 ann nobody ")


def test_users_of_other_dialects_read_once_that_somebody_is_away(chat: Chat) -> None:
    bob, carol = chat.join("bob"), chat.join("carol")
    bob.send("/away lunch")
    assert carol.send("/msg bob hi") == ["* bob is away: lunch", "* to bob: hi"]
    assert carol.send("/msg bob hi") == ["* to bob: hi"]
    bob.send("/away tea")
    assert carol.send("/msg bob hi") == ["* bob is away: tea", "* to bob: hi"]


def test_what_is_said_to_several_at_once_comes_in_order_and_at_the_pace() -> None:
    chat = Chat(limits=replace(UNLIMITED, flood=Rate(3, 1.0)))
    ann = irc(chat, "ann", "echo-message")
    ann.send("JOIN #a,#b")
    chat.clock.advance(9)
    assert len(ann.send("PRIVMSG #a,#b :1")) == 2
    ann.send("PRIVMSG #a :2")
    assert len(ann.send("PRIVMSG #a,#b,#a :3")) == 1  # that this is too fast
    chat.clock.advance(1)
    assert [line.split()[2] for line in ann.read()] == ["#a", "#b", "#a"]
    assert ann.send("PRIVMSG #a :4") == []
    chat.clock.advance(2)
    assert ann.read() == []
    chat.clock.advance(1)
    assert ann.read() == [":ann!~ann@people-ann PRIVMSG #a :4"]


def test_signs_are_short_and_without_words_that_are_not_wanted(chat: Chat) -> None:
    ann = founder(chat, "ann")
    ann.send("/set refuse spam")
    eve, bob = irc(chat, "eve", "message-tags"), irc(chat, "bob", "message-tags")
    eve.send("JOIN #tea"), bob.send("JOIN #tea"), eve.read()
    assert "not allowed" in eve.send("@+draft/react=spam TAGMSG #tea")[0]
    assert "not allowed" in eve.send("PRIVMSG #tea :\x01SPAM\x01")[0]
    carol = chat.program("carol")
    many = {f"x{n}": "é" * 400 for n in range(6)}
    assert carol.ask(do="signal", name="bob", signs=many)[0]["code"] == "too-long"
    carol.ask(do="signal", name="eve", signs={"ctcp": "é" * 400})
    assert [len(line.partition(" ")[2].encode()) for line in eve.read()] == [509]


def test_private_lines_and_those_for_moderators_have_the_account(chat: Chat) -> None:
    ann, bob = founder(chat, "ann"), irc(chat, "bob", "account-tag")
    bob.send("JOIN #tea", f"NS REGISTER {SECRET}"), ann.send("/op bob"), bob.read()
    guest = irc(chat, "guest", "account-tag")
    ann.send("/msg guest hi", "/msg bob hi", "/mods hi")
    assert guest.read() == ["@account=ann :ann!~ann@people-ann PRIVMSG guest :hi"]
    assert sorted(bob.read()) == [
        "@account=ann :ann!~ann@people-ann PRIVMSG @#tea :hi",
        "@account=ann :ann!~ann@people-ann PRIVMSG bob :hi",
    ]
    guest.send("PRIVMSG bob :hi")
    assert bob.read() == [":guest!~guest@people-guest PRIVMSG bob :hi"]


def test_signs_go_to_several_at_once(chat: Chat) -> None:
    ann, bob = irc(chat, "ann", "message-tags"), irc(chat, "bob", "message-tags")
    ann.send("JOIN #tea"), bob.send("JOIN #tea"), ann.read()
    assert bob.send("@+typing=done TAGMSG #tea,ann,no") == [
        ":irc.chatsvc 401 bob no :No user named no is online."
    ]
    assert ann.read() == [
        "@msgid=~1000000000003;+typing=done :bob!~bob@people-bob TAGMSG #tea",
        "@msgid=~1000000000004;+typing=done :bob!~bob@people-bob TAGMSG ann",
    ]


def test_tags_for_other_clients_go_with_a_line_and_are_stored_with_it(chat: Chat) -> None:
    ann = irc(chat, "ann", "message-tags", "echo-message")
    bob, carol = irc(chat, "bob", "message-tags"), irc(chat, "carol")
    program = chat.program("eve")
    program.ask(do="join", room="#lobby")
    for client in (ann, bob, carol):
        client.send("JOIN #lobby")
    for client in (ann, bob, carol, program):
        client.read()
    (echo,) = ann.send("@+draft/reply=#lobby-1;+x=1;time=no PRIVMSG #lobby :I agree")
    assert echo == (
        "@msgid=#lobby-1;+draft/reply=#lobby-1;+x=1 :ann!~ann@people-ann PRIVMSG #lobby :I agree"
    )
    assert bob.read() == [echo]
    assert carol.read() == [":ann!~ann@people-ann PRIVMSG #lobby :I agree"]
    assert program.events()[0]["signs"] == {"draft/reply": "#lobby-1", "x": "1"}
    late = irc(chat, "late", "message-tags", "server-time").send("JOIN #lobby")
    assert ";msgid=#lobby-1;+draft/reply=#lobby-1;+x=1 :ann" in late[-1]
    ann.send("@+x=2 PRIVMSG bob :psst")
    assert re.fullmatch(r"@msgid=~\d+;\+x=2 :ann!~ann@people-ann PRIVMSG bob :psst", bob.read()[-1])


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("PRIVMSG #tea :hello", "PRIVMSG #tea :hello"),
        ("PRIVMSG #tea hello", "PRIVMSG #tea :hello"),
        ("NOTICE #tea :hello", "NOTICE #tea :hello"),
        ("PRIVMSG bob :psst", "PRIVMSG bob :psst"),
        ("PRIVMSG #tea :\x01ACTION waves\x01", "PRIVMSG #tea :\x01ACTION waves\x01"),
        ("PRIVMSG bob :\x01VERSION\x01", "PRIVMSG bob :\x01VERSION\x01"),
        ("TOPIC #tea :cake", "TOPIC #tea :cake"),
        ("KICK #tea eve :spam", "KICK #tea eve :spam"),
        ("PART #tea :bye", "PART #tea :bye"),
        ("QUIT :bye", "QUIT :Quit: bye"),
        ("NICK anna", "NICK :anna"),
        ("SETNAME Ann", "SETNAME :Ann"),
        ("AWAY lunch", "AWAY :lunch"),
    ],
)
def test_text_follows_a_colon_even_if_it_is_one_word(chat: Chat, sent: str, told: str) -> None:
    founder(chat, "ann").send("/quit")
    ann = chat.connect()
    ann.send(f"PASS {SECRET}", "NICK ann", "USER ann 0 * :Ann", "JOIN #tea")
    bob, eve = irc(chat, "bob", "setname", "away-notify"), irc(chat, "eve")
    eve.send("JOIN #tea"), bob.send("JOIN #tea")
    ann.send(sent)
    assert bob.read() == [f":ann!~ann@people-ann {told}"]
