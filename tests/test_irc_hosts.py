"""IRC: whoever creates a channel is its operator, guest or not; KICK, and targets not there.

RFC 1459 and RFC 2812 unless another document is named.
"""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET, founder, member


def channel(chat: Chat, *more: str) -> list[Person]:
    """Return a guest who has created #tea, and others who have joined it."""
    people = [irc(chat, name, "multi-prefix") for name in ("ann", *more)]
    for person in people:
        person.send("JOIN #tea")
    for person in people:
        person.read()
    return people


def test_the_creator_of_a_channel_is_its_operator(chat: Chat) -> None:
    """RFC 1459, 1.3.1 and 4.2.1; RFC 2811, 2.4.1: the creator gets operator status."""
    ann = irc(chat, "ann")
    assert ":irc.chatsvc 353 ann = #tea :@ann" in ann.send("JOIN #tea")
    bob = irc(chat, "bob", "multi-prefix")
    assert ":irc.chatsvc 353 bob = #tea :@ann bob" in bob.send("JOIN #tea")
    ann.read()
    assert ann.send("MODE #tea +t") == [":ann!~ann@people-ann MODE #tea +t"]
    assert ann.send("TOPIC #tea :at five") == [":ann!~ann@people-ann TOPIC #tea :at five"]
    bob.read()
    assert bob.send("TOPIC #tea :at six")[0].startswith(":irc.chatsvc 482 bob #tea ")
    assert bob.send("MODE #tea +i")[0].startswith(":irc.chatsvc 482 bob #tea ")
    assert bob.send("MODE #tea +o bob")[0].startswith(":irc.chatsvc 482 bob #tea ")


def test_guests_are_given_operator_status_and_a_voice(chat: Chat) -> None:
    """RFC 2812, 3.2.3; RFC 2811, 4.1; IRCv3 "multi-prefix": all prefixes in order."""
    ann, bob = channel(chat, "bob")
    assert ann.send("MODE #tea +v bob") == [":ann!~ann@people-ann MODE #tea +v bob"]
    assert ann.send("MODE #tea +o bob") == [":ann!~ann@people-ann MODE #tea +o bob"]
    assert bob.read() == [
        ":ann!~ann@people-ann MODE #tea +v bob",
        ":ann!~ann@people-ann MODE #tea +o bob",
    ]
    assert ann.send("NAMES #tea")[0] == ":irc.chatsvc 353 ann = #tea :@ann @+bob"
    assert ann.send("WHO #tea")[1].split()[8] == "H@+"
    assert ann.send("MODE #tea -v bob") == [":ann!~ann@people-ann MODE #tea -v bob"]
    assert ann.send("MODE #tea +v ann") == [":ann!~ann@people-ann MODE #tea +v ann"]
    assert ann.send("NAMES #tea")[0] == ":irc.chatsvc 353 ann = #tea :@+ann @bob"
    assert ann.send("MODE #tea +v-o bob bob") == [
        ":ann!~ann@people-ann MODE #tea +v bob",
        ":ann!~ann@people-ann MODE #tea -o bob",
    ]
    assert ann.send("NAMES #tea")[0] == ":irc.chatsvc 353 ann = #tea :@+ann +bob"


def test_operators_dismiss_and_remove_each_other(chat: Chat) -> None:
    """RFC 1459, 4.2.3.1 and 4.2.8: operators may do so to anybody in the channel."""
    ann, bob, eve = channel(chat, "bob", "eve")
    ann.send("MODE #tea +oo bob eve")
    bob.read(), eve.read()
    assert bob.send("MODE #tea -o eve") == [":bob!~bob@people-bob MODE #tea -o eve"]
    ann.send("MODE #tea +o eve")
    assert bob.send("KICK #tea eve :bye")[-1] == ":bob!~bob@people-bob KICK #tea eve :bye"
    assert bob.send("MODE #tea -o ann") == [":bob!~bob@people-bob MODE #tea -o ann"]
    assert ann.read()[-2:] == [
        ":bob!~bob@people-bob KICK #tea eve :bye",
        ":bob!~bob@people-bob MODE #tea -o ann",
    ]
    assert ann.send("KICK #tea bob")[0].startswith(":irc.chatsvc 482 ann #tea ")
    assert bob.send("NAMES #tea")[0] == ":irc.chatsvc 353 bob = #tea :ann @bob"
    bob.send("MODE #tea +o ann")
    assert bob.send("KICK #tea ann :bye") == [":bob!~bob@people-bob KICK #tea ann :bye"]


