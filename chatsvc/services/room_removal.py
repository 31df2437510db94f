"""Removing rooms: by operators, and abandoned rooms of guests."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from operator import attrgetter

from chatsvc.core.chat import FIRST_ROOM, Room, Session
from chatsvc.core.directory import Directory
from chatsvc.core.happenings import Happenings
from chatsvc.core.membership import Membership
from chatsvc.model.records import FormerName
from chatsvc.model.requests import Refused
from chatsvc.model.server_events import Notice
from chatsvc.model.text_rules import key
from chatsvc.policy.bans import BanList
from chatsvc.services.audit import Acts
from chatsvc.services.metadata import MetadataService
from chatsvc.services.moderation import Moderation
from chatsvc.store.archive import ArchiveFailed, Records, RoomStore

PLENTY = 5_000  # rooms, beyond which empty rooms of guests are removed early
EMPTY = 30 * 86400.0  # seconds after which an empty room of guests is removed
EMPTY_OF_PLENTY = 3600.0


class RoomRemoval:
    """Removes rooms and everything in them."""

    def __init__(
        self,
        directory: Directory,
        membership: Membership,
        bans: BanList,
        records: Records,
        store: RoomStore,
        acts: Acts,
        moderation: Moderation,
        metadata: MetadataService,
        happenings: Happenings,
        now: Callable[[], float],
    ) -> None:
        self._directory = directory
        self._membership = membership
        self._bans = bans
        self._records = records
        self._store = store
        self._acts = acts
        self._moderation = moderation
        self._metadata = metadata
        self._happenings = happenings
        self._now = now

    async def remove(self, session: Session, room: Room) -> Notice:
        """Remove a room and everything in it, whoever it belongs to."""
        if room.key == key(FIRST_ROOM):
            raise Refused("not-allowed", f"{room.name} cannot be removed: everybody starts there.")
        if room.moving:
            raise Refused("busy", f"{room.name} is being renamed. Try again in a moment.")
        await self._acts.note(session, "removed the room", room)
        self._moderation.empty(room, session, "the room was removed")
        await self._remove(room)
        return Notice(f"Removed {room.name} and all its messages.")

    async def _remove(self, room: Room) -> None:
        """Remove an empty room; refuse lines on their way to it."""
        self._directory.leaving[room.name] = room
        try:
            await self._remove_all_of(room)
        finally:
            del self._directory.leaving[room.name]

    async def _remove_all_of(self, room: Room) -> None:
        if self._directory.rooms.get(room.key) is room:
            del self._directory.rooms[room.key]
        for name in room.former:
            del self._directory.former[name]
        for member in list(room.roster.values()):
            self._membership.forget(member)
        self._membership.let_go(room.key)
        await self._membership.save()
        await self._bans.remove(self._bans.all(room))
        if room.charter is not None:
            await self._records.drop(room.charter)
        await self._records.drop(*(FormerName(name, room.key) for name in room.former))
        await self._metadata.remove(room.key)
        self._happenings.forget(room.key)
        await self._store.settle(room.name)
        await self._store.set_topic(room.name, "", "", 0.0)
        while await self._store.clear(room.name, room.last):
            pass  # there are more lines

    # Empty rooms

    async def remove_empty(self) -> None:
        """Remove rooms of guests that have been empty for long, or (if there are many) for a while.

        Of many, those with the fewest lines go first: they are missed least.
        """
        now = self._now()
        rooms = [room for room in self._directory.rooms.values() if self._is_strangers(room)]
        for room in sorted(rooms, key=attrgetter("last")):
            plenty = len(self._directory.rooms) > PLENTY
            if now - room.empty_since >= (EMPTY_OF_PLENTY if plenty else EMPTY):
                with contextlib.suppress(ArchiveFailed):  # the rest is removed next time
                    await self._remove_if_still(room)

    async def _remove_if_still(self, room: Room) -> None:
        if self._is_strangers(room):  # a user may have joined meanwhile
            await self._remove(room)

    def _is_strangers(self, room: Room) -> bool:
        """Return whether nobody is in a room, and no account belongs to it."""
        kept = room.members or room.charter or room.roster or room.moving
        return not (kept or room.key == key(FIRST_ROOM))
