"""`chatsvc erase` beside the real service, without one, and through a kill."""

from __future__ import annotations

import json
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from administrator import acts, fails, listed, run
from real import Deadline, Service, Terminal, beside_python

from chatsvc.auth.accounts import new_account
from chatsvc.auth.passwords import kept_of
from chatsvc.store.sqlite.offline import Ledger

SECRET = "correct-horse-battery"
MANY = 60_000
EVENTS = "SELECT DISTINCT fields FROM happening WHERE kind = 'joined'"


def talk(directory: Path) -> None:
    """Let ann and bob say something in a room and to each other."""
    for name in ("ann", "bob"):
        run(directory, "account", "add", name, typed=f"{SECRET}\n")
    with Service(directory) as service:
        for name, other in (("ann", "bob"), ("bob", "ann")):
            person = service.person()
            person.send(name, SECRET, f"gibberish of {name}", f"/msg {other} whisper of {name}")
            person.until(f"to {other}: whisper of {name}")


def texts(directory: Path) -> list[str]:
    """Return every text that the archive has."""
    with closing(sqlite3.connect(directory / "chat.db")) as database:
        return [text for (text,) in database.execute("SELECT text FROM said WHERE text != ''")]


def events(directory: Path) -> list[list[str]]:
    """Return whom the events of rooms name that are stored for IRC clients."""
    with closing(sqlite3.connect(directory / "chat.db")) as database:
        return [json.loads(text)["names"] for (text,) in database.execute(EVENTS)]


def test_erase_through_the_service_reports_the_counts(tmp_path: Path) -> None:
    talk(tmp_path)
    with Service(tmp_path) as service:
        said = run(tmp_path, "erase", "ann", "--yes")
        assert said == "Erased 1 message of ann in rooms, and 1 private message.\n"
        assert sorted(texts(tmp_path)) == ["gibberish of bob", "whisper of bob"]
        bob = service.person()
        bob.send("bob", SECRET, "/search gibberish")
        assert not [line for line in bob.lines_until("gibberish of bob") if "of ann" in line]
        (counts,) = listed(tmp_path, "erase", "ann", "--yes", "--json")
        assert (counts["public"], counts["private"]) == (0, 0)
    assert acts(tmp_path)[-4:-2] == [
        ("shell", "erases the messages of ann"), ("shell", "erased 2 messages of ann"),
    ]  # fmt: skip


def test_erase_without_a_service_leaves_nothing_in_the_files(tmp_path: Path) -> None:
    talk(tmp_path)
    assert "Erased 1 message of ann in rooms" in run(tmp_path, "erase", "ann", "--yes")
    assert sorted(texts(tmp_path)) == ["gibberish of bob", "whisper of bob"]
    assert events(tmp_path) == [["bob"]]
    assert ("shell", "erased 2 messages of ann") in acts(tmp_path)
    for path in tmp_path.glob("chat.db*"):
        assert b"whisper of ann" not in path.read_bytes()


def test_erase_asks_before_it_begins(tmp_path: Path) -> None:
    talk(tmp_path)
    assert "--yes" in fails(tmp_path, "erase", "ann")
    for answer, outcome in (("no", "Nothing erased."), ("Ann", "Erased 1 message of ann")):
        with closing(Terminal(beside_python("chatsvc"), "erase", "ann", cwd=tmp_path)) as terminal:
            terminal.until("Type the name: ")
            terminal.type(f"{answer}\r")
            terminal.until(outcome)
            terminal.ended()
    assert "of ann" not in " ".join(texts(tmp_path))


def test_the_messages_of_a_removed_account_can_be_erased(tmp_path: Path) -> None:
    talk(tmp_path)
    run(tmp_path, "account", "remove", "ann")
    assert "Erased 1 message of ann in rooms" in run(tmp_path, "erase", "ann", "--yes")


