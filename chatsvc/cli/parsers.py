"""All subcommands as one parser, which describes them for shells and for the manual page."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from inspect import cleandoc

from twisted.python.reflect import accumulateClassList

from chatsvc.cli import administration, client_parser
from chatsvc.cli.check import CheckOptions
from chatsvc.cli.config import ConfigOptions
from chatsvc.cli.serve import ServeOptions
from chatsvc.cli.server_commands import MODULES
from chatsvc.options.command_line import Options
from chatsvc.options.table import TABLE

_OPTIONS: dict[str, type[Options]] = {
    "serve": ServeOptions,
    "check": CheckOptions,
    "config": ConfigOptions,
}


def whole_parser() -> argparse.ArgumentParser:
    """Return the parser of `chatsvc` with that of each subcommand."""
    return client_parser.make_parser(_parser_of)


def _parser_of(name: str) -> argparse.ArgumentParser:
    """Return the parser of a subcommand that has one of its own."""
    if name in _OPTIONS:
        return _described(_OPTIONS[name])
    if name not in MODULES:
        return administration.make_parser(name)
    make: Callable[[], argparse.ArgumentParser]
    make = import_module(f"chatsvc.cli.{MODULES[name][0]}").make_parser
    return make()


def _described(options: type[Options]) -> argparse.ArgumentParser:
    """Return a parser that describes options which Twisted reads."""
    parser = argparse.ArgumentParser(description=cleandoc(options.longdesc))
    flags: list[list[str]] = []
    parameters: list[list[str]] = []
    accumulateClassList(options, "optFlags", flags)
    accumulateClassList(options, "optParameters", parameters)
    for name, short, *_, about in flags:
        parser.add_argument(*_names(name, short), action="store_true", help=about)
    for name, short, *_, about in parameters:
        parser.add_argument(*_names(name, short), help=about)
    for option in TABLE.values():
        if option.repeats:  # methods in the class
            parser.add_argument(*_names(option.name, option.short), help=option.about)
    parser.add_argument("--version", action="store_true", help="Print the version and exit.")
    return parser


def _names(name: str, short: str | None) -> list[str]:
    return [f"-{short}", f"--{name}"] if short else [f"--{name}"]
