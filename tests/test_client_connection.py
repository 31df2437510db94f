"""The client's connection: nothing said is missing and nothing is twice, whatever is lost."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionDone, DNSLookupError
from twisted.internet.error import ConnectionRefusedError as NobodyListens
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.client.connection import Connection
from chatsvc.client.door import Identity
from chatsvc.client.failures import NotConnected, Uncertain
from chatsvc.client.wire import PATIENCE, PING_EVERY
from chatsvc.dialects.jsonl import JSONL
from chatsvc.events import (
    Away,
    Cleared,
    Command,
    Entered,
    Event,
    Exited,
    Goodbye,
    Help,
    Ignoring,
    Kept,
    Pong,
    Refusal,
    Refused,
    Renamed,
    Said,
    Talking,
    Told,
    Welcome,
)

T = TypeVar("T")

COMMANDS = (
    Command("/help [command]", (), "what one can do here", "/help msg"),
    Command("/msg name text", ("/w",), "says something to one person", "/msg bob hi"),
    Command("/me text", (), "says what one does", "/me makes tea"),
    Command("/join room", (), "enters a room", "/join #tea"),
    Command("/clear", (), "clears the screen", ""),
    Command("/quit [words]", ("/exit",), "says goodbye", ""),
)


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
        """Whatever was on its way is lost with the connection."""
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
        self.refusal: Refused | None = None  # to all but the name it suggests
        self.silent = False
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
        """Let everything arrive that is on its way, and what follows from it."""
        quiet = 0
        while quiet < 2:
            self.clock.advance(0)
            quiet = 0 if any(self.step(link) for link in list(self.links)) else quiet + 1

    def step(self, link: Link) -> bool:
        """Let one thing arrive; False when nothing is on its way."""
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
        """End as by SIGKILL: all connections go, with everything that is on its way."""
        for link in list(self.links):
            link.lose()
        self.clock.advance(0)

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
        raise Refused("unknown", f"There is no command /{request['do']}.")

    def do_hello(self, link: Link, tag: str | None, request: dict[str, Any]) -> Event:
        name = request.get("name") or "guest-1"
        if self.refusal is not None and name != self.refusal.suggestion:
            raise self.refusal
        if name in self.taken:
            raise Refused("name-taken", f"{name} is here already.", f"{name}2")
        if self.password is not None and request.get("password") != self.password:
            raise Refused("wrong-password", "That is not the password.")
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
        action = request["do"] == "me"
        self.keep(Said(room, 0, 0.0, link.name, request["text"], action, link.client, tag))
        return None

    do_me = do_say

    def do_msg(self, link: Link, tag: str | None, request: dict[str, Any]) -> Event:
        name, _, text = request.get("rest", "").partition(" ")
        name, text = request.get("name", name), request.get("text", text)
        return Told(link.name, name, text, 0.0, own=True)

    def do_to(self, link: Link, tag: str | None, request: dict[str, Any]) -> Event:
        if request["rest"] in self.taken:
            link.to = request["rest"]
            return Talking(link.here, link.to)
        raise Refused("no-such-person", f"There is nobody called {request['rest']} here.")

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
    """A front that notes down everything."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.losses: list[str] = []
        self.returns = 0
        self.refusals: list[str] = []
        self.identities: list[Identity] = []

    def event(self, event: Event, tag: str | None) -> None:
        self.events.append(event)

    def lost(self, reason: str) -> None:
        self.losses.append(reason)

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
        self.notes = Notes()
        identity = options.pop("identity", Identity("ann"))
        self.connection = Connection(
            self.server, self.notes, self.clock, identity, lambda attempt: float(attempt), **options
        )

    def open(self) -> Deferred[None]:
        opening = Deferred.fromCoroutine(self.connection.open())
        self.server.pump()
        return opening

    def enter(self, room: str = "#lobby", **where: int) -> Deferred[Entered]:
        entering = Deferred.fromCoroutine(self.connection.enter(room, **where))
        self.server.pump()
        return entering

    def come_back(self) -> None:
        self.clock.advance(10)
        self.server.pump()

    def kill_and_come_back(self) -> None:
        self.server.kill()
        self.come_back()


@pytest.fixture
def table() -> Iterator[Table]:
    """A conversation that has begun, in #lobby."""
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
    """What `deferred` has fired with; raises what it failed with."""
    found: list[Any] = []
    deferred.addBoth(found.append)
    assert found, "it has not fired yet"
    if isinstance(found[0], Failure):
        found[0].raiseException()
    return found[0]  # type: ignore[no-any-return]


def waits(deferred: Deferred[Any]) -> bool:
    return not deferred.called


