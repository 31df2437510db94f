"""`twistd chat`: its options, and the service they make; the one place that knows all others."""

from __future__ import annotations

import errno
import gc
import ipaddress
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import partial
from pathlib import Path
from shutil import which
from typing import Any, TypeVar, cast

from twisted.application.service import IService, Service
from twisted.internet import reactor as installed_reactor
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.endpoints import quoteStringArgument, serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from twisted.python.usage import Options as BaseOptions
from twisted.python.usage import UsageError

from chatsvc import __version__
from chatsvc.archive import Archive, ArchiveFailed, MemoryArchive, Worker
from chatsvc.events import Said
from chatsvc.hub import Hub, Settings
from chatsvc.rules import LONGEST_WORDS, clean
from chatsvc.sql import SQLArchive
from chatsvc.transports.line import ChatFactory

T = TypeVar("T")

PORT = 13531
RESERVE = 64  # files the process opens besides connections
READERS = 2  # threads that read the archive

_log = Logger()
_reactor = cast(Any, installed_reactor)


class StartFailed(SystemExit, Exception):
    """The service cannot start; the message is a sentence for people.

    As an Exception it lets `twistd` clean up, and tell the terminal that a daemon was started from;
    as a SystemExit it ends without a traceback.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.code = 1
        if os.path.samestat(os.fstat(2), os.stat(os.devnull)):  # a daemon has only its log
            _log.critical("{sentence}", sentence=sentence)
        else:
            print(sentence, file=sys.__stderr__)


class Options(BaseOptions):
    """What can be chosen on the command line."""

    synopsis = "[options]"
    longdesc = (
        "A chat server. People join with telnet, netcat, or chatsvc join; what is said is kept in"
        " chat.db, in the directory the service runs in."
    )
    optFlags = [
        ["show-messages", None, "Write what is said in rooms to the log."],
        ["stop-when-empty", None, "Stop when the last person leaves."],
        ["leave-on-empty-line", None, "Let an empty line mean goodbye."],
    ]
    optParameters = [
        ["port", "p", str(PORT), "The port to listen on."],
        ["interface", "i", None, "The one address to listen on.  [default: all, IPv4 and IPv6]"],
        ["archive", "a", "sqlite:chat.db", "Where lines are kept: sqlite:PATH, or memory:"],
        ["name", None, "chatsvc", "What this chat is called in its greeting."],
        ["motd", None, None, "A file whose lines everybody is shown on arrival."],
        ["password", None, None, "A password that everybody must give."],
        ["password-file", None, None, "A file whose first line is that password."],
        ["max-clients", None, None, "How many may be here.  [default: what the system allows]"],
        ["show-history", None, "20", "How many earlier lines one sees on entering a room."],
        ["slow-reader-limit", None, "300", "Seconds without reading after which one is closed."],
    ]

    def __init__(self) -> None:
        super().__init__()
        self["listen"] = []

    def opt_listen(self, endpoint: str) -> None:
        """Listen on a Twisted endpoint, such as unix:chat.sock or tcp:7000; may be repeated.
        Without it: --port on --interface."""
        self["listen"].append(endpoint)

    opt_l = opt_listen

    def parseArgs(self, *words: str) -> None:
        if words:
            raise UsageError(f"{' '.join(words)} is not understood: options begin with --.")

    def opt_version(self) -> None:
        """Print the version, and exit."""
        print(f"chatsvc {__version__}")
        raise SystemExit(0)

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        try:
            super().parseOptions(options)
        except UsageError as error:
            if self.parent is None:
                raise
            # twistd would print its own two screens of options before the one sentence.
            raise SystemExit(f"twistd chat: {error}\nTry: twistd chat --help") from None

    def postOptions(self) -> None:
        self["port"] = _number("--port", self["port"], 0, 65535)
        self["show-history"] = _number("--show-history", self["show-history"], 0, 10_000)
        self["slow-reader-limit"] = _number(
            "--slow-reader-limit", self["slow-reader-limit"], 1, 86_400
        )
        self["max-clients"] = _max_clients(self["max-clients"])
        self["interface"] = _address(self["interface"] or "")
        self["archive"] = _archive_place(self["archive"])
        self["motd"] = _read("--motd", self["motd"]) if self["motd"] else ""
        self["password"] = _password(self["password"], self["password-file"])
        if not self["name"].strip() or len(self["name"]) > LONGEST_WORDS:
            raise UsageError("--name is what the chat is called, such as --name 'Class 4b'.")
        self["endpoints"] = _endpoints(self["listen"], self["port"], self["interface"])


def _number(option: str, value: str, least: int, most: int) -> int:
    decimal = value.isascii() and value.isdecimal() and len(value) < 20
    if not decimal or not least <= int(value) <= most:
        raise UsageError(f"{option} is a number from {least} to {most}, not {value!r}.")
    return int(value)


def _max_clients(value: str | None) -> int:
    """The wanted number of connections, or as many as the process may have files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    most = max(1, min(hard if hard > 0 else 1_000_000, 1_000_000) - RESERVE)
    if value is None:
        return most
    wanted = _number("--max-clients", value, 1, 1_000_000)
    if wanted > most:
        raise UsageError(
            f"--max-clients {wanted} is more than the {most} this process may have: raise the"
            " limit of open files first (ulimit -Hn)."
        )
    return wanted


