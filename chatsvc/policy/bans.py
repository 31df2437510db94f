"""Bans and mutes: who they affect, where, and until when.  Their effect is not implemented here."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import TypeVar

from chatsvc.core.chat import Room, Session, User
from chatsvc.model.ban_masks import (
    MASK,
    NAME,
    BanMask,
    network_of,
    parsed_address,
    without_addresses,
)
from chatsvc.model.records import Act, Ban
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import key, span
from chatsvc.policy.permissions import RANKS, rank
from chatsvc.store.archive import ArchiveFailed, Records

MOST_BANS = 10_000  # on the whole server
MOST_BANS_OF_ROOM = 500
MOST_REMEMBERED = 10_000  # names whose matching patterns are remembered
MOST_CAUGHT = 500  # marks of users caught by one ban
MOST_WORDS = 10  # names, accounts and addresses in one ban
WIDEST = {4: 8, 6: 16}  # the shortest network prefix, by the version of its addresses
FOR_EVER = 0.0

K = TypeVar("K")


class _Bans:
    """The bans, or the mutes, of one place: by id, and by what they recognize users by."""

    def __init__(self) -> None:
        self.by_id: dict[str, Ban] = {}
        self._by_mark: dict[BanMask, dict[str, Ban]] = {}
        self._by_network: dict[tuple[int, int], dict[int, dict[str, Ban]]] = {}
        self._by_pattern: dict[BanMask, dict[str, Ban]] = {}
        self._fitting: dict[BanMask, list[BanMask]] = {}  # patterns, by the mark that they match

    def add(self, ban: Ban) -> None:
        self.by_id[ban.id] = ban
        self._fitting.clear()
        for mark in masks_of(ban):
            self._by_mark.setdefault(mark, {})[ban.id] = ban
            if mark.is_pattern:
                self._by_pattern.setdefault(mark, {})[ban.id] = ban
            if mark.is_of_address:
                kind, number = _place(mark.value)
                self._by_network.setdefault(kind, {}).setdefault(number, {})[ban.id] = ban

    def remove(self, ban: Ban) -> None:
        self.by_id.pop(ban.id, None)
        self._fitting.clear()
        for mark in masks_of(ban):
            _take(self._by_mark, mark, ban.id)
            _take(self._by_pattern, mark, ban.id)
            if mark.is_of_address:
                kind, number = _place(mark.value)
                _take(self._by_network.get(kind, {}), number, ban.id)
                if not self._by_network.get(kind):
                    self._by_network.pop(kind, None)

    def find(self, marks: frozenset[BanMask], address: str) -> Iterator[Ban]:
        """Yield the bans that affect a user, some of them perhaps more than once."""
        for mark in marks:
            yield from self._by_mark.get(mark, {}).values()
            fitting = self._by_pattern and mark.kind in (NAME, MASK)
            for pattern in self._patterns_of(mark) if fitting else ():
                yield from self._by_pattern[pattern].values()
        where = parsed_address(address)
        if where is None:
            return
        for (version, prefix), networks in self._by_network.items():
            if version == where.version:
                number = int(where) >> (where.max_prefixlen - prefix)
                yield from networks.get(number, {}).values()

    def _patterns_of(self, mark: BanMask) -> list[BanMask]:
        """Return the patterns that match a name or a user; matched once, not for every line."""
        if mark not in self._fitting:
            if len(self._fitting) >= MOST_REMEMBERED:
                self._fitting.clear()
            self._fitting[mark] = [each for each in self._by_pattern if each.matches(mark)]
        return self._fitting[mark]


def _place(network: str) -> tuple[tuple[int, int], int]:
    """Return the version and prefix length of a network, and the bits that its addresses share."""
    found = network_of(network)
    number = int(found.network_address) >> (found.max_prefixlen - found.prefixlen)
    return (found.version, found.prefixlen), number


def _take(table: dict[K, dict[str, Ban]], place: K, id: str) -> None:
    found = table.get(place, {})
    found.pop(id, None)
    if not found:
        table.pop(place, None)


class BanList:
    """Every ban and mute in effect."""

    def __init__(self, records: Records, now: Callable[[], float]) -> None:
        self._records = records
        self._now = now
        self._bans: dict[str, _Bans] = {}  # by room
        self._mutes: dict[str, _Bans] = {}
        self._exemptions: dict[str, _Bans] = {}
        self._admissions: dict[str, _Bans] = {}
        self._moves: dict[str, str] = {}  # of rooms that are being renamed
        self._matched: dict[tuple[str, str, str, str], bool] = {}  # of users who have talked
        self._unsaved: dict[str, Ban] = {}  # bans that have caught users since the last save
        self.may_silence = False  # there are bans or mutes; tested for every line

    def open(self) -> None:
        """Load the bans; the archive is open."""
        for ban in self._records.records(Ban):
            self._enter(ban)

    def _enter(self, ban: Ban) -> None:
        self._matched.clear()
        ban = self._present(ban)
        self._table(ban).setdefault(ban.room, _Bans()).add(ban)
        self.may_silence = bool(self._mutes or self._bans)

    def _table(self, ban: Ban) -> dict[str, _Bans]:
        if ban.exempt:
            return self._exemptions
        if ban.admits:
            return self._admissions
        return self._mutes if ban.mute else self._bans

    def _forget(self, ban: Ban) -> None:
        self._matched.clear()
        ban = self._present(ban)
        table = self._table(ban)
        place = table.get(ban.room, _Bans())
        place.remove(place.by_id.get(ban.id, ban))
        self._unsaved.pop(ban.id, None)
        if not place.by_id:
            table.pop(ban.room, None)
        self.may_silence = bool(self._mutes or self._bans)

    def _present(self, ban: Ban) -> Ban:
        """Return a ban with the present key of its room, which may have changed meanwhile."""
        return replace(ban, room=self._moves[ban.room]) if ban.room in self._moves else ban

    def rename(self, room: str, new: str) -> None:
        """Give a room another key, as the archive has; bans being stored follow until `renamed`."""
        self._moves[room] = new
        for table in self._tables():
            if room in table:
                table[new] = _Bans()
                for ban in table.pop(room).by_id.values():
                    table[new].add(replace(ban, room=new))
        for id, ban in self._unsaved.items():
            self._unsaved[id] = self._present(ban)
        self._matched.clear()

    def renamed(self, room: str) -> None:
        """Note that no ban is being stored for a room under its former key."""
        self._moves.pop(room, None)

    def _of(self, where: str) -> list[Ban]:
        places = [table[where] for table in self._tables() if where in table]
        return [ban for place in places for ban in place.by_id.values()]

    def _tables(self) -> tuple[dict[str, _Bans], ...]:
        return self._bans, self._mutes, self._exemptions, self._admissions

    def all(self, room: Room | None) -> list[Ban]:
        """Return those of a room, or of the whole server, oldest first."""
        found = self._of(room.key if room else "")
        return sorted(filter(self._holds_still, found), key=lambda ban: ban.time)

    def _holds_still(self, ban: Ban) -> bool:
        return ban.until == FOR_EVER or ban.until > self._now()

    async def add(self, ban: Ban, act: Act) -> None:
        """Put a ban into effect, and store it together with its act."""
        most = MOST_BANS_OF_ROOM if ban.room else MOST_BANS
        if len(self._of(ban.room)) >= most:
            raise Refused(
                "too-many",
                f"There are already {most} bans and mutes,"
                " the maximum. Remove some first: /unban who",
            )
        await self._records.put(ban, act)
        self._enter(ban)

    async def remove(self, bans: Iterable[Ban]) -> None:
        """Lift a ban permanently."""
        bans = list(bans)
        await self._records.drop(*bans)
        for ban in bans:
            self._forget(ban)

    async def forget_past(self) -> list[Ban]:
        """Remove expired bans, and return them."""
        wheres = set(chain.from_iterable(self._tables()))
        past = [ban for where in wheres for ban in self._of(where) if not self._holds_still(ban)]
        if past:
            await self.remove(past)
        return past

    # Under another name

    def follow(self, user: User, room: Room | None) -> None:
        """Extend mutes that affect a user by name, here or (None) everywhere, to other names."""
        for mute, session in self._mutes_of(user, room):
            self.catch(mute, [session])

    def catch(self, ban: Ban, sessions: Iterable[Session]) -> None:
        """Extend a ban or mute to the other names of the users whose name it lists."""
        names = [mask for mask in map(BanMask.parse, ban.who) if mask.kind == NAME]
        caught = [one for session in sessions for one in _caught(ban, names, session)]
        if caught:
            new = replace(ban, caught=(*ban.caught, *caught)[-MOST_CAUGHT:])
            self._forget(ban)
            self._enter(new)
            self._unsaved[new.id] = new

    async def save(self) -> None:
        """Save who was caught; what cannot be saved is retried with the next call."""
        unsaved, self._unsaved = self._unsaved, {}
        try:
            await self._records.put(*unsaved.values())
        except ArchiveFailed:
            held = (ban for ban in unsaved.values() if ban in self._of(ban.room))
            self._unsaved.update({ban.id: ban for ban in held})

    # Who is affected

    def ban_at_the_door(self, marks: frozenset[BanMask], address: str) -> Ban | None:
        """Return the ban that keeps a user out of the whole server."""
        return self._find([self._bans[""]], marks, address) if "" in self._bans else None

    def ban_of(self, session: Session, room: Room) -> Ban | None:
        """Return the ban that keeps a user out of a room; its moderators are never affected."""
        return self._ban_of(session, room, session.marks, session.wire.address)

    def bans_name(self, session: Session, name: str, room: Room) -> bool:
        """Return whether a user would be kept out of a room by a name."""
        return self._ban_of(session, room, frozenset({BanMask.of_name(name)}), "") is not None

    def _ban_of(
        self, session: Session, room: Room, marks: frozenset[BanMask], address: str
    ) -> Ban | None:
        if room.key not in self._bans or rank(session.person, room) >= RANKS["moderator"]:
            return None
        if self.exempts(session, room.key):
            return None
        return self._find([self._bans[room.key]], marks, address)

    def silencing(self, session: Session, room: Room) -> Ban | None:
        """Return the mute or the ban that stops a user from talking in a room.

        A banned user may still be there: IRC's `MODE +b` removes nobody (RFC 2812, 5.2, 404).
        """
        mute = self.mute_of(session, room) if self._mutes else None
        if mute is not None or room.key not in self._bans or not self._is_matched(session, room):
            return mute
        return None if room.has_voice(session.person) else self.ban_of(session, room)

    def _is_matched(self, session: Session, room: Room) -> bool:
        """Return whether a room's bans match a user who is in it; compared once, not per line."""
        user = session.person
        known = (session.client, room.key, user.name, user.account.id if user.account else "")
        matched = self._matched.get(known)
        if matched is None:
            if len(self._matched) >= MOST_REMEMBERED:
                self._matched.clear()
            found = self._find([self._bans[room.key]], session.marks, session.wire.address)
            matched = self._matched[known] = found is not None
        return matched

    def mute_of(self, session: Session, room: Room | None) -> Ban | None:
        """Return the mute that affects a user in a room, or (None) in private.

        A voice in the room, or a higher role, overrides the room's mutes.
        """
        if not self._mutes:
            return None
        where = ("",) if room is None else ("", room.key)
        places = [self._mutes[each] for each in where if each in self._mutes]
        if not places or session.person.operator:
            return None
        if room is not None and room.key in self._mutes and self._overrides_mutes(session, room):
            places = [self._mutes[""]] if "" in self._mutes else []
        return self._find(places, session.marks, session.wire.address)

    def _overrides_mutes(self, session: Session, room: Room) -> bool:
        user = session.person
        if rank(user, room) >= RANKS["moderator"] or room.has_voice(user):
            return True
        return self.exempts(session, room.key, mutes=True)

    def silences(self, user: User, room: Room | None) -> bool:
        """Return whether a user is muted in a room, or (None) on the whole server."""
        return bool(self._mutes) and any(self.mute_of(each, room) for each in user.sessions)

    def conceals(self, user: User, room: Room) -> bool:
        """Return whether a mute hides a user's name from a room, which knows them by another."""
        return any(_knew_as(mute, each) for mute, each in self._mutes_of(user, room))

    def conceals_change(self, user: User, room: Room) -> bool:
        """Return whether a mute hides the name that a user has just taken from a room."""
        mutes = self._mutes_of(user, room)
        return any(user.key not in _names(mute, each) for mute, each in mutes)

    def _mutes_of(self, user: User, room: Room | None) -> Iterator[tuple[Ban, Session]]:
        for session in user.sessions if self._mutes else ():
            mute = self.mute_of(session, room)
            if mute is not None:
                yield mute, session

    def check_not_renamed(self, session: Session, room: Room) -> None:
        """Refuse to let a muted user rejoin a room under another name."""
        mute = self.mute_of(session, room)
        if mute is not None and not mute.quietly and (name := _knew_as(mute, session)):
            text = f"{self.refusal(mute).text} To join {room.name}, be {name} again."
            raise Refused("muted", text)

    def exempts(self, session: Session, where: str, mutes: bool = False) -> bool:
        """Return whether a user is exempt from the bans, or the mutes, of a room."""
        if where not in self._exemptions:
            return False
        found = self._exemptions[where].find(session.marks, session.wire.address)
        return any(mutes or not one.mute for one in found)

    def admits(self, session: Session, room: Room) -> bool:
        """Return whether a user may join a room while it is invite-only."""
        places = [self._admissions[room.key]] if room.key in self._admissions else []
        return self._find(places, session.marks, session.wire.address) is not None

    def _find(self, places: list[_Bans], marks: frozenset[BanMask], address: str) -> Ban | None:
        """Return the ban that affects a user longest; an open one before a quiet one."""
        found = (ban for place in places for ban in place.find(marks, address))
        return max(filter(self._holds_still, found), key=_weight, default=None)

    def refusal(self, ban: Ban) -> Refused:
        """Return what an affected user is told."""
        if ban.mute:
            return Refused("muted", self._sentence(ban, "muted", "talk"))
        return Refused("banned", self._sentence(ban, "banned", "join"))

    def _sentence(self, ban: Ban, done: str, way: str) -> str:
        where = f" in {ban.room}" if ban.room else ""
        sentence = f"You are {done}{where}{f': {ban.reason}' if ban.reason else ''}."
        if ban.until:
            sentence += f" You can {way} again in {span(ban.until - self._now())}."
        return sentence


