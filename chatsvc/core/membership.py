"""Which accounts belong to which rooms, their roles and read positions.  No permissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chatsvc.core.timer import Timer
from chatsvc.model.records import Member
from chatsvc.store.archive import ArchiveFailed, Records, Start

SOON = 1.0  # seconds until a read position is saved


class Membership:
    """All `Member` records, by room and by account."""

    def __init__(self, records: Records, clock: Timer, start: Start) -> None:
        self._records = records
        self._clock = clock
        self._start = start
        self._rooms: dict[str, dict[str, Member]] = {}
        self._accounts: dict[str, dict[str, Member]] = {}
        self._unsaved: dict[tuple[str, str], tuple[Member, bool]] = {}  # and whether it was removed
        self._waiting = False

    def open(self) -> None:
        """Load the members; the archive is open."""
        for member in self._records.records(Member):
            self._enter(member)

    def _enter(self, member: Member) -> None:
        self._rooms.setdefault(member.room, {})[member.account] = member
        self._accounts.setdefault(member.account, {})[member.room] = member

    def rooms(self) -> list[str]:
        """Return the rooms that an account is in, or returns to."""
        rooms = self._rooms.items()
        return [room for room, some in rooms if any(one.inside for one in some.values())]

    def of_room(self, room: str) -> Mapping[str, Member]:
        """Return a room's members by account; the mapping stays current."""
        return self._rooms.setdefault(room, {})

    def let_go(self, room: str) -> None:
        """Forget a room whose members were removed."""
        self._rooms.pop(room, None)

    def rename(self, room: str, new: str) -> None:
        """Give a room another key, as the archive has."""
        roster = self._rooms.pop(room, {})
        for account, member in roster.items():
            del self._accounts[account][room]
            roster[account] = self._accounts[account][new] = replace(member, room=new)
        self._rooms[new] = roster
        for account in [account for where, account in self._unsaved if where == room]:
            member, gone = self._unsaved.pop((room, account))
            self._unsaved[new, account] = replace(member, room=new), gone

    def of_account(self, account: str) -> list[Member]:
        """Return the memberships of an account."""
        return list(self._accounts.get(account, {}).values())

    def accounts(self) -> list[str]:
        """Return the ids of all accounts that belong to any room."""
        return [account for account, members in self._accounts.items() if members]

    def get(self, room: str, account: str) -> Member | None:
        """Return an account's place in a room, if it has one."""
        return self._rooms.get(room, {}).get(account)

    def note(self, member: Member) -> None:
        """Store a member at once in memory, and in the archive soon."""
        self._enter(member)
        self._save(member, gone=False)

    def forget(self, member: Member) -> None:
        """Remove a member at once from memory, and from the archive soon."""
        self._rooms.get(member.room, {}).pop(member.account, None)
        self._accounts.get(member.account, {}).pop(member.room, None)
        self._save(member, gone=True)

    def _save(self, member: Member, gone: bool, after: float = 0.0) -> None:
        self._unsaved[member.room, member.account] = member, gone
        if not self._waiting or not after:
            self._waiting = True
            self._clock.callLater(after, lambda: self._start(self.save()))

    async def keep(self, member: Member) -> None:
        """Store a new member, on the disk when this returns; undo it if that fails."""
        self._enter(member)  # at once, so that changes meanwhile are not undone
        self._unsaved.pop((member.room, member.account), None)
        try:
            await self._records.put(member)
        except ArchiveFailed:
            if self.get(member.room, member.account) is member:
                self.forget(member)
            raise

    def read(self, room: str, account: str, number: int) -> None:
        """Note the last line that an account was shown in a room."""
        member = self.get(room, account)
        if member is not None and number > member.seen:
            seen = replace(member, seen=number)
            self._enter(seen)
            self._save(seen, gone=False, after=SOON)

    async def save(self) -> None:
        """Save the noted changes; what cannot be saved now is retried with the next."""
        self._waiting = False
        unsaved, self._unsaved = self._unsaved, {}
        if not unsaved:
            return
        try:
            await self._records.put(*(member for member, gone in unsaved.values() if not gone))
            await self._records.drop(
                *(m for m, gone in unsaved.values() if gone and not self._has(m))
            )
        except ArchiveFailed:
            for member, _ in unsaved.values():  # which may have changed and been saved meanwhile
                known = self.get(member.room, member.account)
                self._unsaved[member.room, member.account] = known or member, known is None

    def _has(self, member: Member) -> bool:
        return self.get(member.room, member.account) is not None
