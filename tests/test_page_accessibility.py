"""The page with the keyboard, a screen reader's rules, both themes, and 320 pixels, in Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Tab, Visit, needs_module
from real import Service

WEB = Path(__file__).parent.parent / "chatsvc" / "web"
SMALL = {"viewport": {"width": 320, "height": 640}}


def by_switcher(name: str) -> Callable[[Tab], None]:
    def opens(tab: Tab) -> None:
        tab.press("Control+k")
        tab.page.get_by_role("combobox", name="Room, person or command").wait_for()
        tab.type(name)
        tab.press("Enter")
        tab.page.get_by_role("heading", name=name).wait_for()

    return opens


def by_click(selector: str, *entries: str) -> Callable[[Tab], None]:
    def opens(tab: Tab) -> None:
        tab.page.locator(selector).last.click()
        for entry in entries:
            tab.page.get_by_role("menuitem", name=entry).click()

    return opens


def of_a_message(tab: Tab) -> None:
    tab.log.focus()
    tab.press("ArrowUp", "Enter")


# How each dialog is opened; one that is missing here fails a test.
DIALOGS: dict[str, Callable[[Tab], None]] = {
    "rooms": lambda tab: tab.press_button("Join a room"),
    "account": by_switcher("Account"),
    "answer": by_click(".title", "Rules…"),
    "command": by_click(".title", "Change the topic…"),
    "commands": by_switcher("All commands"),
    "jump": by_switcher("Go to a"),
    "keys": lambda tab: tab.press("F1"),
    "line": of_a_message,
    "moderation": by_switcher("Moderation"),
    "own": by_click(".me"),
    "person": by_click(".people .entry"),
    "preferences": by_switcher("Preferences"),
    "room": by_click(".title"),
    "search": lambda tab: tab.press_button("Search messages"),
    "share": by_switcher("Share"),
    "switcher": lambda tab: tab.press("Control+k"),
}
IN_DRAWER = {"rooms": "Rooms", "own": "Rooms", "person": "People"}  # where a phone has them
THEMES = pytest.mark.parametrize("theme", ["light", "dark"])


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    options = ("--archive", "memory:", "--arrivals", "off")
    with Service(tmp_path_factory.mktemp("chat"), *options) as service:
        yield service


def violations(tab: Tab) -> list[str]:
    """Return what axe finds wrong, and where."""
    found = needs_module("axe_playwright_python.sync_playwright").Axe().run(tab.page)
    return [
        f"{each['id']}: {node['html'][:200]} {node['failureSummary']}"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]


def in_conversation(visit: Visit, chat: Service, name: str, theme: str) -> Tab:
    """Return a tab that shows everything a conversation can have."""
    tab = visit(name, color_scheme=theme)
    bob = chat.program(f"bob-{name}", room=f"#{name}")
    bob.ask("topic", room=f"#{name}", text="A topic")
    tab.say(f"/join #{name}")
    tab.page.locator("h1", has_text=f"#{name}").wait_for()
    bob.ask("say", room=f"#{name}", text=f"{name}: see https://example.org/")
    bob.ask("me", room=f"#{name}", text="waves")
    bob.ask("msg", name=name, text="a whisper")
    tab.say("an answer", "/nonsense")
    tab.sees("/nonsense")
    return tab


@THEMES
def test_axe_finds_nothing(visit: Visit, chat: Service, theme: str) -> None:
    login = visit(color_scheme=theme)
    assert violations(login) == []
    login.try_to_log_in("#")
    login.page.get_by_role("alert").wait_for()
    assert violations(login) == []
    tab = in_conversation(visit, chat, f"ann-{theme}", theme)
    assert violations(tab) == []
    tab.input.fill("/j")
    tab.input.press("o")
    tab.page.get_by_role("listbox").wait_for()
    assert violations(tab) == []
    tab.page.set_viewport_size({"width": 320, "height": 640})
    assert violations(tab) == []


@THEMES
def test_axe_finds_nothing_in_any_dialog(visit: Visit, chat: Service, theme: str) -> None:
    table = (WEB / "views" / "dialogs.js").read_text().partition("const DIALOGS = {")[2]
    assert set(re.findall(r"^    (\w+):", table.partition("\n};")[0], re.MULTILINE)) == set(DIALOGS)
    tab = in_conversation(visit, chat, f"dee-{theme}", theme)
    tab.say("/register correct-horse-battery", f"/join #of-dee-{theme}")  # as its founder
    tab.page.locator("h1", has_text=f"#of-dee-{theme}").wait_for()
    tab.say("a message")
    tab.sees("a message")
    for name, opens in DIALOGS.items():
        opens(tab)
        tab.page.get_by_role("dialog").wait_for()
        assert (name, violations(tab)) == (name, [])
        tab.press("Escape")
        tab.page.get_by_role("dialog").wait_for(state="detached")


SIDEWAYS = """() => [document.documentElement, ...document.querySelectorAll("*")].filter(each =>
    (each.scrollWidth > each.clientWidth + 1
        && (each === document.documentElement
            || ["auto", "scroll"].includes(getComputedStyle(each).overflowX)))
    || (each.matches("dialog") && each.getBoundingClientRect().right > innerWidth)
).map(each => each.tagName + "." + each.className)"""


@THEMES
def test_nothing_scrolls_sideways_on_a_small_phone(visit: Visit, chat: Service, theme: str) -> None:
    tab = in_conversation(visit, chat, f"sid-{theme}", theme)
    tab.say("/register correct-horse-battery", f"/join #of-sid-{theme}")
    tab.page.locator("h1", has_text=f"#of-sid-{theme}").wait_for()
    tab.say("a long message " * 20, "long" * 100)
    tab.sees("longlong")
    tab.page.set_viewport_size({"width": 320, "height": 640})
    tab.until("() => innerWidth === 320")
    assert tab.page.evaluate(SIDEWAYS) == []
    for name, opens in DIALOGS.items():
        if name in IN_DRAWER:
            tab.page.get_by_role("button", name=IN_DRAWER[name]).first.click()
        opens(tab)
        tab.page.get_by_role("dialog").wait_for()
        assert (name, tab.page.evaluate(SIDEWAYS)) == (name, [])
        tab.press("Escape")
        tab.page.get_by_role("dialog").wait_for(state="detached")


def test_everything_can_be_done_with_the_keyboard(visit: Visit, chat: Service) -> None:
    bob = chat.person("bob")
    tab = visit()
    tab.page.locator("input[name=name]:focus").wait_for()
    tab.type("kay")
    tab.press("Enter")
    tab.page.locator("textarea:focus").wait_for()
    tab.type("hello")
    tab.press("Enter")
    bob.until("<kay> hello")
    tab.type("/join #tea")
    tab.press("Enter")
    tab.page.locator("h1", has_text="#tea").wait_for()
    tab.press("Alt+ArrowUp")
    tab.page.locator("h1", has_text="#lobby").wait_for()
    places = []
    for _ in range(4):
        tab.press("F6")
        places.append(
            tab.page.evaluate(
                "() => document.activeElement.closest('nav, aside, .scroller, form').className"
            )
        )
    assert sorted(place.split()[-1] for place in places) == [
        "composer", "people", "rooms", "scroller",
    ]  # fmt: skip
    while not tab.page.evaluate("() => document.activeElement.closest('nav')?.className"):
        tab.press("F6")
    tab.press("Tab", "Enter")
    tab.page.locator("h1", has_text="#tea").wait_for()


def test_a_key_counts_once_while_the_menus_of_messages_are_loaded(visit: Visit) -> None:
    tab, held = visit(), list[Any]()
    tab.page.route("**/line_actions.js", lambda route: held.append(route))
    tab.log_in("kim").page.locator(".scroller").focus()
    tab.press("F6")
    tab.page.locator("textarea:focus").wait_for()
    with tab.page.expect_event("requestfinished"):
        held[0].continue_()
    tab.page.evaluate("address => import(address)", held[0].request.url)
    assert tab.page.locator("textarea:focus").count() == 1


def test_a_screen_reader_reads_each_message_once(visit: Visit, chat: Service) -> None:
    """The log is silent, because it also grows at the top; one live region gets each message."""
    bob = chat.person("rob")
    tab = visit("lea")
    tab.sees("beginning")
    assert tab.log.get_attribute("aria-live") == "off"
    live = tab.page.locator("[aria-live]:not([aria-live=off]), [role=status], [role=alert]")
    assert [each.get_attribute("id") for each in live.all()] == ["announced"]
    bob.send("read before")  # so that the region's script is loaded
    tab.page.wait_for_selector("#announced p:has-text('read before')", state="attached")
    tab.page.evaluate(
        """() => {
            window.added = {log: [], announced: []};
            for (const [where, node] of [["log", document.querySelector("[role=log]")],
                                         ["announced", document.getElementById("announced")]])
                new MutationObserver(changes => added[where].push(...changes.flatMap(
                    change => [...change.addedNodes].map(node => node.textContent))))
                    .observe(node, {childList: true, subtree: true, characterData: true});
        }"""
    )
    bob.send("read me once")
    tab.sees("read me once")
    tab.page.wait_for_selector("#announced p:has-text('read me once')", state="attached")
    tab.say("the end")
    tab.stores("the end")
    for where in ("log", "announced"):
        added = tab.page.evaluate("where => added[where]", where)
        assert len([text for text in added if "read me once" in text]) == 1, added


@pytest.mark.parametrize("width", [320, 768])
def test_nothing_scrolls_sideways(visit: Visit, chat: Service, width: int) -> None:
    size = {"viewport": {"width": width, "height": 640}}
    tab = visit(size=size)
    assert tab.page.evaluate(SIDEWAYS) == []
    name = f"wide{width}"
    tab.log_in(name)
    tab.say("long" * 400, "https://example.org/" + "x" * 400, "/topic " + "a long topic " * 20)
    tab.sees("https://example.org/xxx")
    assert tab.page.evaluate(SIDEWAYS) == []


def test_nothing_moves_for_those_who_want_it_calm(visit: Visit) -> None:
    tab = visit("cal", SMALL, reduced_motion="reduce")
    assert (
        tab.page.locator("nav").evaluate("nav => getComputedStyle(nav).transitionProperty")
        == "none"
    )
