"""Lines as rows of an SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator

from chatsvc.model.message_events import Said
from chatsvc.store.line_rows import SELECT, line_of

READ = f"{SELECT} WHERE room.name = ?"


def lines(database: sqlite3.Connection, query: str, *values: object) -> Generator[Said, None, None]:
    """Yield the lines of a query that begins with `READ`, reading row by row."""
    rows = database.execute(query, values)
    try:
        yield from map(line_of, rows)
    finally:
        rows.close()
