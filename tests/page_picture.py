"""Draws the README's pictures of the page: `python tests/page_picture.py docs`.

It is the real page in Chromium, in a chat with users of telnet, an IRC client and a program.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from real import Person, Service

SIZE: ViewportSize = {"width": 1200, "height": 720}
OPTIONS = ("--archive", "memory:", "--name", "Class 7b", "--arrivals", "off")


def talk(chat: Service, page: Page) -> None:
    """Hold a conversation in which ann takes part on the page."""
    bob, carol = chat.person("bob"), chat.person("carol")
    erik, dora = chat.program("erik"), chat.peer(Person)
    dora.send("NICK dora", "USER dora 0 * :Dora", "JOIN #lobby")
    dora.until(" 366 ")
    bob.send("/topic Trip to the museum on Friday — bring sandwiches")
    carol.send("/join #homework", "exercises 4 to 7, please", "/room #lobby", "/time")
    carol.until("* It is ")
    page.goto(f"http://localhost:{chat.port}/")
    page.locator("input[name=name]").fill("ann")
    page.get_by_role("button", name="Join", exact=True).click()
    page.locator("h1", has_text="#lobby").wait_for()
    for words in ("/join #homework", "/join #chess"):
        _say(page, words)
        page.locator("h1", has_text=words[6:]).wait_for()
    page.locator("nav").get_by_role("button", name="#lobby").click()

    dora.send("PRIVMSG #lobby :morning! when do we meet?")
    _shown(page, "when do we meet?")
    bob.send(
        "at eight, in front of the school", "the bus leaves at 8:15: https://bus.example.org/7"
    )
    _shown(page, "bus.example.org")
    _say(page, "I can bring the big camera\nand my old one too, if anybody wants it")
    _shown(page, "the big camera")
    bob.send("/me cheers")
    _shown(page, "cheers")
    carol.send("ann: yes please, we need it for our group")
    _shown(page, "yes please")
    erik.ask("say", room="#lobby", text="hello, I am on the computer in the library")
    _shown(page, "in the library")
    carol.send("/room #homework", "exercise 8 as well", "ann, did you get the last one?")
    dora.send("PRIVMSG ann :see you there")
    page.locator("nav").get_by_role("button", name="dora").wait_for()
    page.locator("nav .mentions").first.wait_for()
    page.locator(".composer textarea").fill("see you all on Friday")


def _say(page: Page, words: str) -> None:
    page.locator(".composer textarea").fill(words)
    page.get_by_role("button", name="Send").click()


def _shown(page: Page, words: str) -> None:
    page.get_by_role("log").get_by_text(words).last.wait_for()


def draw(browser: Browser, folder: Path) -> None:
    """Write a picture of the page in each theme."""
    with tempfile.TemporaryDirectory() as directory, Service(Path(directory), *OPTIONS) as chat:
        page = browser.new_page(viewport=SIZE, device_scale_factor=1.5, locale="en-GB")
        talk(chat, page)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.screenshot(path=folder / f"page-{theme}.png")
        page.close()


def main() -> None:
    with sync_playwright() as driver:
        arguments = ["--no-sandbox", "--font-render-hinting=none"]
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        draw(browser, Path(sys.argv[1]))
        browser.close()


if __name__ == "__main__":
    main()
