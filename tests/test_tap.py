"""The service that the command-line options create."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import async_yield_fixture, ensureDeferred
from test_options import options
from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.defer import TimeoutError as TooLate
from twisted.internet.endpoints import clientFromString
from twisted.internet.protocol import Factory
from twisted.logger import LogEvent, formatEvent, globalLogPublisher
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from chatsvc import tap
from chatsvc.model.rate_limits import Rate
from chatsvc.running.chat import Chat
from chatsvc.tap import ChatService, StartFailed, makeService
from chatsvc.transports.selfsigned import make

# The service


class Wire(LineOnlyReceiver):
    """A connection that returns its lines one after the other."""

    delimiter = b"\n"

    def connectionMade(self) -> None:
        self.lines: list[str] = []
        self.waiting: Deferred[str] | None = None
        self.closed: Deferred[None] = Deferred()

    def lineReceived(self, line: bytes) -> None:
        self.lines.append(line.decode().rstrip("\r"))
        if self.waiting:
            waiting, self.waiting = self.waiting, None
            waiting.callback(self.lines.pop(0))

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        self.closed.callback(None)

    def next(self) -> Deferred[str]:
        waiting: Deferred[str] = Deferred()
        if self.lines:
            waiting.callback(self.lines.pop(0))
        else:
            self.waiting = waiting
        return waiting.addTimeout(5, reactor)  # type: ignore[arg-type]

    async def until(self, words: str) -> str:
        """Return the next line that contains these words."""
        while words not in (line := await self.next()):
            pass
        return line


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Return what is written to the log."""
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        lines.extend(formatEvent(event).splitlines())

    globalLogPublisher.addObserver(observe)  # type: ignore[arg-type]
    yield lines
    globalLogPublisher.removeObserver(observe)  # type: ignore[arg-type]


@async_yield_fixture
async def service() -> AsyncIterator[Callable[..., ChatService]]:
    """Start services that listen on some loopback port, and stop them at the end."""
    quiet = ("--interface", "127.0.0.1", "--port", "0", "--archive", "memory:")
    made: list[ChatService] = []

    def make(*arguments: str) -> ChatService:
        made.append(ChatService(options(*quiet, *arguments), reactor))
        return made[-1]

    yield make
    for chat in made:
        if chat.running:
            await stop(chat)
        for port in chat._ports:
            await maybeDeferred(port.stopListening)


def whole(service: ChatService) -> Chat:
    """Return the chat that a service runs."""
    assert isinstance(service._run, Chat)
    return service._run


async def stop(chat: ChatService) -> None:
    """Stop a service, which is fast."""
    try:
        await chat.stopService().addTimeout(5, reactor)  # type: ignore[arg-type]
    except TooLate:
        chat._threads.stop()
        raise


async def connect(logged: list[str], *lines: str) -> Wire:
    """Join in the way that the service has written to its log."""
    way = next(line.split() for line in reversed(logged) if line.startswith("    nc "))
    where = f"unix:{way[2]}" if way[1] == "-U" else f"tcp:{way[1]}:{way[2]}"
    factory = Factory.forProtocol(Wire)
    wire = await clientFromString(reactor, where).connect(factory)
    assert isinstance(wire, Wire)
    for line in lines:
        wire.sendLine(line.encode())
    return wire


@ensureDeferred
async def test_a_service_says_where_it_is_serves_and_stops_gracefully(
    service: Callable[..., ChatService], logged: list[str]
) -> None:
    chat = service()
    chat.startService()
    assert "Messages are kept in memory, and lost when the service stops." in logged
    ann, bob = await connect(logged, "ann"), await connect(logged, "bob")
    await ann.until("You are in #lobby")
    await bob.until("You are in #lobby")
    ann.sendLine(b"hello")
    await bob.until("<ann> hello")
    await stop(chat)
    assert "stopping" in await bob.until("*")
    await ann.closed.addTimeout(5, reactor)  # type: ignore[arg-type]
    await bob.closed.addTimeout(5, reactor)  # type: ignore[arg-type]
    assert not any("hello" in line for line in logged)


