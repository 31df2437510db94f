"""A room: who is in it, up to which line each has been shown, and how everybody hears the rest.

It knows its rules and roles, but does not enforce them; no bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from chatsvc.core.session import Session, User
from chatsvc.model.batch import Batch, Shared
from chatsvc.model.events import Event, Joined, Left, Refusal, Said, Topic
from chatsvc.model.records import Member, RoomRules
from chatsvc.model.text_rules import LONGEST_TEXT, key
from chatsvc.store.archive import Archive, ArchiveFailed, Start

FIRST_ROOM = "#lobby"
CROWD = 50  # members; in a larger room comings and goings are folded
FOLD = 3.0  # seconds over which they are folded
MOST_SPOKEN = 1000  # people of whom a room knows when they spoke
PAGE = 200  # lines read from the archive at once
PORTION = 65536  # characters shown to one reader at once
SHORT = PORTION // LONGEST_TEXT  # lines, which cannot be more than that


class Timer(Protocol):
    """What is wanted of a clock: Twisted's reactor and `task.Clock` have it."""

    def seconds(self) -> float: ...

    def callLater(self, delay: float, call: Callable[[], object], /) -> object: ...


class Room:
    """A named place with members and a last number; `roster` has those who have an account."""

    __slots__ = (
        "_archive", "_catching", "_clock", "_fold", "_silences", "_start", "charter", "empty_since",
        "floors", "invited", "key", "last", "maker", "members", "name", "passes", "people",
        "roster", "spoke", "time", "topic", "used", "voiced",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        archive: Archive,
        clock: Timer,
        start: Start,
        roster: Mapping[str, Member] | None = None,
        silences: Callable[[User, Room], bool] = lambda user, room: False,
    ) -> None:
        self.name = name
        self.key = key(name)
        self.last = 0
        self.time = 0.0  # of the last line that was handed to the archive
        self.topic: Topic | None = None
        self.empty_since = 0.0  # when the last member left: a time of day
        self.used = False  # something was handed to the archive
        self.charter: RoomRules | None = None
        self.roster = roster if roster is not None else {}  # by the account's id
        self.members: dict[Session, int] = {}  # each with the number of the last line it was shown
        self.people: dict[User, int] = {}  # each with the number of their sessions here
        self.floors: dict[str, int] = {}  # the last number that a client may not read
        self.passes: dict[str, None] = {}  # clients that were let in
        self.invited: set[str] = set()  # guests' clients
        self.voiced: set[str] = set()  # guests' clients
        self.spoke: dict[str, float] = {}  # when somebody last did, by the clock; latest last
        self.maker: User | None = None  # a guest, who becomes the founder by registering
        self._archive = archive
        self._clock = clock
        self._start = start
        self._silences = silences  # whether somebody is muted here
        self._catching: set[Session] = set()
        self._fold: _Fold | None = None

    @property
    def rules(self) -> RoomRules:
        return self.charter or RoomRules(self.name)

    @property
    def crowded(self) -> bool:
        return len(self.people) > CROWD

    @property
    def forgotten(self) -> bool:
        """Nobody is here, and there is nothing to remember, nor on its way to be kept."""
        if self.members or self.last or self.topic or self.used or self.charter:
            return False
        return not any(one.inside for one in self.roster.values())

    def role(self, user: User) -> str:
        """founder, moderator, voiced, member; or guest, of somebody who has no place here."""
        if user.account is not None and user.account.id in self.roster:
            return self.roster[user.account.id].role
        voiced = self.voiced and any(session.client in self.voiced for session in user.sessions)
        return "voiced" if voiced else "guest"

    def note_spoken(self, user: User, now: float) -> None:
        """Note when somebody spoke, also for when they have left and come back."""
        self.spoke.pop(speaker(user), None)
        self.spoke[speaker(user)] = now
        if len(self.spoke) > MOST_SPOKEN:
            del self.spoke[next(iter(self.spoke))]

    def called(self, session: Session) -> str:
        """What the room is to somebody."""
        return self.name

    def names(self) -> Iterator[str]:
        return (user.name for user in self.people)

    def add(self, session: Session, seen: int) -> None:
        """Make `session` a member, who is shown every line from number `seen` + 1 on."""
        user = session.person
        if user not in self.people:
            if self.crowded:
                self._folding().come(user)
            else:
                self.announce(self._joined([user]))
        self.people[user] = self.people.get(user, 0) + 1
        self.members[session] = min(max(seen, 0), self.last)
        self._of(session)[self.key] = self

    def _of(self, session: Session) -> dict[str, Any]:
        """Where the session has its rooms of this kind."""
        return session.rooms

    def remove(self, session: Session, words: str, told: bool = False) -> None:
        """Let `session` go; the others are told when it was the last one of its user."""
        crowded = self.crowded
        user = session.person
        del self.members[session]
        del self._of(session)[self.key]
        if session.here is self:
            session.here = next(reversed(session.rooms.values()), None)
        self.people[user] -= 1
        if self.people[user]:
            return
        del self.people[user]
        self.voiced.discard(session.client)
        if self.maker is user:
            self.maker = None
        if told:
            return
        if crowded:
            self._folding().go(user)
        else:
            gone = session.leaving and user.sessions == [session]
            self.announce(Left(self.name, (user.name,), 1, words, gone))

    def pass_on(self, session: Session, user: User) -> None:
        """Count `session` as `user`'s from now on; nobody is told."""
        old = session.person
        self.people[old] -= 1
        if not self.people[old]:
            del self.people[old]
        self.people[user] = self.people.get(user, 0) + 1

    def announce(self, event: Event, but: Session | User | None = None) -> None:
        """Tell everybody here, except the one who knows."""
        shared = Shared(event)
        for member in self.members:
            if member is not but and member.user is not but:
                member.announce(shared)

    def show(self, batch: Batch) -> None:
        """Show what was just kept to everybody for whom it comes next; others read on."""
        before, last = batch.first - 1, batch.last
        self.last = last
        members, give = self.members, self._give
        for session, seen in members.items():
            if session.wire.full:
                continue
            if seen == before:
                members[session] = last
                try:
                    give(session, batch)
                except Exception as error:  # the others are shown it all the same
                    session.wire.fail(error)
            elif seen < last:
                self.catch_up(session)

    def _give(self, session: Session, batch: Batch) -> None:
        """Show lines to somebody, for whom they must be the next ones."""
        user, elsewhere = session.user, self is not session.here
        if session.client in batch.said_by or batch.quiet or (user is not None and user.ignores):
            session.wire.show_personally(batch, elsewhere, session)
        else:
            session.wire.show(batch, elsewhere)

    def catch_up(self, session: Session) -> None:
        """Read on from the archive until `session` is shown the last line."""
        if session not in self._catching and self.members.get(session, self.last) < self.last:
            self._catching.add(session)
            self._start(self._read_on(session))

    async def _read_on(self, session: Session) -> None:
        try:
            while not session.wire.full and self.members.get(session, self.last) < self.last:
                seen, last = self.members[session], self.last
                page = await self._archive.read(self.name, seen, PAGE)
                self._show_page(session, page, last)
                read = len(page)
                del page  # not needed while its reader takes it
                await session.wire.ready(read)
        except ArchiveFailed as failed:
            session.tell(Refusal("not-read", f"Cannot read earlier messages. {failed}"))
        except Exception as error:
            session.wire.fail(error)
        finally:
            self._catching.discard(session)

    def _show_page(self, session: Session, page: list[Said], last: int) -> None:
        # While the page was read, live lines may have been shown, or the session may have left.
        seen = self.members.get(session)
        if seen is None:
            return
        unseen = [line for line in page if line.number > seen]
        if not unseen:  # they are no longer kept
            self.members[session] = max(seen, last)
        for portion in portions(unseen):
            if not session.wire.full:
                self.members[session] = portion[-1].number
                self._give(session, Batch(portion))

    def _joined(self, users: Sequence[User]) -> Joined:
        """Who has joined; a mute keeps what they write about themselves from the others."""
        realnames = ("" if self._silences(user, self) else user.realname for user in users)
        return joined(self, users, tuple(realnames))

    def _folding(self) -> _Fold:
        if self._fold is None:
            self._fold = _Fold()
            self._clock.callLater(FOLD, self._unfold)
        return self._fold

    def _unfold(self) -> None:
        fold, self._fold = self._fold, None
        assert fold is not None
        if fold.came:
            came = list(fold.came.values())
            self.announce(self._joined(came), but=came[0] if len(came) == 1 else None)
        if fold.went:
            self.announce(Left(self.name, tuple(fold.went), len(fold.went)))


