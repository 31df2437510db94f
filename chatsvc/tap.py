"""`twistd chat`: creates the service from its options; the only module that knows all others."""

from __future__ import annotations

import errno
import gc
import os
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from shutil import which
from typing import Any, TypeVar, cast

from twisted.application.service import IService, Service
from twisted.internet import reactor as installed_reactor
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred, ensureDeferred, gatherResults, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from chatsvc.commands.control import commands
from chatsvc.core.shell import shell_session
from chatsvc.dialects.join_page import Address
from chatsvc.model.characters import clean, plain
from chatsvc.model.control import Answer, Arguments, socket_of
from chatsvc.model.message_events import Said
from chatsvc.model.monotonic import measure_steadily
from chatsvc.model.rate_limits import Limits, Window, is_loopback
from chatsvc.model.requests import Refused
from chatsvc.options import Options
from chatsvc.process import LEVELS, Signals, Threshold, share_memory_of_threads
from chatsvc.services.hub import Hub
from chatsvc.services.login import new_claim_code
from chatsvc.services.retention import RetentionLimits
from chatsvc.services.settings import ServiceSettings
from chatsvc.store.archive import Archive, ArchiveFailed, Worker
from chatsvc.store.memory import MemoryArchive
from chatsvc.store.sqlite.archive import SQLArchive, Workers
from chatsvc.transports.certificate import CertificateFailed, Files
from chatsvc.transports.control import ControlSocket
from chatsvc.transports.factory import ChatFactory, TLSOnly
from chatsvc.transports.hashing import HashingQueue
from chatsvc.transports.proxy import ProxyFactory
from chatsvc.transports.selfsigned import kept_beside, make
from chatsvc.transports.tls import TLS
from chatsvc.transports.web.monitoring import Monitoring
from chatsvc.transports.web.site import packaged

__all__ = ["Options", "makeService"]

T = TypeVar("T")

READERS = 2  # threads that read the archive
STEP = 20.0  # seconds for each step of stopping; closing connections takes up to 10
SEARCHERS = 2  # threads that search it

_log = Logger()
_reactor = cast(Any, installed_reactor)