def test_operators_of_a_channel_cannot_dismiss_its_founder(chat: Chat) -> None:
    """Modern IRC, "Founder Prefix": an account's founder has full control (482)."""
    founder(chat, "ann").hang_up()
    ann = chat.connect()
    ann.send(f"PASS {SECRET}", "NICK ann", "USER ann 0 * :a", "JOIN #tea")
    bob = irc(chat, "bob", "multi-prefix")
    assert bob.send("JOIN #tea")[1] == ":irc.chatsvc 353 bob = #tea :~@ann bob"
    ann.send("MODE #tea +o bob")
    bob.read()
    for line in ("MODE #tea -o ann", "MODE #tea -q ann", "KICK #tea ann"):
        assert bob.send(line)[0].startswith(":irc.chatsvc 482 bob #tea ")


def test_targets_that_are_not_in_the_channel(chat: Chat) -> None:
    """Modern IRC, "ERR_USERNOTINCHANNEL (441)": client, nick, channel; RFC 2812, 3.2.8."""
    (ann,) = channel(chat)
    irc(chat, "bob")
    for line in ("KICK #tea bob :out", "MODE #tea +o bob", "MODE #tea -o bob", "MODE #tea +v bob"):
        assert ann.send(line) == [":irc.chatsvc 441 ann bob #tea :bob is not in #tea."]
    for line in ("KICK #tea zoe", "MODE #tea +o zoe", "MODE #tea +q zoe"):
        assert ann.send(line) == [":irc.chatsvc 401 ann zoe :No user named zoe is online."]


def test_accounts_that_are_not_in_the_channel(chat: Chat) -> None:
    """The same, whatever roles an account has there."""
    founder(chat, "ann").hang_up()
    carl = member(chat, "carl")
    carl.send("/join #tea", "/leave #tea")
    ann = chat.connect()
    ann.send(f"PASS {SECRET}", "NICK ann", "USER ann 0 * :a", "JOIN #tea")
    operated = member(chat, "dan")
    operated.send("/join #tea")
    assert ann.send("MODE #tea +o dan")[-1] == ":ann!~ann@people-ann MODE #tea +o dan"
    operated.send("/leave #tea")
    ann.read()
    for change, nick in (
        ("+o", "carl"),
        ("+v", "carl"),
        ("+o", "dan"),
        ("-o", "dan"),
        ("+q", "dan"),
    ):
        answer = [f":irc.chatsvc 441 ann {nick} #tea :{nick} is not in #tea."]
        assert ann.send(f"MODE #tea {change} {nick}") == answer
    operated.hang_up()
    assert ann.send("MODE #tea -o dan") == [
        ":irc.chatsvc 401 ann dan :No user named dan is online."
    ]


@pytest.mark.parametrize(
    ("line", "outside"),
    [
        ("MODE #no", "324"), ("MODE #no +i", "482"), ("MODE #no +o bob", "482"),
        ("MODE #no +b eve!*@*", "482"), ("MODE #no b", "368"), ("KICK #no bob", "442"),
        ("TOPIC #no", "442"), ("TOPIC #no :x", "442"), ("PART #no", "442"),
    ],
)  # fmt: skip
def test_unknown_channels(chat: Chat, line: str, outside: str) -> None:
    """RFC 2812, 3.2.2 to 3.2.8 and 5.2: 403; 442 for a channel that the client is not in.

    Modern IRC, "MODE message": everybody may ask for modes; 482 if they may not change them.
    """
    channel(chat)
    bob = irc(chat, "bob")
    (told,) = bob.send(line)
    assert told.startswith(":irc.chatsvc 403 bob #no :There is no room #no. To ")
    told = bob.send(line.replace("#no", "#tea"))[0]
    assert told.startswith(f":irc.chatsvc {outside} bob #tea ")


