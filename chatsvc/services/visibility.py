"""What a user may know about other users and rooms."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from chatsvc.core.chat import FOLD, Room, Session, User
from chatsvc.core.directory import Directory, room_of
from chatsvc.core.timer import Timer
from chatsvc.model.characters import clean
from chatsvc.model.presence_events import Person
from chatsvc.model.requests import Refused, Request
from chatsvc.model.roll import Roll
from chatsvc.model.room_events import Place
from chatsvc.model.server_events import Census
from chatsvc.model.text_rules import key, room_name
from chatsvc.policy.bans import BanList
from chatsvc.policy.permissions import may_see

SHOWN_ROLES = ("founder", "host", "moderator", "voiced")


class Visibility:
    """Queries about the directory; changes nothing."""

    def __init__(
        self,
        directory: Directory,
        bans: BanList,
        clock: Timer,
    ) -> None:
        self._directory = directory
        self._bans = bans
        self._clock = clock

    def person(self, user: User, asker: Session, room: Room | None = None) -> Person:
        """Return what `asker` may know about a user, in one room or (None) in all of them."""
        silent = self.is_silent(user, asker.person, room)
        idle = self._clock.seconds() - user.active
        places: list[Room] = []
        addresses: tuple[str, ...] = ()
        if room is None:
            places = [place for place in user.rooms() if _shows(place, user, asker.person)]
            addresses = _addresses(user) if asker.person.operator else ()
        told = places if room is None else [room]
        roles = [_shown_role(user, place) for place in told]
        return Person(
            name=user.name,
            since=user.since,
            idle=round(idle, 3),
            away="away" if silent and user.away is not None else user.away,
            rooms=tuple(place.name for place in places),
            account=user.account.name if user.account else None,
            role="operator" if user.operator else (roles[0] or None) if room else None,
            addresses=addresses,
            realname="" if silent else user.realname,
            bot=user.bot,
            roles=tuple(roles) if any(roles) else (),
            mask=user.mask,
            voices=tuple(place.name for place in told if place.has_voice(user)),
            secure=all(session.wire.secure for session in user.sessions),
            nodes=_nodes(user) if asker.person.operator else (),
        )

    def acquainted(self, session: Session) -> set[User]:
        """Return whom a user sees without naming them: users in shared rooms; operators see all."""
        if session.person.operator:
            return set(self._directory.users.values())
        rooms = session.person.rooms()
        return {session.person, *(user for room in rooms for user in room.seen_by(session.person))}

    def reason_shown(self, user: User, asker: Session) -> str | None:
        """Return why somebody is away; of a muted user only that they are."""
        hidden = user.away is not None and self.is_silent(user, asker.person)
        return "away" if hidden else user.away

    def is_silent(self, user: User, reader: User, room: Room | None = None) -> bool:
        """Return whether a mute hides what `user` writes about themselves from `reader`.

        It does in the room where they are muted, and from its members unless they share another
        one.
        """
        silences = self._bans.silences
        if user is reader:
            return False
        if room is not None or silences(user, None):
            return silences(user, room)
        shared = (place for place in user.rooms() if reader in place.people)
        if any(not silences(user, place) for place in shared):
            return False
        return any(silences(user, place) for place in reader.rooms())

    def is_silent_to_any(self, user: User, room: Room) -> bool:
        """Return whether a mute hides what `user` writes about themselves from anybody there."""
        return any(self.is_silent(user, reader) for reader in room.people)

    def is_silent_somewhere(self, user: User) -> bool:
        """Return whether a mute affects `user` in any of their rooms, or on the whole server."""
        return any(self._bans.silences(user, room) for room in (None, *user.rooms()))

    def known_room(self, session: Session, name: str | None) -> Room:
        """Return a room that the user may know of, and need not be in."""
        if name is None:
            return room_of(session, None)
        found = self._seen(session, name)
        if found is None:
            raise Refused(
                "no-such-room", f"There is no room {room_name(name)}. To list rooms: /rooms"
            )
        return found

    def refusal(self, session: Session, refused: Refused, request: Request) -> Refused:
        """Tell programs whether a room that they are not in exists, as far as they may know."""
        name = request.args.get("room") if request.rest is None else None
        is_room = isinstance(name, str) and name.startswith("#")
        if refused.code != "not-in-room" or not is_room:
            return refused
        if self._seen(session, name := clean(str(name))) is not None:
            return refused
        return Refused("no-such-room", f"There is no room {name}. To create it: /join {name}")

    def _seen(self, session: Session, name: str) -> Room | None:
        found = self._directory.room(room_name(name))
        return found if found is not None and may_see(session.person, found) else None

    def rooms(self, session: Session) -> list[Room]:
        """Return the rooms that a user may know of, most people first."""
        user = session.person
        rooms = [room for room in self._directory.rooms.values() if may_see(user, room)]
        return sorted(rooms, key=lambda room: (-len(room.seen_by(user)), room.name))

    def place(self, room: Room, asker: Session) -> Place | None:
        """Return a room's entry in a list, if the session may still know that it exists."""
        if not may_see(asker.person, room):
            return None
        count = len(room.seen_by(asker.person))
        topic = room.topic
        words, when = (topic.text, topic.time) if topic and topic.text else ("", None)
        return Place(room.name, count, topic=words, last=room.last, topic_time=when, made=room.made)

    def member(self, user: User, asker: Session, room: Room) -> Person | None:
        """Return a user's entry in a room's list, if they may still be known to be in it."""
        hidden = not _shows(room, user, asker.person)
        return None if hidden or user not in room.people else self.person(user, asker, room)

    def roll(self, name: str, reader: str) -> tuple[Roll, Sequence[Person]] | None:
        """Return who is in a crowded room, and in addition the reader, unless they are listed.

        The list is a few seconds old at most. Return None if the room is not crowded, or if a
        mute hides users.
        """
        room = self._directory.rooms.get(key(name))
        if room is None or not room.crowded or room.unseen:
            return None
        now, roll = self._clock.seconds(), room.roll
        if roll is None or not roll.made <= now < roll.made + FOLD:
            users = sorted(room.people, key=attrgetter("key"))
            people = [_briefly(user, room) for user in users]
            roll = room.roll = Roll(people, room.rules.hidden, now)
        own = () if reader in roll.names else (self._directory.find(reader),)
        return roll, [_briefly(user, room) for user in own]

    def census(self) -> Census:
        """Count users, operators, connections without a name, and rooms that are not hidden."""
        return Census(
            people=len(self._directory.users),
            most=self._directory.peak,
            operators=sum(user.operator for user in self._directory.users.values()),
            arriving=sum(session.user is None for session in self._directory.sessions),
            rooms=sum(not room.rules.hidden for room in self._directory.rooms.values()),
            invisible=sum(user.invisible for user in self._directory.users.values()),
        )


def _shows(place: Room, user: User, reader: User) -> bool:
    """Return whether `reader` may know that a user is in a room."""
    if user is reader:
        return True
    outside = user.invisible and reader not in place.people and not reader.operator
    return may_see(reader, place) and user not in place.unseen and not outside


def _addresses(user: User) -> tuple[str, ...]:
    found = dict.fromkeys(session.wire.address for session in user.sessions)
    return tuple(address for address in found if address)


def _nodes(user: User) -> tuple[str, ...]:
    found = {session.wire.node for session in user.sessions}
    return tuple(sorted(filter(None, found)))


def _briefly(user: User, room: Room) -> Person:
    """Return what everybody in a room may know about a user there, without what changes often."""
    role = _shown_role(user, room)
    return Person(
        name=user.name,
        since=user.since,
        idle=0.0,
        away=None,
        role="operator" if user.operator else role or None,
        roles=(role,) if role else (),
        mask=user.mask,
        voices=(room.name,) if room.has_voice(user) else (),
    )


def _shown_role(user: User, room: Room) -> str:
    role = room.role(user)
    return role if role in SHOWN_ROLES else ""
