"""Whether psycopg is installed, without which nothing else here can be imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatsvc.store.archive import ArchiveFailed, Start, Turn, Workers
from chatsvc.store.leading import Announcement
from chatsvc.store.location import Database

if TYPE_CHECKING:
    from chatsvc.store.postgresql.archive import PostgreSQLArchive


def require_psycopg() -> None:
    """Raise `ArchiveFailed` unless psycopg can be used."""
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        reason = "" if isinstance(error, ModuleNotFoundError) else f" ({error})"
        raise ArchiveFailed(
            "An archive in PostgreSQL requires psycopg, which is not installed here."
            f" Install it: pip install 'chatsvc[postgres]'{reason}"
        ) from None


def postgresql_archive(
    database: Database,
    workers: Workers,
    turn: Turn,
    start: Start,
    *,
    announcement: Announcement | None = None,
) -> PostgreSQLArchive:
    """Return the archive in a database; it is not open yet.

    A node that shares the chat with others gives an `announcement`.
    """
    require_psycopg()
    from chatsvc.store.postgresql.archive import PostgreSQLArchive

    return PostgreSQLArchive(database, workers, turn, start, announcement=announcement)
