"""`chatsvc man`: prints the manual page (man(7)), written from the parsers."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence

from chatsvc import __version__

_SERVE = "serve"  # the command whose options others have, too

_HEAD = f"""\
.TH CHATSVC 1 "" "chatsvc {__version__}" "User Commands"
.SH NAME
chatsvc \\- chat server, and a client for people and scripts
.SH SYNOPSIS
.B chatsvc
.I COMMAND
[options]
.SH DESCRIPTION
"""
_TAIL = """\
.SH ENVIRONMENT
Each option of
.B chatsvc serve
can be set by a variable, such as CHATSVC_PORT for \\-\\-port. CHATSVC_CONFIG names the file with
options. CHATSVC_ACCOUNT_PASSWORD is the password of your account.
.SH EXIT STATUS
0 after success, 1 after a failure, 2 after a usage error, 130 after Ctrl\\-C.
"""


def main(words: Sequence[str]) -> int:
    """Print the page; return the exit code."""
    make_parser().parse_args(words)
    from chatsvc.cli.parsers import whole_parser  # which needs all commands, this one included

    print("\n".join(_page(whole_parser())), end="")
    return 0


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    return argparse.ArgumentParser(
        prog="chatsvc man",
        description="Print the manual page. To install it: chatsvc man >"
        " ~/.local/share/man/man1/chatsvc.1",
    )


def _page(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield _HEAD + _escaped(parser.description or "")
    yield ".SH COMMANDS"
    shared = _options(_commands(parser)[_SERVE])
    for name, command in _commands(parser).items():
        yield from _command(f"chatsvc {name}", command, [] if name == _SERVE else shared)
    yield ".SH EXAMPLES\n.nf"
    yield _escaped((parser.epilog or "").partition("\n")[2].rpartition("\n\nexit codes")[0])
    yield f".fi\n{_TAIL}"


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the subcommands by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _command(name: str, parser: argparse.ArgumentParser, shared: list[list[str]]) -> Iterator[str]:
    """Yield a section for a command, and one for each of its subcommands."""
    inner = _commands(parser)
    yield f".SS {_escaped(' '.join([name, *_arguments(parser)]))}"
    yield _escaped(parser.description or "")
    has_shared = bool(shared) and all(names in _options(parser) for names in shared)
    for action in parser._actions:
        is_structure = isinstance(action, argparse._SubParsersAction | argparse._HelpAction)
        if not is_structure and not (has_shared and list(action.option_strings) in shared):
            yield f".TP\n{_heading(action)}\n{_escaped(_help(action))}"
    if has_shared:
        yield f".P\nAll options of chatsvc {_SERVE}."
    for word, command in inner.items():
        yield from _command(f"{name} {word}", command, [])


def _options(parser: argparse.ArgumentParser) -> list[list[str]]:
    """Return the names of each option."""
    return [list(action.option_strings) for action in parser._actions if action.option_strings]


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield how the arguments of a command are written."""
    yield "[options]"
    for action in parser._actions:
        if not action.option_strings:
            word = _value(action)
            many = " ..." if action.nargs in ("*", "+") else ""
            yield f"[{word}{many}]" if action.nargs in ("?", "*") else f"{word}{many}"


def _heading(action: argparse.Action) -> str:
    names = ", ".join(rf"\fB{_escaped(name)}\fR" for name in action.option_strings)
    if not names:
        return rf"\fI{_escaped(_value(action))}\fR"
    takes_value = action.nargs != 0
    return names + (rf" \fI{_escaped(_value(action))}\fR" if takes_value else "")


def _value(action: argparse.Action) -> str:
    """Return the word that stands for a value."""
    if action.choices is not None:
        return "|".join(map(str, action.choices))
    return str(action.metavar or action.dest.upper().replace("_", "-"))


def _help(action: argparse.Action) -> str:
    """Return the explanation of an option or argument, without two spaces before a default."""
    return re.sub(r"\s+", " ", (action.help or "").replace("%%", "%"))


def _escaped(text: str) -> str:
    """Return text in which nothing is a request or an escape (groff(7))."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"(?m)^(?=[.'])", r"\\&", text)
