"""MODE: a room's rules and roles as channel modes."""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET, founder, guest, member, operator, program


def moderator(chat: Chat) -> Person:
    """Return the founder of #tea, over IRC."""
    founder(chat, "ann").hang_up()
    ann = chat.connect()
    ann.send(f"PASS {SECRET}", "NICK ann", "USER ann 0 * :a", "JOIN #tea")
    return ann


def test_modes_are_the_rules_and_roles_of_the_room(chat: Chat) -> None:
    ann = founder(chat)
    bob = irc(chat, "bob")
    bob.send(f"PRIVMSG NickServ :REGISTER {SECRET}", "JOIN #tea")
    assert bob.send("MODE #tea") == [
        ":irc.chatsvc 324 bob #tea +n",
        ":irc.chatsvc 329 bob #tea 0",
    ]
    assert bob.send("MODE #tea b") == [":irc.chatsvc 368 bob #tea :End of channel ban list"]
    assert bob.send("MODE #tea +m") == [
        ":irc.chatsvc 482 bob #tea :Only moderators of #tea can do that."
    ]
    ann.send("/op bob")
    assert bob.read() == [":ann!~ann@people-ann MODE #tea +o bob"]
    bob.send("MODE #tea +ml 20")
    assert bob.send("MODE #tea")[0] == ":irc.chatsvc 324 bob #tea +mnl 20"
    eve = irc(chat, "eve")
    eve.send("JOIN #tea")
    assert eve.send("PRIVMSG #tea :hi")[0].startswith(":irc.chatsvc 404 eve #tea ")
    bob.read()
    assert bob.send("MODE #tea +v eve") == [":bob!~bob@people-bob MODE #tea +v eve"]
    assert eve.send("PRIVMSG #tea :hi") == []
    bob.read()
    assert ":bob!~bob@people-bob KICK #tea eve :too loud" in bob.send("KICK #tea eve :too loud")
    assert eve.read()[-1] == ":bob!~bob@people-bob KICK #tea eve :too loud"
    bob.send("MODE #tea +b eve!*@*")
    assert eve.send("JOIN #tea")[0].startswith(":irc.chatsvc 474 eve #tea ")
    listed = bob.send("MODE #tea +b")
    assert listed[0].startswith(":irc.chatsvc 367 bob #tea eve!*@* bob ")
    assert listed[-1] == ":irc.chatsvc 368 bob #tea :End of channel ban list"
    bob.send("MODE #tea -b eve!*@*", "MODE #tea -m+i")
    assert eve.send("JOIN #tea")[0].startswith(":irc.chatsvc 473 eve #tea ")
    assert bob.send("INVITE eve #tea") == [":irc.chatsvc 341 bob eve #tea"]
    assert eve.read() == [":bob!~bob@people-bob INVITE eve :#tea"]
    assert eve.send("JOIN #tea")[0] == ":eve!~eve@people-eve JOIN #tea"
    bob.read()
    assert bob.send("MODE #tea +X") == [":irc.chatsvc 472 bob X :is unknown mode char to me"]


def test_every_rule_has_its_letter_and_others_are_told(chat: Chat) -> None:
    ann, bob = moderator(chat), irc(chat, "bob")
    bob.send("JOIN #tea")
    ann.read()
    for change, told in [
        ("+i", "+i"), ("+s", "+s"), ("+t", "+t"), ("-t", "-t"),
        ("+k tea", "+k *"), ("-k x", "-k *"), ("+l 5", "+l 5"), ("-l", "-l"),
    ]:  # fmt: skip
        line = f":ann!~ann@people-ann MODE #tea {told}"
        assert ann.send(f"MODE #tea {change}") == [line]
        assert bob.read() == [line]
    assert ann.send("MODE #tea")[0] == ":irc.chatsvc 324 ann #tea +ins"
    assert ann.send("MODE #tea +n") == [":ann!~ann@people-ann MODE #tea +n"]
    assert bob.read() == [":ann!~ann@people-ann MODE #tea +n"]
    assert ann.send("MODE #tea +l many") == [
        ":irc.chatsvc 696 ann #tea l * :A limit is a number from 1 to 99999"
    ]
    assert ann.send("MODE #tea +o") == [":irc.chatsvc 461 ann MODE :Not enough parameters"]
    assert ann.send("SET slow 10s") == [":irc.chatsvc NOTICE #tea :ann set slow: 10 s"]
    assert bob.read() == [":irc.chatsvc NOTICE #tea :ann set slow: 10 s"]


