"""Rate limits, which keep one peer from crowding out the others.

No clock: `now` is given, in seconds of a monotonic clock.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NamedTuple

from chatsvc.model.requests import Refusal
from chatsvc.model.text_rules import counted, span
from chatsvc.model.value import value

MOST_KEYS = 10_000  # maximum number remembered; of more, the oldest are forgotten
_PRIVATE = (
    *map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")),
    *map(ip_network, ("fc00::/7", "fe80::/10")),
)
MOST_ADDRESSES = 16_384  # addresses whose normal form is remembered


class Rate(NamedTuple):
    """A burst of so many at once, and so many per second after that."""

    burst: int
    per_second: float


_FLOOD = Rate(8, 2.0)
_WORK = Rate(100, 5.0)


@value
class Limits:
    """What one user, or all at one address, may do; None and 0 mean unlimited."""

    flood: Rate | None = _FLOOD  # lines of one connection
    per_address: int = 16  # open connections
    arrivals: int = 32  # new connections from one address ...
    arrivals_within: float = 600.0  # ... within these seconds
    name_within: float = 60.0  # seconds to send a name
    attempts: int = 5  # login attempts ...
    attempts_within: float = 300.0  # ... within these seconds
    registrations: int = 10  # names registered from one address ...
    registrations_within: float = 3600.0  # ... within these seconds
    rooms: int = 60  # new rooms made from one address, or by one account ...
    rooms_within: float = 3600.0  # ... within these seconds
    pages_open: int = 256  # open connections that load pages: of one address,
    pages_in_all: int = 512  # of all,
    pages: int = 1024  # and new ones, or handshakes of TLS, from one address ...
    pages_within: float = 300.0  # ... within these seconds
    lan: bool = False  # addresses of private networks are not limited
    work: Rate | None = _WORK  # for the input and requests of one connection, in milliseconds


UNLIMITED = Limits(
    flood=None,
    work=None,
    per_address=0,
    arrivals=0,
    pages_open=0,
    pages=0,
    name_within=0.0,
    attempts=0,
    registrations=0,
    rooms=0,
)


class Bucket:
    """Limits the lines of one connection: a burst at once, the rest at the rate."""

    __slots__ = ("_depth", "_each", "_full_at", "_fullest", "rate", "told")

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._each = 1 / rate.per_second
        self._depth = rate.burst * self._each  # seconds in which an empty bucket fills
        self._full_at = 0.0
        self._fullest = self._depth  # level at the time of the next line
        self.told = False  # time spent empty since it was last full

    def take(self, now: float, lines: int = 1) -> float:
        """Take the share of a line; return the seconds until it may be carried out, or 0.0.

        A line that counts as several waits no longer for that, but those after it do.
        """
        filled = self._full_at - now
        if filled <= 0:
            filled, self.told = 0.0, False
        elif filled > self._fullest:
            filled = self._fullest
        wait = filled + self._each - self._depth
        wait = wait if wait > 1e-6 else 0.0
        filled += self._each * lines
        self._full_at, self._fullest = now + filled, filled - wait
        return wait


class Window:
    """Counts attempts by key: at most so many within so many seconds."""

    def __init__(self, most: int, within: float) -> None:
        self.most = most
        self.within = within
        self._times: dict[str, deque[float]] = {}  # by key, ordered by the last attempt

    def change(self, most: int, within: float) -> None:
        """Use another limit from now on; attempts that were counted stay counted."""
        if (most, within) != (self.most, self.within):
            self.most, self.within = most, within
            kept = self._times.items() if most else ()
            self._times = {key: deque(times, maxlen=most) for key, times in kept}

    def __len__(self) -> int:
        """Return how many keys are remembered."""
        return len(self._times)

    def wait(self, key: str, now: float) -> float:
        """Return the seconds until another attempt is allowed; 0.0 means now."""
        times = self._times.get(key)
        if times is None or len(times) < self.most:
            return 0.0
        return min(max(0.0, times[0] + self.within - now), self.within)

    def note(self, key: str, now: float) -> None:
        """Count an attempt."""
        if not self.most:
            return
        times = self._times.pop(key, None) or deque(maxlen=self.most)
        times.append(now)
        self._times[key] = times
        self._forget_old(now)

    def forget(self, key: str) -> None:
        """Take back the last attempt."""
        times = self._times.get(key)
        if times:
            times.pop()
        if not times:
            self._times.pop(key, None)

    def _forget_old(self, now: float) -> None:
        while self._times:
            key, times = next(iter(self._times.items()))
            if len(self._times) <= MOST_KEYS and times[-1] + self.within > now:
                break
            del self._times[key]


class Trickle:
    """Allows several attempts by key at once, and after that one every few seconds."""

    def __init__(self, most: int, each: float) -> None:
        self._burst = (most - 1) * each
        self._each = each if most else 0.0  # seconds
        self._full_at: dict[str, float] = {}  # when the full number is available again

    def change(self, most: int, each: float) -> None:
        """Use another limit from now on."""
        self._burst, self._each = (most - 1) * each, each if most else 0.0

    def wait(self, key: str, now: float) -> float:
        """Return the seconds until the next one may come; 0.0 means now."""
        return max(0.0, self._owed(key, now) - self._burst) if self._each else 0.0

    def take(self, key: str, now: float) -> None:
        """Count one more, which comes after its wait."""
        if self._each:
            self._full_at[key] = now + self._owed(key, now) + self._each
            if len(self._full_at) > MOST_KEYS:
                self._forget_full(now)

    def give_back(self, key: str) -> None:
        """Take back one that does not count."""
        if key in self._full_at:
            self._full_at[key] -= self._each

    def _owed(self, key: str, now: float) -> float:
        return max(0.0, self._full_at.get(key, now) - now)

    def _forget_full(self, now: float) -> None:
        self._full_at = {key: full for key, full in self._full_at.items() if full > now}


class Addresses:
    """Counts the connections of each address: how many are open, and how many are recent."""

    def __init__(self, most: int, arrivals: int, within: float) -> None:
        self._most = most
        self._lan = False
        self._open: dict[str, int] = {}
        self._arrivals = Window(arrivals, within)

    def change(self, most: int, arrivals: int, within: float, lan: bool = False) -> None:
        """Use other limits from now on; what was counted stays counted.

        With `lan`, addresses of private networks are not limited.
        """
        self._most, self._lan = most, lan
        if lan:
            self._open = {place: open for place, open in self._open.items() if self._counts(place)}
        self._arrivals.change(arrivals, within)

    def admit(self, address: str, now: float) -> Refusal | None:
        """Count a connection, or return the limit that it exceeds, and when to try again."""
        place = self._counted(address)
        if not place:
            return None
        refusal = self._too_many(place) or self._too_often(place, now)
        if refusal is None:
            self._open[place] = self._open.get(place, 0) + 1
            self._arrivals.note(place, now)
        return refusal

    def gone(self, address: str) -> None:
        """Note that a counted connection has closed."""
        place = self._counted(address)
        left = self._open.pop(place, 0) - 1
        if left > 0:
            self._open[place] = left

    def take_back(self, address: str) -> None:
        """Forget a counted connection as if it had never been made."""
        self.gone(address)
        self._arrivals.forget(self._counted(address))

    def _counted(self, address: str) -> str:
        """Return what counts as this address, or "" if it is not limited."""
        return network(address) if self._counts(address) else ""

    def _counts(self, address: str) -> bool:
        return not is_loopback(address) and not (self._lan and is_private(address))

    def _too_many(self, place: str) -> Refusal | None:
        most = self._most
        if not most or self._open.get(place, 0) < most:
            return None
        return Refusal(
            "too-many-connections",
            f"{place} already has {counted(most, 'connection')},"
            " the maximum. Close one and try again.",
        )

    def _too_often(self, place: str, now: float) -> Refusal | None:
        wait = self._arrivals.wait(place, now)
        if not wait:
            return None
        most, within = self._arrivals.most, self._arrivals.within
        return Refusal(
            "too-often",
            f"Too many new connections from {place}: the maximum is {most} in {span(within)}."
            f" Try again in {span(wait)}.",
        )


@lru_cache(maxsize=MOST_ADDRESSES)
def bare(address: str) -> str:
    """Return an IP address in its canonical form, without a zone; "" if it is invalid."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(parsed)


@lru_cache(maxsize=MOST_ADDRESSES)
def network(address: str) -> str:
    """Return what counts as one address: of IPv6 the /64, which is what a household gets."""
    address = bare(address)
    return str(ip_network(f"{address}/64", strict=False)) if ":" in address else address


def is_loopback(address: str) -> bool:
    """Return whether it is an address of this machine itself."""
    address = bare(address)
    return bool(address) and ip_address(address).is_loopback


@lru_cache(maxsize=MOST_ADDRESSES)
def is_private(address: str) -> bool:
    """Return whether it is an address of a private network (RFC 1918, 4193, 3927, 4291)."""
    address = bare(address.partition("/")[0])
    if not address:
        return False
    parsed = ip_address(address)
    return any(parsed in each for each in _PRIVATE if each.version == parsed.version)
