"""Which accounts belong to which rooms, in which roles, and how far they have read.  No rights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chatsvc.core.timer import Timer
from chatsvc.model.records import Member
from chatsvc.store.archive import ArchiveFailed, Records, Start

SOON = 1.0  # seconds after which it is saved how far somebody has read


class Membership:
    """Every `Member` there is, by room and by account."""

    def __init__(self, records: Records, clock: Timer, start: Start) -> None:
        self._records = records
        self._clock = clock
        self._start = start
        self._rooms: dict[str, dict[str, Member]] = {}
        self._accounts: dict[str, dict[str, Member]] = {}
        self._unsaved: dict[tuple[str, str], tuple[Member, bool]] = {}  # and whether it is gone
        self._waiting = False

    def open(self) -> None:
        """Learn who belongs where; the archive is open."""
        for member in self._records.records(Member):
            self._enter(member)

    def _enter(self, member: Member) -> None:
        self._rooms.setdefault(member.room, {})[member.account] = member
        self._accounts.setdefault(member.account, {})[member.room] = member

    def rooms(self) -> list[str]:
        """Where somebody is, or comes back to."""
        rooms = self._rooms.items()
        return [room for room, some in rooms if any(one.inside for one in some.values())]

    def of_room(self, room: str) -> Mapping[str, Member]:
        """Its members by account; what is given stays true."""
        return self._rooms.setdefault(room, {})

    def let_go(self, room: str) -> None:
        """Nothing is to be known of a room, whose members were forgotten."""
        self._rooms.pop(room, None)

    def of_account(self, account: str) -> list[Member]:
        """Where an account belongs."""
        return list(self._accounts.get(account, {}).values())

    def accounts(self) -> list[str]:
        """The ids of all who belong anywhere."""
        return [account for account, members in self._accounts.items() if members]

    def get(self, room: str, account: str) -> Member | None:
        return self._rooms.get(room, {}).get(account)

    def note(self, member: Member) -> None:
        """Remember at once, and in the archive in a moment."""
        self._enter(member)
        self._save(member, gone=False)

    def forget(self, member: Member) -> None:
        """Forget at once, and in the archive in a moment, that an account belongs to a room."""
        self._rooms.get(member.room, {}).pop(member.account, None)
        self._accounts.get(member.account, {}).pop(member.room, None)
        self._save(member, gone=True)

    def _save(self, member: Member, gone: bool, after: float = 0.0) -> None:
        self._unsaved[member.room, member.account] = member, gone
        if not self._waiting or not after:
            self._waiting = True
            self._clock.callLater(after, lambda: self._start(self.save()))

    async def keep(self, member: Member) -> None:
        """Remember a new member, who is on the disk when this returns; nobody if that fails."""
        self._enter(member)  # at once, so that what is changed meanwhile is not undone
        self._unsaved.pop((member.room, member.account), None)
        try:
            await self._records.put(member)
        except ArchiveFailed:
            if self.get(member.room, member.account) is member:
                self.forget(member)
            raise

    def read(self, room: str, account: str, number: int) -> None:
        """Note up to which line an account has been shown a room."""
        member = self.get(room, account)
        if member is not None and number > member.seen:
            seen = replace(member, seen=number)
            self._enter(seen)
            self._save(seen, gone=False, after=SOON)

    async def save(self) -> None:
        """Save what was noted; what cannot be saved now is tried again with the next."""
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
            for member, _ in unsaved.values():  # which may have changed, and been saved, meanwhile
                known = self.get(member.room, member.account)
                self._unsaved[member.room, member.account] = known or member, known is None

    def _has(self, member: Member) -> bool:
        return self.get(member.room, member.account) is not None