def test_a_role_that_changes_takes_the_old_prefix_away(chat: Chat) -> None:
    ann = moderator(chat)
    member(chat, "bob").send("/join #tea")
    assert ann.read()[-1] == ":bob!~bob@people-bob JOIN #tea"
    assert ann.send("MODE #tea +v bob") == [":ann!~ann@people-ann MODE #tea +v bob"]
    assert ann.send("MODE #tea +o bob") == [":ann!~ann@people-ann MODE #tea +o bob"]
    assert ann.send("MODE #tea +q bob") == [":ann!~ann@people-ann MODE #tea +q-q bob ann"]
    assert ann.send("NAMES #tea")[0] == ":irc.chatsvc 353 ann = #tea :@ann @bob"
    assert ann.send("MODE #tea -o ann") == [":ann!~ann@people-ann MODE #tea -o ann"]


def test_who_comes_in_with_a_role_has_its_prefix_for_the_others(chat: Chat) -> None:
    ann, bob = founder(chat, "ann"), irc(chat, "bob")
    bob.send("JOIN #tea")
    ann.send("/leave #tea")
    bob.read()
    ann.send("/join #tea")
    assert bob.read() == [":ann!~ann@people-ann JOIN #tea", ":irc.chatsvc MODE #tea +qo ann ann"]


def test_exceptions_let_in_whom_a_ban_would_hold(chat: Chat) -> None:
    ann, eve = moderator(chat), irc(chat, "eve")
    assert ann.send("MODE #tea +b *!*@192.0.2.0/24") == [
        ":ann!~ann@people-ann MODE #tea +b *!*@192.0.2.0/24"
    ]
    assert eve.send("JOIN #tea")[0].startswith(":irc.chatsvc 474 eve #tea ")
    assert ann.send("MODE #tea +e eve!*@*") == [":ann!~ann@people-ann MODE #tea +e eve!*@*"]
    assert eve.send("JOIN #tea")[0] == ":eve!~eve@people-eve JOIN #tea"
    ann.read()
    assert ann.send("MODE #tea e") == [
        ":irc.chatsvc 348 ann #tea eve!*@* ann 0",
        ":irc.chatsvc 349 ann #tea :End of channel exception list",
    ]
    assert [line.split()[1] for line in ann.send("MODE #tea +b")] == ["367", "368"]
    assert ann.send("MODE #tea -e eve!*@*") == [":ann!~ann@people-ann MODE #tea -e eve!*@*"]
    eve.send("PART #tea")
    assert eve.send("JOIN #tea")[0].startswith(":irc.chatsvc 474 eve #tea ")


def test_exemptions_are_for_people_at_telnet_too_and_outlive_a_restart(chat: Chat) -> None:
    ann = founder(chat, "ann")
    bob = member(chat, "bob")
    bob.send("/join #tea")
    ann.read()
    assert ann.send("/exempt bob") == ["* bob is exempt from bans and mutes in #tea."]
    assert ann.send("/mute bob")[0].startswith("* bob is muted in #tea")
    bob.send("I can talk")
    assert ann.read()[-1] == "[1970-01-01 00:00] <bob> I can talk"
    assert "* bob is exempt from bans and mutes in #tea; ann, 1970-01-01 00:00" in ann.send("/bans")
    later = Chat(chat.archive)
    assert [
        ban.label for ban in later.hub.bans.all(later.hub.directory.rooms["#tea"]) if ban.exempt
    ]
    assert ann.send("/unexempt bob") == ["* Bans and mutes in #tea apply to bob again."]
    assert bob.send("and now?")[0].startswith("* You are muted in #tea")
    assert ann.send("/unexempt bob") == ["* bob is not exempt. To list the bans of #tea: /bans"]


def test_a_ban_removes_nobody_and_is_told_as_it_is_listed(chat: Chat) -> None:
    ann, eve = moderator(chat), irc(chat, "eve")
    eve.send("JOIN #tea")
    ann.read()
    assert ann.send("MODE #tea +b *!~eve@people-eve") == [
        ":ann!~ann@people-ann MODE #tea +b *!*@people-eve",
    ]
    assert eve.read() == [":ann!~ann@people-ann MODE #tea +b *!*@people-eve"]
    assert ann.send("MODE #tea b")[0].startswith(":irc.chatsvc 367 ann #tea *!*@people-eve ann ")
    assert ann.send("MODE #tea -b *!*@people-eve") == [
        ":ann!~ann@people-ann MODE #tea -b *!*@people-eve"
    ]


@pytest.mark.parametrize("letter", "beI")
def test_lists_are_empty_to_those_who_may_not_read_them(chat: Chat, letter: str) -> None:
    founder(chat, "ann")
    bob = irc(chat, "bob")
    bob.send("JOIN #tea")
    (end,) = bob.send(f"MODE #tea {letter}")
    assert end.split()[1] in ("368", "349", "347")


