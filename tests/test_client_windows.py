"""The client without the modules and signals of Unix."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from conftest import Chat, at_once, no_turn, start
from real import Service
from real_client import texts, where
from staff import member

from chatsvc.store.archive import Workers
from chatsvc.store.sqlite.archive import SQLArchive

# Twisted and Textual run on Windows, but would detect Unix here, so they are loaded first.
BLOCKED = """
import asyncio, pkgutil, signal, sys
from twisted.internet import selectreactor
import textual.app, textual.widgets, twisted.internet.asyncioreactor, twisted.internet.endpoints
import twisted.internet.process, twisted.internet.ssl
for name in ("termios", "tty", "pty", "fcntl", "resource", "pwd", "grp", "curses"):
    sys.modules[name] = None
for name in ("SIGHUP", "SIGTSTP", "SIGALRM", "alarm", "SIGWINCH", "SIGCONT", "SIGUSR1"):
    if hasattr(signal, name):
        delattr(signal, name)
"""
IMPORTED = """
import chatsvc.client
for module in pkgutil.walk_packages(chatsvc.client.__path__, "chatsvc.client."):
    if module.name not in ("chatsvc.client.terminal", "chatsvc.cli.__main__"):
        __import__(module.name)
"""
ACCOUNTS = """
from chatsvc.cli.main import main
sys.exit(main(["account", "list", "--json", "--archive", sys.argv[1]]))
"""
RUN = """
selectreactor.install()
from chatsvc.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
LOOP = """
from chatsvc.client.tui.control.run import Watch
class Loop(asyncio.SelectorEventLoop):
    def add_signal_handler(self, *arguments):
        raise NotImplementedError
loop = Loop()
Watch(loop)
print("watched")
"""


def run(script: str, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run a script without anything of Unix."""
    command = [sys.executable, "-c", BLOCKED + script, *arguments]
    return subprocess.run(command, input=text, capture_output=True, timeout=60, encoding="utf-8")


def test_every_module_of_the_client_is_imported_and_signals_are_obeyed() -> None:
    done = run(IMPORTED + LOOP)
    assert (done.returncode, done.stdout, done.stderr) == (0, "watched\n", "")


def test_scripts_read_what_a_thread_reads(tmp_path: Path) -> None:
    lines = [f"line {number}" for number in range(300)]
    with Service(tmp_path, "--flood", "off") as service:
        done = run(RUN, "send", "--server", where(service), text="\n".join(lines))
        assert (done.returncode, done.stderr) == (0, "")
        assert texts(service) == lines
        done = run(RUN, "join", "--plain", where(service), "--name", "ann", text="hello\n/quit\n")
        assert "You are in #lobby" in done.stdout
        assert texts(service) == [*lines, "hello"]


def test_what_does_not_exist_is_told_and_fails(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        for command, more in (("tail", ["-n"]), ("export", []), ("send", ["hello"])):
            to = ["--to", "#typo", *more] if command == "send" else ["#typo", *more]
            done = run(RUN, command, "--server", where(service), *to)
            assert (done.returncode, done.stdout) == (1, "")
            assert "There is no room #typo." in done.stderr
            assert ("--create" in done.stderr) == (command == "send")
        done = run(RUN, "send", "--server", where(service), "--create", "--to", "#typo", "hello")
        assert (done.returncode, done.stderr) == (0, "")
        assert texts(service, "typo") == ["hello"]


def test_accounts_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "chat.db"
    archive = SQLArchive(path, Workers(*[at_once] * 5), no_turn, start)
    member(Chat(archive), "ann")
    start(archive.close())
    done = run(ACCOUNTS, f"sqlite:{path}")
    assert (done.returncode, done.stderr) == (0, "")
    assert '"name": "ann"' in done.stdout
