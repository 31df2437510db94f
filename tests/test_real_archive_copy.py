"""Copies of a real chat: killed, resumed, and used by a service."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
import whole_chat
from postgresql import database_at
from real import LIMIT, Program, Service, beside_python, wait_until

PASSWORD, CLIENT = "correct-horse-battery", "client-of-ann"
LINES = 60_000


def copying(home: Path, *places: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [beside_python("chatsvc"), "archive", "copy", *places],
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def copied(home: Path, *places: str) -> str:
    """Copy without interruption; return what is printed."""
    process = copying(home, *places)
    out, err = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, err
    return out


def killed_after(home: Path, lines: int, *places: str) -> bool:
    """Kill a copy after so many lines of progress; return False if it has ended before."""
    process = copying(home, *places)
    assert process.stderr is not None
    for _ in range(lines):
        process.stderr.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=LIMIT)
    return process.returncode == -signal.SIGKILL


@pytest.fixture(params=["sqlite", "postgresql"])
def copy(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of the archive to which the chat is copied."""
    path = tmp_path / "copy.db"
    return f"sqlite:{path}" if request.param == "sqlite" else database_at(path).address


def test_a_copy_that_is_killed_again_and_again_is_complete_in_the_end(
    tmp_path: Path, copy: str
) -> None:
    whole_chat.make(tmp_path / "chat.db", LINES)
    places = ("sqlite:chat.db", copy)
    kills = [killed_after(tmp_path, lines, *places) for lines in (0, 1, 4, 7)]
    assert all(kills)
    refusing = subprocess.run(
        [beside_python("chatsvc"), "serve", "--archive", copy, "--port", "0"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert refusing.returncode == 1
    assert f"{copy.removeprefix('sqlite:')} is an unfinished copy of another" in refusing.stderr
    assert "Verified: both have the same number of rows" in copied(tmp_path, *places)
    assert copied(tmp_path, *places).startswith("Nothing to do: ")
    places = (copy, "sqlite:back.db")
    assert all(killed_after(tmp_path, lines, *places) for lines in (0, 1, 4, 7))
    assert "Verified: both have the same number of rows" in copied(tmp_path, *places)
    assert whole_chat.rows(tmp_path / "back.db") == whole_chat.rows(tmp_path / "chat.db")


def numbers_found(program: Program) -> list[int]:
    found = program.ask("search", query="message in:#tea", n=100)
    return [line["number"] for line in found["lines"]]


def test_a_service_goes_on_with_a_copy(tmp_path: Path, copy: str) -> None:
    with Service(tmp_path) as service:
        ann = service.program()
        ann.ask("hello", version=1, name="ann", client=CLIENT)
        assert ann.ask("register", password=PASSWORD)["event"] == "you"
        ann.ask("join", room="#tea")
        for number in range(30):
            ann.ask("say", room="#tea", text=f"message {number}", tag=f"t{number}")
        ann.ask("mark", room="#tea", number=20)
        ann.ask("topic", room="#tea", text="green or black?")
        before = ann.ask("history", room="#tea", n=100, after=0)["lines"]
        refused = copying(tmp_path, "chat.db", copy)
        _, err = refused.communicate(timeout=LIMIT)
        assert refused.returncode == 1
        assert "is in use. Stop its service" in err
    copied(tmp_path, "chat.db", copy)
    with Service(tmp_path, "--archive", copy) as service:
        ann = service.program()
        me = {"name": "ann", "account_password": PASSWORD, "client": CLIENT}
        welcome = ann.ask("hello", version=1, **me)
        assert welcome.get("account") == "ann", welcome
        assert ann.ask("join", room="#tea", after=30)["read"] == 20
        assert ann.ask("history", room="#tea", n=100, after=0)["lines"] == before
        assert ann.ask("say", room="#tea", text="message 1", tag="t1")["number"] == 2
        assert ann.ask("say", room="#tea", text="next", tag="next")["number"] == 31
        wait_until(lambda: numbers_found(ann) == [*range(30, 0, -1)], "the index")
