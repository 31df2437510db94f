"""The command line: `join`, `send`, `tail`, `export`; a server's is in other modules."""

from __future__ import annotations

import argparse
import getpass
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from chatsvc import __version__
from chatsvc.cli import arguments, server_commands
from chatsvc.cli.plain import PlainChat
from chatsvc.cli.service_options import add_service
from chatsvc.client import locales
from chatsvc.client.error_text import sentence
from chatsvc.client.line_screen import UNIX, Output, Pipe, Screen, has_colours, is_able
from chatsvc.client.login_prompts import Identity, wants_proof
from chatsvc.client.net.address import Server
from chatsvc.client.scripts import NotDone, Send, Tail, as_json, as_text
from chatsvc.client.words import Words
from chatsvc.model.confusables import RESERVED
from chatsvc.model.monotonic import measure_steadily
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import counted, key, likely_name

WHERE = "[tls://]HOST[:PORT]"
SECRET = "CHATSVC_ACCOUNT_PASSWORD"  # the environment variable
TIMEOUT = 30.0

Job: TypeAlias = Callable[[Any], Coroutine[Any, Any, int]]

SINCE = (
    "start at a message number, a day (2026-11-21), a"
    " time (2026-11-21 14:02), or a duration ago (2d)"
)
UNTIL = "end with a message number or a day, or before a time"
NO_ACCOUNT = (
    "Private messages are stored only between registered users. Give your name with --name, and its"
    " password with --account-password-file."
)

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    _open_standard_files()
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if words and words[0] in server_commands.HELP:
            return server_commands.run(words)
        options = make_parser().parse_args(words)
        if options.job is _export and options.all is not None:
            return _export_all(options)
        if options.job is _join and not options.plain and _has_a_screen():
            return _join_on_screen(options)
        return _run(options.job(options), options.server or Server())
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _export_all(options: argparse.Namespace) -> int:
    from chatsvc.cli.export_all import run  # only the server's machine needs it

    return run(options)


