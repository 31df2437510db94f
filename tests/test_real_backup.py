"""Backups of the real service: complete, in time, recognizable when interrupted, and restored."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from real import LIMIT, Program, Service, Stopwatch, beside_python, lacking

MESSAGES = 300


def chatsvc(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of the administrator."""
    return subprocess.run(
        [beside_python("chatsvc"), *words],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )


def done(*words: str | Path, cwd: Path) -> str:
    """Run a command that must succeed; return what it prints."""
    ended = chatsvc(*words, cwd=cwd)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def refused(*words: str | Path, cwd: Path) -> str:
    """Run a command that must fail without a traceback; return its message."""
    ended = chatsvc(*words, cwd=cwd)
    assert ended.returncode == 1, ended
    assert "Traceback" not in ended.stderr
    return ended.stderr


def say(program: Program, first: int, count: int) -> None:
    for number in range(first, first + count):
        program.request("say", text=f"message {number}")
    program.until(lambda event: event.get("text") == f"message {first + count - 1}", "the last")


def messages(directory: Path, *options: str) -> list[str]:
    """Start a service in a directory, and return the messages of its lobby."""
    with Service(directory, *options) as service:
        reader = service.program("reader")
        page = reader.ask("history", room="#lobby", n=500, after=0)
        return [line["text"] for line in page["lines"]]


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in path.read_text().splitlines()]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return the directory of a service."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def service(home: Path) -> Iterator[Service]:
    """Return a service in which messages were written."""
    with Service(home) as service:
        say(service.program("ann"), 0, MESSAGES)
        yield service


def fill(archive: Path, count: int) -> None:
    """Add many lines to an archive that nothing uses."""
    with sqlite3.connect(archive) as database:
        database.execute("INSERT INTO room (id, name, last) VALUES (99, '#many', ?)", (count,))
        database.execute(
            "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO said (room, number, time, sender, text, action, client)"
            " SELECT 99, i, i, 'sue', 'words of message ' || i, 0, 'sue' FROM n",
            (count,),
        )
    database.close()


