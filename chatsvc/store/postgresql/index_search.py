"""Searching the word index, within a limited time."""

from __future__ import annotations

import json
import math
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple, TypeAlias

import psycopg

from chatsvc.model.message_events import Said
from chatsvc.store.archive import TooSlow
from chatsvc.store.line_rows import SELECT
from chatsvc.store.postgresql.connection import Connections, Link
from chatsvc.store.postgresql.index_terms import query, words
from chatsvc.store.postgresql.line_rows import line_in
from chatsvc.store.postgresql.text import original, stored
from chatsvc.store.search_query import Seeker, Sought, Spot, is_for, is_sought

Values: TypeAlias = Sequence[object] | Mapping[str, object]


class By(Enum):
    """How lines are found: through which index."""

    IDS = auto()
    WORDS = auto()
    ROOMS = auto()


class _Room(NamedTuple):
    """A room in which is searched: the lines above `floor`, about how many are indexed."""

    id: int
    floor: int
    lines: int


class _Part(NamedTuple):
    """Ids from `low` up to, but without `high`, and how lines are found there."""

    low: int
    high: int
    by: By


SLACK = 60_000  # milliseconds by which the order of indexing may differ from the order of times
NEWEST = 2_000  # lines that are looked through first: there, common words are found soon
NEWER = 50_000  # lines that are looked through next, if finding all others takes long
MANY = 5_000  # lines of the index that are read quickly
SCATTERED = 3  # times as long as a hit of the index takes a line of a room, to be looked through

_ROOMS = """SELECT name, id, coalesce(low, 0), coalesce(high, 0)
            FROM room LEFT JOIN place ON place.room = room.id WHERE name = ANY (%s::text[])"""
_ENDS = "SELECT coalesce(min(id), 0), coalesce(max(id) + 1, 0) FROM words"
_TIME = "SELECT time FROM words WHERE id >= %s ORDER BY id LIMIT 1"
_AT = "SELECT id FROM words WHERE room = %s AND number >= %s ORDER BY number LIMIT 1"
# The planner cannot know that the newest lines are enough for common words, and takes the index of
# ids for rare ones.  So the search says itself which index to use: OFFSET 0 separates the parts.
# Rooms are not sought in the index of words: it takes a hundred times as long with many of them.
_FROM = {
    By.IDS: """(SELECT * FROM words WHERE id >= %(low)s AND id < %(top)s ORDER BY id DESC OFFSET 0)
               AS line WHERE {sought}""",
    By.WORDS: """(SELECT * FROM words WHERE terms @@ %(words)s::tsquery OFFSET 0)
                 AS line WHERE {sought} AND id >= %(low)s AND id < %(top)s""",
    By.ROOMS: """unnest(%(rooms)s::integer[], %(floors)s::bigint[]) AS readable (room, floor),
                 LATERAL (
                     SELECT * FROM (
                         SELECT * FROM words
                         WHERE words.room = readable.room AND words.number > readable.floor
                         ORDER BY words.number DESC OFFSET 0
                     ) AS line WHERE {sought} AND id >= %(low)s AND id < %(top)s
                     ORDER BY line.number DESC LIMIT %(most)s
                 ) AS line""",
}
_HITS = "SELECT line.id, line.room, line.number FROM {lines} ORDER BY line.id DESC LIMIT %(most)s"
_SOUGHT = "terms @@ %(terms)s::tsquery AND room = ANY (%(rooms)s::integer[])"
_READABLE = " AND number > coalesce((%(unread)s::jsonb ->> room::text)::bigint, 0)"
_ESTIMATE = "EXPLAIN (FORMAT JSON) SELECT FROM words WHERE terms @@ %s::tsquery"
# A bitmap reads all lines of a room before the newest ones; only the index of words needs one.
_SETTINGS = """SELECT set_config('statement_timeout', %s, true),
                      set_config('plan_cache_mode', 'force_custom_plan', true),
                      set_config('enable_bitmapscan', %s, true)"""
