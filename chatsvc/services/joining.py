"""Joining and leaving rooms: what a user is shown on joining, and which rooms an account rejoins.

Permissions are checked in `permissions.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

from chatsvc.core.chat import CROWD, FIRST_ROOM, Room, Session, User
from chatsvc.core.directory import Directory
from chatsvc.core.happenings import Happenings
from chatsvc.core.membership import Membership
from chatsvc.model.records import Account, Member
from chatsvc.model.requests import Refused
from chatsvc.model.room_events import Entered, Exited
from chatsvc.model.text_rules import check_words, key, room_name
from chatsvc.policy.bans import BanList
from chatsvc.policy.permissions import check_enter, floor, may_have_host, needs_password
from chatsvc.services.history import HistoryReader
from chatsvc.services.hosting import Hosting
from chatsvc.services.new_rooms import NewRooms
from chatsvc.services.rooms import Rooms
from chatsvc.services.settings import ServiceSettings

MOST_ROOMS = 50  # maximum rooms of a user
MOST_FOUNDED = 20  # maximum rooms founded by one account
MOST_NEW = 200  # missed lines that are shown after reconnecting
MOST_REMEMBERED = 1000  # remembered guests of a room with rules


class Joining:
    """Lets sessions join and leave rooms."""

    def __init__(
        self,
        directory: Directory,
        rooms: Rooms,
        new_rooms: NewRooms,
        membership: Membership,
        bans: BanList,
        history: HistoryReader,
        hosting: Hosting,
        happenings: Happenings,
        settings: ServiceSettings,
        now: Callable[[], float],
    ) -> None:
        self._directory = directory
        self._rooms = rooms
        self._new_rooms = new_rooms
        self._membership = membership
        self._bans = bans
        self._history = history
        self._hosting = hosting
        self._happenings = happenings
        self._settings = settings
        self._now = now

    def enter(
        self,
        session: Session,
        name: str,
        after: int | None = None,
        last: int | None = None,
        opened: bool = False,
    ) -> Entered:
        """Let `session` join a room, together with its user's other sessions.

        It is shown the lines after a number, or the last ones, as far as it may read them; `opened`
        says that it has given the room's password.
        """
        made = self._directory.room(room_name(name))
        room = made if made is not None and session in made.members else None
        if room is None:
            self.check_rooms(session.person, {made.key if made else key(room_name(name))})
            room = made or self._new_rooms.make(session, name)
            try:
                self._check_may_enter(session, room, opened)
            except Refused:
                self._forget_if_empty(room)
                raise
            if after is None:
                show = self._settings.show_history if last is None else last
                self._take_in(session, room, session.left.get(room.key, 0), show)
            else:
                self._take_in(session, room, after)
        session.here, session.target = room, None
        return self.entered(session, room)

    def _check_may_enter(self, session: Session, room: Room, opened: bool) -> None:
        ban = self._bans.ban_of(session, room)
        if ban is not None:
            raise self._bans.refusal(ban)
        self._bans.check_not_renamed(session, room)
        with _expected_again(session, room):
            check_enter(session.person, room, admitted=self._bans.admits(session, room))
            if needs_password(session.person, room) and not opened:
                raise Refused(
                    "room-password", f"{room.name} requires a password: /join {room.name} password"
                )

    def may_be_in(self, session: Session, room: Room) -> bool:
        """Return whether a member of a room could join it now."""
        try:
            self._check_may_enter(session, room, opened=False)
        except Refused:
            return False
        return True

    def _take_in(self, session: Session, room: Room, seen: int, backlog: int | None = None) -> None:
        user, account = session.person, session.person.account
        new = room.forgotten
        if account is not None:
            self._note_member(account, room)
        if new and may_have_host(room):
            room.temporary.make_host(user)
        if room.charter is not None:
            self._note_guest(session, room)
        room.invited.discard(session.client)
        room.add(session, max(seen, floor(session, room)), backlog)
        self.bring_others(session, room)

    def bring_others(self, session: Session, room: Room) -> None:
        """Let the user's other sessions that are in rooms join this one too."""
        for other in session.person.sessions:
            if other not in room.members and other.here is not None:
                if room.charter is not None:
                    self._note_guest(other, room)
                room.add(other, room.last)
                other.tell(self.entered(other, room))

    def check_rooms(self, user: User, more: Iterable[str]) -> None:
        """Refuse a user more rooms than the maximum, over all connections."""
        rooms = {one for session in user.sessions for one in session.rooms}
        if user.account is not None:
            rooms |= {one.room for one in self._inside(user.account)}
        new = set(more) - rooms
        if new and len(rooms) + len(new) > MOST_ROOMS:
            raise Refused(
                "too-many-rooms",
                f"You are already in {MOST_ROOMS} rooms, the maximum. Leave one first: /leave",
            )

    def _note_member(self, account: Account, room: Room) -> None:
        member = self._membership.get(room.key, account.id)
        if member is None:
            founds = room.forgotten and room.key != key(FIRST_ROOM)
            role = "founder" if founds and self.may_found(account) else "member"
            member = Member(room.key, account.id, role, joined=room.last, seen=room.last)
            self._membership.note(member)
        elif not member.inside:
            self._membership.note(replace(member, inside=True, joined=room.last))

    def may_found(self, account: Account) -> bool:
        """Return whether an account may found another room."""
        members = self._membership.of_account(account.id)
        return sum(member.role == "founder" for member in members) < MOST_FOUNDED

    def _note_guest(self, session: Session, room: Room) -> None:
        """Remember for a guest what a member's record stores for others."""
        client = session.client
        if room.rules.history == "none" or client not in room.floors:
            room.floors[client] = room.last
        room.passes[client] = None
        if max(len(room.floors), len(room.passes)) > MOST_REMEMBERED:
            self._forget_oldest(room)

    def forget_floors(self, user: User, room: Room) -> None:
        """Treat a user who leaves a room permanently as a newcomer if they return."""
        for session in user.sessions:
            room.floors.pop(session.client, None)

    def _forget_oldest(self, room: Room) -> None:
        """Forget guests who are not in a room; others keep their limits on what they may read."""
        present = {session.client for session in room.members}
        for remembered in (room.floors, room.passes):
            gone = (client for client in remembered if client not in present)
            for client in list(islice(gone, max(0, len(remembered) - MOST_REMEMBERED))):
                del remembered[client]  # type: ignore[attr-defined]

    def entered(self, session: Session, room: Room, new: int = 0) -> Entered:
        """Return the event that tells a session that it has joined a room."""
        topic = room.topic.text if room.topic else ""
        people = room.seen_by(session.person)
        others = (user.name for user in people if user is not session.user)
        names = tuple(islice(others, CROWD))
        count = len(people)
        read, time = self._history.mark(session, room)
        return Entered(
            room=room.name,
            topic=topic,
            names=names,
            count=count,
            last=room.last,
            name=session.name,
            new=new or None,
            read=read or None,
            read_time=time or None,
            topic_by=room.topic.by if room.topic else "",
            topic_time=room.topic.time if room.topic else None,
            role="host" if room.temporary.host is session.user else "",
            former=tuple(sorted(room.former)),
            stamp=room.log.latest(room, session.name),
        )

    def _inside(self, account: Account) -> list[Member]:
        members = self._membership.of_account(account.id)
        return [one for one in members if one.inside and not one.room.startswith("@")]

    def belongs_to(self, account: Account) -> list[tuple[Room, Member]]:
        """Return the rooms that an account is in, or rejoins; no conversations."""
        inside = self._inside(account)[:MOST_ROOMS]
        return [(self._rooms.room(member.room), member) for member in inside]

    def come_back(self, session: Session) -> list[Entered]:
        """Let a session rejoin all rooms of its account, and show what it has missed."""
        account = session.person.account
        assert account is not None
        entered = []
        for room, member in self.belongs_to(account):
            if session in room.members or self._bans.ban_of(session, room):
                continue
            if room.charter is not None:
                self._note_guest(session, room)
            new = max(0, room.last - max(self._shown(session, member, room), floor(session, room)))
            self._take_in(session, room, room.last - min(new, MOST_NEW))
            entered.append(self.entered(session, room, new))
        return entered

    def _shown(self, session: Session, member: Member, room: Room) -> int:
        """Return the number of the last line that a user was shown over any connection."""
        others = (room.members.get(other, 0) for other in session.person.sessions)
        return max(member.seen, *others)

    def exit(self, session: Session, room: Room, words: str = "") -> Exited:
        """Remove a user's sessions from a room; the others see the parting words."""
        check_words(words)
        silent = self._bans.mute_of(session, room) is not None
        user = session.person
        if user.account is not None:
            self.no_longer_inside(user.account, room, invited=not self._bans.admits(session, room))
        self.forget_floors(user, room)
        for other in user.sessions:
            if other is not session and other in room.members:
                self.step_out(other, room, "")
                other.tell(Exited(room.name, other.here.name if other.here else None))
        self.step_out(session, room, "" if silent else words)
        here = session.here.name if session.here else None
        return Exited(room.name, here, stamp=room.log.latest(room, session.name))

    def no_longer_inside(self, account: Account, room: Room, invited: bool = True) -> None:
        """Stop an account from rejoining by itself; keep an invitation only if `invited`."""
        member = self._membership.get(room.key, account.id)
        if member is None:
            return
        user = self._directory.by_account.get(account.id)
        if user is not None:
            self._history.keep_marks(user, room)
        if member.role == "member" and not (invited and room.rules.invite_only):
            self._membership.forget(member)
        else:
            self._membership.note(replace(member, inside=False))

    def step_out(
        self, session: Session, room: Room, words: str, told: bool = False, lost: bool = False
    ) -> None:
        """Remove one session from a room; tell the others, unless they know.

        With `lost`, its connection is lost: its client may return to its role there.
        """
        account = session.person.account
        if account is not None:
            self._membership.read(room.key, account.id, room.members[session])
        left = {**session.left, room.key: room.members[session]}
        session.left = dict(islice(left.items(), max(0, len(left) - MOST_ROOMS), None))
        room.remove(session, words, told, lost)
        room.empty_since = self._now()
        self._hosting.emptied(room)
        self._forget_if_empty(room)

    def _forget_if_empty(self, room: Room) -> None:
        if room.forgotten and self._directory.rooms.get(room.key) is room:
            del self._directory.rooms[room.key]
            for member in list(room.roster.values()):
                self._membership.forget(member)
            self._membership.let_go(room.key)
            self._happenings.forget(room.key)

    def note_what_is_read(self) -> None:
        """Note for every account the last line that it has been shown in each room."""
        for id, user in self._directory.by_account.items():
            for session in user.sessions:
                for room in (*session.rooms.values(), *session.conversations.values()):
                    self._membership.read(room.key, id, room.members[session])


@contextmanager
def _expected_again(session: Session, room: Room) -> Iterator[None]:
    """Exempt returning members from invitation and password, but not from the other rules."""
    client = session.client
    if client not in room.passes or client in room.invited:
        yield
        return
    room.invited.add(client)
    try:
        yield
    finally:
        room.invited.discard(client)
