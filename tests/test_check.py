"""`chatsvc check`: every problem with its place and what to do about it."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from real import LIMIT, Service, beside_python
from spoiled_archives import make_damaged, make_foreign, make_newer, make_text

from chatsvc.checks import storage
from chatsvc.checks.certificates import certificates
from chatsvc.cli.check import main
from chatsvc.options.command_line import Options
from chatsvc.store.sqlite.offline import Ledger
from chatsvc.transports.selfsigned import make

NOBODY = 65534


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    return Check(capsys)


class Check:
    """Runs the command, and knows what it printed."""

    def __init__(self, output: pytest.CaptureFixture[str]) -> None:
        self._output = output

    def __call__(self, *words: str) -> str:
        """Return what is printed about a service with problems."""
        code = main(["--port", "0", *words])
        printed = self._output.readouterr().out
        assert (code, "found." in printed.splitlines()[-1]) == (1, True), printed
        return printed

    def finds_nothing(self, *words: str) -> bool:
        code = main(["--port", "0", *words])
        return (code, self._output.readouterr().out) == (0, "No problems found.\n")


def test_a_service_without_problems_has_none(check: Check, tmp_path: Path) -> None:
    assert check.finds_nothing()
    assert check.finds_nothing("--data", "data")
    assert list(tmp_path.iterdir()) == []


def test_all_mistakes_of_a_file_are_found_at_once(check: Check) -> None:
    Path("chatsvc.toml").write_text("prot = 1\n\nflood = 'fast'\naccounts = 'all'\ncats = 3\n")
    assert check("--config", "chatsvc.toml", "--show-history", "x").splitlines() == [
        "chatsvc.toml:1: prot is not an option. Did you mean port?",
        "    Fix: Rename it to port, or remove the line.",
        "chatsvc.toml:5: cats is not an option.",
        "    Fix: Correct or remove the line. To see all options: chatsvc config --example",
        "chatsvc.toml:4: accounts must be open, invite or closed, not 'all'.",
        '    Fix: Write, for example: accounts = "open"',
        "--show-history: --show-history must be a number from 0 to 10000, not 'x'.",
        "    Fix: Write, for example: --show-history 20",
        "chatsvc.toml:3: flood must be a burst of lines and a rate per second, such as 8/2, or off,"
        " not 'fast'.",
        '    Fix: Write, for example: flood = "8/2"',
        "5 problems found.",
    ]


def test_a_file_that_is_no_toml_is_named_with_its_line(check: Check) -> None:
    Path("chatsvc.toml").write_text("port = 1\nname = Class 4b\n")
    assert "chatsvc.toml:2: this is not TOML: " in check("--config", "chatsvc.toml")
    assert "Cannot read --config missing: No such file" in check("--config", "missing")


def test_variables_are_checked_too(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATSVC_PROT", "1")
    monkeypatch.setenv("CHATSVC_NAME_WITHIN", "soon")
    printed = check()
    assert "CHATSVC_PROT: The variable CHATSVC_PROT sets no option. Did you mean CHATSVC_PORT?" in (
        printed
    )
    assert "    Fix: Set, for example: CHATSVC_NAME_WITHIN=60" in printed


def test_options_that_need_each_other_are_checked(check: Check) -> None:
    assert "Give both --cert and --key" in check("--cert", "chain.pem")


# Files and permissions


def test_passwords_that_others_can_read_are_found(check: Check) -> None:
    Path("chatsvc.toml").write_text("password = 'sesame'")
    Path("password").write_text("sesame")
    Path("token").write_text("0123456789abcdef")
    for option, name, secret in (
        ("--config", "chatsvc.toml", "password"),
        ("--password-file", "password", "password"),
        ("--metrics-token", "token", "token"),
    ):
        Path(name).chmod(0o644)
        printed = check(option, name)
        assert f"{name}: other users can read the {secret} in it.\n" in printed
        assert f"    Fix: chmod o-rwx {name}\n" in printed
        Path(name).chmod(0o640)
        assert check.finds_nothing(option, name)


def test_directories_and_files_that_others_can_use_are_found(check: Check, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    Ledger(data / "chat.db").__exit__()
    assert check.finds_nothing("--data", "data")
    data.chmod(0o755)
    (data / "chat.db").chmod(0o644)
    (data / "chat.db.before-v2").touch(0o644)
    printed = check("--data", "data")
    assert f"{data}: other users have access to it.\n    Fix: chmod 700 {data}\n" in printed
    for file in (data / "chat.db", data / "chat.db.before-v2"):
        assert f"{file}: other users can read it.\n    Fix: chmod o-rwx {file}\n" in printed


def test_directories_that_cannot_be_used_are_found(check: Check, tmp_path: Path) -> None:
    Path("file").touch()
    assert f"{tmp_path}/file: this is not a directory." in check("--data", "file")
    assert f"{tmp_path}/no: there is no such dir" in check("--archive", "sqlite:no/chat.db")
    assert f"{tmp_path}/no: there is no such directory" in check("--log-file", "no/chat.log")


def test_what_this_user_cannot_write_is_found(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("chat.db").touch(0o600)
    Path("data").mkdir(0o700)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # as without root's rights
    assert f"{tmp_path}/chat.db: this user cannot read and write it." in check(
        "--archive", f"sqlite:{tmp_path}/chat.db"
    )
    assert f"{tmp_path}/data: this user cannot write there." in check("--data", "data")
    assert f"{tmp_path}/other: the directory cannot be created: " in check("--data", "other")


def test_what_this_user_cannot_even_look_at_is_found(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", forbidden)
    printed = check("--data", "data")
    assert f"{tmp_path}/data: Permission denied.\n    Fix: Let the service's user in" in printed


def test_a_key_that_this_user_cannot_read_is_found(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("cert.pem").touch()
    Path("key.pem").touch(0o600)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "key.pem")
    printed = check("--cert", "cert.pem", "--key", "key.pem")
    assert printed.startswith("key.pem: this user cannot read it.\n    Fix: chown USER key.pem\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_root_checks_what_the_owner_of_the_data_can_do() -> None:
    with TemporaryDirectory() as house:
        os.chmod(house, 0o755)
        data, secret = Path(house, "data"), Path(house, "secret")
        data.mkdir(0o700)
        os.chown(data, NOBODY, NOBODY)
        secret.write_text("hush")
        secret.chmod(0o600)
        words = ("check", "--port", "0", "--data", str(data))
        assert told(*words) == (0, f"As nobody, to whom {data} belongs:\nNo problems found.\n")
        code, printed = told(*words, "--password-file", str(secret))
        assert code == 1
        assert f"cannot read {secret}: Permission denied.\n    Fix: Let the service's" in printed


def told(*words: str) -> tuple[int, str]:
    """Return the exit code of a command, and what it prints."""
    done = subprocess.run(
        [beside_python("chatsvc"), *words], capture_output=True, text=True, timeout=LIMIT
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (make_newer, "was written by a newer chatsvc"),
        (make_foreign, "another program"),
        (make_text, "is not a chatsvc archive"),
        (make_damaged, "is damaged"),
    ],
)
def test_an_archive_that_cannot_be_used_is_found(
    check: Check, tmp_path: Path, spoil: object, what: str
) -> None:
    path = tmp_path / "chat.db"
    Ledger(path).__exit__()
    assert callable(spoil)
    spoil(path)
    path.chmod(0o600)
    before = path.read_bytes(), sorted(tmp_path.iterdir())
    printed = check()
    assert what in printed
    assert "chat.db: " in printed
    assert (path.read_bytes(), sorted(tmp_path.iterdir())) == before


def test_a_full_disk_is_found(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=10 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert "only 10 MiB are free, of 256 MiB that may be needed." in check()


def test_an_upgrade_needs_space_for_a_copy(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Ledger(tmp_path / "chat.db").__exit__()
    usage = shutil.disk_usage("/")._replace(free=storage.ENOUGH)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert check.finds_nothing()
    with sqlite3.connect(tmp_path / "chat.db") as database:
        database.execute("PRAGMA user_version = 1")
    database.close()
    assert "only 256 MiB are free" in check()


# Certificates


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    path = tmp_path / "own.pem"
    path.write_bytes(make())
    path.chmod(0o600)
    return path


def test_a_certificate_is_checked(check: Check, pem: Path) -> None:
    given = ("--cert", "own.pem", "--key", "own.pem")
    assert check.finds_nothing(*given, "--web-host", "localhost")
    assert "it is not valid for chat.example.org, which --web-host names." in check(
        *given, "--web-host", "chat.example.org"
    )
    pem.chmod(0o644)
    assert "own.pem: other users can read the private key." in check(*given)
    pem.write_text("tea")
    assert "own.pem: no certificate in PEM format." in check(*given)
    pem.unlink()
    assert "Cannot read own.pem: No such file" in check(*given)


@pytest.mark.parametrize(
    ("days", "what"),
    [
        (-3, "it is not valid before "),
        (0, ""),
        (3641, "it expires on "),
        (3660, "it has expired on "),
    ],
)
def test_its_dates_are_checked(pem: Path, days: int, what: str) -> None:
    options = Options()
    options.parseOptions(["--cert", str(pem), "--key", str(pem)])
    found = [one.what for one in certificates(options, datetime.now(UTC) + timedelta(days=days))]
    assert [one.partition("2")[0] for one in found] == list(filter(None, [what]))


def test_the_service_s_own_certificate_is_checked(check: Check, tmp_path: Path) -> None:
    own = tmp_path / "chat.db.pem"
    own.write_text("tea")
    own.chmod(0o600)
    assert "Fix: To have a new one made: mv chat.db.pem chat.db.pem.old" in check()


# Ports


def test_a_port_in_use_is_found_unless_the_service_itself_uses_it(
    check: Check, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        words = ("--interface", "127.0.0.1", "--port", port)
        assert f"port {port}: it is in use by another program.\n    Fix: " in check(*words)
        assert f"port {port}: it is in use" in check("--tls-port", port, "--interface", "127.0.0.1")
        listen = f"haproxy:tcp:port={port}:interface=127.0.0.1"
        assert f"port {port}: it is in use" in check("--listen", listen)
    assert check.finds_nothing(*words)
    assert check.finds_nothing("--listen", f"tcp:{port}:interface=127.0.0.1")


@pytest.mark.slow
@pytest.mark.real
def test_a_running_service_has_no_problems(check: Check, tmp_path: Path) -> None:
    with Service(tmp_path, "--data", "data", twistd=None) as chat:
        words = ("--data", "data", "--port", str(chat.port))
        assert check.finds_nothing(*words)
        chat.person("ann")


def test_places_to_listen_that_do_not_exist_are_found(check: Check) -> None:
    printed = check("--interface", "192.0.2.1", "--port", "13999")
    assert "port 13999: 192.0.2.1 is not an address of this machine." in printed
    assert "unix:no/chat.sock: no socket can be created in " in check(
        "--listen", "unix:no/chat.sock"
    )


def test_words_that_are_no_options_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--prot", "1"]) == 2
    assert "chatsvc check: option --prot not recognized" in capsys.readouterr().err
