"""All rooms and conversations: loaded from the archive, created, and found by name.

Permissions to create or join them are checked elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from chatsvc.auth.accounts import Accounts
from chatsvc.core.chat import Room
from chatsvc.core.direct import DirectConversation, both_in, conversation_name
from chatsvc.core.directory import Directory
from chatsvc.core.membership import Membership
from chatsvc.core.room_log import RoomLog
from chatsvc.core.timer import Timer
from chatsvc.model.records import Account, FormerName, Member, RoomRules
from chatsvc.model.room_events import Topic
from chatsvc.model.text_rules import key, room_name
from chatsvc.policy.bans import BanList
from chatsvc.store.archive import KeptRoom, Lines, Records, Start


class Rooms:
    """Creates rooms and conversations."""

    def __init__(
        self,
        directory: Directory,
        lines: Lines,
        records: Records,
        accounts: Accounts,
        membership: Membership,
        bans: BanList,
        clock: Timer,
        now: Callable[[], float],
        start: Start,
        described: Collection[str],
        log: RoomLog,
    ) -> None:
        self._directory = directory
        self._lines = lines
        self._records = records
        self._accounts = accounts
        self._membership = membership
        self._bans = bans
        self._clock = clock
        self._now = now
        self._start = start
        self._described = described  # the keys of rooms with metadata
        self._log = log

    def open(self, known_rooms: Iterable[KeptRoom]) -> None:
        """Create the rooms and conversations that the archive has stored."""
        charters = {key(one.room): one for one in self._records.records(RoomRules)}
        inside = {*self._membership.rooms()}
        former = {one.name: one.room for one in self._records.records(FormerName)}
        alive = {*charters, *inside, *self._described, *former.values()}
        for known in known_rooms:
            if known.name.startswith("@"):
                self._reopen(known)
            elif known.time is not None or known.topic or key(known.name) in alive:
                self._reopen_room(known)
        for charter in charters.values():
            self.room(charter.room).charter = charter
        for name in {*inside, *self._described} - self._directory.rooms.keys():
            if name.startswith("#"):
                room = self._make_room(name)  # nothing was said there yet
                room.empty_since = self._now()
        self._directory.former.update(former)
        for name, present in former.items():
            self._directory.rooms[present].former.add(name)

    def _reopen_room(self, known: KeptRoom) -> None:
        room = self._make_room(known.name)
        room.last, room.time = known.last, known.time or 0.0
        room.empty_since = self._now() if known.time is None else known.time
        if known.topic:
            room.topic = Topic(room.name, known.topic, known.topic_by, known.topic_time)

    def _reopen(self, known: KeptRoom) -> None:
        """Restore a conversation whose lines may be stored, although its members are not yet."""
        room = self.conversation_at(known.name)
        room.last, room.time = known.last, known.time or 0.0
        for id in both_in(known.name):
            if self._accounts.get(id) and self._membership.get(known.name, id) is None:
                self._membership.note(Member(known.name, id))

    def place(self, name: str) -> Room:
        """Return a room or conversation that has lines, or will have some.

        A room may have been removed while lines were on their way.
        """
        return self._directory.conversations[name] if name.startswith("@") else self.room(name)

    def room(self, name: str) -> Room:
        """Return the room called `name`; create it if there is none."""
        name = room_name(name)
        return self._directory.room(name) or self._make_room(name)

    def _make_room(self, name: str) -> Room:
        room = Room(
            name=name,
            lines=self._lines,
            clock=self._clock,
            start=self._start,
            roster=self._membership.of_room(key(name)),
            mutes=self._bans,
            log=self._log,
        )
        room.made = self._now()
        room.described = room.key in self._described
        self._directory.rooms[room.key] = room
        return room

    def conversation_at(self, name: str) -> DirectConversation:
        """Return the conversation with this name in the archive; create it if there is none."""
        if name not in self._directory.conversations:
            self._directory.conversations[name] = DirectConversation(
                name=name,
                lines=self._lines,
                clock=self._clock,
                start=self._start,
                name_of=self._accounts.name_of,
                nick_of=self._nick_of,
                now=self._now,
            )
        return self._directory.conversations[name]

    def _nick_of(self, id: str) -> str:
        """Return the present name of an account's user, or else the account's."""
        user = self._directory.by_account.get(id)
        return user.name if user is not None else self._accounts.name_of(id)

    def conversation(self, one: Account, other: Account) -> DirectConversation:
        """Return the conversation of two accounts; create it if necessary."""
        room = self.conversation_at(conversation_name(one.id, other.id))
        for account in (one, other):
            if self._membership.get(room.name, account.id) is None:
                self._membership.note(
                    Member(room.name, account.id, seen=room.last, joined=room.last)
                )
                user = self._directory.by_account.get(account.id)
                for session in user.sessions if user else ():
                    room.add(session, room.last)
        return room