def _open_standard_files() -> None:
    """Reserve the descriptors of closed standard files, so that no connection gets them."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(fd)


def _has_a_screen() -> bool:
    """Return whether there is a full-screen terminal; Textual draws on standard error."""
    return all(os.isatty(fd) for fd in range(3)) and is_able(os.environ)


def _join_on_screen(options: argparse.Namespace) -> int:
    # Imported here: scripts need neither, and the loop determines the reactor.
    from chatsvc.client.tui.control.chat_session import Going
    from chatsvc.client.tui.control.run import run

    def going(known: Callable[[Server], str]) -> Going:
        server = options.server or Server()
        if options.name is None:
            options.name = known(server) or _own_name()
        return Going(server, _identity(options), options.room)

    app = run(going, ask_where=options.server is None)
    if app.unsent:
        complain(f"{counted(app.unsent, 'message')} not sent.")
    if app.porch.outcome is not None:
        complain(_sentence(Failure(app.porch.outcome), app.porch.going.server))
    return app.return_value if app.return_value is not None else app.return_code or 0


def _run(job: Job, server: Server) -> int:
    """Run `job` in the reactor until it ends or a signal cancels it."""
    from twisted.internet import reactor as installed

    reactor: Any = installed
    measure_steadily(reactor)
    outcome: list[Any] = []
    signals: list[int] = []

    def begin() -> None:
        working = Deferred.fromCoroutine(job(reactor))

        def stop(signum: int, frame: object) -> None:
            signals.append(signum)
            reactor.callFromThread(working.cancel)

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
        working.addBoth(outcome.append)
        working.addBoth(lambda _: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run()
    if not isinstance(outcome[0], Failure):
        return int(outcome[0])
    if outcome[0].check(CancelledError) and signals:
        return 128 + signals[0]
    complain(_sentence(outcome[0], server))
    return 1


def _sentence(failure: Failure, server: Server) -> str:
    """Return a sentence that tells the user what went wrong."""
    assert failure.value is not None
    said = sentence(failure.value, server)
    if said is None:
        return f"This is a bug in chatsvc. Please report it.\n{failure.getTraceback()}"
    return f"{said}{_way_in(failure.value)}" if isinstance(failure.value, Refused) else said


def _way_in(refused: Refused) -> str:
    """Return what to do about a missing or wrong password."""
    if refused.code == "password-needed":
        return " Use --password-file or --password."
    if refused.code == "registered":
        return " Use --account-password-file for its password, or another name with --name."
    if refused.code == "wrong-password" and wants_proof(refused):
        return " Check the file in --account-password-file."
    return ""


def complain(text: str) -> None:
    """Report an error on standard error, apart from the output."""
    print(f"chatsvc: {text}", file=sys.stderr, flush=True)


# The subcommands


def _join(options: argparse.Namespace) -> Job:
    async def job(reactor: Any) -> int:
        words = Words(has_colours(os.environ))
        window = _screen(reactor, os.environ)

        def tell(text: str) -> None:
            if window.interactive:
                window.show(words.note(text))
            else:
                complain(text)

        if window.interactive and (warning := locales.warning(os.environ)):
            complain(warning)
        if options.name is None:
            options.name = _own_name()
        endpoint = (options.server or Server()).endpoint(reactor, tell)
        talk = PlainChat(endpoint, reactor, window, words, _identity(options))
        return await talk.run(options.room)

    return job


def _send(options: argparse.Namespace) -> Job:
    async def job(reactor: Any) -> int:
        endpoint = options.server.endpoint(reactor, complain)
        send = Send(endpoint, reactor, _identity(options), complain, options.timeout)
        text = _decoded(" ".join(options.text)).replace("\r\n", "\n")
        said = text.split("\n") if options.text else Pipe(reactor)
        return await send.run(options.to, said, options.create)

    return job


def _tail(options: argparse.Namespace) -> Job:
    async def job(reactor: Any) -> int:
        write = as_json if options.json else as_text(Words(has_colours(os.environ)))
        output = Output(reactor, 1, lambda error: tail.finish(error))
        tail = Tail(
            options.server.endpoint(reactor, complain),
            reactor,
            _identity(options),
            complain,
            lambda line: output.write(write(line)),
        )
        return await tail.run(options.room, options.since, options.follow)

    return job


def _export(options: argparse.Namespace) -> Job:
    async def job(reactor: Any) -> int:
        from chatsvc.client import export_job
        from chatsvc.client.export import FORMATS

        room, file, identity = options.room, options.output, _identity(options)
        if room.startswith("@") and identity.account_password is None:
            raise NotDone(NO_ACCOUNT)
        row = export_job.ExportRow(room, export_job.terminal(file))

        def tell(text: str) -> None:
            row.clear()
            complain(text)

        endpoint = options.server.endpoint(reactor, tell)
        export = export_job.Export(endpoint, reactor, identity, tell)
        format = FORMATS[options.format or export_job.format_of(file)](room)
        try:
            with export_job.opened(file, options.force) as sink:
                lines = await export.run(room, options.since, options.until, format, sink, row)
        finally:
            row.clear()
        row.finish(lines, file)
        return 0

    return job


def _identity(options: argparse.Namespace) -> Identity:
    secret = options.account_password or os.environ.get(SECRET)
    name = options.name or (_own_name() if secret else "")
    return Identity(_decoded(name), options.password, _decoded(secret) if secret else None)


def _decoded(argument: str) -> str:
    """Return an argument that may contain bytes that are not UTF-8."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


# The parser


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
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
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
    parser.set_defaults(job=_join, name=None)


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
    _add_identity(parser, _own_name(), "your name  [your login name]")
    parser.set_defaults(job=_send)


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
    parser.set_defaults(job=_tail)


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
    parser.set_defaults(job=_export)


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


def _own_name() -> str:
    """Return the login name of the user at this machine, without a Windows domain."""
    try:
        name = os.environ.get("USER") or getpass.getuser()
    except (OSError, KeyError, ImportError):
        name = ""
    likely = likely_name(_decoded(name).rpartition("\\")[2]) or ""
    return "" if key(likely) in RESERVED else likely  # the server chooses a guest name for root


def _screen(reactor: Any, environment: Mapping[str, str]) -> Screen:
    """Return a screen that suits standard input and output."""
    if UNIX and os.isatty(0) and os.isatty(1) and is_able(environment):
        from chatsvc.client.terminal import Terminal

        return Terminal(reactor)
    return Pipe(reactor)
