"""Every command of the administrator finds the files of a service as `chatsvc serve` does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from administrator import fails, run
from real import Service

ASKING = {  # commands that need a running service
    "status": (),
    "who": (),
    "kick": ("eve",),
    "ban": ("eve",),
    "unban": ("eve",),
    "room": ("list",),
    "announce": ("tea",),
    "lockdown": (),
    "reload": (),
    "log-level": (),
    "stop": (),
}
READING = {  # commands that need only its archive
    "account": ("list",),
    "backup": ("copy",),
    "erase": ("eve", "--yes"),
    "export": ("--all", "out"),
}
COMMANDS = [(name, *words) for name, words in (ASKING | READING).items()]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Return a directory with the configuration of a service, whose data is elsewhere."""
    (tmp_path / "etc").mkdir()
    config = 'data = "../lib"\narchive = "sqlite:talk.db"\nport = 0\nmotd = "motd.txt"\n'
    (tmp_path / "etc" / "chatsvc.toml").write_text(config)
    (tmp_path / "etc" / "motd.txt").write_text("Be kind.\n")
    return tmp_path


def test_the_options_the_variables_and_the_file_name_the_same_service(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = str(house / "etc" / "chatsvc.toml")
    data, archive = str(house / "lib"), "sqlite:talk.db"
    with Service(house, "--config", config) as service:
        pid = service.pid
        for words in (
            ("--config", config),
            ("-c", config, "--data", data),
            ("--data", data, "--archive", archive),
            ("-a", f"sqlite:{data}/talk.db"),
        ):
            assert json.loads(run(house, "status", "--json", *words))["pid"] == pid
        monkeypatch.setenv("CHATSVC_CONFIG", config)
        assert json.loads(run(house, "status", "--json"))["pid"] == pid
        assert run(house, "log-level", "--data", data) == "The log level is info.\n"
        assert "No service is running" in fails(house, "status", "--data", str(house / "etc"))
        monkeypatch.delenv("CHATSVC_CONFIG")
        monkeypatch.setenv("CHATSVC_DATA", data)
        monkeypatch.setenv("CHATSVC_ARCHIVE", archive)
        assert json.loads(run(house, "status", "--json"))["pid"] == pid


def test_a_backup_has_the_files_that_the_configuration_names(house: Path) -> None:
    config = str(house / "etc" / "chatsvc.toml")
    with Service(house, "--config", config):
        run(house, "backup", "copy", "--config", config)
    names = {path.name for path in (house / "copy").iterdir()}
    assert names == {"backup.json", "chat.db", "chat.db.pem", "chatsvc.toml", "motd.txt"}
    (house / "new").mkdir()
    run(house, "restore", "copy", "--data", "new", "--archive", "sqlite:talk.db")
    assert (house / "new" / "talk.db").exists()


@pytest.mark.parametrize("words", COMMANDS, ids=[name for name, *_ in COMMANDS])
def test_every_command_says_the_same_without_a_service(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    said = fails(tmp_path, *words, "--data", str(tmp_path))
    if words[0] in ASKING:
        assert said.startswith(
            f"chatsvc: No service is running with the archive {tmp_path}/chat.db."
        )
    else:
        assert said.startswith(f"chatsvc: Archive not found: {tmp_path}/chat.db. ")
    assert "--config FILE, --data DIR or --archive sqlite:PATH" in said


@pytest.mark.parametrize("words", [("status",), ("account", "list"), ("restore", "copy")])
def test_every_command_refuses_a_mistake_in_the_file(house: Path, words: tuple[str, ...]) -> None:
    (house / "chatsvc.toml").write_text("port = 7000\ndatta = 'lib'\n")
    said = fails(house, *words, "--config", "chatsvc.toml")
    assert said == "chatsvc: chatsvc.toml:2: datta is not an option. Did you mean data?\n"
    assert fails(house, *words, "--config", "none.toml") == (
        "chatsvc: Cannot read --config none.toml: No such file or directory.\n"
    )
    assert "--archive must be sqlite:PATH" in fails(house, *words, "--archive", "memory:")
