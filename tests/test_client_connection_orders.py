"""The client's connection in any order of events: each request is answered once, and it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from client_server import FakeServer, Notes, start
from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError as NobodyListens
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.client.login_prompts import Identity
from chatsvc.client.net.connection import Connection
from chatsvc.client.net.connection_state import ConnectionState
from chatsvc.client.net.failures import NotTrusted
from chatsvc.client.net.phases import GOODBYE
from chatsvc.model.events import Event
from chatsvc.model.message_events import Said
from chatsvc.model.requests import Refused
from chatsvc.model.server_events import Goodbye

LATE = Refused("too-often", "Too many connections. Try again later.")
BANNED = Refused("banned", "You are banned.")


class SlowServer(FakeServer):
    """A server that is reached, or not, when the test says so."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.calls: list[tuple[Any, Deferred[Any]]] = []

    def connect(self, factory: Any) -> Deferred[Any]:
        self.tries += 1
        call: tuple[Any, Deferred[Any]] = factory, Deferred()
        self.calls.append(call)
        return call[1]

    def reach(self) -> None:
        while self.calls:
            factory, call = self.calls.pop(0)
            reached = FakeServer.connect(self, factory)
            if not call.called:  # else it was given up, but came about anyway
                reached.chainDeferred(call)

    def fail(self, error: Exception) -> None:
        while self.calls:
            call = self.calls.pop(0)[1]
            if not call.called:
                call.errback(Failure(error))


class Impulsive(Notes):
    """A front that may act the moment that it is told something."""

    impulse: Callable[[], object] | None = None
    patience = 0  # number of notifications before that

    def event(self, event: Event, tag: str | None) -> None:
        super().event(event, tag)
        self.obey()

    def lost(self, reason: str) -> None:
        super().lost(reason)
        self.obey()

    def moving(self) -> None:
        super().moving()
        self.obey()

    def back(self) -> None:
        super().back()
        self.obey()

    async def refused(self, refusal: Refused, identity: Identity) -> Identity | None:
        self.obey()
        return await super().refused(refusal, identity)

    def obey(self) -> None:
        self.patience -= 1
        if self.impulse is not None and self.patience < 0:
            impulse, self.impulse = self.impulse, None
            impulse()


