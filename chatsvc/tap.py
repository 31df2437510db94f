"""`twistd chat`: creates the service from its options; the only module that knows all others."""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TextIO, cast

from twisted.application.service import IService, Service
from twisted.internet import reactor as installed_reactor
from twisted.internet.defer import Deferred, ensureDeferred, gatherResults, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.logger import ILogObserver, Logger
from twisted.python.failure import Failure

from chatsvc.model.control import Answer, Arguments, socket_of
from chatsvc.model.monotonic import measure_steadily
from chatsvc.model.requests import Refused
from chatsvc.options.command_line import Options
from chatsvc.process.log import ServiceLog
from chatsvc.process.log_levels import LEVELS
from chatsvc.process.memory import share_memory_of_threads
from chatsvc.process.private_files import make_directory, restrict
from chatsvc.process.signals import Signals
from chatsvc.process.systemd import (
    NotUsable,
    passed_endpoints,
    tell_ready,
    tell_reloading,
    tell_stopping,
)
from chatsvc.process.threads import Threads
from chatsvc.process.threshold import Threshold
from chatsvc.process.twistd_log import find_log
from chatsvc.running.chat import Chat, start
from chatsvc.running.node import Node
from chatsvc.running.reloading import Reloaded, Reloader
from chatsvc.running.start_message import ways_to_join
from chatsvc.store.archive import Archive, ArchiveFailed
from chatsvc.store.archives import archive_at
from chatsvc.store.location import Database
from chatsvc.store.sqlite.database import lock
from chatsvc.transports.certificate import CertificateFailed, Files
from chatsvc.transports.control import ControlSocket
from chatsvc.transports.factory import Port
from chatsvc.transports.proxy import ProxyFactory
from chatsvc.transports.selfsigned import kept_beside, make
from chatsvc.transports.tls import TLS
from chatsvc.transports.web.site import packaged

__all__ = ["Options", "makeService"]

STEP = 20.0  # seconds for each step of stopping; closing connections takes up to 10

_LOG_OPTIONS = {"log-file", "log-format"}

_USED = (
    "Another chatsvc uses the directory {}. Each node needs one of its own: stop that one, or"
    " use another directory with --data."
)

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
    """Return the service for `twistd`; it does not open or listen yet."""
    return cast(IService, service_of(options))


def service_of(options: Options) -> ChatService:
    """Return the service that these options describe."""
    measure_steadily(_reactor)
    share_memory_of_threads()
    return ChatService(options, _reactor)


