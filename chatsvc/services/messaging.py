"""Messages: a line on its way to the archive, and from there to its readers.

A line goes `say` → archive → `kept` → `Room.show`.  Private lines of two accounts go the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from chatsvc.auth.accounts import Accounts
from chatsvc.core.chat import Room, Session, User
from chatsvc.core.direct import DirectConversation
from chatsvc.core.directory import Directory
from chatsvc.core.happenings import Happenings
from chatsvc.core.passing_ids import PassingIds
from chatsvc.core.safely import Safely
from chatsvc.core.timer import Timer
from chatsvc.model.batch import Batch, Shared, portions
from chatsvc.model.characters import clean
from chatsvc.model.message_events import Kept, Line, Said, Signal, Told
from chatsvc.model.presence_events import Away
from chatsvc.model.records import Account, RoomRules
from chatsvc.model.requests import Refusal, Refused
from chatsvc.model.server_events import Notice
from chatsvc.model.text_rules import check_text, key, span
from chatsvc.policy.bans import BanList
from chatsvc.policy.permissions import check_ctcp, check_talk, moderates
from chatsvc.policy.room_rules import filtered
from chatsvc.services.guest_messages import GuestMessages
from chatsvc.services.measurements import Measurements
from chatsvc.services.rooms import Rooms
from chatsvc.services.visibility import Visibility
from chatsvc.store.archive import ArchiveFailed, Commit, Intake
from chatsvc.store.leading import Deposed

IN_FLIGHT = 32  # lines of one session on their way to the archive
BUSY = 10_000  # lines on their way in all, beyond which each session may have one
PIECE = 400  # readers who are shown something before others get a turn


class Manner(NamedTuple):
    """How a message is sent: as an action, as a notice, with client tags."""

    action: bool = False
    notice: bool = False
    signs: Mapping[str, str] | None = None


PLAINLY = Manner()


class Messaging:
    """Accepts lines, and shows or refuses them when the archive has answered."""

    def __init__(
        self,
        directory: Directory,
        rooms: Rooms,
        accounts: Accounts,
        intake: Intake,
        bans: BanList,
        visibility: Visibility,
        guest_messages: GuestMessages,
        ids: PassingIds,
        happenings: Happenings,
        clock: Timer,
        now: Callable[[], float],
        safely: Safely,
        measurements: Measurements,
        log: Callable[[str], object],
    ) -> None:
        self._directory = directory
        self._rooms = rooms
        self._accounts = accounts
        self._intake = intake
        self._bans = bans
        self._visibility = visibility
        self._guest_messages = guest_messages
        self._ids = ids
        self._happenings = happenings
        self._clock = clock
        self._now = now
        self._safely = safely
        self._measurements = measurements
        self._log = log  # reports something to the operator
        self.stopping = False  # lines are refused from now on
        self.orphans: dict[str, int] = {}  # lines on their way of clients that have left
        self.watch: Callable[[Said], None] | None = None
        self._outage: Outage | None = None

    @property
    def storing(self) -> bool:
        """Whether the last line could be stored."""
        return self._outage is None

    # Incoming

    def say(
        self,
        session: Session,
        room: Room,
        text: str,
        manner: Manner = PLAINLY,
        tag: str | None = None,
    ) -> None:
        """Pass a line to the archive; `kept` shows it, or `not_kept` refuses it."""
        check_text(text)
        user = session.person
        time = self._active(user)
        mute = self._bans.silencing(session, room) if self._bans.may_silence else None
        if mute is None:
            if user in room.unseen:  # a mute that has just ended
                room.reveal(user)
        elif not mute.quietly:
            raise self._bans.refusal(mute)
        quiet = mute is not None
        if room.charter is not None:
            now = self._clock.seconds()
            check_talk(user, room, now)
            text, manner = filtered(room.charter, text), _filtered(room.charter, manner)
            if room.charter.slow:
                room.spoke.note(user.speaker, now)
        self._keep(session, room, text=text, manner=manner, time=time, quiet=quiet, tag=tag)

    def _keep(
        self,
        session: Session,
        room: Room,
        *,
        text: str,
        manner: Manner,
        time: float,
        quiet: bool,
        tag: str | None,
    ) -> None:
        if self.stopping:
            raise Refused("stopping", "Not sent: the server is stopping.")
        room.used = True
        session.in_flight += 1
        user = session.person
        account = user.account  # whose name is read here, because a property would be a call
        action, notice, signs = manner
        if time > room.time:  # it never moves back, whatever the clock does
            room.time = time
        waiting = self._intake.keep(
            Line.__new__(  # four times as fast as calling the class with so many keywords
                Line,
                room=room.name,
                time=room.time,
                sender=user.name,
                text=text,
                action=action,
                client=session.client,
                tag=tag,
                account=account.name if account else "",
                quiet=quiet,
                notice=notice,
                signs=signs,
                bot=user.bot,
            ),
        )
        if session.in_flight >= IN_FLIGHT or waiting > BUSY:
            session.hold(True)

    def _active(self, user: User) -> float:
        """Note that a user is active, and return the time of day as it is stored."""
        user.active = self._clock.seconds()
        return round(self._now() * 1000) / 1000

    # Private messages

    def addressee(self, session: Session, name: str) -> User | Account:
        """Return the recipient of a private message: a user online, or a registered one."""
        user = self._directory.users.get(key(name))
        account = self._accounts.find(name)
        if user is None and account is not None and session.person.account is not None:
            return self._directory.by_account.get(account.id) or account
        return user or self._directory.find(name)

    def whisper(
        self,
        session: Session,
        to: User | Account,
        text: str,
        manner: Manner = PLAINLY,
        tag: str | None = None,
    ) -> Told | None:
        """Send a private message to one user; store it if both have accounts."""
        check_text(text)
        user = session.person
        reader = to if isinstance(to, User) else self._directory.by_account.get(to.id)
        account = to if isinstance(to, Account) else to.account
        if _hears_nothing_of(reader, account, user):
            raise Refused("ignored", f"{to.name} does not accept private messages from you.")
        now = self._active(user)
        mute = self._bans.mute_of(session, None)
        if mute is not None and not mute.quietly:
            raise self._bans.refusal(mute)
        quiet = mute is not None
        if reader is not None and not manner.notice:  # programs must not answer each other
            self._tell_whether_away(session, reader)
        for each in reader.sessions if reader is not None and mute is None else ():
            each.whispered = user
        if user.account is not None and account is not None:
            room = self._rooms.conversation(user.account, account)
            if reader is None and session.waited_for != account.id and not manner.notice:
                session.waited_for = account.id
                session.tell(
                    Notice(f"{account.name} is offline and will get this after reconnecting.")
                )
            self._keep(session, room, text=text, manner=manner, time=now, quiet=quiet, tag=tag)
            return None
        return self._tell(session, reader, to.name, _Speech(text, manner, now, quiet))

    def _tell_whether_away(self, session: Session, reader: User) -> None:
        """Tell the sender once that the recipient is away, and why."""
        reason = self._visibility.reason_shown(reader, session)
        if reason is not None and session.waited_for != f"{reader.key} {reason}":
            session.waited_for = f"{reader.key} {reason}"
            session.tell(Away(reader.name, reason, written=True))

    def _tell(self, session: Session, reader: User | None, to: str, words: _Speech) -> Told:
        if reader is None:
            raise Refused(
                "no-such-person",
                f"Not sent: {to} is offline. Only registered"
                " users can leave messages for each other.",
            )
        if all(each.wire.full for each in reader.sessions):
            raise Refused("slow", f"Not sent: {reader.name} is not responding at the moment.")
        told = words.told(session.person, reader.name, self._ids.new())
        if not words.quiet or session.person.account is not None:
            self._guest_messages.note(session.person, reader, told)
        for each in reader.sessions if not words.quiet else ():
            each.tell(told)
        own = replace(told, own=True)
        for each in session.person.sessions:
            if each is not session:
                each.tell(own)
        return own

    def tell_moderators(self, session: Session, room: Room, text: str, manner: Manner) -> Told:
        """Send a message to the moderators of a room; it is not stored."""
        check_text(text)
        words = _Speech(text, manner, self._active(session.person))
        mute = self._bans.mute_of(session, room)
        if mute is not None and not mute.quietly:
            raise self._bans.refusal(mute)
        told = words.told(session.person, f"@{room.name}", self._ids.new())
        for member in room.members if mute is None else ():
            other = member.user is not session.user and moderates(member.person, room)
            if other and not member.person.ignores_user(session.person):
                member.tell(told)
        return replace(told, own=True)

    def signal(
        self,
        session: Session,
        to: Room | User,
        signs: Mapping[str, str],
        mods: bool = False,
        persist: bool = False,
    ) -> Signal:
        """Show others, or only the moderators, what is not a message, such as a typing notice.

        The history has it if it is to `persist`.
        """
        place = to if isinstance(to, Room) else None
        if place is not None and place.charter is not None:
            check_talk(session.person, place, self._clock.seconds())
            check_ctcp(place, signs)
            signs = _filtered(place.charter, Manner(signs=signs)).signs or {}
        stamp = self._happenings.stamp(session.person.account_name, session.person.bot)
        called = f"@{to.name}" if mods else to.name
        signal = Signal(session.name, called, signs, time=stamp.time, id=stamp.id, stamp=stamp)
        if self._bans.mute_of(session, place) is None:
            where = place or self._conversation(session.person, to)
            if persist and where is not None and not mods:
                self._happenings.note(where.key, where.last, signal, stamp)
            shared = Shared(signal)
            for each in _readers(session, to, mods):
                each.announce(shared)
        return replace(signal, own=True)

    def _conversation(self, user: User, to: Room | User) -> Room | None:
        """Return the conversation of two accounts."""
        if isinstance(to, Room) or user.account is None or to.account is None:
            return None
        return self._rooms.conversation(user.account, to.account)

    # Outgoing

    def kept(self, commit: Commit) -> Iterator[None]:
        """Show what a commit has stored; senders see their lines, or are told."""
        self._end_outage()
        for again, number in commit.again:
            self._safely(self._settle_again, again, number)
        readers = 0
        for name in list(commit.said):
            if readers > PIECE:
                yield
                readers = 0
            readers += self._safely(self._show, name, commit.said.pop(name)) or 0

    def _show(self, name: str, lines: list[Said]) -> int:
        """Show lines to everybody in a room; return the number of readers."""
        removed = self._directory.leaving.get(name)
        if removed is not None:
            removed.last = lines[-1].number  # so that they are removed too
            self._refuse(lines, Refused("no-such-room", f"{name} was removed."))
            return len(lines)
        room = self._rooms.place(name)
        for portion in portions(lines):
            batch = Batch(portion)
            self._safely(room.show, batch)
            self._settle(room, batch)
        waited = self._now() - lines[0].time
        self._measurements.note_shown(len(lines), len(room.members), waited)
        if self.watch and not isinstance(room, DirectConversation):
            for line in lines:
                self.watch(line)
        return len(room.members)

    def _settle(self, room: Room, batch: Batch) -> None:
        for client, positions in batch.said_by.items():
            session = self._directory.clients.get(client)
            if session is not None:
                if session not in room.members:  # it will not be shown them
                    lines = [batch.lines[position] for position in positions]
                    session.safely(self._acknowledge, session, room, lines)
                session.settle(len(positions))
            else:
                self._settle_orphan(client, len(positions))

    def _settle_orphan(self, client: str, count: int) -> None:
        left = self.orphans.pop(client, 0) - count
        if left > 0:
            self.orphans[client] = left

    def _acknowledge(self, session: Session, room: Room, lines: list[Said]) -> None:
        """Confirm lines to a sender who has left the room, or talks to it from outside."""
        if room.rules.outside:
            session.wire.show_personally(Batch(lines), True, session)
            return
        for line in lines:
            if line.tag is not None:
                session.tell(Kept(room.called(session), line.number), line.tag)

    def _settle_again(self, line: Line, number: int) -> None:
        if line.room in self._directory.leaving:
            self._refuse([line], Refused("no-such-room", f"{line.room} was removed."))
            return
        room, session = self._rooms.place(line.room), self._directory.clients.get(line.client)
        if session is not None:
            if room.members.get(session, number) >= number:  # it was shown the line
                session.safely(lambda: session.tell(Kept(room.called(session), number), line.tag))
            session.settle()
        else:
            self._settle_orphan(line.client, 1)

    def not_kept(self, lines: list[Line], failed: ArchiveFailed) -> None:
        """Refuse lines that the archive could not store; log the first of an outage."""
        if self._outage is None:
            self._outage = Outage(self._clock.seconds())
            self._log(f"Messages are refused because they cannot be stored: {failed}")
        self._outage.lines += len(lines)
        code = "stopping" if isinstance(failed, Deposed) else "not-kept"
        self._refuse(lines, Refused(code, failed.for_users))

    def _end_outage(self) -> None:
        outage, self._outage = self._outage, None
        if outage is not None:
            took = span(self._clock.seconds() - outage.since)
            self._log(f"Messages are stored again. Refused in {took}: {outage.lines}.")

    def _refuse(self, lines: Sequence[Line | Said], refused: Refused) -> None:
        self._measurements.refusals[refused.code] += len(lines)
        for line in lines:
            session = self._directory.clients.get(line.client)
            if session is not None:
                text = f"{refused.text} Not sent: {clean(line.text)}"
                session.tell(Refusal(refused.code, text), line.tag)
                session.settle()
            else:
                self._settle_orphan(line.client, 1)


@dataclass(slots=True)
class Outage:
    """A time in which the archive stores nothing: its start, and the lines refused since."""

    since: float
    lines: int = 0


class _Speech(NamedTuple):
    """The text of a message that is not stored, and how it is sent."""

    text: str
    manner: Manner
    time: float
    quiet: bool = False

    def told(self, sender: User, to: str, id: int) -> Told:
        action, notice, signs = self.manner
        return Told(
            sender=sender.name,
            to=to,
            text=self.text,
            time=self.time,
            action=action,
            notice=notice,
            account=sender.account_name,
            signs=signs or None,
            id=id,
            bot=sender.bot,
        )


def _readers(session: Session, to: Room | User, mods: bool) -> Iterator[Session]:
    """Yield the others who are shown a signal, or (`mods`) those of them who moderate the room."""
    for each in to.members if isinstance(to, Room) else to.sessions:
        other = each.user is not session.user or to is session.user
        if mods and isinstance(to, Room) and not moderates(each.person, to):
            continue
        if other and not each.person.ignores_user(session.person):
            yield each


def _filtered(charter: RoomRules, manner: Manner) -> Manner:
    """Return the client tags after the room's word filter."""
    if not manner.signs:
        return manner
    return manner._replace(
        signs={sign: filtered(charter, text) for sign, text in manner.signs.items()}
    )


def _hears_nothing_of(reader: User | None, account: Account | None, user: User) -> bool:
    """Return whether a recipient, online or offline, ignores the sender."""
    if reader is not None:
        return reader.ignores_user(user)
    names = {user.key, key(user.account_name)}
    return account is not None and not names.isdisjoint(map(key, account.ignores))
