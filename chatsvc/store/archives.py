"""Every kind of archive, by the place that an option names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from chatsvc.store.archive import Archive, Start, Turn, Workers
from chatsvc.store.location import Database
from chatsvc.store.memory import MemoryArchive
from chatsvc.store.postgresql.opening import postgresql_archive
from chatsvc.store.sqlite.archive import SQLArchive

T = TypeVar("T")


def archive_at(
    place: Path | Database | None, workers: Workers, turn: Turn, start: Start
) -> Archive:
    """Return the archive at a place, or one in memory; it is not open yet."""
    if place is None:
        return MemoryArchive(_at_once, turn, start)
    if isinstance(place, Path):
        return SQLArchive(place, workers, turn, start)
    return postgresql_archive(place, workers, turn, start)


async def _at_once(work: Callable[..., T], *arguments: Any) -> T:
    return work(*arguments)
