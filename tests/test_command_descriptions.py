"""The completion of shells and the manual page name every subcommand and option."""

from __future__ import annotations

import re
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from real import LIMIT, needs

from chatsvc.cli import main
from chatsvc.cli.completion import SHELLS
from chatsvc.cli.server_commands import HELP

_OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what `chatsvc` prints with these arguments."""
    with suppress(SystemExit):  # after --help
        assert main.main(words) == 0
    return capsys.readouterr().out


def commands(capsys: pytest.CaptureFixture[str]) -> dict[str, set[str]]:
    """Return the options that each subcommand lists in its help, but `--help`."""
    inner = [
        f"{name} {word}"
        for name in ("account", "archive")
        for word in re.findall(r"(?m)^    (\w+)  ", printed(capsys, name, "--help"))
    ]
    assert {"account passwd", "archive copy"} <= set(inner)
    names = ["join", "send", "tail", "export", *HELP, *inner]
    return {name: options(printed(capsys, *name.split(), "--help")) for name in names}


def options(help: str) -> set[str]:
    """Return the options in a command's help, which begin lines or follow a letter."""
    heads = re.findall(r"(?m)^ +(?:-\w,? (?:[A-Z]+, )?)?(--[a-z][\w-]*)", help)
    return set(heads) - {"--help"}


@pytest.fixture
def listed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, set[str]]:
    monkeypatch.setenv("COLUMNS", "200")
    found = commands(capsys)
    assert {"--log-security", "--listen", "--config"} < found["serve"]
    assert "--operator" in found["account add"]
    assert len(found) > 25
    return found


def completed(shell: list[str], script: str) -> set[str]:
    done = subprocess.run(
        [*shell, script], capture_output=True, text=True, timeout=LIMIT, check=True
    )
    return {row.partition("\t")[0] for row in done.stdout.splitlines()}


@pytest.mark.slow
def test_bash_completes_every_command_and_option(
    listed: dict[str, set[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "script"
    script.write_text(printed(capsys, "completion", "bash"))
    bash = [needs("bash"), "--norc", "-c"]

    def complete(*words: str) -> set[str]:
        return completed(
            bash,
            f"source {script}; COMP_WORDS=(chatsvc {' '.join(words)}); COMP_CWORD={len(words)};"
            ' call=$(complete -p chatsvc); call=${call##*-F }; "${call%% *}" chatsvc;'
            ' printf "%s\\n" "${COMPREPLY[@]}"',
        )

    assert {name.partition(" ")[0] for name in listed} <= complete("''")
    for name, known in listed.items():
        assert known <= complete(*name.split(), "--"), name


@pytest.mark.slow
def test_fish_completes_every_command_and_option(
    listed: dict[str, set[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "script"
    script.write_text(printed(capsys, "completion", "fish"))
    fish = [needs("fish"), "--no-config", "-c"]

    def complete(words: str) -> set[str]:
        return completed(fish, f"source {script}; complete -C '{words}'")

    assert {name.partition(" ")[0] for name in listed} <= complete("chatsvc ")
    for name, known in listed.items():
        assert known <= complete(f"chatsvc {name} --"), name


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_read_their_script(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "script"
    script.write_text(printed(capsys, "completion", shell))
    done = subprocess.run([needs(shell), "-n", script], capture_output=True, timeout=LIMIT)
    assert (done.returncode, done.stderr) == (0, b"")


def test_every_option_is_in_the_script_of_zsh(
    listed: dict[str, set[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    script = printed(capsys, "completion", "zsh")
    assert set.union(*listed.values()) <= set(_OPTION.findall(script))


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main.main(["completion", "cmd"])
    error = capsys.readouterr().err
    assert "invalid choice: 'cmd'" in error
    assert all(shell in error for shell in SHELLS)


def page(capsys: pytest.CaptureFixture[str]) -> str:
    return printed(capsys, "man")


def test_the_manual_page_has_every_command_and_option(
    listed: dict[str, set[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    sections = re.split(r"(?m)^\.SS ", re.sub(r"\\(f.|(?=-))", "", page(capsys)))[1:]
    found = {re.split(r" \[options\]", one)[0].removeprefix("chatsvc "): one for one in sections}
    assert set(found) == set(listed)
    for name, known in listed.items():
        named = set(_OPTION.findall(found[name]))
        if "All options of chatsvc serve." in found[name]:
            named |= set(_OPTION.findall(found["serve"]))
        assert known <= named, name


def test_the_manual_page_is_the_same_for_every_user(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "ann")
    first = page(capsys)
    monkeypatch.setenv("USER", "bob")
    assert page(capsys) == first


def test_man_can_show_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "chatsvc.1"
    file.write_text(page(capsys))
    done = subprocess.run(
        [needs("groff"), "-man", "-Tutf8", "-ww", "-P-cbou", file],
        capture_output=True, text=True, timeout=LIMIT,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    shown = " ".join(done.stdout.split())
    assert "--require-tls Require TLS" in shown
    assert "make 2>&1 | chatsvc send --to '#builds'" in shown
