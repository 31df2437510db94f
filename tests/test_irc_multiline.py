"""Multiline messages, byte by byte: batches from clients, and to them."""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET, program

from chatsvc.dialects.irc.capabilities import CAPABILITIES
from chatsvc.dialects.irc.composition import MOST, Compositions, Piece
from chatsvc.model.rate_limits import Limits, Rate
from chatsvc.model.text_rules import LONGEST_TEXT, MOST_LINES

MULTILINE = ("draft/multiline", "batch")
ANN = ":ann!~ann@people-ann"


@pytest.fixture
def ann(chat: Chat) -> Person:
    """Return a client in the lobby that supports multiline messages."""
    client = irc(chat, "ann", *MULTILINE)
    client.send("JOIN #lobby")
    return client


@pytest.fixture
def bot(chat: Chat) -> Person:
    """Return a program in the lobby that reads what is said."""
    return program(chat, "bot", "#lobby")


def heard(bot: Person) -> list[str]:
    return [event["text"] for event in bot.events() if event["event"] in ("said", "told")]


def batch(target: str, *lines: str) -> list[str]:
    """Return a client's multiline batch; a line with + continues the one before."""
    tags = {" ": "@batch=1", "+": "@batch=1;draft/multiline-concat"}
    inside = [f"{tags[line[0]]} PRIVMSG {target} :{line[1:]}" for line in lines]
    return [f"BATCH +1 draft/multiline {target}", *inside, "BATCH -1"]


# Sent by clients


def test_the_capability_says_how_much_may_be_sent() -> None:
    assert CAPABILITIES["draft/multiline"] == f"max-bytes={LONGEST_TEXT},max-lines={MOST_LINES}"


def test_a_batch_is_one_line(chat: Chat, bot: Person, ann: Person) -> None:
    bot.events()
    sent = batch("#lobby", " roses are ", "+red", " ", "   violets are blue")
    assert ann.send(*sent[:-1]) == []
    assert heard(bot) == []
    assert ann.send(sent[-1]) == []
    assert heard(bot) == ["roses are red\n\n  violets are blue"]
    assert chat.hub.directory.rooms["#lobby"].last == 1
    ann.send(*batch("bot", " one", " two"))
    assert heard(bot) == ["one\ntwo"]


def test_other_things_may_be_said_meanwhile(bot: Person, ann: Person) -> None:
    bot.events()
    begin, first, second, end = batch("#lobby", " one", " two")
    ann.send(begin, first, "PRIVMSG #lobby :zero")
    assert ann.send("PING 7") == [":irc.chatsvc PONG irc.chatsvc :7"]
    ann.send(second, end)
    assert heard(bot) == ["zero", "one\ntwo"]


INVALID = ":irc.chatsvc FAIL BATCH MULTILINE_INVALID :"


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (["BATCH"], INVALID + "No such batch"),
        (["BATCH -1"], INVALID + "No such batch"),
        (["@batch=1 PRIVMSG #lobby :x"], INVALID + "No such batch"),
        (["BATCH +1"], INVALID + "Unsupported batch type"),
        (["BATCH +1 netsplit a b"], INVALID + "Unsupported batch type"),
        (["BATCH +1 draft/multiline"], INVALID + "Unsupported batch type"),
        (
            ["BATCH +1 draft/multiline #lobby"] * 2,
            INVALID + "Batches cannot be nested",
        ),
        (batch("#lobby"), INVALID + "The batch is empty"),
        (batch("#lobby", " ", " "), INVALID + "The batch is empty"),
        (batch("#lobby", " x", "+"), INVALID + "This command is not allowed in a multiline batch"),
        (
            ["BATCH +1 draft/multiline #lobby", "@batch=1 NOTICE #lobby :x", "BATCH -1"],
            INVALID + "This command is not allowed in a multiline batch",
        ),
        (
            ["BATCH +1 draft/multiline #lobby", "@batch=1 PRIVMSG #lobby", "BATCH -1"],
            INVALID + "This command is not allowed in a multiline batch",
        ),
        (
            ["BATCH +1 draft/multiline #lobby", "@batch=1 PRIVMSG #tea :x", "BATCH -1"],
            ":irc.chatsvc FAIL BATCH MULTILINE_INVALID_TARGET"
            " #lobby #tea :All lines must have the same target",
        ),
        (
            batch("#lobby", *[" x"] * 101),
            ":irc.chatsvc FAIL BATCH MULTILINE_MAX_LINES 100 :The maximum is 100 lines",
        ),
        (
            batch("#lobby", *[" " + "x" * 410] * 10),
            ":irc.chatsvc FAIL BATCH MULTILINE_MAX_BYTES 4096 :The maximum is 4096 bytes",
        ),
        (
            batch("#tea", " x", " y"),
            ":irc.chatsvc 403 ann #tea :There is no room #tea. To create it: /join #tea",
        ),
    ],
)
def test_what_cannot_be_sent(bot: Person, ann: Person, sent: list[str], answer: str) -> None:
    bot.events()
    assert ann.send(*sent) == [answer]
    assert heard(bot) == []