# Coming in


def test_it_says_hello_with_its_name_and_a_secret_and_enters_a_room(table: Table) -> None:
    hello, join = table.server.requests
    assert hello == {"do": "hello", "version": 1, "name": "ann", "client": hello["client"]}
    assert 8 <= len(hello["client"]) <= 64
    assert join == {"do": "join", "room": "#lobby"}
    assert [type(event) for event in table.notes.events] == [Welcome, Entered]
    assert table.connection.talking == Talking("#lobby", None)


def test_two_connections_have_different_secrets() -> None:
    one, other = Table(), Table()
    result(one.open())
    result(other.open())
    assert one.server.requests[0]["client"] != other.server.requests[0]["client"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NobodyListens(), "nothing is listening there"),
        (DNSLookupError(), "there is no such host"),
    ],
)
def test_a_first_connection_that_fails_is_not_tried_again(error: Exception, sentence: str) -> None:
    table = Table()
    table.server.down = error
    with pytest.raises(NotConnected, match=sentence):
        result(table.open())
    table.clock.advance(1000)
    assert table.server.tries == 1


def test_a_server_that_hangs_up_before_the_welcome_is_a_failed_first_connection() -> None:
    table = Table()
    table.server.silent = True
    opening = table.open()
    table.server.kill()
    with pytest.raises(NotConnected, match="the server closed it"):
        result(opening)
    table.clock.advance(1000)
    assert table.server.tries == 1
    assert table.notes.losses == []


def test_something_else_that_answers_is_told_apart_by_what_it_says() -> None:
    table = Table()
    table.server.silent = True
    opening = table.open()
    table.server.links[0].to_client.append(b"SSH-2.0-OpenSSH_9.2\x1b[0m\r\n")
    table.server.pump()
    with pytest.raises(NotConnected, match=r'does not speak .* says "SSH-2.0-OpenSSH_9.2\[0m"'):
        result(opening)


@pytest.mark.parametrize("line", [b"[]", b"{}", b'{"event":"said"}', b'{"event":"said","time":3}'])
def test_nonsense_from_a_server_never_raises(line: bytes) -> None:
    table = Table()
    opening = table.open()
    table.server.links[0].to_client.append(line + b"\n")
    table.server.pump()
    assert waits(opening) or result(opening) is None


def test_a_taken_name_is_refused_at_the_door() -> None:
    table = Table()
    table.server.taken = {"ann"}
    with pytest.raises(Refused) as refused:
        result(table.open())
    assert refused.value.suggestion == "ann2"
    assert table.notes.refusals == ["ann is here already."]
    table.server.pump()
    assert table.server.links == []


def test_another_name_is_tried_on_the_same_connection() -> None:
    table = Table()
    table.server.taken = {"ann"}
    table.notes.identities = [Identity("ann2")]
    result(table.open())
    assert table.connection.name == "ann2"
    assert table.server.tries == 1


def test_a_password_is_given_when_coming_and_when_coming_back() -> None:
    table = Table(identity=Identity("ann", "sesame"))
    table.server.password = "sesame"
    result(table.open())
    table.kill_and_come_back()
    assert [hello["password"] for hello in table.server.asked("hello")] == ["sesame", "sesame"]


def test_a_full_server_refuses_before_it_has_read_the_hello() -> None:
    table = Table()
    table.server.silent = True
    opening = table.open()
    table.server.links[0].tell(Refusal("full", "The server is full."))
    table.server.pump()
    with pytest.raises(Refused, match="full"):
        result(opening)


def test_a_wrong_password_is_refused_at_the_door() -> None:
    table = Table(identity=Identity("ann", "x"))
    table.server.password = "sesame"
    with pytest.raises(Refused, match="not the password"):
        result(table.open())


# Saying


def test_a_line_is_acknowledged_by_its_said_event(table: Table) -> None:
    line = table.connection.say("hi")
    assert waits(line)
    table.server.pump()
    said = result(line)
    assert isinstance(said, Said)
    assert (said.room, said.number, said.text) == ("#lobby", 1, "hi")
    assert table.notes.texts() == ["hi"]


def test_refusals_are_the_answer_and_no_event(table: Table) -> None:
    line = table.connection.say("hi", room="#tea")
    table.server.pump()
    with pytest.raises(Refused, match="not in #tea"):
        result(line)
    assert not any(isinstance(event, Refusal) for event in table.notes.events)


def test_no_more_lines_are_on_their_way_than_the_server_allows(table: Table) -> None:
    for n in range(10):
        table.connection.say(str(n))
    assert len(table.server.links[0].to_server) == 3
    table.server.pump()
    assert table.server.texts() == [str(n) for n in range(10)]


