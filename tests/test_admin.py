"""`chatsvc account`: managing accounts from a shell while the service has the archive open."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Chat, at_once, no_turn, start
from real import LIMIT, Terminal, beside_python
from scram_steps import proved

from chatsvc.auth.known_places import Source
from chatsvc.cli import accounts
from chatsvc.model.records import Fact
from chatsvc.services.maintenance import OFTEN
from chatsvc.store.archive import Workers
from chatsvc.store.sqlite.archive import SQLArchive
from chatsvc.store.sqlite.offline import Ledger

SECRET = "correct-horse"


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    """Return a chat with an archive in a file, which is checked regularly for changes."""
    archive = SQLArchive(tmp_path / "chat.db", Workers(*[at_once] * 5), no_turn, start)
    chat = Chat(archive)
    chat.hub.maintenance.begin()
    yield chat
    start(chat.hub.close())
    start(archive.close())


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    return Shell(tmp_path / "chat.db", monkeypatch, capsys)


class Shell:
    """A shell of the chat's administrator."""

    def __init__(
        self, path: Path, patch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]
    ) -> None:
        self.path = path
        self._patch = patch
        self._captured = captured

    def run(self, *arguments: str, typed: str = f"{SECRET}\n") -> tuple[int, str]:
        """Run a command; return the exit code and the output."""
        self._patch.setattr(sys, "stdin", io.StringIO(typed))
        code = accounts.main([*arguments, "--archive", f"sqlite:{self.path}"])
        captured = self._captured.readouterr()
        return code, captured.out + captured.err


def test_an_account_that_is_added_is_one_within_two_seconds(chat: Chat, shell: Shell) -> None:
    assert shell.run("add", "ann", "--operator") == (0, "Registered ann as an operator.\n")
    chat.clock.advance(OFTEN)
    ann = chat.connect()
    assert "* ann is a registered name." in ann.send("ann")[1]
    assert ann.send(SECRET)[0].startswith("* Welcome back, ann.")
    assert "/announce" in " ".join(ann.send("/help"))


def test_an_account_that_is_added_can_be_proved_by_scram(chat: Chat, shell: Shell) -> None:
    shell.run("add", "ann")
    shell.run("passwd", "ann", typed="another-horse\n")
    chat.clock.advance(OFTEN)
    assert proved(chat.connect(), "ann", "another-horse")[0]["event"] == "proved"


def test_a_password_is_changed_and_the_old_one_is_none_any_more(chat: Chat, shell: Shell) -> None:
    shell.run("add", "ann")
    chat.clock.advance(OFTEN)
    thief = chat.connect()
    thief.send("ann", SECRET)
    assert shell.run("passwd", "Ann", typed="another-horse\n")[0] == 0
    chat.clock.advance(OFTEN)
    assert thief.read()[-1] == "* Your password was changed. Log in with the new one."
    assert thief.closed
    ann = chat.connect()
    ann.send("ann")
    assert "Wrong password." in ann.send(SECRET)[0]
    assert "* Welcome back, ann." in ann.send("another-horse")[0]


def test_who_is_here_becomes_an_operator_and_is_one_no_longer(chat: Chat, shell: Shell) -> None:
    ann = chat.join("ann")
    ann.send(f"/register {SECRET}")
    assert shell.run("operator", "ann") == (0, "ann is now an operator.\n")
    chat.clock.advance(OFTEN)
    assert ann.read()[-1] == "* You are now an operator. To see your commands: /help"
    assert ann.send("/announce hi") == ["* Announcement from ann: hi"]
    assert shell.run("operator", "ann", "--off") == (0, "ann is no longer an operator.\n")
    chat.clock.advance(OFTEN)
    assert ann.read() == ["* You are no longer an operator."]
    assert ann.send("/announce hi") == ["* Only operators can do that."]


def test_a_removed_account_s_sessions_end(chat: Chat, shell: Shell) -> None:
    ann = chat.join("ann")
    ann.send(f"/register {SECRET}", "/join #tea")
    chat.clock.advance(OFTEN)
    assert shell.run("remove", "ann") == (0, "Account ann deleted. The name is available.\n")
    chat.clock.advance(OFTEN)
    assert ann.read()[-1] == "* Your account ann was deleted."
    assert ann.closed
    assert not chat.hub.accounts.find("ann")
    assert not chat.hub.directory.users
    assert not any(room.roster for room in chat.hub.directory.rooms.values())


@pytest.mark.parametrize("change", ["passwd", "remove"])
def test_where_an_owner_logged_in_is_deleted_with_the_password(
    chat: Chat, shell: Shell, change: str
) -> None:
    ann = chat.connect("198.51.100.7")
    ann.send("ann", f"/register {SECRET}")
    account = chat.hub.accounts.find("ann")
    assert account is not None
    place, known = Source("198.51.100.7"), chat.hub.accounts.attempts.known
    with Ledger(shell.path) as ledger:
        assert len(ledger.records(Fact)) == 1
        assert known.has(account.id, place)
        shell.run(change, "ann", typed="another-horse\n")
        chat.clock.advance(OFTEN)
        assert ledger.records(Fact) == []
        assert not known.has(account.id, place)


def test_what_the_service_keeps_of_an_account_does_not_undo_what_the_shell_changed(
    chat: Chat, shell: Shell
) -> None:
    ann = chat.join("ann")
    ann.send(f"/register {SECRET}")
    shell.run("passwd", "ann", typed="another-horse\n")
    ann.send("/away lunch")
    ann.hang_up()
    ann = chat.connect()
    ann.send("ann")
    assert "* Welcome back, ann." in ann.send("another-horse")[0]


