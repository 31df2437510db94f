"""The real full-screen client in real terminals (tmux), with the real service and other users."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from real import Peer, Person, Service, beside_python, ended_at_last, wait_for_process
from tmux import Screen, Tmux

CHATSVC = beside_python("chatsvc")
SECRET = "correct-horse-battery"
SAID = 5  # lines of each user before and after the service is killed


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    with Tmux(tmp_path) as tmux:
        yield tmux


def join(tmux: Tmux, directory: Path, name: str, *words: str) -> Screen:
    """Return a terminal with the client; a shell shows its exit code at the end."""
    command = '"$0" join "$@"; echo "it ended with $?"; read -r _'
    home = directory / f"home-{name}"
    env = {
        "USER": name,
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "TERM": "tmux-256color",
    }
    return tmux.start(name, "/bin/sh", "-c", command, CHATSVC, *words, env=env)


def address(chat: Service) -> str:
    return f"localhost:{chat.port}"


def in_the_lobby(tmux: Tmux, directory: Path, name: str, chat: Service) -> Screen:
    screen = join(tmux, directory, name, address(chat))
    screen.until(r"^ #lobby")
    screen.until("● no TLS")
    return screen


def irc(chat: Service, nick: str) -> Peer:
    """Return a user of an IRC client, in the lobby."""
    client = chat.peer(Person)
    client.send(f"NICK {nick}", f"USER {nick} 0 * :{nick}", "JOIN #lobby")
    client.until(f" 366 {nick} #lobby ")
    return client


def kept(directory: Path) -> list[str]:
    """Return the lines in the archive."""
    with closing(sqlite3.connect(directory / "chat.db")) as file:
        return [text for (text,) in file.execute("SELECT text FROM said ORDER BY number")]


def test_people_with_telnet_and_irc_and_the_client_talk_at_three_sizes(
    tmp_path: Path, tmux: Tmux
) -> None:
    with Service(tmp_path) as chat:
        bob, dora = chat.person("bob"), irc(chat, "dora")
        ann = in_the_lobby(tmux, tmp_path, "ann", chat)
        ann.type("good morning\r")
        assert bob.until("good morning").endswith("<ann> good morning")
        assert isinstance(dora, Person)
        dora.until("PRIVMSG #lobby :good morning")
        for size, (columns, rows) in enumerate(((100, 30), (200, 60), (80, 24))):
            bob.send(f"before {size}")
            ann.type("half")  # the draft stays
            ann.resize(columns, rows)
            dora.send(f"PRIVMSG #lobby :after {size}")
            ann.type(f" a line {size}\r")
            ann.until(rf"dora after {size}")
            ann.until(rf"ann half a line {size}")
            shown = ann.text
            assert len(shown.rstrip("\n").split("\n")) <= rows
            for line in (f"bob before {size}", f"dora after {size}", f"ann half a line {size}"):
                assert shown.count(line) == 1
            assert re.search(r"^ ann  ● no TLS", shown, re.MULTILINE)
        ann.press("C-q")
        ann.until("it ended with 0")
        assert "before 0" not in ann.text  # the terminal has its own lines again


def test_every_line_is_there_once_though_the_service_is_killed(tmp_path: Path, tmux: Tmux) -> None:
    people: dict[str, Screen] = {}
    said = [f"{name} says {n}" for name in ("ann", "carol") for n in range(3 * SAID)]

    def talk(first: int) -> None:
        for n in range(first, first + SAID):
            for name, screen in people.items():
                screen.type(f"{name} says {n}\r")

    with Service(tmp_path) as chat:
        port = chat.port
        for name in ("ann", "carol"):
            people[name] = in_the_lobby(tmux, tmp_path, name, chat)
            people[name].resize(100, 50)
            people[name].until(r"(.*\n){48}.*Type to talk")  # the client uses all rows
        talk(0)
        chat.kill()
        talk(SAID)
        people["ann"].until("not connected")
    with Service(tmp_path, "--listen", f"tcp:{port}"):
        talk(2 * SAID)
        for screen in people.values():
            for line in said:
                screen.until(rf"{line}$")
            screen.until("● no TLS")
            shown = [row.rstrip() for row in screen.text.splitlines()]
            assert [sum(row.endswith(line) for row in shown) for line in said] == [1] * len(said)
        assert sorted(kept(tmp_path)) == sorted(said)
        for screen in people.values():
            screen.press("C-q")
            screen.until("it ended with 0")


def test_the_first_minute_without_a_host(tmp_path: Path, tmux: Tmux) -> None:
    with Service(tmp_path) as chat:
        registered = chat.person("ann")
        registered.send(f"/register {SECRET}", "/quit")
        registered.until("Goodbye")
        ann = join(tmux, tmp_path, "ann")
        ann.until("which chat")
        ann.type(f"localhost:{chat.port}\r")
        ann.until("ann is a registered name")
        ann.type("wrong-wrong-wrong\r")
        ann.until("Wrong password")
        assert "wrong-wrong" not in ann.text
        ann.type(f"{SECRET}\r")
        ann.until("● no TLS")
        ann.press("C-c")
        ann.until("Press Ctrl-C again to leave")
        ann.press("C-c")
        ann.until("it ended with 130")
        again = join(tmux, tmp_path, "ann2")  # of a user without settings
        again.until("which chat")
        assert "Lately" not in again.text
        again.press("C-q")
        again.until("it ended with 0")


def test_a_refused_connection_is_told_on_the_page_and_at_the_end(
    tmp_path: Path, tmux: Tmux
) -> None:
    with Service(tmp_path) as chat:
        port = chat.port
    ann = join(tmux, tmp_path, "ann", f"localhost:{port}")
    ann.until("connection refused")
    ann.press("C-q")
    ann.until(rf"chatsvc: Cannot join the chat at localhost:{port}: connection refused")
    ann.until("it ended with 1")


def test_a_pipe_and_a_dumb_terminal_have_the_line_client(tmp_path: Path, tmux: Tmux) -> None:
    with Service(tmp_path) as chat:
        bob = chat.person("bob")
        piped = subprocess.run(
            [CHATSVC, "join", address(chat), "--name", "ann"],
            input="from a pipe\n",
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert (piped.returncode, piped.stderr) == (0, "")
        assert "\x1b" not in piped.stdout
        assert bob.until("from a pipe").endswith("<ann> from a pipe")
        plain = join(tmux, tmp_path, "carol", "--plain", address(chat))
        plain.until("#lobby>")
        plain.type("line by line\r")
        assert bob.until("line by line").endswith("<carol> line by line")


def test_a_signal_gives_the_terminal_back(tmp_path: Path, tmux: Tmux) -> None:
    with Service(tmp_path) as chat:
        ann = in_the_lobby(tmux, tmp_path, "ann", chat)
        subprocess.run(["kill", "-TERM", str(ann.child)], check=True)
        ann.until("it ended with 143")
        assert "● no TLS" not in ann.text


def test_it_ends_when_its_terminal_is_gone(tmp_path: Path, tmux: Tmux) -> None:
    with Service(tmp_path) as chat:
        bob = chat.person("bob")
        ann = in_the_lobby(tmux, tmp_path, "ann", chat)
        bob.until("ann joined")
        child = ann.child
        with ended_at_last(child):
            tmux.do("kill-session", "-t", "ann")
            wait_for_process(child)
            assert "ann" in bob.until("ann left")