class StartFailed(SystemExit, Exception):
    """The service cannot start; the message is a sentence for users.

    As an Exception it lets `twistd` clean up and report to the terminal from which a daemon was
    started; as a SystemExit it ends without a traceback.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.code = 1
        if os.path.samestat(os.fstat(2), os.stat(os.devnull)):  # a daemon has only its log
            _log.critical("{sentence}", sentence=sentence)
        else:
            print(sentence, file=sys.__stderr__)


def makeService(options: Options) -> IService:
    """Return the service that these options describe; it does not open or listen yet."""
    measure_steadily(_reactor)
    share_memory_of_threads()
    return cast(IService, ChatService(options, _reactor))


class ChatService(Service):
    """Archive, hub and listeners, started and stopped in the right order."""

    def __init__(self, options: Options, reactor: Any) -> None:
        self._reactor = reactor
        self._endpoints: list[str] = options["endpoints"]
        self._tls_endpoint: str | None = options["tls-endpoint"]
        self._tls_port: IListeningPort | None = None
        self._writer = ThreadPool(1, 1, "writer")
        self._readers = ThreadPool(0, READERS, "readers")
        self._indexer = ThreadPool(0, 1, "indexer")
        self._searchers = ThreadPool(0, SEARCHERS, "searchers")
        self._slow_searcher = ThreadPool(0, 1, "slow searcher")
        self._hashers = ThreadPool(0, 1, "hasher")
        self._archive = self._make_archive(options["archive"])
        self.limits: Limits = options["limits"]
        self.hub = Hub(
            self._archive,
            reactor,
            _start,
            HashingQueue(self._in(self._hashers), reactor),
            Window(self.limits.attempts, self.limits.attempts_within),
            _settings(options),
            now=time.time,
            report=_report,
            log=_warn,
        )
        self.hub.accounts.registrations = Window(
            self.limits.registrations, self.limits.registrations_within
        )
        self.hub.new_rooms.new = Window(self.limits.rooms, self.limits.rooms_within)
        if options["show-messages"]:
            self.hub.messaging.watch = _log_line
        if options["stop-when-empty"]:
            self.hub.sessions.when_empty = self._stop_reactor
        self._factory = ChatFactory(
            self.hub,
            reactor,
            self.limits,
            options["max-clients"],
            options["slow-reader-limit"],
            options["speaks"],
            bool(options["require-tls"]),
        )
        self._factory.web = options["web"]
        self._threshold = Threshold()
        self.hub.status.connections = lambda: len(self._factory.connections)
        self._control = self._make_control(options["archive"])
        self._factory.monitor = Monitoring(self._factory, options["metrics-token"])
        self._certificate: Files | None = options["certificate"]
        self._ports: list[IListeningPort] = []

    def _make_archive(self, path: Path | None) -> Archive:
        if path is None:
            return MemoryArchive(_at_once, self._turn, _start)
        pools = (
            self._writer, self._readers, self._indexer, self._searchers, self._slow_searcher,
        )  # fmt: skip
        return SQLArchive(path, Workers(*map(self._in, pools)), self._turn, _start)

    def _make_control(self, archive: Path | None) -> ControlSocket | None:
        """Return the control socket beside the archive; one in memory has none."""
        if archive is None:
            return None
        own = {"stop": self._stop_by_control, "log-level": self._set_log_level}
        return ControlSocket(socket_of(archive), {**commands(self.hub), **own})

    async def _stop_by_control(self, arguments: Arguments) -> Answer:
        """Stop once this is answered."""
        await self.hub.audit.note(shell_session(self.hub.now()), "stopped the service", None)
        self._reactor.callLater(0, self._reactor.stop)
        return {"text": "Stopping."}

    async def _set_log_level(self, arguments: Arguments) -> Answer:
        """Leave out log entries below a level; without one, say which level is in force."""
        level = arguments.text("level", self._threshold.name)
        if level not in LEVELS:
            raise Refused("bad-argument", f"The level must be one of {', '.join(LEVELS)}.")
        if level != self._threshold.name:
            await self.hub.audit.note(
                shell_session(self.hub.now()), f"set the log level to {level}", None
            )
            self._threshold.set(level)
        return {"level": level, "text": f"The log level is {level}."}

    def _in(self, pool: ThreadPool) -> Worker:
        return cast(Worker, partial(deferToThreadPool, self._reactor, pool))

    def _turn(self) -> Deferred[None]:
        done: Deferred[None] = Deferred()
        self._reactor.callLater(0, done.callback, None)
        return done

    # Starting

    def privilegedStartService(self) -> None:
        """Listen while this process may still use low ports."""
        for endpoint in self._endpoints:
            self._ports.append(self._listen(endpoint, self._factory))
        if self._tls_endpoint is not None:
            self._tls_port = self._listen(self._tls_endpoint, TLSOnly(self._factory))
        super().privilegedStartService()

    def _listen(self, endpoint: str, factory: Any) -> IListeningPort:
        kind, _, inner = endpoint.partition(":")
        if kind == "haproxy":
            endpoint, factory = inner, ProxyFactory(factory)
        outcome: list[IListeningPort | Failure] = []
        serverFromString(self._reactor, endpoint).listen(factory).addBoth(outcome.append)
        (port,) = outcome
        if isinstance(port, Failure):
            raise StartFailed(_why_not_listening(endpoint, port))
        return port

    def startService(self) -> None:
        """Open the archive; from now on users can join."""
        if not self._ports:
            self.privilegedStartService()
        try:
            self.hub.open()
        except ArchiveFailed as failed:
            raise StartFailed(str(failed)) from None
        if "tls" in self._factory.speaks:
            self._factory.tls = self._make_tls()
        if "http" in self._factory.speaks:
            packaged()  # reads the files of the browser client
        self._open_control()
        self._writer.start()
        self._readers.start()
        self._indexer.start()
        self._searchers.start()
        self._slow_searcher.start()
        self._hashers.start()
        self.hub.search.when_indexed = _log_indexing
        self.hub.search.begin()
        self.hub.maintenance.begin()
        self.hub.scrubbing.begin()
        self.hub.erasing.begin()
        super().startService()
        self._reactor.callWhenRunning(self._be_ready)
        gc.freeze()  # long-lived objects: the garbage collector need not scan them again
        gc.set_threshold(10_000, 20, 20)  # a line creates no cycles

    def _open_control(self) -> None:
        if self._control is None:
            return
        try:
            self._control.open(self._reactor)
        except (CannotListenError, OSError) as error:
            reason = getattr(error, "socketError", error)
            raise StartFailed(
                f"Cannot create the control socket {self._control.path}:"
                f" {getattr(reason, 'strerror', reason)}. Move away what is there, or use another"
                " directory for the archive."
            ) from None

    def _make_tls(self) -> TLS:
        hint = ""
        try:
            certificate: Files | bytes | None = self._certificate
            if certificate is None and isinstance(self._archive, SQLArchive):
                certificate = kept_beside(self._archive.path)
                hint = " To make a new one, move the file away and restart."
            return self._checked(TLS(certificate or make(), self._reactor))
        except CertificateFailed as failed:
            raise StartFailed(f"{failed}{hint}") from None

    def _checked(self, tls: TLS) -> TLS:
        """Refuse a certificate that would lock out clients which obey the policy (IRCv3 "sts")."""
        if self.hub.settings.sts is not None and tls.self_signed:
            raise CertificateFailed(
                f"--sts requires a certificate that clients trust, but {self._certificate} is"
                " self-signed."
            )
        return tls

    def _be_ready(self) -> None:
        Signals(self._reactor, self._reload).begin()
        self._threshold.begin()
        _log.info("{text}", text="\n".join(self._ready()))

    def _ready(self) -> Iterator[str]:
        """Yield what the administrator should know."""
        yield "The chat is ready. To join, type in another terminal:"
        for port in self._ports:
            yield from self._ways_in(port.getHost())
        if self._tls_port is not None:
            yield f"Port {_port_of(self._tls_port)} accepts TLS only."
        tls = self._factory.tls
        if tls is not None and self._certificate is None:
            yield f"TLS uses a self-signed certificate, SHA-256 {tls.fingerprint}"
        if isinstance(self._archive, SQLArchive):
            yield f"Messages are stored in {self._archive.path.absolute()}"
        else:
            yield "Messages are kept in memory, and lost when the service stops."
        if not self.hub.accounts.has_operator:
            code = self.hub.login.claim_code = new_claim_code()
            yield "There is no operator yet. To become the first one, type in the chat:"
            yield f"    /register password, then /claim {code}"
        yield "To stop the service, press Ctrl-C or send SIGTERM."

    def _ways_in(self, address: IAddress) -> Iterator[str]:
        """Yield the commands that join this chat."""
        if isinstance(address, UNIXAddress):
            yield f"    nc -U {os.fsdecode(address.name or b'')}"
        elif isinstance(address, IPv4Address | IPv6Address):
            everywhere = address.host in ("0.0.0.0", "::")
            here = self._place("127.0.0.1" if everywhere else address.host, address.port)
            if everywhere:
                here = replace(here, host="localhost")
            yield from (f"    {command}" for command in here.commands(_client()))
            if url := here.by_browser():
                yield f"In a browser, open {url}"
            if everywhere:
                there = self._place(socket.gethostname(), address.port)
                yield f"From another machine: {there.by_hand()}"

    def _place(self, host: str, port: int) -> Address:
        factory = self._factory
        plain = is_loopback(host) or not factory.require_tls
        return Address(host, port, factory.spoken(), plain)

    # Stopping

    async def _stop(self) -> None:
        for step in (
            self._stop_listening, self.hub.close, self._factory.all_closed, self._archive.close
        ):  # fmt: skip
            await self._within_limit(step)
        if self._control is not None:
            await self._within_limit(self._control.close)
        self._writer.stop()
        self._readers.stop()
        self._indexer.stop()
        self._searchers.stop()
        self._slow_searcher.stop()
        self._hashers.stop()

    async def _stop_listening(self) -> None:
        await gatherResults([maybeDeferred(port.stopListening) for port in self._all_ports()])

    async def _within_limit(self, step: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Take one step of stopping; the next one follows regardless of its outcome."""
        try:
            await ensureDeferred(step()).addTimeout(STEP, self._reactor)
        except Exception:
            _log.failure("A shutdown step failed or timed out. Continuing with the next step.")

    def _all_ports(self) -> list[IListeningPort]:
        return [*self._ports, *filter(None, [self._tls_port])]

    def _reload(self) -> None:
        """Reload what an administrator has changed, and log the signal."""
        if self._factory.tls is not None:
            self._factory.tls.reload()
        _log.info("{text}", text="SIGHUP: reopened the log and checked the certificate.")

    def stopService(self) -> Deferred[None]:
        """Stop listening, store what was said, tell everybody, close."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    def _stop_reactor(self) -> None:
        # Not at once: users who leave still get their goodbye, or may be reconnecting.
        self._reactor.callLater(0, self._stop_if_empty)

    def _stop_if_empty(self) -> None:
        if not self.hub.messaging.stopping and not self.hub.directory.users:
            self._reactor.stop()


def _port_of(port: IListeningPort) -> int:
    return int(cast(Any, port.getHost()).port)


async def _at_once(work: Callable[..., T], *arguments: Any) -> T:
    return work(*arguments)


def _start(coroutine: Coroutine[Any, Any, None]) -> None:
    Deferred.fromCoroutine(coroutine).addErrback(lambda f: _log.failure("Something failed", f))


def _report(error: Exception) -> None:
    _log.failure("Something failed", Failure(error))


def _settings(options: Options) -> ServiceSettings:
    return ServiceSettings(
        name=clean(options["name"]),
        motd="\n".join(map(clean, options["motd"].splitlines())),
        password=options["password"],
        show_history=options["show-history"],
        leave_on_empty_line=bool(options["leave-on-empty-line"]),
        accounts=options["accounts"],
        email_required=bool(options["email-required"]),
        early_registration=bool(options["early-registration"]),
        sts=options["sts"],
        retention=RetentionLimits(options["keep"], options["keep-private"], options["max-archive"]),
    )


def _warn(sentence: str) -> None:
    _log.warn("{sentence}", sentence=sentence)


def _log_line(line: Said) -> None:
    _log.info("{room} <{sender}> {text}", room=line.room, sender=line.sender, text=plain(line.text))


def _log_indexing(done: int, lines: int) -> None:
    _log.info("{done:,} of {lines:,} earlier messages indexed", done=done, lines=lines)


def _why_not_listening(endpoint: str, failure: Failure) -> str:
    error = failure.value
    cause = getattr(error, "socketError", error)
    if not isinstance(error, CannotListenError) or not isinstance(cause, OSError):
        return f"Cannot listen on {endpoint}: {getattr(cause, 'strerror', cause)}."
    where = f"port {error.port}" if isinstance(error.port, int) else str(error.port)
    reasons = {
        errno.EADDRINUSE: "it is in use. Is another chat running? Choose another port with --port.",
        errno.EADDRNOTAVAIL: f"{error.interface} is not an address of this machine.",
        errno.EACCES: "permission denied: ports below 1024 need root. Choose a higher --port.",
    }
    return f"Cannot listen on {where}: {reasons.get(cause.errno or 0, f'{cause.strerror}.')}"


def _client() -> str:
    """Return the client's command as it can be typed here."""
    beside = Path(sys.argv[0]).with_name("chatsvc")
    return "chatsvc" if which("chatsvc") or not beside.exists() else str(beside)
