"""Bans and mutes: whom they hold, where, and until when.  What they do to people is not here."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TypeVar

from chatsvc.archive import Archive
from chatsvc.events import Refused
from chatsvc.limits import MOST_ADDRESSES, bare
from chatsvc.records import Act, Ban
from chatsvc.rights import RANKS, rank
from chatsvc.room import Room, Timer
from chatsvc.rules import span
from chatsvc.session import Session, User

MOST_BANS = 10_000  # on the whole server
MOST_BANS_OF_ROOM = 500
MOST_WORDS = 10  # names, accounts and addresses in one ban
WIDEST = {4: 8, 6: 16}  # the shortest prefix of a network, by the version of its addresses
FOR_EVER = 0.0

K = TypeVar("K")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _Bans:
    """The bans, or the mutes, of one place: by id, and by what they know people by."""

    def __init__(self) -> None:
        self.by_id: dict[str, Ban] = {}
        self._by_mark: dict[str, dict[str, Ban]] = {}
        self._by_network: dict[tuple[int, int], dict[int, dict[str, Ban]]] = {}

    def add(self, ban: Ban) -> None:
        self.by_id[ban.id] = ban
        for mark in ban.who:
            self._by_mark.setdefault(mark, {})[ban.id] = ban
            if mark.startswith("ip="):
                kind, number = _place(mark[3:])
                self._by_network.setdefault(kind, {}).setdefault(number, {})[ban.id] = ban

    def remove(self, ban: Ban) -> None:
        self.by_id.pop(ban.id, None)
        for mark in ban.who:
            _take(self._by_mark, mark, ban.id)
            if mark.startswith("ip="):
                kind, number = _place(mark[3:])
                _take(self._by_network.get(kind, {}), number, ban.id)
                if not self._by_network.get(kind):
                    self._by_network.pop(kind, None)

    def find(self, marks: frozenset[str], address: str) -> Iterator[Ban]:
        """Those that hold somebody, some of them perhaps more than once."""
        for mark in marks:
            yield from self._by_mark.get(mark, {}).values()
        where = _parsed(address)
        if where is None:
            return
        for (version, prefix), networks in self._by_network.items():
            if version == where.version:
                number = int(where) >> (where.max_prefixlen - prefix)
                yield from networks.get(number, {}).values()


def _place(network: str) -> tuple[tuple[int, int], int]:
    """Version and prefix length of a network, and the bits that all of its addresses have."""
    found = _network(network)
    number = int(found.network_address) >> (found.max_prefixlen - found.prefixlen)
    return (found.version, found.prefixlen), number


def _take(table: dict[K, dict[str, Ban]], place: K, id: str) -> None:
    found = table.get(place, {})
    found.pop(id, None)
    if not found:
        table.pop(place, None)


class Sanctions:
    """Every ban and mute that holds."""

    def __init__(self, archive: Archive, clock: Timer) -> None:
        self._archive = archive
        self._clock = clock
        self._bans: dict[str, _Bans] = {}  # by room
        self._mutes: dict[str, _Bans] = {}
        self._exemptions: dict[str, _Bans] = {}

    def open(self) -> None:
        """Learn which there are; the archive is open."""
        for ban in self._archive.records(Ban):
            self._enter(ban)

    def _enter(self, ban: Ban) -> None:
        self._table(ban).setdefault(ban.room, _Bans()).add(ban)

    def _table(self, ban: Ban) -> dict[str, _Bans]:
        if ban.exempt:
            return self._exemptions
        return self._mutes if ban.mute else self._bans

    def _forget(self, ban: Ban) -> None:
        table = self._table(ban)
        place = table.get(ban.room, _Bans())
        place.remove(ban)
        if not place.by_id:
            table.pop(ban.room, None)

    def _of(self, where: str) -> list[Ban]:
        tables = (self._bans, self._mutes, self._exemptions)
        places = [table[where] for table in tables if where in table]
        return [ban for place in places for ban in place.by_id.values()]

    def all(self, room: Room | None) -> list[Ban]:
        """Those of a room, or of the whole server, oldest first."""
        found = self._of(room.key if room else "")
        return sorted(filter(self._holds_still, found), key=lambda ban: ban.time)

    def _holds_still(self, ban: Ban) -> bool:
        return ban.until == FOR_EVER or ban.until > self._clock.seconds()

    async def add(self, ban: Ban, act: Act) -> None:
        """Hold from now on, and after a restart; the act that made it so is kept with it."""
        most = MOST_BANS_OF_ROOM if ban.room else MOST_BANS
        if len(self._of(ban.room)) >= most:
            raise Refused("too-many", f"There are {most} bans and mutes here: /unban some first.")
        await self._archive.put(ban, act)
        self._enter(ban)

    async def remove(self, bans: Iterable[Ban]) -> None:
        """Hold no more, neither now nor after a restart."""
        bans = list(bans)
        await self._archive.drop(*bans)
        for ban in bans:
            self._forget(ban)

    async def forget_past(self) -> None:
        """Remove those whose time is over."""
        wheres = {*self._bans, *self._mutes, *self._exemptions}
        past = [ban for where in wheres for ban in self._of(where) if not self._holds_still(ban)]
        if past:
            await self.remove(past)

    # Whom they hold

    def ban_at_the_door(self, marks: frozenset[str], address: str) -> Ban | None:
        """The ban that keeps somebody out of the whole server."""
        return self._find([self._bans[""]], marks, address) if "" in self._bans else None

    def ban_of(self, session: Session, room: Room) -> Ban | None:
        """The ban that keeps somebody out of a room; its moderators are never held."""
        if room.key not in self._bans or rank(session.person, room) >= RANKS["moderator"]:
            return None
        if self.exempts(session, room.key):
            return None
        return self._find([self._bans[room.key]], session.marks, session.wire.address)

    def mute_of(self, session: Session, room: Room | None) -> Ban | None:
        """The mute that keeps somebody silent in a room, or (None) in private."""
        if not self._mutes:
            return None
        where = ("",) if room is None else ("", room.key)
        places = [self._mutes[each] for each in where if each in self._mutes]
        if not places or session.person.operator:
            return None
        if room is not None and rank(session.person, room) >= RANKS["moderator"]:
            places = [self._mutes[""]] if "" in self._mutes else []
        if room is not None and room.key in self._mutes and self.exempts(session, room.key):
            places = [self._mutes[""]] if "" in self._mutes else []
        return self._find(places, session.marks, session.wire.address)

    def silences(self, user: User, room: Room | None) -> bool:
        """Whether a mute keeps somebody silent in a room, or (None) on the whole server."""
        return bool(self._mutes) and any(self.mute_of(each, room) for each in user.sessions)

    def exempts(self, session: Session, where: str) -> bool:
        """Whether the bans and mutes of a room do not hold somebody."""
        places = [self._exemptions[where]] if where in self._exemptions else []
        return self._find(places, session.marks, session.wire.address) is not None

    def _find(self, places: list[_Bans], marks: frozenset[str], address: str) -> Ban | None:
        """Of those that hold somebody the one that ends last; an open one before a quiet one."""
        found = (ban for place in places for ban in place.find(marks, address))
        return max(filter(self._holds_still, found), key=_weight, default=None)

    def refusal(self, ban: Ban) -> Refused:
        """What the one whom it holds is told."""
        if ban.mute:
            return Refused("muted", self._sentence(ban, "muted", "talk"))
        return Refused("banned", self._sentence(ban, "banned", "come in"))

    def _sentence(self, ban: Ban, done: str, way: str) -> str:
        where = f" in {ban.room}" if ban.room else ""
        sentence = f"You are {done}{where}{f': {ban.reason}' if ban.reason else ''}."
        if ban.until:
            sentence += f" You can {way} again in {span(ban.until - self._clock.seconds())}."
        return sentence


def _weight(ban: Ban) -> tuple[bool, bool, float]:
    return not ban.quietly, ban.until == FOR_EVER, ban.until


def new_ban(who: Iterable[str], label: str, room: Room | None) -> Ban:
    return Ban(secrets.token_hex(6), room.key if room else "", tuple(sorted(who)), label)


def holds(who: tuple[str, ...], marks: frozenset[str], address: str) -> bool:
    """Whether any of a ban's marks is one of somebody's, or a network with their address."""
    if not marks.isdisjoint(who):
        return True
    return any(mark.startswith("ip=") and _contains(mark[3:], address) for mark in who)


def holds_user(user: User, who: tuple[str, ...]) -> bool:
    """Whether a ban's marks hold somebody through any of their connections."""
    return any(holds(who, session.marks, session.wire.address) for session in user.sessions)


