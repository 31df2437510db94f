"""After kill -9 in the middle of an administrator's work, the service starts with all its data.

Kills during an upgrade are in `test_real_manual.py`, those of a service that erases in
`test_real_erasing.py`.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from administrator import run
from real import LIMIT, Service, beside_python, wait_until

from chatsvc.auth.accounts import new_account
from chatsvc.auth.passwords import kept_of
from chatsvc.model.records import AccessToken, Account, Member
from chatsvc.store.sqlite.offline import Ledger

MANY = 100_000
TEXTS = [f"message {number}" for number in range(20)]


def fill(home: Path) -> None:
    """Store many messages, every second one of ann."""
    with Ledger(home / "chat.db") as ledger:
        ledger.put(new_account("ann", kept_of("correct-horse"), "", 1.0))
    with closing(sqlite3.connect(home / "chat.db")) as database, database:
        database.execute("INSERT INTO room (id, name, last) VALUES (99, '#many', ?)", (MANY,))
        database.execute(
            "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO said (room, number, time, sender, text, action, client, account)"
            " SELECT 99, i, 2000 + i, who, 'words', 0, 'x', who"
            " FROM (SELECT i, iif(i % 2, 'ann', 'bob') AS who FROM n)",
            (MANY,),
        )


def say(service: Service) -> None:
    """Say everything, and wait until it is stored."""
    eve = service.program("eve")
    for text in TEXTS:
        eve.ask("say", text=text)


def stored(home: Path, room: str) -> list[str]:
    """Return the messages of a room, without erased ones; the file must be intact."""
    with closing(sqlite3.connect(home / "chat.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found = database.execute(
            "SELECT text FROM said JOIN room ON room.id = said.room WHERE name = ?"
            " AND sender != 'nobody' ORDER BY number",
            (room,),
        )
        return [text for (text,) in found]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return the directory of a service with many messages, which is not running."""
    home = tmp_path / "home"
    home.mkdir()
    with Service(home):
        pass
    fill(home)
    return home


def begun(home: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start a command of the administrator."""
    command = [beside_python("chatsvc"), *words]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=home, stdin=quiet, stdout=quiet, stderr=quiet)


def test_a_service_killed_during_a_backup_keeps_everything_and_so_does_the_copy(
    home: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    with Service(home) as service:
        say(service)
        backup = begun(home, "backup", str(copy))
        wait_until(lambda: (tmp_path / "copy.unfinished" / "chat.db").exists(), "the copy")
        service.kill()
        assert backup.wait(LIMIT) == 0
    with Service(home):
        pass
    assert stored(home, "#lobby") == TEXTS
    assert len(stored(home, "#many")) == MANY
    new = tmp_path / "new"
    new.mkdir()
    run(new, "restore", str(copy))
    with Service(new):
        pass
    assert stored(new, "#lobby") == TEXTS
    assert len(stored(new, "#many")) == MANY


@pytest.mark.parametrize("logged", [False, True], ids=["at once", "when it is done"])
def test_a_service_killed_during_a_reload_starts_with_the_new_configuration(
    tmp_path: Path, logged: bool
) -> None:
    file = tmp_path / "chatsvc.toml"
    file.write_text('name = "Old"\n')
    with Service(tmp_path, "--config", str(file)) as service:
        say(service)
        file.write_text('name = "New"\n')
        service.signal(signal.SIGHUP)
        if logged:
            service.wait_for("Reloaded the configuration. Changed: name.")
        service.kill()
    with Service(tmp_path, "--config", str(file)) as service:
        assert service.program().ask("about")["chat"] == "New"
    assert stored(tmp_path, "#lobby") == TEXTS


def test_an_erasure_killed_without_a_service_is_ended_by_the_next_start(home: Path) -> None:
    erasing = begun(home, "erase", "ann", "--yes")
    wait_until(lambda: left(home) < MANY // 2 or erasing.poll() is not None, "the beginning")
    erasing.kill()
    assert erasing.wait(LIMIT) == -signal.SIGKILL
    with Service(home):
        wait_until(lambda: not left(home), "the end")
    assert len(stored(home, "#many")) == MANY // 2


def test_a_service_killed_while_it_removes_a_room_keeps_all_others(home: Path) -> None:
    with Service(home) as service:
        say(service)
        removing = begun(home, "room", "remove", "many", "--yes")
        wait_until(lambda: left(home) < MANY // 2, "the beginning")
        service.kill()
        assert removing.wait(LIMIT) == 1
    with Service(home) as service:
        assert service.program().ask("about")
        run(home, "room", "remove", "many", "--yes")
    assert stored(home, "#many") == []
    assert stored(home, "#lobby") == TEXTS


def test_a_service_killed_while_it_deletes_old_messages_goes_on_at_its_next_start(
    home: Path,
) -> None:
    with Service(home, "--keep", "365d") as service:
        say(service)
        wait_until(lambda: left(home) < MANY // 2, "the beginning")
        service.kill()
    with Service(home, "--keep", "365d"):
        wait_until(lambda: not left(home), "the end")
    assert stored(home, "#many") == []
    assert stored(home, "#lobby") == TEXTS


@pytest.mark.parametrize("moment", ["opened", "changed"])
def test_an_account_whose_removal_is_killed_is_there_or_gone(home: Path, moment: str) -> None:
    (ann,) = accounts(home)
    with Ledger(home / "chat.db") as ledger:
        ledger.put(Member("#many", ann, "member"), token := access_token(ann))
        removing = begun(home, "account", "remove", "ann")
        log = home / "chat.db-wal"
        size = log.stat().st_size
        wait_until(
            lambda: (
                removing.poll() is not None
                or (
                    has_open(removing.pid, log) if moment == "opened" else log.stat().st_size > size
                )
            ),
            moment,
        )
        removing.kill()
        removing.wait(LIMIT)
        members = [one.account for one in ledger.records(Member)]
        tokens = ledger.records(AccessToken)
    assert (members, tokens) == (([ann], [token]) if accounts(home) else ([], []))
    with Service(home):
        pass
    assert len(stored(home, "#many")) == MANY


def accounts(home: Path) -> list[str]:
    """Return the ids of all accounts."""
    with Ledger(home / "chat.db") as ledger:
        return [one.id for one in ledger.records(Account)]


def access_token(account: str) -> AccessToken:
    return AccessToken("0" * 64, account, 1, "a browser", 1.0, 1.0)


def has_open(pid: int, path: Path) -> bool:
    """Return whether a process has opened a file."""
    try:
        return str(path) in map(os.readlink, Path(f"/proc/{pid}/fd").iterdir())
    except OSError:  # it opens and closes files meanwhile
        return False


def left(home: Path) -> int:
    """Return how many messages of ann the archive has."""
    with closing(sqlite3.connect(home / "chat.db")) as database:
        query = "SELECT count(*) FROM said WHERE account = 'ann'"
        return int(database.execute(query).fetchone()[0])