def test_all_that_is_allowed_is_taken(bot: Person, ann: Person) -> None:
    bot.events()
    ann.send(*batch("#lobby", *[" x"] * 100))
    ann.send(*batch("#lobby", *[" " + "x" * 408] * 10, " 123456"))
    assert [len(text) for text in heard(bot)] == [199, 4096]


def test_clients_without_the_capability_send_no_batches(chat: Chat, bot: Person) -> None:
    old = irc(chat, "old", "message-tags")
    old.send("JOIN #lobby")
    bot.events()
    assert old.send("BATCH +1 draft/multiline #lobby") == [INVALID + "Unsupported batch type"]
    assert old.send("@batch=1 PRIVMSG #lobby :a tag that means nothing to it") == []
    assert heard(bot) == ["a tag that means nothing to it"]


def test_the_answer_has_the_label_of_the_beginning(chat: Chat) -> None:
    ann = irc(chat, "ann", *MULTILINE, "labeled-response", "echo-message", "message-tags")
    ann.send("JOIN #lobby")
    begin, *inside, end = batch("#lobby", " one", " two")
    assert ann.send(f"@label=a {begin}", *inside) == []
    assert ann.send(end) == [
        f"@label=a;msgid=#lobby-1 {ANN} BATCH +m1 draft/multiline #lobby",
        f"@batch=m1 {ANN} PRIVMSG #lobby :one",
        f"@batch=m1 {ANN} PRIVMSG #lobby :two",
        "BATCH -m1",
    ]
    assert ann.send(f"@label=b {begin}", "@batch=1 PRIVMSG #tea :x", end) == [
        "@label=b :irc.chatsvc FAIL BATCH MULTILINE_INVALID_TARGET #lobby #tea"
        " :All lines must have the same target"
    ]
    assert ann.send(f"@label=c {begin}", *inside, begin) == [
        "@label=c :irc.chatsvc FAIL BATCH MULTILINE_INVALID :Batches cannot be nested"
    ]
    ann.send("CAP REQ -echo-message")
    assert ann.send(f"@label=d {begin}", *inside, end) == ["@label=d :irc.chatsvc ACK"]


def test_it_costs_as_much_of_the_pace_as_it_has_lines() -> None:
    chat = Chat(limits=Limits(flood=Rate(8, 2.0)))
    ann, bot = irc(chat, "ann", *MULTILINE), program(chat, "bot", "#lobby")
    ann.send("JOIN #lobby")
    chat.clock.advance(60)
    bot.events()
    ann.send(*batch("#lobby", *[" x"] * 20), "PRIVMSG #lobby :y")
    assert len(heard(bot)) == 1
    chat.clock.advance(6)
    assert heard(bot) == []
    chat.clock.advance(0.5)
    assert heard(bot) == ["y"]


# Sent to clients


@pytest.mark.parametrize(
    ("lines", "others"),
    [
        ((" hello", " how is ", "+everyone?"), ["hello", "how is ", "everyone?"]),
        ((" ", " how is ", "+everyone?"), ["how is ", "everyone?"]),
        ((" ", " hi"), ["hi"]),
        ((" one", " ", " ", " two"), ["one", "two"]),
        ((" a very ", "+long ", "+word"), ["a very ", "long ", "word"]),
    ],
)
def test_lines_stay_as_their_sender_has_split_them(
    chat: Chat, ann: Person, lines: tuple[str, ...], others: list[str]
) -> None:
    """ "Fallback": servers "SHOULD maintain the line composition sent by the client"."""
    new, old = irc(chat, "new", *MULTILINE), irc(chat, "old")
    new.send("JOIN #lobby"), old.send("JOIN #lobby"), new.read()
    ann.send(*batch("#lobby", *lines))
    tags = {" ": "@batch=m1", "+": "@batch=m1;draft/multiline-concat"}
    assert new.read() == [
        f"{ANN} BATCH +m1 draft/multiline #lobby",
        *(f"{tags[line[0]]} {ANN} PRIVMSG #lobby :{line[1:]}" for line in lines),
        "BATCH -m1",
    ]
    assert old.read() == [f"{ANN} PRIVMSG #lobby :{line}" for line in others]


def test_client_tags_of_a_batch_are_on_the_batch(chat: Chat) -> None:
    """ "Message tags": client-only tags are sent attached to the initial BATCH command."""
    ann = irc(chat, "ann", *MULTILINE, "message-tags", "echo-message")
    old = irc(chat, "old", "message-tags")
    ann.send("JOIN #lobby"), old.send("JOIN #lobby"), ann.read()
    begin, *inside = batch("#lobby", " one", " two")
    assert ann.send(f"@+a=b;x=y {begin}", *inside)[:2] == [
        f"@msgid=#lobby-1;+a=b {ANN} BATCH +m1 draft/multiline #lobby",
        f"@batch=m1 {ANN} PRIVMSG #lobby :one",
    ]
    assert old.read() == [
        f"@msgid=#lobby-1;+a=b {ANN} PRIVMSG #lobby :one",
        f"@+a=b {ANN} PRIVMSG #lobby :two",
    ]


