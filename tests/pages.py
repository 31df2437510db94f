"""The real page in a real Chromium, as a user sees and uses it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from real import LIMIT, needs

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ARGUMENTS = ["--no-sandbox", "--host-resolver-rules=MAP chat.local 127.0.0.1"]
MILLISECONDS = 1000 * LIMIT


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium; without it, skip the test, or fail where CI must run it."""
    path = needs("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("Playwright is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """A user in one tab."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        context.set_default_timeout(MILLISECONDS)
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(url)

    def join(self, name: str, password: str = "", stay: bool = False) -> None:
        """Log in with a name, and its password if it is registered."""
        self.page.fill("input[name=name]", name)
        self.page.click("button.primary:has-text('Join')")
        if password:
            self.page.fill("input[name=account_password]", password)
            self.page.set_checked("input[name=stay]", stay)
            self.page.click("button.primary:has-text('Join')")
        self.inside()

    def inside(self) -> None:
        """Wait until the user is in the chat."""
        self.page.wait_for_selector(".composer textarea")

    def say(self, *texts: str) -> None:
        """Write messages or commands, as with the keyboard."""
        for text in texts:
            self.page.fill(".composer textarea", text)
            self.page.press(".composer textarea", "Enter")

    def sees(self, text: str) -> None:
        """Wait until a message with this text is stored and shown."""
        self.wait("(text) => shown().includes(text)", text)

    def shown(self) -> list[str]:
        """Return the texts of the messages on the page that are stored."""
        shown: list[str] = self.page.evaluate(f"() => {{ {SHOWN} return shown(); }}")
        return shown

    def keeps(self, *texts: str) -> None:
        """Wait until these are the messages that are shown and not stored yet."""
        shown = "[...document.querySelectorAll('.line.waiting .text')].map(each => each.innerText)"
        self.wait(f"(...texts) => String({shown}) === String(texts)", *texts)

    def wait(self, condition: str, *arguments: Any) -> None:
        """Wait until a function of the page returns true."""
        given = ", ".join(map(json.dumps, arguments))
        self.page.wait_for_function(f"() => {{ {SHOWN} return ({condition})({given}); }}")


SHOWN = """const shown = () =>
    [...document.querySelectorAll(".row[data-number] .line .text")].map(each => each.innerText);"""
