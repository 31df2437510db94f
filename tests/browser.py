"""Real browsers that show the page of the real service: what a user does and sees there.

A test file has a module-wide fixture `chat`; `visit` opens tabs in the Chromium of that module.
A test fails if a page reports an error, or sends a request to another origin.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from real import LIMIT, Deadline, Service, lacking, needs

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, CDPSession, Locator, Page

DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 640},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
_STORED = (
    "[...document.querySelectorAll('.row[data-number] .line .text')].map(one => one.innerText)"
)
EVIL = "evil.example"  # a name whose owner points it at this machine
IN_A_LAN = "chat.local"
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic",
    f"--host-resolver-rules=MAP {EVIL} 127.0.0.1, MAP {IN_A_LAN} 127.0.0.1",
    "--disable-features=LocalNetworkAccessChecks",
)  # fmt: skip


def needs_module(name: str) -> Any:
    """Return a module; without it, skip the test, or fail where CI must run it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        lacking(f"{name} is not installed: pip install '.[browser]'")


class Tab:
    """A tab for the page of a chat at `origin`."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.origin = origin
        self.problems: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(LIMIT * 1000)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", lambda request: self._check(request.url))
        self.page.on("websocket", lambda websocket: self._check(websocket.url))

    def _check(self, url: str) -> None:
        page = url.replace("ws:", "http:", 1).partition("/assets/")[0].removesuffix("/admin")
        if page.rstrip("/") != self.origin:
            self.problems.append(f"requested {url}")

    def open(self, path: str = "/") -> Tab:
        """Open the chat's page, or the operators'."""
        self.page.goto(f"{self.origin}{path}")
        return self

    def another(self) -> Tab:
        """Open another tab of the same browser; its problems fail the test as well."""
        other = Tab(self.page.context, self.origin)
        other.problems = self.problems
        return other.open()

    def close(self) -> None:
        self.page.close()

    def look_away(self) -> None:
        """Do what the browser does when the user goes to another window."""
        self.page.evaluate(
            "() => { document.hasFocus = () => false; dispatchEvent(new Event('blur')); }"
        )

    def look_back(self) -> None:
        """Do what the browser does when the user returns."""
        self.page.evaluate("() => { delete document.hasFocus; dispatchEvent(new Event('focus')); }")

    # Joining

    def log_in(self, name: str, **passwords: str) -> Tab:
        """Fill in the login form, and wait until the room is shown."""
        self.try_to_log_in(name, **passwords)
        self.page.locator("h1", has_text="#").wait_for()
        return self

    def try_to_log_in(self, name: str, **passwords: str) -> None:
        """Fill in the login form; passwords by the names of their fields."""
        for field, text in {"name": name, **passwords}.items():
            self.page.locator(f"input[name={field}]").fill(text)
        self.press_button("Join")

    def inside(self) -> None:
        """Wait until the user is in the chat."""
        self.input.wait_for()

    def press_button(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    # Writing

    @property
    def input(self) -> Locator:
        return self.page.locator(".composer textarea")

    def say(self, *texts: str) -> None:
        """Send messages or commands."""
        for text in texts:
            self.input.fill(text)
            self.press_button("Send")

    def press(self, *keys: str) -> None:
        """Press keys, with the focus where it is."""
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Type into the field that has the focus."""
        self.page.keyboard.type(text)

    # Reading

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    def sees(self, text: str) -> Locator:
        """Wait for a message or notice that contains a text; return the last one."""
        found = self.log.get_by_text(text).last
        found.wait_for()
        return found

    def stores(self, text: str) -> None:
        """Wait until the server has stored a message, and the page shows it."""
        self.page.wait_for_function(f"text => {_STORED}.includes(text)", arg=text)

    @property
    def stored(self) -> list[str]:
        """Return the texts of the messages on the page that are stored."""
        stored: list[str] = self.page.evaluate(f"() => {_STORED}")
        return stored

    def keeps(self, *texts: str) -> None:
        """Wait until these are the messages that are shown and not stored yet."""
        waiting = "[...document.querySelectorAll('.line.waiting .text')].map(one => one.innerText)"
        script = f"texts => String({waiting}) === String(texts)"
        self.page.wait_for_function(script, arg=list(texts))

    @property
    def texts(self) -> list[str]:
        """Return the texts of all messages in the page."""
        return self.log.locator(".text").all_inner_texts()

    def go_to(self, room: str) -> None:
        """Choose a room or conversation in the list, and wait until it is shown."""
        self.page.locator("nav").get_by_role("button", name=room).first.click()
        self.page.locator("h1", has_text=room).wait_for()

    def until(self, script: str, argument: object = None) -> Any:
        """Wait until a function of the page returns something true; return that."""
        deadline = Deadline(LIMIT)
        while not (found := self.page.evaluate(script, argument)):
            deadline.left(script)
            self.page.wait_for_timeout(20)
        return found

    def scroll(self, script: str) -> None:
        """Scroll the messages to where an expression about `view` says."""
        view = "const view = document.querySelector('.scroller')"
        self.page.evaluate(f"() => {{ {view}; view.scrollTop = {script}; }}")

    def top_of(self, number: int) -> float:
        """Return how far below the top of the window the text of a message is."""
        box = self.log.locator(f"[data-number='{number}'] .text").bounding_box()
        assert box is not None, f"message {number} is not in the page"
        return box["y"]

    @property
    def devtools(self) -> CDPSession:
        """Return a connection to Chromium's own protocol."""
        return self.page.context.new_cdp_session(self.page)


Visit = Callable[..., Tab]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a Chromium; each visit gets a context of its own, like a user of its own."""
    api = needs_module("playwright.sync_api")
    with api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=needs("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, chat: Service) -> Iterator[Visit]:
    """Return a function that opens the page for another user: `visit("ann")` is in the lobby.

    With `port`, the page is loaded through a proxy.
    """
    tabs = list[Tab]()

    def opened(
        name: str | None = None, size: dict[str, Any] = DESKTOP, port: int = 0, **more: Any
    ) -> Tab:
        context = users.enter_context(contextlib.closing(chromium.new_context(**size, **more)))
        tab = Tab(context, f"http://localhost:{port or chat.port}").open()
        tabs.append(tab)
        return tab if name is None else tab.log_in(name)

    with contextlib.ExitStack() as users:
        yield opened
    assert [problem for tab in tabs for problem in tab.problems] == []
