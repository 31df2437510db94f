"""One process for screen and connection: Textual's loop, which Twisted's reactor uses, too."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Any

from twisted.internet import asyncioreactor
from twisted.internet.defer import Deferred


def run(make: Callable[[Any], Any]) -> Any:
    """Run the app that `make` makes with a reactor, until it exits; gives the app.

    No reactor may be installed before.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)
    from twisted.internet import reactor as installed

    reactor: Any = installed
    reactor.startRunning(installSignalHandlers=False)
    app = make(reactor)
    for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        loop.add_signal_handler(signum, app.exit, 128 + signum, 128 + signum)
    try:
        loop.run_until_complete(_visit(app, loop))
    finally:
        reactor.stop()
        loop.run_forever()  # until the reactor has shut down
        loop.run_until_complete(loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        loop.close()
    return app


async def _visit(app: Any, loop: asyncio.AbstractEventLoop) -> None:
    try:
        await app.run_async()
    finally:
        await Deferred.fromCoroutine(app.visit.connection.close()).asFuture(loop)
