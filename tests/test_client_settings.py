"""The client's settings, and the file that stores them."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from chatsvc.client import settings
from chatsvc.client.settings import (
    RECENT,
    SETTINGS,
    ClientSettings,
    ServerSettings,
    listed,
    recent_servers,
    remember_server,
    written,
)
from chatsvc.client.settings_file import InvalidSettings, SettingsFile, settings_path
from chatsvc.model.requests import Refused
from chatsvc.policy import room_rules

ROOT = Path(__file__).parent.parent


@pytest.fixture
def file(tmp_path: Path) -> SettingsFile:
    return SettingsFile(tmp_path / "config" / "client.toml")


def of(file: SettingsFile, text: str) -> ClientSettings:
    """Return the settings of a valid file with `text`."""
    put(file, text)
    loaded = file.load()
    assert loaded.complaint is None
    return loaded.settings


def put(file: SettingsFile, text: str) -> None:
    file.path.parent.mkdir(exist_ok=True)
    file.path.write_text(text)


# Values


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        ("notify all", "notify", "all"),
        ("NOTIFY Off", "notify", "off"),
        ("bell on", "bell", True),
        ("bell no", "bell", False),
        ("highlights tea, deploy tea", "highlights", ("tea", "deploy")),
        ("highlights off", "highlights", ()),
        ("timestamps %d.%m. %H:%M:%S", "timestamps", "%d.%m. %H:%M:%S"),
        ("timestamps off", "timestamps", ""),
        ("fold_joins off", "fold_joins", False),
        ("fold-joins off", "fold_joins", False),
        ("  theme   nord ", "theme", "nord"),
    ],
)
def test_what_is_typed_is_chosen(words: str, field: str, value: object) -> None:
    assert getattr(settings.set(ClientSettings(), words), field) == value


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("notify sometimes", "notify must be off, mentions or all."),
        ("bell loud", "bell must be on or off."),
        ("theme two words", "theme must be one word."),
        (
            "timestamps late",
            "timestamps must be a time format such as %H:%M or %d.%m. %H:%M:%S, or off.",
        ),
        (
            "timestamps %Q",
            "timestamps must be a time format such as %H:%M or %d.%m. %H:%M:%S, or off.",
        ),
        ("bell", "bell is off. Values: on, off."),
        ("highlights", "highlights is off. Values: words, off."),
        ("volume 11", f"No setting 'volume'. Settings: {', '.join(SETTINGS)}."),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(words: str, sentence: str) -> None:
    with pytest.raises(Refused) as raised:
        settings.set(ClientSettings(), words)
    assert raised.value.text == sentence


def test_themes_are_known_to_whoever_shows_them() -> None:
    with pytest.raises(Refused, match="no theme nord"):
        settings.set(ClientSettings(), "theme nord", no_theme)
    assert settings.set(ClientSettings(), "bell on", no_theme).bell


def no_theme(name: str) -> None:
    raise Refused("no-such-theme", f"There is no theme {name}.")


def test_every_setting_can_be_set_to_what_it_is_shown_as() -> None:
    for name in SETTINGS:
        assert (
            settings.set(ClientSettings(), f"{name} {written(ClientSettings(), name)}")
            == ClientSettings()
        )
    assert [name for name, _, _ in listed(ClientSettings())] == list(SETTINGS)


def test_no_setting_is_called_like_a_rule_of_a_room() -> None:
    assert not {*SETTINGS} & {*room_rules.KINDS, "topic"}


def test_the_document_has_the_settings_there_are() -> None:
    text = (ROOT / "docs" / "client.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+) \| (.+) \| (.+) \|$", text, re.MULTILINE)
    assert [(name, values, default, help) for name, values, default, help in rows] == [
        (name, setting.values, written(ClientSettings(), name), setting.help)
        for name, setting in SETTINGS.items()
    ]


# Servers


def test_servers_are_remembered_the_last_one_first() -> None:
    chosen = ClientSettings()
    for number in range(RECENT + 5):
        chosen = remember_server(chosen, f"host{number}:1", "ann", 1000.0 + number)
    chosen = remember_server(chosen, "host10:1", "eve", 9000.5, tls=True, rooms=("#tea",))
    servers = recent_servers(chosen)
    assert len(servers) == RECENT
    assert servers[0] == ("host10:1", ServerSettings("eve", True, ("#tea",), 9000.0))
    assert [server for server, _ in servers[1:3]] == ["host24:1", "host23:1"]
    assert "host4:1" not in chosen.servers


# The file


def test_the_file_is_where_the_system_has_what_people_choose(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert settings_path() == tmp_path / "chatsvc" / "client.toml"


def test_without_a_file_everything_has_its_default(file: SettingsFile) -> None:
    assert file.load() == (ClientSettings(), None)
    assert not file.path.exists()


def test_what_is_saved_is_loaded_again(file: SettingsFile) -> None:
    chosen = ClientSettings()
    for words in ("notify off", "bell on", "highlights tea deploy", "timestamps off", "emoji off"):
        chosen = settings.set(chosen, words)
    chosen = remember_server(chosen, "[::1]:13531", "ann", 1000.0, tls=True, rooms=("#tea", "#a"))
    file.save(chosen)
    assert file.load() == (chosen, None)


def test_only_its_owner_reads_it(file: SettingsFile) -> None:
    file.save(settings.set(ClientSettings(), "bell on"))
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    assert os.listdir(file.path.parent) == ["client.toml"]


def test_only_what_was_chosen_is_written(file: SettingsFile) -> None:
    file.save(settings.set(ClientSettings(), "timestamps off"))
    assert file.path.read_text() == 'timestamps = "off"\n'


HAND_WRITTEN = """\
# Mine.
notify = "off"  # at night

