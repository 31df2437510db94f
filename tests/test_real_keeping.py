"""What the page keeps through bad networks, reloads, sleep and other tabs, in a real Chromium."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser import IN_A_LAN, Tab
from cutting_proxy import CuttingProxy
from real import Service

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

STOPPED = 6  # seconds; the page looks at its clock every second, and notices a pause of 5
PASSWORD = "correct-horse-battery"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"
REFUSING = """window.WebSocket = class {
    constructor() { setTimeout(() => this.onclose?.({ reason: "" })); }
    close() {}
};"""
PASTE = """text => {
    const field = document.querySelector(".composer textarea"), clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
}"""


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """Return a browser without a history."""
    context = chromium.new_context()
    yield context
    context.close()


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path, "--archive", "memory:", "--arrivals", "off") as service:
        yield service


@pytest.fixture
def proxy(chat: Service) -> Iterator[CuttingProxy]:
    proxy = CuttingProxy(chat.port)
    yield proxy
    proxy.close()


def address(place: Service | CuttingProxy) -> str:
    return f"http://localhost:{place.port}"


@contextlib.contextmanager
def stopped_pages(context: BrowserContext) -> Iterator[None]:
    """Stop the processes of all pages of a browser."""
    assert context.browser is not None
    devtools = context.browser.new_browser_cdp_session()
    found = devtools.send("SystemInfo.getProcessInfo")["processInfo"]
    pages = [each["id"] for each in found if each["type"] == "renderer"]
    for page in pages:
        os.kill(page, signal.SIGSTOP)
    try:
        yield
    finally:
        for page in pages:
            os.kill(page, signal.SIGCONT)


def log_in_to_stay(tab: Tab) -> None:
    """Log in to the registered name ann, and tick "Stay logged in"."""
    tab.try_to_log_in("ann")
    tab.page.fill("input[name=account_password]", PASSWORD)
    tab.page.set_checked("input[name=stay]", True)
    tab.press_button("Join")
    tab.inside()


# Unsent messages


def test_unsent_messages_survive_a_reload_and_are_sent_once_in_order(
    chat: Service, proxy: CuttingProxy, context: BrowserContext
) -> None:
    bob = chat.program("bob")
    ann = Tab(context, address(proxy)).open()
    ann.log_in("ann")
    ann.say("before")
    ann.stores("before")
    proxy.swallow_answers()  # the server stores them, but the page does not learn it
    ann.say("one", "two")
    bob.until(lambda event: event.get("text") == "two")
    ann.say("three")
    bob.until(lambda event: event.get("text") == "three")
    ann.keeps("one", "two", "three")
    context.set_offline(True)
    ann.say("four")
    ann.keeps("one", "two", "three", "four")
    context.set_offline(False)
    proxy.cut()
    ann.page.reload()
    ann.inside()
    bob.until(lambda event: event.get("text") == "four")
    ann.keeps()
    assert ann.stored == ["before", "one", "two", "three", "four"]
    ann.say("/me waves", "five")
    ann.stores("five")
    texts = [line["text"] for line in bob.ask("history", room="#lobby")["lines"]]
    assert texts == ["before", "one", "two", "three", "four", "waves", "five"]
    ann.page.reload()
    ann.stores("five")
    ann.keeps()
    assert ann.problems == []


def test_the_input_is_never_locked(
    chat: Service, proxy: CuttingProxy, context: BrowserContext
) -> None:
    ann = Tab(context, address(proxy)).open()
    ann.log_in("ann")
    target, proxy.target = proxy.target, 1  # where nobody listens
    proxy.cut()
    ann.page.wait_for_selector(".status.offline")
    ann.say("written offline")
    assert ann.page.is_enabled(".composer textarea")
    ann.page.wait_for_selector(".status:has-text('1 message will be sent then')")
    ann.page.fill(".composer textarea", "half a sen")
    proxy.target = target
    ann.page.evaluate("() => window.dispatchEvent(new Event('online'))")
    ann.stores("written offline")
    assert ann.page.input_value(".composer textarea") == "half a sen"


def test_a_browser_without_a_database_says_that_unsent_messages_are_not_kept(
    chat: Service, proxy: CuttingProxy, context: BrowserContext
) -> None:
    context.add_init_script("delete window.indexedDB; delete Window.prototype.indexedDB;")
    ann = Tab(context, address(proxy)).open()
    ann.log_in("ann")
    proxy.target = 1
    proxy.cut()
    ann.page.wait_for_selector(".status.offline")
    ann.say("kept in memory only")
    ann.page.wait_for_selector(".status:has-text('Do not reload the page')")
    proxy.target = chat.port
    ann.page.evaluate("() => window.dispatchEvent(new Event('online'))")
    ann.stores("kept in memory only")


# Connections that are dead and look open


def test_a_page_that_slept_is_back_within_five_seconds(
    chat: Service, proxy: CuttingProxy, context: BrowserContext
) -> None:
    """After an hour, timers fire once, and the connection is dead although it looks open."""
    bob = chat.program("bob")
    context.clock.install()
    ann = Tab(context, address(proxy)).open()
    ann.log_in("ann")
    proxy.swallow_answers()
    bob.ask("say", room="#lobby", text="missed meanwhile")
    woken = time.monotonic()
    ann.page.clock.fast_forward("01:00:00")
    ann.stores("missed meanwhile")
    assert time.monotonic() - woken < 5


@pytest.mark.parametrize("closed", [False, True], ids=["dead", "closed by the server"])
def test_a_browser_that_was_stopped_is_back_within_five_seconds(
    chat: Service, proxy: CuttingProxy, context: BrowserContext, closed: bool
) -> None:
    """Stop it as a closed laptop does, for longer than between two looks at the clock."""
    bob = chat.program("bob")
    ann = Tab(context, address(proxy)).open()
    ann.log_in("ann")
    ann.say("before")
    ann.stores("before")
    proxy.swallow_answers()
    ann.say("on its way")
    bob.until(lambda event: event.get("text") == "on its way")
    with stopped_pages(context):
        bob.ask("say", room="#lobby", text="missed meanwhile")
        if closed:
            proxy.cut()
        signal.sigtimedwait((), STOPPED)
    woken = time.monotonic()
    ann.stores("missed meanwhile")
    ann.keeps()
    assert time.monotonic() - woken < 5
    ann.say("after")
    ann.stores("after")
    assert ann.stored == ["before", "on its way", "missed meanwhile", "after"]
    lines = [line["text"] for line in bob.ask("history", room="#lobby")["lines"]]
    assert lines == ann.stored
    assert ann.problems == []


def test_a_browser_that_was_offline_is_back_and_has_everything_once(
    chat: Service, proxy: CuttingProxy, context: BrowserContext
) -> None:
    bob = chat.program("bob")
    ann = Tab(context, address(proxy)).open()
    ann.log_in("ann")
    target, proxy.target = proxy.target, 1
    context.set_offline(True)
    proxy.cut()
    ann.page.wait_for_selector(".status.offline")
    bob.ask("say", room="#lobby", text="missed meanwhile")
    ann.say("written offline")
    proxy.target = target
    back = time.monotonic()
    context.set_offline(False)
    ann.stores("written offline")
    assert time.monotonic() - back < 5
    assert ann.stored == ["missed meanwhile", "written offline"]


def test_a_server_that_hangs_is_noticed_and_nothing_is_lost(
    chat: Service, context: BrowserContext
) -> None:
    ann = Tab(context, address(chat)).open()
    ann.log_in("ann")
    chat.signal(signal.SIGSTOP)
    ann.say("said to a server that hangs")
    ann.page.evaluate("() => window.dispatchEvent(new Event('online'))")
    ann.page.wait_for_selector(".status.offline")
    chat.signal(signal.SIGCONT)
    ann.stores("said to a server that hangs")
    assert ann.stored == ["said to a server that hangs"]


# Accounts


def test_staying_logged_in_lasts_until_logging_out(chat: Service, context: BrowserContext) -> None:
    chat.program("ann").ask("register", password=PASSWORD)
    ann = Tab(context, address(chat)).open()
    log_in_to_stay(ann)
    ann.until("() => localStorage['chatsvc.token'] !== undefined")
    ann.page.reload()
    ann.inside()
    other = Tab(context, address(chat)).open()
    other.inside()
    other.say("/passwd correct-horse-battery other-horse-battery", "from the other tab")
    other.stores("from the other tab")
    other.page.reload()
    other.inside()
    other.say("/logout", "as a guest")
    other.stores("as a guest")
    other.until("() => localStorage['chatsvc.token'] === undefined")
    program = chat.program()
    program.ask("hello", version=1, name="ann", account_password="other-horse-battery")
    assert "tokens" not in program.ask("sessions")
    assert ann.problems == other.problems == []


def test_a_token_that_was_ended_is_forgotten(chat: Service, context: BrowserContext) -> None:
    program = chat.program("ann")
    program.ask("register", password=PASSWORD)
    ann = Tab(context, address(chat)).open()
    log_in_to_stay(ann)
    ann.until("() => localStorage['chatsvc.token'] !== undefined")
    (token,) = program.ask("sessions")["tokens"]
    assert token["label"] == "Chrome on Linux"
    program.ask("sessions", end=token["number"], token=True)
    ann.page.reload()
    ann.page.fill("input[name=account_password]", PASSWORD)
    assert ann.page.evaluate("() => localStorage['chatsvc.token'] === undefined")
    ann.page.click("button.primary:has-text('Join')")
    ann.inside()


def test_a_duplicated_tab_is_somebody_else(chat: Service, context: BrowserContext) -> None:
    ann = Tab(context, address(chat)).open()
    ann.log_in("ann")
    copy = Tab(context, address(chat)).open()
    copy.page.evaluate(
        "kept => Object.assign(sessionStorage, kept)",
        ann.page.evaluate("() => ({...sessionStorage})"),
    )
    copy.page.reload()
    copy.page.click("text=Join as ann2")
    copy.inside()
    copy.say("hello from ann2")
    ann.stores("hello from ann2")
    ann.say("still here")
    copy.stores("still here")


# Contexts


def test_a_page_without_encryption_says_so_and_needs_nothing_that_is_missing(
    chat: Service, chromium: Browser
) -> None:
    """For Chromium, a name that is not localhost is not secure, as in a LAN."""
    name = f"{IN_A_LAN}:{chat.port}"
    context = chromium.new_context(permissions=[])
    ann = Tab(context, f"http://{name}").open()
    assert ann.page.evaluate("() => isSecureContext") is False
    assert ann.page.get_attribute(".unencrypted a", "href") == f"https://{name}/"
    ann.log_in("ann")
    ann.say("hello")
    ann.stores("hello")
    ann.page.reload()
    ann.stores("hello")
    assert "Not encrypted" in ann.page.inner_text("nav")
    assert ann.problems == []
    context.close()


def test_an_iphone_that_refuses_the_certificate_is_told_how_to_join(
    chat: Service, chromium: Browser
) -> None:
    context = chromium.new_context(user_agent=IPHONE, ignore_https_errors=True)
    context.add_init_script(REFUSING)
    ann = Tab(context, f"https://localhost:{chat.port}").open()
    link = ann.page.wait_for_selector(".wrong a")
    assert link is not None
    assert link.get_attribute("href") == f"{address(chat)}/"
    assert "self-signed" in ann.page.inner_text(".wrong")
    context.close()


def test_a_page_on_this_machine_does_not_warn(chat: Service, context: BrowserContext) -> None:
    ann = Tab(context, address(chat)).open()
    ann.log_in("ann")
    assert "ot encrypted" not in ann.page.inner_text("body")


# What is unread


def test_conversations_and_unread_messages_are_there_after_a_reload_and_in_all_tabs(
    chat: Service, context: BrowserContext
) -> None:
    bob = chat.program("bob")
    bob.ask("register", password=PASSWORD)
    chat.program("ann").ask("register", password=PASSWORD)
    ann = Tab(context, address(chat)).open()
    log_in_to_stay(ann)
    ann.until("() => localStorage['chatsvc.token'] !== undefined")
    bob.ask("msg", name="ann", text="in private")
    ann.page.wait_for_selector("nav .entry.unread:has-text('bob')")
    other = Tab(context, address(chat)).open()
    other.page.wait_for_selector("nav .entry.unread:has-text('bob')")
    assert other.page.title().startswith("(1)")
    other.page.wait_for_selector("link[rel=icon][href$='favicon-unread.svg']", state="attached")
    other.page.click("nav .entry:has-text('bob')")
    other.stores("in private")
    ann.page.wait_for_selector("nav .entry:not(.unread):has-text('bob')")
    ann.page.reload()
    ann.page.wait_for_selector("nav .entry:has-text('bob')")
    assert ann.problems == other.problems == []


# Pasting


def test_many_pasted_lines_are_sent_as_one_message_or_several(
    chat: Service, context: BrowserContext
) -> None:
    ann = Tab(context, address(chat)).open()
    ann.log_in("ann")
    for button in ("Send as 5 messages", "Send as one message"):
        ann.page.evaluate(PASTE, "\n".join(["/one", "two", "three", "four", "five"]))
        ann.page.click(f"text={button}")
    ann.until("() => document.querySelectorAll('.row[data-number] .line .text').length === 6")
    assert ann.stored == ["/one", "two", "three", "four", "five", "/one\ntwo\nthree\nfour\nfive"]