@ensureDeferred
async def test_a_service_stops_whatever_fails_or_never_ends_on_the_way(
    service: Callable[..., ChatService],
    monkeypatch: pytest.MonkeyPatch,
    nothing_fails_anywhere: list[LogEvent],
) -> None:
    def fail(moving: bool) -> None:
        raise ValueError

    chat = service()
    chat.startService()
    monkeypatch.setattr(tap, "STEP", 0.05)
    monkeypatch.setattr(whole(chat).hub, "close", fail)
    monkeypatch.setattr(whole(chat).factory, "all_closed", lambda _: Deferred())
    await stop(chat)
    assert [event["log_failure"].type for event in nothing_fails_anywhere] == [ValueError, TooLate]
    nothing_fails_anywhere.clear()


@ensureDeferred
async def test_what_was_said_is_there_after_a_restart(
    service: Callable[..., ChatService], logged: list[str], tmp_path: Path
) -> None:
    where = ("--archive", f"sqlite:{tmp_path / 'chat.db'}")
    first = service(*where)
    first.startService()
    assert f"Messages are stored in {tmp_path / 'chat.db'}" in logged
    await connect(logged, "ann", "are we still on for three?", "/topic tea")
    bob = await connect(logged, "bob")
    await bob.until("tea")  # set before bob joined, or after that
    await stop(first)
    second = service(*where)
    second.startService()
    bob = await connect(logged, "bob")
    assert 'The topic is "tea"' in await bob.until("You are in #lobby")
    await bob.until("<ann> are we still on for three?")
    await stop(second)


@ensureDeferred
async def test_a_line_on_its_way_is_kept_when_the_service_stops(
    service: Callable[..., ChatService], logged: list[str], tmp_path: Path
) -> None:
    where = ("--archive", f"sqlite:{tmp_path / 'chat.db'}")
    first = service(*where)
    first.startService()
    hello = json.dumps({"do": "hello", "name": "ann"})
    ann = await connect(logged, hello, '{"do":"join","room":"#lobby"}')
    await ann.until("entered")
    whole(first).hub.messaging.say(*_first_seat(first), "the last word")
    await stop(first)
    assert '"text":"the last word"' in await ann.until('"said"')
    second = service(*where)
    second.startService()
    await (await connect(logged, "bob")).until("<ann> the last word")
    await stop(second)


def _first_seat(chat: ChatService) -> tuple[Any, Any]:
    (session,) = whole(chat).hub.directory.sessions
    return session, session.here


@ensureDeferred
async def test_a_service_listens_wherever_it_is_told(
    service: Callable[..., ChatService], logged: list[str], tmp_path: Path
) -> None:
    chat = service("--listen", "tcp:0:interface=127.0.0.1", "--listen", f"unix:{tmp_path / 's'}")
    chat.startService()
    assert len([line for line in logged if line.startswith("    nc ")]) == 2
    assert f"    nc -U {tmp_path / 's'}" in logged
    ann = await connect(logged, "ann")
    await ann.until("You are in #lobby")
    await stop(chat)


@ensureDeferred
async def test_where_tls_is_required_others_are_shown_how_to_come_in(
    service: Callable[..., ChatService], logged: list[str]
) -> None:
    chat = service("--require-tls", "--listen", "tcp:0")
    chat.startService()
    (others,) = (line for line in logged if line.startswith("On another machine,"))
    assert "openssl s_client -quiet -connect " in others
    assert any(line.startswith("    telnet localhost ") for line in logged)
    assert any(re.fullmatch("TLS uses .* SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}", x) for x in logged)
    await stop(chat)


@ensureDeferred
async def test_options_reach_the_people(
    service: Callable[..., ChatService], logged: list[str], tmp_path: Path
) -> None:
    (tmp_path / "motd").write_text("Be \x1b[31mkind.\n")
    chosen = ("--motd", str(tmp_path / "motd"), "--name", "Class 4b", "--max-clients", "1")
    chat = service(*chosen, "--password", "sesame", "--show-messages")
    chat.startService()
    ann = await connect(logged, "ann")
    assert await ann.next() == "Welcome to Class 4b. What is your name?"
    await ann.until("requires a password")
    ann.sendLine(b"sesame")
    assert await ann.next() == "* Be kind."
    await ann.until("You are in #lobby")
    await (await connect(logged, "bob")).until("The server is full")
    ann.sendLine(b"hello")
    ann.sendLine(b"/time")
    await ann.until("It is")
    await stop(chat)
    assert "#lobby <ann> hello" in logged


