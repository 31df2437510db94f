"""Setting the system clock while users talk: intervals stay, times of lines never go back."""

from __future__ import annotations

import json
import re
import time
from bisect import bisect_left
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from archive_files import sqlite
from conftest import Chat, Person, start
from hypothesis import given, settings
from hypothesis import strategies as st
from ircpeople import irc
from samples import NOON
from staff import back, founder, guest, member, operator, program, refusal
from twisted.internet.defer import Deferred
from twisted.internet.selectreactor import SelectReactor

from chatsvc.model.message_events import Said
from chatsvc.model.monotonic import measure_steadily
from chatsvc.model.rate_limits import UNLIMITED, Limits, Rate
from chatsvc.transports.irc import SILENT

HOUR = 3600.0
JUMPS = [HOUR, -HOUR, 10 * 365 * 24 * HOUR, -10 * 365 * 24 * HOUR]


@pytest.fixture(params=JUMPS)
def jump(request: pytest.FixtureRequest) -> float:
    jump: float = request.param
    return jump


def noon(limits: Limits = UNLIMITED, **settings: Any) -> Chat:
    """Return a chat at some time of day, which differs from its clock."""
    chat = Chat(limits=limits, **settings)
    chat.wall.set_by(NOON)
    return chat


# Lines


def lines_of(chat: Chat, room: str) -> list[Said]:
    found: list[list[Said]] = []
    Deferred.fromCoroutine(chat.archive.read(room, 0, 1000)).addCallback(found.append)
    return found[0]


def number_at(chat: Chat, room: str, moment: float) -> int:
    found: list[int] = []
    Deferred.fromCoroutine(chat.archive.number_at(room, moment)).addCallback(found.append)
    return found[0]


class Service:
    """A chat on a file, which is restarted now and then."""

    def __init__(self, folder: str) -> None:
        self.path = Path(folder) / "chat.db"
        self.ahead = NOON
        self.begin()

    def begin(self) -> None:
        archive = sqlite(self.path)
        self.chat = Chat(archive)
        self.chat.wall.set_by(self.ahead)
        self.people = [self.come(name) for name in ("ann", "bob")]

    def come(self, name: str) -> Person:
        if self.chat.hub.accounts.find(name):
            return back(self.chat, name)
        return member(self.chat, name)

    def restart(self) -> None:
        self.end()
        self.begin()

    def end(self) -> None:
        start(self.chat.hub.membership.save())
        start(self.chat.archive.close())

    def set_by(self, seconds: float) -> None:
        self.ahead += seconds
        self.chat.wall.set_by(seconds)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("say"), st.booleans()),
            st.tuples(st.just("set"), st.integers(-5000, 5000)),
            st.tuples(st.just("wait"), st.floats(0, 5000)),
            st.tuples(st.just("restart"), st.none()),
        ),
        min_size=5,
        max_size=25,
    )
)
@pytest.mark.slow
def test_times_of_lines_never_go_back(steps: list[tuple[str, float]]) -> None:
    with TemporaryDirectory() as folder:
        service = Service(folder)
        for do, value in steps:
            if do == "say":
                service.people[0].send("/msg bob psst" if value else "hello")
            elif do == "set":
                service.set_by(value)
            elif do == "wait":
                service.chat.clock.advance(value)
            else:
                service.restart()
        for room in ("#lobby", *service.chat.hub.directory.conversations):
            check_order(service.chat, room)
        service.end()


def check_order(chat: Chat, room: str) -> None:
    """Check that times rise with the numbers, so that finding lines by time works."""
    times = [line.time for line in lines_of(chat, room)]
    assert times == sorted(times)
    for moment in {*times, *(each + 0.001 for each in times), 0.0}:
        assert number_at(chat, room, moment) == bisect_left(times, moment) + 1


def test_a_line_has_the_time_of_day_again_once_that_has_passed_the_last_line() -> None:
    chat = noon()
    ann = chat.join("ann")
    for step in (-HOUR, HOUR / 2, HOUR / 2, 60.0):
        ann.send("hello")
        chat.wall.set_by(step)
    ann.send("hello")
    assert [line.time - NOON for line in lines_of(chat, "#lobby")] == [0, 0, 0, 0, 60]


def test_rooms_have_times_of_their_own() -> None:
    chat = noon()
    ann = chat.join("ann")
    ann.send("hello")
    chat.wall.set_by(-HOUR)
    ann.send("/join #tea", "hello")
    assert [line.time - NOON for line in lines_of(chat, "#tea")] == [-HOUR]


# Intervals


def test_an_idle_irc_client_stays(jump: float) -> None:
    chat = noon()
    client = irc(chat, "ann")
    client.read()
    chat.wall.set_by(jump)
    chat.clock.advance(SILENT - 1)
    assert client.read() == []
    chat.clock.advance(1)
    assert client.read() == ["PING :irc.chatsvc"]
    chat.wall.set_by(jump)
    chat.clock.advance(SILENT - 1)
    assert not client.closed


def test_what_is_paced_follows_at_the_same_pace(jump: float) -> None:
    chat = noon(replace(UNLIMITED, flood=Rate(1, 1.0)))
    ann, bob = chat.join("ann"), chat.join("bob")
    bob.read()
    ann.send(*map(str, range(5)))
    chat.wall.set_by(jump)
    for _ in range(4):
        chat.clock.advance(1.0)
    assert len(bob.read()) == 5


