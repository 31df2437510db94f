"""All connections: what they share, how many are allowed, and when none is left.

It does not know their protocols.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any, Protocol

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatsvc.model.costs import Purses
from chatsvc.model.rate_limits import Addresses, Limits, network
from chatsvc.model.requests import Refusal
from chatsvc.model.server_events import Goodbye
from chatsvc.services.hub import Hub
from chatsvc.transports.tls import TLS
from chatsvc.transports.web.reply import Pages
from chatsvc.transports.websocket.access import WebAccess

PAGES = 2  # pages of earlier lines in memory at a time, for all connections

STOPPING = Goodbye("The server is stopping. Goodbye.")
_FULL = Refusal("full", "The server is full. Try again later.")

_log = Logger()


class Occupant(Protocol):
    """What has a connection at the moment, as far as it can be closed."""

    def end(self, goodbye: Goodbye) -> bool: ...


class Guest(Protocol):
    """A connection, as the gate sees it."""

    address: str
    node: str
    transport: Any

    @property
    def occupant(self) -> Occupant: ...


class Gate:
    """Counts connections; shares the hub, the clock and the limits between them."""

    def __init__(
        self,
        hub: Hub,
        clock: IReactorTime,
        limits: Limits,
        max_clients: int,
        slow_limit: float,
        speaks: Collection[str],
        require_tls: bool = False,
    ) -> None:
        self.hub = hub
        self.clock = clock
        self.limits = limits
        self.max_clients = max_clients  # of each node
        self.nodes = 1  # that accept connections for this chat
        self.slow_limit = slow_limit
        self.speaks = speaks
        self.require_tls = require_tls  # for everybody except on this machine
        self.tls: TLS | None = None
        self.web = WebAccess()
        self.monitor: Pages | None = None  # for programs that watch the service
        self.node: Callable[[], str] = str  # the name of this node, if there are several
        self.connections: set[Guest] = set()
        self._refused: set[Guest] = set()  # of these
        self._visitors: dict[Guest, None] = {}  # of these: they load pages, the oldest first
        self._addresses = Addresses(limits.per_address, limits.arrivals, limits.arrivals_within)
        self._pages = Addresses(limits.pages_open, limits.pages, limits.pages_within)
        self._handshakes = Addresses(0, limits.pages, limits.pages_within)
        self.purses = Purses(limits.work)
        self.busy: set[object] = set()  # the connections that give way to others
        self.pages = DeferredSemaphore(PAGES)
        self._when_empty: Deferred[None] | None = None

    @property
    def in_doubt(self) -> bool:
        """Whether another node may lead, so that nobody is answered."""
        return self.hub.login.suspended

    @property
    def most(self) -> int:
        """How many connections are allowed."""
        return self.max_clients * self.nodes

    def change_limits(self, limits: Limits) -> None:
        """Use other limits from now on; those of one connection hold for new connections."""
        if (limits.work, limits.lan) != (self.limits.work, self.limits.lan):
            self.purses = Purses(limits.work, limits.lan)
        self.limits, lan = limits, limits.lan
        self._addresses.change(limits.per_address, limits.arrivals, limits.arrivals_within, lan)
        self._pages.change(limits.pages_open, limits.pages, limits.pages_within, lan)
        self._handshakes.change(0, limits.pages, limits.pages_within, lan)

    def note_refusal(self, code: str, address: str) -> None:
        """Let the administrator know of a refusal."""
        self.hub.refusals.note(code, address)

    def understands(self, language: str) -> bool:
        """Return whether the protocol is enabled."""
        return language in self.speaks and (language != "tls" or self.tls is not None)

    def spoken(self) -> list[str]:
        """Return the names of the enabled protocols."""
        return list(filter(self.understands, self.speaks))

    async def all_closed(self, goodbye: Goodbye = STOPPING) -> None:
        """Close the connections without a name; return when no connection is open any more.

        Each closes within `LAST_WORDS`.
        """
        for guest in list(self.connections):
            self.end(guest, goodbye)
        if self.connections:
            self._when_empty = Deferred()
            await self._when_empty

    def end(self, guest: Guest, goodbye: Goodbye) -> None:
        """Close a connection without a name."""
        try:
            guest.occupant.end(goodbye)
        except Exception:
            _log.failure("A connection failed and was closed")
            guest.transport.abortConnection()

    def admit(self, guest: Guest) -> Refusal | None:
        """Count a connection as a user's, or return why it is refused.

        If there are too many connections, one that loads pages makes room.
        """
        refusal: Refusal | None = _FULL
        if self._accepted() - len(self._visitors) <= self.most:
            refusal = self._addresses.admit(guest.address, self.clock.seconds())
        if refusal is not None:
            self._refused.add(guest)
        elif self._visitors and self._accepted() > self.most:
            self._turn_out(next(iter(self._visitors)))
        return refusal

    def visit(self, guest: Guest) -> Refusal | None:
        """Count a connection as one that loads pages, or return why it is refused.

        If there are too many, the address that has most of them makes room.
        """
        if guest in self._refused:
            self._refused.discard(guest)
        else:
            self._addresses.take_back(guest.address)
        refusal: Refusal | None = _FULL
        if self._accepted() <= self.most and self._has_room(guest):
            refusal = self._pages.admit(guest.address, self.clock.seconds())
        if refusal is None:
            self._visitors[guest] = None
        else:
            self._refused.add(guest)
        return refusal

    def shake_hands(self, guest: Guest) -> Refusal | None:
        """Count a TLS handshake, whatever it leads to, or return why it is refused."""
        refusal = self._handshakes.admit(guest.address, self.clock.seconds())
        if refusal is None:
            self._handshakes.gone(guest.address)
        return refusal

    def _has_room(self, guest: Guest) -> bool:
        """Return whether there are few enough connections that load pages; or make room."""
        if len(self._visitors) < self.limits.pages_in_all:
            return True
        held = Counter(network(each.address) for each in self._visitors)
        ((place, most),) = held.most_common(1)
        if held[network(guest.address)] >= most:
            return False
        self._turn_out(next(each for each in self._visitors if network(each.address) == place))
        return True

    def _turn_out(self, visitor: Guest) -> None:
        """Close a connection that loads pages; it counts no longer, though it is open a little."""
        self._release(visitor)
        self._refused.add(visitor)
        visitor.transport.abortConnection()

    def join(self, guest: Guest) -> Refusal | None:
        """Count a connection that has loaded pages as a user's, or return why it is refused."""
        if self._visitors.pop(guest, self) is None:
            self._pages.take_back(guest.address)
        self._refused.discard(guest)
        return self.admit(guest)

    def is_full(self) -> bool:
        """Return whether another user would be refused for want of room."""
        return self._accepted() - len(self._visitors) >= self.most

    def _accepted(self) -> int:
        return len(self.connections) - len(self._refused)

    def _release(self, guest: Guest) -> None:
        """Count a connection no longer as whatever it is."""
        if guest in self._refused:
            self._refused.discard(guest)
        elif guest in self._visitors:
            del self._visitors[guest]
            self._pages.gone(guest.address)
        else:
            self._addresses.gone(guest.address)

    def gone(self, guest: Guest) -> None:
        """Note that a connection is lost."""
        if guest not in self.connections:
            return
        self.connections.discard(guest)
        self._release(guest)
        if not self.connections and self._when_empty is not None:
            when_empty, self._when_empty = self._when_empty, None
            when_empty.callback(None)
