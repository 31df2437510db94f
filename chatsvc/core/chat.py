"""Users, their sessions, and the rooms they are in: they know each other, so they are one module.

What each of them may do is decided elsewhere; what they read is written elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import count
from typing import Protocol

from chatsvc.auth.known_places import Source
from chatsvc.auth.proof import Proof
from chatsvc.core.ban_marks import marks
from chatsvc.core.catching_up import CatchingUp
from chatsvc.core.endpoint import Endpoint
from chatsvc.core.folding import Fold
from chatsvc.core.login_state import LoginState
from chatsvc.core.newcomers import Newcomer, joined
from chatsvc.core.read_mark import Mark
from chatsvc.core.timer import Timer
from chatsvc.core.typed_password import TypedPassword
from chatsvc.core.wire import Wire
from chatsvc.model.ban_masks import BanMask
from chatsvc.model.batch import Batch, Shared
from chatsvc.model.events import Event
from chatsvc.model.message_events import Said
from chatsvc.model.records import Account, Member, RoomRules
from chatsvc.model.room_events import Joined, Left, Topic
from chatsvc.model.text_rules import key
from chatsvc.store.archive import Lines, Start
from chatsvc.store.search_query import LastSearch

FIRST_ROOM = "#lobby"
CROWD = 50  # members; in a larger room comings and goings are folded
FOLD = 3.0  # seconds over which they are folded
MOST_SPOKEN = 1000  # people of whom a room knows when they spoke
PAGE = 200  # lines read from the archive at once

_connections = count(1)


class User:
    """Somebody who is here, under a name; with an account perhaps over several connections."""

    __slots__ = (
        "account", "active", "aliases", "away", "bot", "ignores", "key", "name", "realname",
        "sessions", "since",
    )  # fmt: skip

    def __init__(self, name: str, now: float, account: Account | None = None) -> None:
        self.name = name
        self.key = key(name)
        self.since = now
        self.active = 0.0  # when they last did something, by the clock
        self.sessions: list[Session] = []
        self.account: Account | None = account
        self.away: str | None = None
        self.realname = ""
        self.bot = False
        self.ignores: dict[str, str] | None = None  # names as written, by key
        self.aliases: dict[str, str] = {}  # those of them that others took later: what for
        if account is not None:
            self.away = account.away
            self.ignores = {key(name): name for name in account.ignores}

    @property
    def speaker(self) -> str:
        """By what a room knows them again when they have spoken there."""
        return self.account.id if self.account else self.sessions[0].client

    @property
    def operator(self) -> bool:
        return self.account is not None and self.account.operator

    def rooms(self) -> list[Room]:
        """Those in which any connection is."""
        found = {room.key: room for session in self.sessions for room in session.rooms.values()}
        return list(found.values())

    def ignores_user(self, other: User) -> bool:
        """Whether this one hears nothing of `other`, under any name."""
        if not self.ignores:
            return False
        account = other.account
        return other.key in self.ignores or (
            account is not None and key(account.name) in self.ignores
        )


class Session(Endpoint):
    """One connection's seat: its user, its rooms, and what it was asked last."""

    __slots__ = (
        "_connection", "asked", "choices", "client", "conversations", "leaving", "left", "login",
        "proving", "read_to", "rooms", "searched", "since", "target", "typed", "user",
        "waited_for", "whispered",
    )  # fmt: skip

    here: Room | None  # the room talked to

    def __init__(self, wire: Wire, now: float) -> None:
        super().__init__(wire)
        self.since = now
        self._connection = str(next(_connections))
        self.typed = TypedPassword()
        self.user: User | None = None
        self.login: LoginState | None = LoginState()  # until there is a user
        self.proving: Proof | None = None  # under way, also of a guest who logs in
        self.client = ""
        self.rooms: dict[str, Room] = {}
        self.conversations: dict[str, Room] = {}
        self.read_to: dict[str, Mark] = {}  # by the keys of rooms; of who has no account
        self.target: User | Account | None = None  # the person talked to instead
        self.asked: str | None = None  # the request by which the next plain line answers
        self.choices: tuple[str, ...] = ()  # the numbered answers, if there are any
        self.leaving = False
        self.waited_for = ""  # of whom was said that they are not here, or away
        self.left: dict[str, int] = {}  # the last lines shown in rooms that one has left
        self.whispered: User | Account | None = None  # who whispered last
        self.searched: LastSearch | None = None  # what was looked for last

    @property
    def name(self) -> str:
        return self.person.name

    @property
    def person(self) -> User:
        """The user, of a session that has one."""
        assert self.user is not None
        return self.user

    @property
    def logging_in(self) -> LoginState:
        """The login, of a session that has no user yet."""
        assert self.login is not None
        return self.login

    @property
    def question(self) -> str | None:
        """The request by which the next plain line answers, if something was asked."""
        return self.asked if self.login is None else self.login.step.value

    @property
    def source(self) -> Source:
        """Where this session's guesses at secrets come from."""
        return self.source_of(self.client)

    def source_of(self, client: str | None) -> Source:
        """The same before the session has a client."""
        return Source(self.wire.address, self._connection, client or "")

    @property
    def marks(self) -> frozenset[BanMask]:
        """What a ban can know this session by, besides its address."""
        return marks(self.person.name, self.person.account, self.client)

    def owns(self, line: Said) -> bool:
        """Whether a line was said here, or by the same account since there is one."""
        if line.client == self.client:
            return True
        account = self.user.account if self.user else None
        return account is not None and account.name == line.account and line.time >= account.since

    def hides(self, line: Said) -> bool:
        """Whether the sender is ignored or quietly muted; always False for the user's own lines."""
        ignores = self.user.ignores if self.user else None
        if not (ignores or line.quiet):
            return False
        ignored = ignores and (key(line.sender) in ignores or key(line.account) in ignores)
        return bool(ignored or line.quiet) and not self.owns(line)

    def passes_over(self, line: Said) -> bool:
        """Whether there is nothing to read in a line for this session."""
        return bool(line.deleted) or self.hides(line)

    def may_hide(self, batch: Batch) -> bool:
        """Return whether some lines of `batch` may be hidden from this session."""
        return batch.quiet or bool(self.user and self.user.ignores)


