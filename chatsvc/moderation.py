"""What operators and moderators do to keep a chat civil, and what is kept of that.

Who may do it was asked before; whom a ban holds is `sanctions.py`'s business.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from chatsvc.archive import ArchiveFailed
from chatsvc.batch import Shared
from chatsvc.events import Event, Goodbye, Notice, Refused, Said
from chatsvc.governance import (
    Announced,
    Audit,
    Banned,
    Deed,
    Deleted,
    Lockdown,
    Removed,
    Reported,
    Reports,
    Unbanned,
    Way,
)
from chatsvc.limits import is_loopback, network
from chatsvc.records import Act, Ban, Fact, Report
from chatsvc.rights import RANKS, check_above, check_above_account, floor, moderates, rank
from chatsvc.room import Room
from chatsvc.rules import check_words, key, span
from chatsvc.sanctions import (
    as_network,
    check_not_probing,
    check_not_too_wide,
    holds_user,
    labelled,
    new_ban,
    without_addresses,
)
from chatsvc.session import Session, User

if TYPE_CHECKING:
    from chatsvc.hub import Hub

LOCKDOWN = "lockdown"
MOST_REPORTS = 1000  # that nobody has dealt with
MOST_REPORTS_BY_ONE = 20


class Moderation:
    """Acts, each of which is kept for `/audit`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.reports: dict[int, Report] = {}
        self._last_report = 0

    def open(self) -> None:
        """Learn what is going on; the archive is open."""
        archive = self._hub.archive
        self.reports = {report.number: report for report in archive.records(Report)}
        self._last_report = max(self.reports, default=0)
        facts = {fact.name: fact.value for fact in archive.records(Fact)}
        self._hub.door.locked = facts.get(LOCKDOWN) == "on"

    def act(self, session: Session, what: str, room: Room | None) -> Act:
        """What somebody does, to be kept together with what it changes."""
        where = room.name if room else ""
        return Act(secrets.token_hex(6), self._now(), session.name, what, where)

    async def note(self, session: Session, what: str, room: Room | None) -> None:
        """Keep what somebody is about to do: nothing is done that `/audit` does not show."""
        await self._hub.archive.put(self.act(session, what, room))

    async def audit(self, session: Session, count: int, room: Room | None) -> Audit:
        """The last acts in a room, or (None) all of them; addresses are for operators."""
        acts = await self._hub.archive.acts(count, room.name if room else None)
        show = str if session.person.operator else without_addresses
        return Audit(tuple(Deed(act.time, act.by, show(act.what), act.room) for act in acts))

    def _now(self) -> float:
        return round(self._hub.clock.seconds(), 3)

    # Putting people out

    async def kick(self, session: Session, user: User, room: Room | None, reason: str) -> Removed:
        """Put somebody out of a room, or (None) off the server; they may come back."""
        check_words(reason)
        check_above(session.person, user, room)
        if room is not None and user not in room.people:
            raise Refused("no-such-person", f"{user.name} is not in {room.name}.")
        await self.note(session, f"kicked {user.name}{_because(reason)}", room)
        self._put_out(user, room, session, reason)
        return Removed(room.name if room else "", user.name, session.name, reason)

    def _put_out(self, user: User, room: Room | None, by: Session, reason: str) -> None:
        """Whoever has gone meanwhile need not be put out."""
        if room is None:
            self._put_off_the_server(user, by, reason)
        elif user in room.people:
            self._put_out_of_room(user, room, by, reason)

    def _put_off_the_server(self, user: User, by: Session, reason: str) -> None:
        for session in list(user.sessions):
            session.tell(Goodbye(f"{by.name} has put you out{_because(reason)}.", final=True))
            session.wire.close()
            self._hub.leave(session, f"was put out by {by.name}{_because(reason)}")

    def _put_out_of_room(self, user: User, room: Room, by: Session, reason: str) -> None:
        entry, event = self._hub.entry, Removed(room.name, user.name, by.name, reason)
        if user.account is not None:
            entry.no_longer_inside(user.account, room, invited=False)
        for session in list(user.sessions):
            room.passes.pop(session.client, None)
            room.invited.discard(session.client)
            if session in room.members:
                entry.step_out(session, room, "", told=True)
                here = session.here.name if session.here else None
                session.tell(replace(event, own=True, here=here))
        room.announce(event, but=by)

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
        """Keep somebody out, or silent, in a room, or (None) on the whole server."""
        check_words(who)
        check_words(reason)
        who, now = labelled(who), self._now()
        check_not_probing(session, who, quietly)
        ban = replace(
            new_ban(self._marks(session, who, room), who, room),
            mute=mute,
            quietly=quietly,
            by=session.name,
            reason=reason,
            time=now,
            until=now + seconds if seconds else 0.0,
        )
        what = f"{'quietly ' if quietly else ''}{'muted' if mute else 'banned'} {who}"
        act = self.act(session, f"{what}{_for(seconds)}{_because(reason)}", room)
        await self._hub.sanctions.add(ban, act)
        hit = list(self._held(ban, room))
        self._enforce(ban, hit, room, session)
        shown = self.shown(ban, session, tuple(user.name for user in hit))
        return replace(shown, who=who)

    def _marks(self, session: Session, who: str, room: Room | None) -> set[str]:
        """What a ban of `who` knows them by."""
        marks: set[str] = set()
        for word in who.split():
            kind, equals, value = word.partition("=")
            if equals and kind in ("name", "account", "ip") and value:
                marks.add(self._named_mark(session, kind, value, room))
            else:
                marks |= self._marks_of(session, word, room)
        if not marks:
            raise Refused("usage", "Whom? It goes like this: /ban who, or /mute who")
        return marks

    def _named_mark(self, session: Session, kind: str, value: str, room: Room | None) -> str:
        if kind == "name":
            return f"name={key(value)}"
        if kind == "ip":
            found = as_network(value)
            if found is None:
                raise Refused(
                    "bad-address",
                    f"{value} is no address: please write one like 192.0.2.7, or a network like"
                    " 10.0.0.0/8.",
                )
            check_not_too_wide(found)
            return f"ip={found}"
        account = self._hub.accounts.find(value)
        if account is None:
            raise Refused("no-such-person", f"There is no account {value}: /whois shows accounts.")
        check_above_account(session.person, account, room)
        return f"account={account.id}"

    def _marks_of(self, session: Session, name: str, room: Room | None) -> set[str]:
        """All that is known of somebody, except an address that others here have, too."""
        user = self._hub.users.get(key(name))
        account = user.account if user else self._hub.accounts.find(name)
        if user is None and account is None:
            raise Refused(
                "no-such-person",
                f"There is nobody called {name} here. To name somebody who is not: name={name}",
            )
        marks = {f"name={key(name)}"}
        if account is not None:
            if user is not session.user:
                check_above_account(session.person, account, room)
            marks |= {f"account={account.id}", f"name={key(account.name)}"}
        if user is not None:
            check_above(session.person, user, room)
            marks |= {f"client={each.client}" for each in user.sessions}
            addresses = {each.wire.address for each in user.sessions}
            marks |= {f"ip={network(one)}" for one in addresses if self._is_only(user, one)}
        return marks

    def _is_only(self, user: User, address: str) -> bool:
        """Nobody else who is here has this address."""
        if not address or is_loopback(address):
            return False
        where = network(address)
        return not any(
            network(session.wire.address) == where
            for session in self._hub.sessions
            if session.user is not user and session.user is not None
        )

    def _held(self, ban: Ban, room: Room | None) -> Iterator[User]:
        """Those who are here, or in the room, and whom a ban holds."""
        for user in list(room.people if room else self._hub.users.values()):
            above = user.operator or (room is not None and rank(user, room) >= RANKS["moderator"])
            if not above and holds_user(user, ban.who):
                yield user

    def _enforce(self, ban: Ban, hit: list[User], room: Room | None, by: Session) -> None:
        for user in hit:
            if not ban.mute:
                self._put_out(user, room, by, ban.reason)
            elif not ban.quietly:
                event = replace(self.shown(ban, by), who=user.name, means=(), addresses=())
                for session in user.sessions:
                    session.tell(replace(event, own=True))

    def shown(self, ban: Ban, asker: Session, hit: tuple[str, ...] = ()) -> Banned:
        """A ban as moderators read it; addresses are for operators."""
        operator = asker.person.operator
        words = {"client": "connection", "ip": "address"}
        ways = [mark.partition("=")[0] for mark in ban.who]
        found = [mark[3:] for mark in ban.who if mark.startswith("ip=")]
        room = self._hub.rooms.get(ban.room)
        return Banned(
            ban.label if operator else without_addresses(ban.label),
            room.name if room else ban.room,
            ban.by,
            ban.reason,
            ban.time,
            ban.until or None,
            mute=ban.mute,
            quietly=ban.quietly,
            means=tuple(dict.fromkeys(words.get(way, way) for way in ways)),
            addresses=tuple(found) if operator else (),
            hit=hit,
        )

    async def unban(self, session: Session, who: str, room: Room | None, mute: bool) -> Unbanned:
        """Lift the bans, or mutes, of somebody."""
        who = labelled(who)
        bans = self._bans_of(who, room, mute)
        if not bans:
            listed = "/bans lists them" if room is None else f"/bans lists those of {room.name}"
            raise Refused(
                "no-such-person",
                f"Nobody called {who} is {'muted' if mute else 'banned'}: {listed}.",
            )
        noticed = [ban for ban in bans if mute and not ban.quietly]
        told = {user for ban in noticed for user in self._held(ban, room)}
        await self.note(session, f"{'unmuted' if mute else 'unbanned'} {who}", room)
        await self._hub.sanctions.remove(bans)
        where = room.name if room else ""
        for each in [each for user in told for each in user.sessions]:
            if self._hub.sanctions.mute_of(each, room) is None:
                each.tell(Unbanned(each.name, where, session.name, mute=True, own=True))
        return Unbanned(who, where, session.name, mute)

    def _bans_of(self, who: str, room: Room | None, mute: bool) -> list[Ban]:
        """Those that go by this label, or by any of the marks in it, or of whom it names."""
        wanted = {who, f"name={key(who)}"}
        for word in who.split():
            kind, _, value = word.rpartition("=")
            account = self._hub.accounts.find(value) if kind in ("", "account") else None
            wanted |= {word, f"name={key(value)}"} if kind in ("", "name") else {word}
            wanted |= {f"account={account.id}"} if account else set()
        user = self._hub.users.get(key(who))
        for session in user.sessions if user else ():
            wanted |= session.marks
        return [
            ban
            for ban in self._hub.sanctions.all(room)
            if ban.mute == mute
            and (
                key(who) in (key(ban.label), key(without_addresses(ban.label)))
                or not wanted.isdisjoint(ban.who)
            )
        ]

    def ways_to_ban(self, session: Session, user: User, room: Room | None) -> tuple[Way, ...]:
        """Which bans would hold somebody, and whom else they would hit, here or in the room."""
        check_above(session.person, user, room)
        if room is not None and user not in room.people:
            raise Refused("no-such-person", f"{user.name} is not in {room.name}.")
        people = list(room.people if room else self._hub.users.values())
        ways = []
        for who, mark in self._marks_to_choose(user).items():
            others = (one.name for one in people if one is not user and holds_user(one, (mark,)))
            hidden = mark.startswith("ip=") and not session.person.operator
            kind = "network" if "/" in who and ":" not in who else "address"
            ways.append(Way(kind if hidden else who, tuple(others)))
        return tuple(ways)

    def _marks_to_choose(self, user: User) -> dict[str, str]:
        """What one could write to ban somebody, and the mark that it stands for."""
        found = {f"name={user.key}": f"name={user.key}"}
        if user.account is not None:
            found[f"account={user.account.name}"] = f"account={user.account.id}"
        for address in dict.fromkeys(each.wire.address for each in user.sessions):
            wider = [f"{address}/24"] if "." in address else []
            for one in [network(address), *wider] if address else ():
                found[f"ip={as_network(one)}"] = f"ip={as_network(one)}"
        return found

    # Lines

    async def delete(self, session: Session, room: Room, number: int) -> Deleted:
        """Make a line's text be gone: one's own, or with a moderator's right."""
        lines = await self._hub.archive.read(room.name, number - 1, 1)
        if not lines or lines[0].number != number or not _may_read(session, room, lines[0]):
            raise Refused("no-such-line", f"{room.name} has no line {number}. /history shows them.")
        line = lines[0]
        if line.deleted:
            raise Refused("no-such-line", f"Line {number} was deleted by {line.deleted} already.")
        own = session.owns(line)
        if not own and not moderates(session.person, room):
            raise Refused(
                "not-allowed",
                f"That line is {line.sender}'s, not yours: only moderators delete it.",
            )
        if not own:
            await self.note(session, f"deleted line {number} of {line.sender}", room)
        await self._hub.archive.delete(room.name, number, session.name)
        event = Deleted(room.name, number, line.sender, session.name)
        shared = Shared(event)
        for each in room.members:
            if each is not session and _may_read(each, room, line):
                each.announce(shared)
        return event

    # The whole server

    async def lock_down(self, session: Session, on: bool) -> Lockdown:
        """Let in only registered people, or (False) everybody again."""
        switch = "on" if on else "off"
        act = self.act(session, f"turned lockdown {switch}", None)
        await self._hub.archive.put(Fact(LOCKDOWN, switch), act)
        self._hub.door.locked = on
        event = Lockdown(on, session.name)
        self._tell_others(session, event)
        return event

    async def announce(self, session: Session, text: str) -> Announced:
        """Tell something to everybody who is here, wherever they are."""
        check_words(text)
        await self.note(session, f"announced: {text}", None)
        event = Announced(session.name, text, self._now())
        self._tell_others(session, event)
        return event

    def _tell_others(self, session: Session, event: Event) -> None:
        shared = Shared(event)
        for each in self._hub.clients.values():
            if each is not session:
                each.announce(shared)

    # Reports

    def greet(self, session: Session) -> None:
        """Tell an operator who comes in what there is to know."""
        if not session.person.operator:
            return
        if self._hub.door.locked:
            session.tell(
                Notice("Only registered people come in just now: /lockdown off ends that.")
            )
        if self.reports:
            session.tell(Reports(tuple(map(reported, self.reports.values()))))

    async def report(self, session: Session, name: str, reason: str, room: Room | None) -> Reported:
        """Tell the operators who are here, and those who come later."""
        check_words(reason)
        hub = self._hub
        user = hub.users.get(key(name))
        account = hub.accounts.find(name)
        if user is None and account is None:
            raise Refused("no-such-person", f"There is nobody called {name} here.")
        self._check_not_too_many(session)
        self._last_report += 1
        about = user.name if user else account.name if account else name
        where = room.name if room else ""
        report = Report(self._last_report, self._now(), session.name, about, where, reason)
        await hub.archive.put(report)
        self.reports[report.number] = report
        event = reported(report)
        for each in hub.clients.values():
            if each.person.operator and each is not session:
                each.tell(event)
        return replace(event, own=True)

    def _check_not_too_many(self, session: Session) -> None:
        if len(self.reports) >= MOST_REPORTS:
            raise Refused(
                "too-many", "The operators have too many reports already: try again later."
            )
        own = sum(key(report.by) == session.person.key for report in self.reports.values())
        if own >= MOST_REPORTS_BY_ONE:
            raise Refused(
                "too-many", f"The operators have {own} reports of yours: wait for their answer."
            )

    async def resolve(self, session: Session, number: int) -> Report:
        """Take a report from the list."""
        report = self.reports.pop(number, None)
        if report is None:
            raise Refused("no-such-report", f"There is no report {number}: /reports lists them.")
        try:
            await self.note(session, f"resolved report {number} about {report.about}", None)
            await self._hub.archive.drop(report)
        except ArchiveFailed:
            self.reports[number] = report
            raise
        return report


def _may_read(session: Session, room: Room, line: Said) -> bool:
    own = session.owns(line)
    return own or (line.number > floor(session, room) and not session.hides(line))


def reported(report: Report) -> Reported:
    return Reported(report.number, report.by, report.about, report.room, report.reason, report.time)


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _for(seconds: float) -> str:
    return f" for {span(seconds)}" if seconds else ""
