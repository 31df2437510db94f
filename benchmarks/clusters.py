"""A PostgreSQL server with its default settings, for one run of a benchmark."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OLDEST = 15
ORPHANED = 10.0  # seconds for the processes of a killed server to end


def address_in(folder: Path) -> str:
    """Return the address of the database of a server whose files are in `folder`."""
    return f"postgresql:///postgres?user=chat&host={folder / 'postgresql'}"


@contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """Run a server until the end of the block; it writes each commit to the disk."""
    with Cluster(folder).running():
        yield


class Cluster:
    """A server, which can be stopped and started again; it writes each commit to the disk."""

    def __init__(self, folder: Path, host: str | None = None) -> None:
        self._programs = _programs()
        self._own = folder / "postgresql"
        self._host = host  # to listen on too
        self._user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
        self._orphans: list[Path] = []  # the processes of a server that was killed
        self.address = address_in(folder)
        if host is not None:
            self.address = f"postgresql://chat@{host}/postgres"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run it until the end of the block."""
        self._own.mkdir()
        if self._user is not None:
            shutil.chown(self._own, self._user)
        self._run("initdb", "-A", "trust", "-U", "chat", "-E", "UTF8", "--locale", "C.UTF-8")
        if self._host is not None:
            with (self._own / "data" / "pg_hba.conf").open("a") as file:
                file.write(f"host all all {self._host}/24 trust\n")
        self.start()
        try:
            yield
        finally:
            self.stop("immediate")

    def start(self) -> None:
        """Start it again, once the processes of a killed server have noticed that."""
        end = time.monotonic() + ORPHANED
        while any(map(_runs, self._orphans)) and time.monotonic() < end:
            time.sleep(0.05)
        listening = f"-k {self._own} -c listen_addresses={self._host or ''}"
        self._run("pg_ctl", "-w", "-s", "-l", str(self._own / "log"), "-o", listening, "start")

    def stop(self, how: str) -> None:
        """Stop it: fast, immediate or kill."""
        if how == "kill":
            lock = self._own / "data" / "postmaster.pid"
            pid = int(lock.read_text().split()[0])
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            os.kill(pid, signal.SIGKILL)
            self._orphans = [Path("/proc") / child for child in children]
            # Without an init process, a dead process keeps its number, and seems to run.
            for file in (lock, self._own / ".s.PGSQL.5432.lock"):
                file.unlink()
        else:
            self._run("pg_ctl", "-w", "-s", "-m", how, "stop")

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(
            [self._programs / program, "-D", str(self._own / "data"), *words],
            check=True,
            user=self._user,
            cwd=self._own,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )


def _runs(process: Path) -> bool:
    try:
        return "(zombie)" not in (process / "status").read_text()
    except OSError:
        return False


def _programs() -> Path:
    found = {
        int(path.parts[-3]): path.parent
        for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
        if int(path.parts[-3]) >= OLDEST
    }
    if not found:
        raise SystemExit(f"PostgreSQL {OLDEST} or newer is not installed: apt install postgresql")
    return found[max(found)]
