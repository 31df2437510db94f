"""Problems of options: what they say, and who can read them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from chatsvc.checks.problem import Problem, open_to_others
from chatsvc.options.combining import Values, combine
from chatsvc.options.command_line import Options
from chatsvc.options.invalid import InvalidOption
from chatsvc.options.sources import Given, assignment, unknown_variables
from chatsvc.options.table import TABLE, Option
from chatsvc.store.location import database

_IN_FILE = re.compile(r"(?P<place>.*?:\d+): (?P<what>(?P<name>[\w-]+).*)", re.DOTALL)
_ELSEWHERE = re.compile(
    r"(?P<label>--(?P<name>[a-z-]+)|(?P<variable>CHATSVC_[A-Z_]+))\b.*", re.DOTALL
)
_SECRETS = {"password-file": "password", "metrics-token": "token"}  # what is in these files
_MEANT = re.compile(r"Did you mean (\S+)\?")


def combined(options: Options) -> tuple[Values, list[Problem]]:
    """Return the values of all options, with defaults for those that have problems."""
    mistakes: list[InvalidOption] = []
    try:
        options.given = options.collect(mistakes.append)
    except InvalidOption as error:  # the file cannot be read at all
        mistakes.append(error)
    values = combine(options.given, mistakes.append)
    problems = [_of_mistake(str(error)) for error in mistakes]
    return values, [*problems, *_unknown_variables(), *_readable_secrets(options)]


def _of_mistake(sentence: str) -> Problem:
    if match := _IN_FILE.fullmatch(sentence):
        option = TABLE.get(match["name"])
        meant = _MEANT.search(sentence)
        fix = _fix_of_file(sentence) or _fix_in_file(option, meant and meant[1])
        return Problem(match["place"], match["what"], fix)
    if match := _ELSEWHERE.match(sentence):
        fix = _fix_of_file(sentence) or _fix_of(match["name"], match["variable"])
        return Problem(match["label"], sentence, fix)
    return Problem("options", sentence, "To see all options: chatsvc config --example")


def _fix_of_file(sentence: str) -> str:
    """Return what to do about a file that is named, but cannot be read."""
    if "cannot read" not in sentence.lower():
        return ""
    if "Permission denied" in sentence:
        return "Let the service's user read the file, and enter its directory."
    return "Create the file, or name another one."


def _fix_in_file(option: Option | None, meant: str | None) -> str:
    if option is not None:
        return f"Write, for example: {assignment(option)}"
    if meant is not None:
        return f"Rename it to {meant}, or remove the line."
    return "Correct or remove the line. To see all options: chatsvc config --example"


def _fix_of(name: str | None, variable: str | None) -> str:
    for option in TABLE.values():
        value = option.default or option.example
        if option.variable == variable:
            return f"Set, for example: {variable}={'yes' if option.flag else value}"
        if option.name == name:
            return f"Write, for example: --{name} {value}".rstrip()
    return "To see all options: chatsvc config --example"


def _unknown_variables() -> Iterator[Problem]:
    for sentence in unknown_variables(os.environ):
        name = sentence.split()[2]
        meant = _MEANT.search(sentence)
        fix = f"Rename it to {meant[1]}, or unset it." if meant else f"unset {name}"
        yield Problem(name, sentence, fix)


def _readable_secrets(options: Options) -> Iterator[Problem]:
    given = options.given
    file = options.file
    if file is not None and _has_password(given) and _is_open(file):
        yield open_to_others(file, "the password in it")
    for name, secret in _SECRETS.items():
        if name in given and _is_open(given[name].value):
            yield open_to_others(Path(given[name].value), f"the {secret} in it")


def _has_password(given: Mapping[str, Given]) -> bool:
    """Return whether the file contains the chat's password, or that of the archive."""
    archive = given.get("archive")
    found = None if archive is None else database(str(archive.value))
    if found is not None and found.has_password and _is_from_file(archive):
        return True
    return _is_from_file(given.get("password"))


def _is_from_file(given: Given | None) -> bool:
    return given is not None and not given.label.startswith(("--", "CHATSVC_"))


def _is_open(path: str | os.PathLike[str]) -> bool:
    try:
        return bool(os.stat(path).st_mode & 0o007)
    except OSError:
        return False
