"""`chatsvc completion`: prints the script with which a shell completes commands and options."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import shtab

SHELLS = ("bash", "zsh", "fish")

_EPILOG = """\
to install:
  chatsvc completion bash > ~/.local/share/bash-completion/completions/chatsvc
  chatsvc completion zsh > ~/.zfunc/_chatsvc       (a directory in fpath)
  chatsvc completion fish > ~/.config/fish/completions/chatsvc.fish
"""
_FOLDERS = {"data", "all", "to"}
_FILES = {
    "config", "cert", "key", "motd", "log_file", "password", "password_file", "account_password",
    "metrics_token", "output", "target", "backup", "source", "destination",
}  # fmt: skip


def main(words: Sequence[str]) -> int:
    """Print the script for a shell; return the exit code."""
    shell = make_parser().parse_args(words).shell
    from chatsvc.cli.parsers import whole_parser  # which needs all commands, this one included

    parser = whole_parser()
    for action in actions(parser):
        _complete_paths(action)
    print(shtab.complete(parser, shell))
    return 0


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = argparse.ArgumentParser(
        prog="chatsvc completion",
        description="Print the script with which a shell completes commands and options.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=SHELLS)
    return parser


def actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the options and arguments of a parser and of its subcommands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from actions(inner)


def _complete_paths(action: Any) -> None:
    """Have the shell complete the paths of files and folders."""
    if action.type is Path or action.dest in _FILES:
        action.complete = shtab.DIRECTORY if action.dest in _FOLDERS else shtab.FILE
