"""Measure the page in Chromium: how fast it is there, how it scrolls, and what it takes.

`python -m benchmarks.browser` prints each figure beside its limit. With `--check`, it fails if a
figure exceeds its limit. With `--quick`, it sends fewer messages and leaves out connections.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from benchmarks.servers import Running
from benchmarks.websocket import connections, service
from chatsvc.transports.web.assets import load

SLOW_NETWORK = {
    "offline": False, "latency": 40, "downloadThroughput": 1.25e6, "uploadThroughput": 1.25e6,
}  # fmt: skip
DURATIONS = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
IN_FLIGHT = 16
WORDS = " some words of a message" * 3

LONG_TASKS = """
window.longest = 0;
new PerformanceObserver(list => {
    for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
}).observe({type: "longtask"});
"""
FIRST_PAINT = """() => new Promise(done => new PerformanceObserver(list => {
    for (const paint of list.getEntries())
        if (paint.name === "first-contentful-paint") done(paint.startTime);
}).observe({type: "paint", buffered: true}))"""
JOIN = """() => new Promise(done => {
    const begun = performance.now();
    document.querySelector("form").requestSubmit();
    const look = () => (document.querySelectorAll(".row .text").length < 50 ? setTimeout(look)
        : requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun))));
    look();
})"""
FIRST = "document.querySelector('[data-number]').dataset.number"
TOP = "document.querySelector(`[data-number='${kept}'] .text`).getBoundingClientRect().top"
PREPEND = f"""() => new Promise(done => {{
    document.querySelector(".scroller").scrollTop = 300;
    const first = {FIRST};
    const kept = [...document.querySelectorAll("[data-number]")].find(
        row => row.getBoundingClientRect().top > 150).dataset.number;
    const before = {TOP};
    const look = () => ({FIRST} === first ? requestAnimationFrame(look) : done({TOP} - before));
    look();
}})"""
SHOWN = """text => new Promise(done => {
    const rows = document.querySelector(".rows");
    const shown = () => rows.lastElementChild.querySelector(".text")?.textContent ?? "";
    const look = () => (shown().startsWith(text) ? done(true) : requestAnimationFrame(look));
    look();
})"""


@dataclass
class Report:
    """Figures, each with its limit."""

    rows: list[tuple[str, float, float, str]] = field(default_factory=list)

    def add(self, what: str, figure: float, limit: float, unit: str) -> None:
        self.rows.append((what, figure, limit, unit))
        print(f"| {what} | {figure:,.1f} {unit} | {limit:,g} {unit} |", flush=True)

    def exceeded(self, slack: float) -> list[str]:
        return [what for what, figure, limit, _ in self.rows if figure > limit * slack]


class Talker:
    """A program in the room, which sends as fast as the service stores."""

    def __init__(self, chat: Running) -> None:
        self._socket = socket.create_connection(("127.0.0.1", chat.port))
        self._file = self._socket.makefile("rb")
        self._sent = 0
        self._tags = count(1)
        self.request({"do": "hello", "name": "talker"})
        self.request({"do": "join", "room": "#lobby", "last": 0})

    def request(self, *requests: dict[str, Any]) -> None:
        """Send requests, and wait until all are answered."""
        waiting = {f"t{next(self._tags)}": each for each in requests}
        tagged = ({**each, "tag": tag} for tag, each in waiting.items())
        self._socket.sendall(b"".join(json.dumps(each).encode() + b"\n" for each in tagged))
        while waiting:
            waiting.pop(json.loads(self._file.readline()).get("tag"), None)

    def say(self, messages: int) -> int:
        """Send messages; return the number in the text of the last one."""
        for _ in range(0, messages, IN_FLIGHT):
            self.request(*(self._next() for _ in range(min(IN_FLIGHT, messages))))
        return self._sent

    def _next(self) -> dict[str, Any]:
        self._sent += 1
        return {"do": "say", "room": "#lobby", "text": f"message {self._sent}.{WORDS}"}


class Tab:
    """The page of the service in a context of its own."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.page: Page = context.new_page()
        self.devtools: CDPSession = context.new_cdp_session(self.page)
        self.page.add_init_script(LONG_TASKS)
        self.elsewhere = 0
        self.scripts = set[str]()  # the paths of those that were loaded
        self._origin = origin
        self.page.on("request", lambda request: self._count(request.url))
        self.page.on("websocket", lambda websocket: self._count(websocket.url))

    def _count(self, url: str) -> None:
        if url.endswith(".js"):
            self.scripts.add(urlsplit(url).path)
        self.elsewhere += not url.replace("ws:", "http:", 1).startswith(f"{self._origin}/")

    def open(self) -> float:
        """Load the page; return the milliseconds until its first contentful paint."""
        self.page.goto(f"{self._origin}/")
        return float(self.page.evaluate(FIRST_PAINT))

    def join(self, name: str) -> float:
        """Join; return the milliseconds until 50 messages are painted."""
        self.page.locator("input[name=name]").fill(name)
        self.page.locator("button.primary:enabled").wait_for()
        return float(self.page.evaluate(JOIN))

    def wait_for(self, number: int) -> None:
        """Wait until a message is shown."""
        self.page.get_by_role("log").get_by_text(f"message {number}.").wait_for(timeout=300_000)

    def shows(self, number: int) -> None:
        """Wait until a message is the last one."""
        self.page.evaluate(SHOWN, f"message {number}.")

    def cost(self, work: Callable[[], object]) -> float:
        """Return the milliseconds of processor time for scripts, style and layout."""
        begun = self._busy()
        work()
        return self._busy() - begun

    def _busy(self) -> float:
        found = self.devtools.send("Performance.getMetrics")["metrics"]
        return 1000 * sum(float(one["value"]) for one in found if one["name"] in DURATIONS)


