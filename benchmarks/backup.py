"""Measures how long messages take while a million of them are backed up."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.clients.program import until

MANY = 1_000_000
EVERY = 0.01  # seconds between two messages
CHATSVC = [sys.executable, "-m", "chatsvc.cli"]
FILL = """INSERT INTO said (room, number, time, sender, text, action, client)
    WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)
    SELECT 99, i, i, 'eve', 'a message of about fifty letters, with number ' || i, 0, 'x' FROM n"""


class Talker:
    """A program that says something and waits until it is stored."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")
        self._ask(do="hello", name="ann", tag="0")
        self._ask(do="join", room="#lobby", tag="0")

    def _ask(self, **request: str) -> None:
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        while json.loads(self._lines.readline()).get("tag") != request["tag"]:
            pass

    def times_until(self, ended: Callable[[], bool]) -> list[float]:
        """Return how many milliseconds each message took."""
        times: list[float] = []
        while not ended():
            begun = time.perf_counter()
            self._ask(do="say", room="#lobby", text="hello", tag=str(begun))
            times.append(1000 * (time.perf_counter() - begun))
            time.sleep(EVERY)
        return times


@contextmanager
def served(home: Path) -> Iterator[Path]:
    """Run a service; yield the path of its socket."""
    path = home / "socket"
    options = ["--data", str(home), "--listen", f"unix:{path}", "--flood", "off"]
    service = subprocess.Popen([*CHATSVC, "serve", *options], stderr=subprocess.DEVNULL)
    try:
        ready = until(lambda: path.exists() and (home / "chat.db.control").exists())
        if not ready or service.poll() is not None:
            raise SystemExit("The service does not start: chatsvc check")
        yield path
    finally:
        service.terminate()
        service.wait()


def fill(archive: Path) -> None:
    """Store a million messages in a room."""
    with closing(sqlite3.connect(archive)) as database, database:
        database.execute("INSERT INTO room (id, name, last) VALUES (99, '#many', ?)", (MANY,))
        database.execute(FILL, (MANY,))


def row(what: str, times: list[float]) -> str:
    """Return a row of the table."""
    p99 = sorted(times)[len(times) * 99 // 100]
    return f"| {what} | {len(times)} | {median(times):.1f} | {p99:.1f} | {max(times):.1f} |"


def main() -> None:
    """Print a Markdown table."""
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with served(home):
            pass
        fill(home / "chat.db")
        with served(home) as path:
            talker = Talker(path)
            end = time.monotonic() + 20
            alone = talker.times_until(lambda: time.monotonic() > end)
            command = [*CHATSVC, "backup", f"{folder}/copy", "--verify", "--data", str(home)]
            begun = time.monotonic()
            backup = subprocess.Popen(command)
            during = talker.times_until(lambda: backup.poll() is not None)
            took = time.monotonic() - begun
    print("| | messages | median ms | p99 ms | longest ms |\n|---|---:|---:|---:|---:|")
    print(row("alone", alone))
    print(row(f"during a backup of {took:.0f} s", during))


if __name__ == "__main__":
    main()
