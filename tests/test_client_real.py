"""The client at a real terminal and in real pipes, and the real server, which may be killed."""

from __future__ import annotations

import re
import subprocess
from contextlib import closing
from pathlib import Path

from real import LIMIT, Service, Terminal
from real_client import CHATSVC, SECRET, client, join, register, texts, where


def test_what_is_typed_while_the_server_is_killed_is_there_once(tmp_path: Path) -> None:
    wanted = [f"line {number}." for number in range(60)]
    with Service(tmp_path) as service, at_terminal(service) as ann:
        port = str(service.port)
        ann.until("#lobby> ")
        for text in wanted[:30]:
            ann.type(f"{text}\r")
        ann.until("You: line 5")
        service.kill()
        ann.until("Connection lost")
        for text in wanted[30:50]:
            ann.type(f"{text}\r")
        with Service(tmp_path, "--port", port) as again:
            for text in wanted[50:]:
                ann.type(f"{text}\r")
            ann.until("Reconnected")
            ann.type("/quit\r")
            assert ann.ended() == 0
            assert texts(again) == wanted
        assert re.findall(r"You: (line \d+\.)", ann.text) == wanted


def at_terminal(service: Service) -> closing[Terminal]:
    """Return the client at a terminal that outlives the service."""
    return closing(Terminal(*CHATSVC, "join", "--plain", where(service), "--name", "ann"))


def test_lines_that_are_piped_while_the_server_is_killed_are_there_once(tmp_path: Path) -> None:
    wanted = [str(number) for number in range(5000)]
    lines = tmp_path / "lines"
    lines.write_text("".join(f"{text}\n" for text in wanted))
    with Service(tmp_path) as service, lines.open() as source:
        port = str(service.port)
        reader = service.program("bob")
        command = [*CHATSVC, "send", "--timeout", "15", "--server", where(service)]
        with subprocess.Popen(command, stdin=source) as send:
            reader.until(lambda event: event.get("number", 0) > 1000)
            service.kill()
            with Service(tmp_path, "--port", port) as again:
                assert send.wait(LIMIT) == 0
                assert texts(again) == wanted


def test_two_people_and_a_pipe_talk_with_each_other(tmp_path: Path) -> None:
    with Service(tmp_path, "--archive", "memory:") as service:
        ann, bob = join(service, "ann"), join(service, "bob")
        ann.until("bob joined")
        ann.type("half a li")
        bob.type("hello\r")
        bob.until(r"\[\d\d:\d\d\] You: hello")
        ann.until(r"\[\d\d:\d\d\] <bob> hello\r*\n\r#lobby> half a li")
        ann.type("ne\r")
        bob.until("<ann> half a line")
        piped = client("join", where(service), "--name", "ann", text="from a pipe\n/msg bob psst\n")
        assert piped.returncode == 0
        assert "You are now ann2" in piped.stdout
        assert "You: from a pipe" in piped.stdout
        bob.until("<ann2> from a pipe")
        bob.until("ann2 whispers: psst")
        bob.until("ann2 left")
        ann.type("\x03")
        assert ann.ended() == 130
        bob.until("ann left")
        bob.type("\x04")
        assert bob.ended() == 0


def test_a_name_that_is_taken_is_met_with_a_question(tmp_path: Path) -> None:
    with Service(tmp_path, "--archive", "memory:") as service:
        join(service, "ann")
        other = service.terminal(*CHATSVC, "join", "--plain", where(service), "--name", "ann")
        other.until("Press Enter to join as ann2")
        other.type("\r")
        other.until("You are in #lobby with ann")


def test_a_password_is_asked_for_and_not_shown(tmp_path: Path) -> None:
    with Service(tmp_path, "--archive", "memory:", "--password", "sesame") as service:
        ann = service.terminal(*CHATSVC, "join", "--plain", where(service), "--name", "ann")
        ann.until("Password: ")
        ann.type("sesame\r")
        ann.until("You are in #lobby")
        assert "sesame" not in ann.text
        refused = client("send", "hi", "--server", where(service))
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith("chatsvc: This chat requires a password.")
        file = tmp_path / "password"
        file.write_text("sesame\n")
        sent = client("send", "hi", "--server", where(service), "--password-file", str(file))
        assert (sent.returncode, sent.stderr) == (0, "")


