"""Who may come in, and as whom: names, passwords, logging in and out.  Rooms come later."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping

from chatsvc import __version__
from chatsvc.auth.accounts import Accounts
from chatsvc.core.directory import Directory
from chatsvc.core.membership import Membership
from chatsvc.core.room import Room, Timer
from chatsvc.core.session import Session, User, marks
from chatsvc.model.batch import Shared
from chatsvc.model.confusables import look_alike
from chatsvc.model.events import Exited, Goodbye, Notice, Refused, Renamed, Unread, Welcome
from chatsvc.model.moderation_events import Identified, You
from chatsvc.model.records import Account, Member
from chatsvc.model.text_rules import LONGEST_LINE, LONGEST_TEXT, MOST_LINES, check_name, key
from chatsvc.policy.bans import BanList
from chatsvc.policy.lockdown import LockdownSwitch
from chatsvc.services.authentication import Authentication
from chatsvc.services.joining import MOST_ROOMS, Joining
from chatsvc.services.messaging import IN_FLIGHT, Messaging
from chatsvc.services.nicknames import Nicknames, is_same
from chatsvc.services.presence import Presence
from chatsvc.services.profiles import Profiles
from chatsvc.services.sessions import Sessions
from chatsvc.services.settings import ServiceSettings
from chatsvc.services.visibility import Visibility
from chatsvc.store.archive import ArchiveFailed

KNOCKS = 10  # refusals at the door before it is shut
LIMITS = {
    "text": LONGEST_TEXT,
    "lines": MOST_LINES,
    "line": LONGEST_LINE,
    "rooms": MOST_ROOMS,
    "in_flight": IN_FLIGHT,
}


class Login:
    """Lets sessions in."""

    def __init__(
        self,
        directory: Directory,
        sessions: Sessions,
        joining: Joining,
        messaging: Messaging,
        presence: Presence,
        profiles: Profiles,
        nicknames: Nicknames,
        membership: Membership,
        bans: BanList,
        accounts: Accounts,
        authentication: Authentication,
        visibility: Visibility,
        lockdown: LockdownSwitch,
        settings: ServiceSettings,
        clock: Timer,
        now: Callable[[], float],
    ) -> None:
        self._directory = directory
        self._sessions = sessions
        self._joining = joining
        self._messaging = messaging
        self._presence = presence
        self._profiles = profiles
        self._nicknames = nicknames
        self._membership = membership
        self._bans = bans
        self._accounts = accounts
        self._authentication = authentication
        self._visibility = visibility
        self._lockdown = lockdown
        self._settings = settings
        self._clock = clock
        self._now = now
        self.claim_code: str | None = None  # makes the first operator

    async def hello(
        self,
        session: Session,
        name: str,
        password: str | None = None,
        client: str | None = None,
        account_password: str | None = None,
    ) -> Welcome | None:
        """Let `session` in under a name; refused with a free name when that one is taken.

        None when the session has gone while its password was looked at.
        """
        if client is not None and not (8 <= len(client) <= 64 and client.isprintable()):
            raise Refused("bad-argument", "A client is a secret of 8 to 64 printable characters.")
        name = name or session.suggestion or self._nicknames.guest()
        check_name(name)
        await self._check_chat_password(session, name, password)
        proved = self._still_proved(session)
        account = proved or self._accounts.find(name)
        if account is None and account_password is not None:
            raise Refused("no-account", f"{name} is not registered: come in without a password.")
        if account is not None and proved is None:
            self._check_not_banned(session, name, account, client)
            account = await self._prove(session, account, account_password, client)
            name = account.name
        if session not in self._directory.sessions:
            return None
        self._check_not_banned(session, name, account, client)
        user = self._user(name, account, client)
        return self._admit(session, user, client or secrets.token_urlsafe(9))

    def _still_proved(self, session: Session) -> Account | None:
        """The account that was proved before, unless it has changed since."""
        return self._authentication.current(session.proved)

    async def _prove(
        self, session: Session, account: Account, password: str | None, client: str | None
    ) -> Account:
        session.door = account.name
        if password is None:
            raise Refused(
                "registered",
                f"{account.name} is a registered name.",
                self._nicknames.free(account.name),
            )
        now, source = self._clock.seconds(), session.source_of(client)
        try:
            return await self._accounts.verify(account, password, source, now)
        except Refused as refused:
            if refused.code != "busy":
                refused.suggestion = self._nicknames.free(account.name)
            raise

    async def _check_chat_password(self, session: Session, name: str, password: str | None) -> None:
        wanted = self._settings.password
        if wanted is None or session.let_past:
            return
        session.door = name
        if password is None:
            raise Refused("password-needed", "This chat has a password.")
        if not await self._knows(session, "chat password", password, wanted):
            raise Refused("wrong-password", "That is not the password.")
        session.let_past = True

    async def _knows(self, session: Session, secret: str, said: str, wanted: str) -> bool:
        """Whether somebody knows a secret of the whole chat; wrong ones are counted."""

        async def look() -> bool:
            return hmac.compare_digest(said.strip().encode(), wanted.encode())

        now, attempts = self._clock.seconds(), self._accounts.attempts
        return bool(await attempts.judge_shared(secret, session.source, now, look))

    def _check_not_banned(
        self, session: Session, name: str, account: Account | None, client: str | None
    ) -> None:
        if account is not None and account.operator:
            return
        known = marks(name, account, client)
        ban = self._bans.ban_at_the_door(known, session.wire.address)
        if ban is not None:
            raise self._bans.refusal(ban)
        if self._lockdown.on and account is None:
            raise Refused(
                "lockdown",
                "Only registered people come in just now. Try again later, or say your"
                " registered name.",
            )

    def _user(self, name: str, account: Account | None, client: str | None) -> User:
        """Who that is: somebody who is here already, who comes back, or somebody new."""
        ghost = self._directory.clients.get(client) if client else None
        if account is not None and account.id in self._directory.by_account:
            user = self._user_of(account)
            self._close_ghost(ghost)
            return user
        if ghost is None or key(ghost.name) != key(name):
            self._nicknames.check_free(name, account)
        self._close_ghost(ghost)
        self._nicknames.check_free(name, account)
        if ghost is not None and ghost.name == name and is_same(ghost.person.account, account):
            return ghost.person
        return self._new_user(name, account)

    def _new_user(self, name: str, account: Account | None = None) -> User:
        user = User(name, self._now(), account)
        user.active = self._clock.seconds()
        return user

    def _user_of(self, account: Account) -> User:
        """The account's user, who may be here already over another connection."""
        user = self._directory.by_account.get(account.id)
        if user is None:
            return self._new_user(account.name, account)
        user.account = account
        return user

    def _close_ghost(self, ghost: Session | None) -> None:
        if ghost is not None:
            self.end(ghost, "You have come back over another connection.")

    def _admit(self, session: Session, user: User, client: str) -> Welcome:
        now = self._now()
        session.client = client
        session.in_flight = self._messaging.orphans.pop(client, 0)
        session.question = session.suggestion = session.door = None
        self._sessions.seat(session, user)
        account = user.account
        return Welcome(
            chat=self._settings.name,
            software=f"chatsvc {__version__}",
            name=user.name,
            client=client,
            time=now,
            motd=self._settings.motd,
            limits=LIMITS,
            account=account.name if account else None,
            operator=user.operator,
            rooms=tuple(self._unread(account)) if account else (),
            census=self._visibility.census(),
        )

    def _unread(self, account: Account) -> list[Unread]:
        rooms = self._joining.belongs_to(account)
        return [Unread(room.name, member.seen, room.last) for room, member in rooms]

    def knock(self, session: Session, code: str) -> None:
        """Count a refusal at the door; shut it after some, and at once to those who are banned."""
        session.knocks += 1
        if code == "banned":
            session.close()
        elif session.knocks >= KNOCKS:
            session.tell(Goodbye("That did not work. You are welcome to try again later."))
            session.close()

    # Becoming somebody else

    async def register(
        self, session: Session, password: str, email: str, code: str | None
    ) -> Account:
        """Make the name one is using one's own."""
        user = session.person
        if user.account is not None:
            raise Refused("known", f"{user.account.name} is your own already.")
        account = await self._accounts.register(
            user.name,
            password=password,
            email=email,
            code=code,
            source=session.source,
            now=self._clock.seconds(),
            since=self._now(),
        )
        if user.sessions and user.account is None:
            self._own(user, account)
            await self._profiles.save_ignores(user)
        self._free_names(account)
        return account

    def _own(self, user: User, account: Account) -> None:
        """From now on a guest is an account; they keep their rooms."""
        user.account = account
        self._directory.by_account[account.id] = user
        self._tell_account(user)
        for session in user.sessions:
            for room in session.rooms.values():
                self._membership.note(
                    Member(
                        room.key,
                        account.id,
                        self._role_of(user, account, room),
                        seen=room.members[session],
                        joined=_joined(session, room),
                    )
                )

    def _role_of(self, user: User, account: Account, room: Room) -> str:
        """What a guest becomes in a room by registering."""
        founded = any(member.role == "founder" for member in room.roster.values())
        if room.maker is user and not founded and self._joining.may_found(account):
            return "founder"
        return "member" if room.role(user) == "guest" else room.role(user)

    def _free_names(self, new: Account | None = None) -> None:
        """Nobody stays here under what is, or looks like, a name that is somebody else's by now:

        that of a new account, or (None) of any.
        """
        for user in list(self._directory.users.values()):
            if new is not None and not look_alike(user.name, new.name):
                continue
            owner = self._accounts.find(user.name) or self._accounts.resembled(user.name)
            if owner is None or is_same(owner, user.account) or _is_own_name(user):
                continue
            session = user.sessions[0]
            try:
                renamed = self._profiles.rename(session, self._nicknames.free(user.name))
            except Refused:
                words = f"{owner.name} is a registered name. Please choose another one."
                self._end_all(user, words)
            else:
                session.tell(renamed)

    def check_guest(self, session: Session) -> None:
        """Refuse those who are logged in already."""
        if session.person.account is not None:
            mine = session.person.account.name
            raise Refused("known", f"You are logged in as {mine}: /logout first.")

    def login(self, session: Session, account: Account) -> None:
        """Become the user of an account that is proved; it stays in the rooms it may be in."""
        self.check_guest(session)
        self._check_not_banned(session, account.name, account, session.client)
        user = self._user_of(account)
        self._joining.check_rooms(user, session.rooms)
        self._become(session, user)
        for room in list(session.rooms.values()):
            if self._bans.ban_of(session, room):
                session.tell(self._joining.exit(session, room))
            else:
                self._stay(session, account, room)

    def _stay(self, session: Session, account: Account, room: Room) -> None:
        """An account is in the room from now on in which its session was as a guest."""
        member = self._membership.get(room.key, account.id)
        if member is None or not member.inside:
            joined = _joined(session, room)
            role = member.role if member else "member"
            self._membership.note(
                Member(
                    room=room.key,
                    account=account.id,
                    role=role,
                    inside=True,
                    seen=room.members[session],
                    joined=joined,
                )
            )
        self._joining.bring_others(session, room)

    def logout(self, session: Session) -> None:
        """Become a guest, who is in no room yet; the account's rooms stay the account's."""
        for room in list(session.rooms.values()):
            self._joining.step_out(session, room, "")
            room.floors.pop(session.client, None)
        self._become(session, self._new_user(self._nicknames.guest()))

    def _become(self, session: Session, user: User) -> None:
        """Seat a session as another user, who is shown in its rooms instead of the old one."""
        old, here = session.person, session.here
        rooms = {room: room.members[session] for room in session.rooms.values()}
        new_here = not user.sessions
        for room in rooms:
            if new_here:
                room.pass_on(session, user)
            else:
                room.remove(session, "")
        self._sessions.unseat(session)
        self._sessions.seat(session, user)
        self._forget_passes(session)
        if new_here:
            self._presence.tell_neighbours(session, Shared(Renamed(old.name, user.name)))
            if user.account is not None:
                self._tell_account(user)
            return
        for room, seen in rooms.items():
            room.add(session, seen)
        session.here = here

    def _tell_account(self, user: User) -> None:
        """Tell those who share a room with somebody which account they have, or have no more."""
        account = user.account.name if user.account else None
        self._presence.tell_of(
            user.sessions[0], Shared(Identified(user.name, account)), crowds=True
        )

    def _forget_passes(self, session: Session) -> None:
        """What somebody was let into is not open to who they have become."""
        for room in self._directory.rooms.values():
            room.passes.pop(session.client, None)

    async def unregister(self, session: Session, password: str) -> Account:
        """Let the name be free again; who uses it stays, as a guest."""
        account = session.person.account
        assert account is not None
        now = self._clock.seconds()
        await self._accounts.verify(account, password, session.source, now)
        await self._accounts.remove(account)
        self.disown(account, session)
        self.forget_removed()
        return account

    def disown(self, account: Account, stays: Session | None = None) -> None:
        """An account is no more: of its sessions one stays, as a guest."""
        user = self._directory.by_account.pop(account.id, None)
        if user is None:
            return
        for session in user.sessions:
            self._forget_passes(session)
            for room in list(session.conversations.values()):
                self._joining.step_out(session, room, "")
        user.account = None
        self._leave_what_is_closed(user)
        self._tell_account(user)
        words = f"The account {account.name} was removed"
        if stays not in user.sessions:
            stays = user.sessions[0]
            stays.tell(Notice(f"{words}; you are {user.name} as a guest."))
        self._end_all(user, f"{words}.", but=stays)

    def _leave_what_is_closed(self, user: User) -> None:
        """Who is a guest now stays only in the rooms that a guest may enter."""
        for session in user.sessions:
            for room in list(session.rooms.values()):
                if not self._joining.may_be_in(session, room):
                    self._joining.step_out(session, room, "")
                    session.tell(Exited(room.name, session.here.name if session.here else None))

    def forget_removed(self) -> None:
        """Accounts that are no more belong to no room, and to no conversation."""
        roster = self._membership
        for id in roster.accounts():
            if self._accounts.get(id) is None:
                for member in roster.of_account(id):
                    roster.forget(member)

    def end(self, session: Session, words: str, final: bool = False) -> None:
        """Close somebody's connection, and say why; `final` asks programs to stay away."""
        session.tell(Goodbye(words, final))
        session.close()
        self._sessions.leave(session, "")

    def _end_all(self, user: User, words: str, but: Session | None = None) -> None:
        for session in [each for each in user.sessions if each is not but]:
            self.end(session, words, final=True)

    async def change_password(self, session: Session, account: Account, password: str) -> None:
        """Whoever else is here with the old password is no longer."""
        account = await self._accounts.set_password(account, password, session.source)
        user = self._directory.by_account.get(account.id)
        if user is not None:
            user.account = account
            self._end_all(user, "Your password was changed over another connection.", but=session)

    async def claim(self, session: Session, code: str) -> Account:
        """Make the account of who knows the code an operator, once."""
        user = session.person
        assert user.account is not None
        account, wanted = user.account, self.claim_code
        if wanted is None:
            raise Refused("wrong-code", "There is an operator already: ask one.")
        if not await self._knows(session, "claim", code, wanted):
            raise Refused("wrong-code", "That is not the code which the server's log shows.")
        if self.claim_code != wanted or user.account != account:
            raise Refused("wrong-code", "Somebody else has claimed the chat, or you are another.")
        self.claim_code = None
        try:
            user.account = await self._accounts.change(user.account, operator=True)
        except (ArchiveFailed, Refused):
            self.claim_code = wanted
            raise
        return user.account

    def take_over(self, before: Mapping[str, Account]) -> None:
        """Somebody has changed accounts in the archive: those who are here have the new ones."""
        for id, user in list(self._directory.by_account.items()):
            account, old = self._accounts.get(id), before.get(id, user.account)
            if account is not None:
                user.account = account
                self._tell_change(user, account, old or account)
            elif old is not None:
                self.disown(old)
        self.forget_removed()
        self._free_names()

    def _tell_change(self, user: User, account: Account, old: Account) -> None:
        if account.hash != old.hash:
            self._end_all(user, "Your password was changed. Please come in with the new one.")
        for session in user.sessions:
            if account.operator and not old.operator:
                session.tell(You(user.name, account.name, True, "claim"))
            elif old.operator and not account.operator:
                session.tell(Notice("You are no operator any more."))


def _joined(session: Session, room: Room) -> int:
    """Up to which line a guest reads nothing, also as the account that they become."""
    return room.floors.get(session.client, 0 if room.rules.history == "all" else room.last)


def _is_own_name(user: User) -> bool:
    return user.account is not None and key(user.account.name) == user.key


def new_claim_code() -> str:
    return secrets.token_hex(5)
