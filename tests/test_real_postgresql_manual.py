"""The commands in `docs/postgresql.md` that move a chat, run as they are written there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from machine import Machine, blocks
from postgresql import Server, lacks
from real import Program, Service, lacking

PAGE = "postgresql.md"
ADDRESS = "postgresql://chat@db.example.org/chat"
SECRET = "correct-horse-battery"


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server with the database of the manual."""
    if reason := lacks():
        lacking(reason)
    server = Server(fsync="on")
    server.execute("CREATE DATABASE chat")
    yield server
    server.remove()


@pytest.fixture
def machine(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("CHATSVC_PORT", "0")  # others may use the usual one
    address = f"postgresql://chat@{quote(str(server.directory), safe='')}/chat"
    machine = Machine(tmp_path, {ADDRESS: address})
    machine.home.chmod(0o700)
    return machine


def service(machine: Machine) -> Service:
    return Service(machine.home, "--config", str(machine.root / "chatsvc.toml"))


def signed_in(service: Service) -> Program:
    program = service.program()
    welcome = program.ask("hello", version=1, name="ann", account_password=SECRET)
    assert welcome["account"] == "ann"
    program.ask("join", room="#lobby")
    return program


def texts(program: Program) -> list[str]:
    return [line["text"] for line in program.ask("history", room="#lobby", after=0)["lines"]]


def fingerprint(service: Service) -> str:
    return service.wait_for(r"SHA-256 (\S+)").group(1)


def test_the_manual_moves_a_chat_to_postgresql_and_back(machine: Machine) -> None:
    with service(machine) as before:
        ann = before.program("ann")
        ann.ask("register", password=SECRET)
        for text in ("one", "two", "three"):
            ann.ask("say", text=text)
        copy, configure = blocks(PAGE, "To PostgreSQL")
        assert "Verified: both have the same number of rows" in machine.run(copy)
        assert before.ended() == 0
    assert "PostgreSQL 1" in machine.run(configure)
    with service(machine) as there:
        assert fingerprint(there) == fingerprint(before)
        ann = signed_in(there)
        assert texts(ann) == ["one", "two", "three"]
        assert ann.ask("say", text="four")["number"] == 4
        (back,) = blocks(PAGE, "Back to SQLite")
        assert machine.run(back).endswith("No problems found.\n")
        assert there.ended() == 0
    assert (machine.home / "returned.db").exists()
    with service(machine) as again:
        assert fingerprint(again) == fingerprint(before)
        assert texts(signed_in(again)) == ["one", "two", "three", "four"]