def wait_until(path: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until a process has created a file."""
    end = time.monotonic() + LIMIT
    while not path.exists():
        assert process.poll() is None, "it has ended already"
        assert time.monotonic() < end


@pytest.mark.parametrize("name", ["monday", "monday.tar"])
def test_a_backup_of_a_running_service_has_every_message(
    service: Service, home: Path, tmp_path: Path, name: str
) -> None:
    told = done("backup", tmp_path / name, "--verify", cwd=home)
    assert told == (
        f"Backed up 300 messages, 1 room and 0 accounts to {tmp_path / name}."
        " Verified: every page of the copy is intact.\n"
    )
    service.kill()
    shutil.rmtree(home)
    home.mkdir()
    told = done("restore", tmp_path / name, cwd=home)
    assert told.startswith("Restored 300 messages of 20")
    assert {path.name for path in home.iterdir()} == {"chat.db", "chat.db.pem"}
    assert messages(home) == [f"message {number}" for number in range(MESSAGES)]


def test_a_backup_is_private_and_says_what_is_in_it(
    service: Service, home: Path, tmp_path: Path
) -> None:
    (home / "chatsvc.toml").write_text('data = "."\nmotd = "motd.txt"\n')
    (home / "motd.txt").write_text("Be kind.\n")
    (home / "extra").write_text("extra\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    config = home / "chatsvc.toml"
    done("backup", "b", "--config", config, "--also", home / "extra", cwd=elsewhere)
    found = {path.name: path.stat().st_mode & 0o777 for path in (elsewhere / "b").iterdir()}
    names = {"chat.db", "chat.db.pem", "chatsvc.toml", "motd.txt", "extra"}
    assert found == dict.fromkeys({"backup.json", *names}, 0o600)
    assert (elsewhere / "b").stat().st_mode & 0o777 == 0o700
    about = json.loads((elsewhere / "b" / "backup.json").read_text())
    assert about["messages"] == MESSAGES
    assert about["files"].keys() == names
    done("backup", "b.tar", cwd=home)
    assert (home / "b.tar").stat().st_mode & 0o777 == 0o600
    with tarfile.open(home / "b.tar") as tar:
        assert tar.getnames() == ["backup.json", "chat.db", "chat.db.pem"]


def test_a_backup_refuses_what_is_there_or_missing(service: Service, home: Path) -> None:
    done("backup", "b", cwd=home)
    assert refused("backup", "b", cwd=home).startswith("chatsvc: b already exists.")
    assert "Archive not found: none.db." in refused(
        "backup", "c", "--archive", "sqlite:none.db", cwd=home
    )
    assert refused("backup", "x/y", cwd=home) == (
        "chatsvc: There is no directory: x. Create it first: mkdir -p x\n"
    )
    assert "Two files" in refused("backup", "c", "--also", "b/backup.json", cwd=home)
    assert not list(home.glob("*.unfinished"))


def test_a_killed_backup_is_recognizable_and_harms_nothing(
    service: Service, home: Path, tmp_path: Path
) -> None:
    service.process.terminate()
    service.ended()
    fill(home / "chat.db", 200_000)
    with Service(home) as again:
        target = tmp_path / "monday"
        unfinished = tmp_path / "monday.unfinished"
        command = [beside_python("chatsvc"), "backup", str(target)]
        process = subprocess.Popen(command, cwd=home, stderr=subprocess.DEVNULL)
        wait_until(unfinished / "chat.db", process)
        process.send_signal(signal.SIGKILL)
        process.wait(LIMIT)
        assert not target.exists()
        assert "This backup is not finished." in (unfinished / "UNFINISHED").read_text()
        assert "is not a complete backup" in refused("restore", unfinished, cwd=tmp_path)
        say(again.program("bob"), 300, 10)
        assert done("backup", target, cwd=home).startswith("Backed up 200,310 messages")
        assert not unfinished.exists()
        say(again.program("eve"), 310, 10)


def test_what_only_looks_like_an_interrupted_backup_is_kept(service: Service, home: Path) -> None:
    (home / "b.unfinished").mkdir()
    (home / "b.unfinished" / "mine").write_text("mine")
    assert "is not an interrupted backup" in refused("backup", "b", cwd=home)
    assert (home / "b.unfinished" / "mine").read_text() == "mine"


@pytest.mark.parametrize(
    "name",
    ["chat.db", "chat.db-wal", "chat.db-shm", "chat.db.words", "chat.db.words-wal", "chat.db.lock"],
)
def test_restoring_refuses_to_mix_archives(
    service: Service, home: Path, tmp_path: Path, name: str
) -> None:
    done("backup", tmp_path / "b", cwd=home)
    place = tmp_path / "place"
    place.mkdir()
    shutil.copy(home / name, place / name)
    said = refused("restore", tmp_path / "b", cwd=place)
    assert said.startswith(f"chatsvc: Nothing restored: {name} would be mixed with the backup.")
    assert [path.name for path in place.iterdir()] == [name]
    (command,) = re.findall(r"mkdir -p .*", said)
    subprocess.run(command, shell=True, cwd=place, check=True)
    done("restore", tmp_path / "b", cwd=place)


def test_restoring_keeps_another_certificate_and_accepts_the_same(
    service: Service, home: Path, tmp_path: Path
) -> None:
    done("backup", tmp_path / "b", cwd=home)
    place = tmp_path / "place"
    place.mkdir()
    (place / "chat.db.pem").write_text("another\n")
    assert "exists, and differs" in refused("restore", tmp_path / "b", cwd=place)
    assert not (place / "chat.db").exists()
    shutil.copy(home / "chat.db.pem", place / "chat.db.pem")
    done("restore", tmp_path / "b", cwd=place)


def test_restoring_says_where_the_files_of_the_configuration_were(
    service: Service, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "etc").mkdir()
    config, cert, key = (tmp_path / "etc" / name for name in ("chat.toml", "cert.pem", "key.pem"))
    config.write_text(f'data = "{home}"\ncert = "cert.pem"\nkey = "key.pem"\n')
    cert.write_text("a certificate")
    key.write_text("a key")
    done("backup", tmp_path / "b", "--config", config, cwd=home)
    place = tmp_path / "place"
    place.mkdir()
    told = done("restore", tmp_path / "b", cwd=place).splitlines()
    assert told[1:] == [
        "To move files back to where they were:",
        *(f"    mv -i {path.name} {path}" for path in (cert, config, key)),
    ]
    assert (place / "key.pem").read_text() == "a key"
    assert (place / "key.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("moment", ["chat.db.pem", "chat.db.unfinished"])
def test_a_killed_restore_is_recognizable_and_done_again(
    service: Service, home: Path, tmp_path: Path, moment: str
) -> None:
    service.process.terminate()
    service.ended()
    fill(home / "chat.db", 200_000)
    done("backup", tmp_path / "b", cwd=home)
    place = tmp_path / "place"
    place.mkdir()
    command = [beside_python("chatsvc"), "restore", str(tmp_path / "b")]
    process = subprocess.Popen(command, cwd=place, stderr=subprocess.DEVNULL)
    wait_until(place / moment, process)
    process.send_signal(signal.SIGKILL)
    process.wait(LIMIT)
    assert not (place / "chat.db").exists()
    assert "Restored 200,300 messages" in done("restore", tmp_path / "b", cwd=place)
    assert {path.name for path in place.iterdir()} == {"chat.db", "chat.db.pem"}


def test_what_root_restores_belongs_to_the_owner_of_the_directory(
    service: Service, home: Path, tmp_path: Path
) -> None:
    if os.geteuid():
        pytest.skip("only root can give files away")
    done("backup", tmp_path / "b", cwd=home)
    place = tmp_path / "place"
    place.mkdir()
    os.chown(place, 12345, 12346)
    done("restore", tmp_path / "b", "--data", place, cwd=home)
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in place.iterdir()}
    assert owners == {(12345, 12346)}


@pytest.mark.parametrize("name", ["b", "b.tar"])
def test_a_damaged_backup_is_not_restored(
    service: Service, home: Path, tmp_path: Path, name: str
) -> None:
    done("backup", tmp_path / name, cwd=home)
    file = tmp_path / name if name.endswith(".tar") else tmp_path / name / "chat.db"
    with open(file, "r+b") as damaged:
        damaged.seek(file.stat().st_size // 2)
        damaged.write(os.urandom(64))
    place = tmp_path / "place"
    place.mkdir()
    assert refused("restore", tmp_path / name, cwd=place).endswith(
        "chat.db in the backup is damaged.\n"
    )
    assert not (place / "chat.db").exists()
    file.write_bytes(b"no tar")
    shutil.rmtree(place)
    place.mkdir()
    refused("restore", tmp_path / name, cwd=place)
    assert list(place.glob("chat.db")) == []


def test_a_plain_copy_has_everything_but_the_last_seconds(
    service: Service, home: Path, tmp_path: Path
) -> None:
    end = time.monotonic() + LIMIT
    copied = 0
    while copied < MESSAGES:
        assert time.monotonic() < end, f"{copied} messages"
        shutil.copy(home / "chat.db", tmp_path / "copy.db")
        with suppress(sqlite3.DatabaseError):  # it changed while it was copied
            copied = _messages_in(tmp_path / "copy.db")


def _messages_in(copy: Path) -> int:
    """Return how many messages a copy has that nobody else uses."""
    with closing(sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True)) as database:
        if not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return 0
        return int(database.execute("SELECT count(*) FROM said").fetchone()[0])


def test_every_room_is_exported_for_people_and_programs(
    service: Service, home: Path, tmp_path: Path
) -> None:
    program = service.program("bob", room="#..a")
    program.request("topic", room="#..a", text="paths")
    say(program, 1, 3)
    told = done("export", "--all", tmp_path / "out", cwd=home)
    assert told == f"Exported 303 messages of 2 rooms to {tmp_path / 'out'}.\n"
    rooms = rows(tmp_path / "out" / "rooms.jsonl")
    assert [(room["name"], room["messages"], room["topic"]) for room in rooms] == [
        ("#lobby", 300, ""),
        ("#..a", 3, "paths"),
    ]
    assert rooms[1]["text"] == "%2E.a.txt"
    lobby = rows(tmp_path / "out" / "lobby.jsonl")
    assert [line["text"] for line in lobby] == [f"message {n}" for n in range(MESSAGES)]
    texts = (tmp_path / "out" / rooms[1]["text"]).read_text().splitlines()
    assert [row.partition("] ")[2] for row in texts[1:]] == [
        f"<bob> message {n}" for n in (1, 2, 3)
    ]
    assert "already exists" in refused("export", "--all", tmp_path / "out", cwd=home)
    (tmp_path / "out").rename(tmp_path / "next.unfinished")
    assert "interrupted export" in refused("export", "--all", tmp_path / "next", cwd=home)
    assert "Archive not found" in refused("export", "--all", tmp_path / "none", cwd=tmp_path)
    assert "no directory" in refused("export", "--all", tmp_path / "none" / "out", cwd=home)


@pytest.mark.load
@pytest.mark.slow
def test_a_backup_of_many_messages_delays_none_by_more_than_20_ms() -> None:
    """In memory, because other programs use the disk, too; a lock would delay messages there."""
    if not Path("/dev/shm").is_dir():
        lacking("there is no /dev/shm")
    with TemporaryDirectory(dir="/dev/shm") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        with Service(home):
            pass
        fill(home / "chat.db", 200_000)
        with Service(home) as service:
            ann = service.program("ann")
            excess = [_excess(service, ann, home.parent / f"b{attempt}") for attempt in range(3)]
    assert min(excess) < 0.02


def _excess(service: Service, program: Program, target: Path) -> float:
    """Return how much longer the slowest message takes during a backup than before and after."""
    before = _slowest(service, program, lambda count: count >= 200)
    home = str(target.parent / "home")
    command = [beside_python("chatsvc"), "backup", str(target), "--verify", "--data", home]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    during = _slowest(service, program, lambda count: process.poll() is not None)
    assert process.wait(LIMIT) == 0
    after = _slowest(service, program, lambda count: count >= 200)
    return during - max(before, after)


def _slowest(service: Service, program: Program, ended: Callable[[int], bool]) -> float:
    """Say something again and again; return the longest time that a message took.

    The time in which a thread of the service waited for a processor does not count.
    """
    slowest, count = 0.0, 0
    while not ended(count):
        stopwatch = Stopwatch(service)
        program.ask("say", text=f"{count}")
        slowest, count = max(slowest, stopwatch.seconds()), count + 1
    return slowest
