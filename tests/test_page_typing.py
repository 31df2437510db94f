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


HOLD_FRAMES = """() => {
    const draw = window.requestAnimationFrame, held = [];
    window.requestAnimationFrame = call => held.push(call);
    window.drawAgain = () => {
        window.requestAnimationFrame = draw;
        for (const call of held) draw(call);
    };
}"""
LED_TO = "room => JSON.parse(sessionStorage['chatsvc.place']).here === room"


def test_what_is_typed_before_the_joined_room_is_drawn_goes_there(
    visit: Visit, chat: Service
) -> None:
    """A page is drawn once a frame, or less often on slow machines; keys are pressed between."""
    bob = chat.program("ben", room="#lobby")
    bob.ask("join", room="#attic")
    tab = visit("jean")
    tab.page.evaluate(HOLD_FRAMES)
    chat.signal(signal.SIGSTOP)
    tab.input.fill("/join #attic")
    tab.press("Enter")
    tab.type("typed before ")
    chat.signal(signal.SIGCONT)
    tab.until(LED_TO, "#attic")
    tab.type("and after the answer")
    tab.press("Enter")
    said = bob.event("said")
    assert (said["room"], said["text"]) == ("#attic", "typed before and after the answer")
    tab.type("a draft")
    assert tab.page.locator("h1").inner_text() == "#lobby"
    tab.page.evaluate("() => drawAgain()")
    tab.page.locator("h1", has_text="#attic").wait_for()
    assert tab.input.input_value() == "a draft"
    tab.go_to("#lobby")
    assert tab.input.input_value() == ""


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


def test_a_message_that_waits_for_the_emoji_survives_a_reload_and_keeps_its_place(
    visit: Visit, chat: Service
) -> None:
    bob = chat.person("bram")
    tab = visit("emma")
    tab.page.context.route("**/emojis.js", lambda route: None)  # never answered
    tab.say("some :tea:", "and cake", "/me likes :tea:")
    tab.keeps("some :tea:", "and cake", "emma likes :tea:")
    tab.page.context.unroute("**/emojis.js")
    tab.page.reload()
    assert bob.until("likes").endswith("emma likes 🍵")
    tab.stores("emma likes 🍵")
    assert tab.stored[-3:] == ["some 🍵", "and cake", "emma likes 🍵"]


def test_after_a_dialog_typing_goes_on_without_a_click(visit: Visit) -> None:
    tab = visit("kurt")
    tab.input.focus()
    tab.type("before ")
    tab.press("Control+k")
    tab.page.get_by_role("combobox", name="Room, person or command").wait_for()
    tab.press("Escape")
    tab.page.locator("dialog").wait_for(state="detached")
    tab.type("and after")
    assert tab.input.input_value() == "before and after"


def test_who_is_typing_is_shown_until_they_stop(visit: Visit, chat: Service) -> None:
    bob, cleo = (chat.program(name, room="#signs") for name in ("bobby", "cleo"))
    tab = visit("dora")
    tab.say("/join #signs")
    tab.page.locator("h1", has_text="#signs").wait_for()
    status = tab.page.locator(".status")
    for program, shown in ((bob, "bobby is typing…"), (cleo, "bobby and cleo are typing…")):
        program.ask("signal", room="#signs", signs={"typing": "active"})
        status.get_by_text(shown, exact=True).wait_for()
    bob.ask("say", room="#signs", text="hello")
    status.get_by_text("cleo is typing…", exact=True).wait_for()
    cleo.ask("signal", room="#signs", signs={"typing": "done"})
    tab.until("() => document.querySelector('.status').innerText === ''")


def test_others_are_told_who_is_typing_unless_the_user_objects(visit: Visit, chat: Service) -> None:
    bob = chat.program("boris", room="#told")
    tab = visit("fred")
    tab.say("/join #told")
    tab.page.locator("h1", has_text="#told").wait_for()
    tab.input.focus()
    tab.type("hel")
    assert bob.event("signal")["signs"] == {"typing": "active"}
    tab.press("Control+a", "Delete")
    assert bob.event("signal")["signs"] == {"typing": "done"}
    tab.type("/hel")  # a command is nobody's business
    tab.press("Escape", "Control+a", "Delete")
    tab.press("Control+k")
    tab.page.get_by_role("combobox", name="Room, person or command").fill("Preferences")
    tab.press("Enter")
    tab.page.get_by_label("Show others when I am typing").uncheck()
    tab.press("Escape")
    tab.page.locator("dialog").wait_for(state="detached")
    tab.input.focus()
    tab.type("hello")
    tab.press("Enter")
    while (event := bob.until(lambda event: True)).get("text") != "hello":
        assert event["event"] != "signal"


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
