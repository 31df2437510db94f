"""Capabilities that change what IRC clients are told about others, and how answers are sent."""

from __future__ import annotations

import re

import pytest
from conftest import Chat
from ircpeople import irc
from staff import SECRET, founder, member, operator

LABELS = ("labeled-response", "batch", "message-tags")


def test_an_answer_of_one_message_has_the_label(chat: Chat) -> None:
    ann = irc(chat, "ann", *LABELS)
    assert ann.send("@label=a1 PING 42") == ["@label=a1 :irc.chatsvc PONG irc.chatsvc :42"]
    assert ann.send("@label=a2 NICK anna") == [
        "@label=a2;msgid=~1000000000001 :ann!~ann@people-ann NICK :anna"
    ]
    assert ann.send("@label=a3 PRIVMSG #no :x") == [
        "@label=a3 :irc.chatsvc 403 anna #no :There is no room #no. To create it: /join #no"
    ]


def test_what_has_no_answer_is_acknowledged(chat: Chat) -> None:
    ann = irc(chat, "ann", *LABELS)
    ann.send("JOIN #lobby")
    assert ann.send("@label=b1 PONG x") == ["@label=b1 :irc.chatsvc ACK"]
    assert ann.send("@label=b2 PRIVMSG #lobby :hi") == ["@label=b2 :irc.chatsvc ACK"]
    assert ann.send("PRIVMSG #lobby :hi") == []


def test_an_answer_of_several_messages_is_a_batch(chat: Chat) -> None:
    ann = irc(chat, "ann", *LABELS)
    assert ann.send("@label=c1 JOIN #lobby") == [
        "@label=c1 :irc.chatsvc BATCH +b4 labeled-response",
        "@batch=b4;msgid=~1000000000001 :ann!~ann@people-ann JOIN #lobby",
        "@batch=b4 :irc.chatsvc 353 ann = #lobby :ann",
        "@batch=b4 :irc.chatsvc 366 ann #lobby :End of NAMES list",
        ":irc.chatsvc BATCH -b4",
    ]


def test_an_answer_that_is_a_batch_has_the_label_at_its_beginning(chat: Chat) -> None:
    ann = irc(chat, "ann", *LABELS, "draft/chathistory")
    ann.send("JOIN #lobby", "PRIVMSG #lobby :hi")
    begin, line, end = ann.send("@label=d1 CHATHISTORY LATEST #lobby * 5")
    assert begin == "@label=d1 :irc.chatsvc BATCH +b5 chathistory #lobby"
    assert line == "@batch=b5;msgid=#lobby-1 :ann!~ann@people-ann PRIVMSG #lobby :hi"
    assert end == ":irc.chatsvc BATCH -b5"


def test_the_echo_of_a_line_has_its_label(chat: Chat) -> None:
    ann = irc(chat, "ann", *LABELS, "echo-message")
    ann.send("JOIN #lobby")
    assert ann.send("@label=e1 PRIVMSG #lobby :hi") == [
        "@label=e1;msgid=#lobby-1 :ann!~ann@people-ann PRIVMSG #lobby :hi"
    ]
    begin, first, second, end = ann.send(f"@label=e2 NOTICE #lobby :{'long ' * 97}")
    assert begin == "@label=e2 :irc.chatsvc BATCH +b7 labeled-response"
    assert first.startswith("@batch=b7;msgid=#lobby-2 :ann!~ann@people-ann NOTICE #lobby :long ")
    assert second == "@batch=b7 :ann!~ann@people-ann NOTICE #lobby :long long long "
    assert end == ":irc.chatsvc BATCH -b7"


def test_labels_are_for_those_who_asked_for_them(chat: Chat) -> None:
    ann = irc(chat, "ann", "message-tags", "batch")
    assert ann.send("@label=f1 PING 42") == [":irc.chatsvc PONG irc.chatsvc :42"]