def _weight(ban: Ban) -> tuple[bool, bool, float]:
    return not ban.quietly, ban.until == FOR_EVER, ban.until


def masks_of(ban: Ban) -> list[BanMask]:
    """Return all masks of a ban, including those of the users it has caught by name."""
    return [*map(BanMask.parse, ban.who), *(mask for _, mask in map(_parsed, ban.caught))]


def _parsed(caught: str) -> tuple[str, BanMask]:
    name, _, mask = caught.partition(" ")
    return name, BanMask.parse(mask)


def _caught(ban: Ban, names: Iterable[BanMask], session: Session) -> list[str]:
    """Return the marks to add to a ban that matches a session only by name."""
    known = {mark for mark in session.marks if mark.kind not in (NAME, MASK)}
    fits = any(name.matches(mark) for name in names for mark in session.marks)
    if not fits or not known.isdisjoint(masks_of(ban)):
        return []
    return [f"{session.person.key} {mark}" for mark in sorted(known)]


def _names(mute: Ban, session: Session) -> set[str]:
    """Return the names by which a mute recognizes a user, as keys."""
    masks = {BanMask.parse(one) for one in mute.who}
    names = {one.value for one in masks if one.kind == NAME and not one.is_pattern}
    names |= {name for name, mask in map(_parsed, mute.caught) if mask in session.marks}
    account = session.person.account
    if account is not None and BanMask.of_account(account.id) in masks:
        names.add(key(account.name))
    return names


