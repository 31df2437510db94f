"""Renaming rooms: everything of a room stays with it, and its former names still lead to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from chatsvc.core.chat import FIRST_ROOM, Room, Session
from chatsvc.core.directory import Directory
from chatsvc.core.happenings import Happenings
from chatsvc.core.membership import Membership
from chatsvc.core.timer import Timer
from chatsvc.model.rate_limits import Window
from chatsvc.model.records import FormerName
from chatsvc.model.requests import Refused
from chatsvc.model.room_events import Moved
from chatsvc.model.text_rules import check_words, key, room_name, span
from chatsvc.policy.bans import BanList
from chatsvc.policy.permissions import check_host
from chatsvc.services.audit import Acts, because
from chatsvc.services.erasing import Erasing
from chatsvc.services.metadata import MetadataService
from chatsvc.services.new_rooms import NewRooms
from chatsvc.store.archive import NameUsed, RoomStore
from chatsvc.store.renaming import NewName

MOST_FORMER = 5  # former names of a room
AGAIN = 60.0  # seconds until a room can be renamed again

V = TypeVar("V")


class Renaming:
    """Renames rooms."""

    def __init__(
        self,
        directory: Directory,
        new_rooms: NewRooms,
        membership: Membership,
        bans: BanList,
        metadata: MetadataService,
        happenings: Happenings,
        erasing: Erasing,
        store: RoomStore,
        acts: Acts,
        clock: Timer,
    ) -> None:
        self._directory = directory
        self._new_rooms = new_rooms
        self._membership = membership
        self._bans = bans
        self._metadata = metadata
        self._happenings = happenings
        self._erasing = erasing
        self._store = store
        self._acts = acts
        self._clock = clock
        self._recent = Window(1, AGAIN)  # by the room's key

    async def rename(
        self, session: Session, room: Room, name: str, reason: str = "", tag: str | None = None
    ) -> Moved:
        """Rename a room, and tell everybody in it, at the moment when the new name is stored."""
        self._check(session, room, name, reason)
        event = Moved(room.name, name, session.name, reason)
        if not self._is_quietly_muted(session, room):
            with _reserved(self._directory, room, name):
                await self._store_name(session, room, event, tag)
        elif session in room.members:  # who must not notice the mute
            session.tell(event, tag)
        return event

    def _is_quietly_muted(self, session: Session, room: Room) -> bool:
        """Return whether a mute applies that must not be noticed; raise if another one does."""
        mute = self._bans.mute_of(session, room)
        if mute is not None and not mute.quietly:
            raise self._bans.refusal(mute)
        return mute is not None

    async def _store_name(
        self, session: Session, room: Room, event: Moved, tag: str | None
    ) -> None:
        change = self._change(session, room, event)
        try:
            await self._store.rename(change, lambda: self._switch(session, room, event, tag))
        except NameUsed as used:
            raise Refused("room-exists", str(used)) from None
        finally:
            self._bans.renamed(key(event.room))

    # Permission

    def _check(self, session: Session, room: Room, name: str, reason: str) -> None:
        check_words(reason)
        check_host(session.person, room)
        if room.key == key(FIRST_ROOM):
            raise _cannot(f"{room.name} cannot be renamed: everybody starts there.")
        self._check_name(room, name)
        if room.moving or self._erasing.running:
            raise Refused("busy", f"{room.name} cannot be renamed now. Try again in a moment.")
        if not session.person.operator:
            self._check_rate(room)
        if key(name) not in (room.key, *room.former):
            self._check_new(session, room, name)

    def _check_new(self, session: Session, room: Room, name: str) -> None:
        """Limit the names that rooms occupy."""
        if len(room.former) >= MOST_FORMER:
            raise _cannot(
                f"{room.name} has {MOST_FORMER} former names, the maximum."
                " You can only give it one of these again."
            )
        self._new_rooms.check(session, name)

    def _check_name(self, room: Room, name: str) -> None:
        if not name.startswith("#"):
            raise _cannot(f"A room name begins with #. Did you mean #{name}?")
        try:
            room_name(name)
        except Refused as refused:
            raise _cannot(refused.text) from None
        if name == room.name:
            raise _cannot(f"{room.name} already has this name.")
        if self._directory.room(name) not in (None, room):
            raise Refused("room-exists", f"The name {name} is taken. Choose another one.")

    def _check_rate(self, room: Room) -> None:
        """Limit renames, because some clients show each as leaving and joining."""
        wait = self._recent.wait(room.key, self._clock.seconds())
        if wait:
            raise _cannot(f"{room.name} was renamed recently. Try again in {span(wait)}.")

    # The change

    def _change(self, session: Session, room: Room, event: Moved) -> NewName:
        words = f"renamed the room {event.room} to {event.to}{because(event.reason)}"
        act = replace(self._acts.act(session, words, room), room=event.to)
        again = key(event.to) in (room.key, *room.former)
        former = FormerName(room.key, key(event.to))
        return NewName(
            event.room, event.to, again, (act,) if former.name == former.room else (former, act)
        )

    def _switch(self, session: Session, room: Room, event: Moved, tag: str | None) -> None:
        """Use the new name from now on; the archive does too."""
        old = room.key
        room.name, room.key, room.roll = event.to, key(event.to), None
        if room.key != old:
            self._move(room, old)
        room.topic = room.topic and replace(room.topic, room=room.name)
        room.charter = room.charter and replace(room.charter, room=room.name)
        self._happenings.rename(event.room, room.name)
        self._recent.note(room.key, self._clock.seconds())
        event = room.announce(event, but=session)
        if session in room.members:
            session.tell(event, tag)

    def _move(self, room: Room, old: str) -> None:
        """Move everything in memory that belongs to a room to its new key."""
        new, directory = room.key, self._directory
        directory.rooms[new] = directory.rooms.pop(old)
        room.former = room.former - {new} | {old}
        directory.former.pop(new, None)
        directory.former.update(dict.fromkeys(room.former, new))
        for each in directory.sessions:
            each.rooms = _rekeyed(each.rooms, old, new)
            if old in each.left:
                each.left = _rekeyed(each.left, old, new)
            if old in each.read_to:
                each.read_to = _rekeyed(each.read_to, old, new)
        self._membership.rename(old, new)
        self._bans.rename(old, new)
        self._metadata.rename(old, new)


@contextmanager
def _reserved(directory: Directory, room: Room, name: str) -> Iterator[None]:
    """Let nobody else take the name, or remove the room, while it is being renamed."""
    before = directory.former.get(key(name))
    room.moving = True
    if key(name) != room.key:
        directory.former[key(name)] = room.key
    try:
        yield
    finally:
        room.moving = False
        if key(name) != room.key and before is None:
            del directory.former[key(name)]


def _rekeyed(table: Mapping[str, V], old: str, new: str) -> dict[str, V]:
    """Return a table with another key, in the same order."""
    return {(new if key == old else key): value for key, value in table.items()}


def _cannot(text: str) -> Refused:
    return Refused("cannot-rename", text)
