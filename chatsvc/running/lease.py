"""For how long the node that leads may answer people.

Another node leads once this one has surely ended, or has stored no heartbeat for `LEASE` seconds
(`running/succession.py`).  So if none was stored for that long, there is doubt: nobody is answered,
because the other node may have given away their names.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from chatsvc.model.text_rules import counted
from chatsvc.store.leading import LEASE
from chatsvc.transports.connection import stop

AWAY = 60.0  # seconds without a heartbeat after which the node no longer leads
ALONE = 20.0  # the same if another node, which may lead, has gone meanwhile
STALLED = 2.0  # seconds more, in which a process that was stopped can store one

_log = Logger()


class Lease:
    """Begins when it is made, and again with each heartbeat.

    `doubt` is called with True when it is over, and with False if a heartbeat is stored after all;
    `give_up` if that takes too long.
    """

    def __init__(
        self,
        clock: IReactorTime,
        begun: float,
        doubt: Callable[[bool], object],
        give_up: Callable[[], object],
    ) -> None:
        self._clock = clock
        self._doubt, self._give_up = doubt, give_up
        self.in_doubt = False
        self._timers: list[IDelayedCall] = []
        self._begin(begun)

    def renewed(self, begun: float) -> None:
        """Note that a heartbeat was stored, which was begun at this time.

        If it took so long that the lease is over again, the next one decides.
        """
        self._begin(begun)
        if self.in_doubt and self._clock.seconds() < begun + LEASE:
            self.in_doubt = False
            self._doubt(False)

    def _begin(self, begun: float) -> None:
        self.end()
        self._begun = begun
        self._at(LEASE, self._over)
        self._at(AWAY, self._despair)

    def _at(self, age: float, act: Callable[[], object]) -> None:
        """Do something when the last heartbeat is so old."""
        left = self._begun + age - self._clock.seconds()
        self._timers.append(self._clock.callLater(max(0.0, left), act))

    def _over(self) -> None:
        if not self.in_doubt:
            self.in_doubt = True
            _log.warn(
                "No heartbeat could be stored for {lease}, so nobody is answered here.",
                lease=counted(LEASE, "second"),
            )
            self._doubt(True)

    def _despair(self) -> None:
        """Give up, unless this process has stalled and a heartbeat is about to be stored."""
        self._timers.append(self._clock.callLater(STALLED, self._give_up))

    def alone(self) -> None:
        """Note that another node is gone, or does not reach this one."""
        if self._timers:
            self._at(ALONE, self._despair)

    def end(self) -> None:
        """Notice nothing any more."""
        for timer in self._timers:
            stop(timer)
        self._timers.clear()
