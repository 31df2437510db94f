"""Which rooms may be made, and which are removed: nobody can use up all of them."""

from __future__ import annotations

import contextlib
from operator import attrgetter
from typing import TYPE_CHECKING

from chatsvc.archive import ArchiveFailed
from chatsvc.entry import FIRST_ROOM
from chatsvc.events import Notice, Refused
from chatsvc.limits import Window, network
from chatsvc.room import Room
from chatsvc.rules import key, span
from chatsvc.session import Session, User

if TYPE_CHECKING:
    from chatsvc.hub import Hub

# As many rooms as there may be when somebody makes another one; the rest is for those after them.
GUESTS, ACCOUNTS, OPERATORS = 8_000, 9_500, 10_000
PLENTY = 5_000  # rooms, beyond which empty ones of guests go soon
EMPTY = 30 * 86400.0  # seconds after which an empty room of guests is removed
EMPTY_OF_PLENTY = 3600.0


class RoomKeeping:
    """Makes rooms within limits, and removes rooms."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.new = Window(0, 0.0)  # rooms made from one address, or by one account
        self.leaving: dict[str, Room] = {}  # rooms that are being removed, by their names

    # New rooms

    def make(self, session: Session, name: str) -> Room:
        """Make a room for somebody, or refuse to."""
        if any(key(name) == room.key for room in self.leaving.values()):
            raise Refused("busy", f"{name} is being removed. Try again in a moment.")
        if not session.person.operator and key(name) != key(FIRST_ROOM):
            self._check_place(session.person)
            self._check_quota(session)
        return self._hub.room(name)

    def _check_place(self, user: User) -> None:
        if len(self._hub.rooms) < (GUESTS if user.account is None else ACCOUNTS):
            return
        hint = "/rooms lists those you can join."
        if user.account is None and len(self._hub.rooms) < ACCOUNTS:
            hint = f"Registered users can still make some. {hint}"
        raise Refused("too-many-rooms", f"There are too many rooms to make another one. {hint}")

    def _check_quota(self, session: Session) -> None:
        account, now = session.person.account, self._hub.clock.seconds()
        maker = account.id if account else network(session.wire.address)
        wait = self.new.wait(maker, now)
        if wait:
            raise Refused(
                "too-many-rooms",
                f"Too many new rooms were made from your address. Try again in {span(wait)}, or"
                " join another room: /rooms lists them."
                if account is None
                else f"You have made too many new rooms. Try again in {span(wait)}.",
            )
        self.new.note(maker, now)

    # Removing rooms

    async def remove(self, session: Session, room: Room) -> Notice:
        """Remove a room with everything in it, whoever it belongs to."""
        if room.key == key(FIRST_ROOM):
            raise Refused("not-allowed", f"{room.name} cannot be removed: everybody starts there.")
        await self._hub.moderation.acts.note(session, "removed the room", room)
        self._hub.moderation.empty(room, session, "the room is removed")
        await self._remove(room)
        return Notice(f"Removed {room.name} with all of its messages.")

    async def _remove(self, room: Room) -> None:
        """Remove a room in which nobody is; lines on their way to it are refused."""
        self.leaving[room.name] = room
        try:
            await self._remove_all_of(room)
        finally:
            del self.leaving[room.name]

    async def _remove_all_of(self, room: Room) -> None:
        if self._hub.rooms.get(room.key) is room:
            del self._hub.rooms[room.key]
        for member in list(room.roster.values()):
            self._hub.roster.forget(member)
        self._hub.roster.let_go(room.key)
        await self._hub.roster.save()
        await self._hub.sanctions.remove(self._hub.sanctions.all(room))
        if room.charter is not None:
            await self._hub.archive.drop(room.charter)
        await self._hub.archive.settle(room.name)
        await self._hub.archive.set_topic(room.name, "", "", 0.0)
        while await self._hub.archive.clear(room.name, room.last):
            """There are more lines."""

    # Empty rooms

    async def remove_empty(self) -> None:
        """Remove rooms of guests that were empty for long, or (of many rooms) for a while.

        Of many, those with the fewest lines go first: they are the least missed.
        """
        now = self._hub.now()
        rooms = [room for room in self._hub.rooms.values() if self._is_strangers(room)]
        for room in sorted(rooms, key=attrgetter("last")):
            plenty = len(self._hub.rooms) > PLENTY
            if now - room.empty_since >= (EMPTY_OF_PLENTY if plenty else EMPTY):
                with contextlib.suppress(ArchiveFailed):  # what is left is removed another time
                    await self._remove_if_still(room)

    async def _remove_if_still(self, room: Room) -> None:
        if self._is_strangers(room):  # somebody may have come meanwhile
            await self._remove(room)

    def _is_strangers(self, room: Room) -> bool:
        """Whether nobody is in a room, and no account has anything to do with it."""
        return not (room.members or room.charter or room.roster or room.key == key(FIRST_ROOM))
