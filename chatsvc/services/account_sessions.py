"""Accounts and the sessions online: register, log in and out, and follow what changes accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from chatsvc.auth.accounts import Accounts
from chatsvc.core.chat import Room, Session, User
from chatsvc.core.directory import Directory
from chatsvc.core.membership import Membership
from chatsvc.core.timer import Timer
from chatsvc.model.account_events import Identified, You
from chatsvc.model.batch import Shared
from chatsvc.model.confusables import look_alike
from chatsvc.model.records import AccessToken, Account, Member
from chatsvc.model.requests import Refused
from chatsvc.model.room_events import Exited, Role
from chatsvc.model.server_events import Notice
from chatsvc.model.text_rules import check_name, key
from chatsvc.policy.bans import BanList
from chatsvc.policy.permissions import may_have_host
from chatsvc.services.authentication import Authentication, fingerprint_of
from chatsvc.services.hosting import Hosting
from chatsvc.services.joining import Joining
from chatsvc.services.login import Login
from chatsvc.services.metadata import MetadataService
from chatsvc.services.nicknames import Nicknames, is_same
from chatsvc.services.presence import Presence
from chatsvc.services.profiles import Profiles
from chatsvc.services.sessions import Sessions


class AccountSessions:
    """Changes which account a session is logged in to."""

    def __init__(
        self,
        directory: Directory,
        sessions: Sessions,
        login: Login,
        joining: Joining,
        hosting: Hosting,
        presence: Presence,
        profiles: Profiles,
        metadata: MetadataService,
        nicknames: Nicknames,
        membership: Membership,
        bans: BanList,
        accounts: Accounts,
        authentication: Authentication,
        clock: Timer,
        now: Callable[[], float],
    ) -> None:
        self._directory = directory
        self._sessions = sessions
        self._login = login
        self._joining = joining
        self._hosting = hosting
        self._presence = presence
        self._profiles = profiles
        self._metadata = metadata
        self._nicknames = nicknames
        self._membership = membership
        self._bans = bans
        self._accounts = accounts
        self._authentication = authentication
        self._clock = clock
        self._now = now

    async def register(
        self, session: Session, password: str, email: str, code: str | None
    ) -> Account:
        """Register the name of a session's user, who stays in all rooms."""
        user = session.person
        if user.account is not None:
            raise Refused("known", f"{user.account.name} is already registered to you.")
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
            await self._metadata.adopt(user, account)
            await self._profiles.save_ignores(user)
        self._free_names(account)
        return account

    async def register_early(
        self, session: Session, name: str, password: str, email: str, code: str | None
    ) -> Account:
        """Register a name for a session that logs in with it next."""
        login = session.logging_in
        proved = self._authentication.current(login.proved)
        if proved is not None:
            raise Refused("known", f"You are already logged in as {proved.name}.")
        check_name(name)
        self._login.check_not_banned(session, name, None, None)
        self._nicknames.check_free(name, None)
        account = await self._accounts.register(
            name,
            password=password,
            email=email,
            code=code,
            source=session.source_of(None),
            now=self._clock.seconds(),
            since=self._now(),
        )
        login.proved = self._authentication.complete(account)
        self._free_names(account)
        return account

    def _own(self, user: User, account: Account) -> None:
        """Make a guest the user of a new account; the account keeps the guest's rooms."""
        user.account = account
        self._directory.by_account[account.id] = user
        self._tell_account(user)
        for session in user.sessions:
            for room in session.rooms.values():
                role = self._role_of(user, room)
                self._membership.note(
                    Member(
                        room.key,
                        account.id,
                        role,
                        seen=room.members[session],
                        joined=_joined(session, room),
                    )
                )
                if role != "member":
                    room.temporary.take(user)
                self._found(user, account, room)

    def _role_of(self, user: User, room: Room) -> str:
        """Return the role that a guest keeps by registering: what a host has given ends."""
        role = room.role(user)
        return role if role in ("moderator", "voiced") and not may_have_host(room) else "member"

    def _found(self, user: User, account: Account, room: Room) -> None:
        """Make a host who has an account now the founder."""
        member = self._membership.get(room.key, account.id)
        is_host = room.temporary.host is user and may_have_host(room)
        if member is None or not is_host or not self._joining.may_found(account):
            return
        self._membership.note(replace(member, role="founder"))
        self._hosting.keep(room)
        room.announce(Role(room.name, user.name, "founder", by=user.name, before="host"))

    def _free_names(self, new: Account | None = None) -> None:
        """Rename everybody whose name is, or is confusable with, the name of another account.

        With `new`, look only at the names that are confusable with this account's.
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
                words = f"{owner.name} is a registered name. Choose another one."
                self._sessions.end_all(user, words)
            else:
                session.tell(renamed)

    def check_guest(self, session: Session) -> None:
        """Refuse a session that is logged in already."""
        if session.person.account is not None:
            mine = session.person.account.name
            raise Refused("known", f"You are already logged in as {mine}. Log out first: /logout")

    def login(self, session: Session, account: Account, keep_name: bool = False) -> None:
        """Make a session the account's; the password or certificate was checked before.

        The session stays in the rooms that the account may be in. It gets the account's name; with
        `keep_name` it keeps its own, unless the account's user is online already, and may come from
        another account.
        """
        if not keep_name:
            self.check_guest(session)
        before = session.person.account
        self._login.check_not_banned(session, account.name, account, session.client)
        user = self._login.user_of(account)
        self._joining.check_rooms(user, session.rooms)
        if keep_name and not user.sessions and session.person.sessions == [session]:
            self._adopt(session, account)
        else:
            self._become(session, user)
        for room in list(session.rooms.values()):
            closed = before is not None and not self._joining.may_be_in(session, room)
            if closed or self._bans.ban_of(session, room):
                session.tell(self._joining.exit(session, room))
            else:
                self._stay(session, account, room)

    def _adopt(self, session: Session, account: Account) -> None:
        """Make the user of a session the account's, under the present name if possible."""
        user, old = session.person, session.person.account
        if old is not None:
            if key(old.name) == user.key:  # which is reserved for the old account
                session.tell(self._profiles.rename(session, account.name, account))
            self._disown(session, old)
        user.log_in(account)
        self._directory.by_account[account.id] = user
        self._sessions.open_conversations(session)
        self._forget_passes(session)
        self._bans.follow(user, None)
        self._tell_account(user)

    def _disown(self, session: Session, account: Account) -> None:
        """Take the account from the user of a session, who has no other one."""
        for room in list(session.conversations.values()):
            self._joining.step_out(session, room, "")
        del self._directory.by_account[account.id]
        session.person.account, session.token = None, ""

    def _stay(self, session: Session, account: Account, room: Room) -> None:
        """Make the account a member of a room in which its session was as a guest."""
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
        self._found(session.person, account, room)
        self._joining.bring_others(session, room)

    async def logout(self, session: Session) -> bool:
        """Make a session a new guest, who is in no room; the account keeps its rooms.

        The guest keeps the session's name if it is neither registered nor in use elsewhere.  The
        token that the session logged in with ends first.  Return False if the session has ended
        meanwhile.
        """
        account = session.person.account
        used = self._token_of(session, account)
        if used is not None:
            await self._accounts.tokens.end(used)
        if session not in self._directory.sessions:
            return False
        if account is not None and session.person.account is not None:
            self._become_guest(session)
        return True

    def _token_of(self, session: Session, account: Account | None) -> AccessToken | None:
        tokens = self._accounts.tokens.of(account.id) if account else []
        return next((token for token in tokens if token.digest == session.token), None)

    def _become_guest(self, session: Session) -> None:
        for room in list(session.rooms.values()):
            self._joining.step_out(session, room, "")
            room.floors.pop(session.client, None)
        user = session.person
        free = user.sessions == [session] and self._nicknames.is_for_guests(user.name)
        name = user.name if free else self._nicknames.guest()
        self._become(session, self._login.new_user(name))

    def _become(self, session: Session, user: User) -> None:
        """Make a session another user's, who replaces the old one in its rooms."""
        old, here = session.person, session.here
        rooms = {room: room.members[session] for room in session.rooms.values()}
        new_here = not user.sessions
        if new_here:
            user.username = old.username
        if new_here and old.sessions == [session]:
            user.host = old.host
        for room in rooms:
            if new_here:
                room.pass_on(session, user)
            else:
                room.temporary.pass_on(old, user)
                room.remove(session, "")
        self._sessions.unseat(session)
        self._sessions.seat(session, user)
        self._forget_passes(session)
        if new_here:
            self._presence.tell_renamed(user, old.name)
            if user.account is not None:
                self._tell_account(user)
            return
        for room, seen in rooms.items():
            room.add(session, seen)
        session.here = here

    def _tell_account(self, user: User) -> None:
        """Tell everybody who shares a room with `user` which account the user has now, if any."""
        account = user.account.name if user.account else None
        self._presence.tell_of(
            user.sessions[0], Shared(Identified(user.name, account)), crowds=True
        )

    def _forget_passes(self, session: Session) -> None:
        """Forget that a session was invited anywhere: the invitations were for the old user."""
        for room in self._directory.rooms.values():
            room.passes.pop(session.client, None)

    async def unregister(self, session: Session, password: str) -> Account:
        """Delete the account of a session, which stays as a guest; the name is free again."""
        account = session.person.account
        assert account is not None
        now = self._clock.seconds()
        await self._accounts.verify(account, password, session.source, now)
        await self._accounts.remove(account)
        self._disinherit(account, session)
        self.forget_removed()
        return account

    def _disinherit(self, account: Account, stays: Session) -> None:
        """End the sessions of a deleted account, except one, which stays as a guest."""
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
        self._sessions.end_all(user, f"Your account {account.name} was deleted.", but=stays)

    def _leave_what_is_closed(self, user: User) -> None:
        """Remove a user who became a guest from rooms that are closed to guests."""
        for session in user.sessions:
            for room in list(session.rooms.values()):
                if not self._joining.may_be_in(session, room):
                    self._joining.step_out(session, room, "")
                    session.tell(Exited(room.name, session.here.name if session.here else None))

    def forget_removed(self) -> None:
        """Remove deleted accounts from all rooms and conversations."""
        roster = self._membership
        for id in roster.accounts():
            if self._accounts.get(id) is None:
                for member in roster.of_account(id):
                    roster.forget(member)

    async def change_password(self, session: Session, account: Account, password: str) -> None:
        """Change the password, and end the account's other sessions and all its tokens."""
        account = await self._accounts.set_password(account, password, session.source)
        user = self._directory.by_account.get(account.id)
        if user is not None:
            user.account = account
            self._sessions.end_all(
                user, "Your password was changed over another connection.", but=session
            )
        tokens = self._accounts.tokens
        await tokens.end(*tokens.of(account.id))  # those that the ended sessions requested

    async def end_token(self, session: Session, account: Account, number: int) -> None:
        """End a token of the account, and the other sessions that logged in with it."""
        token = self._accounts.tokens.numbered(account.id, number)
        if token is None:
            raise Refused(
                "no-such-session", f"You have no token {number}. To list yours: /sessions"
            )
        await self._accounts.tokens.end(token)
        user = self._directory.by_account.get(account.id)
        for each in list(user.sessions) if user is not None else ():
            if each is not session and each.token == token.digest:
                words = "The token of this connection was ended over another connection."
                self._sessions.end(each, words, final=True)

    async def remove_certificate(self, session: Session, account: Account, written: str) -> Account:
        """Remove a certificate and end the other sessions that came with it."""
        fingerprint = fingerprint_of(session, written)
        account = await self._authentication.remove_certificate(account, fingerprint)
        user = self._directory.by_account.get(account.id)
        words = "Your certificate was removed over another connection."
        for each in list(user.sessions) if user is not None else ():
            if each is not session and each.wire.fingerprint == fingerprint:
                self._sessions.end(each, words, final=True)
        return account

    def take_over(self, before: Mapping[str, Account]) -> None:
        """Give users online the accounts as another process has changed them in the archive."""
        for id, user in list(self._directory.by_account.items()):
            account, old = self._accounts.get(id), before.get(id, user.account)
            if account is not None:
                self.follow(account, old or account)
            elif old is not None:
                self._sessions.end_all(user, f"Your account {old.name} was deleted.")
        self.forget_removed()
        self._free_names()

    def follow(self, account: Account, old: Account) -> None:
        """Update the account of an online user, and tell them what has changed."""
        user = self._directory.by_account.get(account.id)
        if user is not None:
            user.account = account
            self._tell_change(user, account, old)

    def _tell_change(self, user: User, account: Account, old: Account) -> None:
        if account.disabled:
            self._sessions.end_all(user, f"Your account {account.name} was disabled.")
        elif account.hash != old.hash:
            self._sessions.end_all(user, "Your password was changed. Log in with the new one.")
        for session in user.sessions:
            if account.operator and not old.operator:
                session.tell(You(user.name, account.name, True, "claim"))
            elif old.operator and not account.operator:
                session.tell(Notice("You are no longer an operator."))


def _joined(session: Session, room: Room) -> int:
    """Return the number up to which a guest may not read, nor the account the guest becomes."""
    everything = room.rules.history == "all" and not room.rules.sealed
    return room.floors.get(session.client, 0 if everything else room.last)


def _is_own_name(user: User) -> bool:
    return user.account is not None and key(user.account.name) == user.key
