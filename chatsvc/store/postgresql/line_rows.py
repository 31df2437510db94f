"""Lines as rows of a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatsvc.model.message_events import Said
from chatsvc.store.line_rows import SELECT, line_of
from chatsvc.store.postgresql.connection import Link
from chatsvc.store.postgresql.text import original_row

READ = f"{SELECT} WHERE room.name = %s"
_OWN = "\x01"  # begins tags that are not as the client gave them
_GIVEN = f"{_OWN}="  # replaces that letter in a client's tag


def lines(link: Link, query: str, *values: object) -> list[Said]:
    """Return the lines of a query that begins with `SELECT`."""
    rows = link.execute(query, values, binary=True)
    return list(map(line_in, rows))


def line_in(row: tuple[Any, ...]) -> Said:
    """Return the line in a row of `SELECT`."""
    said = line_of(original_row(row))
    if said.tag is not None and said.tag.startswith(_OWN):
        return said._replace(tag=tag_given(said.tag))
    return said


def tag_column(tag: str | None, hidden: Iterator[int], prefix: str) -> str:
    """Return the tag that is stored: each line has one, so that storing it twice stores it once."""
    if tag is None:
        return f"{_OWN}{prefix}{next(hidden)}"
    return tag.replace(_OWN, _GIVEN, 1) if tag.startswith(_OWN) else tag


def tag_given(tag: str) -> str | None:
    """Return a client's tag, or None if the client has not given one."""
    return tag.replace(_GIVEN, _OWN, 1) if tag.startswith(_GIVEN) else None
