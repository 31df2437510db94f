"""The text dialect alone: what people type, and what they read."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import ACTION, ANN, BOB, EVENTS, NOON, SAID

from chatsvc.dialects import sentences
from chatsvc.dialects.sentences import clock
from chatsvc.dialects.text import TEXT
from chatsvc.model.account_events import Identified
from chatsvc.model.events import Event
from chatsvc.model.history_events import Found, History, Marked, Recent
from chatsvc.model.message_events import Kept, Retracted, Said, Signal
from chatsvc.model.moderation_events import Listed
from chatsvc.model.presence_events import Away, People, Person, Realname
from chatsvc.model.requests import Refusal, Request
from chatsvc.model.room_events import Entered, Joined, Left, Place, Rooms, Talking, Topic
from chatsvc.model.server_events import Asked, Cleared, Clock, Command, Help, Welcome


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the server be in UTC, so that expected times can be constants."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    sentences._clock.cache_clear()
    yield
    monkeypatch.undo()
    time.tzset()
    sentences._clock.cache_clear()


def words(event: Event, here: str | None = "#lobby") -> str:
    return TEXT.write(event, here).decode().removesuffix("\r\n")


# What people type


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("hello there", Request("say", "hello there")),
        ("  as  it is ", Request("say", "  as  it is ")),
        ("/who", Request("who", "")),
        ("/msg bob the code", Request("msg", "bob the code")),
        ("//etc is a path", Request("say", "/etc is a path")),
        ("///", Request("say", "//")),
        ("/", Request("", "")),
        ("q!", Request("quit", "")),
        ("!private bob hi", Request("private", "bob hi", literal="!private bob hi")),
        ("\\quit", Request("quit", "", literal="\\quit")),
        ("!", Request("", "", literal="!")),
        ("", Request("empty")),
        ("  ", Request("empty")),
    ],
)
def test_what_a_line_asks_for(line: str, request_: Request) -> None:
    assert TEXT.read(line) == (request_,)


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("ann", Request("name", "ann")),
        ("", Request("name", "")),
        ("!ann", Request("name", "!ann")),
        ("/help", Request("help", "")),
        ("q!", Request("quit", "")),
    ],
)
def test_a_plain_line_answers_what_was_asked(line: str, request_: Request) -> None:
    assert TEXT.read(line, "name") == (request_,)


@given(st.text(st.characters()), st.sampled_from([None, "name", "to", "password"]))
@settings(max_examples=200, deadline=None)
def test_any_line_is_a_request(line: str, question: str | None) -> None:
    (request,) = TEXT.read(line, question)
    assert isinstance(request, Request)
    assert request.rest is None or request.rest in line
    assert request.tag is None


# What people read


def test_there_is_a_sample_of_every_event() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(Event))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("here", [None, "#tea", "#lobby"])
def test_every_event_has_words(event: Event, here: str | None) -> None:
    lines = TEXT.write(event, here).decode()
    assert lines == "" or lines.endswith("\n") or isinstance(event, Cleared)
    assert "None" not in lines


# Own lines are not repeated, /whois shows users, and the others are for programs in JSON.
SILENT = (Kept, Marked, Recent, Welcome, Identified, Listed, Realname, Retracted, Signal)
FREE = (Said, History, Found, Cleared)  # lines of conversations, and no line at all


@pytest.mark.parametrize(
    "event",
    [event for event in EVENTS if not isinstance(event, FREE)],
    ids=lambda event: type(event).__name__,
)
def test_everything_the_server_says_begins_with_a_star(event: Event) -> None:
    lines = TEXT.write(event, "#lobby").decode().split("\r\n")
    assert lines.pop() == ""
    assert lines or isinstance(event, SILENT)
    assert [line for line in lines if not re.fullmatch(r"\* .*\S", line)] == []


def test_the_greeting_is_the_one_line_without_a_star() -> None:
    assert words(Asked("name", "What is your name?")) == "What is your name?"
    assert words(Asked("to", "To whom?", ("bob", "eve"))).splitlines() == [
        "*   1  bob",
        "*   2  eve",
        "* To whom?",
    ]


def test_a_line_said_has_its_time_and_its_sender() -> None:
    assert TEXT.write_said(SAID, False) == b"[2020-02-20 12:00] <bob> is there any left?\r\n"
    assert TEXT.write_said(ACTION, False) == b"[2020-02-20 12:00] * bob pours\r\n"


def test_a_line_said_elsewhere_has_its_room() -> None:
    assert TEXT.write_said(SAID, True).endswith(b"] #tea <bob> is there any left?\r\n")
    assert TEXT.write_said(ACTION, True).endswith(b"] #tea * bob pours\r\n")


def test_somebodys_own_line_is_not_repeated_to_them() -> None:
    assert TEXT.write_own(SAID, False) == TEXT.write_own(SAID, True) == b""


def test_todays_times_have_no_date() -> None:
    assert re.fullmatch(r"\d\d:\d\d", clock(time.time()))
    assert clock(0) == "1970-01-01 00:00"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1))
@settings(max_examples=100, deadline=None)
def test_a_line_said_is_one_line(said: str) -> None:
    line = TEXT.write_said(SAID._replace(text=said), False).decode()
    assert line.endswith(f"<bob> {said}\r\n")
    assert line.count("\n") == 1


@pytest.mark.parametrize(
    ("event", "written"),
    [
        (Entered("#tea", "", (), 1, 0, "ann"), "in #tea, and nobody else is here yet."),
        (Entered("#tea", "", ("bob",), 2, 0, "ann"), "in #tea with bob."),
        (Entered("#tea", "hot", ("bob", "carol"), 3, 0, "ann"),
         'in #tea with bob and carol. The topic is "hot".'),
        (Entered("#tea", "", tuple("bcdef"), 6, 0, "ann"), "in #tea with b, c, d, e and f."),
        (Entered("#tea", "", tuple("bcdefg"), 7, 0, "ann"), "in #tea with b, c and 4 others."),
        (Entered("#tea", "", tuple("bcdefg"), 203, 0, "ann"), "in #tea with b, c and 200 others."),
    ],
)  # fmt: skip
def test_an_entered_room_is_confirmed_with_its_company(event: Entered, written: str) -> None:
    assert words(event) == f"* You are {written}"


def test_a_person_is_welcomed_in_one_line_after_the_words_of_the_day() -> None:
    entered = Entered("#lobby", "", ("bob",), 2, 0, "ann")
    welcome = Welcome("chat", "chatsvc", "ann", "x", 0.0, "Be kind.\nTea at 5.", {}, 1, entered)
    assert words(welcome).splitlines() == [
        "* Be kind.",
        "* Tea at 5.",
        "* Welcome, ann. You are in #lobby with bob. Type to talk, or /help for commands.",
    ]


@pytest.mark.parametrize(
    ("event", "written"),
    [
        (Joined("#lobby", ("bob",)), "bob joined."),
        (Joined("#tea", ("bob",)), "bob joined #tea."),
        (Joined("#lobby", ("bob", "eve", "dan"), 3), "bob, eve and dan joined."),
        (Joined("#lobby", ("bob", "eve", "dan"), 12), "12 people joined."),
        (Left("#lobby", ("bob",)), "bob left."),
        (Left("#lobby", ("bob",), 1, "lunch"), "bob left: lunch"),
        (Left("#tea", ("bob", "eve"), 2), "bob and eve left #tea."),
        (Away("bob", "away"), "bob is away."),
        (Away("bob", "lunch"), "bob is away: lunch"),
        (Away("ann", "lunch", own=True), "You are away: lunch"),
        (Away("bob", None), "bob is back."),
        (Topic("#lobby", "tea", "bob", 0.0), "bob set the topic: tea"),
        (Topic("#tea", "tea", "bob", 0.0, changed=False),
         "The topic of #tea: tea (by bob, 1970-01-01 00:00)"),
        (Talking("#tea", None), "You are in #tea. Your messages go to everybody there."),
        (Talking("#tea", "bob"),
         "Your messages now go only to bob. To talk to the room again: /to all"),
        (Clock(0.0, "IST", 19800, 0.0), "It is Thursday, 1970-01-01 05:30:00 IST (UTC+05:30)."),
        (Clock(0.0, "NST", -12600, 0.0), "It is Wednesday, 1969-12-31 20:30:00 NST (UTC-03:30)."),
        (Refusal("x", "bob is already in use.", "bob2"),
         "bob is already in use. Press Enter to join as bob2, or type another name."),
        (Refusal("password-needed", "This chat requires a password."),
         "This chat requires a password. What is it?"),
    ],
)  # fmt: skip
def test_what_happens_is_told_in_plain_words(event: Event, written: str) -> None:
    assert words(event) == f"* {written}"


@pytest.mark.parametrize(
    ("idle", "written"),
    [(59, ""), (60, ", idle 1 min"), (3660, ", idle 1 h 1 min"), (200_000, ", idle 2 days")],
)
def test_idle_time_is_told_from_a_minute_on(idle: float, written: str) -> None:
    assert words(replace(ANN, idle=idle)) == f"* ann: online since 2020-02-20 12:00{written}"


def test_a_person_is_described() -> None:
    assert words(BOB) == (
        "* bob: online since 2020-02-20 12:00, idle 1 min, away: lunch, in #lobby and #tea"
    )


def test_long_lists_end_with_how_many_more_there_are() -> None:
    people = People("#tea", tuple(Person(f"p{n}", NOON, 0.0, None) for n in range(200)), 300)
    assert len(words(people).splitlines()) == 102
    assert words(people).splitlines()[-1] == "*   and 200 others"
    places = Rooms(tuple(Place(f"#r{n}", 1, "", 1) for n in range(101)), 101)
    assert words(places).splitlines()[-1] == "* and 1 more"


def test_earlier_lines_look_as_they_did() -> None:
    history = TEXT.write(History("#tea", (SAID, ACTION), True), "#tea")
    said, action = TEXT.write_said(SAID, False), TEXT.write_said(ACTION, False)
    assert history == b"    7 " + said + b"    8 " + action
    assert words(History("#tea", (), False)) == "* No earlier messages in #tea."


def test_help_for_one_command_has_its_aliases_and_an_example() -> None:
    msg = Command("/msg name text", ("/w", "/tell"), "whispers", "/msg bob hi")
    assert words(Help((msg,))).splitlines() == [
        "* /msg name text: whispers",
        "*   also: /w, /tell",
        "*   for example: /msg bob hi",
    ]


def test_clear_is_the_only_escape_sequence() -> None:
    assert words(Cleared()) == "\x1b[2J\x1b[H"
    others = b"".join(TEXT.write(event) for event in EVENTS if not isinstance(event, FREE))
    assert b"\x1b" not in others
