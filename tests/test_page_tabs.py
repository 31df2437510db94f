"""Several tabs and browsers of one user, in real Chromium: logins, unsent messages, unread ones."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pytest
from browser import Tab, Visit
from cutting_proxy import CuttingProxy
from real import Program, Service

SECRET = "correct-horse-battery"
ANOTHER = "battery-staple-horse"
NOWHERE = 1  # a port on which nobody listens
LOSE_MESSAGES = """() => {
    const send = window.send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (text) {
        if (!/"do":"(say|topic)"/.test(text)) send.call(this, text);
    };
}"""
LOSE_NOTHING = "() => { WebSocket.prototype.send = window.send; }"


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    options = ("--archive", "memory:", "--arrivals", "off", "--per-address", "off")
    with Service(tmp_path_factory.mktemp("chat"), *options) as service:
        yield service


@pytest.fixture
def proxy(chat: Service) -> Iterator[CuttingProxy]:
    with contextlib.closing(CuttingProxy(chat.port)) as proxy:
        yield proxy


def registered(chat: Service, name: str) -> Program:
    program = chat.program(name)
    program.ask("register", password=SECRET)
    return program


def stays(tab: Tab, name: str) -> None:
    """Log in to a registered name, and stay logged in."""
    tab.try_to_log_in(name)
    tab.page.fill("input[name=account_password]", SECRET)
    tab.page.set_checked("input[name=stay]", True)
    tab.press_button("Join")
    tab.inside()
    tab.until("() => localStorage['chatsvc.token'] !== undefined")


def cut_off(tab: Tab, proxy: CuttingProxy) -> None:
    """Cut the connection, and let nobody reconnect."""
    proxy.target = NOWHERE
    proxy.cut()
    tab.page.wait_for_selector(".status.offline")


def texts_of(reader: Program, room: str) -> list[str]:
    return [line["text"] for line in reader.ask("history", room=room)["lines"]]


# Logins


def test_a_new_password_ends_no_other_tab_of_the_browser(visit: Visit, chat: Service) -> None:
    registered(chat, "ann").close()
    tab = visit()
    stays(tab, "ann")
    other = tab.another()
    other.inside()
    other.say("/join #tea")
    other.page.locator("h1", has_text="#tea").wait_for()
    other.input.fill("half a sen")
    stranger = visit()
    stays(stranger, "ann")
    before = tab.page.evaluate("() => localStorage['chatsvc.token']")
    tab.say(f"/passwd {SECRET} {ANOTHER}")
    stranger.page.locator("input[name=name]").wait_for()  # is asked for the new password
    tab.until("before => (localStorage['chatsvc.token'] ?? before) !== before", before)
    other.page.locator("h1", has_text="#tea").wait_for()
    assert other.input.input_value() == "half a sen"
    other.say("as ann again")
    other.stores("as ann again")
    assert "guest" not in other.page.locator(".me").inner_text()
    assert stranger.page.locator("input[name=account_password]").count() == 0
    assert stranger.page.locator("h1", has_text="#").count() == 0


def test_a_tab_that_was_offline_while_the_password_changed_loses_nothing(
    visit: Visit, chat: Service, proxy: CuttingProxy
) -> None:
    program = registered(chat, "anna")
    tab = visit(port=proxy.port)
    stays(tab, "anna")
    other = tab.another()
    other.inside()
    cut_off(other, proxy)
    other.say("said offline")
    program.ask("passwd", old=SECRET, new=ANOTHER)
    proxy.target = chat.port
    for each in (tab, other):
        each.page.locator("input[name=account_password]").wait_for()
    tab.page.set_checked("input[name=stay]", True)
    tab.log_in("anna", account_password=ANOTHER)
    other.stores("said offline")
    assert texts_of(program, "#lobby").count("said offline") == 1


def test_what_is_on_its_way_while_the_password_changes_is_sent_after_the_next_login(
    visit: Visit, chat: Service
) -> None:
    program = registered(chat, "anka")
    tab = visit()
    stays(tab, "anka")
    other = tab.another()
    other.inside()
    registered(chat, "nora").close()
    for each in (tab, other):
        each.page.evaluate(LOSE_MESSAGES)
        each.say("in a hurry", "and more", "/topic later")
        each.keeps("in a hurry", "and more", "/topic later")
    program.ask("passwd", old=SECRET, new=ANOTHER)
    for each in (tab, other):
        each.page.locator("input[name=name]").wait_for()
        each.page.evaluate(LOSE_NOTHING)
    tab.try_to_log_in("nora")  # somebody else sends nothing of that
    tab.page.fill("input[name=account_password]", SECRET)
    tab.press_button("Join")
    tab.inside()
    tab.say("as nora")
    tab.stores("as nora")
    assert "in a hurry" not in texts_of(program, "#lobby")
    other.try_to_log_in("anka")
    other.page.fill("input[name=account_password]", ANOTHER)
    other.press_button("Join")
    other.stores("and more")
    assert other.input.input_value() == "/topic later"
    assert texts_of(program, "#lobby")[-3:] == ["as nora", "in a hurry", "and more"]


# Unsent messages of a tab that was closed


def leave_unsent(tab: Tab, proxy: CuttingProxy, reader: Program, room: str) -> None:
    """Say one message that is stored without an answer, and one that is not sent; close the tab."""
    tab.say(f"/join {room}")
    tab.page.locator("h1", has_text=room).wait_for()
    proxy.swallow_answers()
    tab.say("stored")
    reader.until(lambda event: event.get("text") == "stored")
    cut_off(tab, proxy)
    tab.say("not sent")
    tab.keeps("stored", "not sent")
    tab.close()
    proxy.target = reader.socket.getpeername()[1]


def test_the_next_tab_of_a_guest_sends_what_a_closed_one_could_not(
    visit: Visit, chat: Service, proxy: CuttingProxy
) -> None:
    bob = chat.program("bob", room="#unsent")
    tab = visit(port=proxy.port).log_in("gus")
    context = tab.page.context
    leave_unsent(tab, proxy, bob, "#unsent")
    stranger = Tab(context, tab.origin).open().log_in("gustav")
    stranger.say("/join #unsent", "by somebody else")
    stranger.stores("by somebody else")
    again = stranger.another().log_in("gus")
    bob.until(lambda event: event.get("text") == "not sent")
    again.go_to("#unsent")
    again.stores("not sent")
    again.keeps()
    third = stranger.another()
    third.log_in("gus2").say("/join #unsent", "the last one")
    bob.until(lambda event: event.get("text") == "the last one")
    assert texts_of(bob, "#unsent") == ["stored", "by somebody else", "not sent", "the last one"]
    again.page.reload()
    again.inside()
    again.keeps()
    assert stranger.problems == []


def test_a_tab_that_is_reloaded_again_and_again_stays_itself(
    visit: Visit, chat: Service, proxy: CuttingProxy
) -> None:
    bob = chat.program("bert", room="#again")
    tab = visit(port=proxy.port).log_in("gwen")
    tab.say("/join #again")
    tab.page.locator("h1", has_text="#again").wait_for()
    secret = tab.page.evaluate("() => sessionStorage['chatsvc.client']")
    proxy.swallow_answers()
    tab.say("only once")
    bob.until(lambda event: event.get("text") == "only once")
    proxy.cut()
    for _ in range(3):
        tab.page.reload()
    tab.inside()
    tab.stores("only once")
    tab.keeps()
    assert tab.page.evaluate("() => sessionStorage['chatsvc.client']") == secret
    assert texts_of(bob, "#again") == ["only once"]


def test_another_tab_of_an_account_sends_them_after_it_has_reconnected(
    visit: Visit, chat: Service, proxy: CuttingProxy
) -> None:
    registered(chat, "amy").close()
    bob = chat.program("bobby", room="#account")
    tab = visit(port=proxy.port)
    stays(tab, "amy")
    other = tab.another()
    other.inside()
    leave_unsent(tab, proxy, bob, "#account")
    bob.until(lambda event: event.get("text") == "not sent")
    other.go_to("#account")
    other.say("and this")
    bob.until(lambda event: event.get("text") == "and this")
    assert texts_of(bob, "#account") == ["stored", "not sent", "and this"]
    other.page.reload()
    other.inside()
    other.keeps()


def test_of_two_tabs_that_open_at_once_one_sends_them(
    visit: Visit, chat: Service, proxy: CuttingProxy
) -> None:
    registered(chat, "aya").close()
    bob = chat.program("bo", room="#race")
    tab = visit(port=proxy.port)
    stays(tab, "aya")
    context = tab.page.context
    leave_unsent(tab, proxy, bob, "#race")
    tabs = [Tab(context, tab.origin) for _ in range(3)]
    for each in tabs:
        each.page.evaluate("url => void setTimeout(() => location.href = url)", f"{tab.origin}/")
    for each in tabs:
        each.inside()
    bob.until(lambda event: event.get("text") == "not sent")
    for number, each in enumerate(tabs):
        each.go_to("#race")
        each.say(f"from tab {number}")
        each.stores(f"from tab {number}")
        each.keeps()
    assert texts_of(bob, "#race")[:2] == ["stored", "not sent"]
    assert len(texts_of(bob, "#race")) == 5
    assert [problem for each in tabs for problem in each.problems] == []


# What is read


def test_what_is_read_in_one_browser_is_read_in_the_other(visit: Visit, chat: Service) -> None:
    registered(chat, "rea").close()
    bob = chat.program("bea", room="#read")
    phone, laptop = visit(), visit()
    for each in (phone, laptop):
        stays(each, "rea")
    phone.say("/join #read")
    phone.page.locator("h1", has_text="#read").wait_for()
    badge = laptop.page.locator("nav .entry", has_text="#read").locator(".count")
    phone.look_away()
    for number in range(3):
        bob.ask("say", room="#read", text=f"message {number}")
    badge.get_by_text("3").wait_for()
    phone.look_back()
    badge.wait_for(state="detached")


def test_the_unread_line_is_in_its_place_after_a_reload(visit: Visit, chat: Service) -> None:
    registered(chat, "una").close()
    bob = chat.program("ben", room="#place")
    tab = visit()
    stays(tab, "una")
    tab.say("/join #place")
    tab.page.locator("h1", has_text="#place").wait_for()
    for number in range(3):
        bob.ask("say", room="#place", text=f"read {number}")
    tab.stores("read 2")
    tab.until("() => document.querySelectorAll('.separator.new').length === 0")
    tab.go_to("#lobby")
    for number in range(70):  # more than are loaded after a reload
        bob.ask("say", room="#place", text=f"unread {number}")
    tab.page.locator("nav .entry", has_text="#place").get_by_text("70").wait_for()
    tab.page.reload()
    tab.page.locator("nav .entry", has_text="#place").get_by_text("70").wait_for()
    tab.go_to("#place")
    tab.page.get_by_role("button", name="New messages").click()
    line = tab.page.locator(".separator.new")
    line.wait_for()
    below = line.locator("xpath=following::*[contains(@class, 'text')][1]")
    above = line.locator("xpath=preceding::*[contains(@class, 'text')][1]")
    assert (above.inner_text(), below.inner_text()) == ("read 2", "unread 0")
    assert re.search("New", line.inner_text())