@pytest.mark.parametrize("endpoint", ["tcp", "haproxy:tcp"])
@ensureDeferred
async def test_a_peer_that_has_vanished_is_found_within_two_minutes(
    service: Callable[..., ChatService], logged: list[str], endpoint: str
) -> None:
    chat = service("--listen", f"{endpoint}:0:interface=127.0.0.1")
    chat.startService()
    proxy = ("PROXY TCP4 192.0.2.7 192.0.2.8 1000 13531\r",) if endpoint != "tcp" else ()
    ann = await connect(logged, *proxy, "ann")
    await ann.until("You are in #lobby")
    (protocol,) = whole(chat).factory.connections
    assert protocol.address == ("192.0.2.7" if proxy else "127.0.0.1")
    accepted = protocol.transport.socket
    assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    idle = "TCP_KEEPIDLE" if hasattr(socket, "TCP_KEEPIDLE") else "TCP_KEEPALIVE"
    first, every, count = (
        accepted.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
        for name in (idle, "TCP_KEEPINTVL", "TCP_KEEPCNT")
    )
    assert first + every * count == 120
    await stop(chat)


@ensureDeferred
async def test_chosen_limits_hold(service: Callable[..., ChatService], logged: list[str]) -> None:
    chat = service("--flood", "1/20")
    chat.startService()
    ann = await connect(logged, "ann", "one", "two", "/quit")
    await ann.until("faster than 20 lines a second")
    await ann.until("Goodbye, ann.")
    assert whole(chat).factory.limits.flood == Rate(1, 20.0)
    await stop(chat)


# What a service cannot do


def reason_for_not_starting(chat: ChatService) -> str:
    with pytest.raises(StartFailed) as failed:
        chat.startService()
    sentence = str(failed.value)
    assert sentence.endswith(".")
    assert not sentence.endswith("..")
    assert "Error" not in sentence
    return sentence


@ensureDeferred
async def test_clients_are_not_bound_to_a_certificate_that_they_refuse(
    service: Callable[..., ChatService], tmp_path: Path
) -> None:
    path = tmp_path / "self.pem"
    path.write_bytes(make())
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])  # free afterwards
    words = ("--sts", "1d", "--tls-port", port, "--cert", str(path), "--key", str(path))
    assert reason_for_not_starting(service(*words)) == (
        f"--sts requires a certificate that clients trust, but {path} is self-signed."
    )


@ensureDeferred
async def test_a_port_in_use_is_a_sentence(service: Callable[..., ChatService]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        sentence = reason_for_not_starting(service("--port", str(port)))
        assert sentence.startswith(f"Cannot listen on port {port}: it is in use.")


@ensureDeferred
async def test_an_address_of_another_machine_is_a_sentence(
    service: Callable[..., ChatService],
) -> None:
    sentence = reason_for_not_starting(service("--interface", "192.0.2.1"))
    assert sentence.endswith("192.0.2.1 is not an address of this machine.")


@pytest.mark.parametrize(
    "endpoint", ["unix:/no/such/directory/s", "tcp:0:interface=x", "tcp:0:interface=192.0.2.1"]
)
@ensureDeferred
async def test_what_cannot_be_listened_on_is_a_sentence(
    service: Callable[..., ChatService], endpoint: str
) -> None:
    assert reason_for_not_starting(service("--listen", endpoint)).startswith("Cannot listen on ")


@ensureDeferred
async def test_an_archive_that_cannot_be_opened_is_a_sentence_and_nobody_is_let_in(
    service: Callable[..., ChatService], logged: list[str]
) -> None:
    chat = service("--archive", "sqlite:/no/such/directory/chat.db")
    assert "No such file or directory" in reason_for_not_starting(chat)
    assert not any("ready" in line for line in logged)


def test_a_failed_start_ends_the_process_with_its_sentence() -> None:
    assert issubclass(StartFailed, SystemExit)
    assert issubclass(StartFailed, Exception)


def test_making_a_service_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert isinstance(makeService(options("--listen", "unix:chat.sock")), ChatService)
    assert list(tmp_path.iterdir()) == []
