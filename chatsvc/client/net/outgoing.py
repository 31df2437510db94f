"""Outgoing requests: numbered, addressed, sent in order, and answered exactly once."""

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

LONGEST_LINE = 16_384  # maximum bytes of a request, if the server does not say
ADDRESS = 256  # maximum bytes that the recipient adds to a request


class Requests:
    """The front's unanswered requests."""

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
        """Return a new tag."""
        return str(next(self._tags))

    def put(self, outgoing: Outgoing) -> Deferred[Event | None]:
        """Send a request when its turn comes; fire with its answer."""
        try:
            self._check(outgoing)
            self._outbox.put(outgoing)
        except (Refused, NotConnected):
            outgoing.answer.errback(Failure())
        else:
            self._pump()
        return outgoing.answer

    def _check(self, outgoing: Outgoing) -> None:
        """Refuse requests that cannot be sent, or for which the server would disconnect us."""
        if self._refusing:
            raise NotConnected("the connection is closed")
        if len(encoded(outgoing.request())) > self._longest - ADDRESS:
            raise Refused("too-long", "Not sent: the message is too long.")

    def open(self) -> None:
        """Accept requests again."""
        self._refusing = False

    def limit(self, limits: Mapping[str, int]) -> None:
        """Observe this server's limits."""
        self._longest = limits.get("line", LONGEST_LINE)
        # One fewer than allowed: at its limit, a server answers no ping.
        self._outbox.window = max(limits.get("in_flight", 0) - 1, 1)

    def send_on(self, link: Linked) -> None:
        """Send what waits, and further requests at once."""
        self._link = link
        self._pump()

    def hold(self) -> None:
        """Stop sending for now."""
        self._link = None

    def take_back(self) -> list[Outgoing]:
        """Queue sent requests again; return those that must not be sent twice."""
        self.hold()
        return self._outbox.take_back()

    def sent(self, tag: str | None) -> Outgoing | None:
        """Return the request that an answer with `tag` belongs to."""
        return self._outbox.sent(tag)

    def repeats(self, tag: str | None) -> bool:
        """Return whether a request is sent again if it stays unanswered."""
        request = self.sent(tag)
        return request is not None and not request.once

    def answered(self, tag: str | None) -> Outgoing | None:
        """Remove and return the request that an answer with `tag` belongs to."""
        return self._outbox.answered(tag) if tag else None

    def answer(self, outgoing: Outgoing, event: Event | None) -> None:
        """Answer a request, and send what waited for it."""
        self._finish(outgoing, result(event))
        self._pump()

    def doubt(self, uncertain: list[Outgoing]) -> None:
        """Fail requests that may or may not have arrived."""
        for outgoing in uncertain:
            self._finish(outgoing, Failure(Uncertain()))

    def give_up(self) -> None:
        """Fail everything unanswered, and all later requests."""
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
        """Add the current recipient to a plain line, so that later it goes to nobody else."""
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
    """Return the result of a request: the answer, or a failure if it is a refusal."""
    if isinstance(event, Refusal):
        return Failure(Refused(event.code, event.text, event.suggestion))
    return event
