"""What the administrator is told about refusals: the table of causes, and how often."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Chat, Person
from twisted.internet.task import Clock

from chatsvc.model.rate_limits import Limits, is_private
from chatsvc.options.table import TABLE
from chatsvc.services.refusals import CAUSES, GUESSED, QUIET, Refusals
from chatsvc.store.archive import ArchiveFailed

SOURCES = "".join(
    file.read_text()
    for file in (Path(__file__).parent.parent / "chatsvc").rglob("*.py")
    if file.name != "refusals.py"
)


@pytest.mark.parametrize("code", sorted({*CAUSES, *GUESSED}))
def test_each_cause_exists_and_so_does_its_option(code: str) -> None:
    assert f'"{code}"' in SOURCES
    assert code in GUESSED or CAUSES[code].option in TABLE


def test_a_cause_is_logged_at_once_then_each_minute_with_the_number_of_others() -> None:
    clock, lines = Clock(), list[str]()
    refusals = Refusals(clock, lines.append)
    for _ in range(25):
        refusals.note("too-often", "192.0.2.1")
    refusals.note("full", "192.0.2.1")
    first = "Refused a connection from a busy address (--arrivals). For many users"
    assert [line[: len(first)] for line in lines[:1]] == [first]
    assert len(lines) == 2
    refusals.summarize()
    clock.advance(60)
    refusals.note("too-often", "192.0.2.1")
    assert ", and 24 more since the last line (--arrivals)" in lines[2]
    clock.advance(60)
    refusals.summarize()
    refusals.note("full", "192.0.2.1")
    assert lines[3] == lines[1]
    assert len(lines) == 4


def test_what_is_left_over_is_logged_within_two_minutes() -> None:
    chat, lines = Chat(limits=Limits(arrivals=1)), list[str]()
    chat.hub.refusals._log = lines.append
    chat.hub.maintenance.begin()
    for _ in range(4):
        chat.connect("192.0.2.1").send("ann")
    assert len(lines) == 1
    chat.clock.pump([1.0] * 125)
    assert ", and 1 more since the last line (--arrivals)" in lines[1]


def test_who_sends_a_name_in_time_is_not_noted_as_refused() -> None:
    chat, lines = Chat(limits=Limits(name_within=5)), list[str]()
    chat.hub.refusals._log = lines.append
    people = [chat.join("ann"), chat.program("bob"), chat.connect()]
    people[2].send("NICK cleo", "USER cleo 0 * :Cleo")
    chat.clock.pump([1.0] * 10)
    assert lines == []
    assert not any(person.closed for person in people)
    strangers = [chat.connect() for _ in range(3)]
    strangers[1].send('{"do": "about"}')
    strangers[2].send("NICK dora")
    chat.clock.pump([1.0] * 10)
    assert lines == ["Refused a connection that sent no name in time (--name-within)."]
    assert all(stranger.closed for stranger in strangers)


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("10.1.2.3", True), ("172.16.0.1", True), ("172.32.0.1", False), ("192.168.9.9", True),
        ("169.254.1.1", True), ("::ffff:10.1.2.3", True), ("fd00::1", True), ("fd00::/64", True),
        ("fe80::1%eth0", True), ("2001:db8::1", False), ("192.0.2.1", False), ("", False),
        ("100.64.0.1", False), ("127.0.0.1", False),
    ],
)  # fmt: skip
def test_private_addresses(address: str, private: bool) -> None:
    assert is_private(address) is private


def test_lan_can_be_turned_on_and_off_while_people_are_connected() -> None:
    limits, lan = Limits(per_address=2), Limits(per_address=2, lan=True)
    chat = Chat(limits=limits)
    early = [chat.connect("10.0.0.1") for _ in range(2)]
    assert is_refused(chat.connect("10.0.0.1"))
    chat.factory.change_limits(lan)
    late = [chat.connect("10.0.0.1") for _ in range(3)]
    assert not any(map(is_refused, late))
    chat.factory.change_limits(limits)
    for peer in (*early, *late):
        peer.hang_up()
    again = [chat.connect("10.0.0.1") for _ in range(3)]
    assert list(map(is_refused, again)) == [False, False, True]


def is_refused(peer: Person) -> bool:
    return any("already has 2 connections" in line for line in peer.send("/time"))


def test_failures_that_users_do_not_see_in_full_are_logged_in_full_but_seldom() -> None:
    clock, lines = Clock(), list[str]()
    refusals = Refusals(clock, lines.append)
    refusals.failed(ArchiveFailed("The search took too long."))  # nothing more to tell
    for pause in (0.0, QUIET - 1, 1.0):
        clock.advance(pause)
        refusals.failed(ArchiveFailed("No route to db1.", "Try again."))
    refusals.failed(ArchiveFailed("No route to db2.", "Try again."))
    assert lines == [
        "A request is refused: No route to db1.",
        "A request is refused: No route to db1.",
        "A request is refused: No route to db2.",
    ]
