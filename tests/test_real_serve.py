"""The real `chatsvc serve`: its configuration, its data directory, its log and its files."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from logged_service import SERVE, TWISTD, started
from real import LIMIT, Person, Service, beside_python


def serve(directory: Path, *options: str) -> Service:
    return Service(directory, *options, twistd=None)


def fails(directory: Path, *options: str) -> tuple[int, str]:
    """Return the exit code and the message of a service that cannot start."""
    done = subprocess.run(
        [beside_python("chatsvc"), "serve", *options],
        cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT,
    )  # fmt: skip
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) <= 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def modes(directory: Path) -> dict[str, str]:
    return {file.name: mode(file) for file in directory.iterdir()}


def test_people_chat_until_it_is_stopped_and_it_ends_with_success(tmp_path: Path) -> None:
    with serve(tmp_path) as chat:
        ann, bob = chat.person("ann"), chat.person("bob")
        ann.send("hello")
        bob.until("<ann> hello")
        chat.process.terminate()
        assert chat.ended() == 0
    assert "twistd" not in chat.log
    with serve(tmp_path) as chat:
        assert chat.person("carol").until("<ann> hello")


def test_it_reads_its_file_and_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chatsvc.toml").write_text('name = "Class 4b"\nmotd = "motd.txt"\n')
    (tmp_path / "motd.txt").write_text("Be kind.\n")
    monkeypatch.setenv("CHATSVC_SHOW_HISTORY", "0")
    with serve(tmp_path, "--config", "chatsvc.toml") as chat:
        ann = chat.person()
        ann.until("Welcome to Class 4b")
        ann.send("ann", "hello")
        ann.until("Be kind.")
        about = chat.program().ask("about")
        assert about["chat"] == "Class 4b"


def test_twistd_reads_the_same_file(tmp_path: Path) -> None:
    (tmp_path / "chatsvc.toml").write_text('name = "Class 4b"\n')
    with Service(tmp_path, "--config", "chatsvc.toml", "--data", "data") as chat:
        chat.person().until("Welcome to Class 4b")
    assert (tmp_path / "data" / "chat.db").exists()


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--prot", "1"], 2, "option --prot not recognized"),
        (["--port", "many"], 2, "--port must be a number"),
        (["--config", "missing"], 2, "Cannot read --config missing: No such file"),
        (["--data", "/proc/chat"], 1, "Cannot use --data /proc/chat: "),
        (["--listen", "unix:missing/chat.sock"], 1, "Cannot listen on unix:missing/chat.sock"),
    ],
)
def test_what_is_wrong_is_a_sentence(
    tmp_path: Path, words: list[str], code: int, sentence: str
) -> None:
    found, message = fails(tmp_path, *words)
    assert (found, sentence in message) == (code, True), message


@pytest.mark.parametrize("umask", [0, 0o022, 0o277])
@pytest.mark.parametrize("command", [TWISTD, SERVE], ids=["twistd", "serve"])
def test_its_files_are_for_their_owner_alone_whatever_the_umask(
    tmp_path: Path, umask: int, command: list[str]
) -> None:
    data = tmp_path / "data"
    words = ["sh", "-c", f'umask {umask:o}; exec "$@"', "sh", *command, "--data", "data"]
    with started(tmp_path, [*words, "--log-file", "chat.log"], data / "chat.log"):
        found = modes(data) | {file.name: mode(file) for file in tmp_path.glob("*.pid")}
        assert mode(data) == "0o700"
    assert {"chat.db", "chat.db.pem", "chat.db.lock", "chat.db.words", "chat.log"} <= set(found)
    assert "chat.db-wal" in found
    assert any(name.endswith(".pid") for name in found)
    assert set(found.values()) == {"0o600"}, found


def test_the_log_of_twistd_is_for_its_owner_alone_too(tmp_path: Path) -> None:
    command = [beside_python("twistd"), "-n", "--pidfile=", "--logfile=d.log", "chat"]
    with started(tmp_path, ["sh", "-c", 'umask 0; exec "$@"', "sh", *command], tmp_path / "d.log"):
        assert mode(tmp_path / "d.log") == "0o600"


def test_others_lose_access_to_an_earlier_archive_and_its_group_keeps_it(tmp_path: Path) -> None:
    with serve(tmp_path):
        pass
    (tmp_path / "chat.db").chmod(0o644)
    (tmp_path / "chat.db.words").chmod(0o666)
    with serve(tmp_path):
        assert mode(tmp_path / "chat.db") == "0o640"
        assert mode(tmp_path / "chat.db.words") == "0o660"


def test_two_services_cannot_use_one_directory(tmp_path: Path) -> None:
    with serve(tmp_path, "--data", "data") as chat:
        assert (tmp_path / "data" / "chatsvc.pid").read_text() == f"{chat.pid}\n"
        code, message = fails(tmp_path, "--data", "data", "--port", "0")
        assert code == 1
        assert message.startswith(f"Another chatsvc (process {chat.pid}) uses the directory ")
    assert not (tmp_path / "data" / "chatsvc.pid").exists()


@pytest.mark.parametrize("number", ["1", "ours", "", "many"])
def test_a_stale_pid_file_does_not_keep_it_from_starting(tmp_path: Path, number: str) -> None:
    """A container that was killed starts again with the same numbers of processes."""
    (tmp_path / "data").mkdir()
    written = str(os.getpid()) if number == "ours" else number
    (tmp_path / "data" / "chatsvc.pid").write_text(written)
    with serve(tmp_path, "--data", "data") as chat:
        assert (tmp_path / "data" / "chatsvc.pid").read_text() == f"{chat.pid}\n"


def test_after_a_kill_it_starts_again(tmp_path: Path) -> None:
    with serve(tmp_path, "--data", "data") as chat:
        chat.person("ann").send("hello", "/time")
        chat.peer(Person).come_in("bob")
        chat.kill()
    with serve(tmp_path, "--data", "data") as chat:
        chat.person("carol")
