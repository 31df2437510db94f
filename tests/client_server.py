"""A fake server for the client's tests, in memory, and a connection to it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.client.login_prompts import Identity
from chatsvc.client.net.connection import Connection
from chatsvc.dialects.jsonl import JSONL
from chatsvc.model.events import Event
from chatsvc.model.message_events import Kept, Said, Told
from chatsvc.model.presence_events import Away, Ignoring, Renamed
from chatsvc.model.requests import Refusal, Refused
from chatsvc.model.room_events import Entered, Exited, Talking
from chatsvc.model.server_events import Cleared, Command, Goodbye, Help, Pong, Welcome

T = TypeVar("T")

COMMANDS = (
    Command("/help [command]", (), "lists the commands", "/help msg"),
    Command("/msg name text", ("/w",), "says something to one person", "/msg bob hi"),
    Command("/me text", (), "describes an action", "/me makes tea"),
    Command("/join room", (), "enters a room", "/join #tea"),
    Command("/clear", (), "clears the screen", ""),
    Command("/quit [words]", ("/exit",), "says goodbye", ""),
)

MOVING = Goodbye("This server is restarting.", reconnect=True)


class Link(StringTransport):
    """One connection to a `FakeServer`, with what is on its way in both directions."""

    def __init__(self, server: FakeServer) -> None:
        super().__init__()
        self.server = server
        self.protocol: Any = None
        self.name = ""
        self.client = ""
        self.seen: dict[str, int] = {}
        self.here: str | None = None
        self.to: str | None = None
        self.to_server: deque[dict[str, Any]] = deque()
        self.to_client: deque[bytes] = deque()
        self.open = True
        self.closing = False

    def write(self, data: bytes) -> None:
        self.to_server.extend(json.loads(line) for line in data.splitlines())

    def loseConnection(self) -> None:
        self.closing = True

    def abortConnection(self) -> None:
        self.closing = True

    def tell(self, event: Event, tag: str | None = None) -> None:
        self.to_client.append(JSONL.write(event, None, tag))

    def show(self, line: Said) -> None:
        self.seen[line.room] = line.number
        self.tell(line, line.tag if line.client == self.client else None)

    def lose(self) -> None:
        """Drop the connection with everything on its way."""
        if self.open:
            self.open = False
            self.server.links.remove(self)
            self.protocol.connectionLost(Failure(ConnectionDone()))


@implementer(IStreamClientEndpoint)
class FakeServer:
    """A server in memory that speaks the protocol; nothing moves until it is pumped."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.archive: dict[str, list[Said]] = {}
        self.numbers: dict[tuple[str, str], tuple[str, int]] = {}
        self.links: list[Link] = []
        self.requests: list[dict[str, Any]] = []
        self.down: Exception | None = None
        self.taken: set[str] = set()
        self.closed = {"#closed"}
        self.password: str | None = None
        self.refusal: Refused | None = None  # to all names but the one it suggests
        self.silent = False
        self.stopping = False
        self.tries = 0

    def connect(self, factory: Any) -> Deferred[Any]:
        self.tries += 1
        if self.down is not None:
            return fail(self.down)
        link = Link(self)
        link.protocol = factory.buildProtocol(None)
        self.links.append(link)
        link.protocol.makeConnection(link)
        return succeed(link.protocol)

    def pump(self) -> None:
        """Deliver everything on its way, and what follows from it."""
        quiet = 0
        while quiet < 2:
            self.clock.advance(0)
            quiet = 0 if any(self.step(link) for link in list(self.links)) else quiet + 1

    def step(self, link: Link) -> bool:
        """Deliver one thing; return False if nothing is on its way."""
        if not link.open:
            return False
        if link.to_server and not self.silent:
            self.handle(link)
        elif link.to_client:
            link.protocol.dataReceived(link.to_client.popleft())
        elif link.closing:
            link.lose()
        else:
            return False
        return True

    def handle(self, link: Link) -> None:
        request = link.to_server.popleft()
        self.requests.append(request)
        tag = request.pop("tag", None)
        try:
            answer = getattr(self, "do_" + request["do"], self.unknown)(link, tag, request)
        except Refused as refused:
            answer = Refusal(refused.code, refused.text, refused.suggestion)
        if answer is not None:
            link.tell(answer, tag)
        if isinstance(answer, Goodbye):
            link.closing = True

    def kill(self) -> None:
        """Drop all connections with everything on their way, as SIGKILL would."""
        for link in list(self.links):
            link.lose()
        self.clock.advance(0)

    def move(self) -> None:
        """Ask everybody to reconnect."""
        for link in list(self.links):
            link.tell(MOVING)
            link.closing = True
        self.pump()

    def forget(self) -> None:
        """Lose the archive."""
        self.archive.clear()
        self.numbers.clear()

    def said_by_other(self, text: str, room: str = "#lobby", sender: str = "bob") -> None:
        self.keep(Said(room, 0, 0.0, sender, text, False, "other", None))

    def keep(self, line: Said) -> None:
        lines = self.archive.setdefault(line.room, [])
        kept = line._replace(number=len(lines) + 1)
        lines.append(kept)
        if kept.tag is not None:
            self.numbers[kept.client, kept.tag] = kept.room, kept.number
        for link in self.links:
            if link.seen.get(kept.room) == kept.number - 1:
                link.show(kept)

    def asked(self, do: str) -> list[dict[str, Any]]:
        return [request for request in self.requests if request["do"] == do]

    def texts(self, room: str = "#lobby") -> list[str]:
        return [line.text for line in self.archive.get(room, [])]

    def unknown(self, link: Link, tag: str | None, request: dict[str, Any]) -> Event:
        raise Refused("unknown", f"Unknown command /{request['do']}.")

    def do_hello(self, link: Link, tag: str | None, request: dict[str, Any]) -> Event:
        name = request.get("name") or "guest-1"
        if self.refusal is not None and name != self.refusal.suggestion:
            raise self.refusal
        if name in self.taken:
            raise Refused("name-taken", f"{name} is already in use.", f"{name}2")
        if self.password is not None and request.get("password") != self.password:
            raise Refused("wrong-password", "Wrong password.")
        link.name, link.client = name, request["client"]
        return Welcome("chat", "fake", name, link.client, 0.0, "", {"in_flight": 4, "line": 16384})

    def do_join(self, link: Link, tag: str | None, request: dict[str, Any]) -> None:
        room = request.get("room") or request["rest"]
        if room in self.closed:
            raise Refused("closed", "It is closed.")
        lines = self.archive.get(room, [])
        link.here, link.to = room, None
        link.tell(Entered(room, "", (), 1, len(lines), link.name), tag)
        if room not in link.seen:
            start = request.get("after", max(0, len(lines) - request.get("last", 20)))
            link.seen[room] = min(start, len(lines))
            for line in lines[start:]:
                link.show(line)

    def do_leave(self, link: Link, tag: str | None, request: dict[str, Any]) -> Event:
        del link.seen[request["rest"]]
        link.here = next(reversed(link.seen), None)
        return Exited(request["rest"], link.here)

    def do_say(self, link: Link, tag: str, request: dict[str, Any]) -> Event | None:
        room = request.get("room", link.here)
        if room not in link.seen:
            raise Refused("not-in-room", f"You are not in {room}.")
        if (known := self.numbers.get((link.client, tag))) is not None:
            return Kept(*known)
        self.refuse_if_stopping()
        action = request["do"] == "me"
        self.keep(Said(room, 0, 0.0, link.name, request["text"], action, link.client, tag))
        return None

    def refuse_if_stopping(self) -> None:
        if self.stopping:
            raise Refused("stopping", "Not sent: the server is stopping.")

    do_me = do_say

    def do_msg(self, link: Link, tag: str | None, request: dict[str, Any]) -> Event:
        self.refuse_if_stopping()
        name, _, text = request.get("rest", "").partition(" ")
        name, text = request.get("name", name), request.get("text", text)
        return Told(link.name, name, text, 0.0, own=True)

    def do_to(self, link: Link, tag: str | None, request: dict[str, Any]) -> Event:
        if request["rest"] in self.taken:
            link.to = request["rest"]
            return Talking(link.here, link.to)
        raise Refused("no-such-person", f"No user named {request['rest']} is online.")

    def do_nick(self, link: Link, tag: str | None, request: dict[str, Any]) -> Event:
        old, link.name = link.name, request["rest"]
        return Renamed(old, link.name, own=True)

    def do_away(self, link: Link, tag: str | None, request: dict[str, Any]) -> Event:
        return Away(link.name, request["reason"], own=True)

    def do_ignore(self, link: Link, tag: str | None, request: dict[str, Any]) -> Event:
        return Ignoring((request["name"],))

    def do_help(self, link: Link, tag: str | None, request: dict[str, Any]) -> Event:
        return Help(COMMANDS)

    def do_clear(self, link: Link, tag: str | None, request: dict[str, Any]) -> Event:
        return Cleared()

    def do_ping(self, link: Link, tag: str | None, request: dict[str, Any]) -> Event:
        return Pong()

    def do_quit(self, link: Link, tag: str | None, request: dict[str, Any]) -> Event:
        return Goodbye(f"Goodbye, {link.name}.")


