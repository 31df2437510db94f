"""The real service with a real PostgreSQL, which restarts while people talk."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import at_once, no_turn, start
from keeper import Keeper, line, now
from postgresql import Server
from real import LIMIT, Program, Service, beside_python

from chatsvc.store.archive import Workers
from chatsvc.store.location import Database
from chatsvc.store.postgresql.opening import postgresql_archive

TALKERS = 3
BACK_AFTER = 2.0  # seconds in which people can talk once the server is up


@pytest.fixture
def service(server: Server, tmp_path: Path) -> Iterator[Service]:
    server.execute("CREATE DATABASE chat")
    with Service(tmp_path, "--archive", server.uri(database="chat")) as service:
        yield service
    server.execute("DROP DATABASE chat WITH (FORCE)")


class Talkers:
    """Programs that talk without a pause, every second message with a tag, until they stop."""

    def __init__(self, service: Service) -> None:
        self.texts: dict[str, list[str]] = {f"t{number}": [] for number in range(TALKERS)}
        self.answers: list[dict[str, Any]] = []
        self._stopping = threading.Event()
        programs = {name: service.program(name) for name in self.texts}
        self._threads = [
            threading.Thread(target=self._talk, args=one, daemon=True) for one in programs.items()
        ]
        for thread in self._threads:
            thread.start()

    def _talk(self, name: str, program: Program) -> None:
        texts = self.texts[name]
        while not self._stopping.is_set():
            texts.append(f"{name} {len(texts)}")
            program.request("say", text=texts[-1])
            texts.append(f"{name} {len(texts)}")
            self.answers.append(program.ask("say", text=texts[-1]))

    def stop(self) -> None:
        """Stop, once every message is answered."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(LIMIT)
            assert not thread.is_alive()


class Reader:
    """Somebody who reads everything, and remembers it."""

    def __init__(self, service: Service) -> None:
        self._program = service.program("reader")
        self.seen: list[dict[str, Any]] = []

    def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self.seen.append(self._program.event("said"))


def disconnect_all(server: Server) -> None:
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )


def restart(server: Server, stop: Callable[[Server], None]) -> None:
    stop(server)
    server.start()


INTERRUPTIONS: dict[str, Callable[[Server], None]] = {
    "fast": lambda server: restart(server, lambda one: one.stop("fast")),
    "immediate": lambda server: restart(server, lambda one: one.stop("immediate")),
    "killed": lambda server: restart(server, Server.kill),
    "disconnected": disconnect_all,
}


@pytest.mark.parametrize("how", INTERRUPTIONS)
def test_nothing_is_refused_lost_or_shown_twice_when_postgresql_restarts(
    server: Server, service: Service, how: str
) -> None:
    reader, talkers = Reader(service), Talkers(service)
    reader.until(lambda: len(reader.seen) == 50)
    INTERRUPTIONS[how](server)
    answered = len(talkers.answers)
    up = time.monotonic()
    reader.until(lambda: len(talkers.answers) > answered + 2 * TALKERS)  # others were on their way
    assert time.monotonic() - up < BACK_AFTER
    talkers.stop()
    reader.until(lambda: len(reader.seen) == sum(map(len, talkers.texts.values())))
    assert [one["number"] for one in reader.seen] == list(range(1, len(reader.seen) + 1))
    for name, texts in talkers.texts.items():
        assert [one["text"] for one in reader.seen if one["from"] == name] == texts
    assert {answer["event"] for answer in talkers.answers} == {"said"}


def test_lines_are_refused_while_the_server_stays_away(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatsvc.store.postgresql import connection

    monkeypatch.setattr(connection, "PATIENCE", 0.3)
    place = Database(server.uri())
    keeper = Keeper(postgresql_archive(place, Workers(*[at_once] * 5), no_turn, start))
    keeper.keep(line("one"))
    server.stop()
    keeper.keep(line("two", tag="t"), line("three"))
    assert [texts for texts, _ in keeper.refused] == [["two"], ["three"]]
    assert "Check the address, and that the server is running." in keeper.refused[0][1]
    server.start()
    keeper.keep(line("two", tag="t"))
    assert keeper.numbers() == [1, 2]
    assert keeper.read() == ["one", "two"]
    now(keeper.archive.close())


# Addresses and passwords


SECRET = "correct-horse"


@pytest.fixture
def guarded(server: Server) -> Iterator[str]:
    """Return the address of a database whose user needs a password."""
    server.execute(f"CREATE ROLE guarded LOGIN PASSWORD '{SECRET}'", "CREATE DATABASE guarded")
    server.execute("ALTER DATABASE guarded OWNER TO guarded")
    server.require_password("guarded")
    yield server.uri(database="guarded", user="guarded")
    server.execute("DROP DATABASE guarded WITH (FORCE)", "DROP ROLE guarded")


def refused(directory: Path, address: str, **variables: str) -> str:
    """Return what a service says that does not start: a sentence without a password."""
    done = subprocess.run(
        [beside_python("chatsvc"), "serve", "--port", "0", "--archive", address],
        cwd=directory,
        env={**os.environ, "HOME": str(directory), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert done.returncode == 1
    assert SECRET not in done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_service_that_cannot_use_the_database_says_what_to_do(
    server: Server, guarded: str, tmp_path: Path
) -> None:
    assert "Put the password into ~/.pgpass" in refused(tmp_path, guarded)
    said = refused(tmp_path, guarded, PGPASSWORD=f"{SECRET}!")
    assert "Correct the password in ~/.pgpass" in said
    said = refused(tmp_path, server.uri(database="nowhere"))
    assert 'database "nowhere" does not exist. Create the database first: createdb' in said
    said = refused(tmp_path, server.uri(user="nobody"))
    assert 'role "nobody" does not exist. Create the user first (createuser' in said
    server.stop()
    assert "Check the address, and that the server is running." in refused(tmp_path, server.uri())
    server.start()


def test_an_address_is_found_in_a_service_file(server: Server, tmp_path: Path) -> None:
    services = tmp_path / "services"
    services.write_text(f"[chat]\nhost={server.directory}\nuser=chat\ndbname=postgres\n")
    environment = {**os.environ, "PGSERVICEFILE": str(services)}
    with Service(tmp_path, "--archive", "service=chat", env=environment) as service:
        assert "Messages are stored in service=chat\n" in service.log


def test_the_password_is_found_in_a_file(guarded: str, tmp_path: Path) -> None:
    passwords = tmp_path / ".pgpass"
    passwords.write_text(f"*:*:guarded:guarded:{SECRET}\n")
    passwords.chmod(0o600)
    environment = {**os.environ, "HOME": str(tmp_path)}
    with Service(tmp_path, "--archive", guarded, env=environment) as service:
        ann = service.person("ann")
        ann.send("hello", "/search hello")
        assert "<ann> hello" in ann.until(" 1 ")
        assert "Messages are stored in postgresql:///guarded?" in service.log
        assert SECRET not in service.log


def test_a_whole_address_in_the_environment_is_never_shown(guarded: str, tmp_path: Path) -> None:
    address = guarded.replace("user=guarded", f"user=guarded&password={SECRET}")
    environment = {**os.environ, "CHATSVC_ARCHIVE": address}
    with Service(tmp_path, env=environment) as service:
        service.person("ann").send("hello")
        assert SECRET not in service.log
        assert SECRET not in Path(f"/proc/{service.pid}/cmdline").read_text()
        for command in (("config",), ("status",), ("check",)):
            shown = subprocess.run(
                [beside_python("chatsvc"), *command],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=LIMIT,
            )
            assert SECRET not in shown.stdout + shown.stderr