def test_a_hidden_channel_is_unknown_to_others(chat: Chat) -> None:
    """RFC 2811, 4.2.6: a secret channel is not revealed."""
    (ann,) = channel(chat)
    ann.send("MODE #tea +s")
    assert irc(chat, "bob").send("KICK #tea ann")[0].startswith(":irc.chatsvc 403 bob #tea ")


def test_several_users_and_channels_in_one_kick(chat: Chat) -> None:
    """RFC 2812, 3.2.8: one channel and many users, or as many channels as users."""
    ann, bob, eve = channel(chat, "bob", "eve")
    ann.send("JOIN #own"), bob.send("JOIN #own")
    bob.read(), ann.read()
    kicked = ":ann!~ann@people-ann KICK"
    assert ann.send("KICK #tea,#own eve,bob :x") == [
        f"{kicked} #tea eve :x",
        f"{kicked} #own bob :x",
    ]
    assert ann.send("KICK #tea,#tea bob :x") == [":irc.chatsvc 461 ann KICK :Not enough parameters"]
    eve.send("JOIN #tea"), ann.read()
    assert ann.send("KICK #tea,#tea bob,eve") == [
        f"{kicked} #tea bob :ann",
        f"{kicked} #tea eve :ann",
    ]
    bob.send("JOIN #tea"), eve.send("JOIN #tea"), ann.read()
    assert ann.send("KICK #tea bob,eve :x") == [f"{kicked} #tea bob :x", f"{kicked} #tea eve :x"]


def test_an_operator_of_the_channel_succeeds_its_creator(chat: Chat) -> None:
    ann, bob, eve = channel(chat, "bob", "eve")
    ann.send("MODE #tea +o bob")
    eve.read()
    ann.send("PART #tea")
    assert eve.read() == [":ann!~ann@people-ann PART #tea"]
    bob.read()
    assert bob.send("MODE #tea +q eve") == [":bob!~bob@people-bob MODE #tea +o eve"]
    eve.read()
    assert eve.send("NAMES #tea")[0] == ":irc.chatsvc 353 eve = #tea :@bob @eve"
    assert eve.send("MODE #tea -q eve") == [":eve!~eve@people-eve MODE #tea -o eve"]


def test_registering_makes_the_creator_the_founder(chat: Chat) -> None:
    ann, bob = channel(chat, "bob")
    ann.send(f"PRIVMSG NickServ :REGISTER {SECRET}")
    assert bob.read()[-1] == ":ann!~ann@people-ann MODE #tea +q ann"
    ann.send("PART #tea", "JOIN #tea")
    assert bob.read()[-1] == ":irc.chatsvc MODE #tea +qo ann ann"


def test_a_guest_keeps_the_modes_of_a_founded_channel_while_there(chat: Chat) -> None:
    founder(chat, "ann").hang_up()
    ann = chat.connect()
    ann.send(f"PASS {SECRET}", "NICK ann", "USER a 0 * :a", "JOIN #tea")
    bob = irc(chat, "bob")
    bob.send("JOIN #tea")
    ann.read()
    assert ann.send("MODE #tea +o bob") == [":ann!~a@people-ann MODE #tea +o bob"]
    assert bob.send("MODE #tea +m")[-1] == ":bob!~bob@people-bob MODE #tea +m"
    bob.send("PART #tea", "JOIN #tea")
    assert bob.send("MODE #tea -m")[0].startswith(":irc.chatsvc 482 bob #tea ")
    assert member(chat, "carl").send("/join #tea", "/room")[1].startswith("* Rules of #tea. F")


def test_operators_of_a_channel_can_kick_themselves(chat: Chat) -> None:
    """RFC 2812, 3.2.8: KICK excepts nobody; 482 for users who are not operators."""
    ann, bob = irc(chat, "ann"), irc(chat, "bob")
    ann.send("JOIN #tea"), bob.send("JOIN #tea"), ann.read()
    assert bob.send("KICK #tea bob :me")[-1].startswith(":irc.chatsvc 482 bob #tea ")
    kicked = ":ann!~ann@people-ann KICK #tea ann :good night"
    assert ann.send("KICK #tea ann :good night") == [kicked]
    assert bob.read()[-1] == kicked
    assert ann.send("PRIVMSG #tea :still here")[0].startswith(":irc.chatsvc 404 ann #tea ")