def _knew_as(mute: Ban, session: Session) -> str | None:
    """Return the name that a user had when muted, if they have another one now.

    None if they are muted only by an address, which others may share.
    """
    names = _names(mute, session)
    same = {one for one in session.marks if one.kind not in (NAME, MASK)}
    if session.person.key in names or same.isdisjoint(masks_of(mute)):
        return None
    return min(names, default=None)


def new_ban(who: Iterable[BanMask], label: str, room: Room | None) -> Ban:
    """Return a ban of these masks, with an id of its own, in a room or on the whole server."""
    return Ban(secrets.token_hex(6), room.key if room else "", tuple(sorted(map(str, who))), label)


def holds(who: Collection[BanMask], marks: frozenset[BanMask], address: str) -> bool:
    """Return whether any of a ban's masks matches a user's marks or address."""
    return any(each.contains(address) or any(map(each.matches, marks)) for each in who)


def holds_user(user: User, who: Collection[BanMask]) -> bool:
    """Return whether a ban's masks match a user through any of their connections."""
    return any(holds(who, session.marks, session.wire.address) for session in user.sessions)


def check_not_too_wide(network: str) -> None:
    """Refuse a network that contains nearly everybody."""
    wide = network_of(network)
    least = WIDEST[wide.version]
    if wide.prefixlen < least:
        raise Refused(
            "bad-address",
            f"{network} is too large. The minimum prefix is /{least}."
            " To let only registered users join: /lockdown on",
        )


def check_not_too_long(who: str) -> None:
    """Refuse a ban with very many masks."""
    if len(who.split()) > MOST_WORDS:
        raise Refused(
            "too-many",
            f"A ban or mute accepts at most {MOST_WORDS} names and addresses. Use several bans.",
        )


def check_not_probing(session: Session, label: str, quietly: bool) -> None:
    """Refuse a ban that would reveal to a moderator who has an address, while nobody notices."""
    if quietly and not session.person.operator and without_addresses(label) != label:
        raise Refused(
            "not-allowed", "Only operators can mute an address quietly. Leave out --quietly."
        )
