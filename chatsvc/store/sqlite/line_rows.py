"""Lines as rows of an archive."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator

from chatsvc.model.message_events import Said

ACTION, NOTICE = 1, 2  # the values of the column `action` for lines that are not plain

READ = """SELECT room.name, number, time, sender, text, action, client, tag, account, quiet,
                 deleted
          FROM said JOIN room ON room.id = said.room WHERE room.name = ?"""


def lines(database: sqlite3.Connection, query: str, *values: object) -> Generator[Said, None, None]:
    """Yield the lines of a query that begins with `READ`, reading row by row."""
    rows = database.execute(query, values)
    try:
        for room, number, time, sender, text, manner, client, tag, account, quiet, deleted in rows:
            yield Said(
                room, number, time / 1000, sender, text, manner == ACTION, client, tag, account,
                bool(quiet), manner == NOTICE, None, deleted,
            )  # fmt: skip
    finally:
        rows.close()
