"""A PostgreSQL server for tests: started when the first test needs it, and stopped at the end."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from real import lacking
from waiting import wait_until

from chatsvc.store.location import Database

OLDEST = 15
_PLACES = "/usr/lib/postgresql"  # Debian's, with a directory for each version
_FAST = {  # nothing is to survive a power failure
    "fsync": "off", "full_page_writes": "off", "max_wal_size": "64MB", "shared_buffers": "32MB",
    "max_connections": "400", "autovacuum": "off", "listen_addresses": "",
}  # fmt: skip


def programs() -> Path | None:
    """Return the directory of the newest PostgreSQL that is installed."""
    found = [path.parent for path in Path(_PLACES).glob("*/bin/initdb")]
    if (elsewhere := shutil.which("initdb")) is not None:
        found.append(Path(elsewhere).parent)
    usable = [path for path in found if _version(path) >= OLDEST]
    return max(usable, key=_version, default=None)


@cache
def _version(directory: Path) -> int:
    said = subprocess.run(
        [directory / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    return int(said.stdout.split()[2].partition(".")[0])


def lacks() -> str:
    """Return what is missing for tests with PostgreSQL, or an empty string."""
    if programs() is None:
        return f"PostgreSQL {OLDEST} or newer is missing"
    return "" if find_spec("psycopg") else "psycopg is missing"


class Server:
    """A cluster in a directory of its own, reached through a UNIX socket there.

    A standby of another one is connected to it when it has started.
    """

    def __init__(self, standby_of: Server | None = None, **settings: str) -> None:
        directory = programs()
        assert directory is not None
        self.programs = directory
        self.directory = Path(tempfile.mkdtemp(prefix="chatsvc-postgresql-"))
        self._user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
        if self._user is not None:
            shutil.chown(self.directory, self._user)
        self._data = self.directory / "data"
        if standby_of is None:
            self._run("initdb", "-D", self._data, "-A", "trust", "-U", "chat", "-E", "UTF8", "-N")
        else:
            primary = "-h", standby_of.directory, "-U", "chat"
            self._run("pg_basebackup", *primary, "-D", self._data, "-R", "-c", "fast")
        options = {**_FAST, "unix_socket_directories": str(self.directory), **settings}
        lines = [f"{name} = '{value}'\n" for name, value in options.items()]
        with (self._data / "postgresql.auto.conf").open("a") as file:
            file.writelines(lines)
        self.start()
        atexit.register(self.remove)

    def _run(self, program: str, *words: object) -> None:
        subprocess.run(
            [self.programs / program, *map(str, words)],
            check=True,
            user=self._user,
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        )

    def start(self) -> None:
        log = self.directory / "log"
        self._run("pg_ctl", "-D", self._data, "-w", "-s", "-l", log, "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", self._data, "-w", "-s", "-m", mode, "stop")

    def promote(self) -> None:
        """Let a standby accept changes."""
        self._run("pg_ctl", "-D", self._data, "-w", "-s", "promote")

    def kill(self) -> None:
        """End all its processes at once, as a crash does."""
        ended = self._signal(signal.SIGKILL)
        wait_until(lambda: not any(map(_is_alive, ended)), "their end")
        # Without an init process, a dead process keeps its number, and seems to run.
        (self._data / "postmaster.pid").unlink()
        (self.directory / ".s.PGSQL.5432.lock").unlink()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Let it accept connections and answer nothing, as a machine that hangs does."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> tuple[int, ...]:
        """Send a signal to all its processes; return their numbers."""
        main = int((self._data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        pids = (main, *map(int, children))
        for pid in pids:
            os.kill(pid, number)
        return pids

    def remove(self) -> None:
        """Stop the server, if it runs, and delete everything."""
        atexit.unregister(self.remove)
        if (self._data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.directory)

    def execute(self, *statements: str) -> None:
        import psycopg

        with psycopg.connect(self.uri(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def require_password(self, user: str) -> None:
        """Let a user connect with a password only."""
        rules = self._data / "pg_hba.conf"
        rules.write_text(f"local all {user} scram-sha-256\n{rules.read_text()}")
        self.execute("SELECT pg_reload_conf()")

    def uri(self, schema: str = "", database: str = "postgres", user: str = "chat") -> str:
        """Return the address of a database, or of one schema in it."""
        options = f"&options={quote(f'-csearch_path={schema}')}" if schema else ""
        return f"postgresql:///{database}?user={user}&host={quote(str(self.directory))}{options}"


def _is_alive(pid: int) -> bool:
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@cache
def server() -> Server:
    """Return the server that the tests of one process share; without one, skip the test."""
    if reason := lacks():
        lacking(reason)
    return Server()


def database_at(path: Path) -> Database:
    """Return the database that a test uses in place of a file: a schema of its own."""
    schema = f"t{hashlib.sha256(str(path).encode()).hexdigest()[:20]}"
    server().execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    return Database(server().uri(schema))
