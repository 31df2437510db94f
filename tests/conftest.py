"""A whole chat in memory: conversations without sockets, threads or waiting."""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings
from stores import STORES, Factory, installed
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.protocol import connectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import LogEvent, Logger, LogLevel, globalLogPublisher
from twisted.python.failure import Failure

from chatsvc.auth import passwords, scram
from chatsvc.model.rate_limits import UNLIMITED, Limits, Window
from chatsvc.services.hub import Hub
from chatsvc.services.settings import ServiceSettings
from chatsvc.store.archive import Archive
from chatsvc.store.memory import MemoryArchive
from chatsvc.transports.detection import GREETING
from chatsvc.transports.factory import ChatFactory
from chatsvc.transports.hashing import HashingQueue

pytest_plugins = [
    "browser",
    "keeper",
    "archive_files",
    "ircpeople",
    "postgresql_archives",
    "leading_writers",
]

_log = Logger()

# Behind everything that is installed, so that the installed package is tested.
sys.path.append(str(Path(__file__).parent.parent))  # for `benchmarks`

os.environ["TZ"] = "UTC"
time.tzset()

# Dozens of services start: without compiled modules, each start takes three times as long.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A machine that is busy with other work must not make tests fail.
settings.register_profile("chatsvc", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("chatsvc")

MARKERS = {
    "test_real_": ("real", "slow"),
    "test_page_": ("real", "slow"),
    "test_client_real": ("real", "slow"),
    "test_client_tls_real": ("real", "slow"),
    "test_client_windows": ("real", "slow"),
    "test_archive_copy": ("slow",),
    "test_postgresql_": ("slow",),
    "test_tui_completion": ("screen",),
    "test_tui_": ("screen", "slow"),
}  # of a file's tests, by the first of these prefixes of its name

LONGEST = (  # with tests of up to minutes, beside which the others run
    "test_real_drops.py",
    "test_real_release.py",
    "test_real_administrator.py",
    "test_extending.py",
    "test_real_backup.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of each file, and begin with the longest, which others need not wait for."""
    items.sort(key=_turn)
    for item in items:
        name = item.path.name
        for marker in next((MARKERS[begin] for begin in MARKERS if name.startswith(begin)), ()):
            item.add_marker(marker)


def _turn(item: pytest.Item) -> int:
    name = item.path.name
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


def pytest_collection_finish() -> None:
    """Leave all modules and tests out of garbage collections, which would visit them each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def nothing_fails_anywhere() -> Iterator[list[LogEvent]]:
    """Fail a test if an error was logged; one that expects errors empties the list."""
    errors: list[LogEvent] = []

    def observe(event: LogEvent) -> None:
        if event.get("log_level", LogLevel.info) >= LogLevel.error:
            errors.append(event)

    globalLogPublisher.addObserver(observe)  # type: ignore[arg-type]
    yield errors
    globalLogPublisher.removeObserver(observe)  # type: ignore[arg-type]
    assert not errors


async def at_once(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do the work in the caller's thread."""
    return work(*arguments)


async def no_turn() -> None:
    """Return at once: nothing else is ready."""


class Worker:
    """A worker that works when told to, one job after the other, as a thread may."""

    def __init__(self) -> None:
        self.pieces: list[tuple[Deferred[Any], Callable[..., Any], tuple[Any, ...]]] = []

    def __call__(self, work: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        self.pieces.append((done, work, arguments))
        return done

    def step(self, position: int = 0) -> None:
        """Do one job."""
        done, work, arguments = self.pieces.pop(position)
        try:
            result = work(*arguments)
        except Exception as error:
            done.errback(error)
        else:
            done.callback(result)

    def work(self) -> None:
        """Do everything, and what follows from it."""
        while self.pieces:
            self.step()


def start(coroutine: Coroutine[Any, Any, object]) -> None:
    """Start a coroutine; its errors are errors of the test."""
    Deferred.fromCoroutine(coroutine).addErrback(lambda failure: failure.raiseException())


def report(error: Exception) -> None:
    """Log what failed, as the service does."""
    _log.failure("Something failed", Failure(error))


class Transport(StringTransport):
    """A transport that also knows its protocol, as real ones do."""

    producer: Any
    protocol: Any
    loseWriteConnection = StringTransport.loseConnection

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Do nothing: nothing is sent."""


class Person:
    """A user with a connection: what they send, and what they have read."""

    def __init__(self, factory: ChatFactory, address: str) -> None:
        protocol = factory.buildProtocol(None)  # type: ignore[arg-type]
        kind = IPv6Address if ":" in address else IPv4Address
        self.transport = Transport(peerAddress=kind("TCP", address, 50000))
        self.transport.abortConnection = self.hang_up  # type: ignore[method-assign]
        self.transport.protocol = protocol
        protocol.makeConnection(self.transport)

    @property
    def protocol(self) -> Any:
        """The protocol that has the connection at the moment."""
        return self.transport.protocol

    def send(self, *lines: str | bytes) -> list[str]:
        """Send lines as netcat does, and return what comes at once in answer."""
        self.read()
        for line in lines:
            data = line if isinstance(line, bytes) else line.encode()
            self.protocol.dataReceived(data + b"\n")
        return self.read()

    def ask(self, **request: object) -> list[dict[str, Any]]:
        """Send a JSON request, and return the events that come at once in answer."""
        self.read()
        self.protocol.dataReceived(json.dumps(request).encode() + b"\n")
        return self.events()

    def read(self) -> list[str]:
        """Return the lines that have come since the last time."""
        data: bytes = self.transport.value()
        self.transport.clear()
        return data.decode().splitlines()

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.read()]

    @property
    def closed(self) -> bool:
        return self.transport.disconnecting

    def hang_up(self) -> None:
        """Lose the connection."""
        self.transport.connected = False
        self.protocol.connectionLost(connectionDone)

    def stop_reading(self) -> None:
        """Report that the transport's buffer is full, as a real transport would."""
        self.transport.producer.pauseProducing()

    def stop_reading_after_this(self) -> None:
        """Report that the transport's buffer is full once something more was sent."""
        write = self.transport.write

        def fill(data: bytes) -> None:
            self.transport.write = write  # type: ignore[method-assign]
            write(data)
            self.stop_reading()

        self.transport.write = fill  # type: ignore[method-assign]

    def read_on(self) -> None:
        self.transport.producer.resumeProducing()


class Wall:
    """The time of day: it advances with the clock, and can be set separately."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = 0.0

    def __call__(self) -> float:
        return self._clock.seconds() + self._ahead

    def set_by(self, seconds: float) -> None:
        self._ahead += seconds


def hub_of(
    archive: Archive,
    clock: Clock,
    hasher: Any = at_once,
    limits: Limits = UNLIMITED,
    now: Callable[[], float] | None = None,
    log: Callable[[str], object] = print,
    **settings: Any,
) -> Hub:
    """Return a hub that hashes passwords at once, unless it is given a `hasher`."""
    attempts = Window(limits.attempts, limits.attempts_within)
    chosen, hashing = ServiceSettings(**settings), HashingQueue(hasher, clock)
    hub = Hub(archive, clock, start, hashing, attempts, chosen, now, report, log)
    hub.accounts.registrations = Window(limits.registrations, limits.registrations_within)
    hub.new_rooms.new = Window(limits.rooms, limits.rooms_within)
    return hub


@pytest.fixture(autouse=True, scope="session")
def passwords_cost_little() -> None:
    """Make hashing fast, which is slow on purpose."""
    passwords._argon2 = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    scram.ITERATIONS = 4096  # the minimum that scramp accepts


class NewArchive(Protocol):
    """Creates an archive of one of the stores."""

    def __call__(self, worker: Any = at_once, turn: Any = no_turn) -> Archive: ...


@pytest.fixture(params=[factory for _, factory in STORES], ids=[name for name, _ in STORES])
def new_archive(request: pytest.FixtureRequest, tmp_path: Path) -> NewArchive:
    """Return a function that creates an archive; the test runs once for each store."""
    factory: Factory = request.param

    def make(worker: Any = at_once, turn: Any = no_turn) -> Archive:
        return factory(tmp_path / "chat.db", worker, turn, start)

    return make


@pytest.fixture
def archives(tmp_path: Path) -> Iterator[dict[str, Archive]]:
    """Return one archive of each store, by the store's name, for one test."""
    path = tmp_path / "chat.db"
    made = {name: make(path, at_once, no_turn, start) for name, make in installed()}
    yield made
    for archive in made.values():
        start(archive.close())


class Chat:
    """A hub, its archive and its factory."""

    def __init__(
        self,
        archive: Archive | None = None,
        limits: Limits = UNLIMITED,
        hasher: Any = at_once,
        log: Callable[[str], object] = print,
        **settings: Any,
    ) -> None:
        self.clock = Clock()
        self.wall = Wall(self.clock)
        self.archive = archive or MemoryArchive(at_once, no_turn, start)
        self.hub = hub_of(self.archive, self.clock, hasher, limits, self.wall, log, **settings)
        self.hub.open()
        self.factory = ChatFactory(self.hub, self.clock, limits, max_clients=100, slow_limit=60.0)

    def connect(self, address: str = "192.0.2.1") -> Person:
        """Return a connection that has sent nothing yet."""
        return Person(self.factory, address)

    def join(self, name: str) -> Person:
        """Return a user in the lobby, over the text dialect, who has read the welcome."""
        person = self.connect()
        person.send(name)
        return person

    def program(self, name: str, **hello: object) -> Person:
        """Return a program that speaks JSON lines, and has joined no room yet."""
        person = self.connect()
        person.ask(do="hello", name=name, **hello)
        return person

    def wait_for_greeting(self) -> None:
        self.clock.advance(GREETING)


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
def chat_in_each_store(new_archive: NewArchive) -> Iterator[Chat]:
    """Return a chat; the test runs once for each store."""
    chat = Chat(new_archive())
    yield chat
    start(chat.archive.close())
