"""Upgrading an archive: the numbered steps of `schema/`, after copying the file.

No queries of lines or records.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from functools import cache
from importlib import resources
from operator import attrgetter
from pathlib import Path

from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.sqlite.database import make_private, set_up, transaction
from chatsvc.store.sqlite.record_rows import add_missing_columns

APPLICATION_ID = 0x63686174  # "chat", in the file's header
COPY_ID = 0x63686163  # of an unfinished copy, which only `chatsvc archive copy` uses


def bring_up_to_date(database: sqlite3.Connection, path: Path) -> None:
    """Migrate the locked file to this version and set up its connection.

    An older archive is first copied to `PATH.before-vN`, where N is the new version.
    """
    found = version(database, path)
    set_up(database)
    with transaction(database):  # find out now, not later, that the file cannot be written
        database.execute(f"PRAGMA user_version = {found}")
    if 0 < found < newest():
        _copy(database, path)
    _migrate(database, found)


def version(database: sqlite3.Connection, path: Path) -> int:
    """Return how many steps the file has seen; refuse files that are not for this program."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application == COPY_ID:
        raise ArchiveFailed(
            f"{path} is an unfinished copy of another archive. To finish it, run the same"
            " chatsvc archive copy again."
        )
    if (tables or application) and application != APPLICATION_ID:
        raise ArchiveFailed(
            f"{path} is a database of another program. Choose another file with "
            "--archive sqlite:PATH."
        )
    if version > newest():
        raise ArchiveFailed(
            f"{path} was written by a newer chatsvc (schema version {version}, this one"
            f" supports up to {newest()}). Install the newer chatsvc, or choose another file."
        )
    return int(version)


def newest() -> int:
    """Return the version of the files that this chatsvc writes."""
    return len(steps())


@cache
def steps() -> tuple[str, ...]:
    """Return the migrations in order; a step never changes once an archive may have seen it."""
    files = (resources.files("chatsvc.store.sqlite") / "schema").iterdir()
    named = sorted((file for file in files if file.name[:3].isdigit()), key=attrgetter("name"))
    return tuple(step.read_text(encoding="utf-8") for step in named)


def _copy(database: sqlite3.Connection, path: Path) -> None:
    """Copy the archive; an existing copy is older, and stays."""
    copy = path.with_name(f"{path.name}.before-v{newest()}")
    if copy.exists():
        return
    unfinished = copy.with_name(f"{copy.name}.new")
    unfinished.unlink(missing_ok=True)
    make_private(unfinished)
    target = sqlite3.connect(unfinished)
    try:
        database.backup(target)
    finally:
        target.close()
    shutil.copymode(path, unfinished)
    os.replace(unfinished, copy)


def _migrate(database: sqlite3.Connection, found: int) -> None:
    """Apply the steps that the file has not seen yet."""
    _add_tallied(database)
    for number, step in enumerate(steps()[found:], found + 1):
        database.executescript(
            f"BEGIN IMMEDIATE; {step};"
            f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number}; COMMIT"
        )
    with transaction(database):
        add_missing_columns(database)


def _add_tallied(database: sqlite3.Connection) -> None:
    """Complete a very early archive, from when step 1 did not have this column yet."""
    columns = {row[1] for row in database.execute("PRAGMA table_info(room)")}
    if columns and "tallied" not in columns:
        database.execute("ALTER TABLE room ADD COLUMN tallied INTEGER NOT NULL DEFAULT 0")
