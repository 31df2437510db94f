"""What waits to be sent and what waits for its answer: the order of requests, and no connection."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from twisted.internet.defer import Deferred

from chatsvc.model.events import Event, Refused


@dataclass(slots=True, eq=False)
class Outgoing:
    """A request on its way; `answer` fires with the event that answers it.

    One that is `alone` is sent when all before it are answered, and holds back all behind it:
    a line said after `/join #tea` must not overtake it.  One that goes `once` is not repeated
    when the connection is lost, because the server would do it twice.
    """

    do: str
    arguments: dict[str, object]
    tag: str
    alone: bool = False
    once: bool = False
    shown: bool = True  # its answer is one of the events
    answers: type | None = None  # the event that answers it, unless it is refused; None: any
    answer: Deferred[Event | None] = field(default_factory=Deferred)

    def request(self) -> dict[str, object]:
        """The request as the protocol writes it."""
        return {"do": self.do, **self.arguments, "tag": self.tag}


class Outbox:
    """Requests in the order they were made, until they are answered."""

    def __init__(self, limit: int) -> None:
        self.window = 1  # how many may be unanswered
        self._limit = limit
        self._waiting: deque[Outgoing] = deque()
        self._sent: dict[str, Outgoing] = {}

    def __len__(self) -> int:
        return len(self._waiting) + len(self._sent)

    def put(self, outgoing: Outgoing) -> None:
        """Add to the end of the waiting line; refused when that is full."""
        if len(self._waiting) >= self._limit:
            text = f"{self._limit} messages are already waiting to be sent. This one is discarded."
            raise Refused("waiting", text)
        self._waiting.append(outgoing)

    def ready(self) -> Iterator[Outgoing]:
        """Those that may be sent now; each counts as sent from then on."""
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
        """The request that an answer with `tag` would be for."""
        return self._sent.get(tag) if tag else None

    def answered(self, tag: str) -> Outgoing | None:
        """The request that an answer with `tag` is for, which is done with."""
        return self._sent.pop(tag, None)

    def take_back(self) -> list[Outgoing]:
        """The connection is lost: what was sent waits again, before all else and in order.

        Returned are those that must not be sent twice; nobody can tell whether they arrived.
        """
        unanswered = list(self._sent.values())
        self._sent.clear()
        self._waiting.extendleft(out for out in reversed(unanswered) if not out.once)
        return [out for out in unanswered if out.once]

    def empty(self) -> list[Outgoing]:
        """Everything that was not answered, which is given up."""
        given_up = [*self._sent.values(), *self._waiting]
        self._sent.clear()
        self._waiting.clear()
        return given_up
