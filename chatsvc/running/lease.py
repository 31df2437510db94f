"""Whether the node that leads can be sure of it.

Another node can lead once this one has stored no heartbeat for `LEASE` seconds (or has lost its
lock, which is not noticed here).  A node that has a link to this one does not: it gives up the link
first.  So there is doubt if this node has stored no heartbeat for that long, and has no link to
some node that it has known.  Then nobody is answered, because the other node may have given away
their names.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from chatsvc.store.leading import LEASE
from chatsvc.transports.connection import stop

AWAY = 60.0  # seconds without a heartbeat after which a node no longer leads
DOUBTED = 20.0  # the same if another node may lead

_log = Logger()


class Lease:
    """Notices doubt, and when it ends."""

    def __init__(
        self, clock: IReactorTime, is_complete: Callable[[], bool], doubt: Callable[[bool], object]
    ) -> None:
        self._clock = clock
        self._is_complete = is_complete  # returns whether there is a link to each known node
        self._doubt = doubt
        self._begun = clock.seconds()
        self._ends: IDelayedCall | None = None
        self._in_doubt = False

    @property
    def is_forfeit(self) -> bool:
        """Whether to stop leading, because no heartbeat could be stored for long."""
        limit = DOUBTED if self._in_doubt else AWAY
        return self._clock.seconds() - self._begun > limit

    def renewed(self, begun: float) -> None:
        """Note that a heartbeat was stored, which was begun at this time.

        If it took so long that the lease is over again, the next one decides.
        """
        self.end()
        self._begun = begun
        left = begun + LEASE - self._clock.seconds()
        self._ends = self._clock.callLater(max(0.0, left), self.look)
        if self._in_doubt and left > 0:
            self._in_doubt = False
            self._doubt(False)

    def look(self) -> None:
        """Find out whether there is doubt now: a link is lost, or the lease ends."""
        is_over = self._ends is not None and self._ends.getTime() <= self._clock.seconds()
        if is_over and not self._in_doubt and not self._is_complete():
            self._in_doubt = True
            _log.warn("Another node may lead, so nobody is answered here until that is clear.")
            self._doubt(True)

    def end(self) -> None:
        """Notice nothing any more."""
        stop(self._ends)
        self._ends = None
