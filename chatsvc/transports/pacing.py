"""Input in small turns, paid for by what it costs, as `costs.py` says."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.protocols.basic import LineReceiver

from chatsvc.core.chat import Session
from chatsvc.model import costs
from chatsvc.model.costs import Purse
from chatsvc.transports.gate import Gate

SLICE = 2048  # bytes: for each line in a read, LineReceiver copies what is left of it

# Reasons to stop reading
ANSWERING, HELD, FULL, OTHERS, FLOOD, DEBT, DOUBT = 1, 2, 4, 8, 16, 32, 64
ALL = 127
FIRST = FULL | OTHERS | DEBT  # what precedes the other requests of one message


class Paying(LineReceiver):
    """Parses input while it can be paid for, and delays the rest."""

    # Slots are faster than a dictionary, and with more than 30 attributes one takes 1 KiB more.
    __slots__ = (
        "_closing",
        "_debt",
        "_most",
        "_others",
        "_paid",
        "_purse",
        "_reasons",
        "_taking",
        "_unread",
        "_work",
        "gate",
        "session",
    )

    gate: Gate
    session: Session
    transport: Any

    def __init__(self) -> None:
        self._purse: Purse | None = None
        self._unread = b""  # received, and not parsed yet
        self._taking = False
        self._work = 0.0  # what was done in this turn
        self._paid = 0.0  # of the turn
        self._most: float = costs.TURN  # the budget of this turn
        self._debt: IDelayedCall | None = None  # until the debt is paid
        self._others: IDelayedCall | None = None  # while others have their turn
        self._reasons = 0  # reasons to stop reading
        self._closing = False

    def _as_lines(self, data: bytes) -> bytes:
        """Return the received data as lines ended by `delimiter`."""
        return data

    def _pause(self, reason: int, on: bool) -> None:
        """Stop reading for a reason, or (False) no longer for that one."""
        raise NotImplementedError

    def dataReceived(self, data: bytes) -> None:
        self._unread += data
        if not self._taking:
            self._taking = True
            try:
                self._take()
            finally:
                self._taking = False
            self._settle()
            if not self.paused:
                self._begin_turn()
                self._most = costs.TURN

    def _take(self) -> None:
        """Parse the received data, a slice at a time, until something else must come first."""
        if not self._unread:
            super().dataReceived(b"")  # continues with what it has
        while self._unread and not self.paused and not self._closing:
            if self._work >= self._most:
                self._end_turn()
                return
            super().dataReceived(self._as_lines(self._slice()))

    def _slice(self) -> bytes:
        """Charge for the next slice and return it: whole lines, unless one is longer."""
        end = self._unread.rfind(b"\n", 0, SLICE) + 1 or SLICE
        data, self._unread = self._unread[:end], self._unread[end:]
        self._work += len(data) * costs.BYTE
        return data

    def _end_turn(self) -> None:
        self._settle()
        open_ = self.transport.connected and not self._closing
        if open_ and not self._reasons & OTHERS:
            self._pause(OTHERS, True)
            self.gate.busy.add(self)
            self._others = self.gate.clock.callLater(0, self._next_turn)

    def _next_turn(self) -> None:
        self._begin_turn()
        self._most = max(costs.LEAST_TURN, costs.TURN / len(self.gate.busy))
        self.gate.busy.discard(self)
        self.session.safely(self._pause, OTHERS, False)

    def _begin_turn(self) -> None:
        self._work -= self._paid
        self._paid = 0.0

    def _settle(self) -> None:
        """Pay for what was done; read nothing more until there is no debt."""
        wait = self._pay(self.gate.clock.seconds())
        open_ = self.transport.connected and not self._closing
        if wait and open_ and not self._reasons & DEBT:
            self._pause(DEBT, True)
            self._debt = self.gate.clock.callLater(wait, self._go_on_paying)

    def _go_on_paying(self) -> None:
        wait = self._pay(self.gate.clock.seconds())
        if wait:
            self._debt = self.gate.clock.callLater(wait, self._go_on_paying)
        else:
            self._begin_turn()
            self.session.safely(self._pause, DEBT, False)

    def _pay(self, now: float) -> float:
        """Pay for what was done; return the seconds to wait if there is not enough."""
        work, self._paid = self._work - self._paid, self._work
        return 0.0 if self._purse is None else self._purse.pay(now, work)
