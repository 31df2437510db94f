"""The real `twistd chat` as its administrator sees it: options, messages, log, exit codes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from real import (
    LIMIT,
    Service,
    beside_python,
    needs,
    wait_until,
)
from spoiled_archives import make_damaged, make_directory, make_foreign, make_newer, make_text


def fails_with(directory: Path, *options: str, prefix: Sequence[str] = ()) -> str:
    """Return the sentence that `twistd chat` ends with when it cannot start."""
    done = subprocess.run(
        [*prefix, beside_python("twistd"), "-n", "--pidfile=", "chat", *options],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
    )
    assert done.returncode > 0, done.stdout
    assert "Traceback" not in done.stdout
    logged = r"\d{4}-\S+ \[(?!stderr)"
    sentences = [line for line in done.stdout.splitlines() if not re.match(logged, line)]
    assert 1 <= len(sentences) <= 2, done.stdout
    return "\n".join(sentences)


# Starting


def test_it_says_where_it_listens_how_to_join_and_where_history_is_kept(tmp_path: Path) -> None:
    with Service(tmp_path) as chat:
        port = chat.port
        for command in ("telnet localhost ", "nc localhost "):
            assert f"    {command}{port}\n" in chat.log
        client = re.search(rf"^\s+(\S+) join localhost:{port}$", chat.log, re.MULTILINE)
        assert client is not None
        assert shutil.which(client[1]) is not None
        assert f"Messages are stored in {tmp_path / 'chat.db'}\n" in chat.log
        assert "Ctrl-C" in chat.log
    assert (tmp_path / "chat.db").exists()


def test_in_memory_it_says_that_it_forgets_and_leaves_no_file(tmp_path: Path) -> None:
    with Service(tmp_path, "--archive", "memory:", "--interface", "127.0.0.1") as chat:
        assert "lost when the service stops" in chat.log
        assert f"    telnet 127.0.0.1 {chat.port}\n" in chat.log
        assert "On another machine" not in chat.log
        chat.person("ann").send("hello")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_it_says_what_its_options_are_and_which_version_it_is(
    tmp_path: Path, words: list[str]
) -> None:
    done = subprocess.run(
        [beside_python("twistd"), "chat", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert (done.returncode, done.stderr) == (0, "")
    if words == ["--help"]:
        listed = re.findall(r"--([a-z-]+)", done.stdout)
        options = "port interface listen archive name motd password password-file max-clients"
        options += " show-history show-messages stop-when-empty leave-on-empty-line"
        options += " flood per-address arrivals name-within login-attempts"
        options += " cert key require-tls speaks"
        assert set(options.split()) <= set(listed)
        assert "13531" in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 80
    else:
        assert re.fullmatch(r"chatsvc \d+\.\d+\S*\n", done.stdout)
    assert list(tmp_path.iterdir()) == []


# Failing to start: one sentence each


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        sentence = fails_with(tmp_path, "--port", str(port), "--interface", "127.0.0.1")
    assert f"port {port}" in sentence
    assert "in use" in sentence


def test_a_low_port_without_permission_is_explained(tmp_path: Path) -> None:
    # Root without the capability is like anybody else, and finds Python where it is.
    root = [needs("setpriv"), "--bounding-set=-net_bind_service"] if os.geteuid() == 0 else []
    bind = "import socket; socket.socket().bind(('127.0.0.1', 80))"
    tried = subprocess.run([*root, sys.executable, "-c", bind], capture_output=True, text=True)
    if "PermissionError" not in tried.stderr:
        pytest.skip("this user may listen on port 80, or it is in use")
    options = ("--port", "80", "--interface", "127.0.0.1")
    sentence = fails_with(tmp_path, *options, prefix=root)
    assert "port 80" in sentence
    assert "1024" in sentence


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--port 65536", "--port must be a number from 0 to 65535, not '65536'"),
        ("--port 0 --interface 192.0.2.1", "192.0.2.1 is not an address of this machine"),
        ("--port 0 --archive mysql://x", "--archive must be sqlite:PATH, postgresql://"),
        ("--port 0 --archive sqlite:missing/chat.db", "missing"),
        ("--port 0 --motd missing.txt", "--motd: cannot read missing.txt: No such file"),
        ("--listen nonsense", "--listen nonsense is not a valid endpoint"),
        ("--listen unix:missing/chat.sock", "missing/chat.sock"),
        ("--port 0 --nonsense", "nonsense"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    tmp_path: Path, options: str, sentence: str
) -> None:
    assert sentence in fails_with(tmp_path, *options.split())
    assert [file.name for file in tmp_path.iterdir() if file.name != "chat.db.lock"] == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (make_newer, "newer chatsvc"),
        (make_foreign, "another program"),
        (make_text, "not a chatsvc archive"),
        (make_damaged, "damaged"),
        (make_directory, "Cannot open"),
    ],
)
def test_a_bad_archive_is_explained_and_left_as_it_is(
    archive: Path, tmp_path: Path, spoil: Any, words: str
) -> None:
    path = tmp_path / "chat.db"
    path.write_bytes(archive.read_bytes())
    spoil(path)
    before = path.is_file() and path.read_bytes()
    sentence = fails_with(tmp_path, "--port", "0")
    assert words in sentence
    assert "chat.db" in sentence
    assert (path.is_file() and path.read_bytes()) == before


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an archive with a line in it."""
    directory = tmp_path_factory.mktemp("archive")
    with Service(directory) as chat:
        ann = chat.program("ann")
        ann.ask("say", text="hello")
    return directory / "chat.db"


