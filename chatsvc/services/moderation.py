"""Moderation by operators and moderators, and its log.

Permissions are checked before; `bans.py` decides who a ban affects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from chatsvc.core.chat import Room, Session, User
from chatsvc.core.directory import Directory
from chatsvc.core.timer import Timer
from chatsvc.model.ban_masks import (
    BanMask,
    as_network,
    labelled,
    labelled_before,
    without_addresses,
)
from chatsvc.model.batch import Shared
from chatsvc.model.events import Event
from chatsvc.model.moderation_events import (
    Announced,
    Banned,
    Lockdown,
    Removed,
    Unbanned,
    Way,
    Ways,
)
from chatsvc.model.rate_limits import is_loopback, network
from chatsvc.model.records import Act, Ban, Fact
from chatsvc.model.requests import Refused
from chatsvc.model.server_events import Goodbye, Notice
from chatsvc.model.text_rules import check_words, key, span
from chatsvc.policy.bans import (
    BanList,
    check_not_probing,
    check_not_too_long,
    holds_user,
    masks_of,
    new_ban,
)
from chatsvc.policy.lockdown import LockdownSwitch
from chatsvc.policy.permissions import RANKS, check_above, check_may_kick, rank
from chatsvc.services.audit import Acts, because, signed
from chatsvc.services.ban_targets import BanTargets
from chatsvc.services.hosting import Hosting
from chatsvc.services.joining import Joining
from chatsvc.services.presence import Presence
from chatsvc.services.reports import Inbox
from chatsvc.services.sessions import Sessions
from chatsvc.store.archive import Records

LOCKDOWN = "lockdown"
MOST_NAMED = 100  # other users named as affected by a way to ban somebody


class Moderation:
    """The actions, each of which is logged for `/audit`."""

    def __init__(
        self,
        directory: Directory,
        sessions: Sessions,
        joining: Joining,
        hosting: Hosting,
        bans: BanList,
        records: Records,
        acts: Acts,
        reports: Inbox,
        targets: BanTargets,
        lockdown: LockdownSwitch,
        presence: Presence,
        clock: Timer,
    ) -> None:
        self._directory = directory
        self._sessions = sessions
        self._joining = joining
        self._hosting = hosting
        self._bans = bans
        self._records = records
        self._acts = acts
        self._reports = reports
        self._targets = targets
        self._lockdown = lockdown
        self._presence = presence
        self._clock = clock

    def open(self) -> None:
        """Load the state; the archive is open."""
        self._reports.open()
        facts = {fact.name: fact.value for fact in self._records.records(Fact)}
        self._lockdown.on = facts.get(LOCKDOWN) == "on"

    def greet(self, session: Session) -> None:
        """Tell an operator who joins what there is to know."""
        if not session.person.operator:
            return
        if self._lockdown.on:
            session.tell(
                Notice("Lockdown is on: only registered users can join. To end it: /lockdown off")
            )
        if self._reports:
            session.tell(self._reports.last())

    # Removing users

    async def kick(self, session: Session, user: User, room: Room | None, reason: str) -> Removed:
        """Remove a user from a room, or (None) from the server; they may rejoin."""
        reason = self._reason(session, room, reason)
        check_may_kick(session.person, user, room)
        if room is not None and user not in room.people:
            raise Refused("absent", f"{user.name} is not in {room.name}.")
        await self._acts.note(session, f"kicked {signed(user)}{because(reason)}", room)
        removed = Removed(room.name if room else "", user.name, session.name, reason)
        return self._put_out(user, room, session, reason) or removed

    def _reason(self, session: Session, room: Room | None, reason: str) -> str:
        """Return the given reason; none if a user is muted on the whole server."""
        check_words(reason)
        return "" if self._bans.silences(session.person, room) else reason

    def _put_out(self, user: User, room: Room | None, by: Session, reason: str) -> Removed | None:
        """Remove a user who is still online; return what a room was told."""
        if room is None:
            self._put_off_the_server(user, by, reason)
        elif user in room.people:
            return self._put_out_of_room(user, room, by, reason)
        return None

    def empty(self, room: Room, by: Session, reason: str) -> None:
        """Remove everybody from a room."""
        for user in list(room.people):
            self._put_out_of_room(user, room, by, reason)

    def _put_off_the_server(self, user: User, by: Session, reason: str) -> None:
        event = Removed("", user.name, by.name, reason, own=True)
        for session in list(user.sessions):
            session.tell(event)
            session.tell(
                Goodbye(f"{by.name} removed you from the server{because(reason)}.", final=True)
            )
            session.farewell = True
            session.close()
            self._sessions.leave(session, f"removed by {by.name}{because(reason)}")

    def _put_out_of_room(self, user: User, room: Room, by: Session, reason: str) -> Removed:
        entry, event = self._joining, Removed(room.name, user.name, by.name, reason)
        if user.account is not None:
            entry.no_longer_inside(user.account, room, invited=False)
        entry.forget_floors(user, room)
        unseen = user in room.unseen
        if not unseen:
            event = room.log.note(room, event)
        for session in list(user.sessions):
            room.passes.pop(session.client, None)
            room.invited.discard(session.client)
            if session in room.members:
                entry.step_out(session, room, "", told=True)
                here = session.here.name if session.here else None
                session.tell(replace(event, own=True, here=here))
        if not unseen:
            room.announce(event, but=by)
        return event

    # Bans and mutes

    async def ban(
        self,
        session: Session,
        who: str,
        seconds: float,
        reason: str,
        room: Room | None,
        mute: bool = False,
        quietly: bool = False,
    ) -> Banned:
        """Ban or mute a user in a room, or (None) on the whole server."""
        check_words(who)
        reason = self._reason(session, room, reason)
        check_not_too_long(who)
        who, now = labelled(who), self._acts.now()
        check_not_probing(session, who, quietly)
        ban = replace(
            new_ban(self._targets.marks(session, who, room), who, room),
            mute=mute,
            quietly=quietly,
            by=signed(session.person),
            reason=reason,
            time=now,
            until=now + seconds if seconds else 0.0,
        )
        done = f"{'quietly ' if quietly else ''}{'muted' if mute else 'banned'}"
        what = f"{done} {self._targets.signed(who)}"
        act = self._acts.act(session, f"{what}{_for(seconds)}{because(reason)}", room)
        await self._add(ban, act, session.person, room)
        hit = list(self._held(ban, room))
        self._bans.catch(ban, [each for user in hit for each in user.sessions])
        self._enforce(ban, hit, room, session)
        shown = self.shown(ban, session, tuple(user.name for user in hit))
        return replace(shown, who=who)

    async def _add(self, ban: Ban, act: Act, by: User, room: Room | None) -> None:
        if room is not None:
            await self._hosting.note_setting(by, room)
        await self._bans.add(ban, act)
        if room is not None and not room.members:  # who have left meanwhile
            await self._hosting.note_setting(by, room)
            self._hosting.emptied(room)

    def _held(self, ban: Ban, room: Room | None) -> Iterator[User]:
        """Yield the users online, or in the room, whom a ban affects."""
        masks = masks_of(ban)
        for user in list(room.people if room else self._directory.users.values()):
            above = user.operator or (room is not None and rank(user, room) >= RANKS["moderator"])
            if not above and holds_user(user, masks) and not self._is_exempt(user, room):
                yield user

    def _is_exempt(self, user: User, room: Room | None) -> bool:
        exempts = self._bans.exempts
        return room is not None and any(exempts(each, room.key) for each in user.sessions)

    async def exempt(self, session: Session, who: str, room: Room) -> Banned:
        """Exempt a user from the bans and mutes of a room."""
        check_words(who)
        check_not_too_long(who)
        who = labelled(who)
        exemption = replace(
            new_ban(self._targets.marks_to_exempt(session, who, room), who, room),
            by=signed(session.person),
            time=self._acts.now(),
            exempt=True,
        )
        act = self._acts.act(session, f"exempted {self._targets.signed(who)} from bans", room)
        await self._add(exemption, act, session.person, room)
        return replace(self.shown(exemption, session), who=who)

    def _enforce(self, ban: Ban, hit: list[User], room: Room | None, by: Session) -> None:
        for user in hit:
            if not ban.mute:
                self._put_out(user, room, by, ban.reason)
            elif not ban.quietly:
                shown = self.shown(ban, by)
                event = replace(shown, who=user.name, by=by.name, means=(), addresses=())
                for session in user.sessions:
                    session.tell(replace(event, own=True))

    def shown(self, ban: Ban, asker: Session, hit: tuple[str, ...] = ()) -> Banned:
        """Return a ban as moderators see it; addresses are for operators."""
        operator = asker.person.operator
        masks = [BanMask.parse(each) for each in ban.who]
        found = [mask.value for mask in masks if mask.is_of_address]
        room = self._directory.rooms.get(ban.room)
        return Banned(
            who=ban.label if operator else without_addresses(ban.label),
            room=room.name if room else ban.room,
            by=ban.by,
            reason=ban.reason,
            time=ban.time,
            until=ban.until or None,
            mute=ban.mute,
            quietly=ban.quietly,
            means=_means(masks),
            addresses=tuple(found) if operator else (),
            hit=hit,
            exempt=ban.exempt,
        )

    async def unban(
        self,
        session: Session,
        who: str,
        room: Room | None,
        mute: bool = False,
        exempt: bool = False,
    ) -> Unbanned:
        """Lift a user's bans, mutes, or exemptions."""
        who = labelled_before(who)
        done = "exempt" if exempt else "muted" if mute else "banned"
        bans = [
            ban
            for ban in self._bans.all(room)
            if (ban.mute, ban.exempt) == (mute, exempt) and self._targets.names(who, ban)
        ]
        if not bans:
            of = f" of {room.name}" if room else ""
            raise Refused("no-such-person", f"{who} is not {done}. To list the bans{of}: /bans")
        self._check_all_meant(who, bans, done)
        noticed = [ban for ban in bans if mute and not ban.quietly]
        told = {user for ban in noticed for user in self._held(ban, room)}
        undone = {"exempt": "no longer exempted", "muted": "unmuted", "banned": "unbanned"}[done]
        await self._acts.note(session, f"{undone} {self._targets.signed(who)}", room)
        await self._bans.remove(bans)
        self._presence.reveal_unmuted()
        where = room.name if room else ""
        for each in [each for user in told for each in user.sessions]:
            if self._bans.mute_of(each, room) is None:
                each.tell(Unbanned(each.name, where, session.name, mute=True, own=True))
        return Unbanned(who, where, session.name, mute, exempt=exempt)

    def _check_all_meant(self, who: str, bans: list[Ban], done: str) -> None:
        """Refuse words that match none of these bans: they mean something else."""
        if any(key(who) in (key(ban.label), key(without_addresses(ban.label))) for ban in bans):
            return
        for word in who.split():
            if not any(self._targets.names(word, ban) for ban in bans):
                raise Refused("no-such-person", f"{word} is not {done}.")

    def ways_to_ban(self, session: Session, user: User, room: Room | None) -> Ways:
        """Return the bans that would affect a user, and who else online or there they affect."""
        check_above(session.person, user, room)
        if room is not None and user not in room.people:
            raise Refused("no-such-person", f"{user.name} is not in {room.name}.")
        people = list(room.people if room else self._directory.users.values())
        ways = []
        for who, mark in _marks_to_choose(user).items():
            also = [one.name for one in people if one is not user and holds_user(one, (mark,))]
            hidden = mark.is_of_address and not session.person.operator
            kind = "network" if "/" in who and ":" not in who else "address"
            others = len(also[MOST_NAMED:]) or None
            ways.append(Way(kind if hidden else who, tuple(also[:MOST_NAMED]), others))
        return Ways(
            user.name, tuple(ways), _means(self._targets.marks_of(session, user.name, room))
        )

    # Messages

    # The whole server

    async def lock_down(self, session: Session, on: bool) -> Lockdown:
        """Let only registered users join, or (False) everybody again."""
        switch = "on" if on else "off"
        act = self._acts.act(session, f"turned lockdown {switch}", None)
        await self._records.put(Fact(LOCKDOWN, switch), act)
        self._lockdown.on = on
        event = Lockdown(on, session.name)
        self._tell_others(session, event)
        return event

    async def announce(self, session: Session, text: str, wallops: bool = False) -> Announced:
        """Send a message to everybody online, in any room."""
        check_words(text)
        await self._acts.note(session, f"announced: {text}", None)
        event = Announced(session.name, text, self._acts.now(), wallops)
        self._tell_others(session, event)
        return event

    def _tell_others(self, session: Session, event: Event) -> None:
        shared = Shared(event)
        for each in self._directory.clients.values():
            if each is not session:
                each.announce(shared)


def _means(masks: Iterable[BanMask]) -> tuple[str, ...]:
    """Return what a ban recognizes users by, in words."""
    return tuple(dict.fromkeys(mask.way for mask in sorted(masks)))


def _marks_to_choose(user: User) -> dict[str, BanMask]:
    """Return what a moderator could write to ban a user, and the mark that each stands for."""
    name = BanMask.of_name(user.name)
    found = {str(name): name}
    if user.account is not None:
        written = BanMask.of_account(user.account.name)
        found[str(written)] = BanMask.of_account(user.account.id)
    for address in dict.fromkeys(each.wire.address for each in user.sessions):
        if address and not is_loopback(address):
            wider = [f"{address}/24"] if "." in address else []
            for one in [network(address), *wider]:
                mask = BanMask.of_address(as_network(one) or one)
                found[str(mask)] = mask
    return found


def _for(seconds: float) -> str:
    return f" for {span(seconds)}" if seconds else ""
