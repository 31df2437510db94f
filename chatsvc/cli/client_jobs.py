"""What `join`, `send`, `tail` and `export` do, once their arguments are read."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeAlias

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from chatsvc.cli.arguments import SECRET, decoded, own_name
from chatsvc.cli.plain import PlainChat
from chatsvc.client import locales
from chatsvc.client.error_text import sentence
from chatsvc.client.line_screen import UNIX, Output, Pipe, Screen, has_colours, is_able
from chatsvc.client.login_prompts import Identity, wants_proof
from chatsvc.client.net.address import Server
from chatsvc.client.scripts import NotDone, Send, Tail, as_json, as_text
from chatsvc.client.words import Words
from chatsvc.model.monotonic import measure_steadily
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import counted

Job: TypeAlias = Callable[[Any], Coroutine[Any, Any, int]]

NO_ACCOUNT = (
    "Private messages are stored only between registered users. Give your name with --name, and its"
    " password with --account-password-file."
)


def run(options: argparse.Namespace) -> int:
    """Run the command that was parsed; return the exit code."""
    if options.command == "export" and options.all is not None:
        return _export_all(options)
    if options.command == "join" and not options.plain and _has_a_screen():
        return _join_on_screen(options)
    return _run(_JOBS[options.command](options), options.server or Server())


def _export_all(options: argparse.Namespace) -> int:
    from chatsvc.cli.export_all import run  # only the server's machine needs it

    return run(options)


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
            options.name = known(server) or own_name()
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


# The jobs


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
            options.name = own_name()
        endpoint = (options.server or Server()).endpoint(reactor, tell)
        talk = PlainChat(endpoint, reactor, window, words, _identity(options))
        return await talk.run(options.room)

    return job


def _send(options: argparse.Namespace) -> Job:
    async def job(reactor: Any) -> int:
        endpoint = options.server.endpoint(reactor, complain)
        send = Send(endpoint, reactor, _identity(options), complain, options.timeout)
        text = decoded(" ".join(options.text)).replace("\r\n", "\n")
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


_JOBS: dict[str, Callable[[argparse.Namespace], Job]] = {
    "join": _join,
    "send": _send,
    "tail": _tail,
    "export": _export,
}


def _identity(options: argparse.Namespace) -> Identity:
    secret = options.account_password or os.environ.get(SECRET)
    name = options.name or (own_name() if secret else "")
    return Identity(decoded(name), options.password, decoded(secret) if secret else None)


def _screen(reactor: Any, environment: Mapping[str, str]) -> Screen:
    """Return a screen that suits standard input and output."""
    if UNIX and os.isatty(0) and os.isatty(1) and is_able(environment):
        from chatsvc.client.terminal import Terminal

        return Terminal(reactor)
    return Pipe(reactor)