def _contains(network: str, address: str) -> bool:
    where = _parsed(address)
    return where is not None and where in _network(network)


@lru_cache(maxsize=MOST_ADDRESSES)
def _parsed(address: str) -> _Address | None:
    usual = bare(address)
    return ipaddress.ip_address(usual) if usual else None


@lru_cache(maxsize=1024)
def _network(text: str) -> _Network:
    return ipaddress.ip_network(text)


def is_mark(word: str) -> bool:
    """Whether a word says by what somebody is known: `ip=10.0.0.0/8`, or just the address."""
    return word.startswith(("name=", "account=", "ip=")) or as_network(word) is not None


def as_network(text: str) -> str | None:
    """An address or CIDR as it is written shortest; None of what is neither."""
    try:
        if text.isdecimal():  # which `ipaddress` reads as an address, and people as a number
            return None
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    network = _unmapped(network)
    one = network.prefixlen == network.max_prefixlen
    return str(network.network_address if one else network)


def _unmapped(network: _Network) -> _Network:
    """The IPv4 network that an IPv6 one stands for, if it does; people have these addresses."""
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < 96:
        return network
    return ipaddress.ip_network(f"{mapped}/{network.prefixlen - 96}")


def check_not_too_wide(network: str) -> None:
    """Refuse a network that has nearly everybody in it."""
    wide = _network(network)
    least = WIDEST[wide.version]
    if wide.prefixlen < least:
        raise Refused(
            "bad-address",
            f"{network} is nearly everybody: a network has at least /{least}. To let in only"
            " registered people: /lockdown on",
        )


def check_not_too_long(who: str) -> None:
    """Refuse a ban of very many at once."""
    if len(who.split()) > MOST_WORDS:
        raise Refused(
            "too-many",
            f"One ban or mute takes at most {MOST_WORDS} names and addresses: please make several.",
        )


def check_not_probing(session: Session, label: str, quietly: bool) -> None:
    """Refuse what would tell a moderator who has an address, while nobody notices."""
    if quietly and not session.person.operator and without_addresses(label) != label:
        raise Refused(
            "not-allowed", "Only operators silence an address quietly: leave --quietly out."
        )


def labelled(who: str) -> str:
    """What people wrote to say whom they mean, with every address as `ip=`."""
    return " ".join(map(_labelled, who.split()))


def _labelled(word: str) -> str:
    network = as_network(word.removeprefix("ip="))
    return word if network is None else f"ip={network}"


def without_addresses(text: str) -> str:
    """A label, or an act with one in it, for those who are not shown addresses."""
    return re.sub(r"\bip=[^\s]*[^\s:]", "address", text)