_LINES = f"""SELECT line.* FROM unnest(%s::integer[], %s::bigint[])
                 WITH ORDINALITY AS hit (room, number, position),
             LATERAL ({SELECT} WHERE said.room = hit.room AND said.number = hit.number) AS line
             ORDER BY hit.position"""
_MOST = 2000  # hits read at once; at first, as many as are wanted


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
        rooms = self._rooms()
        if not rooms:
            return []
        first, end = self._within()
        if older is not None and older.room in rooms:
            end = min(end, self._id_at(rooms[older.room].id, older.number, end))
        found: list[Said] = []
        for line in self._candidates(list(rooms.values()), range(first, end), limit):
            if is_for(self._seeker, line) and is_sought(self._sought, line):
                found.append(line)
                if len(found) == limit:
                    break
        return found

    def _rooms(self) -> dict[str, _Room]:
        """Return the user's rooms that exist, by name."""
        found = {}
        for row in self._execute(_ROOMS, list(map(stored, self._seeker.rooms))):
            name, id_, low, high = original(row[0]), *row[1:]
            floor = self._seeker.rooms[name]
            found[name] = _Room(id_, floor, max(0, high - max(low, floor)))
        return found

    def _candidates(self, rooms: list[_Room], ids: range, limit: int) -> Iterator[Said]:
        """Yield the lines that the index finds, newest first."""
        values = self._values(rooms)
        sought = _SOUGHT + (_READABLE if any(room.floor for room in rooms) else "")
        for part in self._parts(rooms, ids.start, ids.stop):
            asked = _HITS.format(lines=_FROM[part.by].format(sought=sought))
            most, top = limit, part.high
            while top > part.low:
                bounds = {"low": part.low, "top": top, "most": most}
                hits = self._read(asked, {**values, **bounds}, part.by is By.WORDS)
                yield from self._lines(hits)
                top = hits[-1][0] if len(hits) == most else part.low
                most = min(_MOST, most * 4)

    def _values(self, rooms: list[_Room]) -> dict[str, object]:
        ids, floors, _ = map(list, zip(*rooms, strict=True))
        return {
            "rooms": ids,
            "floors": floors,
            "unread": json.dumps(dict(zip(ids, floors, strict=True))),
            "terms": query(self._sought, self._seeker),
            "words": words(self._sought),
        }

    def _parts(self, rooms: list[_Room], first: int, end: int) -> Iterator[_Part]:
        """Yield ranges of ids, newest first."""
        middle = max(first, end - NEWEST)
        yield _Part(middle, end, By.IDS)
        if middle > first:
            by, work = self._cheapest(rooms)
            if work > MANY and (by is By.WORDS or len(rooms) > 1):
                low = max(first, middle - NEWER)
                yield _Part(low, middle, By.IDS)
                middle = low
            yield _Part(first, middle, by)

    def _cheapest(self, rooms: list[_Room]) -> tuple[By, float]:
        """Return how all lines are found soonest, and how many hits of the index take as long."""
        ways = {By.ROOMS: float(SCATTERED * sum(room.lines for room in rooms))}
        if all_words := words(self._sought):
            ways[By.WORDS] = self._estimate(all_words)
        by = min(ways, key=ways.__getitem__)
        return by, ways[by]

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
        return self._read(asked, values, False)

    def _read(self, asked: str, values: Values, bitmap: bool) -> list[tuple[Any, ...]]:
        """Return the rows of a query, within the time that is left."""
        left = round((self._end - time.monotonic()) * 1000)
        if left <= 0:
            raise TooSlow
        try:
            self._link.execute(_SETTINGS, (str(left), "on" if bitmap else "off"))
            return self._link.execute(asked, values, binary=True).fetchall()
        except psycopg.errors.QueryCanceled:
            raise TooSlow from None
