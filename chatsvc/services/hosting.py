"""What a room's host has set, which ends when the room is empty, unless an account founded it."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from chatsvc.core.chat import Room, User
from chatsvc.core.directory import Directory
from chatsvc.core.membership import Membership
from chatsvc.core.timer import Timer
from chatsvc.model.records import Member, RoomRules
from chatsvc.policy.bans import BanList
from chatsvc.policy.permissions import is_temporary, may_have_host
from chatsvc.store.archive import ArchiveFailed, Records, Start


class Hosting:
    """Notes which rooms have a host's settings, and ends these."""

    def __init__(
        self,
        directory: Directory,
        membership: Membership,
        bans: BanList,
        records: Records,
        clock: Timer,
        start: Start,
    ) -> None:
        self._directory = directory
        self._membership = membership
        self._bans = bans
        self._records = records
        self._clock = clock
        self._start = start

    def open(self) -> None:
        """End the settings of hosts from before the restart, which has emptied all rooms."""
        for room in list(self._directory.rooms.values()):
            self._end(room)

    async def note_setting(self, user: User, room: Room) -> None:
        """Note, before it is stored, that a user's change of the room's rules or bans will end."""
        if self.is_by_host(user, room) and not room.rules.hosted:
            room.charter = replace(room.rules, hosted=True)
            await self._records.put(room.charter)

    def is_by_host(self, user: User, room: Room) -> bool:
        """Return whether what a user sets in a room ends with the host's settings."""
        return may_have_host(room) and is_temporary(user, room)

    def keep(self, room: Room) -> None:
        """Keep the settings permanently: the room has a founder, and no host any more."""
        room.temporary.make_host(None)
        if room.charter is not None and room.charter.hosted:
            room.charter = replace(room.charter, hosted=False)
            self._start(self._store(room))

    def emptied(self, room: Room) -> None:
        """End a host's settings when the host can no longer return to an empty room."""
        if room.members or not room.rules.hosted:
            return
        wait = room.temporary.awaited(self._clock.seconds())
        if wait > 0:
            self._clock.callLater(wait, lambda: self.emptied(room))
        elif self._directory.rooms.get(room.key, room) is room:
            self._end(room)

    def _end(self, room: Room) -> None:
        rules = room.rules
        if not rules.hosted:
            return
        sealed = room.last if _restricts(rules) else rules.sealed
        remaining = RoomRules(room.name, sealed=sealed)
        room.charter = remaining if sealed else None
        room.passes.clear()
        room.invited.clear()
        for member in [one for one in room.roster.values() if _is_invited(one)]:
            self._membership.forget(member)
        self._start(self._store(room))

    async def _store(self, room: Room) -> None:
        """Store a room's rules as they are now; what fails is repeated after a restart."""
        with contextlib.suppress(ArchiveFailed):
            if not room.rules.hosted and not room.founded:
                await self._bans.remove(self._bans.all(room))
            await self._records.put(room.rules)
            if room.charter is None:
                await self._records.drop(room.rules)


def _restricts(rules: RoomRules) -> bool:
    """Return whether not everybody could read what was said in a room."""
    closed = rules.password or rules.invite_only or rules.registered_only or rules.hidden
    return bool(closed) or rules.history != "all"


def _is_invited(member: Member) -> bool:
    return member.role == "member" and not member.inside
