"""Users, their sessions, and their rooms, in one module because they refer to each other.

Other modules decide what each of them may do, and write what they read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import count
from typing import TypeVar

from chatsvc.auth.known_places import Source
from chatsvc.auth.proof import Proof
from chatsvc.core.ban_marks import marks
from chatsvc.core.catching_up import CatchingUp
from chatsvc.core.endpoint import Endpoint
from chatsvc.core.folding import Fold
from chatsvc.core.identity import NOTHING, UserIdentity
from chatsvc.core.login_state import LoginState
from chatsvc.core.mutes import NOBODY_MUTED, Mutes
from chatsvc.core.newcomers import Newcomer, joined
from chatsvc.core.read_mark import Mark
from chatsvc.core.room_log import NoLog, RoomLog
from chatsvc.core.spoken import Spoken
from chatsvc.core.temporary_roles import ROLES, TemporaryRoles
from chatsvc.core.timer import Timer
from chatsvc.core.typed_password import TypedPassword
from chatsvc.core.wire import Wire
from chatsvc.model.ban_masks import BanMask
from chatsvc.model.batch import Batch, Shared
from chatsvc.model.events import Event
from chatsvc.model.message_events import Said
from chatsvc.model.records import Account, Member, RoomRules
from chatsvc.model.roll import Roll
from chatsvc.model.room_events import Joined, Left, Role, Topic
from chatsvc.model.text_rules import key
from chatsvc.store.archive import Lines, Start
from chatsvc.store.search_query import LastSearch

FIRST_ROOM = "#lobby"
CROWD = 50  # members; larger rooms combine joins and leaves
FOLD = 3.0  # seconds between combined announcements

E = TypeVar("E", bound=Event)

_connections = count(1)


class User(UserIdentity):
    """A user online; one with an account may have several connections."""

    __slots__ = ("sessions",)

    above_operators = False  # whether they may remove and ban operators

    def __init__(self, name: str, now: float, account: Account | None = None) -> None:
        super().__init__(name, now, account)
        self.sessions: list[Session] = []

    @property
    def speaker(self) -> str:
        """The key under which a room remembers when they last spoke."""
        return self.account.id if self.account else self.sessions[0].client

    def rooms(self) -> list[Room]:
        """The rooms of all its connections."""
        found = {room.key: room for session in self.sessions for room in session.rooms.values()}
        return list(found.values())


class Session(Endpoint):
    """A connection's session: its user, its rooms, and the last question to it."""

    __slots__ = (
        "_connection", "asked", "choices", "client", "conversations", "farewell", "leaving", "left",
        "login", "proving", "quits", "read_to", "removed_by", "rooms", "searched", "shares_address",
        "since", "target", "token", "typed", "user", "waited_for", "whispered",
    )  # fmt: skip

    here: Room | None  # the current room

    def __init__(self, wire: Wire, now: float) -> None:
        super().__init__(wire)
        self.since = now
        self.shares_address, self._connection = False, next(_connections)
        self.typed: TypedPassword | None = None  # the answer to the last prompt
        self.user: User | None = None
        self.login: LoginState | None = LoginState()  # until the session has a user
        self.proving: Proof | None = None  # authentication in progress, also of a guest
        self.client = ""
        self.token = ""  # the digest of the token that it logged in with
        self.rooms: dict[str, Room] = {}
        self.conversations: Mapping[str, Room] = NOTHING
        self.read_to: Mapping[str, Mark] = NOTHING  # of guests, and of rooms left
        self.target: User | Account | None = None  # the current recipient, instead of a room
        self.asked: str | None = None  # the request that the next plain line answers
        self.choices: tuple[str, ...] = ()  # the numbered answers, if any
        self.leaving = False
        self.quits = False  # the user ends the connection with /quit
        self.removed_by = ("", "")  # the operator who removes the user from the server, and why
        self.farewell = False  # the user leaves for good, instead of losing the connection
        self.waited_for = ""  # users reported to be offline or away
        self.left: Mapping[str, int] = NOTHING  # the last lines shown in rooms that were left
        self.whispered: User | Account | None = None  # the last user to whisper
        self.searched: LastSearch | None = None  # the last search

    @property
    def name(self) -> str:
        """The name of the session's user."""
        return self.person.name

    @property
    def person(self) -> User:
        """The session's user, which it must have."""
        assert self.user is not None
        return self.user

    @property
    def logging_in(self) -> LoginState:
        """The state of the session's login, which must be in progress."""
        assert self.login is not None
        return self.login

    @property
    def question(self) -> str | None:
        """The request that the next plain line answers, if a question was asked."""
        return self.asked if self.login is None else self.login.step.value

    def check_typed(self, text: str) -> None:
        """Refuse a password that is typed again after its prompt; anything else forgets it."""
        if self.typed is not None:
            self.typed.check(text)
            self.typed = None

    @property
    def source(self) -> Source:
        """The origin of this session's guesses at secrets."""
        return self.source_of(self.client)

    def source_of(self, client: str | None) -> Source:
        """The origin of guesses before the session has a client."""
        place = "" if self.shares_address else self.wire.address
        return Source(place, str(self._connection), client or "")

    @property
    def marks(self) -> frozenset[BanMask]:
        """The marks by which a ban can recognize this session, except its address."""
        user = self.person
        return marks(user.name, user.account, self.client, user.mask)

    def owns(self, line: Said) -> bool:
        """Return whether this session sent a line, or any session of its account did."""
        if line.client == self.client:
            return True
        account = self.user.account if self.user else None
        return account is not None and account.name == line.account and line.time >= account.since

    def hides(self, line: Said) -> bool:
        """Return whether the sender is ignored or quietly muted; never for the user's own lines."""
        ignores = self.user.ignores if self.user else None
        if not (ignores or line.quiet):
            return False
        ignored = ignores and (key(line.sender) in ignores or key(line.account) in ignores)
        return bool(ignored or line.quiet) and not self.owns(line)

    def passes_over(self, line: Said) -> bool:
        """Return whether a line has nothing to show to this session."""
        return bool(line.deleted) or self.hides(line)

    def may_hide(self, batch: Batch) -> bool:
        """Return whether some lines of `batch` may be hidden from this session."""
        return batch.quiet or bool(self.user and self.user.ignores)


