"""What the leading node sends to connections of this node: at once, or more of it together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from typing import Protocol, TypeAlias

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatsvc.transports.connection import stop

Parcel: TypeAlias = tuple[tuple[int, ...], bytes]  # numbers of connections, and data for each


class Recipient(Protocol):
    """A connection of this node."""

    def write(self, data: bytes) -> None: ...


class Deliveries:
    """Sends data to connections, by their numbers, in order.

    In a turn of the reactor, the first data for a connection is sent at once, and all further data
    at the end of the turn, in one piece.  A node that has had such further data is behind.  In the
    next turn, it sends those connections everything in one piece, so that it needs fewer sends.
    """

    def __init__(self, clock: IReactorTime, connections: Mapping[int, Recipient]) -> None:
        self._clock = clock
        self._connections = connections
        self._served: set[int] = set()  # what has had its first data
        self._further: list[Parcel] = []
        self._turn: IDelayedCall | None = None  # until its end

    def add(self, numbers: tuple[int, ...], data: bytes) -> None:
        """Send data to these connections; those that are lost are left out."""
        if self._turn is None:
            self._turn = self._clock.callLater(0, self._end_turn)
        if self._served.isdisjoint(numbers):
            self._send(zip(numbers, repeat(data)))
        else:
            self._further.append((numbers, data))
        self._served.update(numbers)

    def flush(self) -> None:
        """Send everything now, because something else follows."""
        further, self._further = self._further, []
        self._send(by_connection(further))

    def _end_turn(self) -> None:
        is_behind = bool(self._further)
        self.flush()
        self._turn = self._clock.callLater(0, self._end_turn) if is_behind else None
        if not is_behind:
            self._served.clear()

    def end(self) -> None:
        """Send what is left, and nothing after that."""
        stop(self._turn)
        self.flush()

    def _send(self, pieces: Iterable[tuple[int, bytes]]) -> None:
        for number, data in pieces:
            connection = self._connections.get(number)
            if connection is not None:
                connection.write(data)


def by_connection(parcels: Iterable[Parcel]) -> Iterator[tuple[int, bytes]]:
    """Yield the number of each connection, and all the data for it, in order."""
    collected: dict[int, list[bytes]] = {}
    for numbers, data in parcels:
        for number in numbers:
            collected.setdefault(number, []).append(data)
    for number, pieces in collected.items():
        yield number, b"".join(pieces)