[servers."work.example:13531"] # the office
name = "ann"

[servers."home.example:13531"]
name = "eve"
last-used = 2026-11-21T14:02:00+01:00
"""


def test_what_people_have_written_there_stays(file: SettingsFile) -> None:
    chosen = of(file, HAND_WRITTEN)
    assert chosen.servers["home.example:13531"].last_used == 1795266120.0
    chosen = settings.set(settings.set(chosen, "bell on"), "notify all")
    file.save(remember_server(chosen, "home.example:13531", "eva", 0.0))
    text = file.path.read_text()
    assert text == (
        HAND_WRITTEN.replace('notify = "off"', 'notify = "all"')
        .replace("# at night\n", "# at night\nbell = true\n")
        .replace('"eve"', '"eva"')
        .replace("2026-11-21T14:02:00+01:00", "1970-01-01T00:00:00Z")
        + "tls = false\nrooms = []\n"
    )


def test_forgotten_servers_go_from_the_file(file: SettingsFile) -> None:
    chosen = of(file, HAND_WRITTEN)
    for number in range(RECENT):
        chosen = remember_server(chosen, f"host{number}:1", "ann", 2e9 + number)
    file.save(chosen)
    assert "work.example" not in file.path.read_text()
    assert file.load() == (chosen, None)


def test_as_people_may_write_it(file: SettingsFile) -> None:
    chosen = of(file, 'bell = "on"\nhighlights = "tea deploy"\nfold-joins = false\n')
    assert chosen == ClientSettings(bell=True, highlights=("tea", "deploy"), fold_joins=False)
    assert of(file, "\ufeffbell = true\r\n") == ClientSettings(bell=True)


BROKEN = [
    ("bell = true\nnotify = \n", 2, "Invalid value."),
    ("bell = true\n[servers", 2, "Expected ']' at the end of a table declaration."),
    ("# x\n\nnotify = 'sometimes'\nbell = true", 3, "notify must be off, mentions or all."),
    ("bell = true\nvolume = 11", 2, "no setting 'volume'."),
    ("bell = true\nservers = 7", 2, "servers may have only name, tls, rooms and last-used."),
    ("bell = true\ntheme = 'none'", 2, "There is no theme none."),
    (
        "bell = true\n[servers.'x:1']\ntls = 'yes'",
        2,
        "x:1 may have only name, tls, rooms and last-used.",
    ),
    (
        "bell = true\n[servers.'x:1']\nlast-used = 7",
        2,
        "x:1 may have only name, tls, rooms and last-used.",
    ),
]


@pytest.mark.parametrize(("text", "line", "why"), BROKEN)
def test_what_is_wrong_in_the_file_is_told_and_nothing_is_lost(
    file: SettingsFile, text: str, line: int, why: str
) -> None:
    file = SettingsFile(file.path, no_theme)
    put(file, text)
    loaded = file.load()
    assert loaded.complaint == (
        f"Invalid setting in line {line} of {file.path}: {why}"
        " Using the default. The file is unchanged."
    )
    assert loaded.settings == ClientSettings(bell=why[:2] not in ("In", "Ex"))
    with pytest.raises(InvalidSettings, match=f"line {line} of"):
        file.save(settings.set(loaded.settings, "emoji off"))
    assert file.path.read_text() == text


def test_a_file_that_cannot_be_read_is_told_and_not_written_over(file: SettingsFile) -> None:
    put(file, "")
    file.path.write_bytes(b"theme = '\xff'")
    assert "invalid UTF-8." in (file.load().complaint or "")
    with pytest.raises(InvalidSettings):
        file.save(ClientSettings(bell=True))
    file.path.unlink()
    file.path.mkdir()
    assert "Is a directory." in (file.load().complaint or "")


def test_nothing_there_can_hold_a_password() -> None:
    names = {*ClientSettings.__dataclass_fields__, *ServerSettings.__dataclass_fields__}
    assert not [name for name in names if "pass" in name or "secret" in name]
