"""Notifications in real Chromium: a sound, the desktop, and only one of several tabs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browser import Tab, Visit
from real import LIMIT, Deadline, Service

RECORDING = """
window.played = []; window.notified = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...given) {
    played.push(this.frequency.value);
    return start.apply(this, given);
};
const Shown = window.Notification;
if (Shown) window.Notification = class extends Shown {
    constructor(title, options) {
        super(title, options);
        notified.push({title, body: options.body, chosen: () => this.onclick()});
    }
};
"""
NOTIFIED = "() => notified.map(({title, body}) => `${title}: ${body}`)"


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    options = ("--archive", "memory:", "--arrivals", "off")
    with Service(tmp_path_factory.mktemp("chat"), *options) as service:
        yield service


def recording(visit: Visit, name: str, **more: Any) -> Tab:
    """Return a tab that records its sounds and notifications, and whose user looks elsewhere."""
    tab = visit(**more)
    tab.page.context.add_init_script(RECORDING)
    tab.page.reload()
    return tab.log_in(name)


def prefers(tab: Tab, *labels: str) -> None:
    tab.press("Control+k")
    tab.page.get_by_role("combobox", name="Room, person or command").wait_for()
    tab.type("Preferences")
    tab.press("Enter")
    for label in labels:
        tab.page.get_by_label(label).check()
    tab.press("Escape")
    tab.page.get_by_role("dialog").wait_for(state="detached")


def test_a_mention_makes_a_sound_if_the_user_wants_one(visit: Visit, chat: Service) -> None:
    bob = chat.program("bob")
    tab = recording(visit, "sue")
    prefers(tab, "Play a sound with a notification")
    bob.ask("say", room="#lobby", text="sue: you are looking at this")
    tab.sees("you are looking at this")
    tab.look_away()
    bob.ask("say", room="#lobby", text="nobody in particular")
    bob.ask("say", room="#lobby", text="sue: hear, hear")
    tab.until("() => played.length")
    tab.sees("hear, hear")
    assert tab.page.evaluate("() => played") == [660, 880]
    assert tab.page.evaluate("() => notified.length") == 0


def test_the_desktop_shows_a_mention_which_leads_to_its_room(visit: Visit, chat: Service) -> None:
    bob = chat.program("ben", room="#desk")
    tab = recording(visit, "dee", permissions=["notifications"])
    prefers(tab, "Show notifications on the desktop")
    tab.say("/join #desk")
    tab.page.locator("h1", has_text="#desk").wait_for()
    tab.go_to("#lobby")
    bob.ask("say", room="#desk", text="dee, look")
    tab.until("() => notified.length")
    assert tab.page.evaluate(NOTIFIED) == ["ben in #desk: dee, look"]
    assert tab.page.evaluate("() => played.length") == 0
    tab.page.evaluate("() => notified[0].chosen()")
    tab.page.locator("h1", has_text="#desk").wait_for()
    tab.sees("dee, look")


def test_without_permission_the_desktop_shows_nothing(visit: Visit, chat: Service) -> None:
    tab = recording(visit, "nea")
    assert tab.page.evaluate("() => Notification.permission") != "granted"
    tab.press("Control+k")
    tab.page.get_by_role("combobox", name="Room, person or command").wait_for()
    tab.type("Preferences")
    tab.press("Enter")
    switch = tab.page.get_by_label("Show notifications on the desktop")
    switch.click()
    tab.page.get_by_text("You have blocked notifications").wait_for()
    assert not switch.is_checked()


def test_of_two_tabs_one_notifies_and_none_if_the_user_looks_at_one(
    visit: Visit, chat: Service
) -> None:
    chat.program("pam").ask("register", password="correct-horse-battery")
    bob = chat.program("bill")
    tab = visit(permissions=["notifications"])
    tab.page.context.add_init_script(RECORDING)
    tab.page.context.clock.install()
    tab.page.reload()
    tab.try_to_log_in("pam")
    tab.page.fill("input[name=account_password]", "correct-horse-battery")
    tab.page.set_checked("input[name=stay]", True)
    tab.press_button("Join")
    tab.inside()
    tab.until("() => localStorage['chatsvc.token'] !== undefined")
    other = tab.another()
    other.inside()
    prefers(tab, "Show notifications on the desktop", "Play a sound with a notification")
    tabs = (tab, other)
    told = list[str]()

    def tell(text: str) -> None:
        """Say something, and let enough time pass for any tab to notify."""
        bob.ask("say", room="#lobby", text=text)
        for each in tabs:
            each.sees(text)
        tab.page.context.clock.fast_forward(3000)

    def notified() -> list[str]:
        return [text for each in tabs for text in each.page.evaluate(NOTIFIED)]

    for each in tabs:
        each.look_away()
    tell("pam: once")
    other.look_back()
    tell("pam: seen in a tab")
    other.look_away()
    tell("pam: twice")
    deadline = Deadline(LIMIT)
    while len(told) < 2:
        deadline.left("two notifications")
        tab.page.context.clock.fast_forward(1000)
        told = notified()
    assert [text.partition(": ")[2] for text in sorted(told)] == ["pam: once", "pam: twice"]
    assert sum(each.page.evaluate("() => played.length") for each in tabs) == 4
