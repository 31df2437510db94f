"""A client and a chat in one process: what the client shows, sends, loses and restores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conftest import Chat, Person
from staff import SECRET
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.error import ConnectionRefusedError as NobodyListens
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.cli.plain import PlainChat
from chatsvc.client.login_prompts import Identity
from chatsvc.client.words import Words
from chatsvc.model.rate_limits import UNLIMITED, Limits
from chatsvc.store.archive import Archive

OTHER = "battery-staple"
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"
MEMBER = Identity("ann", account_password=SECRET)


class Screen:
    """A screen in memory."""

    def __init__(self, interactive: bool) -> None:
        self.interactive = interactive
        self.lines: list[str] = []
        self.prompts: list[tuple[str, bool]] = []
        self.reading = False
        self.closed = False
        self.cleared = 0
        self.type: Callable[[str], None]
        self.end: Callable[[], None]

    def open(self, typed: Callable[[str], None], ended: Callable[[], None]) -> None:
        self.type, self.end = typed, ended

    def pause(self) -> None:
        self.reading = False

    def resume(self) -> None:
        self.reading = True

    def show(self, line: str) -> None:
        assert not self.closed
        self.lines.append(line)

    def prompt(self, text: str, hidden: bool = False) -> None:
        self.prompts.append((text, hidden))

    def clear(self) -> None:
        self.cleared += 1

    def close(self) -> None:
        self.closed = True


class Cable:
    """A connection of the client with the chat, and what is on its way over it."""

    def __init__(self, protocol: Any, server: Person) -> None:
        self.protocol = protocol
        self.transport = StringTransport()
        self.transport.abortConnection = self._abort  # type: ignore[method-assign]
        self.server = server
        self.open = True
        protocol.makeConnection(self.transport)

    def carry(self) -> bool:
        """Deliver what is on its way; return False if nothing is."""
        sent, answered = self.transport.value(), self.server.transport.value()
        self.transport.clear()
        self.server.transport.clear()
        if sent:
            self.server.protocol.dataReceived(sent)
        if answered:
            self.protocol.dataReceived(answered)
        if not (sent or answered) and (self.transport.disconnecting or self.server.closed):
            self.cut()
            return True
        return bool(sent or answered)

    def _abort(self) -> None:
        self.transport.clear()
        self.transport.loseConnection()

    def cut(self) -> None:
        """Lose the connection with everything on its way; both sides notice."""
        self.lose()
        self.server.hang_up()

    def lose(self) -> None:
        """Lose the connection so that only the client notices."""
        self.open = False
        self.protocol.connectionLost(Failure(ConnectionDone()))


@implementer(IStreamClientEndpoint)
class House:
    """The address of a chat, which may be restarted there."""

    def __init__(self, limits: Limits = UNLIMITED, **settings: Any) -> None:
        self.clock = Clock()  # the client's
        self.cables: list[Cable] = []
        self.tries = 0
        self.down = False
        self.visits: list[Visit] = []
        self._limits, self._settings = limits, settings
        self.chat = self._start()

    def _start(self, archive: Archive | None = None) -> Chat:
        return Chat(archive, self._limits, **self._settings)

    def connect(self, factory: Any) -> Deferred[Any]:
        self.tries += 1
        if self.down:
            return fail(NobodyListens())
        protocol = factory.buildProtocol(None)
        self.cables.append(Cable(protocol, self.chat.connect(HERE)))
        return succeed(protocol)

    def pump(self, seconds: float = 0.0) -> None:
        """Let time pass, and deliver everything on its way."""
        for clock in (self.clock, self.chat.clock):
            clock.advance(seconds)
            self._carry()

    def _carry(self) -> None:
        quiet = 0
        while quiet < 2:
            self.clock.advance(0)
            self.chat.clock.advance(0)
            self.cables = [cable for cable in self.cables if cable.open]
            moved = [cable.carry() for cable in self.cables]
            quiet = 0 if any(moved) else quiet + 1

    def lose(self) -> None:
        """Lose the connection; the chat notices too."""
        for cable in self.cables:
            cable.cut()
        self.cables.clear()

    def kill(self) -> None:
        """Kill the chat as SIGKILL would, and restart it with the same archive."""
        self.chat = self._start(self.chat.archive)
        for cable in self.cables:
            cable.lose()
        self.cables.clear()

    def __enter__(self) -> House:
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect everybody."""
        self.down = False
        for visit in self.visits:
            if not visit.done.called:
                visit.done.cancel()
                self.pump(10.0)
            visit.done.addErrback(lambda failure: None)

    def visitor(self, name: str, *commands: str, register: bool = False) -> Person:
        """Return another user, perhaps with an account."""
        person = self.chat.connect(ELSEWHERE)
        person.send(name)
        if register:
            person.send(f"/register {SECRET}")
        person.send(*commands)
        return person

    def member(self, *commands: str) -> None:
        """Let ann register, do something, and leave."""
        self.visitor("ann", *commands, register=True).send("/quit")

    def operator(self, *commands: str) -> Person:
        """Return bob, an operator."""
        self.chat.hub.login.claim_code = "4711"
        return self.visitor("bob", "/claim 4711", *commands, register=True)


class Visit:
    """A user of the client, in a chat with accounts."""

    def __init__(
        self,
        house: House,
        identity: Identity = Identity("ann"),  # noqa: B008
        interactive: bool = True,
        room: str | None = None,
    ) -> None:
        self.house = house
        self.screen = Screen(interactive)
        self.talk = PlainChat(house, house.clock, self.screen, Words(False), identity)
        self.done: Deferred[int] = Deferred.fromCoroutine(self.talk.run(room))
        house.visits.append(self)
        self.house.pump()

    def type(self, *lines: str) -> list[str]:
        """Type lines; return what is shown then."""
        return self._shown_by(lambda: [self.screen.type(line) for line in lines])

    def lose(self) -> list[str]:
        """Lose the connection and reconnect; return what is shown then."""
        return self._shown_by(self.house.lose, 10.0)

    def kill(self) -> list[str]:
        """Stay while the chat is killed and restarted; return what is shown then."""
        return self._shown_by(self.house.kill, 10.0)

    def wait(self, seconds: float) -> list[str]:
        return self._shown_by(lambda: None, seconds)

    def _shown_by(self, act: Callable[[], object], seconds: float = 0.0) -> list[str]:
        before = len(self.screen.lines)
        act()
        self.house.pump(seconds)
        return self.screen.lines[before:]

    @property
    def where(self) -> tuple[str, str | None, list[str]]:
        """Return the name, account and rooms that the chat has for this connection."""
        (cable,) = self.house.cables
        session = cable.server.protocol.session
        account = session.person.account
        rooms = sorted(room.name for room in session.rooms.values())
        return session.name, account.name if account else None, rooms

    @property
    def prompt(self) -> str:
        return self.screen.prompts[-1][0]
