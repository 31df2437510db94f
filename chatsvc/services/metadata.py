"""Metadata of users and rooms: permissions, limits, storing, and who is shown changes.

An account's and a room's values are stored; those of a guest end with the guest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple, TypeAlias

from chatsvc.auth.accounts import Accounts
from chatsvc.core.chat import Room, Session, User
from chatsvc.core.directory import Directory
from chatsvc.core.timer import Timer
from chatsvc.model.batch import Shared
from chatsvc.model.metadata_events import (
    CHANGES_WITHIN,
    LONGEST_VALUE,
    MOST_CHANGES,
    MOST_KEYS,
    Metadata,
    MetadataItem,
)
from chatsvc.model.rate_limits import Window
from chatsvc.model.records import Account, MetadataValue
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import span
from chatsvc.policy.bans import BanList
from chatsvc.policy.permissions import moderates
from chatsvc.services.subscriptions import Subscriptions, check_keys
from chatsvc.services.visibility import Visibility
from chatsvc.services.watchlist import Watchlist
from chatsvc.store.archive import ArchiveFailed, Records

Target: TypeAlias = User | Room
Changes: TypeAlias = Mapping[str, str]  # by key; an empty value removes
ALL = "*ALL"  # every user and room whose changes a session is shown


class Place(NamedTuple):
    """A key of a user or room."""

    target: Target
    key: str


class MetadataService:
    """Reads and changes metadata."""

    def __init__(
        self,
        directory: Directory,
        accounts: Accounts,
        records: Records,
        bans: BanList,
        visibility: Visibility,
        watchlist: Watchlist,
        subscriptions: Subscriptions,
        clock: Timer,
    ) -> None:
        self._directory = directory
        self._accounts = accounts
        self._records = records
        self._bans = bans
        self._visibility = visibility
        self._watchlist = watchlist
        self._subscriptions = subscriptions
        self._clock = clock
        self._changes = Window(MOST_CHANGES, CHANGES_WITHIN)
        self.stored: dict[str, dict[str, str]] = {}  # by the id of the account or the room's key

    def open(self) -> None:
        """Load what is stored; the archive and the accounts are open, the rooms are not."""
        for one in self._records.records(MetadataValue):
            if one.owner.startswith("#") or self._accounts.get(one.owner):
                self.stored.setdefault(one.owner, {})[one.key] = one.value

    # Reading

    def target(self, session: Session, name: str) -> Target:
        """Return the user or room with this name; `*` is the session's user."""
        if name == "*":
            return session.person
        if name.startswith("#"):
            return self._visibility.known_room(session, name)
        return self._directory.find(name)

    def values(self, target: Target) -> Mapping[str, str]:
        """Return the metadata of a user or room."""
        owner = _owner(target)
        if owner is not None:
            return self.stored.get(owner, {})
        assert isinstance(target, User)
        return target.metadata or {}

    def seen(self, session: Session, target: Target) -> Mapping[str, str]:
        """Return the metadata that a session may see: a mute hides what a user writes."""
        hidden = isinstance(target, User) and self._visibility.is_silent(target, session.person)
        return {} if hidden else self.values(target)

    def read(self, session: Session, target: Target, keys: Iterable[str] | None) -> Metadata:
        """Return the values of these keys, in this order, or of all that are set."""
        values = self.seen(session, target)
        wanted = sorted(values) if keys is None else keys
        items = (MetadataItem(target.name, key, values.get(key)) for key in wanted)
        return Metadata(target.name, tuple(items))

    def places(self, session: Session, name: str, keys: Iterable[str]) -> list[Place]:
        """Return which of these keys are set on a target, and on the members of a room."""
        wanted = set(keys)
        return [
            Place(target, key)
            for target in dict.fromkeys(self._targets(session, name))
            for key in sorted(wanted & self.values(target).keys())
        ]

    def _targets(self, session: Session, name: str) -> Iterator[Target]:
        rooms: Iterable[Room] = ()
        if name == ALL:
            yield session.person
            rooms = session.rooms.values()
            yield from self._watchlist.online(session)
        elif isinstance(target := self.target(session, name), User):
            yield target
        else:
            rooms = (target,)
        for room in rooms:
            yield room
            yield from room.seen_by(session.person)

    def item(self, session: Session, place: Place) -> MetadataItem | None:
        """Return the current value at a place, if it is still set and the session may see it."""
        value = self.seen(session, place.target).get(place.key)
        return None if value is None else MetadataItem(place.target.name, place.key, value)

    # Changing

    async def change(self, session: Session, target: Target, changes: Changes) -> Metadata:
        """Set and remove values, and tell the subscribers."""
        check_keys(changes)
        self._check_may_change(session, target)
        for key, value in changes.items():
            if len(value.encode()) > LONGEST_VALUE:
                raise Refused("bad-value", f"{key} can have at most {LONGEST_VALUE} bytes.")
        self._check_count(target, changes)
        if not self._is_quietly_muted(session, target):
            self._check_rate(session)
            await self._apply(session, target, changes)
        items = (MetadataItem(target.name, key, value or None) for key, value in changes.items())
        return Metadata(target.name, tuple(items))

    async def clear(self, session: Session, target: Target) -> Metadata:
        """Remove all values."""
        return await self.change(session, target, dict.fromkeys(sorted(self.values(target)), ""))

    def _check_may_change(self, session: Session, target: Target) -> None:
        if isinstance(target, User):
            if target is not session.person:
                raise Refused("not-allowed", f"Only {target.name} can change that.")
        elif not moderates(session.person, target):
            raise Refused("not-allowed", f"Only moderators of {target.name} can do that.")
        else:
            mute = self._bans.mute_of(session, target)
            if mute is not None and not mute.quietly:
                raise self._bans.refusal(mute)

    def _is_quietly_muted(self, session: Session, target: Target) -> bool:
        return isinstance(target, Room) and self._bans.mute_of(session, target) is not None

    def _check_count(self, target: Target, changes: Changes) -> None:
        after = {**self.values(target), **changes}
        if sum(map(bool, after.values())) > max(MOST_KEYS, len(self.values(target))):
            raise Refused(
                "too-many-keys", f"{target.name} already has {MOST_KEYS} keys, the maximum."
            )

    def _check_rate(self, session: Session) -> None:
        """Limit changes, because many users may be shown each of them."""
        now, who = self._clock.seconds(), session.person.speaker
        wait = self._changes.wait(who, now)
        if wait > 0:
            raise Refused("too-many-changes", f"Too many changes. Try again in {span(wait)}.")
        self._changes.note(who, now)

    async def _apply(self, session: Session, target: Target, changes: Changes) -> None:
        old = dict(self.values(target))
        new = {key: value for key, value in changes.items() if old.get(key, "") != value}
        self._set(target, new)
        owner = _owner(target)
        if owner is not None:
            try:
                await self._store(owner, new)
            except ArchiveFailed:
                self._set(target, {key: old.get(key, "") for key in new})
                raise
        for key, value in new.items():
            self._tell(session, target, MetadataItem(target.name, key, value or None))

    def _set(self, target: Target, changes: Changes) -> None:
        """Change values in memory."""
        after = {**self.values(target), **changes}
        after = {key: value for key, value in after.items() if value}
        if isinstance(target, Room):
            target.described = bool(after)
        owner = _owner(target)
        if owner is None:
            assert isinstance(target, User)
            target.metadata = after or None
        elif after:
            self.stored[owner] = after
        else:
            self.stored.pop(owner, None)

    async def _store(self, owner: str, changes: Changes) -> None:
        records = [MetadataValue(owner, key, value) for key, value in changes.items()]
        await self._records.put(*(one for one in records if one.value))
        await self._records.drop(*(one for one in records if not one.value))

    def _tell(self, session: Session, target: Target, item: MetadataItem) -> None:
        event = Shared(Metadata(target.name, (item,), changed=True))
        for other in list(self._subscriptions.to(item.key)):
            if other is not session and other.user is not None and self._is_shown(other, target):
                other.announce(event)

    def _is_shown(self, session: Session, target: Target) -> bool:
        """Return whether a session is shown the changes of a target."""
        if isinstance(target, Room):
            return session in target.members
        if self._visibility.is_silent(target, session.person):
            return False
        shared = (room for room in target.rooms() if session in room.members)
        return (
            target is session.person
            or any(target not in room.unseen for room in shared)
            or self._watchlist.watches(session, target)
        )

    # Following the users and rooms

    async def adopt(self, user: User, account: Account) -> None:
        """Store a guest's values with the account that the guest has registered."""
        values, user.metadata = user.metadata, None
        if values:
            self.stored[account.id] = values
            with suppress(ArchiveFailed):  # then they end with the service
                await self._store(account.id, values)

    def rename(self, room: str, new: str) -> None:
        """Give a room another key, as the archive has."""
        if room in self.stored:
            self.stored[new] = self.stored.pop(room)

    async def remove(self, owner: str) -> None:
        """Remove the values of a room, by its key, or of an account, by its id."""
        values = self.stored.pop(owner, {})
        await self._records.drop(*(MetadataValue(owner, key, "") for key in values))

    async def forget_removed(self) -> None:
        """Remove the values of deleted accounts."""
        for owner in [one for one in self.stored if not one.startswith("#")]:
            if self._accounts.get(owner) is None:
                await self.remove(owner)


def _owner(target: Target) -> str | None:
    """Return under what a target's values are stored; None for a guest."""
    if isinstance(target, Room):
        return target.key
    return target.account.id if target.account else None
