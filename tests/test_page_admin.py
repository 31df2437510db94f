"""The operators' page in real Chromium: who sees it, what it shows, and how it is used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from browser import DESKTOP, Tab, Visit
from real import Service
from staff import SECRET
from test_page_accessibility import SIDEWAYS, SMALL, THEMES, violations

TABS = ("People", "Reports", "Bans", "Log", "Accounts", "Settings")
WORDS = "This page is for operators. Log in to your account."


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    options = ("--archive", "memory:", "--arrivals", "off", "--flood", "off", "--work", "off")
    with Service(tmp_path_factory.mktemp("chat"), *options) as service:
        code = service.wait_for(r"/claim (\w+)")[1]
        op = service.program("op")
        op.ask("register", password=SECRET)
        op.ask("claim", code=code)
        op.request("quit")
        yield service


@pytest.fixture
def admin(visit: Visit) -> Tab:
    """Return a tab in which an operator has logged in."""
    return at_admin(visit)


def at_admin(visit: Visit, size: dict[str, Any] = DESKTOP, **more: Any) -> Tab:
    tab = visit(size=size, **more).open("/admin")
    log_in(tab, "op")
    tab.page.get_by_role("tab", name="People").wait_for()
    return tab


def log_in(tab: Tab, name: str, password: str = SECRET) -> None:
    tab.page.locator("input[name=name]").fill(name)
    tab.page.locator("input[name=account_password]").fill(password)
    tab.press_button("Log in")


def registered(chat: Service, name: str) -> Any:
    program = chat.program(name)
    program.ask("register", password=SECRET)
    return program


def figure(tab: Tab, name: str) -> Any:
    return tab.page.locator(".tiles div", has=tab.page.get_by_text(name, exact=True)).locator("dd")


def choose(tab: Tab, name: str) -> None:
    tab.page.get_by_role("tab", name=name, exact=True).click()
    tab.page.locator(".answer[aria-busy=false]").wait_for()


def confirm(tab: Tab, button: str) -> None:
    """Press the button of the open form, and wait until it is done."""
    dialog = tab.page.get_by_role("dialog")
    dialog.get_by_role("button", name=button, exact=True).click()
    dialog.wait_for(state="detached")


def test_the_figures_follow_what_happens_elsewhere(admin: Tab, chat: Service) -> None:
    names = ("Messages per second", "People", "Connections")
    before = {name: figure(admin, name).inner_text() for name in names}
    telnet = chat.person("tom")
    telnet.send(*(f"message {number}" for number in range(30)))
    for name in names:
        old = re.compile(f"^{re.escape(before[name])}$")
        figure(admin, name).filter(has_not_text=old).wait_for()
    admin.page.wait_for_function(
        "() => document.querySelector('polyline').getAttribute('points').split(' ').length > 1"
    )
    assert admin.page.get_by_role("img", name="Messages per second").count() == 1
    admin.page.get_by_role("button", name="Ban…: tom").wait_for()  # the list follows too
    telnet.send("/quit")
    admin.page.get_by_role("button", name="Ban…: tom").wait_for(state="detached")


def test_a_hidden_page_asks_for_nothing(admin: Tab) -> None:
    figure(admin, "People").wait_for()
    sent = """() => {
        window.sent = [];
        const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function(text) {
            window.sent.push(text);
            send.call(this, text);
        };
        Object.defineProperty(document, "visibilityState", {value: "hidden", configurable: true});
    }"""
    admin.page.evaluate(sent)
    admin.page.clock.install()
    admin.page.clock.run_for(12_000)
    assert [text for text in admin.page.evaluate("sent") if "status" in text] == []
    admin.page.evaluate(
        """() => {
            delete document.visibilityState;
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    admin.until("() => sent.some(text => text.includes('status'))")


def test_an_operator_removes_and_bans_people(admin: Tab, chat: Service) -> None:
    loud, eve = chat.person("loud"), chat.person("eve")
    admin.page.get_by_role("button", name="Remove…: loud").click()
    admin.page.get_by_role("dialog").get_by_label("Reason").fill("too loud")
    confirm(admin, "Remove")
    loud.until("op removed you from the server: too loud")
    admin.page.get_by_role("button", name="Ban…: loud").wait_for(state="detached")
    admin.page.get_by_role("button", name="Ban…: eve").click()
    admin.page.get_by_role("dialog").get_by_label("For how long").fill("2h")
    confirm(admin, "Ban")
    eve.until("op removed you from the server")
    choose(admin, "Bans")
    admin.page.get_by_text("eve: banned").wait_for()
    choose(admin, "Log")
    admin.page.get_by_text("op kicked loud: too loud").wait_for()
    choose(admin, "Bans")
    admin.page.get_by_role("button", name="Lift").click()
    admin.page.get_by_text("No bans, mutes or exemptions.").wait_for()


def test_an_operator_disables_and_enables_an_account(admin: Tab, chat: Service) -> None:
    mallory = registered(chat, "mallory")
    choose(admin, "Accounts")
    admin.page.get_by_label("Part of a name").fill("MALL")
    admin.page.get_by_role("button", name="Disable…: op").wait_for(state="detached")
    admin.page.get_by_role("button", name="Disable…: mallory").click()
    confirm(admin, "Disable")
    assert "disabled" in mallory.event("goodbye")["text"]
    assert (
        chat.program().ask("hello", name="mallory", account_password=SECRET)["code"] == "disabled"
    )
    admin.page.get_by_role("button", name="Enable: mallory").click()
    admin.page.get_by_role("button", name="Disable…: mallory").wait_for()


def test_an_operator_closes_a_report(admin: Tab, chat: Service) -> None:
    bob = chat.program("bob")
    bob.ask("report", name="op", reason="is too kind")
    choose(admin, "Reports")
    admin.page.get_by_text("op: is too kind").wait_for()
    admin.page.get_by_role("button", name="Close report").click()
    admin.page.get_by_text("No open reports.").wait_for()


def test_long_lists_are_shown_page_by_page(admin: Tab, chat: Service) -> None:
    op = chat.program()
    op.ask("hello", name="op", account_password=SECRET)
    for number in range(130):
        op.ask("announce", text=f"news {number}.")
    choose(admin, "Log")
    rows = admin.page.locator(".answer-rows > li")
    newest = "op announced: news 129."
    rows.first.get_by_text(newest).wait_for()
    assert rows.count() == 100
    admin.press_button("Show more")
    rows.nth(129).wait_for()
    rows.first.get_by_text(newest).wait_for()
    assert not admin.page.get_by_role("button", name="Show more").count()


def test_settings_and_lockdown(admin: Tab, chat: Service) -> None:
    choose(admin, "Settings")
    admin.page.get_by_text("flood: off").wait_for()
    admin.press_button("Lockdown: only registered users can join")
    admin.page.get_by_role("button", name="End the lockdown").wait_for()
    assert chat.program().ask("hello", name="late")["code"] == "lockdown"
    admin.press_button("End the lockdown")
    admin.page.get_by_role("button", name="Lockdown: only registered users can join").wait_for()


def test_the_operator_joins_no_room_there(visit: Visit, chat: Service) -> None:
    admin = visit().open("/admin")
    admin.page.get_by_label("Stay logged in").check()
    log_in(admin, "op")
    admin.page.get_by_role("tab", name="People").wait_for()
    admin.until("() => localStorage['chatsvc.token']")
    bob = chat.program("bib", room="#lobby")
    names = [one["name"] for one in bob.ask("who", room="#lobby")["people"]]
    assert "op" not in names
    admin.page.get_by_role("link", name="Open the chat").click()
    admin.page.locator("h1", has_text="#lobby").wait_for()


def test_others_see_a_sentence_and_a_login_form(visit: Visit, chat: Service) -> None:
    tab = visit().open("/admin")
    tab.page.get_by_text(WORDS).wait_for()
    registered(chat, "carl").request("quit")
    log_in(tab, "op", "wrong-horse")
    tab.page.get_by_role("alert").get_by_text("Wrong password").wait_for()
    log_in(tab, "carl")
    tab.page.get_by_text("carl is not an operator.").wait_for()
    assert tab.page.locator("main > *").count() == 1
    assert tab.page.get_by_role("tab").count() == tab.page.locator(".tiles").count() == 0
    log_in(tab, "op")
    tab.page.get_by_role("tab", name="People").wait_for()


def test_a_guest_sees_none_of_it_by_other_means(visit: Visit, chat: Service) -> None:
    tab = visit("gus").open("/admin")
    tab.page.get_by_text("gus is not an operator.").wait_for()
    asked = """() => new Promise(done => {
        const socket = new WebSocket(`ws://${location.host}/`), answers = [];
        const send = request => socket.send(JSON.stringify(request));
        const asked = ["status", "accounts", "settings", "reports", "lockdown"];
        asked.push("disable", "enable");
        socket.onopen = () => {
            send({do: "hello", name: "guest-of-admin"});
            for (const name of asked)
                send({do: name, tag: name, ...(name.endsWith("able") && {name: "op"})});
        };
        socket.onmessage = ({data}) => {
            const event = JSON.parse(data);
            if (event.tag) answers.push(event.code);
            if (answers.length === asked.length) { socket.close(); done(answers); }
        };
    })"""
    assert tab.page.evaluate(asked) == ["not-allowed"] * 7


def test_the_scripts_are_loaded_only_there(visit: Visit, chat: Service) -> None:
    loaded = """() => performance.getEntriesByType("resource").map(each => each.name)
        .filter(name => name.includes("/admin/"))"""
    tab = visit("nora")
    assert tab.page.evaluate(loaded) == []
    tab.open("/admin")
    tab.page.get_by_text("not an operator").wait_for()
    assert tab.page.evaluate(loaded)
    with tab.page.expect_response("**/admin") as answer:
        tab.open("/admin")
    with tab.page.expect_response(f"{tab.origin}/") as other:
        tab.open()
    policy = "content-security-policy"
    assert answer.value.headers[policy] == other.value.headers[policy]


@THEMES
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    visit: Visit, chat: Service, theme: str
) -> None:
    closed = visit(size=SMALL, color_scheme=theme).open("/admin")
    closed.page.get_by_text(WORDS).wait_for()
    assert violations(closed) == []
    chat.program(f"ivy-{theme}").ask("report", name="op", reason="a long reason " * 20)
    tab = at_admin(visit, SMALL, color_scheme=theme)
    figure(tab, "People").wait_for()
    for name in TABS:
        choose(tab, name)
        assert (name, violations(tab)) == (name, [])
        assert (name, tab.page.evaluate(SIDEWAYS)) == (name, [])
    tab.page.set_viewport_size({"width": 1440, "height": 900})
    assert violations(tab) == []


def test_everything_can_be_reached_with_the_keyboard(visit: Visit, chat: Service) -> None:
    zoe = chat.person("zoe")
    tab = visit().open("/admin")
    tab.page.locator("input[name=name]").focus()
    tab.type("op")
    tab.press("Tab")
    tab.type(SECRET)
    tab.press("Enter")
    tab.page.get_by_role("button", name="Remove…: zoe").wait_for()
    for _ in range(4):
        tab.press("Tab")
    assert tab.page.evaluate("() => document.activeElement.role ?? ''") in ("", "tab")
    tab.page.get_by_role("tab", name="People").focus()
    for name in (*TABS[1:], TABS[0]):
        tab.press("ArrowRight")
        tab.page.locator(f"[role=tab]:focus:has-text('{name}')").wait_for()
    tab.page.get_by_role("button", name="Remove…: zoe").wait_for()
    for _ in range(40):
        tab.press("Tab")
        if "Remove…: zoe" in str(tab.page.evaluate("() => document.activeElement.ariaLabel")):
            break
    tab.press("Enter")
    tab.page.get_by_role("dialog").wait_for()
    tab.type("bye")
    tab.press("Enter")
    zoe.until("op removed you from the server: bye")
