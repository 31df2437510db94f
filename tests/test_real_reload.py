"""Reading the configuration again while people chat: SIGHUP to the real service."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
from pathlib import Path

import pytest
from logged_service import text_of
from real import LIMIT, Program, Service, Terminal, beside_python, wait_until

from chatsvc.transports.selfsigned import make


class Configured:
    """A service with a configuration file that can be written again."""

    def __init__(self, directory: Path, twistd: list[str] | None) -> None:
        self.file = directory / "chatsvc.toml"
        self.write("")
        options = ("--config", str(self.file), "--data", str(directory / "data"))
        self.service = Service(directory, *options, twistd=twistd)
        self._reloads = 0

    def write(self, text: str) -> None:
        self.file.write_text(text)

    def reload(self, text: str | None = None) -> str:
        """Write the file, send SIGHUP, and return what the service says about it."""
        if text is not None:
            self.write(text)
        self.service.signal(signal.SIGHUP)
        self._reloads += 1
        pattern = rf"(?s)(?:Reloaded the configuration\. .*?){{{self._reloads}}}\n"
        self.service.wait_for(pattern)
        return self.service.log.rpartition("Reloaded the configuration. ")[2].splitlines()[0]


@pytest.fixture(params=[None, ["-n", "--pidfile="]], ids=["serve", "twistd"])
def chat(request: pytest.FixtureRequest, tmp_path: Path) -> Configured:
    return Configured(tmp_path, request.param)


def test_what_can_change_changes_and_nobody_is_disconnected(
    chat: Configured, tmp_path: Path
) -> None:
    with chat.service as service:
        ann, bob = service.person("ann"), service.program("bob")
        (tmp_path / "motd.txt").write_text("Tea is at five.")
        assert (
            chat.reload(
                'name = "Class 4b"\nmotd = "motd.txt"\naccounts = "closed"\nshow-history = 0\n'
            )
            == "Changed: name, motd, accounts, show-history."
        )
        about = bob.ask("about")
        assert (about["chat"], about["registration"]) == ("Class 4b", "closed")
        carol = service.person()
        carol.until("Welcome to Class 4b.")
        carol.send("carol")
        carol.until("Tea is at five.")
        assert bob.ask("register", password="correct-horse")["code"] == "closed"
        (tmp_path / "motd.txt").write_text("Tea is at six.")
        assert chat.reload() == "Changed: motd."
        assert bob.ask("about")["motd"] == "Tea is at six."
        ann.send("still here")
        carol.until("<ann> still here")
        assert chat.reload() == "Nothing has changed."


def test_what_needs_a_restart_is_named_each_time(chat: Configured) -> None:
    with chat.service as service:
        ann = service.person("ann")
        said = "Changed: show-history. Restart the service to change: interface, speaks."
        text = 'interface = "127.0.0.1"\nspeaks = "text"\nshow-history = 3\n'
        assert chat.reload(text) == said
        assert chat.reload() == (
            "Nothing was changed. Restart the service to change: interface, speaks."
        )
        assert ann.hears_nothing_but_answers()


@pytest.mark.parametrize("chat", [None], indirect=True)
def test_a_mistake_changes_nothing(chat: Configured) -> None:
    with chat.service as service:
        bob = service.program("bob")
        said = chat.reload('name = "Class 4b"\nprot = 3\n')
        assert said == (
            f"Nothing was changed: {chat.file}:2: prot is not an option. Did you mean port?"
        )
        assert bob.ask("about")["chat"] == "chatsvc"
        chat.file.unlink()
        assert "Cannot read --config" in chat.reload()
        assert chat.reload('name = "Class 4c"\n') == "Changed: name."


@pytest.mark.parametrize("chat", [None], indirect=True)
def test_limits_change_for_those_who_connect_now(chat: Configured) -> None:
    with chat.service as service:
        service.person("ann")
        assert chat.reload("max-clients = 1\n") == "Changed: max-clients."
        assert "full" in service.person().rest()[0]
        assert chat.reload("new-rooms = '1/3600'\n") == "Changed: max-clients, new-rooms."
        bob = service.program("bob")
        assert bob.ask("join", room="#tea")["event"] != "refused"
        assert bob.ask("join", room="#milk")["code"] == "too-many-rooms"
        assert chat.reload("") == "Changed: new-rooms."
        assert bob.ask("join", room="#milk")["event"] != "refused"


@pytest.mark.parametrize("chat", [None], indirect=True)
def test_certificates_change_and_a_bad_one_does_not(chat: Configured, tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    with chat.service as service:
        first = fingerprint(service.port)
        own.write_bytes(make())
        assert chat.reload('cert = "own.pem"\nkey = "own.pem"\n') == (
            "Changed: cert, key, certificate."
        )
        second = fingerprint(service.port)
        assert second != first
        own.write_text("tea")
        for _ in range(2):
            assert chat.reload().endswith(
                "no certificate in PEM format. The previous certificate stays in use."
            )
        assert fingerprint(service.port) == second
        assert chat.reload("") == "Changed: cert, key, certificate."
        assert fingerprint(service.port) == first


def fingerprint(port: int) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("localhost", port), LIMIT) as connection,
        context.wrap_socket(connection) as secure,
    ):
        certificate = secure.getpeercert(binary_form=True)
    assert certificate is not None
    return certificate


@pytest.mark.parametrize("chat", [None], indirect=True)
def test_the_log_level_changes(chat: Configured) -> None:
    with chat.service as service:
        assert chat.reload("log-level = 'debug'\n") == "Changed: log-level."
        chat.write("log-level = 'error'\n")
        service.signal(signal.SIGHUP)
        bob = service.program("bob")
        before = service.log
        chat.write("log-level = 'error'\nname = 'quiet'\n")
        service.signal(signal.SIGHUP)
        while bob.ask("about")["chat"] != "quiet":
            pass
        assert service.log == before


# A lost terminal


@pytest.mark.parametrize("redirected", ["", "</dev/null"])
def test_a_service_whose_terminal_is_closed_stops_gracefully(
    tmp_path: Path, redirected: str
) -> None:
    """Also if its standard input is not the terminal."""
    serve = f"{beside_python('chatsvc')} serve --port 0 --data data --log-file chat.log"
    terminal = Terminal("sh", "-c", f"{serve} {redirected}", cwd=tmp_path)
    log, pid_file = tmp_path / "data" / "chat.log", tmp_path / "data" / "chatsvc.pid"
    wait_until(lambda: "To stop the service" in text_of(log), "the chat")
    port = int(log.read_text().rpartition("join localhost:")[2].split()[0])
    with socket.create_connection(("localhost", port), LIMIT) as connection:
        bob = Program(connection)
        bob.ask("hello", version=1, name="bob")
        os.kill(int(pid_file.read_text()), signal.SIGHUP)  # the terminal is there
        wait_until(lambda: "Reloaded the configuration" in text_of(log), "a reload")
        terminal.hang_up()
        assert "stopping" in bob.event("goodbye")["text"]
    terminal.process.wait(LIMIT)
    wait_until(lambda: not pid_file.exists(), "its end")


def test_a_service_in_the_background_outlives_its_terminal(tmp_path: Path) -> None:
    """Without a controlling terminal, as under systemd or setsid, SIGHUP only reloads."""
    with Service(tmp_path, twistd=None, start_new_session=True) as chat:
        chat.signal(signal.SIGHUP)
        chat.wait_for("Reloaded the configuration. Nothing has changed.")
        assert chat.process.poll() is None


@pytest.mark.parametrize("chat", [None], indirect=True)
def test_the_command_says_what_changed(chat: Configured, tmp_path: Path) -> None:
    command = [beside_python("chatsvc"), "reload", "--archive", f"sqlite:{tmp_path}/data/chat.db"]
    with chat.service as service:
        ann = service.person("ann")
        chat.write("name = 'Class 4b'\nkeep = '90d'\nspeaks = 'text'\n")
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
        said = "Changed: name, keep. Restart the service to change: speaks.\n"
        assert (done.returncode, done.stdout, done.stderr) == (0, said, "")
        assert ann.hears_nothing_but_answers()
        chat.write("prot = 1\n")
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == 1
        assert "chatsvc.toml:1: prot is not an option. Did you mean port?" in done.stdout
