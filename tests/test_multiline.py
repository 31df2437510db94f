"""Messages with several lines: what they may contain, and how everybody sees them."""

from __future__ import annotations

import re

import pytest
from conftest import Chat, Person
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ircpeople import irc
from samples import NOON, SAID
from staff import NOW, founder, guest, program, refusal

from chatsvc.client.words import Words
from chatsvc.dialects.text import TEXT
from chatsvc.model.characters import clean, clean_lines
from chatsvc.model.history_events import History
from chatsvc.model.message_events import Line, Told
from chatsvc.model.rate_limits import Limits, Rate
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import LONGEST_TEXT, MOST_LINES, check_text
from chatsvc.store.archive import ArchiveFailed

POEM = "roses are red,\n\n  violets are blue"
FAKE = "hi\n[12:00] <eve> I quit\n* bob left.\n    8 [12:00] <bob> no\n        | so"
pieces = st.sampled_from(
    [
        "\n",
        "\r\n",
        "\r",
        "\t",
        "\x0304",
        "\u2028",
        "\x85",
        "\x0b",
        "\x1b[2J",
        "\x1b]0;",
        "|",
        "* ",
        "[12:00] ",
        " ",
    ]
)
several = st.lists(st.one_of(pieces, st.text(max_size=4)), max_size=12).map("".join)
often = settings(max_examples=100, deadline=None)


# Contents


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("one\r\ntwo\nthree", "one\ntwo\nthree"),
        ("one\n\n  two\n", "one\n\n  two"),
        ("\n \n  one\n \n\n", "  one"),
        ("one\rtwo\u2028three\x85four", "one two three four"),
        ("a\tb\n\t\tc\n\x1b[31md\x07", "a\tb\n\t\tc\nd"),
        ("\x02if\x0f x:\n\x0304,01 y\x03", "if x:\n y"),
        ("\x02\u200b\n\u3164x\n\x03", "\u3164x"),
        ("\x1b]0;title\nnext", "next"),
        ("\n\n", ""),
        ("as it is ", "as it is "),
    ],
)
def test_the_lines_of_a_text_are_cleaned_and_kept_apart(text: str, cleaned: str) -> None:
    assert clean_lines(text) == cleaned


@given(several)
@example("\x1b]0;\n\x1b\\")
@often
def test_each_line_is_as_clean_as_one_alone(text: str) -> None:
    cleaned = clean_lines(text)
    assert [" ".join(line.split("\t")) for line in re.sub("\t+", "\t", cleaned).split("\n")] == [
        clean(line) for line in cleaned.split("\n")
    ]
    assert clean_lines(cleaned) == cleaned


def test_a_text_has_just_so_many_lines() -> None:
    check_text("\n".join("x" * MOST_LINES))
    with pytest.raises(Refused, match=f"101 lines, and the maximum is {MOST_LINES}") as refused:
        check_text("\n".join("x" * (MOST_LINES + 1)))
    assert refused.value.code == "too-long"
    with pytest.raises(Refused, match=f"bytes, and the maximum is {LONGEST_TEXT}"):
        check_text("\n".join(["x" * 50] * 81))


# For people


@given(several.map(clean_lines), st.booleans())
@example(FAKE, False)
@often
def test_no_line_but_the_first_begins_like_one_of_somebody_else(text: str, elsewhere: bool) -> None:
    for written in (
        TEXT.write_said(SAID._replace(text=text), elsewhere),
        TEXT.write(History("#tea", (SAID._replace(text=text),), False), "#tea"),
        TEXT.write(Told("bob", "ann", text, NOON), "#tea"),
        TEXT.write(Told("ann", "bob", text, NOON, own=True, late=True), "#tea"),
        TEXT.write(Told("bob", "@#tea", text, NOON, action=True), "#tea"),
    ):
        first, *others, end = written.decode().split("\r\n")
        assert end == ""
        assert "\n" not in first + "".join(others)
        assert len(others) == text.count("\n")
        assert all(line.startswith("        | ") for line in others)


@given(several, st.booleans())
@example(f"{FAKE}\r\n\x1b[2J", True)
@often
def test_the_client_trusts_no_server_with_that(text: str, own: bool) -> None:
    said = SAID._replace(text=text)
    for event in (said, History("#tea", (said,), False), Told("bob", "ann", text, NOON)):
        _, *others = Words(colours=False).lines(event, "#tea", own)
        assert all(line.startswith("        | ") for line in others)
        assert all(line == clean_lines(line) for line in others)


def test_people_read_the_following_lines_below_the_first(chat: Chat) -> None:
    bot, ann = program(chat, "bot", "#lobby"), chat.join("ann")
    ann.read()
    bot.ask(do="say", text=POEM)
    shown = ["<bot> roses are red,", "        | ", "        |   violets are blue"]
    assert ann.read() == [f"{NOW} {shown[0]}", *shown[1:]]
    assert ann.send("/history 1") == [f"    1 {NOW} {shown[0]}", *shown[1:]]
    bot.ask(do="msg", name="ann", text="a\nb")
    assert ann.read() == ["* bot whispers: a", "        | b"]


def test_people_who_type_say_one_line(chat: Chat) -> None:
    ann, bot = chat.join("ann"), program(chat, "bot", "#lobby")
    bot.read()
    ann.protocol.dataReceived(b"one\rtwo\r\n/msg bot a\rb\r\n")
    assert [event["text"] for event in bot.events()] == ["one two", "a b"]