class Room:
    """A room with members and a last number; `roster` lists its registered members."""

    __slots__ = (
        "_catching_up", "_clock", "_fold", "_mutes", "charter", "described", "empty_since",
        "floors", "former", "invited", "key", "last", "log", "made", "members", "moving", "name",
        "passes", "people", "roll", "roster", "spoke", "temporary", "time", "topic", "unseen",
        "used",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        lines: Lines,
        clock: Timer,
        start: Start,
        roster: Mapping[str, Member] | None = None,
        mutes: Mutes[User, Room] = NOBODY_MUTED,
        log: RoomLog | None = None,
    ) -> None:
        self.name = name
        self.key = key(name)
        self.last = 0
        self.made = 0.0  # when it was created, or read from the archive
        self.time = 0.0  # of the last line sent to the archive
        self.topic: Topic | None = None
        self.empty_since = 0.0  # when the last member left, as wall-clock time
        self.used = False  # a line was sent to the archive
        self.charter: RoomRules | None = None
        self.described = False  # it has metadata
        self.moving = False  # it is being renamed
        self.former: set[str] = set()  # keys of the names that it had before
        self.roster = roster if roster is not None else {}  # by account id
        self.members: dict[Session, int] = {}  # the number of the last line shown to each
        self.people: dict[User, int] = {}  # the number of sessions of each
        self.roll: Roll | None = None  # the list for all who join a crowd within a few seconds
        self.unseen: set[User] = set()  # users whose present name a quiet mute hides
        self.floors: dict[str, int] = {}  # the last number that a client may not read
        self.passes: dict[str, None] = {}  # clients with permission to join
        self.invited: set[str] = set()  # guests' clients
        self.spoke = Spoken()
        self.temporary: TemporaryRoles[User] = TemporaryRoles()
        self._clock = clock
        self._mutes = mutes
        self.log = log or NoLog()
        self._catching_up: CatchingUp[Session] = CatchingUp(lines, start)
        self._fold: Fold[User] | None = None

    @property
    def rules(self) -> RoomRules:
        """The rules that were set, or the default ones."""
        return self.charter or RoomRules(self.name)

    @property
    def crowded(self) -> bool:
        """Whether joins and leaves are combined."""
        return len(self.people) > CROWD

    @property
    def forgotten(self) -> bool:
        """Whether there are no members, nothing to remember, and no lines waiting to be stored."""
        used = self.last or self.topic or self.used or self.charter or self.described
        if self.members or used or self.moving or self.former:
            return False
        return not any(one.inside for one in self.roster.values())

    @property
    def founded(self) -> bool:
        """Whether an account founded the room, so that what is set there lasts."""
        return any(member.role == "founder" for member in self.roster.values())

    def stored_role(self, user: User) -> str:
        """A user's role that lasts, which is an account's; else guest."""
        if user.account is not None and user.account.id in self.roster:
            return self.roster[user.account.id].role
        return "guest"

    def role(self, user: User) -> str:
        """A user's role: founder, host, moderator, voiced or member; else guest."""
        stored, given = self.stored_role(user), self.temporary.role(user)
        return stored if given == "guest" else max(stored, given, key=ROLES.index)

    def has_voice(self, user: User) -> bool:
        """Return whether a user was given a voice, whatever else they are."""
        return user in self.temporary.voices or self.stored_role(user) == "voiced"

    def called(self, session: Session) -> str:
        """Return a user's role in the room, if any."""
        return self.name

    def seen_by(self, reader: User) -> Collection[User]:
        """Return the people in the room that `reader` may know of."""
        if not self.unseen:
            return self.people
        return [user for user in self.people if user is reader or user not in self.unseen]

    def add(self, session: Session, seen: int, backlog: int | None = None) -> None:
        """Make `session` a member, which is shown every line from number `seen` + 1 on.

        With a `backlog`, it is first shown that many of the last lines that it can read.
        """
        user = session.person
        replaced = self.temporary.give_back(user, session.client, self._clock.seconds())
        if replaced is not None:
            self._announce_role(replaced, "moderator", before="host")
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
        """Return the session's table of rooms of this kind."""
        return session.rooms

    def remove(self, session: Session, words: str, told: bool = False, lost: bool = False) -> None:
        """Remove `session`; announce it if it was its user's last one.

        With `lost`, its client can return to its role for a while.
        """
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
        self.roll = None
        if user in self.unseen:
            self.unseen.discard(user)
            told = True
        if crowded and not told:
            self._folding().go(user)
        elif not told:
            gone = session.leaving and user.sessions == [session]
            by, reason = session.removed_by if gone else ("", "")
            quits = gone and session.quits
            self.announce(
                Left(self.name, (user.name,), 1, words, gone, quits, by=by, reason=reason)
            )
        if lost:
            self.temporary.lose(user, session.client, self._clock.seconds())
        self.end_temporary_role(user)

    def end_temporary_role(self, user: User, succeeded: bool = True) -> None:
        """Take a user's temporary role; the longest-present moderator succeeds a host.

        A host whom a moderator dismisses is not `succeeded`: that must not give anybody the room.
        """
        was_host = self.temporary.host is user
        self.temporary.take(user)
        successor = self.temporary.succeed(self.people) if was_host and succeeded else None
        if successor is not None:
            self._announce_role(successor, "host", before="moderator")

    def _announce_role(self, user: User, role: str, before: str) -> None:
        """Announce a role that nobody has given."""
        self.announce(Role(self.name, user.name, role, by="", before=before))

    def pass_on(self, session: Session, user: User) -> None:
        """Count `session` as `user`'s from now on, without telling anybody."""
        old, self.roll = session.person, None
        self.people[old] -= 1
        if not self.people[old]:
            del self.people[old]
            self.temporary.pass_on(old, user)
            if old in self.unseen:
                self.unseen.discard(old)
                self.unseen.add(user)
        self.people[user] = self.people.get(user, 0) + 1

    def conceal(self, user: User, old: str) -> None:
        """Show a muted user as having left, because nobody here may read their new name."""
        if user not in self.unseen:
            self.unseen.add(user)
            self.announce(Left(self.name, (old,)), but=user)

    def reveal(self, user: User) -> None:
        """Show a user again who was concealed."""
        self.unseen.discard(user)
        self.announce(self._joined([user]), but=user)

    def announce(self, event: E, but: Session | User | None = None) -> E:
        """Tell all members except the one who knows; return the event as it is remembered."""
        event = self.log.note(self, event)
        self.roll = None
        shared = Shared(event)
        for member in self.members:
            if member is not but and member.user is not but:
                member.announce(shared)
        return event

    def show(self, batch: Batch) -> None:
        """Show newly stored lines to all who are up to date; others catch up."""
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
                except Exception as error:  # show it to the others all the same
                    session.wire.fail(error)
            elif seen < last:
                self.catch_up(session)

    def give(self, session: Session, batch: Batch) -> None:
        """Show a session its next lines."""
        user, elsewhere = session.user, self is not session.here
        if session.client in batch.said_by or batch.quiet or (user is not None and user.ignores):
            session.wire.show_personally(batch, elsewhere, session)
        else:
            session.wire.show(batch, elsewhere)

    def give_page(self, session: Session, batch: Batch) -> None:
        """Show a session lines that it has missed."""
        session.wire.show_personally(batch, self is not session.here, session)

    def catch_up(self, session: Session) -> None:
        """Read from the archive until `session` is up to date."""
        self._catching_up.begin(self, session)

    def _joined(self, users: Sequence[User]) -> Joined:
        return joined(self.name, [self._newcomer(user) for user in users])

    def _newcomer(self, user: User) -> Newcomer:
        """Describe a user; a mute hides what they write about themselves from others."""
        silent = self._mutes.silences(user, self)
        away = "" if user.away is None else user.away or "away"
        realname, away = ("", away and "away") if silent else (user.realname, away)
        return Newcomer(user.name, user.account_name, realname, self._shown_role(user), away)

    def _shown_role(self, user: User) -> str:
        """Return a user's permission level here; operators have that of founders."""
        role = self.role(user)
        return "operator" if user.operator and role not in ("founder", "host") else role

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
