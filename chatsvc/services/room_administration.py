"""Administering a room, by founders and moderators: rules, roles, invitations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from chatsvc.auth.accounts import Accounts
from chatsvc.core.chat import Room, Session, User
from chatsvc.core.directory import Directory
from chatsvc.core.membership import Membership
from chatsvc.model.batch import Shared
from chatsvc.model.presence_events import Away
from chatsvc.model.records import Account, Act, Member, RoomRules
from chatsvc.model.requests import Refused
from chatsvc.model.room_events import Expected, Invitations, Invited, Rule, Rules, Topic
from chatsvc.model.text_rules import check_words, counted, span
from chatsvc.policy.bans import BanList
from chatsvc.policy.permissions import check_founder, check_invite, check_level, moderates
from chatsvc.policy.room_rules import changed, current, listed, rule_name, shown, value_of
from chatsvc.services.audit import Acts
from chatsvc.services.hosting import Hosting
from chatsvc.services.room_roles import somebody
from chatsvc.services.topics import Topics
from chatsvc.services.visibility import Visibility
from chatsvc.store.archive import ArchiveFailed, Lines, Records

MOST_INVITED = 1000  # pending invitations of a room, besides those of accounts
AT_THE_ENTRANCE = ("password", "invite-only", "registered-only")  # rules about who can join
WRITTEN = ("description", "refuse", "mask")  # rules whose texts everybody in the room can read


class RoomAdministration:
    """Changes that the room is told about, and that are stored."""

    def __init__(
        self,
        directory: Directory,
        accounts: Accounts,
        membership: Membership,
        bans: BanList,
        hosting: Hosting,
        lines: Lines,
        records: Records,
        acts: Acts,
        topics: Topics,
        visibility: Visibility,
    ) -> None:
        self._directory = directory
        self._accounts = accounts
        self._membership = membership
        self._bans = bans
        self._hosting = hosting
        self._lines = lines
        self._records = records
        self._acts = acts
        self._topics = topics
        self._visibility = visibility

    def rules(self, room: Room) -> Rules:
        """Return a room's rules."""
        names = {"founder": [], "moderator": []}  # type: dict[str, list[str]]
        for id, member in room.roster.items():
            if member.role in names:
                names[member.role].append(self._accounts.name_of(id))
        founder = next(iter(names["founder"]), None)
        host = room.temporary.host
        moderators = [*names["moderator"], *sorted(one.name for one in room.temporary.moderators)]
        return Rules(
            room=room.name,
            rules=listed(room.rules),
            founder=founder,
            moderators=tuple(dict.fromkeys(moderators)),
            made=room.made,
            host=host.name if host else None,
        )

    async def set_rules(
        self, session: Session, room: Room, written: Mapping[str, str]
    ) -> tuple[Rule, ...]:
        """Change some of a room's rules at once, and tell the room.

        If a value is invalid, nothing changes.
        """
        named = dict(_named(written))
        if "keep" in named:  # which deletes messages permanently
            check_founder(session.person, room)
            named["keep"] = await self._confirmed(room, named["keep"])
        values = {name: value_of(name, text) for name, text in named.items()}
        mute = self._bans.mute_of(session, room)
        if mute is not None and not values.keys().isdisjoint(WRITTEN):
            if not mute.quietly:
                raise self._bans.refusal(mute)
            return _told(session, room, _with(room.rules, values), values)
        if values.get("password"):
            password = await self._accounts.hash_room_password(values["password"], session.source)
            values["password"] = password
            self._check_still_there(session, room)
        await self._hosting.note_setting(session.person, room)
        self._check_still_there(session, room)
        await self._change(session, room, values)
        if not values.keys().isdisjoint(AT_THE_ENTRANCE):
            room.passes.clear()  # of users who could join under the old rules
        self._hosting.emptied(room)  # by users who have left meanwhile
        events = _told(session, room, room.rules, values)
        return tuple(room.announce(event, but=session) for event in events)

    async def _change(self, session: Session, room: Room, values: Mapping[str, Any]) -> None:
        old = room.rules
        self._apply(room, _with(old, values))
        done = ", ".join(f"set {name}: {shown(room.rules, name)}" for name in values)
        try:
            await self._keep(room, self._acts.act(session, done, room))
        except ArchiveFailed:
            self._apply(room, _with(room.rules, {name: current(old, name) for name in values}))
            raise

    async def _confirmed(self, room: Room, written: str) -> str:
        """Return a retention time without its "yes"; refuse one that deletes messages unasked."""
        time, _, answer = written.strip().partition(" ")
        if answer.strip().lower() == "yes":
            return time
        keep = value_of("keep", written)
        count = await self._older(room, self._acts.now() - keep) if keep else 0
        if count:
            raise Refused(
                "confirm",
                f"This deletes {counted(count, 'message')} in {room.name} permanently, and later"
                f" ones after {span(keep)}. To confirm: /set keep {written.strip()} yes",
            )
        return written

    async def _older(self, room: Room, before: float) -> int:
        """Return how many of a room's messages are from before a time."""
        first = await self._lines.read(room.name, 0, 1)
        if not first:
            return 0
        return max(0, await self._lines.number_at(room.name, before) - first[0].number)

    async def set_topic(self, session: Session, room: Room, text: str) -> Topic:
        """Set the topic; what a moderator does is logged for `/audit`."""
        check_words(text)
        held = self._bans.mute_of(session, room)
        if held is None and moderates(session.person, room):
            await self._acts.note(session, f"set topic: {text}", room)
        return await self._topics.set(session, room, text)

    def _check_still_there(self, session: Session, room: Room) -> None:
        """Check again after hashing a password: the room or the permission may be gone."""
        if self._directory.rooms.get(room.key) is not room:
            raise Refused(
                "no-such-room",
                f"{room.name} no longer exists. To create it again: /join {room.name}",
            )
        check_level(session, "moderator", room)

    def _apply(self, room: Room, charter: RoomRules) -> None:
        """Apply rules at once, so that a concurrent change of another one does not undo this."""
        room.charter = None if charter == RoomRules(room.name) else charter
        if charter.history != "all":
            for session in room.members:
                room.floors.setdefault(session.client, room.last)

    async def _keep(self, room: Room, act: Act) -> None:
        await self._records.put(room.rules, act)
        if room.charter is None:
            with suppress(ArchiveFailed):  # the stored rules are the same
                await self._records.drop(room.rules)

    # Invitations

    async def invite(self, session: Session, room: Room, name: str) -> Invited:
        """Invite a user to a room that not everybody may join, and tell them."""
        user, account = somebody(self._directory, self._accounts, name)
        if user is not None and user in room.people:
            raise Refused("known", f"{user.name} is already in {room.name}.")
        check_invite(session, room)
        called_now = user.name if user else account.name if account else name
        invited = Invited(room.name, called_now, session.name, own=True)
        mute = self._bans.mute_of(session, room)
        if mute is not None:
            if mute.quietly:  # who must not notice it
                return invited
            raise self._bans.refusal(mute)
        await self._expect(room, user, account)
        overheard = Shared(replace(invited, own=False, overheard=True))
        for member in room.members:
            if member.user is not session.user and moderates(member.person, room):
                member.announce(overheard)
        if user is not None and not user.ignores_user(session.person):
            for each in user.sessions:
                each.tell(replace(invited, own=False))
        reason = self._visibility.reason_shown(user, session) if user is not None else None
        if user is not None and reason is not None:
            session.tell(Away(user.name, reason, written=True))
        return invited

    def expected(self, room: Room) -> Expected:
        """Return who is invited and has not joined: accounts without another role, and guests."""
        accounts = [id for id, one in room.roster.items() if _is_invited(one)]
        guests = (
            session for session in self._directory.clients.values() if session.user is not None
        )
        names = [session.name for session in guests if session.client in room.invited]
        return Expected(room.name, (*map(self._accounts.name_of, accounts), *names))

    def invitations(self, session: Session) -> Invitations:
        """Return the rooms that a user is invited to and not in."""
        user, rooms = session.person, self._directory.rooms.values()
        names = [one.name for one in rooms if user not in one.people and _is_pending(user, one)]
        return Invitations(tuple(sorted(names)))

    def uninvite(self, session: Session, room: Room, name: str) -> Expected:
        """Withdraw an invitation that was not accepted yet."""
        user, account = somebody(self._directory, self._accounts, name)
        member = room.roster.get(account.id) if account is not None else None
        clients = {each.client for each in user.sessions} if user else set()
        if member is not None and _is_invited(member):
            self._membership.forget(member)
        elif account is None and clients & room.invited:
            room.invited -= clients
        else:
            raise Refused(
                "no-such-person", f"{name} has no pending invitation. To list them: /invited"
            )
        return replace(self.expected(room), uninvited=name)

    def _check_may_expect_more(self, room: Room) -> None:
        """Refuse more invitations than the maximum; those of users who have left do not count."""
        if len(room.invited) >= MOST_INVITED:
            room.invited &= self._directory.clients.keys()
        if len(room.invited) >= MOST_INVITED:
            raise Refused(
                "too-many",
                f"{room.name} already has {MOST_INVITED} pending invitations, the maximum.",
            )

    async def _expect(self, room: Room, user: User | None, account: Account | None) -> None:
        closed = room.rules.invite_only or room.rules.password
        if account is None or not closed:
            clients = {each.client for each in user.sessions} if user else set()
            self._check_may_expect_more(room)
            room.invited |= clients
        elif account.id not in room.roster:
            member = Member(room.key, account.id, inside=False, joined=room.last)
            await self._membership.keep(member)


def _is_pending(user: User, room: Room) -> bool:
    """Return whether a user was invited to a room and has not joined."""
    member = room.roster.get(user.account.id) if user.account else None
    if member is not None and _is_invited(member):
        return True
    return any(session.client in room.invited for session in user.sessions)


def _is_invited(member: Member) -> bool:
    return member.role == "member" and not member.inside


def _named(written: Mapping[str, str]) -> dict[str, str]:
    return {rule_name(name): value for name, value in written.items()}


def _with(rules: RoomRules, values: Mapping[str, Any]) -> RoomRules:
    for name, value in values.items():
        rules = changed(rules, name, value)
    return rules


def _told(session: Session, room: Room, rules: RoomRules, names: Iterable[str]) -> tuple[Rule, ...]:
    *most, last = names
    by = session.name
    first = (Rule(room.name, name, shown(rules, name), by, more=True) for name in most)
    return (*first, Rule(room.name, last, shown(rules, last), by))
