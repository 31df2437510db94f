"""Requests that wait to be sent or answered, in order.  No connection."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from twisted.internet.defer import Deferred

from chatsvc.model.events import Event
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import counted


@dataclass(slots=True, eq=False)
class Outgoing:
    """A request on its way; `answer` fires with the event that answers it.

    One that is `alone` is sent when all before it are answered, and delays all after it: a line
    after `/join #tea` must not overtake it.  A request with `once` is not repeated after a lost
    connection, because the server would carry it out twice.
    """

    do: str
    arguments: dict[str, object]
    tag: str
    alone: bool = False
    once: bool = False
    shown: bool = True  # one of the events that answer it
    answers: type | None = None  # the kind of event that answers it; None: any
    answer: Deferred[Event | None] = field(default_factory=Deferred)

    def request(self) -> dict[str, object]:
        """The request in the protocol's format."""
        return {"do": self.do, **self.arguments, "tag": self.tag}


class Outbox:
    """Requests in the order in which they were made, until they are answered."""

    def __init__(self, limit: int) -> None:
        self.window = 1  # maximum number of unanswered requests
        self._limit = limit
        self._waiting: deque[Outgoing] = deque()
        self._sent: dict[str, Outgoing] = {}

    def __len__(self) -> int:
        return len(self._waiting) + len(self._sent)

    def put(self, outgoing: Outgoing) -> None:
        """Append a request; refuse it if the queue is full."""
        if len(self._waiting) >= self._limit:
            waiting = counted(self._limit, "message")
            text = f"{waiting} waiting to be sent, the maximum. This one is discarded."
            raise Refused("waiting", text)
        self._waiting.append(outgoing)

    def ready(self) -> Iterator[Outgoing]:
        """Yield the requests that may be sent now, and mark them as sent."""
        while self._waiting and self._may_send(self._waiting[0]):
            outgoing = self._waiting.popleft()
            self._sent[outgoing.tag] = outgoing
            yield outgoing

    def _may_send(self, outgoing: Outgoing) -> bool:
        if not self._sent:
            return True
        oldest = next(iter(self._sent.values()))
        return not (outgoing.alone or oldest.alone) and len(self._sent) < self.window

    def sent(self, tag: str | None) -> Outgoing | None:
        """Return the request that an answer with `tag` belongs to."""
        return self._sent.get(tag) if tag else None

    def answered(self, tag: str) -> Outgoing | None:
        """Remove and return the request that an answer with `tag` belongs to."""
        return self._sent.pop(tag, None)

    def take_back(self) -> list[Outgoing]:
        """Put sent requests back at the front of the queue, in order, after a lost connection.

        Return those that must not be sent twice; they may or may not have arrived.
        """
        unanswered = list(self._sent.values())
        self._sent.clear()
        self._waiting.extendleft(out for out in reversed(unanswered) if not out.once)
        return [out for out in unanswered if out.once]

    def empty(self) -> list[Outgoing]:
        """Remove and return everything that was not answered."""
        given_up = [*self._sent.values(), *self._waiting]
        self._sent.clear()
        self._waiting.clear()
        return given_up


def given(**arguments: object) -> dict[str, object]:
    """Return the arguments that have a value."""
    return {name: value for name, value in arguments.items() if value is not None}