def test_one_s_own_modes(chat: Chat) -> None:
    bot = irc(chat, "bot")
    assert bot.send("MODE bot") == [":irc.chatsvc 221 bot +"]
    assert bot.send("MODE bot +B") == [":bot!~bot@people-bot MODE bot +B"]
    assert bot.send("MODE bot") == [":irc.chatsvc 221 bot +B"]
    assert bot.send("MODE bot -i+x") == [":irc.chatsvc 501 bot :Unknown MODE flag"]
    assert bot.send("MODE bot +i") == [":bot!~bot@people-bot MODE bot +i"]
    assert bot.send("MODE bot") == [":irc.chatsvc 221 bot +Bi"]
    assert bot.send("LUSERS")[0].endswith(" :There are 0 users and 1 invisible on 1 servers")
    assert bot.send("MODE bot -i") == [":bot!~bot@people-bot MODE bot -i"]
    assert bot.send("MODE ann +i")[0].startswith(":irc.chatsvc 401 bot ann ")
    irc(chat, "ann")
    for line in ("MODE ann", "MODE ann +i", "MODE Ann -o"):
        assert bot.send(line) == [":irc.chatsvc 502 bot :You can change only your own modes"]
    operator(chat, "op").hang_up()
    op = chat.connect()
    op.send(f"PASS {SECRET}", "NICK op", "USER o 0 * :o")
    assert op.send("MODE op") == [":irc.chatsvc 221 op +o"]


def test_invisible_users_are_shown_to_those_in_the_channel(chat: Chat) -> None:
    """Modern IRC, "Invisible User Mode" and "NAMES message"."""
    ann, bob, eve = irc(chat, "ann"), irc(chat, "bob"), irc(chat, "eve")
    ann.send("JOIN #tea"), bob.send("JOIN #tea"), ann.send("MODE ann +i")
    for line, visible in (("NAMES #tea", "bob"), ("WHO #tea", "bob"), ("WHOIS ann", "")):
        assert any("ann" in one.split()[3:] or "@ann" in one for one in bob.send(line))
        shown = [one for one in eve.send(line) if one.split()[1] in ("353", "352", "319")]
        assert len(shown) == bool(visible)
        assert all(visible in one and "ann" not in one for one in shown)
    ann.send("MODE ann -i")
    assert eve.send("NAMES #tea")[0] == ":irc.chatsvc 353 eve = #tea :@ann bob"


def test_bots_are_played_nothing(chat: Chat) -> None:
    chat.join("bob").send("one")
    bot = irc(chat, "bot")
    bot.send("MODE bot +B")
    assert not [line for line in bot.send("JOIN #lobby") if "PRIVMSG" in line]


def test_missed_lines_are_played_once_in_one_connection_too(chat: Chat) -> None:
    ann, bob = member(chat, "ann"), chat.join("bob")
    ann.hang_up()
    bob.send("one")
    client = chat.connect()
    client.send("CAP REQ server-time", f"PASS {SECRET}", "NICK ann", "USER ann 0 * :a")
    assert [line for line in client.send("CAP END") if "PRIVMSG" in line]
    client.send("PART #lobby")
    bob.send("two")
    played = [line for line in client.send("JOIN #lobby") if "PRIVMSG" in line]
    assert [line.rpartition(" :")[2] for line in played] == ["two"]


# Several roles in one MODE (RFC 2812, 3.2.3; Modern IRC, "MODE message")


def test_roles_that_one_message_changes_are_one_message_for_everybody(chat: Chat) -> None:
    ann, bob, eve = moderator(chat), irc(chat, "bob"), irc(chat, "eve")
    telnet = guest(chat, "tom")
    for each in (bob, eve):
        each.send("JOIN #tea")
    telnet.send("/join #tea")
    ann.read(), bob.read(), eve.read()
    for change, said in [
        ("+ov bob eve", ["made bob a moderator of #tea", "gave eve a voice in #tea"]),
        ("-o+o-v bob eve eve", ["made bob a regular member", "made eve a moderator", "took"]),
    ]:
        told = [f":ann!~ann@people-ann MODE #tea {change}"]
        telnet.read()
        assert ann.send(f"MODE #tea {change}") == told
        assert bob.read() == eve.read() == told
        lines = telnet.read()
        assert len(lines) == len(said)
        assert all(words in line for words, line in zip(said, lines, strict=True))
    assert sorted(ann.send("NAMES #tea")[0].partition(" :")[2].split()) == [
        "@ann", "@eve", "bob", "tom",
    ]  # fmt: skip


