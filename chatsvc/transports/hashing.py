"""The hashing queue: one password at a time, with sources taking turns."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from chatsvc.auth.passwords import Turn
from chatsvc.model.requests import Refused
from chatsvc.store.archive import Worker

MOST_WAITING = 200  # maximum jobs, of all sources


class _Piece(NamedTuple):
    done: Deferred[Any]
    work: Callable[..., Any]
    arguments: tuple[Any, ...]


class _Lane:
    """Waiting jobs, by source; sources take turns."""

    def __init__(self) -> None:
        self._sources: OrderedDict[str, deque[_Piece]] = OrderedDict()

    def add(self, source: str, piece: _Piece) -> None:
        self._sources.setdefault(source, deque()).append(piece)

    def next(self) -> _Piece | None:
        if not self._sources:
            return None
        source, pieces = self._sources.popitem(last=False)
        piece = pieces.popleft()
        if pieces:
            self._sources[source] = pieces
        return piece

    def longest(self) -> tuple[int, str]:
        """Return the number of jobs of the busiest source, and its name."""
        return max(((len(pieces), name) for name, pieces in self._sources.items()), default=(0, ""))

    def drop(self, source: str) -> _Piece:
        """Remove the last job of a source."""
        piece = self._sources[source].pop()
        if not self._sources[source]:
            del self._sources[source]
        return piece


class HashingQueue:
    """A `passwords.Hasher`: logins first, then the rest; when full, it refuses the busiest source.

    The worker is given one job at a time, so that waiting ones can still be reordered.
    """

    def __init__(self, worker: Worker, clock: IReactorTime) -> None:
        self._worker = worker
        self._clock = clock
        self._logins, self._others = _Lane(), _Lane()
        self._waiting = 0
        self._working = False

    def __call__(self, turn: Turn, work: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        lane = self._logins if turn.login else self._others
        lane.add(turn.source, _Piece(done, work, arguments))
        self._waiting += 1
        if self._waiting > MOST_WAITING:
            self._refuse_the_busiest()
        self._go_on()
        return done

    def pause(self, seconds: float) -> Deferred[None]:
        return deferLater(self._clock, seconds, lambda: None)

    def _refuse_the_busiest(self) -> None:
        """Make room for a login by refusing other jobs, as long as there are any."""
        lane = self._others if self._others.longest()[0] else self._logins
        self._waiting -= 1
        busy = Refused("busy", "Many people are logging in at the moment. Try again in a minute.")
        lane.drop(lane.longest()[1]).done.errback(busy)

    def _go_on(self) -> None:
        if self._working:
            return
        piece = self._logins.next() or self._others.next()
        if piece is None:
            return
        self._waiting -= 1
        self._working = True
        working: Deferred[Any] = maybeDeferred(self._worker, piece.work, *piece.arguments)
        working.addBoth(self._finish, piece)

    def _finish(self, result: object, piece: _Piece) -> None:
        self._working = False
        self._go_on()
        piece.done.callback(result)
