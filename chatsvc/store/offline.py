"""Opening an archive for a program beside the service, wherever it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol, TypeAlias

from chatsvc.model.message_events import Said
from chatsvc.model.records import Record
from chatsvc.store.archive import KeptRoom, LinesOf, R
from chatsvc.store.location import Database
from chatsvc.store.postgresql.opening import require_psycopg
from chatsvc.store.sqlite.offline import Ledger, LineReader
from chatsvc.store.sqlite.reader import Reader

Place: TypeAlias = Path | Database


class OfflineRecords(Protocol):
    """The records in an archive; a running service notices what is changed."""

    def records(self, kind: type[R]) -> list[R]:
        """Return all records of a kind, in the order of their keys."""

    def rooms(self) -> dict[str, int]:
        """Return the last numbers of all rooms and conversations, by their names."""

    def put(self, *records: Record) -> None:
        """Store all of these or none; each replaces the record with the same keys."""

    def exchange(self, old: Iterable[Record], *new: Record) -> None:
        """Remove the records with the keys of `old`, and store the new ones, all or nothing."""


class OfflineLines(Protocol):
    """The lines of an archive, which nothing changes."""

    def rooms(self) -> list[KeptRoom]:
        """Return the rooms, private conversations included, in the order of their creation."""

    def after(self, room: str, number: int, limit: int) -> list[Said]:
        """Return a room's first lines after `number`."""


class LineFinder(Protocol):
    """The lines of an account, among all lines."""

    def after(self, room: str, number: int, limit: int) -> list[Said]:
        """Return a room's first lines after `number`."""

    def lines_of(self, room: str, account: str, since: float, after: int) -> LinesOf:
        """Return some of an account's lines after number `after`, from `since` (milliseconds)."""


@contextmanager
def records_at(place: Place, create: bool = False) -> Iterator[OfflineRecords]:
    """Open the records at a place; with `create`, a database may be empty."""
    if isinstance(place, Path):
        with Ledger(place) as ledger:
            yield ledger
        return
    require_psycopg()
    from chatsvc.store.postgresql import offline

    with offline.Ledger(place, create) as records:
        yield records


@contextmanager
def lines_at(place: Place) -> Iterator[OfflineLines]:
    """Open the lines at a place, to read all of them."""
    if isinstance(place, Path):
        with LineReader(place) as reader:
            yield reader
        return
    require_psycopg()
    from chatsvc.store.postgresql import offline

    with offline.LineReader(place) as lines:
        yield lines


@contextmanager
def finder_at(place: Place) -> Iterator[LineFinder]:
    """Open the lines at a place, to find those of an account."""
    if isinstance(place, Path):
        with closing(Reader(place)) as reader:
            yield reader
        return
    require_psycopg()
    from chatsvc.store.postgresql import connection
    from chatsvc.store.postgresql import reader as postgresql

    with closing(connection.Connections(place)) as connections:
        yield postgresql.Reader(connections)