def test_an_account_comes_back_into_its_rooms_when_the_server_was_killed(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\n")
    options = ("--name", "ann", "--account-password-file", str(file))
    with Service(tmp_path) as service:
        port = str(service.port)
        register(service, "/join #tea", "/room #lobby")
        with closing(Terminal(*CHATSVC, "join", "--plain", where(service), *options)) as ann:
            ann.until("#lobby> ")
            bob = service.person("bob")
            bob.send("/join #tea", *(f"tea {number}." for number in range(500)))
            for number in range(20):
                ann.type(f"own {number}.\r")
            ann.until("<bob> tea 50.")
            service.kill()
            ann.until("Connection lost")
            ann.type("own 20.\r")
            with Service(tmp_path, "--port", port) as again:
                ann.until("Reconnected")
                bob = again.person("bob")
                bob.send("/join #tea", "tea again.")
                ann.until("<bob> tea again.")
                ann.type(f"own 21.\r/passwd {SECRET} x\r")
                ann.until("You: own 21.")
                ann.until("A password must have")
                ann.type("/sessions\r")
                ann.until(r"in #tea and #lobby \(this one\)|in #lobby and #tea \(this one\)")
                ann.type("/quit\r")
                assert ann.ended() == 0
                wanted = {room: texts(again, room) for room in ("lobby", "tea")}
            text = ann.text
    assert wanted["lobby"] == [f"own {number}." for number in range(22)]
    assert wanted["tea"][-1] == "tea again."
    assert re.findall(r"You: (own \d+\.)", text) == wanted["lobby"]
    assert re.findall(r"#tea <bob> (tea \w+\.)", text) == wanted["tea"]
    assert SECRET not in text


def test_a_registered_name_is_met_with_a_question_or_an_exit_code(tmp_path: Path) -> None:
    with Service(tmp_path, "--archive", "memory:") as service:
        register(service)
        ann = service.terminal(*CHATSVC, "join", "--plain", where(service), "--name", "ann")
        ann.until("ann is a registered name.")
        ann.until("Password: ")
        ann.type("wrong-horse\r")
        ann.until("Wrong password.")
        ann.type(f"{SECRET}\r")
        ann.until("You are in #lobby")
        assert "horse" not in ann.text
        for command in (["join", where(service)], ["send", "hi", "--server", where(service)]):
            refused = client(*command, "--name", "ann")
            assert (refused.returncode, refused.stdout) == (1, "")
            assert refused.stderr == (
                "chatsvc: ann is a registered name. Use --account-password-file"
                " for its password, or another name with --name.\n"
            )


def test_tail_ends_quietly_when_nobody_reads_it_any_more(tmp_path: Path) -> None:
    with Service(tmp_path, "--archive", "memory:") as service:
        assert client("send", "--server", where(service), text="one\ntwo\nthree\n").returncode == 0
        command = [*CHATSVC, "tail", "lobby", "--since", "1", "--server", where(service)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as tail:
            assert tail.stdout is not None
            assert tail.stderr is not None
            try:
                assert [tail.stdout.readline()[-4:] for _ in range(2)] == [b"one\n", b"two\n"]
                tail.stdout.close()
                assert tail.wait(LIMIT) == 0
                assert tail.stderr.read() == b""
            finally:
                tail.kill()


def test_closed_standard_files_are_empty_ones(tmp_path: Path) -> None:
    with Service(tmp_path, "--archive", "memory:") as service:
        command = " ".join([*CHATSVC, "join", "--plain", where(service)])
        done = subprocess.run(
            f"{command} <&- >&-", shell=True, capture_output=True, timeout=LIMIT, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_nobody_listening_is_a_sentence_and_an_exit_code() -> None:
    for command in (["join"], ["tail", "lobby", "--server"], ["send", "hi", "--server"]):
        done = client(*command, "localhost:1")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            "chatsvc: Cannot join the chat at localhost:1: connection refused.\n"
        )
