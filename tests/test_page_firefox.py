"""Six scenes with the page in Firefox, which obeys through WebDriver BiDi, without a driver."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from real import LIMIT, Deadline, Service, needs
from websockets.sync.client import connect

ENTER, SHIFT, UP = "\ue007", "\ue008", "\ue013"  # as WebDriver calls these keys
PREFERENCES = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "http://127.0.0.1:9/",
}  # so that it asks nothing of the internet


class Firefox:
    """A Firefox without a window, with one tab."""

    def __init__(self, directory: Path) -> None:
        lines = (f"user_pref({json.dumps(n)}, {json.dumps(v)});\n" for n, v in PREFERENCES.items())
        (directory / "user.js").write_text("".join(lines))
        self._process = subprocess.Popen(
            [
                needs("firefox-esr"), "--headless", "--no-remote", "--profile", str(directory),
                "--remote-debugging-port", "0", "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._ids = count(1)
        self._open = ExitStack()
        where = f"ws://127.0.0.1:{self._port(directory)}/session"
        self._socket = self._open.enter_context(connect(where, proxy=None, max_size=None))
        self.do("session.new", capabilities={})
        self._tab = ""

    def _port(self, directory: Path) -> int:
        deadline, file = Deadline(LIMIT), directory / "WebDriverBiDiServer.json"
        while not file.exists() or not file.read_text().endswith("}"):
            deadline.left("Firefox")
            assert self._process.poll() is None
        return int(json.loads(file.read_text())["ws_port"])

    def close(self) -> None:
        self._open.close()
        self._process.terminate()
        self._process.wait(LIMIT)

    def do(self, method: str, **parameters: Any) -> Any:
        """Carry out a command of WebDriver BiDi; return its result."""
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(self._socket.recv(LIMIT))).get("id") != number:
            pass
        assert answer["type"] == "success", answer
        return answer["result"]

    def new_user(self) -> None:
        """Go on in a tab that shares nothing with the others."""
        user = self.do("browser.createUserContext")["userContext"]
        self._tab = self.do("browsingContext.create", type="tab", userContext=user)["context"]

    def open(self, url: str) -> None:
        self.do("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def resize(self, width: int, height: int) -> None:
        size = {"width": width, "height": height}
        self.do("browsingContext.setViewport", context=self._tab, viewport=size)

    def run(self, expression: str) -> Any:
        """Return the value of an expression: a string, a number or a truth value."""
        given = self.do(
            "script.evaluate", expression=expression, target={"context": self._tab},
            awaitPromise=True,
        )  # fmt: skip
        assert given["type"] == "success", given
        return given["result"].get("value")

    def until(self, expression: str) -> Any:
        """Wait until an expression is true; return its value."""
        deadline = Deadline(LIMIT)
        while not (value := self.run(expression)):
            deadline.left(f"{expression} in:\n{self.run('document.body.innerText')}")
        return value

    def sees(self, text: str) -> None:
        """Wait for a text in the page."""
        self.until(f"document.body.innerText.includes({json.dumps(text)})")

    def type(self, text: str) -> None:
        """Press the keys of a text, where the focus is; Shift is released at the end."""
        keys = [{"type": "keyDown", "value": key} for key in text]
        released = [{"type": "keyUp", "value": key} for key in reversed(text)]
        if SHIFT not in text:
            keys = [each for pair in zip(keys, reversed(released), strict=True) for each in pair]
            released = []
        actions = [{"type": "key", "id": "keyboard", "actions": keys + released}]
        self.do("input.performActions", context=self._tab, actions=actions)

    def log_in(self, name: str) -> None:
        """Join the lobby under a name."""
        self.until("document.activeElement.name === 'name'")
        self.type(name + ENTER)
        self.until("document.querySelector('textarea')?.placeholder.startsWith('Message #')")
        self.focus()

    def focus(self) -> None:
        """Put the cursor into the input: without a screen, Firefox has no mouse to click with."""
        self.run("document.querySelector('textarea').focus()")


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    options = ("--archive", "memory:", "--arrivals", "off")
    with Service(tmp_path_factory.mktemp("chat"), *options) as service:
        yield service


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    firefox = Firefox(tmp_path_factory.mktemp("firefox"))
    yield firefox
    firefox.close()


@pytest.fixture
def firefox(browser: Firefox, chat: Service) -> Firefox:
    """Return Firefox with the login form of a new user."""
    browser.new_user()
    browser.open(f"http://localhost:{chat.port}/")
    return browser


def test_a_name_is_enough_to_talk(firefox: Firefox, chat: Service) -> None:
    bob = chat.person("bob")
    firefox.log_in("fay")
    firefox.type("hello from Firefox" + ENTER)
    bob.until("<fay> hello from Firefox")
    bob.send("hello from telnet")
    firefox.sees("hello from telnet")


def test_several_lines_and_an_earlier_message(firefox: Firefox, chat: Service) -> None:
    bob = chat.person("ben")
    firefox.log_in("flora")
    firefox.type("one")
    firefox.type(SHIFT + ENTER)
    firefox.type("two" + ENTER)
    bob.until("<flora> one")
    bob.until("two")
    firefox.type(UP)
    assert firefox.run("document.querySelector('textarea').value") == "one\ntwo"


def test_hostile_messages_are_text(firefox: Firefox, chat: Service) -> None:
    mallory = chat.person("mallory")
    firefox.log_in("frank")
    mallory.send("<img src=x onerror=window.hit=1>", "javascript:window.hit=1", "done")
    firefox.sees("done")
    assert firefox.run("document.querySelectorAll('.row img, .row a').length") == 0
    assert firefox.run("window.hit") is None
    blocked = "try { document.body.innerHTML = '<p>'; 'ran' } catch (error) { error.name }"
    assert firefox.run(blocked) == "TypeError"


def test_long_history_is_read_upwards_without_a_jump(firefox: Firefox, chat: Service) -> None:
    talker = chat.program("talker", room="#long")
    for number in range(700):
        talker.ask("say", room="#long", text=f"line {number}" + " more" * (number * 7 % 50))
    firefox.log_in("fred")
    firefox.type("/join #long" + ENTER)
    firefox.sees("line 699")
    first = "document.querySelector('[data-number]').dataset.number"
    row = "document.querySelector(`[data-number='${window.kept}'] .text`).getBoundingClientRect()"
    firefox.run(  # at once, before earlier messages can arrive
        "document.querySelector('.scroller').scrollTop = 300; window.first = "
        + first
        + "; window.kept = [...document.querySelectorAll("
        "'[data-number]')].find(row => row.getBoundingClientRect().top > 150).dataset.number"
    )
    before = firefox.run(f"{row}.top")
    firefox.until(f"{first} !== window.first")
    assert firefox.run(f"{row}.top") == pytest.approx(before, abs=1)
    assert firefox.run("document.querySelectorAll('.row').length") <= 600


def test_a_reload_keeps_name_room_and_draft(firefox: Firefox, chat: Service) -> None:
    firefox.log_in("finn")
    firefox.type("/join #tea" + ENTER)
    firefox.until("document.querySelector('h1').innerText === '#tea'")
    firefox.type("not sent yet")
    firefox.open(f"http://localhost:{chat.port}/")
    firefox.until("document.querySelector('h1').innerText === '#tea'")
    firefox.until("document.querySelector('textarea').value === 'not sent yet'")
    firefox.focus()
    firefox.type("!" + ENTER)
    firefox.sees("not sent yet!")


def test_a_narrow_page_scrolls_in_one_direction(firefox: Firefox, chat: Service) -> None:
    firefox.resize(320, 640)
    firefox.log_in("fritz")
    firefox.type("long" * 100 + ENTER)
    firefox.sees("longlonglong")
    assert firefox.run("document.documentElement.scrollWidth") == 320
    firefox.until("!!document.querySelector('button[aria-label^=Rooms]').checkVisibility()")
    firefox.resize(1440, 900)
