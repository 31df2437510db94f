"""From the address to a conversation with users of other programs, in real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import DESKTOP, PHONE, Visit
from real import Service, needs
from real_client import join

IRSSI = """
settings = {{
    core = {{ real_name = "Ida"; user_name = "ida"; nick = "ida"; }};
    "irc/core" = {{ cmd_queue_speed = "10msec"; cmds_max_at_once = "100"; }};
}};
chatnets = {{ chat = {{ type = "IRC"; }}; }};
servers = ( {{ address = "localhost"; port = "{port}"; chatnet = "chat"; autoconnect = "yes"; }} );
channels = ( {{ name = "#lobby"; chatnet = "chat"; autojoin = "yes"; }} );
"""

SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    options = ("--archive", "memory:", "--name", "Class 7b", "--arrivals", "off")
    with Service(tmp_path_factory.mktemp("chat"), *options) as service:
        yield service


@SIZES
def test_a_browser_talks_with_telnet_irssi_and_the_terminal_client(
    visit: Visit, chat: Service, tmp_path: Path, size: dict[str, Any]
) -> None:
    (tmp_path / "config").write_text(IRSSI.format(port=chat.port))
    irssi = chat.terminal(needs("irssi"), f"--home={tmp_path}")
    telnet = chat.terminal(needs("telnet"), "localhost", str(chat.port))
    telnet.type("bob\r")
    telnet.until("You are in #lobby")
    terminal = join(chat, "tess")
    irssi.until(r"\[Act: 2")
    irssi.type("/window 2\r")
    irssi.until("Join to #lobby")

    ann = visit(size=size)
    assert ann.page.title() == "Class 7b"
    assert ann.page.locator("input:visible").count() == 1
    ann.log_in("ann")
    words = f"hello from {ann.page.viewport_size}"
    ann.say(words)
    for other in (telnet, irssi, terminal):
        other.until(re.escape(words))
    answers = [f"{name} has read: {words}" for name in ("bob", "ida", "tess")]
    for other, answer in zip((telnet, irssi, terminal), answers, strict=True):
        other.type(f"{answer}\r")
        ann.sees(answer)
    assert ann.texts[-4:] == [words, *answers]
    ann.close()
    chat.everybody_leaves()


def test_what_is_loaded_until_a_newcomer_has_said_something_is_small(
    visit: Visit, chat: Service
) -> None:
    bob = chat.program("bob", room="#lobby")
    tab = visit("nina")
    tab.say("hello, it is me")
    tab.stores("hello, it is me")
    bob.ask("say", room="#lobby", text="welcome")
    tab.sees("welcome")
    scripts = """performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".js"))
        .map(({ decodedBodySize, encodedBodySize }) => [decodedBodySize, encodedBodySize])"""
    sizes, gzipped_sizes = zip(*tab.page.evaluate(scripts), strict=True)
    assert 50_000 < sum(sizes) <= 120_000
    assert 10_000 < sum(gzipped_sizes) <= 40_000


def test_a_name_in_use_is_answered_with_one_that_is_free(visit: Visit, chat: Service) -> None:
    chat.person("max")
    tab = visit()
    tab.try_to_log_in("max")
    tab.page.get_by_role("alert").wait_for()
    tab.page.get_by_role("button", name="Join as max2").click()
    tab.input.wait_for()


def test_a_phone_shows_the_lists_on_request(visit: Visit, chat: Service) -> None:
    chat.person("otto")
    tab = visit("pia", PHONE)
    people = tab.page.get_by_role("complementary", name="People")
    assert not people.is_visible()
    tab.page.get_by_role("button", name="People").tap()
    people.get_by_text("otto").tap()
    tab.page.get_by_role("menuitem", name="Private message").tap()
    tab.page.locator("h1", has_text="otto").wait_for()
    tab.page.get_by_role("button", name="Rooms").first.tap()
    tab.go_to("#lobby")


def test_a_phone_keyboard_covers_no_message(visit: Visit, chat: Service) -> None:
    tab = visit("kim", PHONE)
    tab.say(*(f"message {number}" for number in range(30)))
    last = tab.sees("message 29")
    tab.page.set_viewport_size({"width": 360, "height": 340})  # as a keyboard leaves it
    tab.until("() => innerHeight === 340")
    tab.until(
        """() => {
            const [last] = [...document.querySelectorAll(".text")].slice(-1);
            return last.getBoundingClientRect().bottom
                <= document.querySelector(".composer").getBoundingClientRect().top;
        }"""
    )
    assert last.is_visible()


def test_a_keyboard_that_lies_over_the_page_covers_no_message(visit: Visit, chat: Service) -> None:
    """On an iPhone, only the visual viewport becomes smaller."""
    tab = visit("ivo", PHONE)
    tab.say(*(f"message {number}" for number in range(30)))
    tab.sees("message 29")
    keyboard = """height => {
        Object.defineProperty(visualViewport, "height", {value: height, configurable: true});
        visualViewport.dispatchEvent(new Event("resize"));
    }"""
    for height in (340, 640):
        tab.page.evaluate(keyboard, height)
        tab.until(
            """height => {
                const [last] = [...document.querySelectorAll(".text")].slice(-1);
                const composer = document.querySelector(".composer").getBoundingClientRect();
                return last.getBoundingClientRect().bottom <= composer.top
                    && composer.bottom <= height && composer.bottom > height - 40;
            }""",
            height,
        )


def test_a_reload_joins_again_under_the_same_name(visit: Visit, chat: Service) -> None:
    tab = visit("rita")
    tab.say("/join #tea")
    tab.page.locator("h1", has_text="#tea").wait_for()
    tab.say("before")
    tab.sees("before")
    tab.page.reload()
    tab.page.locator("h1", has_text="#tea").wait_for()
    tab.say("after")
    tab.sees("after")
    assert tab.texts == ["before", "after"]
