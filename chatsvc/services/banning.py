"""Bans, mutes, exemptions and standing invitations: made, lifted, and shown.

`bans.py` decides who they affect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from chatsvc.core.chat import Room, Session, User
from chatsvc.core.directory import Directory
from chatsvc.model.ban_masks import (
    MASK,
    BanMask,
    as_network,
    labelled,
    labelled_before,
    without_addresses,
)
from chatsvc.model.batch import Shared
from chatsvc.model.moderation_events import Banned, Listed, Unbanned, Way, Ways
from chatsvc.model.rate_limits import is_loopback, network
from chatsvc.model.records import Act, Ban
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import check_words, key, span
from chatsvc.policy.bans import (
    BanList,
    check_not_probing,
    check_not_too_long,
    holds_user,
    masks_of,
    new_ban,
)
from chatsvc.policy.permissions import RANKS, check_above, moderates, rank
from chatsvc.services.audit import Acts, because, signed
from chatsvc.services.ban_targets import BanTargets
from chatsvc.services.hosting import Hosting
from chatsvc.services.moderation import Moderation
from chatsvc.services.presence import Presence

MOST_NAMED = 100  # other users named as affected by a way to ban somebody

_DONE = {"ban": "banned", "mute": "muted", "exempt": "exempt", "admit": "admitted"}
_UNDONE = {
    "ban": "unbanned", "mute": "unmuted", "exempt": "no longer exempted",
    "admit": "no longer admitted",
}  # fmt: skip


class Banning:
    """Adds and lifts bans, mutes, exemptions and standing invitations, and logs each change."""

    def __init__(
        self,
        directory: Directory,
        moderation: Moderation,
        hosting: Hosting,
        bans: BanList,
        acts: Acts,
        targets: BanTargets,
        presence: Presence,
    ) -> None:
        self._directory = directory
        self._moderation = moderation
        self._hosting = hosting
        self._bans = bans
        self._acts = acts
        self._targets = targets
        self._presence = presence

    async def ban(
        self,
        session: Session,
        who: str,
        seconds: float,
        reason: str,
        room: Room | None,
        mute: bool = False,
        quietly: bool = False,
        stay: bool = False,
        once: bool = False,
    ) -> Banned:
        """Ban or mute a user in a room, or (None) on the whole server.

        Banned users are removed, unless they may `stay`; then they cannot talk or return.  What is
        `once` is refused if it is in force already.
        """
        reason = self._moderation.reason(session, room, reason)
        who, now = _labelled(who), self._acts.now()
        check_not_probing(session, who, quietly)
        _check_reach(who, room, removes=not (mute or stay))
        self._check_has_no_voice(who, room if mute else None)
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
        if (stay or once) and room is not None:
            self._check_new(ban, room)
        act = self._acts.act(session, f"{what}{_for(seconds)}{because(reason)}", room)
        await self._add(ban, act, session, room)
        hit = list(self._held(ban, room))
        self._bans.catch(ban, [each for user in hit for each in user.sessions])
        if not stay:
            self._enforce(ban, hit, room, session)
        shown = self.shown(ban, session, () if stay else tuple(user.name for user in hit))
        return replace(shown, who=who)

    def _check_has_no_voice(self, who: str, room: Room | None) -> None:
        """Refuse to mute a user whose voice would override the mute."""
        user = self._directory.users.get(key(who))
        if room is not None and user is not None and room.has_voice(user):
            raise Refused(
                "voiced",
                f"{user.name} has a voice in {room.name}, which overrides mutes."
                f" Take it first: /devoice {user.name}",
            )

    async def _add(self, ban: Ban, act: Act, session: Session, room: Room | None) -> None:
        by = session.person
        if room is not None:
            await self._hosting.note_setting(by, room)
        await self._bans.add(ban, act)
        if room is None:
            return
        if not room.members:  # who have left meanwhile
            await self._hosting.note_setting(by, room)
            self._hosting.emptied(room)
        self._tell_list(ban, session, room)

    def _tell_list(
        self, ban: Ban, by: Session | None, room: Room | None, removed: bool = False
    ) -> None:
        """Tell the others in a room that a list has changed; only operators see addresses."""
        if ban.quietly or room is None:
            return
        kind = kind_of(ban)
        name = by.name if by else ""
        shown = Listed(room.name, ban.label, name, kind, mute=ban.mute, removed=removed)
        full, hidden = Shared(shown), Shared(replace(shown, who=without_addresses(ban.label)))
        for member in room.members:
            if member is not by:
                member.announce(full if member.person.operator else hidden)

    def _held(self, ban: Ban, room: Room | None) -> Iterator[User]:
        """Yield the users online, or in the room, whom a ban affects."""
        masks = masks_of(ban)
        for user in list(room.people if room else self._directory.users.values()):
            if not self._is_above(user, room, ban) and holds_user(user, masks):
                yield user

    def _is_above(self, user: User, room: Room | None, ban: Ban) -> bool:
        """Return whether a ban or mute does not affect a user, although it may match."""
        mute = ban.mute
        if user.operator or room is None:
            return user.operator and (room is not None or mute or not _is_of_account(ban, user))
        if rank(user, room) >= RANKS["moderator"] or (mute and room.has_voice(user)):
            return True
        return any(self._bans.exempts(each, room.key, mute) for each in user.sessions)

    async def forget_past(self) -> None:
        """Remove expired bans, and tell their rooms what is no longer listed."""
        for ban in await self._bans.forget_past():
            room = self._directory.room(ban.room)
            if room is not None and not self._is_listed(ban, room):  # again, meanwhile
                self._tell_list(ban, None, room, removed=True)

    async def exempt(
        self, session: Session, who: str, room: Room, only_mutes: bool = False
    ) -> Banned:
        """Exempt a user from the bans and mutes of a room, or only from its mutes."""
        done = f"exempted {{}} from {'mutes' if only_mutes else 'bans'}"
        return await self._allow(session, who, room, done, exempt=True, mute=only_mutes)

    async def admit(self, session: Session, who: str, room: Room) -> Banned:
        """Let users join a room without an invitation while it is invite-only."""
        return await self._allow(session, who, room, "admitted {}", admits=True)

    async def _allow(
        self, session: Session, who: str, room: Room, done: str, **kind: bool
    ) -> Banned:
        """Add an exemption or a standing invitation; `done` describes it for the log."""
        who = _labelled(who)
        marks = self._targets.marks_to_exempt(who)
        by, now = signed(session.person), self._acts.now()
        ban = replace(new_ban(marks, who, room), by=by, time=now, **kind)  # type: ignore[arg-type]
        self._check_new(ban, room)
        act = self._acts.act(session, done.format(self._targets.signed(who)), room)
        await self._add(ban, act, session, room)
        return replace(self.shown(ban, session), who=who)

    def _check_new(self, ban: Ban, room: Room) -> None:
        """Refuse an entry that the list has already."""
        if self._is_listed(ban, room):
            raise Refused("known", f"{ban.label} is already {_DONE[kind_of(ban)]}.")

    def _is_listed(self, ban: Ban, room: Room) -> bool:
        """Return whether a list of the room has an entry like this one, in force."""
        same = (one for one in self._bans.all(room) if kind_of(one) == kind_of(ban))
        return any(key(one.label) == key(ban.label) and one.mute == ban.mute for one in same)

    def _enforce(self, ban: Ban, hit: list[User], room: Room | None, by: Session) -> None:
        for user in hit:
            if not ban.mute:
                self._moderation.put_out(user, room, by, ban.reason)
            elif not ban.quietly:
                shown = self.shown(ban, by)
                event = replace(shown, who=user.name, by=by.name, means=(), addresses=())
                for session in user.sessions:
                    session.tell(replace(event, own=True))

    def all(self, asker: Session, room: Room | None) -> list[Ban]:
        """Return those of a room, or the server; only its moderators know of quiet mutes."""
        if room is None or moderates(asker.person, room):
            return self._bans.all(room)
        return [ban for ban in self._bans.all(room) if not ban.quietly]

    def shown(self, ban: Ban, asker: Session, hit: tuple[str, ...] = ()) -> Banned:
        """Return a ban as others see it; addresses are for operators."""
        operator = asker.person.operator
        masks = [BanMask.parse(each) for each in ban.who]
        found = [mask.value for mask in masks if mask.is_of_address]
        room = self._directory.rooms.get(ban.room)
        return Banned(
            who=_shown_label(ban, asker),
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
            admits=ban.admits,
        )

    def _named(self, who: str, room: Room | None, kind: str) -> list[Ban]:
        """Return the bans of one kind that somebody names; refuse if there are none, or others."""
        every = (ban for ban in self._bans.all(room) if kind_of(ban) == kind)
        bans = [ban for ban in every if self._targets.names(who, ban)]
        if not bans:
            of = f" of {room.name}" if room else ""
            raise Refused(
                "no-such-person", f"{who} is not {_DONE[kind]}. To list the bans{of}: /bans"
            )
        self._check_all_meant(who, bans, _DONE[kind])
        return bans

    def _tell_unmuted(self, users: set[User], by: str, room: Room | None) -> None:
        """Tell those users who are not muted any more."""
        where = room.name if room else ""
        for each in [each for user in users for each in user.sessions]:
            if self._bans.mute_of(each, room) is None:
                each.tell(Unbanned(each.name, where, by, mute=True, own=True))

    async def unban(
        self, session: Session, who: str, room: Room | None, kind: str = "ban"
    ) -> Unbanned:
        """Lift a user's bans, mutes (`kind`), exemptions (`exempt`) or invitations (`admit`)."""
        who = labelled_before(who)
        bans = self._named(who, room, kind)
        noticed = [ban for ban in bans if kind == "mute" and not ban.quietly]
        told = {user for ban in noticed for user in self._held(ban, room)}
        await self._acts.note(session, f"{_UNDONE[kind]} {self._targets.signed(who)}", room)
        await self._bans.remove(bans)
        self._presence.reveal_unmuted()
        for ban in bans:
            self._tell_list(ban, session, room, removed=True)
        self._tell_unmuted(told, session.name, room)
        if kind == "admit" and room is not None:
            room.passes.clear()  # of guests who had joined without an invitation
        return Unbanned(
            who,
            room.name if room else "",
            session.name,
            mute=any(ban.mute for ban in bans),
            exempt=kind == "exempt",
            admits=kind == "admit",
            lifted=tuple(_shown_label(ban, session) for ban in bans),
        )

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


