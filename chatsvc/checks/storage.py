"""Problems of the data directory and what is in it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from chatsvc.checks.problem import Problem, open_to_others
from chatsvc.options.combining import Values
from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.location import Database
from chatsvc.store.sqlite.database import is_locked, name_of_lock, sentences
from chatsvc.store.sqlite.migrations import newest, version

ENOUGH = 256 << 20  # bytes that should be free
_MIB = 1 << 20


def storage(values: Values) -> Iterator[Problem]:
    """Yield the problems of the directories, the archive, the index and the disk."""
    data: Path | None = values["data"]
    archive: Path | Database | None = values["archive"]
    if data is not None:
        yield from _directory(data, is_ours=True)
    if values["log-file"] is not None:
        yield from _directory(values["log-file"].parent)
    if isinstance(archive, Path):
        yield from _stored(archive, data)


def _stored(archive: Path, data: Path | None) -> Iterator[Problem]:
    if archive.absolute().parent != data:
        yield from _directory(archive.absolute().parent)
    yield from _archive(archive)
    if not is_in_use(archive):
        yield from _version(archive)
    yield from _space(archive)


def is_in_use(archive: Path | None) -> bool:
    """Return whether a service uses the archive at the moment."""
    if archive is None:
        return False
    try:
        return is_locked(name_of_lock(archive))
    except OSError:  # there is no such directory, or it belongs to somebody else
        return False


def _directory(path: Path, is_ours: bool = False) -> Iterator[Problem]:
    if not path.exists():
        above = next(parent for parent in path.parents if parent.exists())
        if not is_ours:
            yield Problem(str(path), "there is no such directory.", f"mkdir -m 700 {path}")
        elif not os.access(above, os.W_OK | os.X_OK):
            what = f"the directory cannot be created: {above} is not writable for this user."
            yield Problem(str(path), what, f"install -d -m 700 -o USER {path}")
        return
    if not path.is_dir():
        yield Problem(str(path), "this is not a directory.", f"Move it away: mv {path} {path}.old")
    elif not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        yield Problem(str(path), "this user cannot write there.", f"chown USER {path}")
    elif is_ours and path.stat().st_mode & 0o077:
        yield Problem(str(path), "other users have access to it.", f"chmod 700 {path}")


def _archive(path: Path) -> Iterator[Problem]:
    beside = [path.with_name(f"{path.name}{end}") for end in ("", ".words", ".pem", "-wal")]
    beside += path.parent.glob(f"{path.name}.before-v*")
    for file in filter(Path.is_file, beside):
        if not os.access(file, os.R_OK | os.W_OK):
            yield Problem(str(file), "this user cannot read and write it.", f"chown USER {file}")
        elif file.stat().st_mode & 0o007:
            yield open_to_others(file, "it")


def _version(path: Path) -> Iterator[Problem]:
    if path.exists() and os.access(path, os.R_OK):
        try:
            _version_of(path)
        except ArchiveFailed as failed:
            fix = "See Troubleshooting in docs/operating.md, or restore a backup."
            yield Problem(str(path), str(failed), fix)


def _version_of(path: Path) -> int:
    """Return the version of an archive; raise `ArchiveFailed` if this chatsvc cannot use it.

    It is opened as a file that nobody changes, so that SQLite creates no files beside it.
    """
    uri = f"{path.absolute().as_uri()}?immutable=1"
    with sentences(path), closing(sqlite3.connect(uri, uri=True)) as database:
        found = version(database, path)
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return found


def _space(archive: Path) -> Iterator[Problem]:
    directory = next(parent for parent in archive.absolute().parents if parent.exists())
    free = shutil.disk_usage(directory).free
    needed = ENOUGH + _copied_before_upgrade(archive)
    if free < needed:
        what = f"only {free // _MIB} MiB are free, of {needed // _MIB} MiB that may be needed."
        yield Problem(str(directory), what, "Free some space, or use another disk with --data.")


def _copied_before_upgrade(archive: Path) -> int:
    """Return the size of the copy that the next start makes of an older archive."""
    try:
        older = archive.exists() and 0 < _version_of(archive) < newest()
    except ArchiveFailed:
        return 0
    return archive.stat().st_size if older else 0
