"""Access to an archive by a program beside the service."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack, closing
from pathlib import Path

from chatsvc.model.message_events import Said
from chatsvc.model.records import Record
from chatsvc.store.archive import ArchiveFailed, KeptRoom, R
from chatsvc.store.sqlite import record_rows
from chatsvc.store.sqlite.archive_file import check_same_name
from chatsvc.store.sqlite.database import (
    connect,
    give_to_owner,
    lock,
    sentences,
    set_up,
    transaction,
)
from chatsvc.store.sqlite.line_rows import READ, lines
from chatsvc.store.sqlite.migrations import bring_up_to_date, newest, version

_OLDER_SERVICE = (
    "An older chatsvc is using the archive {path}. Stop it, start it with this version, and try "
    "again."
)
_OLDER_FILE = (
    "{path} was written by an older chatsvc. Start this version once: it upgrades the archive."
)
_NOT_THERE = "Archive not found: {path}. Give its directory: --data DIR."
_ROOMS = "SELECT name, last, topic FROM room ORDER BY id"
_AFTER = f"{READ} AND number > ? ORDER BY number LIMIT ?"


class Ledger:
    """The records in an archive, for a program beside the service.

    The service finds out about changes when it asks whether the file has `changed`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with sentences(path), ExitStack() as opening:
            check_same_name(path)
            self._database = opening.enter_context(closing(connect(path)))
            if self._is_current():
                set_up(self._database)
            else:
                with lock(path, _OLDER_SERVICE.format(path=path)):
                    bring_up_to_date(self._database, path)
            self._open = opening.pop_all()

    def _is_current(self) -> bool:
        """Return whether this version has opened the file before; a new file is not current."""
        known = version(self._database, self.path) == newest()
        return known and not any(record_rows.missing_columns(self._database))

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def records(self, kind: type[R]) -> list[R]:
        """Return all records of a kind, in the order of their keys."""
        with sentences(self.path):
            return record_rows.read(self._database, kind)

    def rooms(self) -> dict[str, int]:
        """Return the last numbers of all rooms and conversations, by their names."""
        with sentences(self.path):
            return dict(self._database.execute("SELECT name, last FROM room").fetchall())

    def put(self, *records: Record) -> None:
        """Store all of these or none; each replaces the record with the same keys."""
        with sentences(self.path), transaction(self._database):
            record_rows.put(self._database, records)

    def exchange(self, old: Iterable[Record], *new: Record) -> None:
        """Remove the records with the keys of `old`, and store the new ones, all or nothing."""
        with sentences(self.path), transaction(self._database):
            record_rows.drop(self._database, tuple(old))
            record_rows.put(self._database, new)


def create(path: Path) -> bool:
    """Create the file of a new archive, for its owner alone; return False if there is one."""
    try:
        with sentences(path):
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            give_to_owner(handle, path)
            os.close(handle)
    except ArchiveFailed as failed:
        if isinstance(failed.__cause__, FileExistsError):
            return False
        raise
    return True


class LineReader:
    """The lines of an archive, for a program beside the service; it changes nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise ArchiveFailed(_NOT_THERE.format(path=path))
        with sentences(path), ExitStack() as opening:
            check_same_name(path)
            self._database = opening.enter_context(closing(connect(path)))
            if version(self._database, path) != newest():
                raise ArchiveFailed(_OLDER_FILE.format(path=path))
            self._database.execute("PRAGMA query_only = ON")
            self._open = opening.pop_all()

    def __enter__(self) -> LineReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def rooms(self) -> list[KeptRoom]:
        """Return the rooms, private conversations included, in the order of their creation."""
        with sentences(self.path):
            rows = self._database.execute(_ROOMS).fetchall()
        return [KeptRoom(name, last, topic=topic) for name, last, topic in rows]

    def after(self, room: str, number: int, limit: int) -> list[Said]:
        """Return a room's first lines after `number`."""
        with sentences(self.path):
            return list(lines(self._database, _AFTER, room, number, limit))
