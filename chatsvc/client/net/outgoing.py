"""Requests on their way out: numbered, addressed, sent in order, and answered exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatsvc.client.net.failures import NotConnected, Uncertain
from chatsvc.client.net.outbox import Outbox, Outgoing
from chatsvc.client.net.phases import Linked
from chatsvc.client.net.resume_state import ResumeState
from chatsvc.client.net.wire import encoded
from chatsvc.model.events import Event
from chatsvc.model.requests import Refusal, Refused

LONGEST_LINE = 16_384  # bytes of a request, where the server says nothing else
ADDRESS = 256  # bytes by which a request may grow when the room it goes to is added


class Requests:
    """What the front has asked for and is not answered."""

    def __init__(self, limit: int, resume: ResumeState) -> None:
        self._outbox = Outbox(limit)
        self._resume = resume
        self._tags = count(1)
        self._longest = LONGEST_LINE
        self._link: Linked | None = None  # None: everything waits
        self._refusing = False
        self._settling: list[Deferred[None]] = []

    def __len__(self) -> int:
        return len(self._outbox)

    def tag(self) -> str:
        """Return the tag of another request."""
        return str(next(self._tags))

    def put(self, outgoing: Outgoing) -> Deferred[Event | None]:
        """Send a request when its turn comes; fires with its answer."""
        try:
            self._check(outgoing)
            self._outbox.put(outgoing)
        except (Refused, NotConnected):
            outgoing.answer.errback(Failure())
        else:
            self._pump()
        return outgoing.answer

    def _check(self, outgoing: Outgoing) -> None:
        """Refuse what nobody would send, or the server would close the connection for."""
        if self._refusing:
            raise NotConnected("the connection is closed")
        if len(encoded(outgoing.request())) > self._longest - ADDRESS:
            raise Refused("too-long", "Not sent: the message is too long.")

    def open(self) -> None:
        """Accept requests, again."""
        self._refusing = False

    def limit(self, limits: Mapping[str, int]) -> None:
        """Keep to what this server allows."""
        self._longest = limits.get("line", LONGEST_LINE)
        # One fewer than allowed: a server that has as many as it allows answers no ping.
        self._outbox.window = max(limits.get("in_flight", 0) - 1, 1)

    def send_on(self, link: Linked) -> None:
        """Send what waits, and what is put from now on."""
        self._link = link
        self._pump()

    def hold(self) -> None:
        """Send nothing more for now."""
        self._link = None

    def take_back(self) -> list[Outgoing]:
        """Let what was sent wait again; return what must not be sent twice."""
        self.hold()
        return self._outbox.take_back()

    def sent(self, tag: str | None) -> Outgoing | None:
        """Return the request that an answer with `tag` would be for."""
        return self._outbox.sent(tag)

    def answered(self, tag: str | None) -> Outgoing | None:
        """Return the request that an answer with `tag` is for, which is done with."""
        return self._outbox.answered(tag) if tag else None

    def answer(self, outgoing: Outgoing, event: Event | None) -> None:
        """Give a request its answer, and send what waited for that."""
        self._finish(outgoing, result(event))
        self._pump()

    def doubt(self, uncertain: list[Outgoing]) -> None:
        """Say of requests that nobody knows whether they arrived."""
        for outgoing in uncertain:
            self._finish(outgoing, Failure(Uncertain()))

    def give_up(self) -> None:
        """Let everything that is not answered fail, and all that is put from now on."""
        self._refusing = True
        for outgoing in self._outbox.empty():
            self._finish(outgoing, Failure(NotConnected("the connection is closed")))

    async def settled(self) -> None:
        """Wait until every request is answered."""
        if len(self):
            settling: Deferred[None] = Deferred()
            self._settling.append(settling)
            await settling

    def _finish(self, outgoing: Outgoing, answer: Event | Failure | None) -> None:
        outgoing.answer.callback(answer)
        if not len(self):
            settling, self._settling = self._settling, []
            for waiter in settling:
                waiter.callback(None)

    def _pump(self) -> None:
        if self._link is None:
            return
        for outgoing in self._outbox.ready():
            self._address(outgoing)
            self._link.send(outgoing.request())

    def _address(self, outgoing: Outgoing) -> None:
        """Write onto a plain line to whom it goes, so that later it goes to nobody else."""
        if outgoing.do not in ("say", "me") or outgoing.alone or "room" in outgoing.arguments:
            return
        talking = self._resume.talking
        if talking.to is not None:
            outgoing.once = True
            outgoing.arguments["name"] = talking.to
            if outgoing.do == "me":
                outgoing.arguments["action"] = True
            outgoing.do = "msg"
        elif talking.room is not None:
            outgoing.arguments["room"] = talking.room


def result(event: Event | None) -> Event | Failure | None:
    """Return what an answer fires with: a refusal is a failure."""
    if isinstance(event, Refusal):
        return Failure(Refused(event.code, event.text, event.suggestion))
    return event
