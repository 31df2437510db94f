"""Every store, by name: the contract tests run with each of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from postgresql import database_at, lacks

from chatsvc.store.archive import Archive, Start, Turn, Worker, Workers
from chatsvc.store.memory import MemoryArchive
from chatsvc.store.postgresql.opening import postgresql_archive
from chatsvc.store.sqlite.archive import SQLArchive

Factory: TypeAlias = Callable[[Path, Worker, Turn, Start], Archive]
"""Creates an archive; it may create a file at the path."""


def memory(path: Path, worker: Worker, turn: Turn, start: Start) -> Archive:
    return MemoryArchive(worker, turn, start)


def sqlite(path: Path, worker: Worker, turn: Turn, start: Start) -> Archive:
    return SQLArchive(path, Workers(*[worker] * 5), turn, start)


def postgresql(path: Path, worker: Worker, turn: Turn, start: Start) -> Archive:
    return postgresql_archive(database_at(path), Workers(*[worker] * 5), turn, start)


STORES: tuple[tuple[str, Factory], ...] = (
    ("memory", memory),
    ("sqlite", sqlite),
    ("postgresql", postgresql),
)


def installed() -> tuple[tuple[str, Factory], ...]:
    """Return the stores that tests can use here; in CI, all of them."""
    if lacks() and os.environ.get("CI") != "true":
        return tuple(one for one in STORES if one[0] != "postgresql")
    return STORES