class Disorder:
    """A connection, and all events that can happen to it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.server = SlowServer(self.clock)
        self.notes = Impulsive()
        self.connection = Connection(
            self.server, self.notes, self.clock, Identity("ann"), lambda failures: float(failures)
        )
        self.answers: list[list[object]] = []
        self.ends: list[list[object]] = []

    def open(self) -> None:
        if self.connection.state is ConnectionState.CLOSED:
            recorded(start(self.connection.while_wanted(self._stay())))

    async def _stay(self) -> None:
        opening = start(self.connection.open())
        ended: list[object] = []
        self.ends.append(ended)
        try:
            await opening
        finally:
            ended.append(None)
        self.answers.append(recorded(start(self.connection.enter("#lobby"))))
        await Deferred()

    def close(self) -> None:
        self.ends.append(recorded(start(self.connection.close())))

    def close_next(self) -> None:
        self.notes.impulse = self.close

    def say_next(self) -> None:
        self.notes.impulse = self.say

    def say(self) -> None:
        self.answers.append(recorded(self.connection.say(f"own {len(self.answers)}", "#lobby")))

    def tell(self) -> None:
        self.answers.append(recorded(self.connection.tell("bob", "psst")))

    def join(self) -> None:
        self.answers.append(recorded(self.connection.request("join", rest="#tea")))

    def reach(self) -> None:
        self.server.reach()

    def unreachable(self) -> None:
        self.server.fail(NobodyListens())

    def untrusted(self) -> None:
        self.server.fail(NotTrusted("another certificate"))

    def arrive(self) -> None:
        for link in self.server.links[:]:
            self.server.step(link)

    def all_arrive(self) -> None:
        self.server.pump()

    def other(self) -> None:
        self.server.said_by_other(f"other {len(self.server.texts())}")

    def repeat(self) -> None:
        for link in self.server.links:
            for line in self.server.archive.get("#lobby", [])[: link.seen.get("#lobby", 0)]:
                link.tell(line)

    def lose(self) -> None:
        for link in self.server.links[:]:
            link.lose()

    def remove(self) -> None:
        for link in self.server.links:
            link.tell(Goodbye("boss removed you.", final=True))

    def stop(self) -> None:
        for link in self.server.links:
            link.tell(Goodbye("The server is stopping."))
            link.closing = True

    def nonsense(self) -> None:
        for link in self.server.links:
            link.to_client.append(b"HTTP/1.1 400 Bad Request\r\n")

    def refuse_later(self) -> None:
        self.server.refusal = LATE

    def ban(self) -> None:
        self.server.refusal = BANNED

    def welcome(self) -> None:
        self.server.refusal = None

    def shut_room(self) -> None:
        self.server.closed.add("#lobby")

    def fall_silent(self) -> None:
        self.server.silent = not self.server.silent

    def wait(self) -> None:
        self.clock.advance(2.0)

    def wait_long(self) -> None:
        self.clock.advance(40.0)


def recorded(deferred: Deferred[Any]) -> list[object]:
    """Return a list that collects what `deferred` fires with."""
    found: list[object] = []
    deferred.addBoth(found.append)
    return found


@contextmanager
def nothing_logged() -> Iterator[None]:
    """Return failures that nobody handles."""
    failures: list[object] = []

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        if "log_failure" in event:
            failures.append(event["log_failure"].getTraceback())

    globalLogPublisher.addObserver(observe)
    try:
        yield
    finally:
        globalLogPublisher.removeObserver(observe)
    assert failures == []


def test_a_front_may_close_whenever_it_is_told_something() -> None:
    times = 0
    while closes_when_told(times):
        times += 1
    assert times > 15


def closes_when_told(patience: int) -> bool:
    """Go through many events, and close at the nth notification, if there is one."""
    with nothing_logged():
        chaos = Disorder()
        chaos.notes.impulse, chaos.notes.patience = chaos.close, patience
        chaos.open()
        late, ok, shut = chaos.refuse_later, chaos.welcome, chaos.shut_room
        for happen in (chaos.other, late, chaos.lose, ok, chaos.lose, shut, chaos.lose, chaos.lose):
            chaos.reach()
            chaos.all_arrive()
            happen()
            chaos.all_arrive()
            chaos.wait_long()
        closed = chaos.notes.impulse is None
        check_the_end(chaos)
        return closed


def happenings() -> st.SearchStrategy[list[Callable[[Disorder], None]]]:
    every = [value for name, value in vars(Disorder).items() if name[0] != "_"]
    often = [Disorder.open, Disorder.reach, Disorder.arrive, Disorder.all_arrive, Disorder.say]
    some = st.lists(st.sampled_from([*every, *often * 5, Disorder.wait]), max_size=60)
    begin = [Disorder.open, Disorder.reach, Disorder.all_arrive]
    return some | some.map(lambda rest: begin + rest)


@settings(max_examples=200, deadline=None)
@example([Disorder.open, Disorder.reach, Disorder.all_arrive, Disorder.remove, Disorder.arrive])
@example([Disorder.open, Disorder.reach, Disorder.fall_silent, Disorder.close, Disorder.reach])
@given(happenings())
def test_in_every_order_requests_are_answered_once_and_closing_ends(
    happenings: list[Callable[[Disorder], None]],
) -> None:
    with nothing_logged():
        chaos = Disorder()
        for happen in happenings:
            happen(chaos)
        check_shown(chaos.notes)
        check_the_end(chaos)


def check_shown(notes: Notes) -> None:
    """Check that every line is shown once, in order."""
    numbers = [event.number for event in notes.events if isinstance(event, Said)]
    assert numbers == sorted(set(numbers))


def check_the_end(chaos: Disorder) -> None:
    """Check that closing ends with everything that waits, and that nothing happens afterwards."""
    chaos.notes.impulse = None
    chaos.close()
    shown = len(chaos.notes.events)
    chaos.clock.advance(GOODBYE)
    for link in chaos.server.links[:]:
        link.to_server.clear()
        link.to_client.clear()
        chaos.server.step(link)
    assert chaos.connection.state is ConnectionState.CLOSED
    assert all(len(each) == 1 for each in chaos.answers)
    assert all(len(each) == 1 for each in chaos.ends)
    chaos.server.reach()
    chaos.server.pump()
    assert chaos.clock.getDelayedCalls() == []
    assert chaos.server.links == []
    assert len(chaos.notes.events) == shown
