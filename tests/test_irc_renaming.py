"""RENAME: IRCv3 "channel-rename"."""

from __future__ import annotations

import json

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET, guest, operator, program

CAP = "draft/channel-rename"


@pytest.fixture
def ann(chat: Chat) -> Person:
    """Return the host of a channel, with the capability."""
    ann = irc(chat, "ann", CAP)
    ann.send("JOIN #tea")
    return ann


def join(chat: Chat, nick: str, *capabilities: str) -> Person:
    person = irc(chat, nick, *capabilities)
    person.send("JOIN #tea")
    return person


# Section "Messages"


def test_the_capability_is_offered(chat: Chat) -> None:
    (offered,) = chat.connect().send("CAP LS 302", "CAP END")[:1]
    assert CAP in offered.split()


def test_everybody_with_the_capability_is_told(chat: Chat, ann: Person) -> None:
    bob = join(chat, "bob", CAP)
    ann.read()
    assert ann.send("RENAME #tea #coffee :we changed") == [
        ":ann!~ann@people-ann RENAME #tea #coffee :we changed"
    ]
    assert bob.read() == [":ann!~ann@people-ann RENAME #tea #coffee :we changed"]


def test_the_third_parameter_is_always_sent(ann: Person) -> None:
    assert ann.send("RENAME #tea #coffee") == [":ann!~ann@people-ann RENAME #tea #coffee :"]


def test_state_is_preserved(chat: Chat, ann: Person) -> None:
    bob = join(chat, "bob", CAP)
    ann.send("TOPIC #tea :leaves", "MODE #tea +stv bob", "PRIVMSG #tea :hi", "RENAME #tea #coffee")
    bob.read()
    told = bob.send("TOPIC #coffee", "NAMES #coffee", "MODE #coffee", "PRIVMSG #coffee :hello")
    assert ":irc.chatsvc 332 bob #coffee :leaves" in told
    assert ":irc.chatsvc 353 bob @ #coffee :@ann +bob" in told
    assert ":irc.chatsvc 324 bob #coffee +nst" in told
    assert ann.read()[-1] == ":bob!~bob@people-bob PRIVMSG #coffee :hello"


def test_only_the_case_changes(chat: Chat, ann: Person) -> None:
    bob = join(chat, "bob")
    ann.read()
    assert ann.send("RENAME #tea #Tea") == [":ann!~ann@people-ann RENAME #tea #Tea :"]
    assert bob.read() == []  # "This fallback SHOULD NOT be used"
    ann.send("PRIVMSG #tea :hi")
    assert bob.read() == [":ann!~ann@people-ann PRIVMSG #Tea :hi"]


# Section "Errors"


def test_numerics_are_used_where_one_fits(chat: Chat, ann: Person) -> None:
    bob = join(chat, "bob", CAP)
    assert bob.send("RENAME #tea") == [":irc.chatsvc 461 bob RENAME :Not enough parameters"]
    (refused,) = bob.send("RENAME #tea #coffee")
    assert refused.startswith(":irc.chatsvc 482 bob #tea :")
    (unknown,) = bob.send("RENAME #none #coffee")
    assert unknown.startswith(":irc.chatsvc 403 bob #none :")
    dan = irc(chat, "dan")
    (outside,) = dan.send("RENAME #tea #coffee")
    assert outside.startswith(":irc.chatsvc 442 dan #tea :")


@pytest.mark.parametrize("name", ["coffee", "#", "&coffee", "#two,three", "#tea", "#" + 40 * "x"])
def test_names_that_cannot_be(ann: Person, name: str) -> None:
    (refused,) = ann.send(f"RENAME #tea {name}")
    assert refused.startswith(f":irc.chatsvc FAIL RENAME CANNOT_RENAME #tea {name} :")
    ann.send("PRIVMSG #tea :still")
    assert ann.send("TOPIC #tea")[0].startswith(":irc.chatsvc 331")


def test_a_name_in_use_is_refused(chat: Chat, ann: Person) -> None:
    irc(chat, "bob").send("JOIN #Coffee")
    (refused,) = ann.send("RENAME #tea #coffee")
    assert refused.startswith(":irc.chatsvc FAIL RENAME CHANNEL_NAME_IN_USE #tea #coffee :")


def test_permission_is_checked_before_the_names(chat: Chat, ann: Person) -> None:
    bob = join(chat, "bob")
    for name in ("#tea", "#lobby", "coffee"):
        (refused,) = bob.send(f"RENAME #tea {name}")
        assert refused.startswith(":irc.chatsvc 482 bob #tea :")


def test_the_lobby_keeps_its_name(chat: Chat) -> None:
    operator(chat, "op").send("/quit")
    op = irc(chat, "guest")
    op.send(f"OPER op {SECRET}", "JOIN #lobby")
    (refused,) = op.send("RENAME #lobby #hall")
    assert refused.startswith(":irc.chatsvc FAIL RENAME CANNOT_RENAME #lobby #hall :")