def test_a_line_after_a_command_waits_until_the_command_is_answered(table: Table) -> None:
    table.connection.say("in the lobby")
    table.connection.request("join", rest="#tea")
    table.connection.say("in the tea room")
    table.server.pump()
    assert table.server.texts("#lobby") == ["in the lobby"]
    assert table.server.texts("#tea") == ["in the tea room"]


def test_a_line_too_long_for_the_protocol_is_refused_here(table: Table) -> None:
    with pytest.raises(Refused, match="too long"):
        result(table.connection.say("x" * 20_000))
    assert table.server.asked("say") == []


def test_the_waiting_line_is_bounded() -> None:
    table = Table(waiting=2)
    result(table.open())
    result(table.enter())
    table.server.kill()
    lines = [table.connection.say(str(n)) for n in range(3)]
    with pytest.raises(Refused, match="waiting"):
        result(lines[2])
    table.come_back()
    assert table.server.texts() == ["0", "1"]


def test_settled_waits_for_the_last_answer(table: Table) -> None:
    result(start(table.connection.settled()))
    table.connection.say("one")
    table.connection.say("two")
    settled = start(table.connection.settled())
    table.server.step(table.server.links[0])
    assert waits(settled)
    table.server.pump()
    assert result(settled) is None


# Losing it and coming back


def test_it_comes_back_under_the_same_name_and_secret_where_it_left_off(table: Table) -> None:
    table.server.said_by_other("one")
    table.server.pump()
    table.server.kill()
    table.server.said_by_other("two")
    table.come_back()
    assert table.notes.losses == ["the server closed it"]
    assert table.notes.returns == 1
    first, second = table.server.asked("hello")
    assert first == second
    assert table.server.asked("join")[1] == {"do": "join", "room": "#lobby", "after": 1}
    assert table.notes.texts() == ["one", "two"]


def test_a_room_of_which_nothing_was_shown_is_entered_again_where_it_began(table: Table) -> None:
    for n in range(30):
        table.server.said_by_other(str(n), "#tea")
    result(table.enter("#tea", last=0))
    table.server.kill()
    table.server.said_by_other("new", "#tea")
    table.come_back()
    assert table.notes.texts("#tea") == ["new"]


def test_lines_said_while_away_are_sent_on_return_in_order(table: Table) -> None:
    table.server.kill()
    lines = [table.connection.say(text) for text in ("one", "two", "three")]
    assert all(map(waits, lines))
    table.come_back()
    assert table.server.texts() == ["one", "two", "three"]
    assert [result(line).number for line in lines] == [1, 2, 3]  # type: ignore[union-attr]


def test_a_line_whose_acknowledgement_was_lost_is_sent_again_under_the_same_tag() -> None:
    table = Table()
    result(table.open())
    result(table.enter())
    line = table.connection.say("hi")
    table.server.handle(table.server.links[0])
    table.kill_and_come_back()
    one, other = table.server.asked("say")
    assert one == other
    assert table.server.texts() == ["hi"]
    assert table.notes.texts() == ["hi"]
    assert isinstance(result(line), Said | Kept)


def test_kept_acknowledges_a_line(table: Table) -> None:
    line = table.connection.say("hi")
    link = table.server.links[0]
    link.to_server.clear()
    link.tell(Kept("#lobby", 7), "3")
    table.server.pump()
    assert result(line) == Kept("#lobby", 7)


def test_a_line_that_never_arrived_is_sent_again_to_the_room_it_was_meant_for(table: Table) -> None:
    result(table.enter("#tea"))
    line = table.connection.say("hi")
    table.kill_and_come_back()
    assert table.server.texts("#tea") == ["hi"]
    assert result(line)


def test_the_room_talked_to_is_the_same_afterwards(table: Table) -> None:
    result(table.enter("#tea"))
    table.connection.request("join", rest="#lobby")
    table.server.pump()
    table.kill_and_come_back()
    assert table.server.links[0].here == "#lobby"
    assert table.connection.talking == Talking("#lobby", None)


def test_the_person_talked_to_is_the_same_afterwards(table: Table) -> None:
    table.server.taken = {"bob"}
    table.connection.request("to", rest="bob")
    table.server.pump()
    table.kill_and_come_back()
    assert table.server.links[0].to == "bob"
    table.connection.say("psst")
    table.server.pump()
    assert table.server.asked("msg")[0]["name"] == "bob"
    assert table.server.texts() == []