# For programs


def heard(person: Person) -> list[str]:
    return [event["text"] for event in person.events() if event["event"] in ("said", "told")]


def test_it_is_one_line_with_one_number(chat: Chat) -> None:
    ann, bob = program(chat, "ann"), program(chat, "bob")
    (said,) = ann.ask(do="say", text="one\r\ntwo\n\n", tag="t1")
    assert (said["number"], said["text"], said["size"]) == (1, "one\ntwo", 7)
    assert heard(bob) == ["one\ntwo"]
    ann.ask(do="say", rest="three\nfour")
    ann.ask(do="msg", name="bob", text="five\nsix")
    assert heard(bob) == ["three\nfour", "five\nsix"]
    bob.ask(do="reply", text="seven\neight")
    assert heard(ann)[-1] == "seven\neight"
    (page,) = bob.ask(do="history", room="#tea")
    assert [line["text"] for line in page["lines"]] == ["one\ntwo", "three\nfour"]


def test_what_one_does_and_names_and_reasons_are_one_line(chat: Chat) -> None:
    ann, bob = program(chat, "ann"), program(chat, "bob")
    assert ann.ask(do="me", text="one\ntwo")[0]["text"] == "one two"
    assert ann.ask(do="msg", name="bob", text="one\ntwo", action=True)[0]["text"] == "one two"
    assert ann.ask(do="mods", text="one\ntwo", action=True)[0]["text"] == "one two"
    assert ann.ask(do="topic", text="one\ntwo")[0]["text"] == "one two"
    assert ann.ask(do="away", reason="one\ntwo")[0]["reason"] == "one two"
    assert bob.ask(do="quit", words="one\ntwo")
    assert ann.events()[-1]["words"] == "one two"


def test_a_text_of_blank_lines_is_empty(chat: Chat) -> None:
    ann = program(chat, "ann")
    assert refusal(ann, do="say", text="\n \n")[0] == "empty"
    assert refusal(ann, do="say", text="x\n" * 101 + "x")[0] == "too-long"


def test_filters_see_every_line(chat: Chat) -> None:
    ann = founder(chat, "ann")
    ann.send("/set refuse spam", "/set mask darn")
    bot = program(chat, "bot")
    assert refusal(bot, do="say", text="good\nbad spam")[0] == "filtered"
    assert bot.ask(do="say", text="oh\ndarn it")[0]["text"] == "oh\n**** it"


def test_it_costs_as_much_of_the_pace_as_it_has_lines() -> None:
    chat = Chat(limits=Limits(flood=Rate(8, 2.0)))
    bot = program(chat, "bot")
    chat.clock.advance(60)
    assert [event["event"] for event in bot.ask(do="say", text="\n".join("x" * 20))] == ["said"]
    assert [event["event"] for event in bot.ask(do="say", text="y")] == ["notice"]
    chat.clock.advance(6)
    assert bot.events() == []
    chat.clock.advance(0.5)
    assert heard(bot) == ["y"]


def test_a_refusal_of_it_is_one_line(chat: Chat) -> None:
    ann = chat.join("ann")
    ann.read()
    (session,) = chat.hub.directory.sessions
    line = Line("#lobby", NOON, "ann", FAKE, False, session.client, None)
    chat.hub.messaging.not_kept([line], ArchiveFailed("The disk is full."))
    (refused,) = ann.read()
    assert refused.startswith("* The disk is full. Not sent: hi [12:00] <eve> I quit * bob")


@pytest.mark.parametrize("text", ["x", "   x", "\tx", "x  ", "  x  y \t"])
@pytest.mark.parametrize("way", ["/msg bob ", "/msg   bob ", "!msg bob ", "/w bob ", "/reply ", ""])
def test_blanks_around_a_private_message_stay(chat: Chat, way: str, text: str) -> None:
    ann, bob = guest(chat, "ann"), program(chat, "bob", "#lobby")
    bob.ask(do="msg", name="ann", text="hi")
    if not way:
        ann.send("/to bob")
    bob.read()
    ann.send(f"{way}{text}")
    assert [event["text"] for event in told_to(bob)] == [text]


def told_to(bob: Person) -> list[dict[str, object]]:
    return [event for event in bob.events() if event["event"] == "told"]


@pytest.mark.parametrize("text", ["waves", "  waves", "waves  "])
def test_blanks_around_an_action_stay(chat: Chat, text: str) -> None:
    ann, bob = guest(chat, "ann"), program(chat, "bob", "#lobby")
    ann.send(f"/me {text}")
    assert [event["text"] for event in bob.events()] == [text]


def test_a_private_message_of_blanks_is_none(chat: Chat) -> None:
    ann, _ = guest(chat, "ann"), guest(chat, "bob")
    assert ann.send("/msg bob    ")[0].startswith("* Usage: /msg name text")


def test_blanks_around_a_private_message_from_irc_stay(chat: Chat) -> None:
    ivy, bob = irc(chat, "ivy"), program(chat, "bob", "#lobby")
    ivy.send("PRIVMSG bob :   x  ", "PRIVMSG bob :\x01ACTION   waves \x01", "NOTICE bob :  y ")
    assert [event["text"] for event in told_to(bob)] == ["   x  ", "  waves ", "  y "]
