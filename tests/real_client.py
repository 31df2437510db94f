"""The client in separate processes, with the real service."""

from __future__ import annotations

import json
import subprocess
import sys

from real import LIMIT, Service, Terminal

CHATSVC = (sys.executable, "-m", "chatsvc.cli")
SECRET = "correct-horse-battery"


def client(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run the client with its input and output in pipes."""
    return subprocess.run(
        [*CHATSVC, *arguments],
        input=text,
        capture_output=True,
        timeout=LIMIT,
        encoding="utf-8",
    )


def join(service: Service, name: str) -> Terminal:
    """Return the client at a terminal, in the lobby."""
    terminal = service.terminal(*CHATSVC, "join", "--plain", where(service), "--name", name)
    terminal.until("You are in #lobby")
    terminal.until("#lobby> ")
    return terminal


def where(service: Service) -> str:
    return f"localhost:{service.port}"


def texts(service: Service, room: str = "lobby") -> list[str]:
    """Return the texts of all lines in a room."""
    done = client("tail", room, "--json", "--since", "1", "-n", "--server", where(service))
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    return [line["text"] for line in lines]


def register(service: Service, *commands: str) -> None:
    """Let ann register by telnet, do something, and leave."""
    person = service.person("ann")
    person.send(f"/register {SECRET}")
    person.until("ann is now registered to you.")
    person.send(*commands, "/quit")
    person.rest()
