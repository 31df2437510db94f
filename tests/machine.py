"""A machine for the commands of a manual, which are run as they are written there."""

from __future__ import annotations

import os
import re
import shlex
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

from real import LIMIT, Service, beside_python

DOCS = Path(__file__).parent.parent / "docs"
STUBS = {
    "scp": 'cp "$1" ../new/',  # to another machine
    "pip": "exit 0",
}


class Machine:
    """A machine with the directories of the manual, and a shell for its commands."""

    def __init__(self, root: Path, others: Mapping[str, str] = MappingProxyType({})) -> None:
        """`others` are what else the manual names, with what it is here."""
        self.root = root
        self._others = others
        self.home = root / "lib"
        programs = root / "bin"
        for folder in (self.home, root / "backup", root / "new", programs):
            folder.mkdir()
        (root / "chatsvc.toml").write_text('data = "lib"\nmotd = "motd.txt"\n')
        (root / "motd.txt").write_text("Be kind.\n")
        for name, script in STUBS.items():
            (programs / name).write_text(f"#!/bin/sh\n{script}\n")
            (programs / name).chmod(0o755)
        own = Path(beside_python("chatsvc")).parent
        self._path = f"{programs}:{own}:{os.environ['PATH']}"

    def service(self) -> Service:
        pid_file = f"--pidfile={self.home / 'chat.pid'}"
        return Service(self.home, twistd=("-n", pid_file))

    def run(self, block: str, home: Path | None = None) -> str:
        """Run a block of commands; return what they print."""
        places = {
            "/var/lib/chatsvc": home or self.home,
            "/srv": self.root,
            "/etc": self.root,
            "/opt/chatsvc/bin": self.root / "bin",
        }
        for place, real in places.items():
            block = block.replace(place, shlex.quote(str(real)))
        for name, real_name in self._others.items():
            block = block.replace(name, real_name)
        ended = subprocess.run(
            ["sh", "-ec", block],
            cwd=home or self.home,
            env={**os.environ, "PATH": self._path, "CHATSVC_CONFIG": f"{self.root}/chatsvc.toml"},
            capture_output=True,
            text=True,
            timeout=4 * LIMIT,  # of several commands, and a backup lets others go first
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def messages(self, home: Path | None = None) -> list[str]:
        """Return the texts in the archive of a service that has ended."""
        with closing(sqlite3.connect((home or self.home) / "chat.db")) as database:
            return [text for (text,) in database.execute("SELECT text FROM said ORDER BY number")]


def blocks(page: str, heading: str) -> list[str]:
    """Return the blocks of commands below a heading of a page."""
    text = (DOCS / page).read_text()
    (section,) = re.findall(rf"^### {heading}\n(.*?)(?=^##)", text, re.MULTILINE | re.DOTALL)
    found = re.findall(r"(?:^    .*\n)+", section, re.MULTILINE)
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in found]