def test_a_second_service_on_the_same_archive_is_refused(tmp_path: Path) -> None:
    with Service(tmp_path) as chat:
        assert "Another chatsvc is using the archive" in fails_with(tmp_path, "--port", "0")
        chat.person("ann")


# Users


def test_the_password_is_asked_for_and_checked(tmp_path: Path) -> None:
    # The fewer guesses are allowed, the longer the next person waits for an answer.
    with Service(tmp_path, "--password", "sesame", "--login-attempts", "5/30") as chat:
        ann = chat.person()
        ann.send("ann")
        ann.until("This chat requires a password. What is it?")
        ann.send("open")
        ann.until("Wrong password. Try again:")
        ann.send("sesame")
        ann.until("* Welcome, ann. You are in #lobby")
        wrong = chat.person()
        wrong.send("eve", *["guess"] * 20)
        assert wrong.rest()[-1].startswith("* ")
        program = chat.program()
        answer = program.ask("hello", name="bob", password="wrong")
        assert (answer["event"], answer["code"]) == ("refused", "wrong-password")
        assert program.ask("hello", name="bob", password="sesame")["event"] == "welcome"
        assert "sesame" not in chat.log
        assert ann.hears_nothing_but_answers()


def test_a_password_can_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("open sesame\n")
    with Service(tmp_path, "--password-file", "secret") as chat:
        ann = chat.person()
        ann.send("ann", "open sesame")
        ann.until("* Welcome, ann.")


def test_the_one_too_many_is_told_that_the_server_is_full(tmp_path: Path) -> None:
    with Service(tmp_path, "--max-clients", "2") as chat:
        ann, bob = chat.person("ann"), chat.person("bob")
        third = chat.person()
        (words,) = third.rest()
        assert words.startswith("* ")
        assert "The server is full" in words
        hasty = chat.person()
        hasty.send("eve", "let me in", "/msg bob psst")
        assert "The server is full" in hasty.rest()[-1]
        assert ann.until("bob joined")
        assert ann.hears_nothing_but_answers()
        program = chat.program()
        program.request("hello", name="carol")
        refusal = program.event("refused")
        assert (refusal["code"], program.rest()) == ("full", [])
        bob.send("/quit")
        bob.rest()
        ann.until("bob left")
        chat.person("dave")


def test_a_message_of_the_day_is_shown_on_arrival(tmp_path: Path) -> None:
    (tmp_path / "motd").write_text("Be kind.\n\x1b[31mTea at five.\n", encoding="utf-8")
    with Service(tmp_path, "--motd", "motd", "--name", "Class 4b") as chat:
        ann = chat.person()
        assert ann.until("name") == "Welcome to Class 4b. What is your name?"
        ann.send("ann")
        assert ann.lines_until("You are in")[:-1] == ["* Be kind.", "* Tea at five."]
        assert chat.program().ask("hello", name="bob")["motd"] == "Be kind.\nTea at five."


