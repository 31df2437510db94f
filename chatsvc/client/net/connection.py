"""A connection to a chat that outlives its connections: nothing said is missing, nothing is twice.

It knows no screen.  Whoever uses it is a `Front`: it is told what happens, and asks for things with
`say`, `tell` and `request`, connected or not.  After a loss the connection comes back under the
same name and the same secret, logged in as before, enters its rooms where it left off, and sends
again what was not answered, under the same tags and in the same order.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any, Protocol, TypeVar

from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatsvc.client.login_prompts import LATER, Identity, is_final, wants_proof
from chatsvc.client.net.failures import (
    NotConnected,
    NotTrusted,
    PutOut,
    Uncertain,
    Watched,
    not_connected,
)
from chatsvc.client.net.outbox import Outbox, Outgoing
from chatsvc.client.net.resume_state import HISTORY, ResumeState, before
from chatsvc.client.net.wire import FOREIGN, ServerLink, encoded
from chatsvc.client.passwords import password_of
from chatsvc.model.account_events import You
from chatsvc.model.command_facts import facts_of
from chatsvc.model.events import Event
from chatsvc.model.requests import Refusal, Refused
from chatsvc.model.room_events import Entered, Talking
from chatsvc.model.server_events import Goodbye, Welcome

WAITING = 10_000  # requests that may wait to be sent
ATTEMPTS = 100  # names and passwords that one server is told before we believe that it wants none
GOODBYE = 3.0  # seconds that a server has to let go of us
LONGEST_LINE = 16_384  # bytes of a request, where the server says nothing else
ADDRESS = 256  # bytes by which a request may grow when it is written to which room it goes

T = TypeVar("T")
E = TypeVar("E")

_log = Logger()


class Front(Protocol):
    """Who uses a connection: a screen, a script."""

    def event(self, event: Event, tag: str | None) -> None:
        """Something has happened.  Every line of a room comes once, in order.

        Refusals of one's own requests are not among the events: they come as their answer.
        """

    def lost(self, reason: str) -> None:
        """The connection is lost; it is being restored."""

    def back(self) -> None:
        """The connection is back; what was missed follows."""

    async def refused(self, refusal: Refused, identity: Identity) -> Identity | None:
        """The server does not let us in: what to try next, or None to give up for now."""


class Connection:
    """One person's connection to one server."""

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        front: Front,
        clock: IReactorTime,
        identity: Identity = Identity(),  # noqa: B008
        retry: Callable[[int], float] | None = None,
        waiting: int = WAITING,
        everywhere: bool = False,  # in all rooms of our account
    ) -> None:
        self.next_try: float | None = None  # when, on the clock, while one waits to come back
        self.here = False  # let in, and everything is as it was: requests go out at once
        self._front = front
        self._clock = clock
        self._identity = identity  # its passwords hold; the name may be another one by now
        self._perhaps: str | None = None  # the account's password, if a lost request was obeyed
        self._client = secrets.token_urlsafe(24)
        self._tags = count(1)
        self._standing = ResumeState(identity.name, everywhere)
        self._outbox = Outbox(waiting)
        self._longest = LONGEST_LINE
        self._wire: ServerLink | None = None
        self._let_in = False
        self._later = False  # the server was too busy to let us in
        self._parting: str | None = None
        self._put_out: Exception | None = None
        self._working: Deferred[Any] | None = None
        self._asked: dict[str, Outgoing] = {}  # before all that waits
        self._entering: Deferred[None] | None = None
        self._opening: Deferred[None] | None = None
        self._closing: Deferred[None] | None = None
        self._settling: list[Deferred[None]] = []
        self._retry = retry or backoffPolicy(initialDelay=0.25)
        self._fruitless = 0  # connections in a row on which we were not let in
        factory = Factory.forProtocol(lambda: ServerLink(self, clock))
        self._service = ClientService(
            Watched(endpoint, self._unreachable), factory, self._delay, clock
        )

    # What a front asks for

    @property
    def name(self) -> str:
        """Under which name we are here."""
        return self._standing.name

    @property
    def talking(self) -> Talking:
        """To whom plain lines go."""
        return self._standing.talking

    @property
    def rooms(self) -> tuple[str, ...]:
        """Where we are."""
        return tuple(self._standing.places)

    @property
    def unanswered(self) -> int:
        """How many requests wait, to be sent or to be answered."""
        return len(self._outbox)

    async def open(self, identity: Identity | None = None) -> None:
        """Connect for the first time; raises `NotConnected`, `NotTrusted`, or `Refused`.

        Then it may be tried again, perhaps as somebody else.
        """
        if identity is not None:
            self._identity = identity
            self._standing.name = identity.name
        opening: Deferred[None] = Deferred()
        self._opening = opening
        self._service.startService()
        try:
            await opening
        except Exception:
            self._opening = None
            await self._stop()
            raise

    async def while_wanted(self, work: Coroutine[Any, Any, T]) -> T:
        """Do `work`; when the server does not want us any more, end it and raise why."""
        self._working = working = Deferred.fromCoroutine(work)
        try:
            return await working
        except CancelledError:
            if self._put_out is None:
                raise
            raise self._put_out from None

    async def enter(
        self, room: str, *, after: int | None = None, last: int | None = None, create: bool = True
    ) -> Entered:
        """Enter a room: be shown its lines after a number, or the last few, and all new ones.

        Unless it may `create` one, the server refuses a room that does not exist.
        """
        arguments = _given(room=room, after=after, last=last, create=None if create else False)
        known = self.rooms
        join = Outgoing("join", arguments, self._tag(), alone=True, answers=Entered)
        entered = await self._put(join)
        assert isinstance(entered, Entered)
        if entered.room not in known:
            if after is None:
                after = before(entered, HISTORY if last is None else last)
            self._standing.places[entered.room].start = min(after, entered.last)
        return entered

    def say(
        self, text: str, room: str | None = None, action: bool = False
    ) -> Deferred[Event | None]:
        """Say a line in `room`, or to whom plain lines go when its turn comes.

        Fires with `Said` or `Kept` when it is kept, with `Told` when it went to one person.
        """
        do = "me" if action else "say"
        return self._put(Outgoing(do, _given(text=text, room=room), self._tag()))

    def tell(self, name: str, text: str) -> Deferred[Event | None]:
        """Say a private line; fails with `Uncertain` when nobody can know whether it arrived."""
        return self._put(Outgoing("msg", _given(name=name, text=text), self._tag(), once=True))

    def request(
        self, do: str, once: bool = False, shown: bool = True, **arguments: object
    ) -> Deferred[Event | None]:
        """Ask for anything else; fires with the event that answers it.

        It is asked again after a loss, unless it is to be done `once`.  An answer that is not to
        be `shown` is none of the front's events.
        """
        outgoing = Outgoing(do, arguments, self._tag(), alone=shown, once=once, shown=shown)
        return self._put(outgoing)

    async def ask(self, answer: type[E], do: str, **arguments: object) -> E:
        """Ask for something that an event of one kind answers; it is not shown."""
        asked = Outgoing(do, arguments, self._tag(), shown=False, answers=answer)
        event = await self._put(asked)
        assert isinstance(event, answer)
        return event

    def prove(self, do: str, rest: str) -> Deferred[Event | None]:
        """Register, log in, or change the account's password; then we come back with that one."""
        password = password_of(do, rest)

        def proven(event: Event | None) -> Event | None:
            self._identity = self._identity._replace(account_password=password)
            return event

        def not_proven(failure: Failure) -> Failure:
            if failure.check(Uncertain):
                self._perhaps = password
            return failure

        asked = self.request(do, once=facts_of(do).once, rest=rest)
        return asked.addCallbacks(proven, not_proven)

    async def settled(self) -> None:
        """Wait until every request is answered."""
        if self.unanswered:
            settling: Deferred[None] = Deferred()
            self._settling.append(settling)
            await settling

    async def close(self, words: str = "") -> None:
        """Leave politely; what is not answered by then is given up."""
        if self._wire is not None and self._let_in:
            await self._part(self._wire, words)
        await self._stop()
        for outgoing in self._outbox.empty():
            self._answer(outgoing, Failure(NotConnected("the connection is closed")))

    # What the wire tells

    def connected(self, wire: ServerLink) -> None:
        self._wire = wire
        self.next_try = None
        self._parting = None
        self._later = False
        entering = self._entering = Deferred.fromCoroutine(self._enter())
        entering.addErrback(self._not_let_in, wire)

    def received(self, event: Event | None, tag: str | None) -> None:
        if isinstance(event, Goodbye):
            self._parting = event.text.rstrip(".")
            if self._opening is None and event.final:
                self._leave(PutOut(event.text))
                return
        if isinstance(event, Refusal) and not tag and not self._let_in:
            tag = next(iter(self._asked), None)  # a server that is full does not read our hello
        if not self._is_answer(event, tag):
            assert self._wire is not None
            self._wire.drop(FOREIGN)
            return
        new = self._standing.is_new(event)
        outgoing = self._outbox.answered(tag) if tag else None
        self._standing.notice(event, asked=outgoing is not None)
        if isinstance(event, You) and event.account is None:
            self._identity = self._identity._replace(account_password=None)
        asked = self._asked.pop(tag, None) if tag else None
        answers = outgoing is not None or asked is not None
        hidden = outgoing is not None and not outgoing.shown
        if event is not None and new and not (hidden or (answers and isinstance(event, Refusal))):
            self._front.event(event, tag)
        if outgoing is not None:
            self._answer(outgoing, _result(event))
            self._pump()
        elif asked is not None:
            asked.answer.callback(_result(event))

    def _is_answer(self, event: Event | None, tag: str | None) -> bool:
        """Whether `event` can answer the request with `tag`, if there is such a request."""
        outgoing = self._outbox.sent(tag) or self._asked.get(tag or "")
        kind = outgoing.answers if outgoing is not None else None
        return kind is None or isinstance(event, (kind, Refusal))

    def disconnected(self, reason: str) -> None:
        reason = self._parting or reason
        let_in, self._let_in = self._let_in, False
        self._wire = None
        self.here = False
        self._fruitless += 1
        self._asked.clear()
        if self._entering is not None:
            self._entering.cancel()
        uncertain = self._outbox.take_back()
        if self._closing is not None:
            self._closing.callback(None)
        elif self._opening is not None:
            if not self._later:
                self._open(Failure(NotConnected(reason)))
        elif let_in:
            self._front.lost(reason)
        for outgoing in uncertain:
            self._answer(outgoing, Failure(Uncertain()))

    # Coming in, and coming back

    async def _enter(self) -> None:
        welcome = await self._hello()
        self._longest = welcome.limits.get("line", LONGEST_LINE)
        # One fewer than allowed: a server that has as many as it allows answers no ping.
        self._outbox.window = max(welcome.limits.get("in_flight", 0) - 1, 1)
        self._let_in = True
        self._fruitless = 0
        if self._opening is None:
            self._front.back()
        self._open(None)  # from now on it comes back by itself
        await self._restore()
        self._entering = None
        self.here = True
        self._pump()

    async def _hello(self) -> Welcome:
        identity = self._identity._replace(name=self._standing.account or self.name)
        for attempt in count(1):
            who = _given(**identity._asdict(), client=self._client)
            try:
                welcome = await self._ask(Welcome, "hello", version=1, **who)
            except Refused as refused:
                if attempt == ATTEMPTS:
                    raise
                identity = await self._other_identity(refused, identity)
            else:
                assert isinstance(welcome, Welcome)
                self._identity, self._perhaps = identity, None
                return welcome
        raise AssertionError

    async def _other_identity(self, refused: Refused, identity: Identity) -> Identity:
        if self._perhaps is not None and wants_proof(refused) and is_final(refused):
            perhaps, self._perhaps = self._perhaps, None
            return identity._replace(account_password=perhaps)
        other = await self._front.refused(refused, identity)
        if other is None:
            raise refused
        return other

    async def _restore(self) -> None:
        for do, arguments in list(self._standing.to_restore()):
            try:
                await self._ask(None, do, **arguments)
            except Refused as refused:
                if do == "join":
                    self._standing.give_up(str(arguments["room"]), waiting=self.unanswered > 0)
                self._front.event(Refusal(refused.code, refused.text), None)

    def _ask(self, answers: type | None, do: str, **arguments: object) -> Deferred[Event | None]:
        """Ask at once, before all that waits."""
        assert self._wire is not None
        asked = Outgoing(do, arguments, self._tag(), answers=answers)
        self._asked[asked.tag] = asked
        self._wire.send(asked.request())
        return asked.answer

    def _not_let_in(self, failure: Failure, wire: ServerLink) -> None:
        if failure.check(CancelledError):
            return
        refused = failure.value
        if isinstance(refused, Refused) and refused.code in LATER:
            self._later = True
            wire.drop(refused.text)
        elif self._opening is not None:
            self._open(failure)
        elif isinstance(refused, Refused):
            if is_final(refused):
                self._leave(refused)
            wire.drop(refused.text)
        else:
            _log.failure("Coming back failed", failure)
            wire.drop("something went wrong here")

    def _leave(self, why: Exception) -> None:
        """Give up, because we are not wanted."""
        self._put_out = why
        if self._working is not None:
            self._working.cancel()

    def _unreachable(self, failure: Failure) -> Failure:
        if isinstance(failure.value, NotTrusted):
            if self._opening is None:
                self._leave(failure.value)
            self._open(Failure(failure.value))
        elif not self._later:
            self._open(Failure(not_connected(failure)))
        return failure

    def _open(self, result: Failure | None) -> None:
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.callback(result)

    def _delay(self, attempt: int) -> float:
        delay = self._retry(attempt + self._fruitless)
        self.next_try = self._clock.seconds() + delay
        return delay

    async def _stop(self) -> None:
        # Later, because the service cannot be stopped from what it calls itself.
        await deferLater(self._clock, 0)
        await self._service.stopService()

    async def _part(self, wire: ServerLink, words: str) -> None:
        closing = self._closing = Deferred()
        wire.send({"do": "quit", **_given(words=words or None)})
        limit = self._clock.callLater(GOODBYE, wire.drop, "the server does not let go")
        await closing
        if limit.active():
            limit.cancel()

    # What goes out

    def _tag(self) -> str:
        return str(next(self._tags))

    def _put(self, outgoing: Outgoing) -> Deferred[Event | None]:
        try:
            self._check_length(outgoing)
            self._outbox.put(outgoing)
        except Refused:
            outgoing.answer.errback(Failure())
        else:
            self._pump()
        return outgoing.answer

    def _check_length(self, outgoing: Outgoing) -> None:
        """Refuse what the server would close the connection for."""
        if len(encoded(outgoing.request())) > self._longest - ADDRESS:
            raise Refused("too-long", "Not sent: the message is too long.")

    def _pump(self) -> None:
        if self._wire is None or not self.here:
            return
        for outgoing in self._outbox.ready():
            self._address(outgoing)
            self._wire.send(outgoing.request())

    def _address(self, outgoing: Outgoing) -> None:
        """Write onto a plain line to whom it goes, so that later it goes to nobody else."""
        if outgoing.do not in ("say", "me") or outgoing.alone or "room" in outgoing.arguments:
            return
        if self.talking.to is not None:
            outgoing.once = True
            outgoing.arguments["name"] = self.talking.to
            if outgoing.do == "me":
                outgoing.arguments["action"] = True
            outgoing.do = "msg"
        elif self.talking.room is not None:
            outgoing.arguments["room"] = self.talking.room

    def _answer(self, outgoing: Outgoing, result: Event | Failure | None) -> None:
        outgoing.answer.callback(result)
        if not self.unanswered:
            settling, self._settling = self._settling, []
            for waiter in settling:
                waiter.callback(None)


def _result(event: Event | None) -> Event | Failure | None:
    if isinstance(event, Refusal):
        return Failure(Refused(event.code, event.text, event.suggestion))
    return event


def _given(**arguments: object) -> dict[str, object]:
    """The arguments that have a value."""
    return {name: value for name, value in arguments.items() if value is not None}
