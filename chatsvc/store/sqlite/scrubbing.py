"""Overwriting what SQLite leaves in the unused bytes of a file's pages.

SQLite overwrites a row that it deletes (`secure_delete`), but not the copy of a row that it left
behind when it moved the row to another page.  Such copies are in the gap between a page's cell
pointers and its cells, which nothing ever reads (https://sqlite.org/fileformat2.html#b_tree_pages).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from chatsvc.store.sqlite.database import empty_log, transaction

PIECE = 1 << 20  # bytes scrubbed at once, so that new lines do not wait long

_HEADERS = {2: 12, 5: 12, 10: 8, 13: 8}  # of b-tree pages: header size in bytes, by the first byte
_FIRST_HEADER = 100  # bytes of the file header, on its first page
# In a larger file, the number at the start of an overflow page may look like a b-tree's header.
_MOST_PAGES = 1 << 25


class Steps:
    """Work in steps, which begins again once it has ended or failed."""

    def __init__(self, work: Callable[[], Iterator[None]]) -> None:
        self._work = work
        self._steps: Iterator[None] | None = None

    def next(self) -> bool:
        """Take one step; return True if there are more."""
        steps = self._steps or self._work()
        self._steps = None
        for _ in steps:
            self._steps = steps
            break
        return self._steps is not None

    def drop(self) -> None:
        """Start over with the next step."""
        self._steps = None


def scrubbing(database: sqlite3.Connection, handle: int, log: Path) -> Iterator[None]:
    """Overwrite the unused bytes of every page, one piece of the file for each step.

    `database` must be the only writing connection of this process, and `handle` stays open as long
    as it does: closing any handle of a file drops the locks that SQLite has on it.
    """
    (size,) = database.execute("PRAGMA page_size").fetchone()
    start = 0
    while start < min(os.fstat(handle).st_size, size * _MOST_PAGES):
        if _scrub(database, handle, log, start, size):
            start += PIECE
        yield


def _scrub(database: sqlite3.Connection, handle: int, log: Path, start: int, size: int) -> bool:
    """Scrub one piece; return False while somebody reads or writes the write-ahead log.

    With an empty log, and nobody else writing, no checkpoint changes the pages meanwhile.
    """
    if not empty_log(database, 0):
        return False
    with transaction(database):
        if log.stat().st_size:
            return False
        changed = _overwrite(handle, start, size)
    if changed:
        database.execute("PRAGMA shrink_memory")  # cached pages have the old content
    return True


def _overwrite(handle: int, start: int, size: int) -> bool:
    data = os.pread(handle, PIECE, start)
    gaps = [
        (start + offset + gap.start, len(gap))
        for offset in range(0, len(data), size)
        if (gap := _gap(data[offset : offset + size], 0 if start + offset else _FIRST_HEADER))
        and any(data[offset + gap.start : offset + gap.stop])
    ]
    for position, length in gaps:
        os.pwrite(handle, bytes(length), position)
    if gaps:
        os.fsync(handle)
    return bool(gaps)


def _gap(page: bytes, header: int) -> range:
    """Return the gap between a b-tree page's cell pointers and its cells; empty for others."""
    length = _HEADERS.get(page[header], 0)
    if not length:
        return range(0)
    cells = int.from_bytes(page[header + 3 : header + 5], "big")
    content = int.from_bytes(page[header + 5 : header + 7], "big") or 65536
    return range(header + length + 2 * cells, min(content, len(page)))
