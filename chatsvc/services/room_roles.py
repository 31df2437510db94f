"""Roles in a room: founder, host, moderators and voices.

A role given to an account lasts, unless whoever gives it has a temporary one.  All others last as
long as the user is in the room.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from chatsvc.auth.accounts import Accounts
from chatsvc.core.chat import Room, Session, User
from chatsvc.core.directory import Directory
from chatsvc.core.membership import Membership
from chatsvc.model.records import Account, Act, Member
from chatsvc.model.requests import Refused
from chatsvc.model.room_events import Role
from chatsvc.model.text_rules import key
from chatsvc.policy.permissions import (
    RANKS,
    called,
    check_host,
    is_temporary,
    may_have_host,
    role_of,
)
from chatsvc.services.audit import Acts, signed
from chatsvc.services.hosting import Hosting
from chatsvc.services.joining import MOST_FOUNDED
from chatsvc.store.archive import ArchiveFailed, Records

Somebody: TypeAlias = "tuple[User | None, Account | None]"


def somebody(directory: Directory, accounts: Accounts, name: str) -> Somebody:
    """Return a user online, or an account, or both."""
    user = directory.users.get(key(name))
    account = user.account if user else accounts.find(name)
    if user is None and account is None:
        raise _no_such_person(name)
    return user, account


def _no_such_person(name: str) -> Refused:
    return Refused("no-such-person", f"No user named {name} is online.")


class RoomRoles:
    """Gives and takes roles; the room is told, and what lasts is stored."""

    def __init__(
        self,
        directory: Directory,
        accounts: Accounts,
        membership: Membership,
        hosting: Hosting,
        records: Records,
        acts: Acts,
    ) -> None:
        self._directory = directory
        self._accounts = accounts
        self._membership = membership
        self._hosting = hosting
        self._records = records
        self._acts = acts

    def check_present(self, room: Room, name: str) -> None:
        """Refuse the name of a user who is not in a room, whatever role the account has there."""
        user = self._directory.users.get(key(name))
        if user is None:
            raise _no_such_person(name)
        _present(user, name, room)

    async def give(self, session: Session, room: Room, name: str, role: str) -> Role:
        """Give a user a role in a room, and tell the room."""
        user, account = somebody(self._directory, self._accounts, name)
        old = _role(user, account, room)
        if role == "voiced" and RANKS[old] > RANKS[role] and user is not None:
            return await self._change_voice(session, room, user, voice=True)
        if RANKS[old] >= RANKS[role]:
            raise Refused("known", f"{name} is already {called(old)} of {room.name}.")
        if account is None or is_temporary(session.person, room):
            return await self._give_for_now(session, room, _present(user, name, room), role)
        if user is not None and user in room.people and room.has_voice(user):
            room.temporary.voices.add(user)  # a moderator's record says nothing of a voice
        act = self._acts.act(session, f"made {_signed(user, account)} {role}", room)
        await self._appoint(room, {account.id: role}, act)
        called_now = user.name if user else account.name
        return self._tell(
            session, room, Role(room.name, called_now, role, by=session.name, before=old)
        )

    async def _give_for_now(self, session: Session, room: Room, user: User, role: str) -> Role:
        """Give a role that lasts as long as the user is in the room."""
        old = room.role(user)
        await self._acts.note(session, f"made {signed(user)} {role}", room)
        _present(user, user.name, room)  # who may have left meanwhile
        given = room.temporary
        (given.moderators if role == "moderator" else given.voices).add(user)
        return self._tell(
            session, room, Role(room.name, user.name, role, by=session.name, before=old)
        )

    async def take(self, session: Session, room: Room, name: str, role: str) -> Role:
        """Take a role from a user in a room, and tell the room."""
        user, account = somebody(self._directory, self._accounts, name)
        old = _role(user, account, room)
        if role == "voiced" and RANKS[old] > RANKS[role] and user is not None:
            return await self._change_voice(session, room, user, voice=False)
        if old == "founder":
            raise Refused(
                "not-allowed", f"{name} is the founder. Transfer the room first: /transfer name"
            )
        if old not in (role, "host"):
            if account is None:
                _present(user, name, room)
            raise Refused(
                "known", f"{name} is not {called(role)} of {room.name}. To see roles: /room"
            )
        return await self._take(session, room, (user, account), role=role, old=old)

    async def _take(
        self, session: Session, room: Room, whose: Somebody, role: str, old: str
    ) -> Role:
        user, account = whose
        name = user.name if user else account.name if account else ""
        voice = role == "moderator" and user is not None and room.has_voice(user)
        left = "voiced" if voice else "member"
        act = self._acts.act(session, f"made {_signed(user, account)} {left}", room)
        if account is not None and role_of(account, room) == role:
            await self._appoint(room, {account.id: "member"}, act)
        else:
            await self._records.put(act)
        if user is not None:
            gracefully = user is session.user or session.person.operator
            room.end_temporary_role(user, succeeded=gracefully)
            if voice:
                room.temporary.voices.add(user)
        return self._tell(session, room, Role(room.name, name, left, by=session.name, before=old))

    async def _change_voice(self, session: Session, room: Room, user: User, voice: bool) -> Role:
        """Give a moderator a voice as well, which lasts after `/deop`, or take it."""
        _present(user, user.name, room)
        role = room.role(user)
        if room.has_voice(user) is voice:
            raise Refused(
                "known",
                f"{user.name} is {'already' if voice else 'not'} a voiced user of {room.name}.",
            )
        await self._acts.note(
            session, f"{'gave' if voice else 'took'} {signed(user)} a voice", room
        )
        (room.temporary.voices.add if voice else room.temporary.voices.discard)(user)
        event = Role(
            room.name,
            user.name,
            role,
            by=session.name,
            before=role,
            voice="given" if voice else "taken",
        )
        return self._tell(session, room, event)

    async def _appoint(self, room: Room, roles: dict[str, str], act: Act) -> None:
        """Give accounts roles at once, so that nobody else does the same; undo it if not stored."""
        roster = self._membership
        old = {id: room.roster.get(id) for id in roles}
        for id, role in roles.items():
            absent = Member(room.key, id, inside=False, joined=room.last)
            roster.note(replace(old[id] or absent, role=role))
        try:
            await self._records.put(*(room.roster[id] for id in roles), act)
        except ArchiveFailed:
            for id, member in old.items():
                now = roster.get(room.key, id)  # none, if the account was removed meanwhile
                if now and member is None:
                    roster.forget(now)
                elif now and member:
                    roster.note(replace(now, role=member.role))
            raise

    def _tell(self, session: Session, room: Room, event: Role) -> Role:
        event = room.announce(event, but=session)
        user = self._directory.users.get(key(event.name))
        if user is not None and user not in room.people:
            for each in user.sessions:
                each.tell(event)
        return event

    # Handing a room over

    async def found(self, session: Session, room: Room, name: str) -> Role:
        """Put a user in charge of a room that has neither founder nor host."""
        if room.founded or room.temporary.host is not None:
            raise Refused(
                "known", f"{room.name} has somebody in charge. To replace them: /transfer name"
            )
        return await self.transfer(session, room, name)

    async def transfer(self, session: Session, room: Room, name: str) -> Role:
        """Put another user in charge of a room: an account as its founder, a guest as its host.

        The founder or host before becomes a moderator.
        """
        check_host(session.person, room)
        user, account = somebody(self._directory, self._accounts, name)
        if account is None:
            return await self._make_host(session, room, _present(user, name, room))
        if role_of(account, room) == "founder":
            raise Refused("known", f"{name} is already the founder of {room.name}.")
        rooms = self._membership.of_account(account.id)
        if sum(member.role == "founder" for member in rooms) >= MOST_FOUNDED:
            raise Refused(
                "too-many-rooms", f"{name} has already founded {MOST_FOUNDED} rooms, the maximum."
            )
        before = _role(user, account, room)
        roles = {id: "moderator" for id, one in room.roster.items() if one.role == "founder"}
        act = self._acts.act(session, f"made {_signed(user, account)} founder", room)
        await self._appoint(room, {**roles, account.id: "founder"}, act)
        host = self._end_host(room, user)
        self._hosting.keep(room)
        called_now = user.name if user else account.name
        instead = next((self._called(id) for id in roles if id != account.id), host)
        event = Role(
            room=room.name,
            name=called_now,
            role="founder",
            by=session.name,
            before=before,
            instead=instead,
        )
        return self._tell(session, room, event)

    async def _make_host(self, session: Session, room: Room, user: User) -> Role:
        if not may_have_host(room):
            raise Refused(
                "not-registered",
                f"{user.name} is a guest and must register first: /register password",
            )
        before = room.role(user)
        if before == "host":
            raise Refused("known", f"{user.name} is already the host of {room.name}.")
        await self._acts.note(session, f"made {signed(user)} host", room)
        check_host(session.person, room)  # which may have changed meanwhile, like the rest
        if not may_have_host(room):
            raise Refused("not-allowed", f"{room.name} has a founder now.")
        _present(user, user.name, room)
        instead = self._end_host(room, user)
        room.temporary.make_host(user)
        event = Role(room.name, user.name, "host", by=session.name, before=before, instead=instead)
        return self._tell(session, room, event)

    def _end_host(self, room: Room, successor: User | None) -> str:
        """Make the host, if there is one, a moderator; return the name if it is another user's."""
        host = room.temporary.host
        if host is None or host is successor:
            return ""
        room.temporary.make_host(None)
        room.temporary.moderators.add(host)
        return host.name

    def _called(self, id: str) -> str:
        """Return the current or last name of an account's user."""
        user = self._directory.by_account.get(id)
        return user.name if user else self._accounts.name_of(id)


def _role(user: User | None, account: Account | None, room: Room) -> str:
    return room.role(user) if user else role_of(account, room) if account else "guest"


def _present(user: User | None, name: str, room: Room) -> User:
    """Return a user who is in a room; refuse others, whose role would not last."""
    if user is None or user not in room.people:
        raise Refused("absent", f"{name} is not in {room.name}.")
    return user


def _signed(user: User | None, account: Account | None) -> str:
    return signed(user) if user else account.name if account else ""
