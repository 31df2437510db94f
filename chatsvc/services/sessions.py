"""The life of a session: connecting, getting a user, leaving."""

from __future__ import annotations

from collections.abc import Callable

from chatsvc.auth.sign_ins import SignIns
from chatsvc.core.chat import Room, Session, User
from chatsvc.core.directory import Directory
from chatsvc.core.membership import Membership
from chatsvc.core.safely import Safely
from chatsvc.core.wire import Wire
from chatsvc.model.rate_limits import is_private
from chatsvc.model.records import Member
from chatsvc.model.room_events import Missed
from chatsvc.model.server_events import Goodbye
from chatsvc.model.text_rules import check_words
from chatsvc.policy.bans import BanList
from chatsvc.services.joining import Joining
from chatsvc.services.messaging import Messaging
from chatsvc.services.nicknames import Nicknames
from chatsvc.services.presence import Presence
from chatsvc.services.rooms import Rooms
from chatsvc.services.subscriptions import Subscriptions
from chatsvc.services.visibility import Visibility
from chatsvc.services.watchlist import Watchlist
from chatsvc.services.whowas import trace_of

MOVING = Goodbye("This server is restarting. Reconnect to continue on another one.", reconnect=True)


class Sessions:
    """Creates sessions, assigns users to them, and removes them."""

    def __init__(
        self,
        directory: Directory,
        rooms: Rooms,
        joining: Joining,
        membership: Membership,
        messaging: Messaging,
        presence: Presence,
        visibility: Visibility,
        bans: BanList,
        watchlist: Watchlist,
        subscriptions: Subscriptions,
        nicknames: Nicknames,
        safely: Safely,
        sign_ins: SignIns,
        now: Callable[[], float],
    ) -> None:
        self._directory = directory
        self._rooms = rooms
        self._joining = joining
        self._membership = membership
        self._messaging = messaging
        self._presence = presence
        self._visibility = visibility
        self._bans = bans
        self._watchlist = watchlist
        self._subscriptions = subscriptions
        self._nicknames = nicknames
        self._safely = safely
        self._sign_ins = sign_ins
        self._now = now
        self.when_empty: Callable[[], None] | None = None
        self.lan = False  # private networks share addresses: limits do not count by these

    def connect(self, wire: Wire) -> Session:
        """Return a session for a connection whose user is not known yet."""
        session = Session(wire, self._now())
        session.shares_address = self.lan and is_private(wire.address)
        self._directory.sessions.add(session)
        return session

    def seat(self, session: Session, user: User) -> None:
        """Assign a user to a session."""
        session.user, session.login = user, None
        new = not user.sessions
        user.sessions.append(session)
        if user.account is not None:
            self._sign_ins.note(user.account)
        self._directory.add(session, user)
        if new:
            self._nicknames.came(user.name)
            self._watchlist.came(user.name)
        self._bans.follow(user, None)
        self.open_conversations(session)

    def open_conversations(self, session: Session) -> None:
        """Let a session take part in the conversations of its account, if it has one."""
        account = session.person.account
        for member in self._membership.of_account(account.id) if account else ():
            if member.room.startswith("@"):
                self._sit_down(session, member)

    def _sit_down(self, session: Session, member: Member) -> None:
        room = self._rooms.conversation_at(member.room)
        others = (room.members.get(other, 0) for other in session.person.sessions)
        room.add(session, max(member.seen, *others))

    def unseat(self, session: Session) -> None:
        """Remove a session from its user, who goes offline with the last one."""
        user, trace = session.person, trace_of(session.person)
        user.sessions.remove(session)
        session.token = ""
        for room in list(session.conversations.values()):
            self._safely(self._joining.step_out, session, room, "")
        self._directory.remove(session, user)
        if not user.sessions:
            self._nicknames.went(user.name)
            self._safely(self._presence.gone, user, trace)

    def quit(
        self, session: Session, words: str, tag: str | None = None, lost: bool = False
    ) -> None:
        """Say goodbye once everything that was said is stored.

        With `lost`, the connection has ended, and the user may have more to say over another one.
        """
        check_words(words)
        session.farewell, session.quits = not lost, not lost
        name = f", {session.name}" if session.user else ""
        self._part(session, Goodbye(f"Goodbye{name}."), words, tag)

    def move(self, session: Session) -> None:
        """Close a session whose user can continue over another connection, and say so."""
        self._part(session, MOVING, "")

    def _part(self, session: Session, goodbye: Goodbye, words: str, tag: str | None = None) -> None:
        session.leaving = True
        session.hold(True)

        def part() -> None:
            session.tell(goodbye, tag)
            session.close()
            self.leave(session, words)

        session.once_settled(part)

    def leave(self, session: Session, words: str) -> None:
        """Remove `session` from everything and tell the others, whatever fails on the way."""
        if session not in self._directory.sessions:
            return
        self._directory.sessions.discard(session)
        session.leaving = True
        self._safely(self._watchlist.forget, session)
        self._safely(self._subscriptions.forget, session)
        if session.user is None:
            return
        if self._visibility.is_silent_somewhere(session.user):
            session.user.realname = ""  # which /whowas would show
        for room in list(session.rooms.values()):
            self._safely(self._leave_room, session, room, words)
        self.unseat(session)
        if session.in_flight:
            self._messaging.orphans[session.client] = session.in_flight
        if not self._directory.users and self.when_empty:
            self.when_empty()

    def end(self, session: Session, words: str, final: bool = False) -> None:
        """Close a session's connection and say why; `final` asks programs not to reconnect."""
        session.tell(Goodbye(words, final))
        session.close()
        self.leave(session, "")

    def end_all(self, user: User, words: str, but: Session | None = None) -> None:
        """End the sessions of `user`, except `but`."""
        for session in [each for each in user.sessions if each is not but]:
            self.end(session, words, final=True)

    def _leave_room(self, session: Session, room: Room, words: str) -> None:
        silent = self._bans.mute_of(session, room) is not None
        self._joining.step_out(session, room, "" if silent else words, lost=not session.farewell)

    def drained(self, session: Session) -> None:
        """Send a slow reader more, from where it was."""
        if session.missed:
            session.missed = False
            session.tell(Missed())
        self.catch_up(session)

    def catch_up(self, session: Session) -> None:
        """Show a session what it has missed in all its rooms."""
        for room in (*session.rooms.values(), *session.conversations.values()):
            room.catch_up(session)