def test_each_refused_role_has_its_numeric_and_the_others_are_changed(chat: Chat) -> None:
    """Modern IRC, "MODE message": ERR_NOSUCHNICK (401), ERR_USERNOTINCHANNEL (441), 482."""
    ann, bob, eve = moderator(chat), irc(chat, "bob"), irc(chat, "eve")
    bob.send("JOIN #tea")
    ann.read(), bob.read()
    assert ann.send("MODE #tea +ovov nobody bob eve bob") == [
        ":irc.chatsvc 401 ann nobody :No user named nobody is online.",
        ":irc.chatsvc 441 ann eve #tea :eve is not in #tea.",
        ":ann!~ann@people-ann MODE #tea +v bob",
    ]
    assert bob.read() == [":ann!~ann@people-ann MODE #tea +v bob"]
    assert ann.send("MODE #tea +vo bob bob") == [":ann!~ann@people-ann MODE #tea +o bob"]
    eve.send("JOIN #tea"), ann.read()
    refused = ":irc.chatsvc 482 bob #tea :Only moderators of #tea can do that."
    told = ":bob!~bob@people-bob MODE #tea -o bob"
    assert bob.send("MODE #tea -o+v bob eve")[-2:] == [refused, told]
    assert ann.read() == [told]


def test_a_labeled_message_that_changes_roles_has_one_answer(chat: Chat) -> None:
    """IRCv3 "labeled-response": one message, or a batch of all."""
    ann, bob = irc(chat, "ann", "labeled-response", "batch"), irc(chat, "bob")
    ann.send("JOIN #tea"), bob.send("JOIN #tea")
    assert ann.send("@label=x MODE #tea +vo bob bob") == [
        "@label=x :ann!~ann@people-ann MODE #tea +vo bob bob"
    ]
    begin, refused, told, end = ann.send("@label=y MODE #tea -oo bob eve")
    assert begin.startswith("@label=y :irc.chatsvc BATCH +b")
    assert " 401 ann eve " in refused
    assert told.endswith(" :ann!~ann@people-ann MODE #tea -o bob")
    assert " BATCH -b" in end


def test_many_long_nicknames_are_several_messages_that_fit(chat: Chat) -> None:
    """RFC 2812, 2.3: at most 512 bytes."""
    ann = moderator(chat)
    nicks = [f"{number:02}{'n' * 28}" for number in range(20)]
    for nick in nicks:
        irc(chat, nick).send("JOIN #tea")
    told = ann.send(f"MODE #tea +{'v' * 10} {' '.join(nicks[:10])}")
    assert len(told) > 1
    assert all(len(line.encode()) <= 510 for line in told)
    assert " ".join(line.partition(" +v")[2].lstrip("v ") for line in told) == " ".join(nicks[:10])


def test_programs_change_several_roles_too(chat: Chat) -> None:
    founder(chat, "ann").hang_up()
    ann, bob = program(chat, "ann", account_password=SECRET), irc(chat, "bob")
    bob.send("JOIN #tea"), ann.events()
    changes = [["op", "bob", "1"], ["voice", "zoe", "2"], ["voice", "bob", "3"]]
    assert ann.ask(do="roles", room="#tea", changes=changes) == [
        {
            "event": "refused", "code": "no-such-person", "tag": "2",
            "text": "No user named zoe is online.",
        },
        {
            "event": "role", "room": "#tea", "name": "bob", "role": "moderator", "by": "ann",
            "before": "guest", "more": True, "tag": "1",
        },
        {
            "event": "role", "room": "#tea", "name": "bob", "role": "moderator", "by": "ann",
            "before": "moderator", "voice": "given", "tag": "3",
        },
    ]  # fmt: skip
    for wrong in ([], "op", [["op", "bob"]], [["found", "bob", "1"]], [["op", 1, "1"]]):
        (refused,) = ann.ask(do="roles", room="#tea", changes=wrong)
        assert refused["code"] == "bad-argument"


# User modes (Modern IRC, "MODE message", RPL_UMODEIS)


def test_the_operator_mode_stays_and_the_answer_says_why(chat: Chat) -> None:
    """RFC 2812, 3.1.5 lets users deop themselves; here, the account is an operator."""
    operator(chat, "op").hang_up()
    ann = irc(chat, "ann")
    assert ":irc.chatsvc 381 ann :You are now an IRC operator" in ann.send(f"OPER op {SECRET}")
    assert ann.send("MODE ann") == [":irc.chatsvc 221 ann +o"]
    notice, modes = ann.send("MODE ann -o")
    assert notice.startswith(":irc.chatsvc NOTICE ann :Your account is an operator's")
    assert modes == ":irc.chatsvc 221 ann +o"
    assert ":ann!~ann@people-ann MODE ann -o" in ann.send("NS LOGOUT")
    assert ann.send("MODE ann", "MODE ann -o") == [":irc.chatsvc 221 ann +"]
