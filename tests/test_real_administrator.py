"""A new administrator who has only `docs/operating.md`: from the configuration to an erasure."""

from __future__ import annotations

import json
import re
import shutil
import socket
import sqlite3
import ssl
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
from administrator import run
from real import LIMIT, Person, Service

from chatsvc.store.sqlite.migrations import newest
from chatsvc.transports.selfsigned import make

OLD = Path(__file__).parent / "archives" / "1-released.sql"
PEOPLE = ("bob", "carol", "dave", "eve", "fay")
SAID = [f"{name}: from {name}" for name in PEOPLE]
SECRET = "correct-horse-battery"
SETTINGS = {
    "data": '"../lib"',
    "port": "0",
    "name": '"Class 4b"',
    "accounts": '"closed"',
    "cert": '"own.pem"',
    "key": '"own.pem"',
    "require-tls": "true",
    "metrics-token": '"token"',
}


class Administrator:
    """Somebody who types what the manual says, on a machine of their own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lib = root / "lib"
        etc = root / "etc"
        etc.mkdir()
        for name, content in (("own.pem", make()), ("token", b"0123456789abcdef\n")):
            (etc / name).write_bytes(content)
            (etc / name).chmod(0o600)
        self.config = etc / "chatsvc.toml"
        self.config.write_text(self.configured(run(root, "config", "--example")))
        (root / "secret").write_text(f"{SECRET}\n")

    def configured(self, example: str) -> str:
        """Set the options of the manual in the example of a file."""
        for name, value in SETTINGS.items():
            example, count = re.subn(rf"(?m)^#{name} = .*$", f"{name} = {value}", example)
            assert count == 1, name
        return example

    def types(self, line: str) -> str:
        """Run a command; return what it prints."""
        return run(self.root, *line.split(), typed=f"{SECRET}\n")

    def serves(self) -> Service:
        return Service(self.root, twistd=None)

    def said(self) -> list[str]:
        """Return what was said in the lobby, and by whom, from an export of every room."""
        target = self.root / "rooms"
        self.types(f"export --all {target}")
        lines = map(json.loads, (target / "lobby.jsonl").read_text().splitlines())
        found = [f"{line.get('from', '')}: {line['text']}" for line in lines]
        shutil.rmtree(target)
        return found


@pytest.fixture
def administrator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Administrator:
    administrator = Administrator(tmp_path)
    monkeypatch.setenv("CHATSVC_CONFIG", str(administrator.config))
    return administrator


def everybody_talks(administrator: Administrator, service: Service) -> None:
    """Let each of the five people say something: by telnet, by IRC, with the client."""
    bob = service.person()
    bob.send("bob", SECRET)
    bob.until("Welcome back, bob.")
    bob.send("from bob")
    assert bob.hears_nothing_but_answers()
    by_irc(administrator, service.port, bob)
    for name in PEOPLE[2:]:
        where = f"--server 127.0.0.1:{service.port} --name {name}"
        secret = administrator.root / "secret"
        administrator.types(f"send {where} --account-password-file {secret} from {name}")
        bob.until(f"<{name}> from {name}")


def by_irc(administrator: Administrator, port: int, reader: Person) -> None:
    """Let carol say something over IRC and TLS."""
    context = ssl.create_default_context(cafile=administrator.root / "etc" / "own.pem")
    context.check_hostname = False
    with (
        socket.create_connection(("127.0.0.1", port), LIMIT) as connection,
        context.wrap_socket(connection) as secure,
    ):
        secure.sendall(f"PASS {SECRET}\r\nNICK carol\r\nUSER c 0 * :c\r\n".encode())
        secure.sendall(b"JOIN #lobby\r\nPRIVMSG #lobby :from carol\r\n")
        reader.until("<carol> from carol")


def test_a_week_of_work_by_the_manual(administrator: Administrator) -> None:
    assert administrator.types("check") == "No problems found.\n"
    administrator.types("account add ann --operator")
    for name in PEOPLE:
        administrator.types(f"account add {name}")
    with administrator.serves() as service:
        everybody_talks(administrator, service)
        address = f"http://localhost:{service.port}/metrics"
        with urllib.request.urlopen(address, timeout=LIMIT) as answer:
            assert b"chatsvc_people" in answer.read()
        assert "Verified" in administrator.types("backup monday.tar --verify")
        assert administrator.types("stop") == "Stopping.\n"
        assert service.ended() == 0
    shutil.rmtree(administrator.lib)
    assert "Restored 5 messages" in administrator.types("restore monday.tar")
    with administrator.serves():
        assert administrator.said() == SAID
        assert "bob is disabled" in administrator.types("account disable bob")
        assert "Erased 1 message of carol" in administrator.types("erase carol --yes")
        assert "Wrote 1 message" in administrator.types("account export dave --to .")
        assert administrator.said() == [SAID[0], "nobody: ", *SAID[2:]]
    assert "from dave" in (administrator.root / "dave.txt").read_text()


def test_an_archive_of_the_first_version_is_upgraded(administrator: Administrator) -> None:
    administrator.lib.mkdir(mode=0o700)
    archive = administrator.lib / "chat.db"
    with closing(sqlite3.connect(archive)) as database:
        database.executescript(OLD.read_text())
        old = database.execute("SELECT sender || ': ' || text FROM said WHERE room = 1").fetchall()
    archive.chmod(0o600)
    assert administrator.types("check") == "No problems found.\n"
    with administrator.serves():
        assert administrator.said() == [row for (row,) in old]
    assert (administrator.lib / f"chat.db.before-v{newest()}").exists()