class Notes:
    """A front that records everything."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.losses: list[str] = []
        self.moves = 0
        self.returns = 0
        self.refusals: list[str] = []
        self.identities: list[Identity] = []

    def event(self, event: Event, tag: str | None) -> None:
        self.events.append(event)

    def lost(self, reason: str) -> None:
        self.losses.append(reason)

    def moving(self) -> None:
        self.moves += 1

    def back(self) -> None:
        self.returns += 1

    async def refused(self, refusal: Refused, identity: Identity) -> Identity | None:
        self.refusals.append(refusal.text)
        return self.identities.pop(0) if self.identities else None

    def texts(self, room: str = "#lobby") -> list[str]:
        return [e.text for e in self.events if isinstance(e, Said) and e.room == room]


class Table:
    """A server, a connection to it and its front, in one conversation without waiting."""

    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        self.server = FakeServer(self.clock)
        self.notes: Notes = options.pop("notes", None) or Notes()
        identity = options.pop("identity", Identity("ann"))
        self.connection = Connection(
            self.server, self.notes, self.clock, identity, lambda attempt: float(attempt), **options
        )

    def open(self) -> Deferred[None]:
        opening = Deferred.fromCoroutine(self.connection.open())
        self.server.pump()
        return opening

    def enter(self, room: str = "#lobby", **where: Any) -> Deferred[Entered]:
        entering = Deferred.fromCoroutine(self.connection.enter(room, **where))
        self.server.pump()
        return entering

    def come_back(self) -> None:
        self.clock.advance(10)
        self.server.pump()

    def kill_and_come_back(self) -> None:
        self.server.kill()
        self.come_back()


def begun() -> Iterator[Table]:
    """Yield a table that has joined #lobby."""
    table = Table()
    result(table.open())
    result(table.enter())
    yield table
    close(table)


def close(table: Table) -> None:
    closing = start(table.connection.close())
    table.server.pump()
    table.clock.advance(100)
    table.server.pump()
    result(closing)


def start(coroutine: Coroutine[Any, Any, T]) -> Deferred[T]:
    return Deferred.fromCoroutine(coroutine)


def result(deferred: Deferred[T]) -> T:
    """Return what `deferred` has fired with; raise what it has failed with."""
    found: list[Any] = []
    deferred.addBoth(found.append)
    assert found, "it has not fired yet"
    if isinstance(found[0], Failure):
        found[0].raiseException()
    return found[0]  # type: ignore[no-any-return]


def waits(deferred: Deferred[Any]) -> bool:
    return not deferred.called