def test_only_the_latest_compositions_are_remembered() -> None:
    latest = Compositions()
    for number in range(MOST + 1):
        latest.note(f"{number}", [Piece(f"{number}", False), Piece("", False)])
    assert latest.of("0", 100) == ()
    assert latest.of("1", 100) == (Piece("1", False), Piece("", False))
    assert latest.of("10", 1) == ()  # somebody's source is too long
    assert len(latest.short) == MOST


def test_several_lines_are_a_batch_for_those_who_know_it(bot: Person, ann: Person) -> None:
    bot.ask(do="say", text="one\n\n  two")
    assert ann.read() == [
        ":bot!~bot@people-bot BATCH +m1 draft/multiline #lobby",
        "@batch=m1 :bot!~bot@people-bot PRIVMSG #lobby :one",
        "@batch=m1 :bot!~bot@people-bot PRIVMSG #lobby :",
        "@batch=m1 :bot!~bot@people-bot PRIVMSG #lobby :  two",
        "BATCH -m1",
    ]


def test_others_are_sent_several_messages_without_blank_ones(chat: Chat, bot: Person) -> None:
    old = irc(chat, "old", "message-tags", "server-time", "batch")
    old.send("JOIN #lobby")
    bot.ask(do="say", text="one\n\n  two")
    time = "time=1970-01-01T00:00:00.000Z"
    assert old.read() == [
        f"@{time};msgid=#lobby-1 :bot!~bot@people-bot PRIVMSG #lobby :one",
        f"@{time} :bot!~bot@people-bot PRIVMSG #lobby :  two",
    ]


def test_a_long_line_is_whole_for_those_who_know_it(bot: Person, ann: Person) -> None:
    text = "many words " * 100
    bot.ask(do="say", text=f"{text}\nand an end")
    begin, *inside, end = ann.read()
    assert begin == ":bot!~bot@people-bot BATCH +m1 draft/multiline #lobby"
    assert end == "BATCH -m1"
    assert all(len(line.partition(" ")[2].encode()) <= 510 for line in inside)
    concat = [line.startswith("@batch=m1;draft/multiline-concat ") for line in inside]
    assert concat == [False, True, True, False]
    assert "".join(line.partition(" #lobby :")[2] for line in inside[:-1]) == text


def test_notices_are_never_a_batch(bot: Person, ann: Person) -> None:
    bot.ask(do="say", text="one\n\ntwo", notice=True)
    assert ann.read() == [
        ":bot!~bot@people-bot NOTICE #lobby :one",
        ":bot!~bot@people-bot NOTICE #lobby :two",
    ]


def test_what_one_does_is_never_a_batch(bot: Person, ann: Person) -> None:
    bot.ask(do="me", text="waves and " * 60)
    assert [line.partition(" #lobby ")[2][:9] for line in ann.read()] == [":\x01ACTION "] * 2


def test_private_lines_and_history_are_batches_as_well(chat: Chat) -> None:
    ann = irc(chat, "ann", *MULTILINE, "message-tags", "draft/chathistory")
    ann.send(f"PRIVMSG NickServ :REGISTER {SECRET}", "JOIN #lobby")
    bob = program(chat, "bob", "#lobby")
    bob.ask(do="register", password=SECRET)
    ann.read()
    bob.ask(do="msg", name="ann", text="one\ntwo")
    assert ann.read() == [
        "@msgid=@ann,bob-1 :bob!~bob@people-bob BATCH +m1 draft/multiline ann",
        "@batch=m1 :bob!~bob@people-bob PRIVMSG ann :one",
        "@batch=m1 :bob!~bob@people-bob PRIVMSG ann :two",
        "BATCH -m1",
    ]
    bob.ask(do="say", room="#lobby", text="three\nfour")
    ann.read()
    outer, *inside, end = ann.send("CHATHISTORY LATEST #lobby * 5")
    reference = outer.split()[2][1:]
    assert inside == [
        f"@batch={reference};msgid=#lobby-1 :bob!~bob@people-bob BATCH +m1 draft/multiline #lobby",
        "@batch=m1 :bob!~bob@people-bob PRIVMSG #lobby :three",
        "@batch=m1 :bob!~bob@people-bob PRIVMSG #lobby :four",
        f"@batch={reference} BATCH -m1",
    ]
    assert end == f":irc.chatsvc BATCH -{reference}"


def test_nobody_ends_a_batch_with_their_words(chat: Chat) -> None:
    ann = irc(chat, "ann", "echo-message", "labeled-response", "batch")
    ann.send("JOIN #lobby")
    begin, *inside, end = ann.send(f"@label=x NOTICE #lobby :{'long ' * 95} BATCH -b1")
    assert begin.endswith(" labeled-response")
    assert len(inside) == 2
    assert all(line.startswith("@batch=") for line in inside)
    assert end.startswith(":irc.chatsvc BATCH -")
