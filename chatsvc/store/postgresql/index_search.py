"""Searching the word index, within a limited time."""

from __future__ import annotations

import json
import math
import time
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

import psycopg

from chatsvc.model.message_events import Said
from chatsvc.store.archive import TooSlow
from chatsvc.store.line_rows import SELECT
from chatsvc.store.postgresql.connection import Connections, Link
from chatsvc.store.postgresql.index_terms import query
from chatsvc.store.postgresql.line_rows import line_in
from chatsvc.store.postgresql.text import original, stored
from chatsvc.store.search_query import Seeker, Sought, Spot, is_for, is_sought

SLACK = 60_000  # milliseconds by which the order of indexing may differ from the order of times
NEWEST = 2_000  # lines that are looked through first: there, common words are found soon
NEWER = 50_000  # lines that are looked through next, if the index has many hits to sort
MANY = 5_000  # hits

_ENDS = "SELECT coalesce(min(id), 0), coalesce(max(id) + 1, 0) FROM words"
_TIME = "SELECT time FROM words WHERE id >= %s ORDER BY id LIMIT 1"
_AT = "SELECT id FROM words WHERE room = %s AND number >= %s ORDER BY number LIMIT 1"
# The planner cannot know that the newest lines are enough for common words, and takes the index of
# ids for rare ones.  So the search says itself which index to use: OFFSET 0 separates the parts.
_MATCHES = "SELECT id, room, number FROM {words} WHERE terms @@ %s::tsquery"
_NEWEST = "(SELECT * FROM words WHERE id >= %s AND id < %s ORDER BY id DESC OFFSET 0) AS newest"
_ESTIMATE = "EXPLAIN (FORMAT JSON) SELECT FROM words WHERE terms @@ %s::tsquery"
_READABLE = " AND number > coalesce((%s::jsonb ->> room::text)::bigint, 0)"
_SETTINGS = """SELECT set_config('statement_timeout', %s, true),
                      set_config('plan_cache_mode', 'force_custom_plan', true)"""
_ABOVE = """SELECT min(above.id) FROM unnest(%s::integer[], %s::bigint[]) AS floor (room, number),
            LATERAL (
                SELECT id FROM words WHERE words.room = floor.room AND words.number > floor.number
                ORDER BY words.number LIMIT 1
            ) AS above"""
_LINES = f"""SELECT line.* FROM unnest(%s::integer[], %s::bigint[])
                 WITH ORDINALITY AS hit (room, number, position),
             LATERAL ({SELECT} WHERE said.room = hit.room AND said.number = hit.number) AS line
             ORDER BY hit.position"""
_PAGE, _MOST = 50, 2000  # hits read at once, at first and at most


def find(
    connections: Connections,
    seconds: float,
    sought: Sought,
    seeker: Seeker,
    older: Spot | None,
    limit: int,
) -> list[Said]:
    """Return at most `limit` lines, newest first; raise `TooSlow` after that many seconds."""

    def search(link: Link) -> list[Said]:
        with link.transaction():
            return _Search(link, sought, seeker, time.monotonic() + seconds).find(older, limit)

    return connections.run(search)


class _Search:
    def __init__(self, link: Link, sought: Sought, seeker: Seeker, end: float) -> None:
        self._link = link
        self._sought = sought
        self._seeker = seeker
        self._end = end

    def find(self, older: Spot | None, limit: int) -> list[Said]:
        names = list(map(stored, self._seeker.rooms))
        rows = self._execute("SELECT name, id FROM room WHERE name = ANY (%s::text[])", names)
        ids = {original(name): id_ for name, id_ in rows}
        if not ids:
            return []
        first, end = self._within()
        if older is not None and older.room in ids:
            end = min(end, self._id_at(ids[older.room], older.number, end))
        found: list[Said] = []
        for line in self._candidates(ids, first, end):
            if is_for(self._seeker, line) and is_sought(self._sought, line):
                found.append(line)
                if len(found) == limit:
                    break
        return found

    def _candidates(self, ids: dict[str, int], first: int, end: int) -> Iterator[Said]:
        """Yield the lines that the index finds, newest first."""
        terms = query(self._sought, self._seeker, list(ids.values()))
        floors = {
            str(id_): floor for name, id_ in ids.items() if (floor := self._seeker.rooms[name])
        }
        readable = _READABLE if floors else ""
        fixed = (json.dumps(floors),) if floors else ()
        if len(floors) == len(ids):
            first = max(first, self._first_readable(floors, end))
        for low, high, is_newest in self._parts(terms, first, end):
            most, top = _PAGE, high
            while top > low:
                if is_newest:
                    asked = _MATCHES.format(words=_NEWEST) + readable
                    values: tuple[object, ...] = (low, top, terms, *fixed)
                else:
                    matches = _MATCHES.format(words="words") + readable
                    asked = f"SELECT * FROM ({matches} AND id >= %s AND id < %s OFFSET 0) AS hit"
                    values = (terms, *fixed, low, top)
                hits = self._execute(f"{asked} ORDER BY id DESC LIMIT %s", *values, most)
                yield from self._lines(hits)
                top = hits[-1][0] if len(hits) == most else low
                most = min(_MOST, most * 4)

    def _first_readable(self, floors: dict[str, int], otherwise: int) -> int:
        """Return the lowest id of a line above the floors of all rooms."""
        rooms, numbers = list(map(int, floors)), list(floors.values())
        ((lowest,),) = self._execute(_ABOVE, rooms, numbers)
        return otherwise if lowest is None else int(lowest)

    def _parts(self, terms: str, first: int, end: int) -> Iterator[tuple[int, int, bool]]:
        """Yield ranges of ids, and whether to go through them instead of using the index."""
        middle = max(first, end - NEWEST)
        yield middle, end, True
        if middle > first and self._estimate(terms) > MANY:
            low = max(first, middle - NEWER)
            yield low, middle, True
            middle = low
        yield first, middle, False

    def _estimate(self, terms: str) -> float:
        """Return how many lines the index probably finds."""
        (([plan],),) = self._execute(_ESTIMATE, terms)
        return float(plan["Plan"]["Plan Rows"])

    def _lines(self, hits: list[tuple[Any, ...]]) -> list[Said]:
        if not hits:
            return []
        _, rooms, numbers = zip(*hits, strict=True)
        return list(map(line_in, self._execute(_LINES, list(rooms), list(numbers))))

    def _within(self) -> tuple[int, int]:
        """Return the first id of the lines sent between two times, and the one after the last."""
        ((first, end),) = self._execute(_ENDS)
        ids = range(first, end)
        low, high = first, end
        if not math.isinf(self._sought.after):
            low += bisect_left(ids, self._sought.after * 1000 - SLACK, key=self._time)
        if not math.isinf(self._sought.before):
            high = first + bisect_left(ids, self._sought.before * 1000 + SLACK, key=self._time)
        return low, high

    def _time(self, id_: int) -> int:
        """Return the time of the first line with this id or a higher one."""
        ((time,),) = self._execute(_TIME, id_)
        return int(time)

    def _id_at(self, room: int, number: int, otherwise: int) -> int:
        """Return the id of a room's first indexed line with this number or a higher one."""
        rows = self._execute(_AT, room, number)
        return int(rows[0][0]) if rows else otherwise

    def _execute(self, asked: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query, within the time that is left."""
        left = round((self._end - time.monotonic()) * 1000)
        if left <= 0:
            raise TooSlow
        try:
            self._link.execute(_SETTINGS, (str(left),))
            return self._link.execute(asked, values, binary=True).fetchall()
        except psycopg.errors.QueryCanceled:
            raise TooSlow from None
