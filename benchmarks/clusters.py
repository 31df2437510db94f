"""A PostgreSQL server with its default settings, for one run of a benchmark."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OLDEST = 15


def address_in(folder: Path) -> str:
    """Return the address of the database of a server whose files are in `folder`."""
    return f"postgresql:///postgres?user=chat&host={folder / 'postgresql'}"


@contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """Run a server until the end of the block; it writes each commit to the disk."""
    programs = _programs()
    own = folder / "postgresql"
    own.mkdir()
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    if user is not None:
        shutil.chown(own, user)

    def run(program: str, *words: str) -> None:
        subprocess.run(
            [programs / program, "-D", str(own / "data"), *words],
            check=True,
            user=user,
            cwd=own,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    run("initdb", "-A", "trust", "-U", "chat", "-E", "UTF8", "--locale", "C.UTF-8")
    listening = f"-k {own} -c listen_addresses="
    run("pg_ctl", "-w", "-s", "-l", str(own / "log"), "-o", listening, "start")
    try:
        yield
    finally:
        run("pg_ctl", "-w", "-s", "-m", "immediate", "stop")


def _programs() -> Path:
    found = {
        int(path.parts[-3]): path.parent
        for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
        if int(path.parts[-3]) >= OLDEST
    }
    if not found:
        raise SystemExit(f"PostgreSQL {OLDEST} or newer is not installed: apt install postgresql")
    return found[max(found)]
