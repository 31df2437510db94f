"""Access to an archive by a program beside the service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from chatsvc.model.message_events import Said
from chatsvc.model.records import Record
from chatsvc.store.archive import ArchiveFailed, KeptRoom, R
from chatsvc.store.location import Database
from chatsvc.store.postgresql import record_rows
from chatsvc.store.postgresql.connection import Connection, Link
from chatsvc.store.postgresql.leadership import is_held
from chatsvc.store.postgresql.line_rows import READ, lines
from chatsvc.store.postgresql.migrations import (
    bring_up_to_date,
    check_archive,
    check_server,
    newest,
    version,
)
from chatsvc.store.postgresql.text import stored
from chatsvc.store.postgresql.writer import read_rooms

_OLDER = (
    "{place} was written by an older chatsvc. Start this version once: it upgrades the archive."
)
_OLDER_SERVER = (
    "A server of an older chatsvc uses {place}. Use the commands of that version, or start this"
    " version of the server first."
)
_AFTER = f"{READ} AND number > %s ORDER BY number LIMIT %s"


class Ledger:
    """The records in an archive, for a program beside the service.

    The service finds out about changes when it asks whether the archive has `changed`.
    """

    def __init__(self, database: Database, create: bool = False) -> None:
        self.database = database
        self._may_create = create
        self._connection = Connection(database, self._prepare)
        self._connection.open()

    def _prepare(self, link: Link) -> None:
        check_server(link, self.database)
        if not self._may_create:
            check_archive(link, self.database)
        if version(link, self.database) not in (0, newest()) and is_held(link):
            raise ArchiveFailed(_OLDER_SERVER.format(place=self.database))
        bring_up_to_date(link, self.database)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def records(self, kind: type[R]) -> list[R]:
        """Return all records of a kind, in the order of their keys."""
        return self._connection.run(lambda link: record_rows.read(link, kind))

    def rooms(self) -> dict[str, int]:
        """Return the last numbers of all rooms and conversations, by their names."""
        return {room.name: room.last for room in self._connection.run(read_rooms)}

    def put(self, *records: Record) -> None:
        """Store all of these or none; each replaces the record with the same keys."""
        self._change(lambda link: record_rows.put(link, records))

    def exchange(self, old: Iterable[Record], *new: Record) -> None:
        """Remove the records with the keys of `old`, and store the new ones, all or nothing."""
        removed: Sequence[Record] = tuple(old)

        def exchange(link: Link) -> None:
            record_rows.drop(link, removed)
            record_rows.put(link, new)

        self._change(exchange)

    def _change(self, work: Callable[[Link], None]) -> None:
        def change(link: Link) -> None:
            with link.transaction():
                work(link)
                link.execute("UPDATE chatsvc SET changes = changes + 1")

        self._connection.run(change)


class LineReader:
    """The lines of an archive, for a program beside the service; it changes nothing."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._connection = Connection(database, self._prepare)
        self._connection.open()

    def _prepare(self, link: Link) -> None:
        check_server(link, self.database)
        check_archive(link, self.database)
        if version(link, self.database) != newest():
            raise ArchiveFailed(_OLDER.format(place=self.database))

    def __enter__(self) -> LineReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def rooms(self) -> list[KeptRoom]:
        """Return the rooms, private conversations included, in the order of their creation."""
        return self._connection.run(read_rooms)

    def after(self, room: str, number: int, limit: int) -> list[Said]:
        """Return a room's first lines after `number`."""
        return self._connection.run(lambda link: lines(link, _AFTER, stored(room), number, limit))
