"""Where the real `twistd chat` listens, in the foreground and as a daemon."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import subprocess
from pathlib import Path

import pytest
from real import (
    LIMIT,
    Deadline,
    Person,
    Program,
    Service,
    beside_python,
    ended_at_last,
    needs,
    wait_for_process,
)
from spoiled_archives import make_text

# Endpoints


def test_people_can_come_in_by_a_file(tmp_path: Path) -> None:
    nc = needs("nc")
    with Service(tmp_path, "--listen", "unix:chat.sock") as chat:
        assert re.search(r"    nc -U \S*chat\.sock\n", chat.log)
        done = subprocess.run(
            [nc, "-NU", "chat.sock"],
            cwd=tmp_path,
            input=b"eve\nhello\n/history\n",
            capture_output=True,
            timeout=LIMIT,
        )
        answers = done.stdout.decode().splitlines()
        assert "You are in #lobby" in answers[1]
        assert answers[-1] == "* Goodbye, eve."
    assert not (tmp_path / "chat.sock").exists()


def test_people_who_come_in_by_different_ways_are_in_one_room(tmp_path: Path) -> None:
    ways = ["--listen", "unix:chat.sock", "--listen", "tcp:0:interface=127.0.0.1"]
    with Service(tmp_path, *ways) as chat:
        ann = chat.peer(Person, "127.0.0.1")
        ann.come_in("ann")
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(tmp_path / "chat.sock"))
        bob = Program(connection)
        try:
            bob.ask("hello", name="bob")
            assert bob.ask("join", room="#lobby")["names"] == ["ann"]
            bob.ask("say", text="hello")
            assert ann.until("<bob>").endswith("<bob> hello")
        finally:
            bob.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_by_default_it_listens_on_ipv4_and_ipv6(tmp_path: Path, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        socket.create_server((address, 0), family=family).close()
    except OSError:
        pytest.skip(f"this machine has no {address}")
    with Service(tmp_path) as chat:
        assert "You are in #lobby" in chat.peer(Person, address).come_in("ann")


def test_one_address_is_listened_on_when_it_was_chosen(tmp_path: Path) -> None:
    with Service(tmp_path, "--interface", "127.0.0.1") as chat:
        chat.peer(Person, "127.0.0.1").come_in("ann")
        with pytest.raises(OSError, match="refused"):
            chat.peer(Person, "::1")


# As a daemon


@pytest.fixture
def daemon_files(tmp_path: Path) -> list[str]:
    return [f"--pidfile={tmp_path / 'chat.pid'}", f"--logfile={tmp_path / 'chat.log'}"]


def test_as_a_daemon_it_serves_logs_and_stops_by_sigterm(
    tmp_path: Path, daemon_files: list[str]
) -> None:
    command = [beside_python("twistd"), *daemon_files, "chat", "--port", "0"]
    started = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=LIMIT)
    assert (started.returncode, started.stdout, started.stderr) == (0, b"", b"")
    pid = int((tmp_path / "chat.pid").read_text())
    with ended_at_last(pid):
        log = tmp_path / "chat.log"
        deadline = Deadline(LIMIT)
        while (ready := re.search(r"chatsvc join localhost:(\d+)\n", log.read_text())) is None:
            deadline.left("a word that the daemon is ready")
        with socket.create_connection(("localhost", int(ready.group(1)))) as connection:
            ann = Person(connection)
            ann.come_in("ann")
            ann.send("hello", "/time")
            ann.until("It is")
            os.kill(pid, signal.SIGTERM)
            assert "stopping" in ann.rest()[-1]
        wait_for_process(pid)
    assert not (tmp_path / "chat.pid").exists()
    assert "Traceback" not in log.read_text()
    with Service(tmp_path, "--show-history", "5") as chat:
        chat.person("bob").until("<ann> hello")


def test_a_daemon_that_cannot_start_says_so_where_it_was_started(
    tmp_path: Path, daemon_files: list[str]
) -> None:
    make_text(tmp_path / "chat.db")
    command = [beside_python("twistd"), *daemon_files, "chat", "--port", "0"]
    started = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT)
    assert started.returncode > 0
    assert "not a chatsvc archive" in started.stdout + started.stderr
    assert "Traceback" not in started.stdout + started.stderr
    assert not (tmp_path / "chat.pid").exists()


def test_behind_a_proxy_the_proxy_s_first_line_is_not_a_name(tmp_path: Path) -> None:
    with Service(tmp_path, "--listen", "haproxy:tcp:0:interface=127.0.0.1") as chat:
        with socket.create_connection(("127.0.0.1", chat.port), timeout=LIMIT) as proxied:
            proxied.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.8 1234 13531\r\nann\r\n")
            heard = b""
            while b"You are in #lobby" not in heard:
                data = proxied.recv(4096)
                assert data, heard
                heard += data
        assert b"Welcome, ann." in heard


def test_a_socket_that_was_not_passed_on_is_a_sentence(tmp_path: Path) -> None:
    command = [beside_python("twistd"), "-n", "chat", "--listen", "systemd:domain=INET:index=0"]
    started = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT)
    assert started.returncode == 1
    assert "--listen systemd:domain=INET:index=0 is not a valid endpoint" in started.stderr
    assert "Traceback" not in started.stdout + started.stderr


def test_over_tls_people_talk_and_read_much_at_once(tmp_path: Path) -> None:
    needs("openssl")
    make = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        " -subj /CN=localhost -keyout key.pem -out cert.pem"
    )
    subprocess.run(make.split(), cwd=tmp_path, capture_output=True, check=True, timeout=LIMIT)
    endpoint = "ssl:0:privateKey=key.pem:certKey=cert.pem:interface=127.0.0.1"
    trust = ssl.create_default_context(cafile=None)
    with Service(tmp_path, "--listen", endpoint, "--show-history", "500") as chat:
        trust.load_verify_locations(tmp_path / "cert.pem")
        said = b"".join(b"%d %s\n" % (n, b"x" * 2000) for n in range(300))
        with encrypted(trust, chat.port) as ann:
            ann.sendall(b"ann\n" + said + b"/quit\n")
            assert b"Goodbye, ann" in everything(ann)
        with encrypted(trust, chat.port) as bob:
            bob.sendall(b"bob\n")
            heard = b""
            while b"<ann> 299 " not in heard:
                heard += bob.recv(65536)
        numbers = [int(n) for n in re.findall(rb"<ann> (\d+) ", heard)]
        assert numbers == list(range(300))


def encrypted(trust: ssl.SSLContext, port: int) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), timeout=LIMIT)
    return trust.wrap_socket(plain, server_hostname="localhost")


def everything(peer: ssl.SSLSocket) -> bytes:
    heard = b""
    while data := peer.recv(65536):
        heard += data
    return heard
