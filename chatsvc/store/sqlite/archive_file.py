"""The file of an open archive: locking it, and noticing when it is replaced."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from chatsvc.store.archive import BROKEN, ArchiveFailed
from chatsvc.store.sqlite.database import is_locked, lock, lock_handle, name_of_lock

_TWO_SERVICES = (
    "Another chatsvc is using the archive {path}. Stop it, or use another archive with "
    "--archive sqlite:PATH."
)
_SAME_FILE = (
    "Another chatsvc is using the archive {path} under another name: it is a hard link to the same "
    "file. Stop that service, or use another archive with --archive sqlite:PATH."
)
_OTHER_NAME = (
    "A chatsvc is using the archive {path} under another name: it is a hard link to the same file."
    " Give the path that the service uses: --archive sqlite:PATH."
)
_GONE = (
    "The file {path} was deleted, moved or replaced while the"
    " service runs, so messages cannot be stored. Put the"
    " file back, or restart the service."
)


class ArchiveFile:
    """Keeps other services away from a file, and notices when it is moved or replaced.

    Its handle stays open until everything else is closed: closing any handle of a file drops the
    locks that SQLite has on it.
    """

    def __init__(self, path: Path, in_use: str = _TWO_SERVICES) -> None:
        self._path = path
        self._lock = lock(path, in_use.format(path=path))
        self.handle = -1
        self._known: dict[Path, tuple[int, int]] = {}  # device and inode

    def hold(self) -> None:
        """Lock the file itself, under any name; SQLite has opened it, and not used it yet."""
        try:
            self.handle = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:  # SQLite says what is wrong with a file that cannot be written
            self.handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        if sys.platform == "linux":  # elsewhere SQLite's own locks would be refused too
            lock_handle(self.handle, _SAME_FILE.format(path=self._path))

    def close(self) -> None:
        """Release the locks."""
        if self.handle >= 0:
            os.close(self.handle)
        self._lock.close()

    def watch(self) -> None:
        """Remember the identity of the file and its write-ahead log."""
        for path in (self._path, log_of(self._path)):
            found = os.stat(path)
            self._known[path] = found.st_dev, found.st_ino

    def check(self) -> None:
        """Refuse to write to a file that was moved or replaced."""
        for path, known in self._known.items():
            try:
                found = os.stat(path)
            except FileNotFoundError:
                raise ArchiveFailed(_GONE.format(path=path), BROKEN) from None
            if (found.st_dev, found.st_ino) != known:
                raise ArchiveFailed(_GONE.format(path=path), BROKEN)


def check_same_name(path: Path) -> None:
    """Refuse a file that a service uses under another name: SQLite would mix up their logs.

    Call this before SQLite opens the file, because it closes a handle of the file.
    """
    if sys.platform == "linux" and is_locked(path) and not is_locked(name_of_lock(path)):
        raise ArchiveFailed(_OTHER_NAME.format(path=path))


def log_of(path: Path) -> Path:
    """Return the path of a database's write-ahead log."""
    return Path(f"{path}-wal")
