"""The real service under systemd: its unit, its notifications, and sockets that systemd opens."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from logged_service import started, text_of
from real import LIMIT, Person, Service, beside_python, needs
from supervisor import Notified, passing

UNITS = Path(__file__).parent.parent / "contrib" / "systemd"
CHATSVC = beside_python("chatsvc")
MOST_EXPOSURE = 2.0


def setting(name: str) -> str:
    """Return a setting of the unit."""
    (found,) = re.findall(rf"(?m)^{name}=(.*)$", (UNITS / "chatsvc.service").read_text())
    return str(found)


def here(words: str, directory: Path) -> str:
    """Return a unit's command with places of this test."""
    for place in ("/usr/local/bin/chatsvc", "/etc/chatsvc.toml", "/var/lib/chatsvc"):
        assert place in (UNITS / "chatsvc.service").read_text()
    words = words.replace("/usr/local/bin/chatsvc", CHATSVC)
    words = words.replace("/etc/chatsvc.toml", str(directory / "chatsvc.toml"))
    return words.replace("/var/lib/chatsvc", str(directory / "data"))


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT
    )


def test_systemd_rates_the_unit_as_safe() -> None:
    done = run(
        needs("systemd-analyze"), "security", "--offline=true", str(UNITS / "chatsvc.service")
    )
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    assert float(found[1]) <= MOST_EXPOSURE


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for unit in UNITS.iterdir():
        (tmp_path / unit.name).write_text(here(unit.read_text(), tmp_path))
    files = map(str, sorted(tmp_path.iterdir()))
    done = run(needs("systemd-analyze"), "verify", "--man=no", *files)
    ours = [row for row in done.stdout.splitlines() if "chatsvc." in row]
    assert (ours, done.returncode) == ([], 0), done.stdout


def test_the_units_commands_start_reload_and_stop_the_service(tmp_path: Path) -> None:
    (tmp_path / "chatsvc.toml").write_text("")
    command = ["sh", "-c", f"exec {here(setting('ExecStart'), tmp_path)} --port 0 --log-file log"]
    with Notified(tmp_path) as manager:
        with subprocess.Popen(command, env=manager.environment) as process:
            try:
                assert manager.next()["READY"] == "1"
                (tmp_path / "chatsvc.toml").write_text('name = "Class 4b"\n')
                run("env", f"MAINPID={process.pid}", "sh", "-c", setting("ExecReload"))
                assert manager.next()["RELOADING"] == "1"
                assert "Changed: name." in manager.next()["STATUS"]
            finally:
                process.terminate()
        assert manager.next() == {"STOPPING": "1"}
    assert process.returncode == 0
    assert setting("Type") == "notify"
    assert setting("User") == "chatsvc"


@pytest.mark.parametrize("twistd", [None, ["-n", "--pidfile="]], ids=["serve", "twistd"])
@pytest.mark.parametrize("abstract", [False, True], ids=["file", "abstract"])
def test_it_tells_systemd_when_it_is_ready_reloads_and_stops(
    tmp_path: Path, abstract: bool, twistd: list[str] | None
) -> None:
    with Notified(tmp_path, abstract) as manager:
        service = Service(tmp_path, env=manager.environment, twistd=twistd)
        assert manager.next() == {"READY": "1", "STATUS": "Ready."}
        with service as chat:
            chat.person("ann")
            before = time.monotonic_ns() // 1000
            chat.signal(signal.SIGHUP)
            reloading = manager.next()
            assert reloading["RELOADING"] == "1"
            assert before <= int(reloading["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
            assert manager.next()["READY"] == "1"
            chat.signal(signal.SIGTERM)
            assert manager.next() == {"STOPPING": "1"}
            assert chat.ended() == 0


def test_a_reload_by_the_control_socket_is_told_as_well(tmp_path: Path) -> None:
    with Notified(tmp_path) as manager, Service(tmp_path, env=manager.environment, twistd=None):
        assert manager.next()["READY"] == "1"
        done = subprocess.run([CHATSVC, "reload"], cwd=tmp_path, timeout=LIMIT)
        assert done.returncode == 0
        assert manager.next()["RELOADING"] == "1"
        assert manager.next()["STATUS"] == "Ready. The last reload: Nothing has changed."


def test_it_serves_although_systemd_does_not_listen(tmp_path: Path) -> None:
    environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "nobody")}
    with Service(tmp_path, env=environment, twistd=None) as chat:
        chat.person("ann")
        chat.wait_for("Cannot notify systemd: No such file or directory")


def listening(family: socket.AddressFamily, address: str) -> socket.socket:
    found = socket.socket(family, socket.SOCK_STREAM)
    found.bind(address if family == socket.AF_UNIX else (address, 0))
    found.listen()
    return found


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_it_accepts_on_the_socket_that_systemd_passes(
    tmp_path: Path, family: socket.AddressFamily, address: str
) -> None:
    """A user who connects before it has started waits."""
    with listening(family, address) as passed:
        early = Person(socket.create_connection(passed.getsockname()[:2], LIMIT))
        command = passing(passed, CHATSVC, "serve", "--log-file", "log")
        with started(tmp_path, command, tmp_path / "log", pass_fds=[passed.fileno()]):
            early.come_in("ann")
            assert f":{passed.getsockname()[1]}\n" in text_of(tmp_path / "log")
            early.close()
        late = socket.create_connection(passed.getsockname()[:2], LIMIT)  # while it is stopped
        late.close()


def test_a_place_to_listen_that_is_named_is_used_instead(tmp_path: Path) -> None:
    with listening(socket.AF_INET, "127.0.0.1") as passed:
        command = passing(passed, CHATSVC, "serve", "--listen", "unix:chat.sock")
        with started(
            tmp_path, [*command, "--log-file", "log"], tmp_path / "log", pass_fds=[passed.fileno()]
        ):
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(tmp_path / "chat.sock"))
            Person(connection).come_in("ann")
            connection.close()


def refusal(directory: Path, passed: socket.socket) -> str:
    """Return what a service says that cannot use the socket which is passed to it."""
    done = subprocess.run(
        passing(passed, CHATSVC, "serve"), cwd=directory, pass_fds=[passed.fileno()],
        capture_output=True, text=True, timeout=LIMIT,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_sockets_that_it_cannot_use_are_refused(tmp_path: Path) -> None:
    with listening(socket.AF_UNIX, str(tmp_path / "unix")) as unix:
        assert "use --listen unix:PATH" in refusal(tmp_path, unix)
        assert (tmp_path / "unix").exists()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        assert "Use ListenStream= and Accept=no" in refusal(tmp_path, datagrams)
