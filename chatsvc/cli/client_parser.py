"""The parser of the command line; commands for a server have parsers of their own."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatsvc import __version__
from chatsvc.cli import arguments, server_commands
from chatsvc.cli.arguments import SECRET, own_name
from chatsvc.cli.service_options import add_service
from chatsvc.client.net.address import Server

WHERE = "[tls://]HOST[:PORT]"
TIMEOUT = 30.0

SINCE = (
    "start at a message number, a day (2026-11-21), a"
    " time (2026-11-21 14:02), or a duration ago (2d)"
)
UNTIL = "end with a message number or a day, or before a time"
EXAMPLES = """\
examples:
  chatsvc serve                            start a chat
  chatsvc join                             join the chat on this machine
  chatsvc join chat.example.org --room tea join #tea on another server
  chatsvc join tls://chat.example.org      the same with TLS
  chatsvc send "the build is green"        send a message
  make 2>&1 | chatsvc send --to '#builds'  send each line of a program's output
  chatsvc send --create --to '#new' hello  create a room and send a message
  chatsvc send --to bob "lunch?"           send a private message
  chatsvc tail lobby                       follow a room until Ctrl-C
  chatsvc tail lobby --json --since 1      all messages as JSON
  chatsvc export lobby -o lobby.html       save the room as a web page
  chatsvc export lobby --since 2d          messages of the last two days
  chatsvc export --all rooms               every room of the archive chat.db

If your name is registered, chatsvc prompts for the password. It can also read
the password from the file in --account-password-file, or from the variable
CHATSVC_ACCOUNT_PASSWORD. There is no option for the password itself, because
other users of your machine could read the command line.

exit codes: 0 success, 1 failure, 2 usage error, 130 stopped with Ctrl-C
"""


def make_parser(
    parser_of: Callable[[str], argparse.ArgumentParser] | None = None,
) -> argparse.ArgumentParser:
    """Return the parser; `parser_of` adds the arguments of commands with parsers of their own."""
    parser = argparse.ArgumentParser(
        prog="chatsvc",
        description="Start a chat, join one, or use it from scripts.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"chatsvc {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    _add_join(commands)
    _add_send(commands)
    _add_tail(commands)
    _add_export(commands)
    for name, help in server_commands.HELP.items():
        if parser_of is None:
            commands.add_parser(name, help=help)
        else:
            own = parser_of(name)
            about = own.description
            commands.add_parser(name, help=help, description=about, parents=[own], add_help=False)
    return parser


def _add_join(commands: Any) -> None:
    about = "join a chat; in a pipe, send each line of the input"
    parser = commands.add_parser("join", help=about, description=f"{about.capitalize()}.")
    parser.add_argument(
        "server", nargs="?", type=arguments.server, metavar=WHERE,
        help=f"server address  [default: full-screen asks; --plain uses {Server()}]",
    )  # fmt: skip
    parser.add_argument(
        "--room", type=arguments.room, help="room to join  [#lobby, or your account's rooms]"
    )
    parser.add_argument(
        "--plain", action="store_true", help="print plain lines, for example for a screen reader"
    )
    _add_identity(parser, "", "your name  [the last one on that server, or your login name]")
    parser.set_defaults(name=None)


def _add_send(commands: Any) -> None:
    about = "send messages, and exit when they are stored"
    parser = commands.add_parser("send", help=about, description=f"{about.capitalize()}.")
    parser.add_argument("text", nargs="*", help="message to send  [each line of standard input]")
    parser.add_argument("--to", default="#lobby", help="#room or user name  [#lobby]")
    parser.add_argument("--create", action="store_true", help="create the room if it is missing")
    parser.add_argument(
        "--timeout", type=arguments.seconds, default=TIMEOUT, metavar="S",
        help=f"give up after S seconds without progress  [{TIMEOUT:g}]",
    )  # fmt: skip
    _add_server(parser)
    _add_identity(parser, own_name(), "your name  [your login name]")


def _add_tail(commands: Any) -> None:
    about = "show a room's messages as they arrive"
    parser = commands.add_parser("tail", help=about, description=f"{about.capitalize()}.")
    parser.add_argument("room", type=arguments.room, help="room, such as '#lobby' or lobby")
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.add_argument(
        "--since", type=arguments.line_number, metavar="N",
        help="start at message number N  [the last 10 messages]",
    )  # fmt: skip
    parser.add_argument(
        "--follow", action="store_true", default=True, help="keep following new messages  [default]"
    )
    parser.add_argument(
        "-n", "--no-follow", dest="follow", action="store_false",
        help="exit after the existing messages",
    )  # fmt: skip
    _add_server(parser)
    _add_identity(parser, "", "your name  [a guest name; with an account password, your user name]")


def _add_export(commands: Any) -> None:
    about = "save a conversation to a file or to standard output"
    parser = commands.add_parser("export", help=about, description=f"{about.capitalize()}.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "room", nargs="?", type=arguments.conversation,
        help="room, such as '#lobby' or lobby; or @name: your private messages with that account",
    )  # fmt: skip
    what.add_argument(
        "--all", type=Path, metavar="DIR",
        help="write every room of an archive on this machine to a new folder",
    )  # fmt: skip
    add_service(parser, ", for --all")
    parser.add_argument("--since", type=arguments.since, metavar="POINT", help=SINCE)
    parser.add_argument("--until", type=arguments.until, metavar="POINT", help=UNTIL)
    parser.add_argument(
        "--format", choices=("txt", "json", "html"),
        help="output format  [from the FILE extension, or txt]",
    )  # fmt: skip
    parser.add_argument(
        "-o", dest="output", type=Path, metavar="FILE",
        help="output file, created when complete  [standard output]",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="overwrite an existing FILE")
    _add_server(parser)
    _add_identity(parser, "", "your name  [a guest name; with an account password, your user name]")


def _add_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--server", type=arguments.server, default=Server(), metavar=WHERE,
        help=f"server address  [{Server()}]",
    )  # fmt: skip


def _add_identity(parser: argparse.ArgumentParser, name: str, about: str) -> None:
    parser.add_argument("--name", default=name, help=about)
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument("--password", help="the chat password")
    secret.add_argument(
        "--password-file", dest="password", type=arguments.first_line, metavar="FILE",
        help="file with the chat password in its first line",
    )  # fmt: skip
    parser.add_argument(
        "--account-password-file", dest="account_password", type=arguments.first_line,
        metavar="FILE",
        help=f"file with your account password in its first line"
        f"  [{SECRET}]",
    )  # fmt: skip
