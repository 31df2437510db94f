"""The word index of an archive, in its own tables: which lines it has, and adding more.

Only one program adds lines at a time.  Whoever removes lines waits for it, and removes their words
in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import NamedTuple, TypeAlias

from chatsvc.model.message_events import Said
from chatsvc.model.words import UNICODE
from chatsvc.store.line_rows import SELECT
from chatsvc.store.location import Database
from chatsvc.store.postgresql.columns import Statement, bigints, integers, texts
from chatsvc.store.postgresql.connection import Connection, Link
from chatsvc.store.postgresql.index_terms import vector
from chatsvc.store.postgresql.line_rows import line_in, lines

FORMAT = 2  # of what is stored of a line
BATCH = 1000  # lines added at once
CAUGHT_UP = 20  # maximum batches added before a search
FEW = 4  # lines read of each room at first, if many rooms have new ones
PORTION = 500  # lines read of one room after that
_FIRST_ID = 1 << 40  # lines that are older than the index are counted down from here

LOCK = "SELECT pg_advisory_xact_lock(hashtext('the index of chatsvc'), hashtext(current_schema()))"
_PLACES = """SELECT * FROM (
                 SELECT room.id, coalesce(place.low, 0) AS low, coalesce(place.high, 0) AS high,
                        greatest(room.last, coalesce((
                            SELECT number FROM said WHERE said.room = room.id
                            ORDER BY number DESC LIMIT 1), 0)) AS last
                 FROM room LEFT JOIN place ON place.room = room.id OFFSET 0
             ) AS place WHERE last > high OR low > 0 ORDER BY id"""
_NEWER, _OLDER = (
    "said.number > {} ORDER BY said.number",
    "said.number <= {} ORDER BY said.number DESC",
)
_FIRST = """SELECT start.room, line.* FROM unnest(%s::integer[], %s::bigint[])
                WITH ORDINALITY AS start (room, number, position),
            LATERAL ({select} WHERE said.room = start.room AND {which} LIMIT %s) AS line
            ORDER BY start.position"""
_NEXT = "{select} WHERE said.room = %s AND {which} LIMIT %s"
_ADD = Statement(
    "add",
    """INSERT INTO words (id, room, number, time, terms)
       SELECT id, room, number, time, terms::tsvector
       FROM unnest($1, $2, $3, $4, $5) AS line (id, room, number, time, terms)""",
)
_KEEP_PLACES = """INSERT INTO place
                  SELECT * FROM unnest(%s::integer[], %s::bigint[], %s::bigint[])
                  ON CONFLICT (room) DO UPDATE SET low = excluded.low, high = excluded.high"""
_BEGIN = """TRUNCATE words, place;
            INSERT INTO place
            SELECT room.id, number, number FROM room, LATERAL (
                SELECT number FROM said WHERE said.room = room.id ORDER BY number DESC LIMIT 1
            ) AS latest"""


_Found: TypeAlias = tuple[int, Said]  # with the id of its room


class Place(NamedTuple):
    """Which lines of a room are indexed: those above `low`, up to `high`; `last` is its last."""

    room: int
    low: int
    high: int
    last: int


class Index:
    """Adds lines to the index; one call after the other, all in the same thread."""

    def __init__(self, database: Database) -> None:
        self._connection = Connection(database, prepares=False)

    def open(self) -> None:
        """Begin the index again if it spells words differently; the tables are up to date."""
        self._connection.run(_begin)

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()

    def catch_up(self) -> int:
        """Add the lines said since the last time; return how many of all lines are left."""
        return self._connection.run(_catch_up)

    def advance(self) -> int:
        """Add some more lines, new ones and old ones; return how many old ones are left."""
        return self._connection.run(_advance)


def _begin(link: Link) -> None:
    spelling = f"{FORMAT} {UNICODE}"
    with link.transaction():
        link.execute(LOCK)
        if link.execute("SELECT letters FROM chatsvc").fetchone() != (spelling,):
            link.execute(_BEGIN, prepare=False)
            link.execute("UPDATE chatsvc SET letters = %s", (spelling,))


def _places(link: Link) -> list[Place]:
    """Return the places of the rooms that have lines to add."""
    return [Place(*row) for row in link.execute(_PLACES)]


def _behind(places: list[Place]) -> list[Place]:
    return [place for place in places if place.last > place.high]


def _unfinished(places: list[Place]) -> list[Place]:
    return [place for place in places if place.low]


def _left(places: list[Place]) -> int:
    return sum(max(0, place.last - place.high) + place.low for place in places)


def _catch_up(link: Link) -> int:
    places = _places(link)
    for _ in range(CAUGHT_UP):
        if not _take_newer(link, places):
            break
        places = _places(link)
    return _left(places)


def _advance(link: Link) -> int:
    places = _places(link)
    for take in (_take_newer, _take_older):
        if take(link, places):
            places = _places(link)
    return _left(places)


def _take_newer(link: Link, places: list[Place]) -> bool:
    """Add some of the lines said since the last time; return False if there are none."""
    if not _behind(places):
        return False
    with link.transaction():
        link.execute(LOCK)
        behind = _behind(_places(link))  # a former leader may be adding its last lines
        if not behind:
            return True
        found = list(islice(_in_order(link, behind, newest_first=False), BATCH))
        highs = {place.room: place.high for place in behind}
        if len(found) < BATCH:  # including numbers whose lines are gone
            highs = {place.room: place.last for place in behind}
        for room, line in found:
            highs[room] = max(highs[room], line.number)
        query = "SELECT coalesce(max(id) + 1, %s) FROM words"
        (first,) = link.execute(query, (_FIRST_ID,)).fetchone() or (_FIRST_ID,)
        _add(link, list(enumerate(found, first)))
        _keep(link, [place._replace(high=highs[place.room]) for place in behind])
    return True


def _take_older(link: Link, places: list[Place]) -> bool:
    """Add some lines that are older than the index, latest first; return False if none are."""
    if not _unfinished(places):
        return False
    with link.transaction():
        link.execute(LOCK)
        behind = _unfinished(_places(link))
        if not behind:
            return True
        found = list(islice(_in_order(link, behind, newest_first=True), BATCH))
        lows = {place.room: place.low if len(found) == BATCH else 0 for place in behind}
        if len(found) == BATCH:
            lows |= {room: line.number - 1 for room, line in found}
        query = "SELECT coalesce(min(id), %s) FROM words"
        (end,) = link.execute(query, (_FIRST_ID,)).fetchone() or (_FIRST_ID,)
        _add(link, list(enumerate(reversed(found), end - len(found))))
        _keep(link, [place._replace(low=lows[place.room]) for place in behind])
    return True


def _in_order(link: Link, places: list[Place], newest_first: bool) -> Iterator[_Found]:
    """Yield the lines that are not indexed yet, in the order of their times, with rooms' ids."""
    which = _OLDER if newest_first else _NEWER
    starts = {place.room: place.low if newest_first else place.high for place in places}
    most = max(FEW, BATCH // len(places))
    first: dict[int, list[Said]] = {room: [] for room in starts}
    query = _FIRST.format(select=SELECT, which=which.format("start.number"))
    for room, *row in link.execute(query, (list(starts), list(starts.values()), most), binary=True):
        first[room].append(line_in(tuple(row)))
    each = [_of_room(link, room, which, some, most) for room, some in first.items()]
    return merge(*each, key=lambda one: one[1].time, reverse=newest_first)


def _of_room(link: Link, room: int, which: str, found: list[Said], most: int) -> Iterator[_Found]:
    """Yield the lines of a room: those that were read first, and then the further ones."""
    query = _NEXT.format(select=SELECT, which=which.format("%s"))
    while found:
        yield from ((room, line) for line in found)
        if len(found) < most:
            return
        end = found[-1].number - (which is _OLDER)
        found, most = lines(link, query, room, end, PORTION), PORTION


def _add(link: Link, numbered: list[tuple[int, _Found]]) -> None:
    """Add lines under these ids, except those that are deleted."""
    kept = [(id_, room, line) for id_, (room, line) in numbered if not line.deleted]
    if not kept:
        return
    ids, rooms, lines = zip(*kept, strict=True)
    _ADD.execute(
        link,
        bigints(ids),
        integers(rooms),
        bigints([line.number for line in lines]),
        bigints([round(line.time * 1000) for line in lines]),
        texts([vector(line) for line in lines]),
    )


def _keep(link: Link, places: list[Place]) -> None:
    rooms, lows, highs, _ = zip(*places, strict=True)
    link.execute(_KEEP_PLACES, (list(rooms), list(lows), list(highs)))
