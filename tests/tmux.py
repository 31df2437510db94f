"""Full-screen programs, each in a terminal of a private tmux."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from real import LIMIT, Deadline, needs, proc


class Tmux:
    """A private tmux, which ends with everything in it at the end of its `with` block."""

    def __init__(self, directory: Path, columns: int = 80, rows: int = 24) -> None:
        # Without LINES and COLUMNS, which readline sets, and which override the terminal's size.
        size = ("env", "-u", "LINES", "-u", "COLUMNS")
        self._command = (*size, needs("tmux"), "-S", str(directory / "tmux"), "-f", "/dev/null")
        self._size = ("-x", str(columns), "-y", str(rows))

    def __enter__(self) -> Tmux:
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run([*self._command, "kill-server"], capture_output=True, timeout=LIMIT)

    def start(self, name: str, *command: str, env: Mapping[str, str] | None = None) -> Screen:
        """Start a program on a terminal of its own."""
        given = [word for item in (env or {}).items() for word in ("-e", "=".join(item))]
        self.do("new-session", "-d", "-s", name, *self._size, *given, "--", *command)
        return Screen(self, name)

    def do(self, *arguments: str) -> str:
        """Run a tmux command; return its output."""
        done = subprocess.run(
            [*self._command, *arguments],
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            timeout=LIMIT,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


class Screen:
    """The screen of one program, and its keyboard."""

    def __init__(self, tmux: Tmux, name: str) -> None:
        self._tmux = tmux
        self._name = name

    @property
    def text(self) -> str:
        """Return all rows as they are now."""
        return self._tmux.do("capture-pane", "-p", "-t", self._name)

    def type(self, keys: str) -> None:
        """Press keys; Enter is \\r."""
        self._tmux.do("send-keys", "-t", self._name, "-l", "--", keys)

    def until(self, pattern: str) -> re.Match[str]:
        """Wait for something to be on the screen."""
        deadline, compiled = Deadline(LIMIT), re.compile(pattern, re.MULTILINE)
        while (found := compiled.search(text := self.text)) is None:
            deadline.left(f"{pattern!r} on the screen:\n{text}")
        return found

    def press(self, *keys: str) -> None:
        """Press keys that have names, such as C-q."""
        self._tmux.do("send-keys", "-t", self._name, *keys)

    def resize(self, columns: int, rows: int) -> None:
        """Resize the terminal."""
        self._tmux.do("resize-window", "-t", self._name, "-x", str(columns), "-y", str(rows))

    @property
    def child(self) -> int:
        """Return the process that the shell on this terminal has started."""
        shell = self._tmux.do("display-message", "-p", "-t", self._name, "#{pane_pid}").strip()
        children = proc(int(shell), f"task/{shell}/children").read_text()
        return int(children.split()[0])
