"""Three users of the browser client talk while connections are cut and the server is killed."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from cutting_proxy import CuttingProxy
from real import LIMIT, Deadline, Service, needs

HERE = Path(__file__).parent
NAMES = ["ann", "bob", "eve"]
DROPS = 100
KILLED_EVERY = 10  # drops


class Talk:
    """The program in which the users talk."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        self._input, self._output = process.stdin, process.stdout
        self._sockets, self._stored = [0, 0, 0], [0, 0, 0]

    def goes_on(self) -> None:
        """Wait until every user has opened another WebSocket, and stored a line over it."""
        self._read_until(lambda: self._sockets, "other connections")
        self._read_until(lambda: self._stored, "further lines")

    def _read_until(self, values: Callable[[], list[int]], name: str) -> None:
        before, deadline = values(), Deadline(LIMIT)
        while any(now <= then for now, then in zip(values(), before, strict=True)):
            deadline.left(name)
            state = json.loads(self._output.readline())
            self._sockets, self._stored = ([each[at] for each in state] for at in (0, 1))

    def end(self) -> list[dict[str, Any]]:
        """Return what the users said and saw."""
        self._input.close()
        last = self._output.read().splitlines()[-1]
        users: list[dict[str, Any]] = json.loads(last)
        return users


@contextmanager
def talking(port: int) -> Iterator[Talk]:
    command = [
        needs("node"),
        "--experimental-websocket",
        "--experimental-detect-module",
        "--no-warnings",
    ]
    with subprocess.Popen(
        [*command, str(HERE / "web" / "talk.js"), f"ws://localhost:{port}/", *NAMES],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Talk(process)
        finally:
            process.kill()


def started(folder: Path) -> Service:
    return Service(folder, "--archive", f"sqlite:{folder / 'chat.db'}", "--arrivals", "off")


def stored(chat: Service) -> list[list[Any]]:
    """Return the numbers and texts of all lines of the lobby."""
    reader, lines = chat.program("reader"), list[list[Any]]()
    while True:
        after = lines[-1][0] if lines else 0
        page = reader.ask("history", room="#lobby", after=after, first=True, n=500)
        lines += ([line["number"], line["text"]] for line in page["lines"])
        if not page.get("more"):
            return lines


def cut(chat: Service, proxy: CuttingProxy, turn: int) -> None:
    """Cut all connections: at any moment, or when lines are stored and their answers are lost."""
    if turn % 2:
        observer = chat.program("observer")
        proxy.swallow_answers()
        for _ in NAMES:
            observer.event("said")
        observer.close()
    proxy.cut()


def check(users: list[dict[str, Any]], lines: list[list[Any]]) -> None:
    """Check that everybody has seen every line once, in the order in which they are stored."""
    said = [text for user in users for text in user["said"]]
    texts = [text for _, text in lines]
    lost, repeated = set(said) - set(texts), len(texts) - len(set(texts))
    print(f"{DROPS} drops, {len(said)} lines sent, {len(lost)} lost, {repeated} duplicated")
    assert sorted(texts) == sorted(said)
    for user in users:
        assert user["seen"] == lines
        assert user["wrong"] == []
        own = [text for text in texts if text.startswith(user["name"])]
        assert own == user["said"]


def test_a_hundred_drops_lose_and_repeat_no_line(tmp_path: Path) -> None:
    with contextlib.ExitStack() as services:
        chat = services.enter_context(started(tmp_path))
        with closing(CuttingProxy(chat.port)) as proxy, talking(proxy.port) as talk:
            for turn in range(DROPS):
                talk.goes_on()
                if turn % KILLED_EVERY == KILLED_EVERY - 1:
                    chat.kill()
                    chat = services.enter_context(started(tmp_path))
                    proxy.target = chat.port
                else:
                    cut(chat, proxy, turn)
            talk.goes_on()
            users = talk.end()
        check(users, stored(chat))
