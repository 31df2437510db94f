"""The file of an archive: connections, locks, transactions, and errors in words."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from chatsvc.store.archive import BROKEN, ArchiveFailed

try:
    import fcntl
except ImportError:  # Windows, where SQLite's locks are the only ones
    fcntl = None  # type: ignore[assignment]

WIPING = 20  # ms for a deletion to wait until nobody reads the write-ahead log
BUSY = 5_000  # ms to wait for another program that writes

_SETTINGS = {
    "journal_mode": "WAL",  # readers, even in other processes, never wait for the writer
    "synchronous": "FULL",  # a commit is on the disk
    "secure_delete": "ON",  # what is deleted is overwritten
    "temp_store": "MEMORY",  # otherwise each statement with many rows creates a file
    "cache_size": -4096,  # KiB per connection: the last page of every busy room
    "wal_autocheckpoint": 2048,  # pages, 8 MiB: not after every large commit
    "journal_size_limit": 2**26,
}

Row = tuple[Any, ...]


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection for use by one thread at a time, without settings.

    Only its owner may use a file that is created, whatever the umask is.
    """
    make_private(path)
    return sqlite3.connect(path, timeout=BUSY / 1000, isolation_level=None, check_same_thread=False)


def make_private(path: Path) -> None:
    """Create a database for its owner alone; exclude all others from an existing one.

    A group keeps its permissions, which an administrator has given it for backups.
    """
    path = path.resolve()
    with contextlib.suppress(OSError):  # SQLite says what is wrong
        if not path.exists():
            # With O_EXCL, because closing a handle of an open database drops SQLite's locks.
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            os.chmod(handle, 0o600)
            give_to_owner(handle, path)
            os.close(handle)
    for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with contextlib.suppress(OSError):
            mode = file.stat().st_mode
            if mode & 0o007 and file.is_file():
                file.chmod(mode & 0o770)


def give_to_owner(file: int | Path, path: Path) -> None:
    """Let the owner of a file's directory, who runs the service, have what root has created."""
    if os.name == "posix" and os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(file, owner.st_uid, owner.st_gid)


def set_up(database: sqlite3.Connection) -> None:
    """Make a connection safe against power failures, and let it overwrite what it deletes."""
    for setting, value in _SETTINGS.items():
        database.execute(f"PRAGMA {setting} = {value}")


def lock(path: Path, otherwise: str) -> TextIO:
    """Lock the file until the result is closed; raise `otherwise` if it is locked already."""
    lock = open(name_of_lock(path), "w", opener=_privately)  # noqa: SIM115
    try:
        lock_handle(lock.fileno(), otherwise)
    except ArchiveFailed:
        lock.close()
        raise
    return lock


def _privately(path: str, flags: int) -> int:
    handle = os.open(path, flags | os.O_CLOEXEC, 0o600)
    with contextlib.suppress(OSError):  # it belongs to somebody else
        os.chmod(handle, 0o600)
        give_to_owner(handle, Path(path))
    return handle


def name_of_lock(path: Path) -> Path:
    """Return the path of the file that a service locks besides its archive."""
    return Path(f"{path.resolve()}.lock")


def is_locked(path: Path) -> bool:
    """Return whether another program has locked a file."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        lock_handle(handle, "")
    except ArchiveFailed:
        return True
    finally:
        os.close(handle)
    return False


def lock_handle(handle: int, otherwise: str) -> None:
    """Lock an open file; raise `ArchiveFailed` with `otherwise` if another program has."""
    if fcntl is None:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ArchiveFailed(otherwise) from None


def write(database: sqlite3.Connection, statement: str, rows: Sequence[Row]) -> None:
    """Write many rows with few statements.

    SQLite runs a statement without the GIL, while `executemany` acquires it for every row.  There
    are few sizes, because each requires a prepared statement of its own.
    """
    start = 0
    for size in (128, 64, 32, 16, 8, 4, 2, 1):
        while len(rows) - start >= size:
            values = list(chain.from_iterable(rows[start : start + size]))
            database.execute(_of_rows(statement, size, len(rows[0])), values)
            start += size


@lru_cache(maxsize=128)
def _of_rows(statement: str, rows: int, columns: int) -> str:
    """Return a statement for so many rows: each time the same string, so that it is found fast."""
    row = f"({', '.join('?' * columns)})"
    return statement.format(", ".join([row] * rows))


@contextlib.contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run the block in one transaction."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield database
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def empty_log(database: sqlite3.Connection, wait: int) -> bool:
    """Empty the write-ahead log, which still contains old pages; return True if that succeeded.

    It waits some milliseconds for other readers and writers.
    """
    database.execute(f"PRAGMA busy_timeout = {wait}")
    try:
        (busy, *_) = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error:  # earlier commits stay stored regardless
        return False
    finally:
        database.execute(f"PRAGMA busy_timeout = {BUSY}")
    return not busy


@contextlib.contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Turn errors of the operating system and SQLite into messages that users can act on."""
    try:
        yield
    except OSError as error:
        said = f"Cannot use the archive {path}: {error.strerror}."
        raise ArchiveFailed(said, BROKEN) from error
    except sqlite3.Error as error:
        raise ArchiveFailed(_sentence(path, str(error)), BROKEN) from error


def _sentence(path: Path, error: str) -> str:
    for said, sentence in _SAID_BY_SQLITE.items():
        if said in error:
            return sentence.format(path=path, directory=os.path.dirname(os.path.abspath(path)))
    return f"Cannot use the archive {path}: {error}."


_SAID_BY_SQLITE = {
    "is full": "The disk is full: {path} cannot grow. Free some space to continue.",
    "readonly": "The archive {path} is read-only. Give this user write permission.",
    "unable to open": "Cannot open the archive {path}. Check that {directory}"
    " exists and that this user can write there.",
    "not a database": "{path} is not a chatsvc archive. Choose another file with"
    " --archive sqlite:PATH.",
    "malformed": "The archive {path} is damaged. Restore it from a backup, or move it away.",
    "locked": "Another program has locked the archive {path}."
    " The server retries when the lock is released.",
}
