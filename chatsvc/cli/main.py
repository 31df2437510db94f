"""The command line of the client: `join`, `send`, `tail`, `export`; `account` is elsewhere."""

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
from chatsvc.cli import arguments
from chatsvc.cli.plain import PlainChat
from chatsvc.client import locales
from chatsvc.client.error_text import sentence
from chatsvc.client.line_screen import UNIX, Output, Pipe, Screen, has_colours, is_able
from chatsvc.client.login_prompts import Identity, wants_proof
from chatsvc.client.net.address import Server
from chatsvc.client.scripts import NotDone, Send, Tail, as_json, as_text
from chatsvc.client.words import Words
from chatsvc.model.confusables import RESERVED
from chatsvc.model.events import Refused
from chatsvc.model.monotonic import measure_steadily
from chatsvc.model.text_rules import key, likely_name

WHERE = "[tls://]HOST[:PORT]"
SECRET = "CHATSVC_ACCOUNT_PASSWORD"  # the environment's variable
TIMEOUT = 30.0

Job: TypeAlias = Callable[[Any], Coroutine[Any, Any, int]]

SINCE = "begin with that line: a number, a day (2026-11-21), a time (2026-11-21 14:02), or 2d ago"
UNTIL = "end with that line, with that day, or before that time"
NO_ACCOUNT = (
    "Private lines are kept between registered people only. Give your name with --name, and its"
    " password with --account-password-file."
)

EXAMPLES = """\
examples:
  chatsvc join                             talk in the chat on this machine
  chatsvc join chat.example.org --room tea talk in #tea of another one
  chatsvc join tls://chat.example.org      talk there, encrypted
  chatsvc send "the build is green"        say one line
  make 2>&1 | chatsvc send --to '#builds'  say each line that a program prints
  chatsvc send --create --to '#new' hello  make a room, and say something there
  chatsvc send --to bob "lunch?"           tell only bob
  chatsvc tail lobby                       show what is said, until Ctrl-C
  chatsvc tail lobby --json --since 1      all that was ever said there, as JSON
  chatsvc export lobby -o lobby.html       the same, as a page that one can read
  chatsvc export lobby --since 2d          what was said in the last two days

The password of a registered name is asked for when you join, or read from the
file in --account-password-file, or from the variable CHATSVC_ACCOUNT_PASSWORD.
It is not given on the command line, which others on your machine can read.

exit codes: 0 done, 1 failed, 2 not understood, 130 stopped with Ctrl-C
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; gives the exit code."""
    _open_standard_files()
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if words[:1] == ["account"]:
            return _administer(words[1:])
        options = _parser().parse_args(words)
        if options.job is _join and not options.plain and _has_a_screen():
            return _join_on_screen(options)
        return _run(options.job(options), options.server or Server())
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _administer(words: Sequence[str]) -> int:
    from chatsvc.cli.accounts import main  # which loads what only a machine with an archive needs

    return main(words)


def _open_standard_files() -> None:
    """Have no connection take the place of a standard file that was closed."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(fd)


def _has_a_screen() -> bool:
    """Whether there is a terminal on which one can draw; Textual draws on the standard error."""
    return all(os.isatty(fd) for fd in range(3)) and is_able(os.environ)


def _join_on_screen(options: argparse.Namespace) -> int:
    # Loaded here, because scripts need neither, and because the loop chooses the reactor.
    from chatsvc.client.tui.control.chat_session import Going
    from chatsvc.client.tui.control.run import run

    def going(known: Callable[[Server], str]) -> Going:
        server = options.server or Server()
        if options.name is None:
            options.name = known(server) or _own_name()
        return Going(server, _identity(options), options.room)

    app = run(going, ask_where=options.server is None)
    if app.unsent:
        complain(f"{'1 line was' if app.unsent == 1 else f'{app.unsent} lines were'} not sent.")
    if app.porch.outcome is not None:
        complain(_sentence(Failure(app.porch.outcome), app.porch.going.server))
    return app.return_value if app.return_value is not None else app.return_code or 0


def _run(job: Job, server: Server) -> int:
    """Run `job` in the reactor, until it has ended or a signal cancels it."""
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
    """What went wrong, for people."""
    assert failure.value is not None
    said = sentence(failure.value, server)
    if said is None:
        return f"This is a mistake in chatsvc; please report it.\n{failure.getTraceback()}"
    return f"{said}{_way_in(failure.value)}" if isinstance(failure.value, Refused) else said


def _way_in(refused: Refused) -> str:
    """What to do about a password that is missing or wrong."""
    if refused.code == "password-needed":
        return " Give it with --password-file, or --password."
    if refused.code == "registered":
        return " Give its password with --account-password-file, or another name with --name."
    if refused.code == "wrong-password" and wants_proof(refused):
        return " Give the right one with --account-password-file."
    return ""


def complain(text: str) -> None:
    """Say what is wrong where it does not mix with the output."""
    print(f"chatsvc: {text}", file=sys.stderr, flush=True)


# The things it does


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
        row = export_job.ProgressRow(room, export_job.terminal(file))

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
    """An argument that may hold bytes which are not UTF-8."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


