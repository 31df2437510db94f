"""Searching the messages that a user may read, and keeping the archive's index up to date.

Lines are indexed a second after they were stored, more slowly while many talk, and before a search.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from chatsvc.core.chat import Room, Session
from chatsvc.core.timer import Timer
from chatsvc.model.history_events import Found
from chatsvc.model.message_events import Said
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import key
from chatsvc.policy.permissions import floor
from chatsvc.services.history import HistoryReader
from chatsvc.store.archive import ArchiveFailed, SearchableLines, Start, TooSlow
from chatsvc.store.query_parser import Query, parse
from chatsvc.store.search_query import Finds, LastSearch, Seeker, Spot

SOON = 1.0  # seconds between checks for lines to index
BREATH = 0.02  # seconds between two pieces of a long job
MANY = 20_000  # lines, beyond which progress is reported
PAGES = 100  # lines read for one search, if most of them are not for this user
FROM_THE_END = 10  # pages of lines, among which the first ones are found
MANY_AT_ONCE = 500  # lines in each of these pages
LONGEST = 2.0  # seconds, after which no further page is read


class Search:
    """Answers searches, and indexes lines, until it is ended."""

    def __init__(
        self,
        lines: SearchableLines,
        history: HistoryReader,
        clock: Timer,
        now: Callable[[], float],
        start: Start,
    ) -> None:
        self._lines = lines
        self._history = history
        self._clock = clock
        self._now = now
        self._start = start
        self._ended = False
        self.lag = 0  # stored lines that were not indexed at the last check
        self._most = 0  # lines that were left to index
        self._told = 0
        self.when_indexed: Callable[[int, int], None] = lambda done, lines: None

    # Indexing

    def begin(self) -> None:
        """Start indexing new lines."""
        self._later(SOON)

    def end(self) -> None:
        """Stop indexing."""
        self._ended = True

    def _later(self, delay: float) -> None:
        if not self._ended:
            self._clock.callLater(delay, self._again)

    def _again(self) -> None:
        if not self._ended:
            self._start(self._index())

    async def _index(self) -> None:
        left = 0
        try:
            left = self.lag = await self._lines.index()
            self._tell(left)
        except ArchiveFailed:
            pass  # retried; users who search meanwhile are told what is wrong
        finally:
            # While many talk, one piece per second; a search indexes the rest first.
            self._later(BREATH if left and not self._lines.waiting else SOON)

    def _tell(self, left: int) -> None:
        """Report the progress of a long job, at each tenth."""
        self._most = max(self._most, left) if left else self._most
        tenth = 10 * (self._most - left) // self._most if self._most else 0
        if self._most >= MANY and tenth > self._told:
            self.when_indexed(self._most - left, self._most)
            self._told = tenth
        if not left:
            self._most = self._told = 0

    # Searching

    async def find(self, session: Session, text: str | None, older: str | None, n: int) -> Found:
        """Return the last `n` matching lines; without `text`, those before the previous result."""
        spot = self._spot(session, older) if older is not None else None
        if text is None:
            text, spot = self._going_on(session)
        query = parse(text, self._now())
        rooms = self._rooms(session, query)
        found, rest, unfinished = await self._read(session, query, rooms, older=spot, n=n)
        session.searched = LastSearch(text, rest)
        called = {name: room.called(session) for name, room in rooms.items()}
        lines = tuple(line._replace(room=called[line.room]) for line in found)
        return Found(text, lines, rest is not None, unfinished)

    async def first(self, session: Session, text: str, n: int) -> Found:
        """Return the first `n` matching lines, newest first; refuse a query that has very many."""
        query = parse(text, self._now())
        rooms = self._rooms(session, query)
        seeker, found, older = _seeker(session, rooms), deque[Said](maxlen=n), None
        ends = self._clock.seconds() + LONGEST
        for _ in range(FROM_THE_END):
            page = await self._page(query, seeker, older, MANY_AT_ONCE)
            found.extend(line for line in page.lines if not session.hides(line))
            if not page.more:
                lines = (one._replace(room=rooms[one.room].called(session)) for one in found)
                return Found(text, tuple(lines), unfinished=page.unfinished)
            older = Spot(*page.lines[-1][:2])
            if self._clock.seconds() > ends:
                break
        raise Refused("too-slow", "Too many messages match. Search for more words, or less time.")

    def _going_on(self, session: Session) -> tuple[str, Spot]:
        searched = session.searched
        if searched is None:
            raise Refused("usage", "Enter words to search for. For example: /search tea from:bob")
        if searched.older is None:
            raise Refused("no-such-line", f"No older results for {searched.query}")
        return searched.query, searched.older

    def _spot(self, session: Session, older: str) -> Spot:
        """Return the position that a client gives, such as `#tea 12`."""
        name, _, number = older.rpartition(" ")
        if not (name and number.isdecimal() and number.isascii() and len(number) < 16):
            raise Refused("bad-argument", "older must be a room and a number, such as #tea 12.")
        return Spot(self._history.place(session, name)[0].name, int(number))

    def _rooms(self, session: Session, query: Query) -> dict[str, Room]:
        """Return where to search: in one place, or in all of the user's, by internal names."""
        if query.room is not None:
            place, _ = self._history.place(session, query.room)
            return {place.name: place}
        mine = (*session.rooms.values(), *session.conversations.values())
        return {place.name: place for place in mine}

    async def _read(
        self, session: Session, query: Query, rooms: dict[str, Room], older: Spot | None, n: int
    ) -> tuple[list[Said], Spot | None, bool]:
        """Return lines that the user may read, and the line after which there are more.

        The archive has left out most of the others already.
        """
        seeker = _seeker(session, rooms)
        found: list[Said] = []
        for _ in range(PAGES):
            page = await self._page(query, seeker, older, n + 1 - len(found))
            found += [line for line in page.lines if not session.hides(line)]
            if len(found) > n:
                return found[:n], Spot(*found[n - 1][:2]), page.unfinished
            if not page.more:
                return found, None, page.unfinished
            older = Spot(*page.lines[-1][:2])
        return found, older, page.unfinished

    async def _page(self, query: Query, seeker: Seeker, older: Spot | None, limit: int) -> Finds:
        try:
            return await self._lines.search(query.sought, seeker, older, limit)
        except TooSlow as slow:
            raise Refused("too-slow", str(slow)) from None


def _seeker(session: Session, rooms: dict[str, Room]) -> Seeker:
    user = session.person
    floors = {name: floor(session, room) for name, room in rooms.items()}
    ignored = frozenset(map(key, user.ignores or ()))
    return Seeker(floors, ignored, session.client, user.account_name)
