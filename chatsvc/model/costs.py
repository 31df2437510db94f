"""What a connection's input and requests cost, and the budgets that pay for them.

One table for every dialect. A cost is an estimate of processor time in microseconds, so nothing has
to be measured, and the same requests always cost the same.

No clock: `now` is given, in seconds.
"""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakValueDictionary

from chatsvc.model.rate_limits import Rate, is_private, network

LINE = 30.0  # a line of input, even an empty one
BYTE = 0.1  # per byte of input (text, tags, anything), and of text that is searched
COMMAND = 1.0  # per byte of telnet negotiation, in addition
FRAME = 5.0  # a WebSocket frame, on top of its bytes and of the line in it
KEY = 0.5  # per key that edits or ends a line, in addition
ANSWER = 0.1  # per byte of an answer
SENT = 40.0  # per answer, however short
READ = 10.0  # per line read from the archive to catch up
SEARCHED = 3.0  # per line in which a name is looked for, on top of its characters
PAGE = 300.0  # an answer to an HTTP request
REFUSAL = 50.0  # input that is not a request

TURN = 2600.0  # what one connection may spend before others get a turn ...
LEAST_TURN = 300.0  # ... or less, if several take turns
PATIENCE = 0.05  # seconds; the shortest pause, because pausing has a cost too
MESSAGE = 8 * TURN  # what one IRC message, which can request much, may spend in a turn
SHARE = 20  # an address gets this many times the rate of a connection, and half that burst


class Cost(NamedTuple):
    """The cost of a request, and whether it also counts as a line, which `--flood` limits.

    With `change`, it counts unless it has no arguments: then it only looks something up.
    """

    work: float
    line: bool = False
    change: bool = False


OTHER = Cost(300, line=True)  # a request that is not in the table

COSTS = {
    # What others read. The line rate limits these, so they cost little here.
    **dict.fromkeys(("say", "me", "msg", "mods", "reply"), Cost(10, line=True)),
    # What shows that a user is still there.
    "empty": Cost(0),
    "ping": Cost(20),
    "settle": Cost(20),
    # Joining, also many rooms at once.
    "name": Cost(300),
    "hello": Cost(500),
    "password": Cost(1000),
    "prove": Cost(1000),
    "login": Cost(1000),
    "join": Cost(300),
    # What clients request unasked.
    "signal": Cost(5000),  # everybody in the room receives it
    "mark": Cost(200),
    "recent": Cost(5000),  # one query of the archive per room
    "about": Cost(200),
    "census": Cost(200),
    "find": Cost(2000),
    "watch": Cost(2000),
    "unwatch": Cost(1000),
    "metadata": Cost(2000),
    "subscribe": Cost(200),
    "unsubscribe": Cost(200),
    "bot": Cost(200),
    "invisible": Cost(200),
    # What people look up.
    "help": Cost(1000),
    "time": Cost(100),
    "clear": Cost(100),
    "room": Cost(200),
    "rooms": Cost(5000),
    "invitations": Cost(5000),
    "who": Cost(1500),
    "whois": Cost(300),
    "whowas": Cost(300),
    "history": Cost(1000),
    "search": Cost(10_000),
    "stats": Cost(5000),
    "sessions": Cost(500),
    "bans": Cost(1000),
    "howtoban": Cost(1000),
    "invited": Cost(1000),
    "audit": Cost(1000),
    "reports": Cost(1000),
    "status": Cost(200),
    "accounts": Cost(5000),
    "settings": Cost(500),
    # What people look up, or change.
    "topic": Cost(300, change=True),
    "ignore": Cost(300, change=True),
    "certificate": Cost(300, change=True),
    "set": Cost(500, change=True),
    # What hashes a password or writes to the disk.
    "register": Cost(20_000, line=True),
    "passwd": Cost(20_000, line=True),
    "remove-room": Cost(20_000, line=True),
    "roles": Cost(2000, line=True),
    "delete": Cost(1000, line=True),
}


class Budget:
    """An amount that grows at a steady rate up to its burst; spending may leave a debt."""

    __slots__ = ("__weakref__", "_at", "_left", "_rate")

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._left = float(rate.burst)
        self._at: float | None = None

    def left(self, now: float) -> float:
        """Return the current amount; a negative one is a debt."""
        if self._at is not None and now > self._at:
            grown = self._left + (now - self._at) * self._rate.per_second
            self._left = min(grown, float(self._rate.burst))
        self._at = now
        return self._left

    def take(self, now: float, cost: float) -> float:
        """Take as much of `cost` as is available; return the rest."""
        taken = min(cost, max(0.0, self.left(now)))
        self._left -= taken
        return cost - taken

    def owe(self, cost: float) -> None:
        """Take `cost` even if that leaves a debt."""
        self._left -= cost

    def wait(self, amount: float) -> float:
        """Return the seconds in which `amount` grows."""
        return amount / self._rate.per_second


class Purse:
    """What one connection pays with: its own budget, then that of its address.

    So one busy connection can use what others leave, and each has its own however busy the others
    are.
    """

    __slots__ = ("_own", "_shared")

    def __init__(self, own: Budget, shared: Budget) -> None:
        self._own, self._shared = own, shared

    def pay(self, now: float, cost: float) -> float:
        """Pay `cost` and all debts; return the seconds to wait if there is not enough."""
        own = self._own.left(now)
        if own >= cost:
            self._own.owe(cost)
            return 0.0
        owed = self._shared.take(now, cost - own)
        self._own.owe(own + owed)  # the rest is the debt
        if not owed:
            return 0.0
        return max(PATIENCE, min(self._own.wait(owed), self._shared.wait(owed)))


class Purses:
    """Creates a purse for each connection; those of one address share a budget."""

    def __init__(self, work: Rate | None, lan: bool = False) -> None:
        self._own = work and Rate(work.burst * 1000, work.per_second * 1000)
        self._lan = lan  # users in private networks do not share a budget
        self._addresses: WeakValueDictionary[str, Budget] = WeakValueDictionary()

    def purse(self, address: str) -> Purse | None:
        """Return a purse for a connection from `address`; None if nothing is limited."""
        own = self._own
        if own is None:
            return None
        place = network(address)
        shared = self._addresses.get(place)
        if shared is None or (self._lan and is_private(address)):
            shared = Budget(Rate(own.burst * SHARE // 2, own.per_second * SHARE))
            self._addresses[place] = shared
        return Purse(Budget(own), shared)