class Mutes(Protocol):
    """What a room asks about the mutes that affect its members."""

    def silences(self, user: User, room: Room, /) -> bool:
        """Whether somebody is muted in a room."""

    def conceals(self, user: User, room: Room, /) -> bool:
        """Whether somebody is muted in a room under another name than the one they have."""

    def follow(self, user: User, room: Room, /) -> object:
        """Let a mute that holds somebody by name hold them under other names, too."""


class NoMutes:
    """Nobody is muted."""

    def silences(self, user: User, room: Room) -> bool:
        return False

    conceals = follow = silences


NOBODY_MUTED = NoMutes()


class Room:
    """A named place with members and a last number; `roster` has those who have an account."""

    __slots__ = (
        "_catching_up", "_clock", "_fold", "_mutes", "charter", "empty_since", "floors", "invited",
        "key", "last", "maker", "members", "name", "passes", "people", "roster", "spoke", "time",
        "topic", "unseen", "used", "voiced",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        lines: Lines,
        clock: Timer,
        start: Start,
        roster: Mapping[str, Member] | None = None,
        mutes: Mutes = NOBODY_MUTED,
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
        self.unseen: set[User] = set()  # people whose present name a quiet mute keeps back
        self.floors: dict[str, int] = {}  # the last number that a client may not read
        self.passes: dict[str, None] = {}  # clients that were let in
        self.invited: set[str] = set()  # guests' clients
        self.voiced: set[str] = set()  # guests' clients
        self.spoke: dict[str, float] = {}  # when somebody last did, by the clock; latest last
        self.maker: User | None = None  # a guest, who becomes the founder by registering
        self._clock = clock
        self._mutes = mutes
        self._catching_up: CatchingUp[Session] = CatchingUp(lines, start)
        self._fold: Fold[User] | None = None

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
        self.spoke.pop(user.speaker, None)
        self.spoke[user.speaker] = now
        if len(self.spoke) > MOST_SPOKEN:
            del self.spoke[next(iter(self.spoke))]

    def called(self, session: Session) -> str:
        """What the room is to somebody."""
        return self.name

    def seen_by(self, reader: User) -> Collection[User]:
        """Return the people in the room that `reader` may know of."""
        if not self.unseen:
            return self.people
        return [user for user in self.people if user is reader or user not in self.unseen]

    def add(self, session: Session, seen: int, backlog: int | None = None) -> None:
        """Make `session` a member, who is shown every line from number `seen` + 1 on.

        With a `backlog` it is shown the last so many of those that it can read.
        """
        user = session.person
        if user not in self.people:
            if self._mutes.conceals(user, self):
                self.unseen.add(user)
            elif self.crowded:
                self._folding().come(user)
            else:
                self.announce(self._joined([user]))
        self.people[user] = self.people.get(user, 0) + 1
        seen = min(max(seen, 0), self.last)
        self.members[session] = seen if backlog is None else max(seen, self.last - backlog)
        if backlog is not None and seen < self.members[session] < self.last:
            self._catching_up.backlogs[session] = backlog, seen
        self._of(session)[self.key] = self
        self._mutes.follow(user, self)

    def _of(self, session: Session) -> dict[str, Room]:
        """Where the session has its rooms of this kind."""
        return session.rooms

    def remove(self, session: Session, words: str, told: bool = False) -> None:
        """Let `session` go; the others are told when it was the last one of its user."""
        crowded = self.crowded
        user = session.person
        del self.members[session]
        self._catching_up.backlogs.pop(session, None)
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
        if user in self.unseen:
            self.unseen.discard(user)
            told = True
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
            if old in self.unseen:
                self.unseen.discard(old)
                self.unseen.add(user)
        self.people[user] = self.people.get(user, 0) + 1

    def conceal(self, user: User, old: str) -> None:
        """Let a muted user seem to leave, because nobody here is to read the name they took."""
        if user not in self.unseen:
            self.unseen.add(user)
            self.announce(Left(self.name, (old,)), but=user)

    def reveal(self, user: User) -> None:
        """Show somebody again who was concealed."""
        self.unseen.discard(user)
        self.announce(self._joined([user]), but=user)

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
        members, give = self.members, self.give
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

    def give(self, session: Session, batch: Batch) -> None:
        """Show lines to somebody, for whom they must be the next ones."""
        user, elsewhere = session.user, self is not session.here
        if session.client in batch.said_by or batch.quiet or (user is not None and user.ignores):
            session.wire.show_personally(batch, elsewhere, session)
        else:
            session.wire.show(batch, elsewhere)

    def catch_up(self, session: Session) -> None:
        """Read on from the archive until `session` is shown the last line."""
        self._catching_up.begin(self, session)

    def _joined(self, users: Sequence[User]) -> Joined:
        return joined(self.name, [self._newcomer(user) for user in users])

    def _newcomer(self, user: User) -> Newcomer:
        """Describe somebody; a mute keeps what they write about themselves from the others."""
        account = user.account.name if user.account else ""
        realname = "" if self._mutes.silences(user, self) else user.realname
        return Newcomer(user.name, account, realname, self._shown_role(user))

    def _shown_role(self, user: User) -> str:
        """Return what a user may do here; operators may do all that founders may."""
        role = self.role(user)
        return "operator" if user.operator and role != "founder" else role

    def _folding(self) -> Fold[User]:
        if self._fold is None:
            self._fold = Fold()
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