def test_extended_join_shows_account_and_real_name(chat: Chat) -> None:
    ann = irc(chat, "ann", "extended-join")
    assert ann.send("JOIN #lobby")[0] == ":ann!~ann@people-ann JOIN #lobby * :ann"
    member(chat, "bob").hang_up()
    ann.read()
    bob = chat.connect()
    bob.send(f"PASS {SECRET}", "NICK bob", "USER bob 0 * :Robert Roe", "JOIN #lobby")
    assert ann.read() == [":bob!~bob@people-bob JOIN #lobby bob :Robert Roe"]


def test_in_a_crowd_everybody_who_comes_and_goes_is_told(chat: Chat) -> None:
    ann = irc(chat, "ann")
    ann.send("JOIN #lobby")
    people = [chat.join(f"p{n}") for n in range(90)]
    chat.clock.advance(3)
    assert sum(" JOIN #lobby" in line for line in ann.read()) == 90
    for person in people[:30]:
        person.send("/leave")
    chat.clock.advance(3)
    assert sum(" PART #lobby" in line for line in ann.read()) == 30


def test_who_leaves_the_server_quits_once_whatever_rooms_are_shared(chat: Chat) -> None:
    ann, bob = irc(chat, "ann"), irc(chat, "bob")
    for client in (ann, bob):
        client.send("JOIN #lobby,#tea")
    ann.read()
    bob.send("QUIT :off to bed")
    assert ann.read() == [":bob!~bob@people-bob QUIT :Quit: off to bed"]
    again = irc(chat, "bob")
    again.send("JOIN #lobby")
    ann.read()
    again.hang_up()
    assert ann.read() == [":bob!~bob@people-bob QUIT :Connection closed"]


def test_account_notify_tells_of_logging_in_and_out(chat: Chat) -> None:
    ann, bob = irc(chat, "ann", "account-notify"), chat.join("bob")
    ann.send("JOIN #lobby")
    bob.send(f"/register {SECRET}")
    assert ann.read() == [":bob!~bob@people-bob ACCOUNT bob"]
    bob.send(f"/unregister {SECRET}")
    assert ann.read() == [":bob!~bob@people-bob ACCOUNT *"]


def test_logging_in_under_another_name_is_a_new_name_and_an_account(chat: Chat) -> None:
    ann = irc(chat, "ann", "account-notify")
    member(chat, "bob").hang_up()
    ann.send("JOIN #lobby")
    guest = chat.join("guest")
    ann.read()
    guest.send(f"/login bob {SECRET}")
    assert ann.read() == [
        ":guest!~guest@people-guest NICK :bob",
        ":bob!~guest@people-guest ACCOUNT bob",
    ]


def test_real_names_are_set_and_shown(chat: Chat) -> None:
    ann, bob = irc(chat, "ann", "setname"), irc(chat, "bob", "setname")
    ann.send("JOIN #lobby"), bob.send("JOIN #lobby")
    ann.read()
    assert bob.send("SETNAME :Robert Roe") == [":bob!~bob@people-bob SETNAME :Robert Roe"]
    assert ann.read() == [":bob!~bob@people-bob SETNAME :Robert Roe"]
    assert ann.send("WHOIS bob")[0] == ":irc.chatsvc 311 ann bob ~bob people-bob * :Robert Roe"
    for invalid in ("x" * 401, "", " "):  # IRCv3 "setname", "Errors"
        assert ann.send(f"SETNAME :{invalid}") == [
            ":irc.chatsvc FAIL SETNAME INVALID_REALNAME :A real name has from 1 to 400 characters"
        ]
    telnet = chat.join("carol")
    ann.read()
    assert telnet.send("/realname Carol C.") == ["* Real name set: Carol C."]
    assert ann.read() == [":carol!~carol@people-carol SETNAME :Carol C."]


