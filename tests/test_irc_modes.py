"""MODE: a room's rules and roles as channel modes."""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET, founder, member, operator


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
