"""Read positions and redactions, byte by byte."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET, founder

MARKS = "draft/read-marker"
REDACTIONS = ("draft/message-redaction", "message-tags", "echo-message")


def registered(chat: Chat, nick: str, *capabilities: str) -> Person:
    client = irc(chat, nick, *capabilities)
    client.send(f"PRIVMSG NickServ :REGISTER {SECRET}")
    return client


def again(chat: Chat, nick: str, *capabilities: str) -> Person:
    """Return another connection of an account."""
    client = chat.connect()
    client.send(f"CAP REQ :{' '.join(capabilities)}", f"PASS {SECRET}")
    client.send(f"NICK {nick}", f"USER {nick} 0 * :x", "CAP END")
    chat.clock.advance(0)  # it rejoins several channels, in more than one turn
    return client


# MARKREAD


def test_marks_are_set_asked_for_and_told_to_all_of_ones_clients(chat: Chat) -> None:
    ann = registered(chat, "ann", MARKS)
    assert ann.send("JOIN #lobby") == [
        ":ann!~ann@people-ann JOIN #lobby",
        ":irc.chatsvc MARKREAD #lobby *",
        ":irc.chatsvc 353 ann = #lobby :ann",
        ":irc.chatsvc 366 ann #lobby :End of NAMES list",
    ]
    phone, old = again(chat, "ann", MARKS), again(chat, "ann", "server-time")
    for each in (phone, old):
        each.send("JOIN #lobby")
    for _ in range(2):
        chat.clock.advance(10)
        ann.send("PRIVMSG #lobby :hi")
    phone.read(), old.read()
    assert ann.send("MARKREAD #lobby") == [":irc.chatsvc MARKREAD #lobby *"]
    marked = ":irc.chatsvc MARKREAD #lobby timestamp=1970-01-01T00:00:10.000Z"
    assert ann.send("MARKREAD #lobby timestamp=1970-01-01T00:00:10.000Z") == [marked]
    assert phone.read() == [marked]
    assert old.read() == []
    assert phone.send("MARKREAD #lobby timestamp=1970-01-01T00:00:09.000Z") == [marked]
    assert old.send("MARKREAD #lobby") == [marked]
    assert ann.read() == []
    third = chat.connect()
    third.send(f"CAP REQ :{MARKS}", f"PASS {SECRET}", "NICK ann", "USER ann 0 * :x")
    assert marked in third.send("CAP END")


def test_marks_of_conversations(chat: Chat) -> None:
    ann, bob = registered(chat, "ann", MARKS), registered(chat, "bob")
    assert ann.send("MARKREAD bob") == [":irc.chatsvc MARKREAD bob *"]
    chat.clock.advance(10)
    bob.send("PRIVMSG ann :hi")
    ann.read()
    marked = ":irc.chatsvc MARKREAD bob timestamp=1970-01-01T00:00:10.000Z"
    assert ann.send("MARKREAD bob timestamp=1970-01-01T00:00:10.000Z") == [marked]
    assert ann.send("MARKREAD bob") == [marked]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("MARKREAD", "NEED_MORE_PARAMS :Which channel or user?"),
        ("MARKREAD #lobby *", "INVALID_PARAMS #lobby * :Invalid timestamp"),
        ("MARKREAD #lobby timestamp=*", "INVALID_PARAMS #lobby timestamp=* :Invalid timestamp"),
        (
            "MARKREAD #lobby timestamp=no-on",
            "INVALID_PARAMS #lobby timestamp=no-on :Invalid timestamp",
        ),
    ],
)
def test_what_cannot_be_marked(chat: Chat, command: str, answer: str) -> None:
    ann = irc(chat, "ann", MARKS)
    ann.send("JOIN #lobby")
    assert ann.send(command) == [f":irc.chatsvc FAIL MARKREAD {answer}"]
    assert ann.send("MARKREAD bob") == [":irc.chatsvc MARKREAD bob *"]


def test_any_target_has_the_client_s_own_time_which_only_increases(chat: Chat) -> None:
    """IRCv3 draft "read-marker": the server stores the timestamp that it was sent."""
    ann = irc(chat, "ann", MARKS)
    ann.send("JOIN #lobby", "PRIVMSG #lobby :hi")
    for target in ("#lobby", "#elsewhere", "bob"):
        later, earlier = "1970-01-01T00:00:10.123Z", "1970-01-01T00:00:09.000Z"
        told = [f":irc.chatsvc MARKREAD {target} timestamp={later}"]
        assert ann.send(f"MARKREAD {target}") == [f":irc.chatsvc MARKREAD {target} *"]
        assert ann.send(f"MARKREAD {target} timestamp={later}") == told
        assert ann.send(f"MARKREAD {target} timestamp={earlier}") == told
        assert ann.send(f"MARKREAD {target}") == told


@pytest.mark.parametrize("connect", [irc, registered])
def test_a_mark_outlasts_leaving_the_channel(chat: Chat, connect: Callable[..., Person]) -> None:
    """IRCv3 draft "read-marker", "Read timestamp notes": the timestamp only ever increases."""
    ann, bob = connect(chat, "ann", MARKS), irc(chat, "bob")
    ann.send("JOIN #tea"), bob.send("JOIN #tea", "PRIVMSG #tea :hi")
    marked = ":irc.chatsvc MARKREAD #tea timestamp=1970-01-01T00:00:10.000Z"
    ann.send("MARKREAD #tea timestamp=1970-01-01T00:00:10.000Z")
    assert ann.send("PART #tea", "JOIN #tea")[2] == marked
    assert ann.send("MARKREAD #tea timestamp=1970-01-01T00:00:09.000Z") == [marked]


# REDACT


def test_deleting_a_line_is_told_to_everybody_as_they_know_it(chat: Chat) -> None:
    ann, bob = irc(chat, "ann", *REDACTIONS), irc(chat, "bob", "draft/message-redaction")
    old, telnet = irc(chat, "old"), chat.join("carol")
    for each in (ann, bob, old):
        each.send("JOIN #lobby")
    assert ann.send("PRIVMSG #lobby :oops") == [
        "@msgid=#lobby-1 :ann!~ann@people-ann PRIVMSG #lobby :oops"
    ]
    bob.read(), old.read(), telnet.read()
    redacted = ":ann!~ann@people-ann REDACT #lobby #lobby-1 :not for here"
    assert ann.send("REDACT #lobby #lobby-1 :not for here") == [redacted]
    assert bob.read() == [redacted]
    assert old.read() == [
        ":irc.chatsvc NOTICE old :ann deleted their own message 1 in #lobby: not for here"
    ]
    assert telnet.read() == ["* ann deleted their own message 1: not for here"]


def test_moderators_delete_for_a_reason_and_others_are_forbidden_to(chat: Chat) -> None:
    founder(chat, "boss").send("one", "two")
    boss = again(chat, "boss", *REDACTIONS)
    eve = irc(chat, "eve", "draft/message-redaction", "labeled-response", "batch")
    boss.send("JOIN #tea"), eve.send("JOIN #tea", "PRIVMSG #tea :spam")
    boss.read()
    redacted = ":boss!~boss@people-boss REDACT #tea #tea-3 :no ads"
    assert boss.send("REDACT #tea #tea-3 :no ads") == [redacted]
    assert eve.read() == [redacted]
    assert eve.send("@label=x REDACT #tea #tea-1") == [
        "@label=x :irc.chatsvc FAIL REDACT REDACT_FORBIDDEN #tea #tea-1"
        " :That message is by boss. Only moderators can delete it."
    ]
    late = irc(chat, "late", "draft/message-redaction", "draft/chathistory")
    assert late.send("JOIN #tea")
    assert len(late.send("CHATHISTORY LATEST #tea * 9")) == 2
    old = irc(chat, "old", "server-time")
    assert any(line.endswith(":(deleted by boss)") for line in old.send("JOIN #tea"))


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("#lobby #lobby-7", "UNKNOWN_MSGID #lobby #lobby-7 :No such message"),
        ("#lobby #tea-1", "UNKNOWN_MSGID #lobby #tea-1 :No such message"),
        ("#lobby x", "UNKNOWN_MSGID #lobby x :No such message"),
        ("#lobby #lobby-\u0661", "UNKNOWN_MSGID #lobby #lobby-\u0661 :No such message"),
        ("#tea #tea-1", "INVALID_TARGET #tea :You are not in #tea. To join it: /join #tea"),
        ("#tea x", "INVALID_TARGET #tea :You are not in #tea. To join it: /join #tea"),
        ("bob x", "INVALID_TARGET bob"
         " :Private messages are stored only between registered users."),
        ("bob @bob-1", "INVALID_TARGET bob"
         " :Private messages are stored only between registered users."),
    ],
)  # fmt: skip
def test_what_cannot_be_deleted(chat: Chat, command: str, answer: str) -> None:
    ann = irc(chat, "ann", *REDACTIONS)
    ann.send("JOIN #lobby", "PRIVMSG #lobby :hi")
    assert ann.send(f"REDACT {command}") == [f":irc.chatsvc FAIL REDACT {answer}"]
    assert ann.send("REDACT #lobby") == [":irc.chatsvc 461 ann REDACT :Not enough parameters"]


def test_private_lines_are_deleted_on_both_sides(chat: Chat) -> None:
    ann = registered(chat, "ann", *REDACTIONS)
    bob = registered(chat, "bob", *REDACTIONS)
    assert ann.send("PRIVMSG bob :oops") == [
        "@msgid=@ann,bob-1 :ann!~ann@people-ann PRIVMSG bob :oops"
    ]
    assert bob.read() == ["@msgid=@ann,bob-1 :ann!~ann@people-ann PRIVMSG bob :oops"]
    assert ann.send("REDACT bob @ann,bob-1") == [":ann!~ann@people-ann REDACT bob @ann,bob-1"]
    assert bob.read() == [":ann!~ann@people-ann REDACT bob @ann,bob-1"]
