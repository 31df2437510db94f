"""Who is here, who may, who hears what: the shared client table and its rules.

No bytes, no SQL, no reactor.  A line goes `say` → archive → `kept` → `Room.show`.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice

from chatsvc import __version__
from chatsvc.archive import Archive, ArchiveFailed, Commit, Start
from chatsvc.events import (
    Away,
    Batch,
    Entered,
    Exited,
    Goodbye,
    Kept,
    Line,
    Missed,
    Person,
    Place,
    Refusal,
    Refused,
    Renamed,
    Said,
    Shared,
    Told,
    Topic,
    Welcome,
)
from chatsvc.room import CROWD, Room, Timer, portions
from chatsvc.rules import (
    LONGEST_LINE,
    LONGEST_NAME,
    LONGEST_TEXT,
    check_name,
    check_text,
    check_words,
    key,
    room_name,
)
from chatsvc.session import Session, User, Wire

MOST_ROOMS = 50  # a person can be in
MOST_ROOMS_HERE = 10_000
MOST_IGNORED = 100  # people, by one person
FIRST_ROOM = "#lobby"
IN_FLIGHT = 32  # lines of one session on their way to the archive
BUSY = 10_000  # lines on their way in all, beyond which each session may have one
PIECE = 400  # readers who are shown something before others have a turn
KNOCKS = 10  # refusals at the door before it is shut

LIMITS = {
    "text": LONGEST_TEXT,
    "line": LONGEST_LINE,
    "rooms": MOST_ROOMS,
    "in_flight": IN_FLIGHT,
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the one who runs the service chooses."""

    name: str = "chatsvc"
    motd: str = ""
    password: str | None = None
    show_history: int = 20
    leave_on_empty_line: bool = False


