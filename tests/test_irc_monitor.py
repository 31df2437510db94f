"""MONITOR and extended-monitor: watching who comes online and goes offline."""

from __future__ import annotations

import pytest
from conftest import Chat
from ircpeople import irc
from staff import SECRET, member

from chatsvc.dialects.irc.capabilities import ISUPPORT, MOST_MONITORED
from chatsvc.services.watchlist import MOST_WATCHED

BOB = "bob!~bob@people-bob"
EXTENDED = ("extended-monitor", "away-notify", "account-notify", "setname", "chghost")


def test_one_is_told_who_is_here_who_comes_and_who_goes(chat: Chat) -> None:
    ann = irc(chat, "ann")
    assert ann.send("MONITOR + bob,Eve") == [":irc.chatsvc 731 ann :bob,Eve"]
    bob = irc(chat, "bob")
    assert ann.read() == [f":irc.chatsvc 730 ann :{BOB}"]
    assert ann.send("MONITOR + BOB,carol") == [
        f":irc.chatsvc 730 ann :{BOB}",
        ":irc.chatsvc 731 ann :carol",
    ]
    assert ann.send("MONITOR L") == [
        ":irc.chatsvc 732 ann :bob,Eve,carol",
        ":irc.chatsvc 733 ann :End of MONITOR list",
    ]
    assert ann.send("MONITOR S") == [
        f":irc.chatsvc 730 ann :{BOB}",
        ":irc.chatsvc 731 ann :Eve,carol",
    ]
    bob.send("NICK eve")
    assert ann.read() == [":irc.chatsvc 731 ann :bob", ":irc.chatsvc 730 ann :eve!~bob@people-bob"]
    bob.send("NICK EVE")  # who is the same user
    assert ann.read() == []
    bob.send("QUIT")
    assert ann.read() == [":irc.chatsvc 731 ann :EVE"]


def test_one_is_told_no_longer_if_one_does_not_want_to_be(chat: Chat) -> None:
    ann = irc(chat, "ann")
    ann.send("MONITOR + bob,carol,dan")
    assert ann.send("MONITOR - carol,nobody") == []
    chat.join("carol")
    assert ann.read() == []
    assert ann.send("MONITOR L")[0] == ":irc.chatsvc 732 ann :bob,dan"
    assert ann.send("MONITOR C") == []
    chat.join("bob")
    assert ann.read() == []
    assert ann.send("MONITOR L") == [":irc.chatsvc 733 ann :End of MONITOR list"]
    assert ann.send("MONITOR S") == []


