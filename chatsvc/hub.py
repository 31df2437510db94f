"""Who is here, and where: the shared client table, its rooms and people.

No bytes, no SQL, no reactor.  Who may come in is the door's business, what is said is that of talk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from traceback import print_exception
from typing import Any, TypeVar

from chatsvc.accounts import Accounts
from chatsvc.archive import Archive, ArchiveFailed, KeptRoom, Start
from chatsvc.batch import Shared
from chatsvc.chores import Chores, Scrubbing
from chatsvc.conversation import Conversation, both_in, conversation_name
from chatsvc.departed import Memory, Trace, trace_of
from chatsvc.door import Door
from chatsvc.entry import Entry
from chatsvc.events import (
    Goodbye,
    Missed,
    Refused,
    Renamed,
    Topic,
)
from chatsvc.limits import Window
from chatsvc.moderation import Moderation
from chatsvc.naming import Names
from chatsvc.passwords import Hasher
from chatsvc.past import Past
from chatsvc.profiles import Profiles
from chatsvc.proofs import Proofs
from chatsvc.records import Account, Charter, Member
from chatsvc.rights import check_topic, may_see
from chatsvc.room import Room, Timer
from chatsvc.room_keeping import RoomKeeping
from chatsvc.roster import Roster
from chatsvc.rules import check_words, key, room_name
from chatsvc.sanctions import Sanctions
from chatsvc.search import Searching
from chatsvc.session import Session, User, Wire
from chatsvc.sight import Sight
from chatsvc.stewards import Stewards
from chatsvc.talk import Talk
from chatsvc.watching import Watchers

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the one who runs the service chooses."""

    name: str = "chatsvc"
    motd: str = ""
    password: str | None = None
    show_history: int = 20
    leave_on_empty_line: bool = False
    accounts: str = "open"  # who may register: open, invite or closed


