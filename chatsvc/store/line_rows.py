"""Lines as rows, in every archive that stores them in tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chatsvc.model.message_events import Said

ACTION, NOTICE, BOT = 1, 2, 4  # added up in the column `action` for lines that are not plain

SELECT = """SELECT room.name, number, time, sender, text, action, client, tag, account, quiet,
                   deleted, signs
            FROM said JOIN room ON room.id = said.room"""


def line_of(row: tuple[Any, ...]) -> Said:
    """Return the line in a row of `SELECT`."""
    room, number, time, sender, text, manner, client, tag, account, quiet, deleted, signs = row
    return Said(
        room, number, time / 1000, sender, text, bool(manner & ACTION), client, tag,
        account, bool(quiet), bool(manner & NOTICE), signs and json.loads(signs),
        bool(manner & BOT), deleted,
    )  # fmt: skip


def manner(action: bool, notice: bool, bot: bool) -> int:
    """Return the value of the column `action`."""
    return (NOTICE if notice else ACTION if action else 0) + (BOT if bot else 0)


def signs_column(signs: Mapping[str, str]) -> str:
    """Return client tags as they are stored."""
    return json.dumps(dict(signs), ensure_ascii=False)
