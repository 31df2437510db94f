"""Reading in real Chromium: grouping, unread messages, history, and scrolling that never jumps."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from browser import Tab, Visit
from real import Program, Service

LINES = 1500  # in the long room


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    options = ("--archive", "memory:", "--arrivals", "off")
    with Service(tmp_path_factory.mktemp("chat"), *options) as service:
        yield service


@pytest.fixture(scope="module")
def long(chat: Service) -> Program:
    """Return a program in a room with many messages of different length."""
    talker = chat.program("talker", room="#long")
    for number in range(1, LINES + 1):
        talker.ask("say", room="#long", text=f"line {number}" + " and more" * (number * 7 % 40))
    return talker


def in_long_room(visit: Visit, name: str) -> Tab:
    tab = visit(name)
    tab.say("/join #long")
    tab.sees(f"line {LINES}")
    return tab


def test_messages_are_grouped_by_person_and_day(visit: Visit, chat: Service) -> None:
    tab = visit("ann")
    bob, dan = (chat.program(name, room="#groups") for name in ("bob", "dan"))
    for talker, text in ((bob, "one"), (bob, "two"), (dan, "three"), (bob, "four")):
        talker.ask("say", room="#groups", text=text)
    tab.page.clock.set_fixed_time(time.time() + 86_400)  # tomorrow
    tab.say("/join #groups")
    tab.sees("four")
    assert tab.log.locator(".who .name").all_inner_texts() == ["bob", "dan", "bob"]
    assert tab.log.locator(".separator").first.inner_text() == "Yesterday"


def test_the_compact_density_shows_more_messages(visit: Visit, chat: Service) -> None:
    bob, dan = (chat.program(name, room="#dense") for name in ("bob-d", "dan-d"))
    for number in range(20):
        for talker in (bob, dan):
            talker.ask("say", room="#dense", text=f"message {number}")
    tab = visit("dennis")
    tab.say("/join #dense")
    last = tab.sees("message 19")
    rows = "() => document.querySelector('.rows').offsetHeight"
    comfortable = tab.page.evaluate(rows)
    tab.press("Control+k")
    tab.page.get_by_role("combobox", name="Room, person or command").fill("Preferences")
    tab.press("Enter")
    tab.page.get_by_label("Compact").check()
    tab.until(f"before => ({rows})() < before * 0.8", comfortable)
    tab.press("Escape")
    assert last.is_visible()  # the end of the conversation stays in view
    tab.page.reload()
    tab.sees("message 19")
    tab.until(f"before => ({rows})() < before * 0.8", comfortable)


def test_each_message_has_a_time_for_screen_readers_and_when_it_is_copied(
    visit: Visit, chat: Service
) -> None:
    tab = visit("sue", locale="en-GB", timezone_id="UTC")
    bob = chat.program("stan", room="#said")
    tab.say("/join #said")
    tab.page.locator("h1", has_text="#said").wait_for()
    for text in ("one", "two"):
        bob.ask("say", room="#said", text=text)
    tab.sees("two").hover()
    times = [line["time"][11:16] for line in bob.ask("history", room="#said")["lines"]]
    tree = tab.log.aria_snapshot()
    assert f"time: {times[0]}" in tree
    assert f'group "stan, {times[1]}"' in tree
    tab.page.locator(".line-menu").wait_for()  # what copies is loaded
    copied = tab.page.evaluate(
        """() => new Promise(resolve => {
            getSelection().selectAllChildren(document.querySelector(".rows"));
            addEventListener("copy", event => resolve(event.clipboardData.getData("text/plain")));
            document.execCommand("copy");
        })"""
    )
    assert copied.splitlines()[-2:] == [f"[{times[0]}] <stan> one", f"[{times[1]}] <stan> two"]


def test_the_time_of_a_later_message_of_a_group_shows_when_pointed_at(
    visit: Visit, chat: Service
) -> None:
    tab = visit("tess")
    bob = chat.program("tim", room="#times")
    for text in ("one", "two"):
        bob.ask("say", room="#times", text=text)
    tab.say("/join #times")
    line = tab.sees("two").locator("xpath=..")
    shown = "line => getComputedStyle(line, '::before').content"
    assert line.evaluate(shown) == "none"
    line.hover()
    assert re.fullmatch(r'"\d\d:\d\d"', line.evaluate(shown))
    tab.log.locator("time").hover()
    tab.until("() => document.querySelector('[role=log] time').title.includes('20')")


def test_unread_messages_are_counted_marked_and_jumped_to(visit: Visit, chat: Service) -> None:
    tab = visit("cleo")
    bob = chat.program("bea", room="#unread")
    tab.say("/join #unread")
    tab.page.locator("h1", has_text="#unread").wait_for()
    bob.ask("say", room="#unread", text="read")
    tab.sees("read")
    tab.go_to("#lobby")
    for number in range(60):
        bob.ask("say", room="#unread", text=f"unread {number}")
    bob.ask("say", room="#unread", text="cleo: are you there?")
    entry = tab.page.locator("nav").get_by_role("button", name="#unread")
    entry.get_by_text("61").wait_for()
    assert "you are mentioned" in entry.inner_text()
    tab.go_to("#unread")
    mention = tab.sees("cleo: are you there?")
    assert mention.locator("xpath=ancestor::*[contains(@class, 'mention')]").count() == 1
    tab.page.get_by_role("button", name="New messages").click()
    tab.until(
        """() => {
            const top = document.querySelector(".scroller").getBoundingClientRect().top;
            const line = document.querySelector(".separator.new");
            return line && Math.abs(line.getBoundingClientRect().top - top) < 40;
        }"""
    )
    assert tab.log.get_by_text("unread 0", exact=True).is_visible()


def test_history_reaches_the_first_message_and_the_last_with_few_rows(
    visit: Visit, long: Program
) -> None:
    tab = in_long_room(visit, "dora")
    rows = [tab.log.locator(".row").count()]

    seen = """beginning => [...document.querySelectorAll('.text')].some(
        each => (each.textContent + " ").startsWith(beginning))"""
    for goal, edge in (("line 1 ", "0"), (f"line {LINES} ", "view.scrollHeight")):
        while not tab.page.evaluate(seen, goal):
            assert len(rows) < 200, f"no {goal}"
            tab.scroll(edge)
            tab.page.wait_for_timeout(30)
            rows.append(tab.log.locator(".row").count())
    assert max(rows) <= 600


def test_earlier_messages_move_nothing(visit: Visit, long: Program) -> None:
    tab = in_long_room(visit, "eva")
    for _ in range(3):
        first = tab.page.evaluate("() => document.querySelector('[data-number]').dataset.number")
        tab.scroll("400")
        number = tab.until(
            """() => [...document.querySelectorAll('[data-number]')].find(row =>
                row.getBoundingClientRect().top > 150)?.dataset.number"""
        )
        before = tab.top_of(number)
        tab.until(
            "first => document.querySelector('[data-number]').dataset.number !== first", first
        )
        assert tab.top_of(number) == pytest.approx(before, abs=1)


def test_a_new_message_does_not_move_a_reader_who_has_scrolled_up(
    visit: Visit, long: Program, chat: Service
) -> None:
    tab = in_long_room(visit, "flo")
    tab.scroll("view.scrollHeight - view.clientHeight - 900")
    tab.page.get_by_role("button", name="Latest").wait_for()
    before = tab.top_of(LINES - 10)
    guest = chat.program("guest", room="#long")
    guest.ask("say", room="#long", text="a new message")
    button = tab.page.get_by_role("button", name="1 new")
    button.wait_for()
    assert tab.top_of(LINES - 10) == pytest.approx(before, abs=1)
    button.click()
    tab.sees("a new message")
    tab.until(
        """() => {
            const view = document.querySelector(".scroller");
            return view.scrollHeight - view.scrollTop - view.clientHeight < 2;
        }"""
    )