def test_slow_mode_lasts_as_long(jump: float) -> None:
    chat = noon()
    bob = guest(chat, "bob")
    founder(chat, "ann", bob).send("/set slow 1m")
    bob.send("one")
    chat.wall.set_by(jump)
    assert "Try again in 1 min" in bob.send("two")[-1]
    chat.clock.advance(60)
    assert bob.send("two") == []
    assert chat.hub.directory.rooms["#tea"].last == 2


def test_wrong_passwords_are_counted_as_long(jump: float) -> None:
    chat = noon(replace(UNLIMITED, attempts=2))
    member(chat, "ann")
    eve = chat.program("eve")
    login = {"do": "login", "name": "ann"}
    for _ in range(2):
        assert refusal(eve, **login, password="wrong-wrong")[0] == "wrong-password"
    chat.wall.set_by(jump)
    assert refusal(eve, **login, password="wrong-wrong")[0] == "too-many-attempts"
    chat.clock.advance(300)
    assert refusal(eve, **login, password="wrong-wrong")[0] == "wrong-password"


def test_arrivals_are_counted_as_long(jump: float) -> None:
    chat = noon(replace(UNLIMITED, arrivals=1))
    chat.connect()
    chat.wall.set_by(jump)
    assert "Try again in 10 min" in chat.connect().send("bob")[0]
    chat.clock.advance(600)
    assert chat.connect().send("bob")[0] != ""
    assert "bob" in chat.hub.directory.users


def test_how_long_somebody_is_idle_and_the_service_runs_does_not_jump(jump: float) -> None:
    chat = noon()
    chat.join("bob")
    ann = program(chat, "ann", "#lobby")
    chat.clock.advance(50)
    chat.wall.set_by(jump)
    chat.clock.advance(10)
    (bob,) = ann.ask(do="whois", name="bob")
    assert bob["idle"] == 60
    client = irc(chat, "cleo")
    uptime = next(line for line in client.send("STATS u") if " 242 " in line)
    assert uptime.endswith("Server Up 0 days 0:01:00")


# The time of day


def test_a_ban_ends_at_the_time_of_day_that_was_said() -> None:
    chat = noon()
    operator(chat).send("/ban name=eve 1h", "/ban name=dan 3h")
    chat.wall.set_by(2 * HOUR)
    guest(chat, "eve")
    assert "eve" in chat.hub.directory.users
    assert "You can join again in 1 h" in chat.connect().send("dan")[-1]


def test_everything_that_is_shown_has_the_time_of_day() -> None:
    """No event contains a time of the monotonic clock, which begins at 0 in 1970 here."""
    chat = noon()
    op, ann = operator(chat), member(chat, "ann")
    chat.join("bob"), chat.join("gone").send("/quit")
    op.send("/ban name=eve 1h spam", "/mute name=dan 1h")
    ann.send("/topic tea", "hello", "/msg op psst", "/report bob spam")
    asker = program(chat, "asker", "#lobby")
    asker.ask(do="login", name="op", password="correct-horse")
    asks: list[dict[str, object]] = [
        {"do": "whois", "name": "ann"}, {"do": "who"}, {"do": "whowas", "name": "gone"},
        {"do": "time"}, {"do": "topic"}, {"do": "history"}, {"do": "search", "query": "hello"},
        {"do": "search", "query": "hello after:2020-02-20"}, {"do": "bans"}, {"do": "audit"},
        {"do": "reports"}, {"do": "sessions"}, {"do": "recent"}, {"do": "announce", "text": "hi"},
        {"do": "history", "room": "@ann"}, {"do": "find", "names": "*"},
        {"do": "mark", "number": 1},
    ]  # fmt: skip
    shown: dict[str, str] = {}
    for ask in asks:
        shown[str(ask)] = json.dumps(events := asker.ask(**ask))
        assert events
        assert "refused" not in [event["event"] for event in events]
    times = re.findall(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d)', "".join(shown.values()))
    assert len(times) > 20
    assert {each[:10] for each in times} == {"2020-02-20"}
    assert "hello" in shown[str(asks[7])]
    welcome = chat.connect().ask(do="hello", name="cleo")[0]
    assert welcome["time"].startswith("2020-02-20")
    account = chat.hub.accounts.find("ann")
    assert account is not None
    assert account.since == NOON


# The reactor


def test_a_reactor_measures_steadily_also_what_waits_already() -> None:
    reactor = SelectReactor()
    try:
        assert reactor.seconds() > 1.5e9  # the time of day
        waiting = reactor.callLater(5, int)
        measure_steadily(reactor)
        measure_steadily(reactor)
        assert reactor.seconds is time.monotonic
        new = reactor.callLater(5, int)
        for call in (waiting, new):
            assert 0 < call.getTime() - time.monotonic() <= 5
            call.reset(50)
            assert 40 < call.getTime() - time.monotonic() <= 50
        assert 0 < (reactor.timeout() or 0) <= 50
    finally:
        for reader in reactor.removeAll():
            reader.connectionLost(None)
