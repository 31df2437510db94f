"""How fast the full-screen client is: its first screen, many lines, a busy room.

    python benchmarks/client.py

A chat in the same process answers from memory, so only the client is measured.  The first figure is
measured with a server, and the real program in a terminal.
"""

from __future__ import annotations

import asyncio
import os
import pty
import re
import resource
import select
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from conftest import Chat  # type: ignore[import-not-found]
from tuipeople import Visitor, visit  # type: ignore[import-not-found]

from benchmarks.servers import HOST, UNLIMITED, Server, chatsvc, running, scratch_folder

LINES = 10_000
LOUD, SECONDS = 200, 10  # lines per second, and for how long
TEXT = "the build is green again, and the tests of the parser take 3 seconds less than yesterday"


def main() -> None:
    first_screens()
    asyncio.run(scrollback())
    asyncio.run(loud())


def report(what: str, figure: str) -> None:
    print(f"{what:<58}{figure:>14}", flush=True)


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


# Start to first screen


def first_screens() -> None:
    twistd = str(Path(sys.executable).with_name("twistd"))
    start = chatsvc(twistd, "sqlite:{folder}/chat.db", UNLIMITED, ())
    with scratch_folder() as home, running(Server("chatsvc", "text", 1, 1, 1, start)) as server:
        times = sorted(_first_screen(str(home), server.port) for _ in range(5))
    report("start to the first screen with messages, median of 5", f"{times[2]:.2f} s")


def _first_screen(home: str, port: int) -> float:
    """Return the seconds until the program in a terminal shows the room's members."""
    environment = {**os.environ, "TERM": "xterm-256color", "HOME": home}
    environment |= {"XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home}
    began = time.perf_counter()
    child, terminal = pty.fork()
    if not child:
        command = [sys.executable, "-m", "chatsvc.cli", "join", f"{HOST}:{port}"]
        os.execve(sys.executable, [*command, "--name", "ann"], environment)
    seen = b""
    while not re.search(rb"[1-9] here", seen):
        if not select.select([terminal], [], [], 10)[0]:
            raise RuntimeError(f"there is no first screen: {seen[-300:]!r}")
        seen += os.read(terminal, 65536)
    taken = time.perf_counter() - began
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(terminal)
    return taken


# Many lines


def chat_with(lines: int) -> Chat:
    chat = Chat()
    bob = chat.join("bob")
    for number in range(lines):
        bob.send(f"{number} {TEXT[: 20 + number * 7 % 70]}")
    return chat


async def scrollback() -> None:
    chat = chat_with(LINES)
    before = memory()
    async with visit(chat, size=(100, 30)) as ann:
        pane = ann.app.state.pane
        began, pages = time.perf_counter(), 0
        while not pane.present.whole:
            ann.app.action_page(-1)
            await ann.settle()
            pages += 1
        each = (time.perf_counter() - began) / pages
        report(f"a page up, with loading, to the first of {LINES:,} messages", milliseconds(each))
        report("memory for these messages", f"{(memory() - before) / 1e6:.0f} MB")
        await _measure("a page down", ann, lambda: ann.app.action_page(1))
        await _measure("a page up", ann, lambda: ann.app.action_page(-1))
        await _measure_resize(ann)


async def _measure(what: str, ann: Visitor, does: Callable[[], Any], times: int = 50) -> None:
    began = time.perf_counter()
    for _ in range(times):
        does()
        await ann.pilot.pause()
    report(f"{what}, drawn", milliseconds((time.perf_counter() - began) / times))


async def _measure_resize(ann: Visitor) -> None:
    began = time.perf_counter()
    for width in (90, 100, 80, 100):
        await ann.pilot.resize_terminal(width, 30)
        await ann.pilot.pause()
    report("a resize to another width, drawn", milliseconds((time.perf_counter() - began) / 4))


# A busy room


async def loud() -> None:
    """Return lines as they arrive in a busy room, each drawn when the screen is."""
    chat = chat_with(LINES)
    async with visit(chat, size=(100, 30)) as ann:
        bob = chat.join("loud")
        used, began = time.process_time(), time.perf_counter()
        for number in range(LOUD * SECONDS):
            bob.send(f"{number} {TEXT}")
            ann.network.pump()
            await asyncio.sleep(max(began + (number + 1) / LOUD - time.perf_counter(), 0))
        taken, used = time.perf_counter() - began, time.process_time() - used
        await ann.settle()
        assert str(LOUD * SECONDS - 1) in ann.screen
        report(f"{LOUD * SECONDS:,} messages at {LOUD} per second", f"{taken:.1f} s")
        report("processor use meanwhile (chat and client)", f"{used / taken:.0%}")


def memory() -> int:
    """Return the maximum number of bytes that this process has used."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
