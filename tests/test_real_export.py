"""`chatsvc export` and the real service, which may be killed meanwhile."""

from __future__ import annotations

import json
import os
import signal
from contextlib import closing
from pathlib import Path

import pytest
from real import Service, Terminal
from real_client import CHATSVC, client, register, where

LINES = 1200
WANTED = [f"line {number}" for number in range(LINES)]
SLOWLY = ("--flood", "1/2")  # so that an export is in progress when something happens to it


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return the directory of an archive with many lines."""
    with Service(tmp_path) as service:
        said = client("send", "--name", "ann", "--server", where(service), text="\n".join(WANTED))
        assert (said.returncode, said.stderr) == (0, "")
    return tmp_path


def texts(path: Path) -> list[str]:
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    return [event["text"] for event in events]


def test_a_conversation_is_exported_into_a_pipe_and_quietly(directory: Path) -> None:
    with Service(directory) as service:
        done = client("export", "lobby", "--since", "3", "--until", "4", "--server", where(service))
        assert (done.returncode, done.stderr) == (0, "")
        day, *lines = done.stdout.splitlines()
        assert day.startswith("=== ")
        assert [line[8:] for line in lines] == ["<ann> line 2", "<ann> line 3"]


def test_an_export_goes_on_where_it_was_when_the_server_was_killed(directory: Path) -> None:
    file = directory / "lobby.json"
    with Service(directory, *SLOWLY) as service:
        port = str(service.port)
        command = [*CHATSVC, "export", "lobby", "-o", str(file), "--server", where(service)]
        with closing(Terminal(*command)) as export:
            export.until("#lobby: 500 messages, 42%")
            service.kill()
            export.until("Connection lost")
            assert not file.exists()
            with Service(directory, "--port", port):
                export.until("Reconnected")
                export.until("1,200 messages of #lobby to ")
                assert export.ended() == 0
    assert texts(file) == WANTED


def test_nothing_is_left_after_ctrl_c(directory: Path) -> None:
    before = set(os.listdir(directory))
    with Service(directory, *SLOWLY) as service:
        command = [*CHATSVC, "export", "lobby", "--server", where(service)]
        with closing(Terminal(*command, "-o", str(directory / "lobby.html"))) as export:
            export.until("#lobby: 500 messages")
            assert len(set(os.listdir(directory)) - before) >= 1
            export.type("\x03")
            assert export.ended() == 128 + signal.SIGINT
    assert set(os.listdir(directory)) - before == set()


def test_private_lines_need_an_account_and_a_file_is_not_overwritten(tmp_path: Path) -> None:
    file, password = tmp_path / "bob.html", tmp_path / "password"
    password.write_text("correct-horse-battery\n")
    with Service(tmp_path, "--archive", "memory:") as service:
        bob = service.person("bob")
        bob.send("/register correct-horse-battery")
        bob.until("bob is now registered to you.")
        register(service, "/msg bob <b>psst</b>")
        command = ("export", "@bob", "-o", str(file), "--server", where(service))
        refused = client(*command)
        assert refused.returncode == 1
        assert refused.stderr.startswith(
            "chatsvc: Private messages are stored only between registered"
        )
        proof = ("--name", "ann", "--account-password-file", str(password))
        done = client(*command, *proof)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert "<h1>Private messages with bob</h1>" in file.read_text()
        assert "&lt;b&gt;psst&lt;/b&gt;" in file.read_text()
        again = client(*command, *proof)
        assert again.returncode == 1
        assert again.stderr == (f"chatsvc: {file} already exists. To overwrite it, add --force.\n")
        assert client(*command, *proof, "--force").returncode == 0