def test_a_new_name_keeps_user_and_host(chat: Chat) -> None:
    """RFC 2812, 2.3.1: hosts contain letters, digits, hyphens and dots, or are addresses."""
    ann, bob = irc(chat, "ann", "chghost"), irc(chat, "bob")
    eve = irc(chat, "[eve]")
    for each in (ann, bob, eve):
        each.send("JOIN #lobby")
    ann.read()
    bob.send("NICK rob", "NICK Rob", "PART #lobby")
    assert ann.read() == [
        ":bob!~bob@people-bob NICK :rob",
        ":rob!~bob@people-bob NICK :Rob",
        ":Rob!~bob@people-bob PART #lobby",
    ]
    assert irc(chat, "bob").send("JOIN #lobby")[0] == ":bob!~bob@people-bob-2 JOIN #lobby"
    ann.read()
    eve.send("QUIT")
    (told,) = ann.read()
    assert re.fullmatch(r":\[eve\]!~eve@people-[0-9a-f]{8} QUIT :Quit: ", told)


def test_the_user_name_is_the_one_of_user(chat: Chat) -> None:
    """Modern IRC, "USER message": with a tilde, because nobody has verified it."""
    ann = irc(chat, "ann")
    for given, shown in (("robert", "robert"), ("r@o!b é", "rob"), ("x" * 30, "x" * 18)):
        bob = chat.connect()
        given = given.split()[0]
        bob.send("NICK bob", f"USER {given} 0 * :Robert Roe")
        assert ann.send("WHOIS bob")[0] == (
            f":irc.chatsvc 311 ann bob ~{shown} people-bob * :Robert Roe"
        )
        assert ann.send("WHO bob %uh")[0] == f":irc.chatsvc 354 ann ~{shown} :people-bob"
        bob.send("QUIT")
        assert ann.send("WHOWAS bob 1")[0] == (
            f":irc.chatsvc 314 ann bob ~{shown} people-bob * :Robert Roe"
        )


def test_moderators_hear_of_invitations(chat: Chat) -> None:
    founder(chat, "ann").send("/set invite-only on")
    eve = irc(chat, "eve")
    ann = chat.connect()
    ann.send("CAP REQ invite-notify", f"PASS {SECRET}", "NICK ann", "USER ann 0 * :a", "CAP END")
    ann.send("JOIN #tea")
    other = chat.program("ann", account_password=SECRET)
    other.ask(do="join", room="#tea")
    ann.read()
    member(chat, "bob").send("/join #tea")
    other.ask(do="invite", name="bob", room="#tea")
    ann.read()
    bob = chat.program("bob", account_password=SECRET)
    bob.ask(do="join", room="#tea")
    other.ask(do="op", name="bob", room="#tea")
    ann.read()
    bob.ask(do="invite", name="eve", room="#tea")
    assert ann.read() == [":bob!~bob@people-bob INVITE eve :#tea"]
    assert eve.read() == [":bob!~bob@people-bob INVITE eve :#tea"]


def test_refusals_without_a_numeric_are_standard_replies(chat: Chat) -> None:
    ann = irc(chat, "ann", "standard-replies")
    assert ann.send("IGNORE ann") == [
        ":irc.chatsvc FAIL IGNORE YOURSELF :You cannot ignore yourself."
    ]


def test_lusers_counts_people_and_rooms(chat: Chat) -> None:
    chat.connect().send("NICK bob")
    ann = irc(chat, "ann")
    assert ann.send("LUSERS") == [
        ":irc.chatsvc 251 ann :There are 1 users and 0 invisible on 1 servers",
        ":irc.chatsvc 252 ann 0 :operators online",
        ":irc.chatsvc 253 ann 1 :unknown connections",
        ":irc.chatsvc 254 ann 0 :channels formed",
        ":irc.chatsvc 255 ann :I have 1 clients and 0 servers",
        ":irc.chatsvc 265 ann 1 1 :Current users 1, max 1",
        ":irc.chatsvc 266 ann 1 1 :Current users 1, max 1",
    ]


def test_whoever_is_banned_reads_so_at_the_door(chat: Chat) -> None:
    op = operator(chat)
    op.send("/ban name=eve spam")
    eve = chat.connect()
    assert eve.send("NICK eve", "USER e 0 * :e") == [
        ":irc.chatsvc 465 * :You are banned: spam.",
        "ERROR :Closing Link: irc.chatsvc (You are banned: spam.)",
    ]