def test_a_channel_is_not_renamed_again_at_once(chat: Chat, ann: Person) -> None:
    ann.send("RENAME #tea #coffee")
    (refused,) = ann.send("RENAME #coffee #milk")
    assert refused.startswith(":irc.chatsvc FAIL RENAME CANNOT_RENAME #coffee #milk :")
    chat.clock.advance(60)
    assert ann.send("RENAME #coffee #milk")[-1].endswith("RENAME #coffee #milk :")


# Section "Fallback"


def test_other_clients_leave_and_join(chat: Chat, ann: Person) -> None:
    bob = join(chat, "bob")
    ann.send("TOPIC #tea :leaves")
    bob.read()
    ann.send("RENAME #tea #coffee :we changed")
    told = bob.read()
    assert told[:2] == [
        ":bob!~bob@people-bob PART #tea :we changed",
        ":bob!~bob@people-bob JOIN #coffee",
    ]
    assert told[2] == ":irc.chatsvc 332 bob #coffee :leaves"
    assert told[3].startswith(":irc.chatsvc 333 bob #coffee ann")
    assert told[-1].startswith(":irc.chatsvc 366 bob #coffee :")
    assert len(told) == 6
    ann.read()
    bob.send("PRIVMSG #coffee :hi")
    assert ann.read() == [":bob!~bob@people-bob PRIVMSG #coffee :hi"]  # and nobody has left


def test_a_client_without_the_capability_may_rename(chat: Chat) -> None:
    bob = irc(chat, "bob")
    bob.send("JOIN #tea")
    told = bob.send("RENAME #tea #coffee")
    assert told[:2] == [":bob!~bob@people-bob PART #tea", ":bob!~bob@people-bob JOIN #coffee"]


def test_users_of_other_clients_are_told_once(chat: Chat, ann: Person) -> None:
    dan = guest(chat, "dan")
    eve = program(chat, "eve")
    join(chat, "bob")
    dan.send("/join #tea")
    eve.send('{"do": "join", "room": "#tea"}')
    dan.read()
    eve.read()
    ann.send("RENAME #tea #coffee :we changed")
    assert dan.read() == ["* ann renamed #tea to #coffee: we changed"]
    (told,) = eve.read()
    assert json.loads(told) == {
        "event": "moved", "room": "#tea", "to": "#coffee", "by": "ann",
        "reason": "we changed",
    }  # fmt: skip


# Section "Channel redirection"


def test_joining_under_the_former_name(chat: Chat, ann: Person) -> None:
    ann.send("RENAME #tea #coffee")
    bob = irc(chat, "bob", CAP)
    assert bob.send("JOIN #tea") == [
        ":irc.chatsvc FAIL JOIN CHANNEL_RENAMED #tea #coffee :#tea is called #coffee now."
    ]
    assert bob.send("JOIN #coffee")[0] == ":bob!~bob@people-bob JOIN #coffee"
    told = irc(chat, "dan").send("JOIN #tea")
    assert told[0] == ":irc.chatsvc 470 dan #tea #coffee :The channel was renamed"
    assert told[1] == ":dan!~dan@people-dan JOIN #coffee"


def test_ids_of_messages_from_before_still_name_them(chat: Chat, ann: Person) -> None:
    both = ("draft/chathistory", "batch", "message-tags", "draft/message-redaction")
    bob = join(chat, "bob", *both)
    ann.send("PRIVMSG #tea :one", "PRIVMSG #tea :two", "PRIVMSG #tea :three")
    ann.send("RENAME #tea #coffee")
    bob.read()
    dan = irc(chat, "dan", *both)
    dan.send("JOIN #tea")
    for client in (bob, dan):
        page = client.send("CHATHISTORY AFTER #coffee msgid=#tea-1 10")
        assert [line.rpartition(":")[2] for line in page if "PRIVMSG" in line] == ["two", "three"]
        assert all("PRIVMSG #coffee" in line for line in page if "PRIVMSG" in line)
    (strange,) = bob.send("CHATHISTORY AFTER #coffee msgid=#milk-1 10")
    assert "FAIL CHATHISTORY INVALID_PARAMS" in strange


def test_a_former_name_belongs_to_its_channel(chat: Chat, ann: Person) -> None:
    ann.send("RENAME #tea #coffee")
    bob = irc(chat, "bob")
    bob.send("JOIN #milk")
    (refused,) = bob.send("RENAME #milk #tea")
    assert refused.startswith(":irc.chatsvc FAIL RENAME CHANNEL_NAME_IN_USE #milk #tea :")
    chat.clock.advance(60)
    assert ann.send("RENAME #coffee #tea")[-1].endswith("RENAME #coffee #tea :")
    assert irc(chat, "dan", CAP).send("JOIN #tea")[0] == ":dan!~dan@people-dan JOIN #tea"