# How it is called


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chatsvc",
        description="Talk in a chat, or let scripts talk in it.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"chatsvc {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_join(commands)
    _add_send(commands)
    _add_tail(commands)
    _add_export(commands)
    commands.add_parser("account", help="add, list and change accounts of a chat on this machine")
    return parser


def _add_join(commands: Any) -> None:
    about = "talk in a chat; in a pipe, say each line"
    parser = commands.add_parser("join", help=about, description=f"{about.capitalize()}.")
    parser.add_argument(
        "server", nargs="?", type=arguments.server, metavar=WHERE,
        help=f"where the chat is  [on a screen you are asked; else {Server()}]",
    )  # fmt: skip
    parser.add_argument(
        "--room", type=arguments.room, help="the room to enter  [#lobby, or those of your account]"
    )
    parser.add_argument(
        "--plain", action="store_true", help="line by line, as in a pipe; for screen readers"
    )
    own = _own_name()
    _add_identity(parser, "", f"your name there  [the one you had there lately, or {own}]")
    parser.set_defaults(job=_join, name=None)


def _add_send(commands: Any) -> None:
    about = "say lines, and end when they are kept"
    parser = commands.add_parser("send", help=about, description=f"{about.capitalize()}.")
    parser.add_argument("text", nargs="*", help="what to say  [each line of the standard input]")
    parser.add_argument("--to", default="#lobby", help="a #room, or a person's name  [#lobby]")
    parser.add_argument("--create", action="store_true", help="make the room if it does not exist")
    parser.add_argument(
        "--timeout", type=arguments.seconds, default=TIMEOUT, metavar="S",
        help=f"give up after S seconds in which nothing was kept  [{TIMEOUT:g}]",
    )  # fmt: skip
    _add_server(parser)
    _add_identity(parser, _own_name(), "your name there")
    parser.set_defaults(job=_send)


def _add_tail(commands: Any) -> None:
    about = "show the lines of a room as they are said"
    parser = commands.add_parser("tail", help=about, description=f"{about.capitalize()}.")
    parser.add_argument("room", type=arguments.room, help="the room, such as '#lobby', or lobby")
    parser.add_argument("--json", action="store_true", help="as JSON, one object a line")
    parser.add_argument(
        "--since", type=arguments.line_number, metavar="N",
        help="begin with number N  [the last 10 lines]",
    )  # fmt: skip
    parser.add_argument(
        "--follow", action="store_true", default=True, help="go on with new lines  [it does]"
    )
    parser.add_argument(
        "-n", "--no-follow", dest="follow", action="store_false",
        help="end when everything said until now was shown",
    )  # fmt: skip
    _add_server(parser)
    _add_identity(
        parser, "", "the name to be seen under  [a guest's; with an account's password, yours]"
    )
    parser.set_defaults(job=_tail)


def _add_export(commands: Any) -> None:
    about = "write what was said to a file, or to the standard output"
    parser = commands.add_parser("export", help=about, description=f"{about.capitalize()}.")
    parser.add_argument(
        "room", type=arguments.conversation,
        help="the room, such as '#lobby', or lobby; or @name: your private lines with that account",
    )  # fmt: skip
    parser.add_argument("--since", type=arguments.since, metavar="POINT", help=SINCE)
    parser.add_argument("--until", type=arguments.until, metavar="POINT", help=UNTIL)
    parser.add_argument(
        "--format", choices=("txt", "json", "html"),
        help="for people, for programs, or as a page  [by the FILE's ending, or txt]",
    )  # fmt: skip
    parser.add_argument(
        "-o", dest="output", type=Path, metavar="FILE",
        help="where to write it; it is there when all is written  [the standard output]",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="overwrite FILE, if there is one")
    _add_server(parser)
    _add_identity(
        parser, "", "the name to be seen under  [a guest's; with an account's password, yours]"
    )
    parser.set_defaults(job=_export)


def _add_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--server", type=arguments.server, default=Server(), metavar=WHERE,
        help=f"where the chat is  [{Server()}]",
    )  # fmt: skip


def _add_identity(parser: argparse.ArgumentParser, name: str, about: str) -> None:
    default = f"  [{name}]" if name else ""
    parser.add_argument("--name", default=name, help=f"{about}{default}")
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument("--password", help="the chat's password, where it has one")
    secret.add_argument(
        "--password-file", dest="password", type=arguments.first_line, metavar="FILE",
        help="a file whose first line is that password",
    )  # fmt: skip
    parser.add_argument(
        "--account-password-file", dest="account_password", type=arguments.first_line,
        metavar="FILE",
        help=f"a file whose first line is the password of your name, if that is registered"
        f"  [{SECRET}]",
    )  # fmt: skip


def _own_name() -> str:
    """What the person at this machine is called."""
    try:
        name = os.environ.get("USER") or getpass.getuser()
    except (OSError, KeyError, ImportError):
        name = ""
    likely = likely_name(_decoded(name)) or ""
    return "" if key(likely) in RESERVED else likely  # the server chooses a guest's name for root


def _screen(reactor: Any, environment: Mapping[str, str]) -> Screen:
    """What standard input and output are good for."""
    if UNIX and os.isatty(0) and os.isatty(1) and is_able(environment):
        from chatsvc.client.terminal import Terminal

        return Terminal(reactor)
    return Pipe(reactor)
