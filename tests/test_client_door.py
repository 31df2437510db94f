"""Logging in with the client, in memory: refusals, retries, and being removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from client_server import result
from conftest import Chat, Person
from test_client_plain import Screen
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
from chatsvc.client.net.failures import NotConnected, PutOut
from chatsvc.client.words import Words
from chatsvc.model.events import Refused
from chatsvc.model.rate_limits import UNLIMITED, Limits
from chatsvc.store.archive import Archive

SECRET, OTHER = "correct-horse", "battery-staple"
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


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


MEMBER = Identity("ann", account_password=SECRET)


@pytest.fixture
def house() -> Iterator[House]:
    with House() as house:
        yield house


# Joining


def test_a_registered_name_is_met_with_a_question_for_its_password(house: House) -> None:
    house.member()
    ann = Visit(house)
    assert ann.screen.lines == [
        "* ann is a registered name. If it is yours, type your password."
        " Otherwise, press Enter to join as ann2, or type: /name another"
    ]
    assert ann.screen.prompts[-1] == ("Password: ", True)
    assert ann.type("wrong-one") == ["* Wrong password. Try again, or press Enter to join as ann2."]
    assert ann.screen.prompts[-1] == ("Password: ", True)
    ann.type(SECRET)
    assert ann.where == ("ann", "ann", ["#lobby"])
    assert ann.prompt == "#lobby> "


def test_an_empty_answer_takes_the_name_that_is_free(house: House) -> None:
    house.member()
    ann = Visit(house)
    ann.type("")
    assert ann.where == ("ann2", None, ["#lobby"])


def test_the_chats_password_is_asked_for_before_the_names_own() -> None:
    with House(password="sesame") as house:
        house.visitor("ann", "sesame", f"/register {SECRET}").hang_up()
        ann = Visit(house)
        assert ann.type("mellon") == ["* Wrong password. Try again:"]
        assert ann.type("sesame")[0].startswith("* ann is a registered name.")
        ann.type(SECRET)
        assert ann.where[1] == "ann"
        ann.lose()
        assert ann.where[1] == "ann"


def test_whoever_guesses_is_asked_as_long_as_the_server_allows(house: House) -> None:
    house.member()
    ann = Visit(house)
    for n in range(20):
        ann.type(f"guess-{n}")
    with pytest.raises(NotConnected, match="Too many failed attempts"):
        result(ann.done)
    assert house.cables == []


def test_ending_the_input_at_the_question_leaves(house: House) -> None:
    house.member()
    ann = Visit(house)
    ann.screen.end()
    house.pump()
    with pytest.raises(NotConnected):
        result(ann.done)
    assert ann.screen.closed


def test_a_password_given_with_the_name_asks_nothing(house: House) -> None:
    house.member()
    ann = Visit(house, MEMBER)
    assert ann.where == ("ann", "ann", ["#lobby"])


def test_a_password_for_a_name_that_is_not_registered_is_refused(house: House) -> None:
    ann = Visit(house, MEMBER)
    with pytest.raises(Refused, match=r"ann is not registered\. Join without a password"):
        result(ann.done)


@pytest.mark.parametrize(
    ("identity", "code"),
    [(Identity("ann"), "registered"), (Identity("ann", None, OTHER), "wrong-password")],
)
def test_a_pipe_is_not_asked_and_takes_no_other_name(
    house: House, identity: Identity, code: str
) -> None:
    house.member()
    pipe = Visit(house, identity, interactive=False)
    with pytest.raises(Refused) as refused:
        result(pipe.done)
    assert refused.value.code == code
    assert house.tries == 1


@pytest.mark.parametrize("interactive", [True, False])
def test_too_many_connections_are_waited_for_from_the_beginning(interactive: bool) -> None:
    with House(replace(UNLIMITED, per_address=1)) as house:
        first = house.chat.connect(HERE)
        first.send("eve")
        ann = Visit(house, interactive=interactive)
        for _ in range(9):
            ann.wait(30.0)
        assert ann.screen.lines == [
            "* 192.0.2.1 already has 1 connection, the maximum."
            " Close one and try again. Trying again soon."
        ]
        assert 5 < house.tries < 20
        first.hang_up()
        ann.wait(60.0)
        assert ann.where == ("ann", None, ["#lobby"])


def test_connections_that_come_too_often_wait_after_a_loss() -> None:
    with House(replace(UNLIMITED, arrivals=1, arrivals_within=100.0)) as house:
        ann = Visit(house)
        shown = [line for line in ann.lose() + ann.wait(30.0) if "Trying again" in line]
        assert len(shown) == 1
        assert shown[0].startswith("* Too many new connections from 192.0.2.1")
        ann.wait(100.0)
        ann.wait(100.0)
        assert ann.where == ("ann", None, ["#lobby"])


def test_after_too_many_wrong_passwords_one_comes_back_later_and_as_before() -> None:
    with House(replace(UNLIMITED, attempts=1, attempts_within=60.0)) as house:
        house.member()
        ann = Visit(house, MEMBER)
        house.lose()
        stranger = house.chat.connect(HERE)
        stranger.send("ann", "wrong-one")
        attempts = house.chat.hub.accounts.attempts
        attempts._known.clear()  # as after a restart, which forgets where ann has been
        (shown,) = ann.wait(10.0) + ann.wait(10.0)
        assert shown.startswith("* Too many wrong passwords. Try again in ")
        ann.wait(60.0)
        ann.wait(60.0)
        assert ann.where == ("ann", "ann", ["#lobby"])


# Being removed


def test_who_is_put_out_of_a_room_does_not_come_back_into_it(house: House) -> None:
    house.member("/join #tea")
    ann = Visit(house, MEMBER, room="#tea")
    house.operator("/join #tea", "/kick --here ann too loud")
    assert ann.type()[-2:] == [
        "* bob removed you from #tea: too loud",
        "* Your messages now go to #lobby.",
    ]
    assert ann.prompt == "#lobby> "
    ann.lose()
    assert ann.where[2] == ["#lobby"]
    ann.kill()
    assert ann.where[2] == ["#lobby"]


def test_a_room_that_refuses_us_afterwards_is_told_once_and_done_without(house: House) -> None:
    bob = house.operator("/join #tea")
    house.member("/join #tea")
    ann = Visit(house, MEMBER)
    house.lose()
    bob.send("/ban --here ann spam")
    shown = ann.wait(10.0)
    assert [line for line in shown if "banned" in line] == ["* You are banned in #tea: spam."]
    assert ann.where == ("ann", "ann", ["#lobby"])
    assert not any("banned" in line for line in ann.lose() + ann.lose())


def test_a_password_of_a_room_that_is_lost_is_told_and_the_other_rooms_stay(house: House) -> None:
    house.operator("/join #tea", "/set password sesame")
    ann = Visit(house)
    ann.type("/join #tea sesame")
    assert ann.prompt == "#tea> "
    assert "* #tea requires a password: /join #tea password" in ann.kill()
    assert ann.where[2] == ["#lobby"]
    assert ann.prompt == "#lobby> "


@pytest.mark.parametrize("interactive", [True, False])
@pytest.mark.parametrize("act", ["kick", "ban"])
def test_who_is_put_out_leaves_with_the_servers_sentence(
    house: House, act: str, interactive: bool
) -> None:
    ann = Visit(house, interactive=interactive)
    ann.type("hello")
    house.operator(f"/{act} ann spam")
    ann.wait(1000.0)
    with pytest.raises(PutOut, match=r"^bob removed you from the server: spam\.$"):
        result(ann.done)
    assert ann.talk.connection.talking.room == "#lobby"
    assert ann.screen.closed
    assert house.tries == 1


@pytest.mark.parametrize(
    ("command", "sentence"),
    [("/ban name=ann 2d spam", "You are banned: spam."), ("/lockdown on", "Only registered")],
)
def test_who_is_not_wanted_back_leaves_with_the_servers_sentence(
    house: House, command: str, sentence: str
) -> None:
    ann = Visit(house)
    house.lose()
    house.operator(command)
    ann.type("one", "two")
    ann.wait(1000.0)
    with pytest.raises(Refused, match=sentence):
        result(ann.done)
    assert ann.screen.lines[-1] == "* 2 messages not sent."
    assert house.tries == 2


def test_a_connection_that_was_ended_from_another_one_stays_ended(house: House) -> None:
    house.member()
    ann = Visit(house, MEMBER)
    house.visitor("ann", SECRET, "/sessions 1")
    ann.wait(1000.0)
    with pytest.raises(PutOut, match="You ended this connection from another one"):
        result(ann.done)


def test_an_account_that_is_removed_ends_its_other_connections(house: House) -> None:
    house.member()
    phone = house.visitor("ann", SECRET)
    ann = Visit(house, MEMBER)
    phone.send(f"/unregister {SECRET}")
    ann.wait(1000.0)
    with pytest.raises(PutOut, match="Your account ann was deleted"):
        result(ann.done)


def test_a_server_that_stops_is_waited_for(house: House) -> None:
    ann = Visit(house)
    house.chat.hub.start(house.chat.hub.close())
    house.down = True
    assert ann.wait(10.0)[0].startswith("* Connection lost (The server is stopping.")
    house.down = False
    ann.kill()
    ann.wait(60.0)
    assert ann.where == ("ann", None, ["#lobby"])
