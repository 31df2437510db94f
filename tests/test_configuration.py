"""Options from the command line, variables and the file; and what `chatsvc config` prints."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from twisted.python.usage import UsageError

from chatsvc.cli.config import main as config
from chatsvc.options.combining import combine
from chatsvc.options.command_line import Options
from chatsvc.options.example import example
from chatsvc.options.sources import from_file
from chatsvc.options.table import TABLE


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "chatsvc.toml"


def options(*words: str) -> Options:
    chosen = Options()
    chosen.parseOptions(words)
    return chosen


def refused(*words: str) -> str:
    with pytest.raises(UsageError) as error:
        options(*words)
    return str(error.value)


def test_options_override_variables_which_override_the_file_which_overrides_defaults(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert options()["show-history"] == 20
    file.write_text("show-history = 30\n")
    assert options("--config", str(file))["show-history"] == 30
    monkeypatch.setenv("CHATSVC_SHOW_HISTORY", "40")
    assert options("--config", str(file))["show-history"] == 40
    assert options("--config", str(file), "--show-history", "50")["show-history"] == 50


def test_the_file_can_be_named_by_a_variable(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('name = "Class 4b"\n')
    monkeypatch.setenv("CHATSVC_CONFIG", str(file))
    assert options()["name"] == "Class 4b"


def test_a_flag_can_be_turned_off_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("require-tls = true\n")
    assert options("--config", str(file))["require-tls"] is True
    assert options("--config", str(file), "--no-require-tls")["require-tls"] is False
    monkeypatch.setenv("CHATSVC_REQUIRE_TLS", "no")
    assert options("--config", str(file))["require-tls"] is False
    assert options("--config", str(file), "--require-tls")["require-tls"] is True


def test_the_file_has_every_option_under_the_same_name(file: Path) -> None:
    (file.parent / "motd.txt").write_text("Be kind.")
    file.write_text(
        "port = 7000\nflood = 'off'\nper-address = 3\nmotd = 'motd.txt'\n"
        "listen = ['tcp:7001', 'tcp:7002']\nweb-host = 'a.example, b.example'\n"
        "show-messages = true\n"
    )
    chosen = options("--config", str(file))
    assert (chosen["port"], chosen["limits"].flood, chosen["limits"].per_address) == (7000, None, 3)
    assert (chosen["motd"], chosen["endpoints"]) == ("Be kind.", ["tcp:7001", "tcp:7002"])
    assert chosen["web-host"] == ["a.example", "b.example"]
    assert chosen["show-messages"] is True


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("\nport = 'many'", "{file}:2: port must be a number from 0 to 65535, not 'many'."),
        ("prot = 1", "{file}:1: prot is not an option. Did you mean port?"),
        ("# tea\n\nper_address = 5", "{file}:3: per_address is not an option. Did you mean per-a"),
        ("[limits]\nflood = '8/2'", "{file}:1: limits is not an option."),
        ("require-tls = 'yes'", "{file}:1: require-tls must be true or false, without quotes."),
        ("port = true", "{file}:1: port must be a text or a number, such as port = 13531."),
        ("name = ['a']", '{file}:1: name must be a text or a number, such as name = "chatsvc".'),
        ("port = 1\nname = Class 4b", "{file}:2: this is not TOML: "),
        ("listen = ['nonsense']", "{file}:1: listen nonsense is not a valid endpoint"),
        ("motd = 'missing'", "{file}:1: motd: cannot read "),
    ],
)
def test_what_is_wrong_in_the_file_is_told_with_its_line(
    file: Path, text: str, sentence: str
) -> None:
    file.write_text(text)
    assert refused("--config", str(file)).startswith(sentence.format(file=file))


def test_a_variable_that_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATSVC_PORT", "many")
    assert refused().startswith("CHATSVC_PORT must be a number")
    monkeypatch.delenv("CHATSVC_PORT")
    monkeypatch.setenv("CHATSVC_REQUIRE_TLS", "maybe")
    assert refused() == "CHATSVC_REQUIRE_TLS must be yes or no, not 'maybe'."


def test_a_missing_file_is_a_sentence(file: Path) -> None:
    assert (
        refused("--config", str(file)) == f"Cannot read --config {file}: No such file or directory."
    )


def test_the_data_directory_is_where_relative_archives_and_logs_are(tmp_path: Path) -> None:
    chosen = options("--data", str(tmp_path), "--log-file", "chat.log")
    assert (chosen["archive"], chosen["log-file"]) == (tmp_path / "chat.db", tmp_path / "chat.log")
    chosen = options("--data", str(tmp_path), "--archive", "sqlite:/elsewhere/chat.db")
    assert chosen["archive"] == Path("/elsewhere/chat.db")
    assert options("--data", str(tmp_path), "--archive", "memory:")["archive"] is None


def test_files_named_on_the_command_line_are_found_again_from_another_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chat.toml").write_text("show-history = 3\n")
    (tmp_path / "motd").write_text("one")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    first = options("--config", "chat.toml", "--motd", "motd", "--data", ".")
    monkeypatch.chdir(tmp_path / "elsewhere")
    (tmp_path / "motd").write_text("two")
    second = first.again()
    assert (first["motd"], second["motd"], second["show-history"]) == ("one", "two", 3)
    assert first["archive"] == second["archive"] == tmp_path / "chat.db"


# The example


def test_the_example_is_a_file_that_changes_nothing(file: Path) -> None:
    file.write_text(example())
    assert from_file(file) == {}


def test_each_line_of_the_example_is_valid_without_its_mark(file: Path) -> None:
    lines = [line[1:] for line in example().splitlines() if line.startswith("#") and line[1] != " "]
    assert {line.partition(" = ")[0] for line in lines} == set(TABLE)
    for name in ("motd.txt", "password.txt", "token.txt"):
        (file.parent / name).write_text("sesame-open-now!")
    for line in lines:
        file.write_text(line)
        combined = ("cert =", "key =", "sts =", "node")  # which need others
        if not line.startswith(combined):
            combine(from_file(file))
        assert tomllib.loads(line)


def test_defaults_in_the_example_are_those_of_the_service(file: Path) -> None:
    lines = example().splitlines()
    defaults = [option for option in TABLE.values() if option.default is not None]
    for option in defaults:
        (line,) = (line for line in lines if line.startswith(f"#{option.name} = "))
        assert str(tomllib.loads(line[1:])[option.name]) == option.default


def test_config_prints_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert config(["--example"]) == 0
    assert capsys.readouterr().out == example()


def test_config_prints_what_is_set_and_where(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text('\nname = "Class 4b"\npassword = "sesame"\n')
    monkeypatch.setenv("CHATSVC_PORT", "7000")
    assert config(["--config", str(file), "--require-tls"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f'name = "Class 4b"  # {file}:2',
        f'password = "…"  # {file}:3',
        'port = "7000"  # CHATSVC_PORT',
        "require-tls = true  # --require-tls",
    ]
    assert config(["--port", "many"]) == 2
    assert "chatsvc config: --port must be a number" in capsys.readouterr().err