def speaker(user: User) -> str:
    """By what a room knows somebody again who has spoken there."""
    return user.account.id if user.account else user.sessions[0].client


def portions(lines: list[Said]) -> Iterator[list[Said]]:
    """`lines` in pieces small enough to be buffered for a reader who may turn out to be slow."""
    if 0 < len(lines) <= SHORT:
        yield lines
        return
    start = size = 0
    for end, line in enumerate(lines):
        size += len(line.text)
        if size > PORTION:
            yield lines[start : end + 1]
            start, size = end + 1, 0
    if start < len(lines):
        yield lines[start:]


def joined(room: Room, users: Sequence[User], realnames: tuple[str, ...]) -> Joined:
    """That these people have come."""
    roles = tuple(_shown_role(room, user) for user in users)
    accounts = tuple(user.account.name if user.account else "" for user in users)
    return Joined(
        room.name,
        tuple(user.name for user in users),
        len(users),
        accounts if any(accounts) else (),
        realnames if any(realnames) else (),
        roles if {*roles} - {"guest", "member"} else (),
    )


def _shown_role(room: Room, user: User) -> str:
    """What somebody may in a room; operators may all that founders do, who are that by name."""
    role = room.role(user)
    return "operator" if user.operator and role != "founder" else role


class _Fold:
    """Who came and went within a few seconds; who did both is not mentioned."""

    __slots__ = ("came", "went")

    def __init__(self) -> None:
        self.came: dict[str, User] = {}
        self.went: dict[str, User] = {}

    def come(self, user: User) -> None:
        if self.went.pop(user.name, None) is None:
            self.came[user.name] = user

    def go(self, user: User) -> None:
        if self.came.pop(user.name, None) is None:
            self.went[user.name] = user