@pytest.mark.parametrize("running", [True, False])
def test_the_messages_of_a_guest_are_erased_and_exported_on_request(
    tmp_path: Path, running: bool
) -> None:
    talk(tmp_path)
    with Service(tmp_path) as service:
        eve = service.person("eve")
        eve.send("gibberish of eve", "/join #tea", "tea of eve", "/time")
        eve.until("* It is ")
        if running:
            erase_the_guest(tmp_path)
    if not running:
        erase_the_guest(tmp_path)
    assert "gibberish of eve" not in texts(tmp_path)
    assert ("shell", "erased 1 message of guests named EVE in #lobby") in acts(tmp_path)


def erase_the_guest(directory: Path) -> None:
    """Export and erase what a guest has said; messages of accounts are not the guest's."""
    said = run(directory, "account", "export", "eve", "--guest", "--until", "9999-01-01")
    assert said.startswith("Wrote 2 messages and all records to eve.guest.json")
    exported = json.loads((directory / "eve.guest.json").read_text())
    assert [(one["room"], one["text"]) for one in exported["messages"]] == [
        ("#lobby", "gibberish of eve"), ("#tea", "tea of eve"),
    ]  # fmt: skip
    refused = fails(directory, "erase", "eve", "--guest", "--yes", "--since", "2999-01-01")
    assert "The time of --since is in the future." in refused
    assert "There is no room #milk" in fails(
        directory, "erase", "eve", "--guest", "--yes", "--room", "milk"
    )
    assert "add --guest." in run(directory, "erase", "eve", "--yes")
    said = run(directory, "erase", "EVE", "--guest", "--room", "Lobby", "--since", "1h", "--yes")
    assert said == "Erased 1 message of guests named EVE in #lobby.\n"
    assert "tea of eve" in texts(directory)


def test_exports_of_accounts_and_times_are_checked(tmp_path: Path) -> None:
    talk(tmp_path)
    assert "need --guest" in fails(tmp_path, "account", "export", "ann", "--room", "tea")
    assert "no directory: no." in fails(tmp_path, "account", "export", "ann", "--to", "no")
    for name in ("", "a\nb"):
        assert "A name is one word." in fails(tmp_path, "erase", name, "--yes")
    assert "7 is not a time." in fails(
        tmp_path, "account", "export", "eve", "--guest", "--since", "7"
    )
    refused = fails(tmp_path, "erase", "ann", "--yes", "--since", "1h", "--until", "2h")
    assert "--since must be before" in refused
    assert "chatsvc: A name" in fails(tmp_path, "account", "export", "../ann", "--guest")


def test_a_kill_interrupts_an_erasure_that_the_next_start_ends(tmp_path: Path) -> None:
    with Service(tmp_path):
        pass  # it creates the archive
    with Ledger(tmp_path / "chat.db") as ledger:
        ledger.put(new_account("ann", kept_of(SECRET), "", 1.0))
    fill(tmp_path)
    with Service(tmp_path) as service, socket.socket(socket.AF_UNIX) as control:
        control.connect(str(tmp_path / "chat.db.control"))
        control.sendall(b'{"do": "erase", "name": "ann"}\n')
        with control.makefile() as lines:
            assert 0 < json.loads(lines.readline())["erased"] < MANY
        service.kill()
    assert 0 < left(tmp_path) < MANY
    with Service(tmp_path):
        deadline = Deadline(60.0)
        while ("shell", f"erased {MANY:,} messages of ann") not in acts(tmp_path):
            deadline.left(f"the end; {acts(tmp_path)}")
        assert left(tmp_path) == 0


def fill(directory: Path) -> None:
    """Store many messages of ann, and as many of bob."""
    with closing(sqlite3.connect(directory / "chat.db")) as database, database:
        database.execute("INSERT INTO room (id, name, last) VALUES (9, '#big', ?)", (2 * MANY,))
        database.executemany(
            "INSERT INTO said (room, number, time, sender, text, action, client, account)"
            " VALUES (9, ?, ?, ?, 'words', 0, 'x', ?)",
            (
                (n, 2000 + n, name, name)
                for n in range(1, 2 * MANY + 1)
                for name in ("ann" if n % 2 else "bob",)
            ),
        )


def left(directory: Path) -> int:
    with closing(sqlite3.connect(directory / "chat.db")) as database:
        query = "SELECT count(*) FROM said WHERE account = 'ann'"
        return int(database.execute(query).fetchone()[0])