class ChatService(Service):
    """Archive, hub and listeners, started and stopped in the right order."""

    def __init__(self, options: Options, reactor: Any) -> None:
        self._reactor = reactor
        self._options = options
        self._threshold = Threshold(options["log-level"])
        self.log = ServiceLog(options["log-file"], self._threshold, options["log-format"])
        self._tls_endpoint: str | None = options["tls-endpoint"]
        self._tls_port: IListeningPort | None = None
        self._threads = Threads(reactor)
        self._place: Path | Database | None = options["archive"]
        self._beside: Path | None = options["beside"]
        self._run = self._make_run()
        self._tls: TLS | None = None
        self._reloader = Reloader(options, self._apply, lambda: self._tls, self._beside)
        self._control = self._make_control()
        paths = options["certificate"]
        self._certificate = None if paths is None else Files(*paths)
        self._ports: list[IListeningPort] = []
        self._lock: TextIO | None = None  # of the data directory, if the archive is elsewhere

    def _make_run(self) -> Chat | Node:
        """Return what this process runs: the chat, or one of the nodes that share a database."""
        try:
            if not isinstance(self._place, Database):
                threads = self._threads
                return self._make_chat(
                    archive_at(self._place, threads.of_archive, threads.turn, start)
                )
            return Node(
                self._options, self._reactor, self._threads, self._make_chat, self._within_limit
            )
        except ArchiveFailed as failed:
            raise StartFailed(str(failed)) from None

    def _make_chat(self, archive: Archive) -> Chat:
        return Chat(
            self._options, self._reactor, archive, self._threads.hasher, self._stop_when_empty,
        )  # fmt: skip

    def _apply(self, options: Options) -> None:
        self._threshold.set(options["log-level"])
        self._run.apply(options)

    def _make_control(self) -> ControlSocket | None:
        """Return the control socket beside the archive; one in memory has none."""
        if self._beside is None:
            return None
        own = {
            "stop": self._stop_by_control,
            "log-level": self._set_log_level,
            "reload": self._reload_by_control,
        }
        return ControlSocket(socket_of(self._beside), lambda: {**self._run.commands(), **own})

    async def _stop_by_control(self, arguments: Arguments) -> Answer:
        """Stop once this is answered."""
        await self._run.note("stopped the service")
        self._reactor.callLater(0, self._reactor.stop)
        return {"text": "Stopping."}

    async def _reload_by_control(self, arguments: Arguments) -> Answer:
        """Read the configuration again, and answer with what changed."""
        outcome = self.reload()
        await self._run.note("reloaded the configuration")
        lists = {name: list(value) for name, value in outcome._asdict().items()}
        return {**lists, "text": str(outcome)}

    async def _set_log_level(self, arguments: Arguments) -> Answer:
        """Leave out log entries below a level; without one, say which level is in force."""
        level = arguments.text("level", self._threshold.name)
        if level not in LEVELS:
            raise Refused("bad-argument", f"The level must be one of {', '.join(LEVELS)}.")
        if level != self._threshold.name:
            await self._run.note(f"set the log level to {level}")
            self._threshold.set(level)
        return {"level": level, "text": f"The log level is {level}."}

    # Starting

    def setServiceParent(self, parent: Any) -> None:
        """Write the log ourselves instead of `twistd`, if our options say how."""
        if _LOG_OPTIONS & set(self._options.given):
            parent.setComponent(ILogObserver, self.log)
        super().setServiceParent(parent)

    def privilegedStartService(self) -> None:
        """Listen while this process may still use low ports."""
        if self._options.pid_file is not None:
            restrict(self._options.pid_file)
        for endpoint in self._endpoints():
            self._ports.append(self._listen(endpoint, Port(self._run)))
        if self._tls_endpoint is not None:
            self._tls_port = self._listen(self._tls_endpoint, Port(self._run, tls_only=True))
        super().privilegedStartService()

    def _endpoints(self) -> list[str]:
        """Return where to listen: where the options say, or else on the sockets of systemd."""
        wanted: list[str] = self._options["endpoints"]
        try:
            return (
                wanted
                if self._options["listen"]
                else list(passed_endpoints(self._reactor)) or wanted
            )
        except NotUsable as error:
            raise StartFailed(str(error)) from None

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
        self._make_directory(self._options["data"])
        try:
            self._lock_directory()
            self._run.open()
        except ArchiveFailed as failed:
            raise StartFailed(str(failed)) from None
        if "tls" in self._options["speaks"]:
            self._tls = self._make_tls()
            self._run.use_tls(self._tls)
        if "http" in self._options["speaks"]:
            packaged()  # reads the files of the browser client
        self._open_control()
        self._threads.start()
        self._run.begin()
        super().startService()
        self._reactor.callWhenRunning(self._be_ready)
        gc.freeze()  # long-lived objects: the garbage collector need not scan them again
        gc.set_threshold(10_000, 20, 20)  # a line creates no cycles

    def _lock_directory(self) -> None:
        """Refuse a directory that another process uses; an archive in a file has its own lock."""
        if isinstance(self._place, Database) and self._beside is not None:
            self._lock = lock(self._beside, _USED.format(self._beside.absolute().parent))

    def _make_directory(self, data: Path | None) -> None:
        try:
            if data is not None:
                make_directory(data)
        except OSError as error:
            raise StartFailed(f"Cannot create --data {data}: {error.strerror}.") from None

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
            if certificate is None and self._beside is not None:
                certificate = kept_beside(self._beside)
                hint = " To make a new one, move the file away and restart."
            return self._checked(TLS(certificate or make(), self._reactor))
        except CertificateFailed as failed:
            raise StartFailed(f"{failed}{hint}") from None

    def _checked(self, tls: TLS) -> TLS:
        """Refuse a certificate that would lock out clients which obey the policy (IRCv3 "sts")."""
        if self._options["sts"] is not None and tls.self_signed:
            raise CertificateFailed(
                f"--sts requires a certificate that clients trust, but {self._certificate} is"
                " self-signed."
            )
        return tls

    def _be_ready(self) -> None:
        Signals(self._reactor, self.reload, find_log() or self.log).begin()
        self._threshold.begin()
        _log.info("{text}", text="\n".join(self._ready()))
        tell_ready("Ready.")

    def _ready(self) -> Iterator[str]:
        """Yield what the administrator should know."""
        yield from ways_to_join(self._run.speaking, [port.getHost() for port in self._ports])
        if self._tls_port is not None:
            yield f"Port {_port_of(self._tls_port)} accepts TLS only."
        if self._tls is not None and self._certificate is None:
            yield f"TLS uses a self-signed certificate, SHA-256 {self._tls.fingerprint}"
        yield from self._run.ready()
        yield "To stop the service, press Ctrl-C or send SIGTERM."

    # Stopping

    async def _stop(self) -> None:
        for step in self._run.stopping(self._stop_listening):
            await self._within_limit(step)
        if self._control is not None:
            await self._within_limit(self._control.close)
        if self._lock is not None:
            self._lock.close()
        self._threads.stop()

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

    def reload(self) -> Reloaded:
        """Apply what an administrator has changed in files; log and return what that was."""
        tell_reloading()
        outcome = self._reloader.reload()
        outcome = outcome._replace(notes=tuple(self._run.after_reload(outcome.changed)))
        write = _log.warn if any(outcome[1:]) else _log.info
        write("Reloaded the configuration. {outcome}", outcome=str(outcome))
        tell_ready(f"Ready. The last reload: {outcome}")
        return outcome

    def stopService(self) -> Deferred[None]:
        """Stop listening, store what was said, tell everybody, close."""
        tell_stopping()
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    def _stop_when_empty(self) -> None:
        # Not at once: users who leave still get their goodbye, or may be reconnecting.
        self._reactor.callLater(0, self._stop_if_empty)

    def _stop_if_empty(self) -> None:
        if self._run.is_empty:
            self._reactor.stop()


def _port_of(port: IListeningPort) -> int:
    return int(cast(Any, port.getHost()).port)


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
