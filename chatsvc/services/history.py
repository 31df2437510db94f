"""History that a user may read, and their read positions."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from chatsvc.auth.accounts import Accounts
from chatsvc.core.chat import Room, Session, User
from chatsvc.core.direct import conversation_name
from chatsvc.core.directory import Directory, room_of
from chatsvc.core.happenings import Happenings
from chatsvc.core.membership import Membership
from chatsvc.core.read_mark import Mark
from chatsvc.core.walk import Walk
from chatsvc.model import costs
from chatsvc.model.happened import Happened
from chatsvc.model.history_events import History, Latest, Marked, Recent
from chatsvc.model.message_events import Said
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import key
from chatsvc.policy.permissions import floor
from chatsvc.services.event_pages import Bounds, EventPages, Point, is_before, merged, parted
from chatsvc.services.guest_messages import GuestMessages, Within
from chatsvc.store.archive import Lines

MOST_MARKS = 200  # that a session without an account can set
COUNTED = 1000  # lines in which mentions are counted ...
COUNTED_AT_ONCE = 100  # ... and paid for
INSTANT = 0.001  # seconds: the times of lines are in whole ms


class _Wanted(NamedTuple):
    """Where a page is, its name for the user, the bounds of its numbers, and its length."""

    place: Room
    name: str
    lowest: int
    end: int
    n: int


class HistoryReader:
    """Pages of earlier lines, and read positions."""

    def __init__(
        self,
        directory: Directory,
        lines: Lines,
        accounts: Accounts,
        membership: Membership,
        guest_messages: GuestMessages,
        happenings: Happenings,
    ) -> None:
        self._directory = directory
        self._lines = lines
        self._accounts = accounts
        self._membership = membership
        self._guest_messages = guest_messages
        self._events = EventPages(happenings)

    def place(self, session: Session, name: str | None) -> tuple[Room, str]:
        """Return a room, or (@name) a conversation, and its name for the user."""
        if name is None or not name.startswith("@"):
            here = room_of(session, name)
            return here, here.name
        user = self._directory.users.get(key(name[1:]))
        theirs = user.account if user and user.account else self._accounts.find(name[1:])
        mine = session.person.account
        if mine is None:
            raise Refused(
                "no-account", "Private messages are stored only between registered users."
            )
        if theirs is None:
            raise Refused("no-such-person", f"No account is named {name[1:]}.")
        found = self._directory.conversations.get(conversation_name(mine.id, theirs.id))
        if found is None:
            raise Refused("no-such-room", f"You and {theirs.name} have no messages yet.")
        return found, f"@{theirs.name}"

    async def page(
        self,
        session: Session,
        room: str | None,
        bounds: Bounds,
        n: int,
        first: bool,
        deleted: bool = True,
        events: bool = False,
    ) -> History:
        """Return the last `n` lines within the bounds, or the `first` ones, or those around one.

        With `events`, these are among them. Lines hidden from the session do not count, nor, if not
        wanted, `deleted` ones. If the bounds are in reverse order, the lines are counted backwards:
        the `first` ones are then the latest.
        """
        with_guest = self._guest_page(session, room, Within(*bounds, n, first))
        if with_guest is not None:
            return with_guest
        place, name = self.place(session, room)
        if await self._are_reversed(place, bounds):
            bounds, first = Bounds(bounds.before, bounds.after), not first
        walk = Walk(self._lines, session.hides, place.name, deleted)
        lowest, end = await self._within(session, place, bounds)
        happened = self._events.within(session, place, bounds) if events else []
        if bounds.around is not None:
            wanted = _Wanted(place, name, lowest=lowest, end=end, n=n)
            return await self._around(walk, wanted, bounds.around, happened)
        found = await (walk.forth if first else walk.back)(lowest, end, n + 1)
        items = merged(found, happened)
        page, told = parted(items[:n] if first else items[-n:])
        more = len(items) > n or walk.next is not None
        next = None if len(found) > n else walk.next
        return History(name, _called(page, name), more, next, happened=told)

    async def _around(
        self,
        walk: Walk,
        wanted: _Wanted,
        point: Point,
        happened: list[Happened],
    ) -> History:
        """Return the page around a point, and whether earlier lines exist."""
        place, name, lowest, end, n = wanted
        middle = await self._first_from(place, point)
        pivot = self._events.resolved(place, point)
        sooner = [one for one in happened if is_before(one, pivot)]
        lines = await walk.forth(max(lowest, middle - 1), end, n)
        later = merged(lines, happened[len(sooner) :])[:n]
        earlier = merged(await walk.back(lowest, min(middle, end), n + 1), sooner)
        later = later[: max((n + 1) // 2, n - len(earlier))]
        kept = n - len(later)
        page, told = parted([*earlier[max(0, len(earlier) - kept) :], *later])
        return History(name, _called(page, name), len(earlier) > kept, happened=told)

    def _guest_page(self, session: Session, room: str | None, within: Within) -> History | None:
        """Return a page of the messages with a guest, unless there are stored ones."""
        account = session.person.account
        if account is None or room is None or not room.startswith("@"):
            return None
        try:
            self.place(session, room)
        except Refused:
            return self._guest_messages.page(account, room[1:], within)
        return None

    async def _are_reversed(self, place: Room, bounds: Bounds) -> bool:
        if bounds.after is None or bounds.before is None:
            return False
        after = await self._first_from(place, bounds.after)
        before = await self._first_from(place, bounds.before)
        both_ids = isinstance(bounds.after, int) and isinstance(bounds.before, int)
        both_times = isinstance(bounds.after, float) and isinstance(bounds.before, float)
        same = after == before and (both_ids or both_times)
        return bounds.after > bounds.before if same else after > before

    async def _within(self, session: Session, place: Room, bounds: Bounds) -> tuple[int, int]:
        """Return the numbers that bound the lines, as far as the user may read them."""
        lowest, end = floor(session, place), place.last + 1
        if bounds.after is not None:
            lowest = max(lowest, await self._last_until(place, bounds.after))
        if bounds.before is not None:
            end = min(end, await self._first_from(place, bounds.before))
        return lowest, end

    async def _first_from(self, place: Room, point: int | float) -> int:
        """Return the number of the first line that is not before a point."""
        found = self._events.resolved(place, point)
        if isinstance(found, Happened):
            return found.behind + 1
        if isinstance(found, int):
            return found
        return await self._lines.number_at(place.name, found)

    async def _last_until(self, place: Room, point: int | float) -> int:
        """Return the number of the last line that is not after a point."""
        found = self._events.resolved(place, point)
        if isinstance(found, Happened):
            return found.behind
        if isinstance(found, int):
            return min(found, place.last)
        return await self._lines.number_at(place.name, round(found + INSTANT, 3)) - 1

    async def recent(
        self,
        session: Session,
        after: float,
        before: float,
        n: int,
        first: bool,
        deleted: bool = True,
    ) -> Recent:
        """Return the rooms and conversations whose last line was sent between two times.

        That is the last line that the session can read; `deleted` ones count only if wanted.
        """
        found = []
        for place in (*session.rooms.values(), *session.conversations.values()):
            walk = Walk(self._lines, session.hides, place.name, deleted)
            lines = await walk.back(floor(session, place), place.last + 1, 1)
            found += [
                Latest(place.called(session), line.number, line.time)
                for line in lines
                if after < line.time < before
            ]
        if session.person.account is not None:
            guests = self._guest_messages.latest(session.person.account)
            found += [latest for latest in guests if after < latest.time < before]
        found.sort(key=lambda latest: latest.time)
        return Recent(tuple(found[:n] if first else found[-n:]))

    # Read positions

    def mark(self, session: Session, place: Room) -> Mark:
        """Return a user's read position; that from an earlier stay in the room stays valid."""
        account = session.person.account
        member = self._membership.get(place.key, account.id) if account else None
        number, time = session.read_to.get(place.key, Mark())
        if member is None:
            return Mark(number, time)
        return Mark(max(number, member.read), max(time, member.read_time))

    async def mentions(self, session: Session, place: Room) -> int:
        """Return how many of a room's unread lines mention the user, of its last `COUNTED`.

        Without a read position, nothing is known to be unread. Lines that arrive meanwhile count.
        """
        name, count = session.name, 0
        mark = self.mark(session, place).number
        counted = max(mark, floor(session, place), place.last - COUNTED)
        goes_on = mark > 0
        while goes_on and counted < place.last:
            last = place.last
            page = await self._lines.mentions(place.name, name, counted, COUNTED_AT_ONCE)
            count += sum(_is_news(session, line) for line in page.found if line.number <= last)
            counted = last if page.last is None else min(page.last, last)
            work = page.lines * costs.SEARCHED + page.size * costs.BYTE
            goes_on = await session.wire.ready(work)
        return count

    def marked(self, session: Session, place: Room) -> Marked:
        """Return the read position in a conversation."""
        mark = self.mark(session, place)
        return Marked(place.called(session), mark.number, mark.time or None)

    async def read_to(self, session: Session, place: Room, point: int | float) -> Marked:
        """Set a user's read position, and tell all their sessions.

        The position never moves back.
        """
        number = await self._last_until(place, point)
        lines = await self._lines.read_back(place.name, number + 1, 1)
        readable = bool(lines) and lines[0].number > floor(session, place)
        old, line = self.mark(session, place), lines[0] if readable else None
        time = point if isinstance(point, float) else line.time if line else 0.0
        mark = Mark(max(old.number, line.number if line else 0), max(old.time, time))
        if mark != old:
            self._note(session, place, mark)
            for other in session.person.sessions:
                if other is not session:
                    other.tell(self.marked(other, place))
        return self.marked(session, place)

    def mark_elsewhere(self, session: Session, name: str, time: float | None) -> Marked:
        """Set or return a user's read position where the archive has no messages for them.

        That is a conversation with a guest, for example; the position lasts as long as the session.
        """
        old = session.read_to.get(key(name), Mark())
        if time is not None and time > old.time:
            _keep(session, key(name), old := old._replace(time=time))
        return Marked(name, 0, old.time or None)

    def keep_marks(self, user: User, place: Room) -> None:
        """Keep the read position of a user who leaves a room, as long as they are online."""
        for session in user.sessions:
            mark = self.mark(session, place)
            if mark.time:
                _keep(session, place.key, mark)

    def _note(self, session: Session, place: Room, mark: Mark) -> None:
        account = session.person.account
        member = self._membership.get(place.key, account.id) if account else None
        if member is None:
            _keep(session, place.key, mark)
        else:
            self._membership.note(replace(member, read=mark.number, read_time=mark.time))


def _keep(session: Session, place: str, mark: Mark) -> None:
    marks = {key: value for key, value in session.read_to.items() if key != place}
    marks[place] = mark
    session.read_to = dict(islice(marks.items(), max(0, len(marks) - MOST_MARKS), None))


def _is_news(session: Session, line: Said) -> bool:
    return not (session.owns(line) or session.hides(line))


def _called(lines: list[Said], name: str) -> tuple[Said, ...]:
    return tuple(line._replace(room=name) for line in lines)