def test_accounts_are_listed_for_programs(chat: Chat, shell: Shell) -> None:
    shell.run("add", "bob", "--email", "bob@example.org")
    shell.run("add", "ann", "--operator")
    code, printed = shell.run("list")
    ann, bob = map(json.loads, printed.splitlines())
    assert code == 0
    assert (ann["name"], ann["operator"]) == ("ann", True)
    assert (bob["name"], bob["operator"], bob["email"]) == ("bob", False, "bob@example.org")
    assert SECRET not in printed
    assert "hash" not in printed


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "ann"), "ann is already registered."),
        (("add", "Ann"), "ann is already registered."),
        (("add", "аnn"), "аnn is too similar to ann, a registered name."),  # noqa: RUF001
        (("add", "shell"), "shell is reserved for the server. Choose another name."),
        (("add", "two words"), "A name must be one word of letters, digits and _-.'[]{}|\\^`"),
        (("passwd", "bob"), "bob is not registered. To list accounts: chatsvc account list"),
        (("operator", "bob"), "bob is not registered. To list accounts: chatsvc account list"),
        (("remove", "bob"), "bob is not registered. To list accounts: chatsvc account list"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    chat: Chat, shell: Shell, arguments: tuple[str, ...], sentence: str
) -> None:
    shell.run("add", "ann")
    assert shell.run(*arguments) == (1, f"chatsvc: {sentence}\n")


def test_a_password_may_be_in_a_file_and_must_be_long_enough(
    chat: Chat, shell: Shell, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\nmore\n")
    assert shell.run("add", "ann", "--password-file", str(secret), typed="")[0] == 0
    secret.write_bytes(b"\xef\xbb\xbfshort\n")
    code, printed = shell.run("passwd", "ann", "--password-file", str(secret))
    assert (code, printed) == (1, "chatsvc: A password must have 6 to 600 characters.\n")
    secret.write_text("short\n")
    code, printed = shell.run("passwd", "ann", "--password-file", str(secret))
    assert (code, printed) == (1, "chatsvc: A password must have 6 to 600 characters.\n")
    code, printed = shell.run("passwd", "ann", "--password-file", str(tmp_path / "none"))
    assert code == 1
    assert "Cannot read" in printed


def test_the_configuration_says_how_long_a_password_must_be(
    chat: Chat, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATSVC_MIN_PASSWORD", "3")
    assert shell.run("add", "ann", typed="tea\n") == (0, "Registered ann.\n")
    monkeypatch.setenv("CHATSVC_MIN_PASSWORD", "none")
    refused = "chatsvc: CHATSVC_MIN_PASSWORD must be a number from 1 to 600, not 'none'.\n"
    assert shell.run("passwd", "ann", typed="tea\n") == (1, refused)


def test_no_password_at_all_is_a_sentence(chat: Chat, shell: Shell) -> None:
    nothing = (1, "chatsvc: No password on standard input.\n")
    assert shell.run("add", "ann", typed="") == nothing
    assert shell.run("add", "ann", typed="\n") == nothing


def test_an_archive_that_is_not_there_is_a_sentence(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    code, printed = shell.run("list")
    assert code == 1
    assert printed.startswith(f"chatsvc: Archive not found: {shell.path}. ")
    assert accounts.main(["list", "--archive", "memory:"]) == 1
    assert "--archive must be sqlite:PATH" in capsys.readouterr().err


def test_a_password_is_typed_twice_and_not_seen(chat: Chat, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "chatsvc.cli", "account", "add", "ann"]
    terminal = Terminal(*command, "--archive", f"sqlite:{tmp_path / 'chat.db'}")
    with contextlib.closing(terminal):
        for question in ("New password of ann: ", "Repeat the password: "):
            terminal.until(question)
            terminal.type(f"{SECRET}\r")
        terminal.until("Registered ann.")
        assert terminal.ended() == 0
    assert SECRET not in terminal.text


def test_a_hard_link_to_the_archive_of_a_running_service_is_refused(
    chat: Chat, shell: Shell, tmp_path: Path
) -> None:
    chat.join("ann").send(f"/register {SECRET}")
    link, symlink = tmp_path / "other.db", tmp_path / "same.db"
    link.hardlink_to(shell.path)
    symlink.symlink_to(shell.path)
    shell.path = link
    code, said = shell.run("list")
    assert code == 1
    assert "under another name: it is a hard link to the same file" in said
    assert [path.name for path in tmp_path.glob("other*")] == ["other.db"]
    shell.path = symlink
    assert shell.run("list")[0] == 0


def test_a_hard_link_to_an_archive_that_nobody_uses_is_as_good_as_the_file(
    shell: Shell, tmp_path: Path
) -> None:
    archive = SQLArchive(shell.path, Workers(*[at_once] * 5), no_turn, start)
    Chat(archive)
    start(archive.close())
    link = tmp_path / "other.db"
    link.hardlink_to(shell.path)
    shell.path = link
    assert shell.run("add", "ann")[0] == 0


@pytest.mark.parametrize("command", [["config", "--example"], ["man"], ["completion", "bash"]])
def test_output_that_cannot_be_written_is_a_sentence(command: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [beside_python("chatsvc"), *command],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=LIMIT,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "chatsvc: Cannot write the output: No space left on device.\n"


def test_a_reader_who_needs_no_more_sees_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [beside_python("chatsvc"), "config", "--example"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, timeout=LIMIT)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")
