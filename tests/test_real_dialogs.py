"""Everything the text dialect can do, by mouse, touch and keyboard, in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from browser import Tab
from real import Service

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator

PASSWORD = "correct-horse-battery"
FOCUSED = "document.activeElement"


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    options = (
        "--archive",
        "memory:",
        "--arrivals",
        "off",
        "--flood",
        "off",
        "--per-address",
        "off",
    )
    with Service(tmp_path_factory.mktemp("chat"), *options) as service:
        yield service


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    yield context
    context.close()


@pytest.fixture
def room(request: pytest.FixtureRequest) -> str:
    """Return the name of a room that only this test uses."""
    return f"#{request.node.name[5:30]}".replace("_", "-").rstrip("-")


class User(Tab):
    """A user who opens menus and dialogs."""

    def __init__(self, context: BrowserContext, chat: Service, name: str, room: str = "") -> None:
        super().__init__(context, f"http://localhost:{chat.port}")
        self.open().log_in(name)
        if room:
            self.say(f"/join {room}")
            self.page.wait_for_selector(f".title:has-text('{room}')")

    @property
    def dialog(self) -> Locator:
        return self.page.locator("dialog[open]")

    def goes_to(self, name: str) -> None:
        """Choose something with the switcher."""
        self.page.keyboard.press("Control+k")
        self.page.wait_for_selector(".switcher input")
        self.page.keyboard.type(name)
        self.page.keyboard.press("Enter")

    def chooses(self, opened: Locator, entry: str) -> None:
        """Open a menu, and choose an entry."""
        opened.click()
        self.page.get_by_role("menuitem", name=entry).click()

    def person(self, name: str) -> Locator:
        return self.page.locator(".people .entry", has_text=name)

    def notes(self, text: str) -> None:
        """Wait for a notice in the conversation."""
        self.page.wait_for_selector(f".note:has-text('{text}')")

    def focus(self) -> str:
        focused: str = self.page.evaluate(f"{FOCUSED}.className || {FOCUSED}.name")
        return focused

    def runs(self, script: str, *given: Any) -> Any:
        return self.page.evaluate(script, *given)


@pytest.fixture
def ann(chat: Service, context: BrowserContext, room: str) -> Iterator[User]:
    """Return a guest who has created a room, and sees no error."""
    ann = User(context, chat, f"ann-{room[1:]}"[:24], room)
    yield ann
    assert ann.problems == []


def test_a_person_has_a_card_and_a_menu(chat: Service, ann: User, room: str) -> None:
    chat.program("carol", room)
    ann.person("carol").click()
    ann.page.wait_for_selector(".facts:has-text('guest')")
    assert room in ann.dialog.inner_text()
    ann.page.keyboard.press("Escape")
    assert "entry" in ann.focus()
    ann.chooses(ann.person("carol"), "Mention")
    assert ann.page.input_value(".composer textarea") == "carol: "
    ann.page.fill(".composer textarea", "")
    ann.person("carol").click()
    ann.page.get_by_role("menuitemcheckbox", name="Ignore").click()
    ann.notes("You ignore carol.")
    ann.chooses(ann.person("carol"), "Private message")
    ann.page.wait_for_selector(".title:has-text('carol')")


def test_an_account_is_registered_changed_and_left(
    chat: Service, ann: User, context: BrowserContext
) -> None:
    ann.goes_to("Account")
    register = ann.page.locator("form", has=ann.page.locator("button:text-is('Register')"))
    register.locator("[name=password]").fill(PASSWORD)
    register.locator("button.primary").click()
    ann.dialog.get_by_text("You are logged in as").wait_for()
    ann.page.fill("[name=old]", "wrong")
    ann.page.fill("[name=new]", PASSWORD[::-1])
    ann.page.click("button:text-is('Change')")
    ann.page.wait_for_selector("[role=alert]")
    ann.page.fill("[name=old]", PASSWORD)
    ann.page.click("button:text-is('Change')")
    ann.dialog.get_by_text("Password changed.").wait_for()
    ann.page.click("button:text-is('Log out')")
    ann.dialog.get_by_text("You are the guest").wait_for()


def test_moderation_is_done_with_forms_and_lists(
    chat: Service, ann: User, context: BrowserContext, room: str
) -> None:
    eve = chat.program("eve", room)
    code = re.search(r"/claim (\w+)", chat.log)
    assert code is not None
    ann.say(f"/register {PASSWORD}", f"/claim {code[1]}")
    ann.notes("You are now an operator.")
    ann.chooses(ann.person("eve"), "Mute…")
    ann.page.fill("[name=duration]", "10m")
    ann.page.fill("[name=reason]", "calm down")
    ann.dialog.locator("button.primary").click()
    ann.notes(f"eve is muted in {room}")
    assert eve.ask("say", room=room, text="hm")["code"] == "muted"
    eve.ask("report", name=ann.runs("document.querySelector('.me bdi').innerText"), reason="rude")
    ann.goes_to("Moderation")
    ann.page.get_by_role("button", name="Close report").click()
    ann.dialog.get_by_text("No open reports.").wait_for()
    ann.page.get_by_role("tab", name="Bans").click()
    ann.page.get_by_role("checkbox", name="Only").check()
    ann.page.get_by_role("button", name="Lift: eve").click()
    ann.dialog.get_by_text("No bans, mutes or exemptions.").wait_for()
    assert eve.ask("say", room=room, text="sorry")["event"] == "said"
    ann.page.get_by_role("tab", name="Log").click()
    ann.dialog.get_by_text("unmuted eve").wait_for()
    ann.page.keyboard.press("Escape")
    ann.chooses(ann.page.locator(".title"), "Rules…")
    ann.page.get_by_role("combobox", name="Moderated").select_option("on")
    ann.dialog.get_by_text("Done.").wait_for()
    assert eve.ask("say", room=room, text="hm")["code"] == "moderated"


def test_typed_lists_open_as_dialogs(ann: User) -> None:
    for command, heading in [("/who", "People in"), ("/help", "Commands"), ("/rooms", "Rooms")]:
        ann.input.fill(command)
        ann.press("Enter")
        ann.page.wait_for_selector(f"dialog[open] h2:has-text('{heading}')")
        ann.page.keyboard.press("Escape")
        assert ann.focus() == "text"


def test_a_message_is_copied_answered_and_deleted(
    chat: Service, ann: User, context: BrowserContext, room: str
) -> None:
    dan = chat.program("dan", room)
    dan.ask("say", room=room, text="hello")
    ann.say("my mistake")
    ann.stores("my mistake")
    row = ann.page.locator(".row", has_text="my mistake")
    row.hover()
    ann.chooses(ann.page.locator(".line-menu"), "Delete…")
    ann.dialog.locator("button.primary").click()
    ann.page.wait_for_selector(".row:has-text('deleted by')")
    ann.page.focus(".scroller")
    ann.page.keyboard.press("ArrowUp")
    ann.page.keyboard.press("ArrowUp")
    ann.page.keyboard.press("Enter")
    ann.page.get_by_role("menuitem", name="Reply to dan").wait_for()
    ann.page.keyboard.press("Enter")
    assert ann.page.input_value(".composer textarea") == "dan: "
    copied = ann.runs("""() => {
        const scroller = document.querySelector(".scroller");
        getSelection().selectAllChildren(scroller);
        return new Promise(resolve => {
            document.addEventListener("copy", event =>
                resolve(event.clipboardData.getData("text/plain")), {once: true});
            scroller.focus();
            document.execCommand("copy");
        });
    }""")
    assert re.search(r"^\[\d\d:\d\d\] <dan> hello$", copied, re.MULTILINE)


def test_a_result_of_a_search_is_shown_in_its_context(chat: Service, ann: User, room: str) -> None:
    dan = chat.program(f"dan-{room[1:20]}", room)
    for number in range(300):
        dan.ask("say", room=room, text="found by its words" if number == 10 else f"line {number}")
    ann.stores("line 299")
    ann.page.keyboard.press("Control+Shift+F")
    ann.page.wait_for_selector("dialog [name=query]")
    ann.page.keyboard.type("words")
    ann.page.keyboard.press("Enter")
    ann.page.locator(".hits button").first.click()
    ann.page.wait_for_selector(".row.found:has-text('found by its words')")
    ann.stores("line 11")
    assert "line 299" not in ann.stored
    ann.page.click(".to-end")
    ann.stores("line 299")
    for _ in range(2):  # also to the message that was shown before
        ann.goes_to("Go to a time")
        ann.page.fill("[name=point]", "11")
        ann.page.keyboard.press("Enter")
        ann.page.wait_for_selector("dialog", state="detached")
        found = ann.page.locator(".row.found")
        found.wait_for()
        box = found.bounding_box()
        assert box is not None
        assert 0 < box["y"] < 800


def test_rooms_are_created_invited_to_silenced_and_left(
    chat: Service, ann: User, room: str
) -> None:
    ann.page.click("[aria-label='Join a room']")
    ann.page.fill("[name=room]", f"{room[1:]}-2")
    ann.page.click("dialog button:text-is('Create')")
    ann.page.wait_for_selector(f".title:has-text('{room}-2')")
    ann.page.click(".title")
    ann.page.get_by_role("menuitemcheckbox", name="Notifications").click()
    ann.page.keyboard.press("Alt+ArrowUp")
    ann.until("room => document.querySelector('.title').innerText.trim() === room", room)
    chat.program("fay", f"{room}-2").ask("say", room=f"{room}-2", text="hello")
    entry = ann.page.locator(".rooms .entry", has_text=f"{room}-2")
    assert entry.locator(".count").count() == 0
    entry.click(button="right")
    ann.page.get_by_role("menuitem", name="Leave").click()
    entry.wait_for(state="detached")


def test_a_room_with_a_password_asks_for_it(
    chat: Service, ann: User, chromium: Browser, room: str
) -> None:
    ann.say(f"/register {PASSWORD}", f"/join {room}-2")
    ann.page.wait_for_selector(f".title:has-text('{room}-2')")
    ann.chooses(ann.page.locator(".title"), "Rules…")
    ann.page.get_by_role("textbox", name="Password", exact=True).fill("open-sesame")
    ann.page.get_by_role("button", name="Save: Password").click()
    ann.dialog.get_by_text("Done.").wait_for()
    context = chromium.new_context()
    hal = User(context, chat, "hal")
    hal.goes_to(f"{room}-2")
    hal.page.fill("dialog [name=password]", "open-sesame")
    hal.page.keyboard.press("Enter")
    hal.page.wait_for_selector(f".title:has-text('{room}-2')")
    context.close()


def test_preferences_apply_at_once_and_survive(ann: User) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    before = ann.runs(background)
    ann.goes_to("Preferences")
    ann.page.get_by_label("Dark", exact=True).check()
    ann.page.get_by_label("Compact").check()
    ann.until(f"before => {background} !== before", before)
    ann.page.reload()
    ann.until(f"before => {background} !== before", before)
    assert ann.runs("document.documentElement.dataset.density") == "compact"


def test_the_keyboard_reaches_every_part(ann: User) -> None:
    ann.page.focus(".composer textarea")
    parts = []
    for _ in range(4):
        ann.page.keyboard.press("F6")
        parts.append(ann.runs(f"{FOCUSED}.closest('.people, .rooms, .scroller, form').className"))
    assert [part.split()[-1] for part in parts] == ["people", "rooms", "scroller", "composer"]
    ann.page.keyboard.type("really?")
    assert ann.page.input_value(".composer textarea") == "really?"
    ann.page.keyboard.press("F1")
    ann.page.wait_for_selector("dialog h2:has-text('Keyboard shortcuts')")
    ann.page.keyboard.press("Escape")
    ann.page.fill(".composer textarea", "")
    ann.page.focus(".scroller")
    ann.page.keyboard.press("?")
    ann.page.wait_for_selector("dialog h2:has-text('Keyboard shortcuts')")


def test_the_focus_stays_in_a_dialog(ann: User) -> None:
    ann.page.click(".me")
    ann.page.get_by_role("menuitem", name="Preferences").click()
    ann.page.wait_for_selector("dialog h2")
    for _ in range(30):
        ann.page.keyboard.press("Tab")
        inside = f"{FOCUSED} === document.body || {FOCUSED}.closest('dialog') !== null"
        assert ann.runs(inside)
    ann.page.keyboard.press("Escape")
    assert ann.focus() == "me"


def test_a_switch_and_new_messages_are_announced(chat: Service, ann: User, room: str) -> None:
    dan = chat.program(f"dan-{room[1:20]}", room)
    dan.ask("say", room=room, text="hear this")
    ann.page.wait_for_selector("#announced p:has-text('hear this')", state="attached")
    ann.page.keyboard.press("Alt+ArrowUp")
    ann.page.wait_for_selector("#announced p:text-is('#lobby')", state="attached")
    assert ann.page.get_attribute("[role=log]", "aria-live") == "off"


def test_a_finger_reaches_the_menu_of_a_message(
    chat: Service, chromium: Browser, room: str
) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 640}, has_touch=True)
    gil = User(context, chat, "gil", room)
    gil.say("touch this")
    gil.stores("touch this")
    gil.page.locator(".row", has_text="touch this").tap()
    gil.page.locator(".line-menu").tap()
    gil.page.get_by_role("menuitem", name="Copy message").wait_for()
    menu = gil.dialog.bounding_box()
    assert menu is not None
    assert (menu["x"], menu["y"] + menu["height"]) == (0, 640)
    assert gil.problems == []
    context.close()


def test_the_address_is_shared_as_a_picture_and_as_text(ann: User, chat: Service) -> None:
    ann.goes_to("Share")
    ann.page.get_by_role("img", name=f"QR code of http://localhost:{chat.port}/").wait_for()
    shown = ann.dialog.inner_text()
    assert f"telnet localhost {chat.port}" in shown
    assert f"chatsvc join localhost:{chat.port}" in shown
    assert "works on this computer only" in shown