def megabytes(browser: Browser) -> float:
    """Return the memory that the largest renderer shares with no other process."""
    info = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return max(_private(one["id"]) for one in info if one["type"] == "renderer") / 1000


def _private(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(map(int, re.findall(r"^Private_(?:Clean|Dirty): +(\d+)", text, re.MULTILINE)))


@contextmanager
def visiting(browser: Browser, chat: Running) -> Iterator[Tab]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield Tab(context, f"http://127.0.0.1:{chat.port}")
    context.close()


def first_minute(browser: Browser, chat: Running, report: Report) -> None:
    """Measure loading and joining, on a fast machine and a slow one."""
    for slow, limit in ((False, 400), (True, 1000)):
        paints, joins = [], []
        for number in range(5):
            with visiting(browser, chat) as tab:
                if slow:
                    tab.devtools.send("Network.enable")
                    tab.devtools.send("Network.emulateNetworkConditions", SLOW_NETWORK)
                    tab.devtools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
                paints.append(tab.open())
                joins.append(tab.join(f"visitor{slow:d}{number}"))
        where = "processor 4 times slower, 40 ms, 10 Mb/s" if slow else "this machine"
        report.add(f"first paint, {where}", median(paints), limit, "ms")
        if not slow:
            report.add("name entered → last 50 messages", median(joins), 300, "ms")


def sizes(browser: Browser, chat: Running, report: Report) -> None:
    """Measure the scripts as they are served: those that a newcomer's visit loads, and all."""
    with visiting(browser, chat) as tab:
        early = tab.scripts
        tab.open()
        tab.join("newcomer")
        tab.page.locator(".composer textarea").press_sequentially("hello, I am new here")
        tab.page.keyboard.press("Enter")
        tab.page.locator(".own:not(.waiting)").get_by_text("I am new here").wait_for()
    assets = load(files("chatsvc") / "web").files
    every = {path for path in assets if path.endswith(".js") and "/admin/" not in path}
    limits = (120, 40), (210, 80)
    for name, paths, limit in zip(
        ("until a newcomer chats", "in all"), (early, every), limits, strict=True
    ):
        for coding, unit, most in zip(("identity", "gzip"), ("", ", gzipped"), limit, strict=True):
            size = sum(len(_fetched(chat, path, coding)) for path in paths)
            report.add(f"scripts {name}{unit}", size / 1000, most, "kB")


def _fetched(chat: Running, path: str, coding: str) -> bytes:
    request = Request(f"http://127.0.0.1:{chat.port}{path}", headers={"Accept-Encoding": coding})
    with urlopen(request, timeout=30) as answer:
        return bytes(answer.read())


def long_room(
    browser: Browser, chat: Running, talker: Talker, report: Report, messages: int
) -> None:
    """Measure a tab that has seen many messages: appending, prepending, scrolling, memory."""
    with visiting(browser, chat) as tab:
        tab.devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        tab.open()
        tab.join("reader")
        tab.wait_for(talker.say(messages))
        spent = [tab.cost(lambda: tab.shows(talker.say(1))) for _ in range(300)]
        after = f"after {messages:,} messages"
        report.add(f"append {after}, p50", median(spent), 5, "ms")
        report.add(f"append {after}, p99", quantiles(spent, n=100)[98], 5, "ms")
        tab.devtools.send("HeapProfiler.collectGarbage")
        report.add(f"renderer {after}", megabytes(browser), 100, "MB")
        shifts = list[float]()
        spent = [tab.cost(lambda: shifts.append(tab.page.evaluate(PREPEND))) for _ in range(10)]
        report.add("prepend 200 messages, p50", median(spent), 20, "ms")
        report.add("anchor shift, largest", max(map(abs, shifts)), 1, "px")
        report.add("requests to other origins", tab.elsewhere, 0, "")


def busy_room(
    browser: Browser, chat: Running, talker: Talker, report: Report, seconds: float
) -> None:
    """Measure the longest task while 200 messages come each second."""
    with visiting(browser, chat) as tab:
        tab.open()
        tab.join("listener")
        tab.page.evaluate("() => { window.longest = 0 }")
        begun, last = time.monotonic(), 0
        for number in range(int(seconds * 20)):
            last = talker.say(10)
            tab.page.wait_for_timeout(max(0, (begun + number / 20 - time.monotonic()) * 1000))
        tab.wait_for(last)
        report.add("longest task, 200 messages/s", tab.page.evaluate("longest"), 100, "ms")


def websockets(report: Report) -> None:
    """Measure what a connection costs the server, compared with JSON lines."""
    (_, raw), (idle, framed) = connections(False), connections(True)
    report.add("idle WebSocket", idle, 4, "KiB")
    report.add("CPU for a message to a reader, WebSocket ÷ JSON lines", framed / raw, 1.2, "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="send fewer messages")
    parser.add_argument(
        "--check", type=float, nargs="?", const=1.0, metavar="SLACK",
        help="fail if a figure exceeds its limit, on a busy machine SLACK times its limit",
    )  # fmt: skip
    options = parser.parse_args()
    report = Report()
    print("| measure | result | limit |\n|---|---:|---:|")
    with service() as chat, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        talker = Talker(chat)
        talker.say(1000)
        first_minute(browser, chat, report)
        sizes(browser, chat, report)
        busy_room(browser, chat, talker, report, 3 if options.quick else 10)
        long_room(browser, chat, talker, report, 5_000 if options.quick else 50_000)
        browser.close()
    if not options.quick:
        websockets(report)
    if options.check and (exceeded := report.exceeded(options.check)):
        sys.exit(f"Exceeded: {', '.join(exceeded)}")


if __name__ == "__main__":
    main()