def test_labels_that_cannot_be_answered_are_none(chat: Chat) -> None:
    ann = irc(chat, "ann", *LABELS)
    assert ann.send(f"@label={'x' * 65} PING 1") == [":irc.chatsvc PONG irc.chatsvc :1"]
    bob = irc(chat, "bob", "labeled-response")  # an answer may need a batch
    assert bob.send("@label=a JOIN #lobby")[0] == ":bob!~bob@people-bob JOIN #lobby"


def test_capabilities_that_are_too_many_for_a_message_come_in_several(chat: Chat) -> None:
    assert len(irc(chat, "a" * 32).send("CAP LS")) == 1
    ann = irc(chat, "\U00010300" * 32)
    first, last = ann.send("CAP LS 302")
    assert " LS * :account-notify account-tag " in first
    assert len(first.encode()) <= 510
    assert last.endswith(" userhost-in-names")


# Invalid input (IRCv3 "UTF8ONLY")

NOT_UTF8 = "INVALID_UTF8 :Not sent: invalid UTF-8. Set your client's encoding to UTF-8"


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"PRIVMSG #lobby :caf\xe9", f":irc.chatsvc FAIL PRIVMSG {NOT_UTF8}"),
        (b"@label=x PRIVMSG #lobby :caf\xe9", f"@label=x :irc.chatsvc FAIL PRIVMSG {NOT_UTF8}"),
        (b"@label=x :ann notice #lobby :caf\xe9", f"@label=x :irc.chatsvc FAIL NOTICE {NOT_UTF8}"),
        (b"@+x=\xe9;label=x TOPIC #lobby :tea", f"@label=x :irc.chatsvc FAIL TOPIC {NOT_UTF8}"),
        (b"caf\xe9", f":irc.chatsvc FAIL * {NOT_UTF8}"),
        (b"@label=x \xff", f"@label=x :irc.chatsvc FAIL * {NOT_UTF8}"),
        (b"\xff" * 600, f":irc.chatsvc FAIL * {NOT_UTF8}"),
        (b"@" + b"\xff" * 5000 + b" PRIVMSG #lobby :x", f":irc.chatsvc FAIL * {NOT_UTF8}"),
        (
            b"@label=x PRIVMSG #lobby :" + b"x" * 600,
            "@label=x :irc.chatsvc 417 ann :Input line was too long",
        ),
        (b"@label=x WHOIS\xff", f"@label=x :irc.chatsvc FAIL * {NOT_UTF8}"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_with_its_command_and_label(
    chat: Chat, sent: bytes, answer: str
) -> None:
    bob, ann = irc(chat, "bob"), irc(chat, "ann", *LABELS)
    ann.send("JOIN #lobby"), bob.send("JOIN #lobby")
    assert ann.send(sent) == [answer]
    assert bob.read() == []
    assert ann.send("@label=y PING x") == ["@label=y :irc.chatsvc PONG irc.chatsvc :x"]


def test_clients_without_standard_replies_are_told_as_well(chat: Chat) -> None:
    ann = chat.connect()
    assert ann.send(b"NICK ann", b"USER ann 0 * :Ren\xe9") == [f":irc.chatsvc FAIL USER {NOT_UTF8}"]
    assert ann.send("USER ann 0 * :René")[0].startswith(":irc.chatsvc 001 ann ")


@pytest.mark.parametrize("bad", [b"caf\xe9", b"x" * 600])
def test_a_batch_of_which_a_line_cannot_be_read_is_not_sent(chat: Chat, bad: bytes) -> None:
    bob = irc(chat, "bob")
    ann = irc(chat, "ann", *LABELS, "draft/multiline")
    ann.send("JOIN #lobby"), bob.send("JOIN #lobby")
    ann.send("@label=x BATCH +1 draft/multiline #lobby", "@batch=1 PRIVMSG #lobby :one")
    ann.send(b"@batch=1 PRIVMSG #lobby :" + bad)
    (told,) = ann.send("BATCH -1")
    assert told.startswith("@label=x :irc.chatsvc ")
    assert "INVALID_UTF8" in told or " 417 " in told
    assert bob.read() == []
