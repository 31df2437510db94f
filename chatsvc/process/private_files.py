"""Files and directories that only their owner may use, whatever the umask is."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import IO

OWNER = 0o600


def opened(path: Path, mode: str) -> IO[str]:
    """Open a text file; whether it is new or not, only its owner may use it from now on."""
    file = open(path, mode, encoding="utf-8", opener=_opener)  # noqa: SIM115
    restrict(file.fileno())
    return file


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, OWNER)


def restrict(file: int | Path) -> None:
    """Let only its owner use a file, if it is ours."""
    with suppress(OSError):
        os.chmod(file, OWNER)


def make_directory(path: Path) -> None:
    """Create a directory for its owner alone, unless it exists."""
    if path.is_dir():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(exist_ok=True)
    path.chmod(0o700)
