"""A connection to a chat that survives lost connections: no message is missing or repeated.

It has no screen..  Its user is a `Front`, which is told what happens and makes requests with `say`,
`tell` and `request`, online or not..  After a loss, the connection logs in again under the same
name and with the same secret, and rejoins its rooms where it left off..  Then it sends again what
was not answered, with the same tags and in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.python.failure import Failure

from chatsvc.client.login_prompts import Identity
from chatsvc.client.net.connection_state import ConnectionState
from chatsvc.client.net.failures import Uncertain
from chatsvc.client.net.front import Front
from chatsvc.client.net.lifecycle import Lifecycle, backoff
from chatsvc.client.net.login import Login
from chatsvc.client.net.outbox import Outgoing, given
from chatsvc.client.net.outgoing import Requests
from chatsvc.client.net.resume_state import HISTORY, ResumeState, before
from chatsvc.client.passwords import password_of
from chatsvc.model.command_facts import facts_of
from chatsvc.model.events import Event
from chatsvc.model.room_events import Entered, Talking

WAITING = 10_000  # maximum number of requests that wait to be sent

T = TypeVar("T")
E = TypeVar("E")


class Connection:
    """A user's connection to one server."""

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        front: Front,
        clock: IReactorTime,
        identity: Identity = Identity(),  # noqa: B008
        retry: Callable[[int], float] = backoff,
        waiting: int = WAITING,
        everywhere: bool = False,  # join all rooms of our account
    ) -> None:
        self._resume = ResumeState(identity.name, everywhere)
        self._login = Login(identity, front, self._resume)
        self._requests = Requests(waiting, self._resume)
        self._lifecycle = Lifecycle(
            endpoint, clock, front, self._login, self._resume, self._requests, self._end, retry
        )
        self._wanted: list[_Work] = []

    @property
    def name(self) -> str:
        """The name that we have in the chat."""
        return self._resume.name

    @property
    def talking(self) -> Talking:
        """The room or user that plain lines go to."""
        return self._resume.talking

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms we are in."""
        return tuple(self._resume.places)

    @property
    def state(self) -> ConnectionState:
        """What the connection is doing."""
        return self._lifecycle.state

    @property
    def here(self) -> bool:
        """Whether requests are sent at once: we are logged in and everything is restored."""
        return self.state is ConnectionState.ONLINE

    @property
    def next_try(self) -> float | None:
        """The time of the current or next attempt to connect; None while connected or closed."""
        return self._lifecycle.next_try

    @property
    def unanswered(self) -> int:
        """The number of requests that wait to be sent or answered."""
        return len(self._requests)

    # Opening and closing

    async def open(self, identity: Identity | None = None) -> None:
        """Connect for the first time; raise `NotConnected`, `NotTrusted`, or `Refused`.

        After a failure, call this again, with another identity if necessary.
        """
        if self.state is ConnectionState.LEAVING:  # an earlier attempt is still ending
            await self._lifecycle.close()
        if identity is not None:
            self._login.become(identity)
        opening = self._lifecycle.open()
        self._requests.open()
        try:
            await opening
        except Exception:
            await self._lifecycle.close()
            raise

    async def while_wanted(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work`; if the server refuses us permanently, end it and raise why."""
        done = Deferred.fromCoroutine(work)
        working = _Work(done)
        self._wanted.append(working)
        try:
            return await done
        except CancelledError:
            raise working.why or CancelledError() from None
        finally:
            self._wanted.remove(working)

    def _end(self, why: Exception) -> None:
        for working in list(self._wanted):
            working.end(why)

    async def close(self, words: str = "") -> None:
        """Leave politely; what is unanswered by then is given up."""
        await self._lifecycle.close(words)
        self._requests.give_up()

    # Requests

    async def enter(
        self, room: str, *, after: int | None = None, last: int | None = None, create: bool = True
    ) -> Entered:
        """Join a room: be shown its lines after a number, or the last few, and all new ones.

        Unless it may `create` one, the server refuses a room that does not exist.
        """
        arguments = given(room=room, after=after, last=last, create=None if create else False)
        known = self.rooms
        join = Outgoing("join", arguments, self._requests.tag(), alone=True, answers=Entered)
        entered = await self._requests.put(join)
        assert isinstance(entered, Entered)
        if entered.room not in known:
            if after is None:
                after = before(entered, HISTORY if last is None else last)
            self._resume.places[entered.room].start = min(after, entered.last)
        return entered

    def say(
        self, text: str, room: str | None = None, action: bool = False
    ) -> Deferred[Event | None]:
        """Send a message to `room`, or to the recipient of plain lines when its turn comes.

        Fire with `Said` or `Kept` when it is stored, with `Told` when it went to one user.
        """
        do = "me" if action else "say"
        return self._requests.put(Outgoing(do, given(text=text, room=room), self._requests.tag()))

    def tell(self, name: str, text: str) -> Deferred[Event | None]:
        """Send a private message; fail with `Uncertain` if it may or may not have arrived."""
        arguments = given(name=name, text=text)
        return self._requests.put(Outgoing("msg", arguments, self._requests.tag(), once=True))

    def request(
        self, do: str, once: bool = False, shown: bool = True, **arguments: object
    ) -> Deferred[Event | None]:
        """Make any other request; fire with the event that answers it.

        It is repeated after a loss, unless it is to be done `once`..  An answer that is not `shown`
        is not passed to the front as an event.
        """
        tag = self._requests.tag()
        outgoing = Outgoing(do, arguments, tag, alone=shown, once=once, shown=shown)
        return self._requests.put(outgoing)

    async def ask(self, answer: type[E], do: str, **arguments: object) -> E:
        """Make a request that an event of one kind answers; it is not shown."""
        asked = Outgoing(do, arguments, self._requests.tag(), shown=False, answers=answer)
        event = await self._requests.put(asked)
        assert isinstance(event, answer)
        return event

    def prove(self, do: str, rest: str) -> Deferred[Event | None]:
        """Register, log in, or change the account's password; later logins use that one."""
        password = password_of(do, rest)

        def proven(event: Event | None) -> Event | None:
            self._login.proved(password)
            return event

        def not_proven(failure: Failure) -> Failure:
            if failure.check(Uncertain):
                self._login.perhaps_proved(password)
            return failure

        asked = self.request(do, once=facts_of(do).once, rest=rest)
        return asked.addCallbacks(proven, not_proven)

    async def settled(self) -> None:
        """Wait until every request is answered."""
        await self._requests.settled()


class _Work:
    """A front's work until the server refuses us, and why it has ended early."""

    def __init__(self, done: Deferred[Any]) -> None:
        self.done = done
        self.why: Exception | None = None

    def end(self, why: Exception) -> None:
        self.why = why
        self.done.cancel()