def test_a_full_list_says_who_is_not_on_it(chat: Chat) -> None:
    assert f"MONITOR={MOST_WATCHED}" in ISUPPORT
    assert str(MOST_WATCHED) == MOST_MONITORED
    ann = irc(chat, "ann")
    for number in range(MOST_WATCHED // 10 - 1):
        ann.send(f"MONITOR + {','.join(f'n{number}-{n}' for n in range(10))}")
    ann.send(f"MONITOR + {','.join(f'x{n}' for n in range(9))}")
    assert ann.send("MONITOR + bob,x1,Carol,dan") == [
        ":irc.chatsvc 731 ann :bob,x1",
        ":irc.chatsvc 734 ann 100 Carol,dan :Monitor list is full",
    ]
    told = ann.send("MONITOR L")
    assert all(len(line) <= 510 for line in told)
    assert sum(line.count(",") + 1 for line in told[:-1]) == MOST_WATCHED


def test_masks_are_nobody_s_name(chat: Chat) -> None:
    ann = irc(chat, "ann")
    assert ann.send("MONITOR + *!*@people-bob")[0].startswith(
        ":irc.chatsvc 432 ann *!*@people-bob :A name must be one word"
    )
    assert ann.send("MONITOR + bob,*!*@*") == [":irc.chatsvc 731 ann :bob,*!*@*"]
    assert ann.send("MONITOR L")[0] == ":irc.chatsvc 732 ann :bob"


@pytest.mark.parametrize("sent", ["MONITOR", "MONITOR +", "MONITOR -", "MONITOR X"])
def test_what_is_no_request_is_refused(chat: Chat, sent: str) -> None:
    assert irc(chat, "ann").send(sent) == [":irc.chatsvc 461 ann MONITOR :Not enough parameters"]


def test_whoever_logs_in_over_another_connection_becomes_the_same_user(chat: Chat) -> None:
    member(chat, "bob").hang_up()
    ann, guest = irc(chat, "ann"), irc(chat, "guest")
    ann.send("MONITOR + bob,guest")
    guest.send(f"NS IDENTIFY bob {SECRET}")
    assert ann.read() == []  # who keeps the nickname
    guest.send("NICK bob")
    assert ann.read() == [
        ":irc.chatsvc 731 ann :guest",
        ":irc.chatsvc 730 ann :bob!~guest@people-guest",
    ]
    phone = irc(chat, "phone")
    phone.send(f"NS IDENTIFY bob {SECRET}")
    phone.send("QUIT")
    assert ann.read() == []
    guest.hang_up()
    assert ann.read() == [":irc.chatsvc 731 ann :bob"]


def test_extended_monitor_tells_also_what_watched_people_do(chat: Chat) -> None:
    bob = irc(chat, "bob")
    ann, carol = irc(chat, "ann", *EXTENDED), irc(chat, "carol", *EXTENDED[1:])
    ann.send("MONITOR + bob"), carol.send("MONITOR + bob")
    bob.send("AWAY :lunch", "AWAY", "SETNAME :Bob Roe", f"NS REGISTER {SECRET}")
    assert ann.read() == [
        f":{BOB} AWAY :lunch",
        f":{BOB} AWAY",
        f":{BOB} SETNAME :Bob Roe",
        f":{BOB} ACCOUNT bob",
    ]
    assert carol.read() == []
    ann.send("MONITOR C")
    bob.send("AWAY :dinner")
    assert ann.read() == []


def test_who_shares_a_room_and_watches_is_told_once(chat: Chat) -> None:
    bob, ann = irc(chat, "bob"), irc(chat, "ann", *EXTENDED)
    bob.send("JOIN #tea"), ann.send("JOIN #tea", "MONITOR + bob")
    bob.send("AWAY :lunch")
    assert ann.read() == [f":{BOB} AWAY :lunch"]


def test_only_what_a_client_has_asked_for_is_told(chat: Chat) -> None:
    bob, ann = irc(chat, "bob"), irc(chat, "ann", "extended-monitor", "setname")
    ann.send("MONITOR + bob")
    bob.send("AWAY :lunch", "SETNAME :Bob Roe")
    assert ann.read() == [f":{BOB} SETNAME :Bob Roe"]


def test_extended_monitor_may_be_requested_after_the_names(chat: Chat) -> None:
    """IRCv3 "extended-monitor": when enabled, for all monitored nicknames."""
    ann, bob = irc(chat, "ann", "away-notify"), irc(chat, "bob")
    ann.send("MONITOR + bob")
    assert ann.send("CAP REQ :extended-monitor") == [":irc.chatsvc CAP ann ACK :extended-monitor"]
    bob.send("AWAY :lunch")
    assert ann.read() == [f":{BOB} AWAY :lunch"]
    ann.send("CAP REQ :-extended-monitor")
    bob.send("AWAY")
    assert ann.read() == []


def test_a_user_has_a_real_name_from_the_start(chat: Chat) -> None:
    """IRCv3 "setname": SETNAME is for changes."""
    ann = irc(chat, "ann", *EXTENDED)
    ann.send("MONITOR + bob")
    irc(chat, "bob")
    assert ann.read() == [f":irc.chatsvc 730 ann :{BOB}"]
