"""One process for screen and connection: Twisted's reactor runs on Textual's event loop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from twisted.internet import asyncioreactor
from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogBeginner
from zope.interface import implementer

from chatsvc.client import locales
from chatsvc.client.net.address import Server
from chatsvc.client.settings_file import SettingsFile, settings_path
from chatsvc.client.tui.control.app import ChatApp
from chatsvc.client.tui.control.chat_session import Going
from chatsvc.client.tui.control.preferences import Preferences
from chatsvc.client.tui.model.themes import check
from chatsvc.model.monotonic import measure_steadily

GOODBYE = 8  # seconds to leave in after the terminal is gone


def run(going: Callable[[Callable[[Server], str]], Going], ask_where: bool) -> ChatApp:
    """Run a visit until the user leaves; return the app.

    `going` receives a function that returns your name on a server.  No reactor may exist yet.
    """
    loop = asyncio.SelectorEventLoop()  # the only one that Twisted can use on every system
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)
    from twisted.internet import reactor as installed

    reactor: Any = installed
    measure_steadily(reactor)
    reactor.startRunning(installSignalHandlers=False)
    preferences = Preferences(SettingsFile(settings_path(), check))
    watch = Watch(loop)
    colours = os.environ.pop("NO_COLOR", "")
    warning = locales.warning(os.environ)
    elsewhere: Going | None = going(preferences.name_at)
    try:
        while elsewhere is not None:
            if colours:  # Textual takes even an empty one into account, and removes it
                os.environ["NO_COLOR"] = colours
            app = ChatApp(
                reach(reactor), reactor, elsewhere, ask_where, preferences, warning=warning
            )
            loop.run_until_complete(_visit(app, watch, loop))
            elsewhere, ask_where, warning = app.elsewhere, False, None
    finally:
        reactor.stop()
        loop.run_forever()  # until the reactor has shut down
        loop.run_until_complete(loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        loop.close()
    return app


def reach(reactor: Any) -> Callable[[Server, Callable[[str], None]], Any]:
    """Return the endpoints of servers."""
    return lambda server, tell: server.endpoint(reactor, tell)


@implementer(ILogObserver)
class Watch:
    """Stops the app on a signal, or after an unexpected error."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.app: ChatApp
        self._obey_signals(loop)
        loop.set_exception_handler(self._unexpected)
        globalLogBeginner.beginLoggingTo([self], redirectStandardIO=False)

    def _obey_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        for signum in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError):  # on Windows, where Ctrl-C is a key here
                loop.add_signal_handler(signum, self._stop, 128 + signum)
        if hasattr(signal, "SIGHUP"):
            # Not by the loop, which may be waiting for Textual to write to a terminal that is gone.
            signal.signal(signal.SIGHUP, partial(self._hang_up, loop))

    def _stop(self, code: int) -> None:
        self.app.exit(code, code)

    def _hang_up(self, loop: asyncio.AbstractEventLoop, signum: int, frame: object) -> None:
        """The terminal is gone: leave the chat, or at least end soon."""
        _forget_terminal()
        signal.alarm(GOODBYE)
        loop.call_soon_threadsafe(self._stop, 128 + signum)

    def _unexpected(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._fail(context.get("exception") or RuntimeError(context["message"]))

    def __call__(self, event: LogEvent) -> None:
        failure = event.get("log_failure")
        if failure is not None and event["log_level"] == LogLevel.critical:
            self._fail(failure.value)

    def _fail(self, error: BaseException) -> None:
        self.app.porch.outcome = error
        self.app.exit(1)


def _forget_terminal() -> None:
    """Write nowhere from now on: Textual would wait permanently for a terminal that is gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


async def _visit(app: ChatApp, watch: Watch, loop: asyncio.AbstractEventLoop) -> None:
    watch.app = app
    try:
        await app.run_async()
    finally:
        with suppress(OSError):  # of a terminal that is gone
            os.write(2, app.notices.farewell.encode())  # Textual writes nothing more
        app.unsent = app.state.waiting
        await Deferred.fromCoroutine(app.visit.connection.close(app.parting)).asFuture(loop)
