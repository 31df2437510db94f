"""The options as a commented TOML file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from chatsvc.options.shown import SECRETS
from chatsvc.options.sources import Given, assignment
from chatsvc.options.table import SECTIONS, Option
from chatsvc.store.location import without_password

_HEAD = """\
# Options of a chat server. Use this file with: chatsvc serve --config chatsvc.toml
# A line without # in front is in force. Relative paths of files start in this file's directory.
# CHATSVC_PORT=7000 in the environment, or --port 7000 on the command line, overrides a line.
"""


def example() -> str:
    """Return a file with every option as a comment."""
    return _HEAD + "".join(
        f"\n# {section}\n\n" + "\n".join(_commented(option) for option in options)
        for section, options in SECTIONS.items()
    )


def _commented(option: Option) -> str:
    restart = "" if option.live else " A change needs a restart."
    return f"# {_about(option)}{restart}\n#{assignment(option)}\n"


def _about(option: Option) -> str:
    """Return the description of an option in a file, which needs no hint about repeating it."""
    about = option.about.replace("; may be repeated", "; a list can name several")
    about = re.sub(r"\s*\[default: (.*)\]", r" Default: \1.", about)
    return about if about.endswith(".") else f"{about}."


def settings(given: Mapping[str, Given]) -> Iterator[str]:
    """Yield what is set, as lines of TOML, each with the place where it is set."""
    for section in SECTIONS.values():
        for option in section:
            if option.name in given:
                label, value = given[option.name]
                place = label.removesuffix(f": {option.name}")
                yield f"{option.name} = {_toml(option, value)}  # {place}"


def _toml(option: Option, value: Any) -> str:
    """Return a value in TOML, which writes texts and lists of them as JSON does."""
    if option.name in SECRETS:
        return '"…"'
    if option.name == "archive":
        value = without_password(value)
    return json.dumps(value, ensure_ascii=False)
