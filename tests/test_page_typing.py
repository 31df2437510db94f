"""Typing in real Chromium: several lines, drafts, completion, and input methods."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from browser import Visit
from real import Service


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    options = ("--archive", "memory:", "--arrivals", "off")
    with Service(tmp_path_factory.mktemp("chat"), *options) as service:
        yield service


def test_shift_and_enter_start_a_line_and_enter_sends_all(visit: Visit, chat: Service) -> None:
    bob = chat.person("bob")
    tab = visit("ann")
    tab.input.focus()
    tab.type("one")
    tab.press("Shift+Enter")
    tab.type("two")
    height = tab.input.bounding_box()
    assert height is not None
    assert height["height"] > 60  # it grows
    tab.press("Enter")
    bob.until("<ann> one")
    bob.until("two")
    tab.until("() => document.querySelector('.text')?.innerText === 'one\\ntwo'")


def test_each_room_keeps_its_draft_also_through_a_reload(visit: Visit) -> None:
    tab = visit("cora")
    tab.say("/join #tea")
    tab.page.locator("h1", has_text="#tea").wait_for()
    tab.input.fill("about tea")
    tab.go_to("#lobby")
    assert tab.input.input_value() == ""
    tab.input.fill("about everything")
    tab.go_to("#tea")
    assert tab.input.input_value() == "about tea"
    tab.page.reload()
    tab.page.locator("h1", has_text="#tea").wait_for()
    assert tab.input.input_value() == "about tea"
    tab.go_to("#lobby")
    assert tab.input.input_value() == "about everything"


def test_what_is_typed_right_after_join_goes_to_that_room(visit: Visit, chat: Service) -> None:
    bob = chat.program("bo", room="#lobby")
    bob.ask("join", room="#den")
    tab = visit("jo")
    chat.signal(signal.SIGSTOP)  # so that the answer takes its time
    tab.say("/join den", "hello")
    tab.input.press_sequentially("and I was")
    tab.keeps("/join den", "hello")
    chat.signal(signal.SIGCONT)
    tab.page.locator("h1", has_text="#den").wait_for()
    tab.type(" about to say")
    tab.press("Enter")
    said = [bob.event("said") for _ in range(2)]
    assert [(each["room"], each["text"]) for each in said] == [
        ("#den", "hello"), ("#den", "and I was about to say"),
    ]  # fmt: skip
    tab.input.fill("a draft")
    tab.page.get_by_role("button", name="Join a room").click()
    tab.page.fill("[name=room]", "shed")
    tab.page.get_by_role("dialog").get_by_role("button", name="Create").click()
    tab.page.locator("h1", has_text="#shed").wait_for()
    assert tab.input.input_value() == ""  # a draft that was there before stays
    tab.go_to("#den")
    assert tab.input.input_value() == "a draft"


def test_what_is_typed_after_a_join_that_is_refused_comes_back(visit: Visit, chat: Service) -> None:
    owner = chat.program("owner", room="#closed")
    owner.ask("set", rest="invite-only on")
    tab = visit("jim")
    chat.signal(signal.SIGSTOP)
    tab.say("/join #closed", "is anybody there?")
    chat.signal(signal.SIGCONT)
    tab.log.locator(".note").last.wait_for()
    tab.until("() => document.querySelector('textarea').value === 'is anybody there?'")
    assert tab.page.locator("h1").inner_text() == "#lobby"
    assert "is anybody there?" not in tab.stored


ALTGR = """([key, more]) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {
    key, ctrlKey: true, altKey: true, bubbles: true, cancelable: true, ...more,
}))"""


@pytest.mark.parametrize("key", ["k", "F", "End", "ArrowUp", "ArrowDown", "Enter", "?", "F6"])
def test_altgr_triggers_nothing(visit: Visit, key: str) -> None:
    """Windows reports AltGr as Ctrl and Alt; Linux and macOS do not."""
    tab = visit(f"alt-{ord(key[0])}-{len(key)}")
    tab.say("/join #tea")
    tab.page.locator("h1", has_text="#tea").wait_for()
    tab.input.fill("zł")
    for more in ({}, {"ctrlKey": False, "altKey": False}, {"altKey": False}):
        pressed = [key, {"modifierAltGraph": True, **more}]
        assert tab.page.evaluate(ALTGR, pressed), f"{pressed} is a shortcut"
    assert tab.page.get_by_role("dialog").count() == 0
    assert tab.page.locator("h1").inner_text() == "#tea"
    assert tab.input.input_value() == "zł"
    assert not tab.page.evaluate(ALTGR, ["k", {"altKey": False}])  # Ctrl-K is one


def test_the_arrows_show_earlier_messages(visit: Visit) -> None:
    tab = visit("dana")
    tab.say("first", "second")
    tab.sees("second")
    tab.input.focus()
    tab.press("ArrowUp", "ArrowUp")
    assert tab.input.input_value() == "first"
    tab.press("ArrowDown")
    assert tab.input.input_value() == "second"


def test_commands_names_rooms_and_emoji_are_completed(visit: Visit, chat: Service) -> None:
    bob = chat.person("bonifacius")
    tab = visit("elsa")
    tab.page.get_by_role("complementary").get_by_text("bonifacius").wait_for()
    tab.input.focus()
    tab.type("bon")
    tab.press("Tab", "Tab")
    tab.until("() => document.querySelector('textarea').value === 'bonifacius: '")
    tab.type("have some :te")
    tab.page.get_by_role("option", name=":tea:").click()
    tab.press("Enter")
    bob.until("<elsa> bonifacius: have some 🍵")
    tab.type("/topi")
    tab.page.get_by_role("option", name="/topic").wait_for()
    tab.press("Tab")
    tab.until("() => document.querySelector('textarea').value === '/topic '")


def test_enter_that_ends_a_composition_sends_nothing(visit: Visit, chat: Service) -> None:
    bob = chat.person("beat")
    tab = visit("yuki")
    tab.input.focus()
    keys = tab.devtools
    keys.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    keys.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    keys.send("Input.insertText", {"text": "日本"})
    keys.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    assert tab.input.input_value() == "日本"
    tab.press("Enter")
    assert bob.until("<yuki>").endswith("<yuki> 日本")


def test_a_face_stays_as_it_was_typed(visit: Visit, chat: Service) -> None:
    bob = chat.person("bert")
    tab = visit("pia")
    tab.say("no :-P and 10:30:45 but :+1:")
    assert bob.until("<pia>").endswith("no :-P and 10:30:45 but 👍")
    tab.sees("no :-P and 10:30:45 but 👍")