class Hub:
    """Every session, user and room of this node."""

    def __init__(
        self,
        archive: Archive,
        clock: Timer,
        start: Start,
        hasher: Hasher,
        attempts: Window,
        settings: Settings | None = None,
        now: Callable[[], float] | None = None,
        report: Callable[[Exception], object] = print_exception,
        log: Callable[[str], object] = print,
    ) -> None:
        self.archive = archive
        self.clock = clock
        self.now = now or clock.seconds  # the time of day, in seconds since 1970
        self.start = start
        self._report = report
        self.log = log  # tells the operator something
        self.settings = settings or Settings()
        self.sessions: set[Session] = set()
        self.users: dict[str, User] = {}
        self.by_account: dict[str, User] = {}
        self.clients: dict[str, Session] = {}
        self.rooms: dict[str, Room] = {}
        self.conversations: dict[str, Conversation] = {}
        self.most_people = 0  # at once
        self._begun = clock.seconds()
        self.watchers = Watchers(self.users)
        self.departed = Memory()
        self.stopping = False
        self.when_empty: Callable[[], None] | None = None
        self.accounts = Accounts(archive, hasher, attempts, self.settings.accounts)
        self.proofs = Proofs(self.accounts, clock.seconds)
        self.roster = Roster(archive, clock, start)
        self.sanctions = Sanctions(archive, self.now)
        self.sight = Sight(self)
        self.talk = Talk(self)
        self.past = Past(self)
        self.search = Searching(self)
        self.names = Names(self)
        self.profiles = Profiles(self)
        self.door = Door(self)
        self.entry = Entry(self)
        self.room_keeping = RoomKeeping(self)
        self.moderation = Moderation(self)
        self.stewards = Stewards(self)
        self.chores = Chores(self)
        self.scrubbing = Scrubbing(self)
        self.accounts.when_changed = self.door.take_over

    def open(self) -> None:
        """Open the archive and learn what there is."""
        rooms = self.archive.open(self.talk)
        self.accounts.open()
        self.roster.open()
        self.sanctions.open()
        self.moderation.open()
        charters = {key(one.room): one for one in self.archive.records(Charter)}
        inside = {*self.roster.rooms()}
        alive = {*charters, *inside}
        for known in rooms:
            if known.name.startswith("@"):
                self._reopen(known)
            elif known.time is not None or known.topic or key(known.name) in alive:
                self._reopen_room(known)
        for charter in charters.values():
            self.room(charter.room).charter = charter
        for name in inside - self.rooms.keys():
            if not name.startswith("@"):
                self._make_room(name)  # nothing was said there yet

    def _reopen_room(self, known: KeptRoom) -> None:
        room = self._make_room(known.name)
        room.last, room.time = known.last, known.time or 0.0
        room.empty_since = self.now() if known.time is None else known.time
        if known.topic:
            room.topic = Topic(room.name, known.topic, known.topic_by, known.topic_time)

    def _reopen(self, known: KeptRoom) -> None:
        """A conversation of which the lines may be kept, but not yet whose they are."""
        room = self._make_conversation(known.name)
        room.last, room.time = known.last, known.time or 0.0
        for id in both_in(known.name):
            if self.accounts.get(id) and self.roster.get(known.name, id) is None:
                self.roster.note(Member(known.name, id))

    async def close(self) -> None:
        """Take no more lines, keep and show what was said, say goodbye to everybody."""
        self.stopping = True
        self.chores.end()
        self.scrubbing.end()
        self.search.end()
        await self.archive.flush()
        for session in list(self.sessions):
            session.tell(Goodbye("The server is stopping; what was said is kept. Goodbye."))
            session.close()
        self.entry.note_what_is_read()
        await self.roster.save()

    def safely(self, act: Callable[..., T], *arguments: Any) -> T | None:
        """Do something for many, and go on with the rest if it fails, which gives None."""
        try:
            return act(*arguments)
        except Exception as error:
            self._report(error)
            return None

    @property
    def since(self) -> float:
        """Since when the service runs, as the time of day is now."""
        return self.now() - (self.clock.seconds() - self._begun)

    # Coming and going

    def connect(self, wire: Wire) -> Session:
        """A seat for somebody whose name is not known yet."""
        session = Session(wire, self.now())
        self.sessions.add(session)
        return session

    def seat(self, session: Session, user: User) -> None:
        """Make a session one of a user's."""
        session.user = user
        new = not user.sessions
        user.sessions.append(session)
        self.users[user.key] = user
        self.most_people = max(self.most_people, len(self.users))
        self.clients[session.client] = session
        if new:
            self.names.came(user.name)
            self.watchers.came(user.name)
        if user.account is not None:
            self.by_account[user.account.id] = user
            for member in self.roster.of_account(user.account.id):
                if member.room.startswith("@"):
                    self._sit_down(session, member)

    def _sit_down(self, session: Session, member: Member) -> None:
        room = self._make_conversation(member.room)
        others = (room.members.get(other, 0) for other in session.person.sessions)
        room.add(session, max(member.seen, *others))

    def unseat(self, session: Session) -> None:
        """Take a session from its user, who is gone with their last one."""
        user, trace = session.person, trace_of(session.person)
        user.sessions.remove(session)
        for room in list(session.conversations.values()):
            self.safely(self.entry.step_out, session, room, "")
        del self.clients[session.client]
        if not user.sessions:
            del self.users[user.key]
            self.names.went(user.name)
            if user.account is not None:
                self.by_account.pop(user.account.id, None)
            self.safely(self.gone, user, trace)

    def gone(self, user: User, trace: Trace) -> None:
        """Nobody goes by this user's name any more."""
        realname = "" if self.sight.is_silent_somewhere(user) else user.realname
        self.departed.note(user, self.now(), trace, realname)
        self.watchers.went(user.name)

    def quit(self, session: Session, words: str, tag: str | None = None) -> None:
        """Say goodbye once everything that was said is kept."""
        check_words(words)
        session.leaving = True
        session.hold(True)

        def part() -> None:
            name = f", {session.name}" if session.user else ""
            session.tell(Goodbye(f"Goodbye{name}. Thank you for coming."), tag)
            session.close()
            self.leave(session, words)

        session.once_settled(part)

    def leave(self, session: Session, words: str) -> None:
        """Take `session` out of everything and tell the others, whatever fails on the way."""
        if session not in self.sessions:
            return
        self.sessions.discard(session)
        session.leaving = True
        self.safely(self.watchers.forget, session)
        if session.user is None:
            return
        if self.sight.is_silent_somewhere(session.user):
            session.user.realname = ""  # which /whowas would show
        for room in list(session.rooms.values()):
            self.safely(self._leave_room, session, room, words)
        self.unseat(session)
        if session.in_flight:
            self.talk.orphans[session.client] = session.in_flight
        if not self.users and self.when_empty:
            self.when_empty()

    def _leave_room(self, session: Session, room: Room, words: str) -> None:
        silent = self.sanctions.mute_of(session, room) is not None
        self.entry.step_out(session, room, "" if silent else words)

    # Rooms

    def place(self, name: str) -> Room:
        """Return a room or conversation that has lines, or is about to.

        A room may have been removed while lines were on their way.
        """
        return self.conversations[name] if name.startswith("@") else self.room(name)

    def room(self, name: str) -> Room:
        """Return the room called `name`; make it if there is none."""
        name = room_name(name)
        return self.rooms.get(key(name)) or self._make_room(name)

    def _make_room(self, name: str) -> Room:
        members = self.roster.of_room(key(name))
        room = Room(name, self.archive, self.clock, self.start, members, self.sanctions)
        self.rooms[room.key] = room
        return room

    def _make_conversation(self, name: str) -> Conversation:
        if name not in self.conversations:
            self.conversations[name] = Conversation(
                name, self.archive, self.clock, self.start, self.accounts.name_of, self.now
            )
        return self.conversations[name]

    def conversation(self, one: Account, other: Account) -> Conversation:
        """That of two accounts, begun now if need be."""
        room = self._make_conversation(conversation_name(one.id, other.id))
        for account in (one, other):
            if self.roster.get(room.name, account.id) is None:
                self.roster.note(Member(room.name, account.id, seen=room.last, joined=room.last))
                user = self.by_account.get(account.id)
                for session in user.sessions if user else ():
                    room.add(session, room.last)
        return room

    def room_of(self, session: Session, name: str | None) -> Room:
        """The named room, or the one talked to; refused to those who are not in it."""
        if name is None:
            if session.here is None:
                raise Refused("no-room", "You are in no room. To enter one: /join #lobby")
            return session.here
        room = session.rooms.get(key(name)) or session.rooms.get(key(name := room_name(name)))
        if room is None:
            raise Refused("not-in-room", f"You are not in {name}. To enter it: /join {name}")
        return room

    def known_room(self, session: Session, name: str | None) -> Room:
        """Any room that one may know of: one need not be in it."""
        if name is None:
            return self.room_of(session, None)
        found = self.rooms.get(key(room_name(name)))
        if found is None or not may_see(session.person, found):
            raise Refused("no-such-room", f"There is no room {room_name(name)}. /rooms lists them.")
        return found

    async def set_topic(self, session: Session, room: Room, text: str) -> Topic:
        """Change what a room is about; everybody there is told."""
        check_words(text)
        mute = self.sanctions.mute_of(session, room)
        if mute is not None and not mute.quietly:
            raise self.sanctions.refusal(mute)
        check_topic(session.person, room, self.clock.seconds())
        topic = Topic(room.name, text, session.name, round(self.now(), 3))
        if mute is not None:  # who does not notice it
            return topic
        room.used = True
        try:
            await self.archive.set_topic(room.name, text, topic.by, topic.time)
        except ArchiveFailed as failed:
            raise Refused("not-kept", str(failed)) from None
        room.topic = topic
        room.announce(topic, but=session)
        return topic

    # People

    def find(self, name: str) -> User:
        """The person who is called so."""
        user = self.users.get(key(name))
        if user is None:
            raise Refused("no-such-person", f"There is nobody called {name} here.")
        return user

    def addressee(self, session: Session, name: str) -> User | Account:
        """To whom a private line can go: somebody here, or a registered person who is away."""
        user = self.users.get(key(name))
        account = self.accounts.find(name)
        if user is None and account is not None and session.person.account is not None:
            return self.by_account.get(account.id) or account
        return user or self.find(name)

    def tell_renamed(self, user: User, old: str) -> None:
        """Tell everybody who shares a room with somebody that they have another name now.

        Where they are muted, those who are not to read it see the old name leave.
        """
        told: set[Session] = set()
        revealing = []
        for room in user.rooms():
            if self._is_kept_back(user, room):
                room.conceal(user, old)
            elif user in room.unseen:
                revealing.append(room)
            else:
                told |= room.members.keys()
        event = Shared(Renamed(old, user.name))
        for each in told - set(user.sessions):
            each.announce(event)
        for room in revealing:
            room.reveal(user)

    def _is_kept_back(self, user: User, room: Room) -> bool:
        """Whether somebody in a room is not to read the name that `user` has just taken."""
        concealed = self.sanctions.conceals_change(user, room)
        return concealed and self.sight.is_silent_to_any(user, room)

    def reveal_unmuted(self) -> None:
        """Show those again whose name a mute kept back until it ended."""
        for room in self.rooms.values():
            for user in [each for each in room.unseen if not self.sanctions.silences(each, room)]:
                room.reveal(user)

    def tell_of(self, session: Session, event: Shared, crowds: bool = False) -> None:
        """Tell also who watches somebody closely, but in crowds nobody else."""
        rooms = [room for room in session.person.rooms() if crowds or not room.crowded]
        self._tell(rooms, session, event, self.watchers.closely(session.person))

    def _tell(
        self, rooms: list[Room], session: Session, event: Shared, others: Iterable[Session] = ()
    ) -> None:
        user = session.person
        if self.sanctions.silences(user, None):
            return
        heard = [room for room in rooms if not self.sanctions.silences(user, room)]
        told = {each for each in others if not self.sight.is_silent(user, each.person)}
        told |= {member for room in heard for member in room.members}
        for each in told - set(user.sessions):
            each.announce(event)

    def drained(self, session: Session) -> None:
        """A slow reader can be sent more: it reads on where it was."""
        if session.missed:
            session.missed = False
            session.tell(Missed())
        self.catch_up(session)

    def catch_up(self, session: Session) -> None:
        """Show a session what it has not been shown yet, of all its rooms."""
        for room in (*session.rooms.values(), *session.conversations.values()):
            room.catch_up(session)