def test_as_many_earlier_lines_are_shown_as_was_chosen(tmp_path: Path) -> None:
    for options, shown in (([], 20), (["--show-history", "3"], 3), (["--show-history", "0"], 0)):
        with Service(tmp_path, *options) as chat:
            bob = chat.program("bob")
            for number in range(1, 31):
                bob.ask("say", text=f"line {number}")
            assert history(chat) == [f"line {number}" for number in range(31 - shown, 31)]


def history(chat: Service) -> list[str]:
    """Return what a joining user is shown."""
    ann, zoe = chat.person("ann"), chat.program("zoe")
    zoe.ask("say", text="that was all")
    lines = ann.lines_until("that was all")
    return [line.partition("<bob> ")[2] for line in lines if "<bob>" in line]


@pytest.mark.parametrize("shown", [True, False])
def test_the_log_holds_what_is_said_only_when_that_was_chosen(tmp_path: Path, shown: bool) -> None:
    with Service(tmp_path, *["--show-messages"][: int(shown)]) as chat:
        ann, bob = chat.person("ann"), chat.program("bob")
        ann.send("the public words", "/msg bob the secret words", "/topic the topical words")
        bob.until(lambda event: event["event"] == "topic")
        bob.ask("say", text="the other words")
        ann.send(b"the broken words\xe9", b"/nonsense the mistaken words", b"x" * 5000, "/quit")
        ann.rest()
    said = re.findall(r"#lobby <(\w+)> (.*)", chat.log)
    words = [("ann", "the public words"), ("bob", "the other words")]
    assert said == (words if shown else [])
    assert bool(re.search("public words|other words", chat.log)) == shown
    assert not re.search("secret|topical|broken|mistaken", chat.log)


def test_it_stops_when_the_last_person_leaves(tmp_path: Path) -> None:
    with Service(tmp_path, "--stop-when-empty") as chat:
        ann, bob = chat.person("ann"), chat.person("bob")
        ann.send("/quit")
        ann.rest()
        bob.until("ann left")
        bob.send("still here", "/quit")
        assert bob.rest()[-1] == "* Goodbye, bob."
        assert chat.ended() == 0


def test_it_stops_once_when_it_is_stopped_and_everybody_leaves(tmp_path: Path) -> None:
    with Service(tmp_path, "--stop-when-empty") as chat:
        ann = chat.person("ann")
        chat.signal(signal.SIGTERM)
        ann.rest()
        assert chat.ended() == 0
        assert "Traceback" not in chat.log


def test_an_empty_line_means_goodbye_only_when_that_was_chosen(tmp_path: Path) -> None:
    with Service(tmp_path) as chat:
        ann = chat.person("ann")
        ann.send("", " ")
        assert ann.hears_nothing_but_answers()
    with Service(tmp_path, "--leave-on-empty-line") as chat:
        ann = chat.person("ann")
        ann.send("")
        assert ann.rest()[-1] == "* Goodbye, ann."


# As a process


def test_sighup_does_not_stop_it(tmp_path: Path) -> None:
    with Service(tmp_path) as chat:
        chat.process.send_signal(signal.SIGHUP)
        chat.wait_for("Reloaded the configuration. Nothing has changed.")
        assert chat.process.poll() is None


def test_a_pid_file_with_its_own_number_does_not_keep_it_from_starting(tmp_path: Path) -> None:
    shell = f"echo $$ >twistd.pid; exec {beside_python('twistd')} -n chat --port 0"
    with subprocess.Popen(
        ["sh", "-c", shell], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if b"To stop the service" in line:
                break
        assert (tmp_path / "twistd.pid").read_text() == str(process.pid)
        process.terminate()
        process.stdout.read()
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_a_renamed_log_is_begun_again(tmp_path: Path, number: signal.Signals) -> None:
    log, renamed = tmp_path / "d.log", tmp_path / "d.log.1"
    command = [beside_python("twistd"), "-n", "--pidfile=", "--logfile", "d.log"]
    with subprocess.Popen([*command, "chat", "--port", "0"], cwd=tmp_path) as process:
        wait_until(lambda: log.exists() and "To stop the service" in log.read_text(), "the chat")
        log.rename(renamed)
        process.send_signal(number)
        wait_until(log.exists, "a new log")
        process.terminate()
    assert process.returncode == 0
    assert "Server Shut Down" in log.read_text()
    assert "Server Shut Down" not in renamed.read_text()
