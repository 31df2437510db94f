"""The command line: valid arguments, and messages about invalid ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import MemoryReactor
from twisted.python.failure import Failure

from chatsvc.cli import accounts, client_jobs, main
from chatsvc.cli.arguments import SECRET, own_name
from chatsvc.cli.client_parser import make_parser
from chatsvc.client import line_screen
from chatsvc.client.line_screen import Lines, Output
from chatsvc.client.login_prompts import Identity
from chatsvc.client.net.address import Server
from chatsvc.client.net.address import server as read_server
from chatsvc.client.net.failures import NotConnected, NotTrusted, PutOut
from chatsvc.client.scripts import NotDone
from chatsvc.model.requests import Refused


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("chat.example.org", Server("chat.example.org", 13531)),
        ("localhost:7000", Server("localhost", 7000)),
        (":7000", Server("localhost", 7000)),
        ("192.0.2.7:7000", Server("192.0.2.7", 7000)),
        ("::1", Server("::1", 13531)),
        ("[::1]", Server("::1", 13531)),
        ("[::1]:7000", Server("::1", 7000)),
        ("tls://chat.example.org", Server("chat.example.org", 13531, True)),
        ("TLS://localhost:7000/", Server("localhost", 7000, True)),
        ("tls://[::1]", Server("::1", 13531, True)),
    ],
)
def test_where_a_chat_is(text: str, server: Server) -> None:
    assert read_server(text) == server


def test_a_server_is_written_as_it_is_read() -> None:
    for server in (Server(), Server("::1", 7000), Server("::1", 7000, True)):
        assert read_server(str(server)) == server


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "required: COMMAND"),
        (["dance"], "invalid choice: 'dance'"),
        (["join", "localhost:x"], "a port is a number from 1 to 65535, not 'x'"),
        (["join", "localhost:0"], "a port is a number from 1 to 65535"),
        (["join", "localhost:99999"], "a port is a number from 1 to 65535"),
        (["tail"], "required: room"),
        (["tail", "lobby", "--since", "-1"], "--since"),
        (["tail", "lobby", "--since", "x"], "'x' is not a message number"),
        (["export"], "one of the arguments room --all is required"),
        (
            ["export", "lobby", "--since", "soon"],
            "'soon' is not a valid position. Use a number (17)",
        ),
        (["export", "lobby", "--until", "0d"], "A duration must be longer than zero"),
        (["export", "lobby", "--format", "pdf"], "invalid choice: 'pdf'"),
        (["send", "--timeout", "soon", "hi"], "'soon' is not a number of seconds"),
        (["join", "--password-file", "/nowhere"], "Cannot read /nowhere: No such file"),
        (["join", "--password", "a", "--password-file", os.devnull], "not allowed with"),
        (["send", "--account-password-file", "/nowhere"], "Cannot read /nowhere: No such file"),
    ],
)
def test_what_is_not_understood_is_a_sentence_and_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit:
        main.main(arguments)
    assert exit.value.code == 2
    assert sentence in capsys.readouterr().err


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit:
        main.main(["--version"])
    assert exit.value.code == 0
    assert capsys.readouterr().out.startswith("chatsvc ")


def test_help_fits_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for arguments in (["--help"], ["join", "-h"], ["send", "-h"], ["tail", "-h"], ["export", "-h"]):
        with pytest.raises(SystemExit):
            main.main(arguments)
        assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_rooms_may_be_written_without_their_sign() -> None:
    for arguments in (["tail", "lobby"], ["export", "lobby"], ["export", "#lobby"]):
        assert make_parser().parse_args(arguments).room == "#lobby"
    assert make_parser().parse_args(["export", "@bob"]).room == "@bob"


def test_a_password_is_the_first_line_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("sesame\nmore\n")
    options = make_parser().parse_args(["join", "--password-file", str(file)])
    assert options.password == "sesame"
    file.write_bytes(b"\xef\xbb\xbfsesame\r\n")
    options = make_parser().parse_args(["join", "--password-file", str(file)])
    assert options.password == "sesame"


def test_piped_text_may_begin_with_a_byte_order_mark() -> None:
    lines: list[str] = []
    reader = Lines(lines.append)
    for byte in b"\xef\xbb\xbfone\r\n\xef\xbb\xbftwo\n":
        reader.feed(bytes([byte]))
    assert lines == ["one", "\ufefftwo"]


def identity(*arguments: str) -> Identity:
    return client_jobs._identity(make_parser().parse_args(arguments))


@pytest.mark.parametrize("command", [["join"], ["send"], ["tail", "lobby"], ["export", "lobby"]])
def test_the_password_of_a_name_is_in_a_file_or_in_the_environment(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.write_text("in a file\nmore\n")
    monkeypatch.delenv(SECRET, raising=False)
    assert identity(*command, "--name", "ann") == Identity("ann")
    monkeypatch.setenv(SECRET, "")
    assert identity(*command, "--name", "ann") == Identity("ann")
    monkeypatch.setenv(SECRET, "in the environment")
    assert identity(*command, "--name", "ann") == Identity("ann", None, "in the environment")
    given = identity(*command, "--name", "ann", "--account-password-file", str(file))
    assert given == Identity("ann", None, "in a file")


def test_a_password_is_that_of_ones_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "ann")
    monkeypatch.delenv(SECRET, raising=False)
    assert identity("tail", "lobby") == Identity()
    monkeypatch.setenv(SECRET, "correct-horse")
    assert identity("tail", "lobby") == Identity("ann", None, "correct-horse")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            NotConnected("the server disconnected"),
            "Cannot join the chat at localhost:13531: the server disconnected.",
        ),
        (NotDone("It was not kept."), "It was not kept."),
        (
            PutOut("bob removed you from the server: spam."),
            "bob removed you from the server: spam.",
        ),
        (Refused("banned", "You are banned."), "You are banned."),
        (NotTrusted("THE CERTIFICATE HAS CHANGED."), "THE CERTIFICATE HAS CHANGED."),
        (
            Refused("tls-needed", "This chat requires TLS: openssl …"),
            "The chat at localhost:13531 accepts only TLS connections. Use tls://localhost:13531",
        ),
        (
            Refused("password-needed", "This chat requires a password."),
            "This chat requires a password. Use --password-file or --password.",
        ),
        (Refused("wrong-password", "Wrong password."), "Wrong password."),
        (
            Refused("registered", "ann is a registered name.", "ann2"),
            "ann is a registered name. Use --account-password-file"
            " for its password, or another name with --name.",
        ),
        (
            Refused("wrong-password", "Wrong password.", "ann2"),
            "Wrong password. Check the file in --account-password-file.",
        ),
    ],
)
def test_what_went_wrong_is_a_sentence(error: Exception, sentence: str) -> None:
    assert client_jobs._sentence(Failure(error), Server()) == sentence


def test_accounts_are_administered_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[list[str]] = []
    monkeypatch.setattr(accounts, "main", lambda words: given.append(words) or 3)
    assert main.main(["account", "list", "--json"]) == 3
    assert given == [["list", "--json"]]


def test_a_name_that_cannot_be_one_is_made_to_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "dom\\ann lee")
    assert own_name() == "ann_lee"


def test_a_name_that_no_chat_gives_to_people_is_not_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("USER", "Root")
    assert own_name() == ""


def test_colours_are_only_where_they_are_seen_and_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda fd: True)
    assert line_screen.has_colours({"TERM": "xterm"})
    assert line_screen.has_colours({"TERM": "xterm", "NO_COLOR": ""})
    assert not line_screen.has_colours({"TERM": "xterm", "NO_COLOR": "1"})
    assert not line_screen.has_colours({"TERM": "dumb"})
    assert not line_screen.has_colours({})
    monkeypatch.setattr(os, "isatty", lambda fd: False)
    assert not line_screen.has_colours({"TERM": "xterm"})


def test_a_dumb_terminal_is_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda fd: True)
    reactor = MemoryReactor()
    assert client_jobs._screen(reactor, {"TERM": "xterm"}).interactive
    assert not client_jobs._screen(reactor, {"TERM": "dumb"}).interactive


def test_lines_come_out_of_any_pieces() -> None:
    lines: list[str] = []
    reader = Lines(lines.append)
    for data in (b"on", b"e\r\ntw\xc3", b"\xb6\n\nthree"):
        reader.feed(data)
    assert lines == ["one", "twö", ""]
    reader.end()
    assert lines == ["one", "twö", "", "three"]


def test_a_line_without_an_end_does_not_fill_the_memory() -> None:
    lines: list[str] = []
    reader = Lines(lines.append)
    for _ in range(100):
        reader.feed(b"x" * 4096)
    assert max(map(len, lines)) < 30_000


def test_a_reader_that_is_gone_is_an_end_and_no_error() -> None:
    source, sink = os.pipe()
    gone: list[OSError | None] = []
    reactor = MemoryReactor()
    output = Output(reactor, sink, gone.append)
    output.write("one\n")
    assert os.read(source, 100) == b"one\n"
    os.close(source)
    output.write("two\n")
    output.write("three\n")
    (watching,) = reactor.readers
    watching.connectionLost(Failure(ConnectionLost()))  # type: ignore[attr-defined]
    os.close(sink)
    assert gone == [None]


LISTING = """
import atexit, sys
from chatsvc.cli.main import main
atexit.register(lambda: print("LOADED", *sys.modules))
sys.exit(main(sys.argv[1:]))
"""


def loaded(directory: Path, *words: str) -> set[str]:
    """Return the names of the modules that a command has loaded when it ends."""
    command = [sys.executable, "-c", LISTING, *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=directory)
    return set(done.stdout.partition("LOADED ")[2].split())


@pytest.mark.parametrize(
    "words", ["--version", "--help", "status", "who", "account list", "backup copy", "join --help"]
)
def test_a_command_that_needs_no_network_does_not_wait_for_it(words: str, tmp_path: Path) -> None:
    modules = loaded(tmp_path, *words.split())
    assert "chatsvc.cli.main" in modules
    assert not modules & {"twisted", "asyncio", "cryptography", "OpenSSL", "textual"}


def test_what_only_an_export_needs_the_other_commands_do_not_wait_for(tmp_path: Path) -> None:
    modules = loaded(tmp_path, "send", "--server", "127.0.0.1:1", "hello")
    assert "twisted.internet.endpoints" in modules
    late = {"chatsvc.client.export", "platformdirs", "textual", "tomlkit", "tomllib"}
    assert not modules & late