def test_lines_for_somebody_who_is_gone_never_go_to_the_room(table: Table) -> None:
    table.server.taken = {"bob"}
    table.connection.request("to", rest="bob")
    table.server.pump()
    table.server.kill()
    table.server.taken = set()
    table.connection.say("psst")
    table.come_back()
    assert table.server.texts() == []
    assert any(isinstance(e, Refusal) and "bob" in e.text for e in table.notes.events)


def test_a_private_line_is_not_sent_twice_but_reported(table: Table) -> None:
    line = table.connection.tell("bob", "psst")
    table.server.handle(table.server.links[0])
    table.kill_and_come_back()
    assert len(table.server.asked("msg")) == 1
    with pytest.raises(Uncertain):
        result(line)


def test_a_private_line_said_while_away_goes_out_on_return(table: Table) -> None:
    table.server.kill()
    line = table.connection.tell("bob", "psst")
    table.come_back()
    assert isinstance(result(line), Told)


def test_a_command_is_asked_again_after_a_loss(table: Table) -> None:
    command = table.connection.request("join", rest="#tea")
    table.connection.say("hi")
    table.kill_and_come_back()
    assert isinstance(result(command), Entered)
    assert table.server.texts("#tea") == ["hi"]


def test_a_room_that_was_left_is_not_entered_again(table: Table) -> None:
    result(table.enter("#tea"))
    table.connection.request("leave", rest="#tea")
    table.server.pump()
    assert table.connection.talking == Talking("#lobby", None)
    table.kill_and_come_back()
    assert list(table.server.links[0].seen) == ["#lobby"]


def test_a_new_name_an_absence_and_ignored_people_outlive_a_loss(table: Table) -> None:
    table.connection.request("nick", rest="anna")
    table.connection.request("away", reason="lunch")
    table.connection.request("ignore", name="eve")
    table.server.pump()
    table.server.requests.clear()
    table.kill_and_come_back()
    asked = {request.pop("do"): request for request in table.server.requests}
    assert list(asked) == ["hello", "ignore", "join", "away"]
    assert asked["hello"]["name"] == "anna"
    assert asked["ignore"] == {"name": "eve"}
    assert asked["away"] == {"reason": "lunch"}


def test_a_room_that_cannot_be_entered_again_is_given_up(table: Table) -> None:
    result(table.enter("#tea"))
    table.server.closed.add("#tea")
    table.kill_and_come_back()
    assert Refusal("closed", "It is closed.") in table.notes.events
    assert table.connection.talking == Talking("#lobby", None)
    table.kill_and_come_back()
    assert [request["room"] for request in table.server.asked("join")].count("#tea") == 2


def test_lines_for_a_room_that_cannot_be_entered_again_go_to_no_other(table: Table) -> None:
    result(table.enter("#tea"))
    table.server.closed.add("#tea")
    table.server.kill()
    line = table.connection.say("for the tea room only")
    table.come_back()
    with pytest.raises(Refused, match="not in #tea"):
        result(line)
    assert table.server.texts("#lobby") == []


def test_a_server_with_another_archive_is_read_from_its_beginning(table: Table) -> None:
    for text in ("one", "two", "three"):
        table.server.said_by_other(text)
    table.server.pump()
    table.server.kill()
    table.server.forget()
    table.come_back()
    table.server.said_by_other("new")
    table.server.pump()
    assert table.notes.texts() == ["one", "two", "three", "new"]


def test_a_line_that_is_shown_twice_is_one_event(table: Table) -> None:
    table.server.said_by_other("one")
    table.server.pump()
    table.server.links[0].show(table.server.archive["#lobby"][0])
    table.server.pump()
    assert table.notes.texts() == ["one"]


def test_a_name_taken_meanwhile_is_asked_for_another(table: Table) -> None:
    table.server.kill()
    table.server.taken = {"ann"}
    table.notes.identities = [Identity("ann2")]
    table.come_back()
    assert table.connection.name == "ann2"
    assert table.notes.returns == 1


def test_a_server_that_refuses_us_on_return_is_asked_again_less_and_less_often(
    table: Table,
) -> None:
    table.server.taken = {"ann"}
    table.server.kill()
    tries = []
    for _ in range(200):
        table.clock.advance(1)
        table.server.pump()
        tries.append(table.server.tries)
    waited = [tries.index(n + 1) - tries.index(n) for n in range(2, tries[-1])]
    assert waited == sorted(waited)
    assert waited[-1] > 10
    assert len(table.notes.losses) == 1
    table.server.taken = set()
    table.clock.advance(1000)
    table.server.pump()
    assert table.notes.returns == 1