class Hub:
    """Every session, user and room of this node."""

    def __init__(
        self, archive: Archive, clock: Timer, start: Start, settings: Settings | None = None
    ) -> None:
        self.archive = archive
        self.clock = clock
        self.start = start
        self.settings = settings or Settings()
        self.sessions: set[Session] = set()
        self.users: dict[str, User] = {}
        self.seats: dict[User, Session] = {}
        self.clients: dict[str, Session] = {}
        self.rooms: dict[str, Room] = {}
        self.orphans: dict[str, int] = {}  # lines on their way of clients that have left
        self.stopping = False
        self._guests = count(1)
        self.watch: Callable[[Said], None] | None = None
        self.when_empty: Callable[[], None] | None = None

    def open(self) -> None:
        """Open the archive and learn which rooms there are."""
        for known in self.archive.open(self):
            room = self._make_room(known.name)
            room.last = known.last
            if known.topic:
                room.topic = Topic(room.name, known.topic, known.topic_by, known.topic_time)

    async def close(self) -> None:
        """Take no more lines, keep and show what was said, say goodbye to everybody."""
        self.stopping = True
        await self.archive.flush()
        for session in list(self.sessions):
            session.tell(Goodbye("The server is stopping; what was said is kept. Goodbye."))
            session.wire.close()

    # Coming and going

    def connect(self, wire: Wire) -> Session:
        """A seat for somebody whose name is not known yet."""
        session = Session(wire)
        self.sessions.add(session)
        return session

    def hello(
        self, session: Session, name: str, password: str | None, client: str | None
    ) -> Welcome:
        """Let `session` in under a name; refused with a free name when that one is taken."""
        if client is not None and not (8 <= len(client) <= 64 and client.isprintable()):
            raise Refused("bad-argument", "A client is a secret of 8 to 64 printable characters.")
        name = name or session.suggestion or self._guest_name()
        check_name(name)
        ghost = self.clients.get(client) if client else None
        if ghost is None or key(ghost.name) != key(name):
            self._check_free(name)
        self._check_password(session, name, password)
        if ghost:
            ghost.tell(Goodbye("You have come back over another connection."))
            ghost.wire.close()
            self.leave(ghost, "")
        user = ghost.user if ghost else None
        if user is None or user.name != name:
            user = User(name, self.clock.seconds())
        return self._admit(session, user, client or secrets.token_urlsafe(9))

    def _admit(self, session: Session, user: User, client: str) -> Welcome:
        now = self.clock.seconds()
        session.user, session.client = user, client
        session.in_flight = self.orphans.pop(client, 0)
        session.question = session.suggestion = session.door = None
        self.users[user.key] = user
        self.seats[user] = session
        self.clients[client] = session
        software = f"chatsvc {__version__}"
        return Welcome(
            self.settings.name, software, user.name, client, now, self.settings.motd, LIMITS
        )

    def _check_free(self, name: str) -> None:
        if key(name) in self.users:
            raise Refused("name-taken", f"{name} is here already.", self._free_name(name))

    def _check_password(self, session: Session, name: str, password: str | None) -> None:
        wanted = self.settings.password
        if wanted is None:
            return
        session.door = name
        if password is None:
            raise Refused("password-needed", "This chat has a password.")
        if not hmac.compare_digest(password.strip().encode(), wanted.encode()):
            raise Refused("wrong-password", "That is not the password.")

    def _guest_name(self) -> str:
        return next(name for n in self._guests if key(name := f"guest-{n}") not in self.users)

    def _free_name(self, name: str) -> str:
        stem = name[: LONGEST_NAME - 5].rstrip("0123456789") or "guest-"
        return next(free for n in count(2) if key(free := f"{stem}{n}") not in self.users)

    def knock(self, session: Session) -> None:
        """Count a refusal at the door; after some the door is shut."""
        session.knocks += 1
        if session.knocks >= KNOCKS:
            session.tell(Goodbye("That did not work. You are welcome to try again later."))
            session.wire.close()

    def quit(self, session: Session, words: str, tag: str | None = None) -> None:
        """Say goodbye once everything that was said is kept."""
        check_words(words)
        session.leaving = True
        session.wire.hold(True)

        def part() -> None:
            name = f", {session.name}" if session.user else ""
            session.tell(Goodbye(f"Goodbye{name}. Thank you for coming."), tag)
            session.wire.close()
            self.leave(session, words)

        session.once_settled(part)

    def leave(self, session: Session, words: str) -> None:
        """Take `session` out of everything; the others are told."""
        if session not in self.sessions:
            return
        self.sessions.discard(session)
        for room in list(session.rooms.values()):
            self._step_out(session, room, words)
        user = session.user
        if user is None:
            return
        del self.clients[session.client], self.seats[user], self.users[user.key]
        if session.in_flight:
            self.orphans[session.client] = session.in_flight
        if not self.users and self.when_empty:
            self.when_empty()

    # Rooms

    def room(self, name: str) -> Room:
        """The room that is called so, made now if need be."""
        name = room_name(name)
        room = self.rooms.get(key(name))
        if room is None:
            if len(self.rooms) >= MOST_ROOMS_HERE:
                raise Refused("too-many-rooms", "There are too many rooms here. /rooms lists them.")
            room = self._make_room(name)
        return room

    def _make_room(self, name: str) -> Room:
        room = Room(name, self.archive, self.clock, self.start)
        self.rooms[room.key] = room
        return room

    def room_of(self, session: Session, name: str | None) -> Room:
        """The named room, or the one talked to; refused to those who are not in it."""
        if name is None:
            if session.here is None:
                raise Refused("no-room", "You are in no room. To enter one: /join #lobby")
            return session.here
        name = room_name(name)
        room = session.rooms.get(key(name))
        if room is None:
            raise Refused("not-in-room", f"You are not in {name}. To enter it: /join {name}")
        return room

    def enter(self, session: Session, name: str, after: int | None, last: int | None) -> Entered:
        """Make `session` a member who is shown the lines after a number, or the last ones."""
        room = session.rooms.get(key(room_name(name)))
        if room is None:
            if len(session.rooms) >= MOST_ROOMS:
                raise Refused("too-many-rooms", f"You are in {MOST_ROOMS} rooms. /leave one first.")
            room = self.room(name)
            show = self.settings.show_history if last is None else last
            room.add(session, room.last - show if after is None else after)
        session.here, session.target = room, None
        return self._entered(session, room)

    def _entered(self, session: Session, room: Room) -> Entered:
        topic = room.topic.text if room.topic else ""
        others = (name for name in room.names() if name != session.name)
        names = tuple(islice(others, CROWD))
        return Entered(room.name, topic, names, len(room.members), room.last, session.name)

    def exit(self, session: Session, room: Room) -> Exited:
        """Take `session` out of one room."""
        self._step_out(session, room, "")
        return Exited(room.name, session.here.name if session.here else None)

    def _step_out(self, session: Session, room: Room, words: str) -> None:
        room.remove(session, words)
        if room.forgotten:
            del self.rooms[room.key]

    def places(self) -> tuple[Place, ...]:
        """The rooms, most people first."""
        places = [
            Place(room.name, len(room.members), room.topic.text if room.topic else "", room.last)
            for room in self.rooms.values()
        ]
        return tuple(sorted(places, key=lambda place: (-place.count, place.room)))

    async def set_topic(self, session: Session, room: Room, text: str) -> Topic:
        """Change what a room is about; everybody there is told."""
        check_words(text)
        topic = Topic(room.name, text, session.name, round(self.clock.seconds(), 3))
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

    def person(self, user: User, rooms: bool = False) -> Person:
        """What everybody may know of somebody."""
        idle = self.clock.seconds() - user.active
        names = tuple(room.name for room in self.seats[user].rooms.values()) if rooms else ()
        return Person(user.name, user.since, round(idle, 3), user.away, names)

    def rename(self, session: Session, name: str) -> Renamed:
        """Give a person another name; everybody who shares a room is told."""
        user = session.user
        assert user is not None
        check_name(name)
        if key(name) != user.key:
            self._check_free(name)
        old = user.name
        del self.users[user.key]
        self._ignore_under_new_name(user.key, name)
        user.name, user.key = name, key(name)
        self.users[user.key] = user
        self._tell_neighbours(session, Shared(Renamed(old, name)))
        return Renamed(old, name, own=True)

    def _ignore_under_new_name(self, old: str, name: str) -> None:
        for user in self.users.values():
            if user.ignores and old in user.ignores:
                if len(user.ignores) >= MOST_IGNORED:
                    del user.ignores[old]
                user.ignores[key(name)] = name

    def ignore(self, user: User, name: str) -> None:
        """Hide somebody's lines from `user`, now and under their later names."""
        check_name(name)
        if key(name) == user.key:
            raise Refused("yourself", "You cannot ignore yourself.")
        if user.ignores is None:
            user.ignores = {}
        if len(user.ignores) >= MOST_IGNORED:
            raise Refused("too-many", f"You ignore {MOST_IGNORED} people: /unignore one first.")
        user.ignores[key(name)] = name

    def set_away(self, session: Session, reason: str | None) -> Away:
        """Mark a person as away, or (None) back."""
        check_words(reason or "")
        user = session.user
        assert user is not None
        user.away = reason
        self._tell_neighbours(session, Shared(Away(user.name, reason)), crowds=False)
        return Away(user.name, reason, own=True)

    def _tell_neighbours(self, session: Session, event: Shared, crowds: bool = True) -> None:
        rooms = [room for room in session.rooms.values() if crowds or not room.crowded]
        neighbours = {member for room in rooms for member in room.members}
        for neighbour in neighbours - {session}:
            neighbour.announce(event)

    # What people say

    def tell(self, session: Session, user: User, text: str, action: bool = False) -> Told:
        """Give a private line to one person; it is not kept."""
        check_text(text)
        reader = self.seats[user]
        if reader.ignores(session.name):
            raise Refused("ignored", f"{user.name} takes no private lines from you.")
        if reader.wire.full:
            raise Refused("slow", f"{user.name} is not reading just now. It was not sent.")
        now = self._active(session)
        reader.whispered = session.user
        reader.tell(Told(session.name, user.name, text, now, action))
        return Told(session.name, user.name, text, now, action, own=True)

    def say(
        self, session: Session, room: Room, text: str, action: bool = False, tag: str | None = None
    ) -> None:
        """Hand a line to the archive; `kept` shows it, or `not_kept` refuses it."""
        check_text(text)
        if self.stopping:
            raise Refused("stopping", "The server is stopping. It was not sent.")
        now = self._active(session)
        room.used = True
        session.in_flight += 1
        if session.in_flight >= IN_FLIGHT or self.archive.waiting > BUSY:
            session.wire.hold(True)
        self.archive.keep(Line(room.name, now, session.name, text, action, session.client, tag))

    def _active(self, session: Session) -> float:
        user = session.user
        assert user is not None
        user.active = now = round(self.clock.seconds(), 3)  # as exactly as it is kept
        return now

    def kept(self, commit: Commit) -> Iterator[None]:
        """Show what a commit has kept; its senders know by that, or are told."""
        for again, number in commit.again:
            self._settle_again(again, number)
        readers = 0
        for name, lines in commit.said.items():
            if readers > PIECE:
                yield
                readers = 0
            room = self.rooms[key(name)]  # a room that was used is not forgotten
            readers += len(room.members)
            for portion in portions(lines):
                batch = Batch(portion)
                room.show(batch)
                self._settle(room, batch)
            if self.watch:
                for line in lines:
                    self.watch(line)

    def _settle(self, room: Room, batch: Batch) -> None:
        for client, positions in batch.said_by.items():
            session = self.clients.get(client)
            if session is not None:
                if session not in room.members:  # it will not be shown them
                    for position in positions:
                        self._acknowledge(session, room, batch.lines[position])
                session.settle(len(positions))
            else:
                self._settle_orphan(client, len(positions))

    def _settle_orphan(self, client: str, count: int) -> None:
        left = self.orphans.pop(client, 0) - count
        if left > 0:
            self.orphans[client] = left

    def _acknowledge(self, session: Session, room: Room, line: Said) -> None:
        if line.tag is not None:
            session.tell(Kept(room.name, line.number), line.tag)

    def _settle_again(self, line: Line, number: int) -> None:
        room, session = self.rooms[key(line.room)], self.clients.get(line.client)
        if session is not None:
            if room.members.get(session, number) >= number:  # it has been shown it
                session.tell(Kept(room.name, number), line.tag)
            session.settle()
        else:
            self._settle_orphan(line.client, 1)

    def not_kept(self, lines: list[Line], reason: str) -> None:
        """Refuse lines that the archive could not keep."""
        for line in lines:
            session = self.clients.get(line.client)
            if session is not None:
                text = f"{reason} Not sent: {line.text}"
                session.tell(Refusal("not-kept", text), line.tag)
                session.settle()
            else:
                self._settle_orphan(line.client, 1)

    def drained(self, session: Session) -> None:
        """A slow reader can be sent more: it reads on where it was."""
        if session.missed:
            session.missed = False
            session.tell(Missed())
        for room in session.rooms.values():
            room.catch_up(session)
