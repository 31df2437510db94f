"""The administrator's commands in `docs/operating.md`, run as they are written there."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from machine import Machine, blocks
from real import LIMIT, Service, beside_python

from chatsvc.store.sqlite.migrations import newest

ROOT = Path(__file__).parent.parent
PAGE = "operating.md"
OLD = ROOT / "tests" / "archives" / "1-released.sql"
TEXTS = ["one", "two", "three"]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Return a machine whose chat has some messages."""
    machine = Machine(tmp_path)
    with machine.service() as service:
        ann = service.program("ann")
        for text in TEXTS:
            ann.ask("say", text=text)
    return machine


def test_the_manual_backs_up_a_running_service_and_restores_it(machine: Machine) -> None:
    (back_up,) = blocks(PAGE, "Back up")
    with machine.service() as service:
        told = machine.run(back_up)
        service.program("bob").ask("say", text="too late")
    assert told.count("Backed up 3 messages") == 2
    (restore,) = blocks(PAGE, "Restore")
    assert "Restored 3 messages" in machine.run(restore)
    assert machine.messages() == TEXTS
    assert (machine.home / "motd.txt").read_text() == "Be kind.\n"
    with machine.service() as service:
        assert service.program("eve").ask("history", room="#lobby")["lines"]


def test_the_manual_moves_a_service_to_another_machine(machine: Machine) -> None:
    leave, arrive = blocks(PAGE, "Move to another machine")
    machine.run(leave)
    new = machine.root / "new"
    assert "Restored 3 messages" in machine.run(arrive, new)
    assert machine.messages(new) == TEXTS
    certificate = (machine.home / "chat.db.pem").read_bytes()
    assert (new / "chat.db.pem").read_bytes() == certificate


def test_the_manual_upgrades_and_goes_back(machine: Machine) -> None:
    upgrade, back, _move = blocks(PAGE, "Upgrade")
    with machine.service() as service:
        machine.run(upgrade)
        assert service.ended() == 0
    install_old_archive(machine.home)
    old = machine.messages()
    with machine.service():
        pass
    assert machine.messages() == old
    machine.run(re.sub(r"before-v\d+", f"before-v{newest()}", back))
    assert machine.messages() == old
    assert version(machine.home / "chat.db") == 1


def test_the_manual_brings_the_archive_of_the_first_version_along(machine: Machine) -> None:
    *_, move = blocks(PAGE, "Upgrade")
    install_old_archive(machine.home)
    old, new = machine.messages(), machine.root / "new"
    anybody = re.sub(r"-[og] chatsvc ", "", move)  # tests have no such user
    machine.run(anybody.replace(" chat.db", f" {machine.home}/chat.db"), new)
    assert (new / "chat.db").stat().st_mode & 0o777 == 0o600
    with Service(new):
        pass
    assert machine.messages(new) == old
    assert version(new / "chat.db") == newest()


def test_an_upgrade_that_is_killed_starts_over_with_every_message(machine: Machine) -> None:
    install_old_archive(machine.home)
    with closing(sqlite3.connect(machine.home / "chat.db")) as database, database:
        database.execute(
            "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 200000)"
            " INSERT INTO said (room, number, time, sender, text, action, client)"
            " SELECT 1, 1000 + i, i, 'sue', 'words of message ' || i, 0, 'sue' FROM n"
        )
        database.execute("UPDATE room SET last = 201000 WHERE id = 1")
    old = machine.messages()
    copy = f"chat.db.before-v{newest()}"
    for name in (f"{copy}.new", copy):
        process = subprocess.Popen(
            [beside_python("twistd"), "-n", "--pidfile=", "chat", "--port", "0"],
            cwd=machine.home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not (machine.home / name).exists():
            assert process.poll() is None
        process.kill()
        process.wait(LIMIT)
    with machine.service():
        pass
    assert machine.messages() == old
    assert version(machine.home / "chat.db") == newest()


def test_the_manual_exports_every_room(machine: Machine) -> None:
    export, _read = blocks(PAGE, "Export and read the archive")
    assert "Exported 3 messages of 1 room" in machine.run(export)
    rows = (machine.root / "export" / "lobby.txt").read_text().splitlines()
    assert [row.partition("] ")[2] for row in rows[1:]] == [f"<ann> {text}" for text in TEXTS]


def install_old_archive(home: Path) -> None:
    """Put the archive of an earlier version where the service finds it."""
    for path in home.glob("chat.db*"):
        if path.suffix != ".pem":
            path.unlink()
    with closing(sqlite3.connect(home / "chat.db")) as database:
        database.executescript(OLD.read_text())


def version(archive: Path) -> int:
    with closing(sqlite3.connect(archive)) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])
