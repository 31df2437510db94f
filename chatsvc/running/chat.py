"""The whole chat, while this process runs it: the archive, the hub and the connections."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatsvc.commands.control import Command, commands
from chatsvc.core.shell import shell_session
from chatsvc.model.characters import plain
from chatsvc.model.message_events import Said
from chatsvc.model.rate_limits import Window
from chatsvc.options.command_line import Options
from chatsvc.running.live_settings import LiveSettings, service_settings
from chatsvc.running.start_message import ways_to_rule
from chatsvc.services.hub import Hub
from chatsvc.services.login import new_claim_code
from chatsvc.services.sessions import MOVING
from chatsvc.store.archive import Archive, Worker
from chatsvc.store.location import Database
from chatsvc.transports.factory import ChatFactory
from chatsvc.transports.gate import STOPPING
from chatsvc.transports.hashing import HashingQueue
from chatsvc.transports.tls import TLS

Step = Callable[[], Coroutine[Any, Any, None]]
"""A step of stopping, which may take some seconds."""

_log = Logger()
_guesses = Logger("chatsvc.tap")  # as installed filters of fail2ban expect in the log of `twistd`


class Chat:
    """Archive, hub and connections, made from the options."""

    def __init__(
        self,
        options: Options,
        reactor: Any,
        archive: Archive,
        hasher: Worker,
        when_empty: Callable[[], None],
    ) -> None:
        self._options = options
        self.archive = archive
        limits = options["limits"]
        self.hub = Hub(
            self.archive,
            reactor,
            start,
            HashingQueue(hasher, reactor),
            Window(limits.attempts, limits.attempts_within),
            service_settings(options),
            now=time.time,
            report=_report,
            log=_warn,
        )
        self.factory = ChatFactory(
            self.hub,
            reactor,
            limits,
            options["max-clients"],
            options["slow-reader-limit"],
            options["speaks"],
            bool(options["require-tls"]),
        )
        self._settings = LiveSettings(
            self.hub,
            self.factory,
            watch=_log_line,
            security=_log_guess,
            when_empty=when_empty,
        )
        self.apply(options)
        self.hub.status.connections = lambda: len(self.factory.connections)

    def connect(self, tls_only: bool = False) -> IProtocol:
        """Return the protocol of a new connection."""
        return self.factory.connect(tls_only)

    def apply(self, options: Options) -> None:
        """Use the options that can change, as they are now."""
        self._settings.apply(options)

    def use_tls(self, tls: TLS) -> None:
        """Accept TLS."""
        self.factory.tls = tls

    @property
    def speaking(self) -> ChatFactory:
        """What knows which protocols are accepted."""
        return self.factory

    @property
    def is_empty(self) -> bool:
        """Whether nobody is here, and it is not stopping anyway."""
        return not self.hub.messaging.stopping and not self.hub.directory.users

    def open(self) -> None:
        """Open the archive and load what is stored; users can join once threads have started."""
        self.hub.open()

    def begin(self) -> None:
        """Start what works in the background."""
        self.hub.search.when_indexed = _log_indexing
        self.hub.search.begin()
        self.hub.maintenance.begin()
        self.hub.scrubbing.begin()
        self.hub.erasing.begin()

    def stopping(self, stop_listening: Step) -> Iterator[Step]:
        """Yield the steps of stopping this process."""
        yield stop_listening
        yield from self.ending(moving=False)

    def ending(self, moving: bool) -> Iterator[Step]:
        """Yield the steps of ending the chat: store what was said, tell everybody, close.

        With `moving`, users can continue at another node.
        """
        yield partial(self.hub.close, moving)
        yield partial(self.factory.all_closed, MOVING if moving else STOPPING)
        yield self.archive.close

    def after_reload(self, changed: Sequence[str]) -> Iterator[str]:
        """Yield nothing: the administrator need not know more than what changed."""
        return iter(())

    def commands(self) -> Mapping[str, Command]:
        """Return the commands of the control socket."""
        return commands(self.hub)

    async def note(self, what: str) -> None:
        """Add to the audit log what the administrator of this machine has done."""
        await self.hub.audit.note(shell_session(self.hub.now()), what, None)

    def ready(self) -> Iterator[str]:
        """Yield what the administrator should know."""
        place: Path | Database | None = self._options["archive"]
        if place is not None:
            where = place.absolute() if isinstance(place, Path) else place.shown
            yield f"Messages are stored in {where}"
        else:
            yield "Messages are kept in memory, and lost when the service stops."
        accounts = self.hub.accounts
        if not accounts.has_operator:
            code = self.hub.login.claim_code = new_claim_code()
            yield from ways_to_rule(code, accounts.mode, accounts.email_required, place)


def start(coroutine: Coroutine[Any, Any, None]) -> None:
    """Start a coroutine; log what fails in it."""
    Deferred.fromCoroutine(coroutine).addErrback(lambda f: _log.failure("Something failed", f))


def _report(error: Exception) -> None:
    _log.failure("Something failed", Failure(error))


def _warn(sentence: str) -> None:
    _log.warn("{sentence}", sentence=sentence)


def _log_line(line: Said) -> None:
    _log.info("{room} <{sender}> {text}", room=line.room, sender=line.sender, text=plain(line.text))


def _log_guess(address: str, reason: str) -> None:
    text = "refused address={address} reason={reason}"
    _guesses.warn(text, log_kind="security", address=address, reason=reason)


def _log_indexing(done: int, lines: int) -> None:
    _log.info("{done:,} of {lines:,} earlier messages indexed", done=done, lines=lines)