def test_a_loss_while_a_name_is_being_thought_of_asks_anew() -> None:
    class Thinking(Notes):
        async def refused(self, refusal: Refused, identity: Identity) -> Identity | None:
            self.refusals.append(refusal.text)
            return await (Deferred() if len(self.refusals) == 1 else succeed(Identity("anna")))

    table = Table()
    thinking = table.notes = table.connection._front = Thinking()
    result(table.open())
    table.server.taken = {"ann"}
    table.kill_and_come_back()
    assert thinking.returns == 0
    table.kill_and_come_back()
    assert thinking.returns == 1
    assert table.connection.name == "anna"


def test_a_server_that_stops_answering_is_noticed(table: Table) -> None:
    table.server.silent = True
    table.clock.advance(PING_EVERY)
    table.clock.advance(PATIENCE)
    table.server.pump()
    assert table.notes.losses == ["the server does not answer"]
    table.server.silent = False
    table.come_back()
    assert table.notes.returns == 1


def test_a_quiet_server_that_answers_pings_is_left_alone(table: Table) -> None:
    for _ in range(1000):
        table.clock.advance(1)
        table.server.pump()
    assert table.notes.losses == []
    assert 30 < len(table.server.asked("ping")) < 35
    assert not any(isinstance(event, Pong) for event in table.notes.events)


def test_the_servers_parting_words_are_the_reason(table: Table) -> None:
    table.server.links[0].tell(Goodbye("The server is stopping."))
    table.server.pump()
    table.server.kill()
    assert table.notes.losses == ["The server is stopping"]


# Leaving


def test_closing_says_goodbye_and_does_not_come_back(table: Table) -> None:
    closing = start(table.connection.close("lunch"))
    table.server.pump()
    result(closing)
    assert table.server.asked("quit") == [{"do": "quit", "words": "lunch"}]
    assert table.notes.events[-1] == Goodbye("Goodbye, ann.")
    table.clock.advance(1000)
    assert table.server.tries == 1
    assert table.notes.losses == []


def test_closing_does_not_wait_long_for_a_server_that_does_not_let_go(table: Table) -> None:
    table.server.silent = True
    closing = start(table.connection.close())
    table.clock.advance(5)
    table.server.pump()
    assert result(closing) is None


def test_what_is_not_answered_when_closing_is_given_up(table: Table) -> None:
    table.server.kill()
    line = table.connection.say("hi")
    assert table.connection.unanswered == 1
    closing = start(table.connection.close())
    table.server.pump()
    result(closing)
    with pytest.raises(NotConnected):
        result(line)


# Every schedule


class Schedule:
    """Random steps: lines said in two rooms, and whatever can go wrong meanwhile."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.table = Table()
        result(self.table.open())
        result(self.table.enter("#tea"))
        result(self.table.enter("#lobby"))
        self.room = "#lobby"
        self.lines: list[Deferred[Event | None]] = []
        self.wanted: dict[str, list[str]] = {"#lobby": [], "#tea": []}

    def play(self) -> None:
        self.chance.choice(
            [self.say, self.other, self.switch, self.kill, self.down, *[self.arrive] * 4, self.wait]
        )()

    def say(self) -> None:
        text = f"own {len(self.lines)}"
        self.lines.append(self.table.connection.say(text))
        self.wanted[self.room].append(text)

    def other(self) -> None:
        self.table.server.said_by_other(
            f"other {self.chance.random()}", self.chance.choice(list(self.wanted))
        )

    def switch(self) -> None:
        if self.chance.random() < 0.3:
            self.room = self.chance.choice(list(self.wanted))
            self.table.connection.request("join", rest=self.room)

    def kill(self) -> None:
        if self.chance.random() < 0.3:
            self.table.server.kill()

    def down(self) -> None:
        self.table.server.down = self.chance.choice([None, None, NobodyListens()])

    def arrive(self) -> None:
        for link in self.table.server.links[:]:
            if link.to_server and self.chance.random() < 0.5:
                self.table.server.handle(link)
            elif link.to_client:
                link.protocol.dataReceived(link.to_client.popleft())

    def wait(self) -> None:
        self.table.clock.advance(self.chance.random() * 4)

    def end_well(self) -> None:
        self.table.server.down = None
        for _ in range(20):
            self.table.come_back()


@pytest.mark.parametrize("seed", range(100))
def test_every_line_is_kept_once_and_shown_once_whatever_is_lost_when(seed: int) -> None:
    schedule = Schedule(seed)
    for _ in range(300):
        schedule.play()
    schedule.end_well()
    assert all(result(line) for line in schedule.lines)
    for room, wanted in schedule.wanted.items():
        kept = schedule.table.server.texts(room)
        assert [text for text in kept if text.startswith("own")] == wanted
        assert schedule.table.notes.texts(room) == kept