def kind_of(ban: Ban) -> str:
    """Return which of a room's lists it belongs to: ban, mute, exempt or admit."""
    if ban.exempt or ban.admits:
        return "exempt" if ban.exempt else "admit"
    return "mute" if ban.mute else "ban"


def _is_of_account(ban: Ban, user: User) -> bool:
    """Return whether a ban is of the user's account, and not just of a name or an address."""
    return user.account is not None and str(BanMask.of_account(user.account.id)) in ban.who


def _shown_label(ban: Ban, asker: Session) -> str:
    return ban.label if asker.person.operator else without_addresses(ban.label)


def _labelled(who: str) -> str:
    check_words(who)
    check_not_too_long(who)
    return labelled(who)


def _check_reach(who: str, room: Room | None, removes: bool) -> None:
    """Refuse to remove everybody, and IRC masks on the whole server."""
    masks = list(map(BanMask.parse, who.split()))
    if removes and any(mask.is_of_everybody for mask in masks):
        raise Refused(
            "bad-mask", f"{who} matches everybody. To let only registered users join: /lockdown on"
        )
    if room is None and any(mask.kind == MASK for mask in masks):
        raise Refused(
            "bad-mask", f"On the whole server, use a name or an address instead of {who}."
        )


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
            found |= {str(mask): mask for mask in _networks_of(address)}
    return found


def _networks_of(address: str) -> Iterator[BanMask]:
    """Yield the network that one user has, and a wider one for an IPv4 address."""
    for one in [network(address), *([f"{address}/24"] if "." in address else [])]:
        yield BanMask.of_address(as_network(one) or one)


def _for(seconds: float) -> str:
    return f" for {span(seconds)}" if seconds else ""
