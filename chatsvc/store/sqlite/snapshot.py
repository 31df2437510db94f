"""A copy of an archive as it is at one moment, made beside a service that goes on writing.

A read transaction keeps that moment: in WAL mode it delays no writer, and the writers' commits do
not make SQLite's backup start over, as they do without one.  Meanwhile the service's write-ahead
log cannot begin again from its start, so it grows.  The copying process moves it into the archive
afterwards, because the service's next commit would otherwise wait for that.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.sqlite.archive_file import check_same_name
from chatsvc.store.sqlite.database import connect, sentences
from chatsvc.store.sqlite.migrations import version

PIECE = 64  # pages (256 KiB) copied at once: a commit of the service waits for the disk that long
PAUSE = 1.0  # times as long as a piece took, in which the disk is free for the service

Progress = Callable[[float], object]  # given the fraction that is done

_NO_COPY = "The copy {path} is damaged: {said}. Check the disk, and make another backup."
_NOT_THERE = "Archive not found: {path}. Give its directory: --data DIR."


class Contents(NamedTuple):
    """What an archive contains, by number."""

    schema: int
    messages: int
    rooms: int
    accounts: int


def copy(archive: Path, target: Path, progress: Progress) -> None:
    """Copy an archive, which a service may be using, to the new file `target`."""
    if not archive.exists():
        raise ArchiveFailed(_NOT_THERE.format(path=archive))
    with sentences(archive):
        check_same_name(archive)
        with closing(connect(archive)) as source:
            version(source, archive)
            with _moment(source):
                _copy_pages(source, target, progress)
            source.execute("PRAGMA wal_checkpoint(PASSIVE)")


@contextmanager
def _moment(source: sqlite3.Connection) -> Iterator[None]:
    """Let a connection see the archive as it is now until the end of the block."""
    source.execute("BEGIN")
    try:
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield
    finally:
        source.execute("ROLLBACK")


def _copy_pages(source: sqlite3.Connection, target: Path, progress: Progress) -> None:
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with closing(connect(target)) as copied, sentences(target):
            copied.execute("PRAGMA journal_mode = OFF")
            copied.execute("PRAGMA synchronous = OFF")  # `_Pace` does it, in smaller pieces
            source.backup(copied, pages=PIECE, progress=_Pace(handle, progress), sleep=0)
        os.fsync(handle)
    finally:
        os.close(handle)


class _Pace:
    """Writes each piece to the disk before the next one, and leaves the disk to others between."""

    def __init__(self, handle: int, progress: Progress) -> None:
        self._handle, self._progress = handle, progress
        self._begun = time.monotonic()

    def __call__(self, _status: int, left: int, pages: int) -> None:
        os.fdatasync(self._handle)
        self._progress(1 - left / pages if pages else 1.0)
        time.sleep((time.monotonic() - self._begun) * PAUSE)
        self._begun = time.monotonic()


def contents(path: Path) -> Contents:
    """Count what is in an archive that nothing uses; it leaves no other files there."""
    with _reading(path) as database:
        return Contents(
            version(database, path),
            _count(database, "said"),
            _count(database, "room WHERE name LIKE '#%'"),
            _count(database, "account"),
        )


def check(path: Path) -> None:
    """Read every page of an archive that nothing uses; raise `ArchiveFailed` if it is damaged."""
    with _reading(path) as database:
        try:
            (said,) = database.execute("PRAGMA integrity_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            said = str(error)
    if said != "ok":
        raise ArchiveFailed(_NO_COPY.format(path=path, said=said))


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    place = f"file:{quote(os.fspath(path.absolute()))}?mode=ro&immutable=1"
    with sentences(path), closing(sqlite3.connect(place, uri=True)) as database:
        yield database


def _count(database: sqlite3.Connection, rows: str) -> int:
    """Return the number of rows; a very early archive has fewer tables."""
    table = rows.partition(" ")[0]
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    if database.execute(query, (table,)).fetchone() is None:
        return 0
    (number,) = database.execute(f"SELECT count(*) FROM {rows}").fetchone()
    return int(number)
