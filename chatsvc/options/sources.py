"""Where the values of options are written: the command line, variables, and the file.

The command line overrides the variables, which override the file, which overrides the defaults.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from chatsvc.options.invalid import InvalidOption
from chatsvc.options.table import TABLE, Option

PREFIX = "CHATSVC_"
CONFIG = "CHATSVC_CONFIG"  # the variable
OTHERS = {"CHATSVC_ACCOUNT_PASSWORD", CONFIG}  # variables that set no option

_ON, _OFF = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
_LINE = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*=""")
_POSITION = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)

Failed = Callable[[InvalidOption], object]  # takes what is wrong with one value


class Given(NamedTuple):
    """A value that somebody has written somewhere."""

    label: str  # what a sentence calls it
    value: Any  # str, bool for flags, or a list of str


def refuse(error: InvalidOption) -> None:
    """Raise the error, so that the first one ends the reading."""
    raise error


def configuration_file(words: Mapping[str, Any], environment: Mapping[str, str]) -> Path | None:
    """Return the path of the configuration file, if there is any."""
    path = words.get("config") or environment.get(CONFIG)
    return Path(path) if path else None


def collect(
    file: Path | None,
    environment: Mapping[str, str],
    words: Mapping[str, Any],
    failed: Failed = refuse,
) -> dict[str, Given]:
    """Return what each option is set to, and where."""
    return {
        **(from_file(file, failed) if file else {}),
        **from_environment(environment, failed),
        **from_command_line(words),
    }


def from_command_line(words: Mapping[str, Any]) -> dict[str, Given]:
    """Return what the parser of the command line has found."""
    return {name: Given(f"--{name}", words[name]) for name in TABLE if name in words}


def from_environment(environment: Mapping[str, str], failed: Failed = refuse) -> dict[str, Given]:
    """Return the values of the variables that set options."""
    found = {}
    for option in TABLE.values():
        label, value = option.variable, environment.get(option.variable)
        if value is None:
            continue
        if option.flag and value.lower() not in _ON | _OFF:
            failed(InvalidOption(f"{label} must be yes or no, not {value!r}."))
        elif option.flag:
            found[option.name] = Given(label, value.lower() in _ON)
        else:
            found[option.name] = Given(label, value.split(",") if option.repeats else value)
    return found


def unknown_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence about each variable that looks as if it should set an option."""
    known = {option.variable for option in TABLE.values()} | OTHERS
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            yield f"The variable {name} sets no option.{nearest(name, known)}"


def from_file(path: Path, failed: Failed = refuse) -> dict[str, Given]:
    """Return the values in a TOML file; relative paths start in its directory."""
    text = _text_of(path)
    lines = _lines_of(text)
    found = {}
    for name, value in _values_of(path, text).items():
        label = f"{path}:{lines.get(name, 1)}: {name}"
        try:
            found[name] = Given(label, _as_written(label, name, value, path.absolute().parent))
        except InvalidOption as error:
            failed(error)
    return found


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "invalid UTF-8"
        raise InvalidOption(f"Cannot read --config {path}: {reason}.") from None


def _values_of(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidOption(_syntax_error(path, text, error)) from None


def _syntax_error(path: Path, text: str, error: tomllib.TOMLDecodeError) -> str:
    found = _POSITION.fullmatch(str(error))
    reason, line = found.groups() if found else (str(error), None)
    number = line or len(text.splitlines()) or 1
    return f'{path}:{number}: this is not TOML: {reason}. Texts need quotes: name = "Class 4b"'


def _lines_of(text: str) -> dict[str, int]:
    """Return the first line of each key."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if (match := _LINE.match(line)) or (match := re.match(r"\s*\[+\s*([A-Za-z0-9_-]+)", line)):
            found.setdefault(match[1], number)
    return found


def _as_written(label: str, name: str, value: Any, directory: Path) -> Any:
    """Return a value of the file as the command line would give it."""
    option = TABLE.get(name)
    if option is None:
        raise InvalidOption(f"{label} is not an option.{nearest(name, TABLE)}")
    if option.flag:
        if not isinstance(value, bool):
            raise InvalidOption(f"{label} must be true or false, without quotes.")
        return value
    if option.repeats and isinstance(value, list):
        return [_text(label, option, each, directory) for each in value]
    text = _text(label, option, value, directory)
    return [text] if option.repeats else text


def _text(label: str, option: Option, value: Any, directory: Path) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InvalidOption(f"{label} must be a text or a number, such as {assignment(option)}.")
    text = str(value)
    return str(directory / Path(text).expanduser()) if option.is_path and text else text


def assignment(option: Option) -> str:
    """Return a valid assignment of an option in TOML."""
    value = option.default or option.example
    if option.flag:
        return f"{option.name} = true"
    if option.repeats:
        return f'{option.name} = ["{value}"]'
    return f"{option.name} = {value}" if value.isdecimal() else f'{option.name} = "{value}"'


def nearest(name: str, known: Sequence[str] | Mapping[str, object] | set[str]) -> str:
    """Ask whether the most similar known name was meant; return "" if none is similar."""
    spelled = name.replace("_", "-") if "-" in "".join(known) else name
    found = difflib.get_close_matches(spelled, sorted(known), 1)
    return f" Did you mean {found[0]}?" if found else ""
