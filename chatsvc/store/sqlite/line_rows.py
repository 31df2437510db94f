"""Lines as rows of an archive."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Mapping

from chatsvc.model.message_events import Said

ACTION, NOTICE, BOT = 1, 2, 4  # added up in the column `action` for lines that are not plain

READ = """SELECT room.name, number, time, sender, text, action, client, tag, account, quiet,
                 deleted, signs
          FROM said JOIN room ON room.id = said.room WHERE room.name = ?"""


def lines(database: sqlite3.Connection, query: str, *values: object) -> Generator[Said, None, None]:
    """Yield the lines of a query that begins with `READ`, reading row by row."""
    rows = database.execute(query, values)
    try:
        for (
            room,
            number,
            time,
            sender,
            text,
            manner,
            client,
            tag,
            account,
            quiet,
            deleted,
            signs,
        ) in rows:
            yield Said(
                room, number, time / 1000, sender, text, bool(manner & ACTION), client, tag,
                account, bool(quiet), bool(manner & NOTICE), signs and json.loads(signs),
                bool(manner & BOT), deleted,
            )  # fmt: skip
    finally:
        rows.close()


def manner(action: bool, notice: bool, bot: bool) -> int:
    """Return the value of the column `action`."""
    return (NOTICE if notice else ACTION if action else 0) + (BOT if bot else 0)


def signs_column(signs: Mapping[str, str]) -> str:
    """Return client tags as they are stored."""
    return json.dumps(dict(signs), ensure_ascii=False)
