"""The administrator at a shell: runs `chatsvc …` in the directory of an archive."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from real import LIMIT, beside_python


def shell(
    directory: Path, *words: str, typed: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [beside_python("chatsvc"), *words],
        cwd=directory, input=typed, capture_output=True, text=True, timeout=LIMIT,
    )  # fmt: skip


def run(directory: Path, *words: str, typed: str | None = None) -> str:
    """Return what a command prints; it must succeed."""
    done = shell(directory, *words, typed=typed)
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(directory: Path, *words: str) -> list[dict[str, Any]]:
    """Return the objects that a command prints, one on each line."""
    return [json.loads(line) for line in run(directory, *words).splitlines()]


def fails(directory: Path, *words: str, typed: str | None = None) -> str:
    """Return the sentence with which a command fails; it must not be a traceback."""
    done = shell(directory, *words, typed=typed)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr


def acts(directory: Path) -> list[tuple[str, str]]:
    """Return who did what, as the archive has it for `/audit`."""
    with closing(sqlite3.connect(directory / "chat.db")) as database:
        return database.execute("SELECT by, what FROM act ORDER BY rowid").fetchall()