def _address(value: str) -> str:
    value = value.strip("[]")
    if not value or value == "localhost":
        return "127.0.0.1" if value else ""
    try:
        ipaddress.ip_address(value.partition("%")[0])
    except ValueError:
        raise UsageError(
            f"--interface is an IP address of this machine, such as 127.0.0.1, not {value!r}."
        ) from None
    return value


def _archive_place(value: str) -> Path | None:
    """The path of the archive, or None for one in memory."""
    kind, colon, path = value.partition(":")
    if kind == "memory" and not path and colon:
        return None
    if kind == "sqlite" and path:
        return Path(path)
    raise UsageError(f"--archive is sqlite:PATH or memory:, not {value!r}.")


def _read(option: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{option} {path} cannot be read: {reason}.") from None


def _password(password: str | None, path: str | None) -> str | None:
    if password is not None and path is not None:
        raise UsageError("Give --password or --password-file, not both.")
    if path is not None:
        password = (_read("--password-file", path).splitlines() or [""])[0]
    if password is None:
        return None
    if not clean(password).strip():
        raise UsageError("The password is empty.")
    return clean(password).strip()


def _endpoints(listen: Sequence[str], port: int, interface: str) -> list[str]:
    for endpoint in listen:
        kind, _, rest = endpoint.partition(":")
        number = rest.removeprefix("port=").partition(":")[0]
        if kind in ("tcp", "tcp6", "ssl") and number.isdecimal():
            _number(f"--listen {endpoint}: the port", number, 0, 65535)
        try:
            serverFromString(_reactor, endpoint)
        except Exception as error:
            # Each kind of endpoint raises errors of its own for what it does not understand.
            reason = "there is no such thing" if isinstance(error, LookupError) else error
            raise UsageError(f"--listen {endpoint} is not understood: {reason}.") from None
    return list(listen) or [_tcp(port, interface)]


def _tcp(port: int, interface: str) -> str:
    if not interface and socket.has_dualstack_ipv6():
        interface = "::"
    kind = "tcp6" if ":" in interface else "tcp"
    return f"{kind}:{port}:interface={quoteStringArgument(interface)}:backlog=1024"


def makeService(options: Options) -> IService:
    """The service that these options describe; it opens and listens to nothing yet."""
    return cast(IService, ChatService(options, _reactor))


class ChatService(Service):
    """Archive, hub and listeners, started and stopped in the right order."""

    def __init__(self, options: Options, reactor: Any) -> None:
        self._reactor = reactor
        self._endpoints = options["endpoints"]
        self._writer = ThreadPool(1, 1, "writer")
        self._readers = ThreadPool(0, READERS, "readers")
        self._archive = self._make_archive(options["archive"])
        self.hub = Hub(self._archive, reactor, _start, _settings(options))
        if options["show-messages"]:
            self.hub.watch = _log_line
        if options["stop-when-empty"]:
            self.hub.when_empty = self._stop_reactor
        self._factory = ChatFactory(
            self.hub, reactor, options["max-clients"], options["slow-reader-limit"]
        )
        self._ports: list[IListeningPort] = []

    def _make_archive(self, path: Path | None) -> Archive:
        if path is None:
            return MemoryArchive(_at_once, self._turn, _start)
        writer = partial(deferToThreadPool, self._reactor, self._writer)
        readers = partial(deferToThreadPool, self._reactor, self._readers)
        return SQLArchive(path, cast(Worker, writer), cast(Worker, readers), self._turn, _start)

    async def _turn(self) -> None:
        await deferLater(self._reactor, 0)

    # Starting

    def privilegedStartService(self) -> None:
        """Listen, while this process may still be allowed to use low ports."""
        for endpoint in self._endpoints:
            self._ports.append(self._listen(endpoint))
        super().privilegedStartService()

    def _listen(self, endpoint: str) -> IListeningPort:
        outcome: list[IListeningPort | Failure] = []
        serverFromString(self._reactor, endpoint).listen(self._factory).addBoth(outcome.append)
        (port,) = outcome
        if isinstance(port, Failure):
            raise StartFailed(_why_not_listening(endpoint, port))
        return port

    def startService(self) -> None:
        """Open the archive; from now on people can come in."""
        if not self._ports:
            self.privilegedStartService()
        try:
            self.hub.open()
        except ArchiveFailed as failed:
            raise StartFailed(str(failed)) from None
        self._writer.start()
        self._readers.start()
        super().startService()
        self._reactor.callWhenRunning(self._be_ready)
        gc.freeze()  # what is here now stays: it need not be looked through again and again
        gc.set_threshold(10_000, 20, 20)  # a line makes no cycles

    def _be_ready(self) -> None:
        self._stop_on_signals()
        _log.info("{text}", text="\n".join(self._ready()))

    def _ready(self) -> Iterator[str]:
        """What the one who started the service wants to know."""
        yield "The chat is ready. To join it, type in another terminal:"
        for port in self._ports:
            yield from _ways_in(port.getHost())
        if isinstance(self._archive, SQLArchive):
            yield f"What is said is kept in {self._archive.path.absolute()}"
        else:
            yield "What is said is kept in memory, and forgotten when the service stops."
        yield "Ctrl-C, or the signal TERM, stops it."

    # Stopping

    async def _stop(self) -> None:
        await gatherResults([maybeDeferred(port.stopListening) for port in self._ports])
        await self.hub.close()
        await self._factory.all_closed()
        await self._archive.close()
        self._writer.stop()
        self._readers.stop()

    def _stop_on_signals(self) -> None:
        # The reactor's own handlers end the process by the same signal; stopping is no failure.
        for number in (signal.SIGINT, signal.SIGTERM):
            handler = signal.getsignal(number)
            if getattr(handler, "__self__", None) is self._reactor:
                signal.signal(number, self._stop_on_signal)

    def _stop_on_signal(self, number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # the second one does not wait for anybody
        self._reactor.callFromThread(self._reactor.stop)

    def stopService(self) -> Deferred[None]:
        """Stop listening, keep what was said, tell everybody, close."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    def _stop_reactor(self) -> None:
        # Not at once: who leaves is still to be told goodbye, or is only coming back.
        self._reactor.callLater(0, self._stop_if_empty)

    def _stop_if_empty(self) -> None:
        if not self.hub.stopping and not self.hub.users:
            self._reactor.stop()


async def _at_once(work: Callable[..., T], *arguments: Any) -> T:
    return work(*arguments)


def _start(coroutine: Coroutine[Any, Any, None]) -> None:
    Deferred.fromCoroutine(coroutine).addErrback(lambda f: _log.failure("Something failed", f))


def _settings(options: Options) -> Settings:
    return Settings(
        name=clean(options["name"]),
        motd="\n".join(map(clean, options["motd"].splitlines())),
        password=options["password"],
        show_history=options["show-history"],
        leave_on_empty_line=bool(options["leave-on-empty-line"]),
    )


def _log_line(line: Said) -> None:
    _log.info("{room} <{sender}> {text}", room=line.room, sender=line.sender, text=line.text)


def _why_not_listening(endpoint: str, failure: Failure) -> str:
    error = failure.value
    cause = getattr(error, "socketError", error)
    if not isinstance(error, CannotListenError) or not isinstance(cause, OSError):
        return f"Cannot listen on {endpoint}: {getattr(cause, 'strerror', cause)}."
    where = f"port {error.port}" if isinstance(error.port, int) else str(error.port)
    reasons = {
        errno.EADDRINUSE: "it is in use. Is another chat running? --port chooses another one.",
        errno.EADDRNOTAVAIL: f"{error.interface} is no address of this machine.",
        errno.EACCES: "you may not. Ports below 1024 need more rights: choose a higher --port.",
    }
    return f"Cannot listen on {where}: {reasons.get(cause.errno or 0, f'{cause.strerror}.')}"


def _client() -> str:
    """The client's command, as it can be typed here."""
    beside = Path(sys.argv[0]).with_name("chatsvc")
    return "chatsvc" if which("chatsvc") or not beside.exists() else str(beside)


def _ways_in(address: IAddress) -> Iterator[str]:
    """The very commands that join a chat which listens there."""
    if isinstance(address, UNIXAddress):
        yield f"    nc -U {os.fsdecode(address.name or b'')}"
    elif isinstance(address, IPv4Address | IPv6Address):
        everywhere = address.host in ("0.0.0.0", "::")
        host = "localhost" if everywhere else address.host
        bracketed = f"[{host}]" if ":" in host else host
        yield f"    {_client()} join {bracketed}:{address.port}"
        yield f"    telnet {host} {address.port}"
        yield f"    nc {host} {address.port}"
        if everywhere:
            yield f"From another machine: telnet {socket.gethostname()} {address.port}"
