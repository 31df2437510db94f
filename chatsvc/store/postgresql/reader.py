"""Reading an archive, in any thread: nobody waits for the writer."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import partial

from chatsvc.model.mentions import Searched, search
from chatsvc.model.message_events import Said
from chatsvc.model.records import Act
from chatsvc.model.room_events import Tally
from chatsvc.store.archive import ERASED, LOOKED, LinesOf
from chatsvc.store.postgresql import record_rows
from chatsvc.store.postgresql.connection import Connections, Link
from chatsvc.store.postgresql.line_rows import READ, lines
from chatsvc.store.postgresql.text import original, stored

_ENDS = """SELECT id,
                  (SELECT number FROM said WHERE room = room.id ORDER BY number LIMIT 1),
                  (SELECT number FROM said WHERE room = room.id ORDER BY number DESC LIMIT 1),
                  last
           FROM room WHERE name = %s"""
_OLDEST = """SELECT min(first.time) FROM room, LATERAL (
                 SELECT time FROM said WHERE said.room = room.id ORDER BY number LIMIT 1
             ) AS first"""
INDEXED = 100  # bytes of a line in the two indexes of its table
# Numbers have no gaps, so the first and the last one of each room say how many lines there are.
_USED = f"""SELECT coalesce(sum(ends.last - ends.first + 1), 0) * (
               SELECT coalesce(avg(pg_column_size(said.*)), 0) + {INDEXED} FROM (
                   SELECT * FROM said ORDER BY room, number LIMIT 1000
               ) AS said)
           FROM room, LATERAL (
               SELECT (SELECT number FROM said WHERE said.room = room.id ORDER BY number LIMIT 1),
                      (SELECT number FROM said WHERE said.room = room.id
                       ORDER BY number DESC LIMIT 1)
           ) AS ends (first, last)"""


class Reader:
    """Reads from a database."""

    def __init__(self, connections: Connections) -> None:
        self._run = connections.run

    def after(self, room: str, number: int, limit: int) -> list[Said]:
        """Return a room's first lines after `number`."""
        return self._page(f"{READ} AND number > %s ORDER BY number LIMIT %s", room, number, limit)

    def before(self, room: str, number: int, limit: int) -> list[Said]:
        """Return a room's last lines before `number`."""
        query = f"{READ} AND number < %s ORDER BY number DESC LIMIT %s"
        return self._page(query, room, number, limit)[::-1]

    def mentions(self, room: str, name: str, after: int, limit: int) -> Searched:
        """Look for a name in a room's first lines after `after`."""
        return search(self.after(room, after, limit), name)

    def _page(self, query: str, room: str, *values: object) -> list[Said]:
        return self._run(lambda link: lines(link, query, stored(room), *values))

    def number_at(self, room: str, time: int) -> int:
        """Return the number of the first line that is not earlier than `time` (milliseconds)."""

        def find(link: Link) -> int:
            ends = link.execute(_ENDS, (stored(room),)).fetchone() or (0, None, None, 0)
            id_, first, last, floor = ends
            end = max(last or 0, floor) + 1
            numbers = range(first or end, end)
            return numbers.start + bisect_left(numbers, time, key=partial(_time, link, id_))

        return self._run(find)

    def lines_of(self, room: str, account: str, since: float, after: int) -> LinesOf:
        """Return some of an account's lines after number `after`, from `since` (milliseconds)."""
        end = after + LOOKED
        query = f"""{READ} AND number > %s AND number <= %s AND account = %s
                          AND time >= %s::double precision
                    ORDER BY number LIMIT %s"""
        found = self._page(query, room, after, end, stored(account), since, ERASED)
        return LinesOf(found[-1].number if len(found) == ERASED else end, found)

    def oldest(self) -> float | None:
        """Return the time of the oldest first line of any room."""
        (time,) = self._run(lambda link: link.execute(_OLDEST).fetchone()) or (None,)
        return None if time is None else time / 1000

    def used(self) -> int:
        """Estimate how many bytes the lines take, with their indexes; dead rows do not count."""
        (used,) = self._run(lambda link: link.execute(_USED).fetchone()) or (0,)
        return int(used)

    def tallies(self, room: str, limit: int) -> list[Tally]:
        """Return who said most, of the lines that the writer has counted."""
        query = """SELECT sender, lines, bytes FROM tally JOIN room ON room.id = tally.room
                   WHERE room.name = %s AND lines > 0 ORDER BY lines DESC, sender LIMIT %s"""
        rows = self._run(lambda link: link.execute(query, (stored(room), limit)).fetchall())
        return [Tally(original(sender), count, bytes_) for sender, count, bytes_ in rows]

    def acts(self, limit: int, room: str | None) -> list[Act]:
        """Return the last acts, oldest first."""
        return self._run(lambda link: record_rows.read_acts(link, limit, room and stored(room)))

    def acts_of(self, ids: Sequence[str]) -> list[Act]:
        """Return these audit entries, oldest first."""
        return self._run(lambda link: record_rows.read_acts_of(link, list(map(stored, ids))))

    def sizes(self) -> dict[str, int]:
        """Return the sizes on the server's disk: of the archive, and of its index."""
        query = """SELECT pg_total_relation_size('words'), sum(pg_total_relation_size(oid))
                   FROM pg_class
                   WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"""
        index, all_ = self._run(lambda link: link.execute(query).fetchone()) or (0, 0)
        return {"archive": int(all_) - int(index), "index": int(index)}


def _time(link: Link, room: int, number: int) -> int:
    """Return the time of a line; 0 if it has expired meanwhile."""
    query = "SELECT time FROM said WHERE room = %s AND number = %s"
    (time,) = link.execute(query, (room, number)).fetchone() or (0,)
    return int(time)
