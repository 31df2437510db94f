"""Deleting messages: the user's own, or as a moderator those of others."""

from __future__ import annotations

from dataclasses import replace

from chatsvc.core.chat import Room, Session, User
from chatsvc.core.direct import DirectConversation
from chatsvc.core.happenings import Happenings
from chatsvc.core.timer import Timer
from chatsvc.model.batch import Shared
from chatsvc.model.happened import Happened
from chatsvc.model.message_events import FIRST_PASSING, Deleted, Retracted, Said, Signal
from chatsvc.model.rate_limits import Window, network
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import check_words, span
from chatsvc.policy.bans import BanList
from chatsvc.policy.permissions import floor, moderates
from chatsvc.services.audit import Acts, because, with_account
from chatsvc.services.guest_messages import GuestMessages
from chatsvc.store.archive import Lines, RoomStore

DELETIONS = (10, 600.0)  # deletions of own messages, within so many seconds


class Deleting:
    """Deletes stored messages and signals; what moderators delete is logged for `/audit`."""

    def __init__(
        self,
        bans: BanList,
        lines: Lines,
        store: RoomStore,
        happenings: Happenings,
        guest_messages: GuestMessages,
        acts: Acts,
        clock: Timer,
    ) -> None:
        self._bans = bans
        self._lines = lines
        self._store = store
        self._happenings = happenings
        self._guest_messages = guest_messages
        self._acts = acts
        self._clock = clock
        self._deletions = Window(*DELETIONS)

    async def delete(
        self, session: Session, place: Room, number: int, reason: str
    ) -> Deleted | Retracted:
        """Delete a message: your own, or as a moderator, with a reason."""
        check_words(reason)
        if number >= FIRST_PASSING:
            return await self._delete_signal(session, place, number, reason)
        line = await self._line(session, place, number)
        own = session.owns(line)
        whose = with_account(line.sender, line.account)
        what = f"message {number} by {whose}"
        await self._check(session, place, what=what, own=own, reason=reason)
        await self._store.delete(place.name, number, session.name)
        event = Deleted(
            room=place.called(session),
            number=number,
            sender=line.sender,
            by=session.name,
            own=own,
            reason=self._shown(session, place, reason),
        )
        for each in place.members:
            if each is not session and _may_read(each, place, line):
                each.tell(replace(event, room=place.called(each)))  # slow ones are to forget it too
        return event

    async def _line(self, session: Session, place: Room, number: int) -> Said:
        """Return a line that the session may read and that is not deleted."""
        lines = await self._lines.read(place.name, number - 1, 1)
        if not lines or lines[0].number != number or not _may_read(session, place, lines[0]):
            text = f"There is no message {number} in {place.called(session)}."
            raise Refused("no-such-line", f"{text} To see the numbers: /history")
        line = lines[0]
        if line.deleted:
            text = f"Message {number} was already deleted by {line.deleted}."
            raise Refused("no-such-line", text)
        return line

    async def _check(
        self, session: Session, place: Room, what: str, own: bool, reason: str
    ) -> None:
        """Check that a session may delete something, and log what a moderator deletes."""
        moderator = moderates(session.person, place) and not isinstance(place, DirectConversation)
        if not own and not moderator:
            by = what.rpartition(" by ")[2].partition(" ")[0]
            raise Refused("not-allowed", f"That message is by {by}. Only moderators can delete it.")
        if not moderator:
            self._check_may_delete_again(session)
        if not own:
            given = "" if self._bans.silences(session.person, place) else reason
            await self._acts.note(session, f"deleted {what}{because(given)}", place)

    def _shown(self, session: Session, place: Room, reason: str) -> str:
        """Return the reason; a muted user could say something with it."""
        where = None if isinstance(place, DirectConversation) else place
        return "" if self._bans.mute_of(session, where) is not None else reason

    async def _delete_signal(
        self, session: Session, place: Room, id: int, reason: str
    ) -> Retracted:
        """Delete a signal that the history has, such as a reaction."""
        found = self._happenings.find(place.key, id)
        if found is None or not isinstance(found.event, Signal):
            raise Refused("no-such-line", "There is no such message. It may be too old.")
        sender = found.event.sender
        own, what = _owns(session, found), f"a reaction by {sender}"
        await self._check(session, place, what=what, own=own, reason=reason)
        self._happenings.remove(place.key, found)
        shown = self._shown(session, place, reason)
        event = Retracted(place.called(session), id, session.name, shown)
        for each in place.members:
            if each is not session:
                each.announce(Shared(replace(event, room=place.called(each))))
        return event

    def delete_passing(self, session: Session, other: User, id: int, reason: str) -> Retracted:
        """Delete a private message that a guest has sent or received."""
        check_words(reason)
        self._check_may_delete_again(session)
        if not self._guest_messages.remove(session, other, id):
            raise Refused("no-such-line", "There is no such message of yours. It may be too old.")
        shown = "" if self._bans.silences(session.person, None) else reason
        event = Retracted(f"@{other.name}", id, session.name, shown)
        for each in other.sessions:
            each.tell(replace(event, room=f"@{session.name}"))
        return event

    def _check_may_delete_again(self, session: Session) -> None:
        """Refuse too many deletions of own messages: each empties the write-ahead log."""
        account, now = session.person.account, self._clock.seconds()
        address = "" if session.shares_address else network(session.wire.address)
        who = account.id if account else address or session.client
        wait = self._deletions.wait(who, now)
        if wait:
            raise Refused(
                "too-many", f"You have deleted many messages recently. Wait {span(wait)}."
            )
        self._deletions.note(who, now)


def _owns(session: Session, found: Happened) -> bool:
    """Return whether a user sent a signal; a guest is known only by the name."""
    account = session.person.account
    if account is not None or found.stamp.account:
        return account is not None and account.name == found.stamp.account
    return isinstance(found.event, Signal) and found.event.sender == session.name


def _may_read(session: Session, room: Room, line: Said) -> bool:
    own = session.owns(line)
    return own or (line.number > floor(session, room) and not session.hides(line))
