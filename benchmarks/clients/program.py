"""A client program, started in a home directory of its own, without the user's files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

LIMIT = 20.0


class Missing(Exception):
    """The reason why a client cannot be tried here."""


def needs(*programs: str) -> None:
    """Raise `Missing` unless all of these programs are installed."""
    for program in programs:
        if shutil.which(program, path=_PATH) is None:
            raise Missing(f"{program} is not installed")


_PATH = os.environ.get("PATH", "") + ":/usr/games:/usr/sbin"


def version(*command: str) -> str:
    """Return the first version number in what a command prints."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    found = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
    return found[0] if found else "?"


def until(true: Callable[[], bool], limit: float = LIMIT) -> bool:
    """Return whether something becomes true in time."""
    end = time.monotonic() + limit
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


class Client:
    """A program in a directory of its own; `nick` is its name in the chat.

    With `secret`, it logs in to the account of that name.
    """

    name: str
    nick: str
    secure = True
    programs: tuple[str, ...]

    def __init__(self, home: Path, port: int, secret: str = "") -> None:
        self.home, self.port, self.secret = home, port, secret
        self._processes: list[subprocess.Popen[bytes]] = []
        needs(*self.programs)
        home.mkdir()

    def version(self) -> str:
        return version(self.programs[0], "--version")

    def connect(self) -> None:
        """Start the program, and do what a user does until it is in the room."""
        raise NotImplementedError

    def say(self, words: str) -> None:
        raise NotImplementedError

    def shown(self) -> str:
        """Return what the program shows of the room."""
        raise NotImplementedError

    def complaint(self) -> str:
        """Return what it shows about a failure."""
        return self.shown()

    def record(self) -> str:
        """Return what it has shown so far, in all its windows."""
        return self.shown()

    def logs(self, folder: Path) -> str:
        """Return the contents of all log files in a folder."""
        files = sorted(folder.rglob("*log"))
        return "".join(file.read_text(errors="replace") for file in files if file.is_file())

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "TERM") if name in os.environ}
        return {**kept, "HOME": str(self.home), "LC_ALL": "C.UTF-8", "TERM": "xterm", "TZ": "UTC"}

    def run(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a process that ends with the client."""
        with (self.home / "printed").open("ab") as printed:
            process = subprocess.Popen(
                command,
                cwd=self.home,
                env={**self.environment(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def unprivileged(self) -> Sequence[str]:
        """Return the prefix of a command for a program that refuses to run as root."""
        if os.geteuid() != 0:
            return ()
        for path in (self.home, *self.home.iterdir()):
            os.chown(path, 65534, 65534)
        return ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")

    def printed(self) -> str:
        return (self.home / "printed").read_text(errors="replace")


class AtATerminal(Client):
    """A program in a tmux of its own."""

    def stop(self) -> None:
        self.tmux("kill-server")

    def start(self, *command: str) -> None:
        given = [w for item in self.environment().items() for w in ("-e", "=".join(item))]
        size = ("-x", "120", "-y", "40")
        self.tmux("new-session", "-d", "-s", "x", *size, *given, "--", *command)
        self.tmux("set", "-g", "remain-on-exit", "on")

    def tmux(self, *words: str) -> str:
        command = ["tmux", "-S", str(self.home / "tmux"), "-f", "/dev/null", *words]
        done = subprocess.run(command, capture_output=True, timeout=LIMIT, check=False)
        return done.stdout.decode(errors="replace")

    def shown(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", "x")

    def type(self, keys: str) -> None:
        self.tmux("send-keys", "-t", "x", "-l", "--", keys)

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", "x", *keys)

    def say(self, words: str) -> None:
        self.type(words)
        self.press("Enter")
