"""Login: which name, which password, which user.  Rooms come later."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import NamedTuple

from chatsvc import __version__
from chatsvc.auth.accounts import Accounts
from chatsvc.core.ban_marks import marks
from chatsvc.core.chat import Session, User
from chatsvc.core.directory import Directory
from chatsvc.core.login_state import LoginGate, LoginState
from chatsvc.core.timer import Timer
from chatsvc.model.ban_masks import BanMask
from chatsvc.model.origins import safe_user
from chatsvc.model.records import Account
from chatsvc.model.requests import Refused
from chatsvc.model.room_events import Unread
from chatsvc.model.server_events import About, Goodbye, Welcome
from chatsvc.model.text_rules import LONGEST_LINE, LONGEST_TEXT, MOST_LINES, check_name, key
from chatsvc.policy.bans import BanList
from chatsvc.policy.lockdown import LockdownSwitch
from chatsvc.services.authentication import Authentication
from chatsvc.services.joining import MOST_ROOMS, Joining
from chatsvc.services.messaging import IN_FLIGHT, Messaging
from chatsvc.services.nicknames import Nicknames, is_same
from chatsvc.services.sessions import Sessions
from chatsvc.services.settings import ServiceSettings
from chatsvc.services.visibility import Visibility
from chatsvc.store.archive import ArchiveFailed

SOFTWARE = f"chatsvc {__version__}"
KNOCKS = 10  # refusals before the connection is closed
LIMITS = {
    "text": LONGEST_TEXT,
    "lines": MOST_LINES,
    "line": LONGEST_LINE,
    "rooms": MOST_ROOMS,
    "in_flight": IN_FLIGHT,
}


class Origin(NamedTuple):
    """What programs say of their user, besides the name."""

    username: str = ""
    realname: str = ""


NO_ORIGIN = Origin()


class Login:
    """Lets sessions log in."""

    def __init__(
        self,
        directory: Directory,
        sessions: Sessions,
        joining: Joining,
        messaging: Messaging,
        nicknames: Nicknames,
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
        self._nicknames = nicknames
        self._bans = bans
        self._accounts = accounts
        self._authentication = authentication
        self._visibility = visibility
        self._lockdown = lockdown
        self._settings = settings
        self._clock = clock
        self._now = now
        self.claim_code: str | None = None  # makes the first operator
        self.suspended = False  # another node may lead, and give away names

    def about(self) -> About:
        """Return the chat's public description, and what joining requires at the moment."""
        return About(
            chat=self._settings.name,
            software=SOFTWARE,
            motd=self._settings.motd,
            registration=self._accounts.mode,
            limits=LIMITS,
            password=self._settings.password is not None,
            lockdown=self._lockdown.on,
        )

    async def hello(
        self,
        session: Session,
        name: str,
        password: str | None = None,
        client: str | None = None,
        account_password: str | None = None,
        token: str | None = None,
        origin: Origin = NO_ORIGIN,
    ) -> Welcome | None:
        """Log in `session` under a name; if the name is taken, the refusal suggests a free one.

        A `token` logs in its account under that account's name. Return None if the session has
        ended while its password was checked.
        """
        if client is not None and not (8 <= len(client) <= 64 and client.isprintable()):
            raise Refused(
                "bad-argument", "The client must be a secret of 8 to 64 printable characters."
            )
        login = session.logging_in
        name = name or login.suggestion or self._nicknames.guest()
        check_name(name)
        await self._check_chat_password(session, login, name, password)
        if token is not None:
            return await self._hello_with_token(session, token, client, origin)
        proved = self._authentication.current(login.proved)  # unless it has changed since
        account = proved or self._accounts.find(name)
        if account is None and account_password is not None:
            raise Refused("no-account", f"{name} is not registered. Join without a password.")
        if account is not None and proved is None:
            self.check_not_banned(session, name, account, client)
            login.name = account.name
            account = await self._prove(session, account, account_password, client)
            name = account.name
        return self._come_in(session, name=name, account=account, client=client, origin=origin)

    async def _hello_with_token(
        self, session: Session, secret: str, client: str | None, origin: Origin
    ) -> Welcome | None:
        account, token = await self._authentication.by_token(session, secret, self._now())
        welcome = self._come_in(
            session, name=account.name, account=account, client=client, origin=origin
        )
        if welcome is not None:
            session.token = token.digest
        return welcome

    def _come_in(
        self,
        session: Session,
        name: str,
        account: Account | None,
        client: str | None,
        origin: Origin,
    ) -> Welcome | None:
        if session not in self._directory.sessions:
            return None
        if self.suspended:
            raise Refused("busy", "The database does not answer. Try again in some seconds.")
        self.check_not_banned(session, name, account, client)
        user = self._user(name, account, client)
        if not user.sessions:
            user.username = safe_user(origin.username) or user.username
            user.realname = origin.realname or user.realname
        return self._admit(session, user, client or secrets.token_urlsafe(9))

    async def _prove(
        self, session: Session, account: Account, password: str | None, client: str | None
    ) -> Account:
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

    async def _check_chat_password(
        self, session: Session, login: LoginState, name: str, password: str | None
    ) -> None:
        wanted = self._settings.password
        if wanted is None or login.gate is not LoginGate.CHAT:
            login.gate = LoginGate.ACCOUNT
            return
        login.name = name
        if password is None:
            raise Refused("password-needed", "This chat requires a password.")
        if not await self._knows(session, "chat password", password, wanted):
            raise Refused("wrong-password", "Wrong password.")
        login.gate = LoginGate.ACCOUNT

    async def _knows(self, session: Session, secret: str, said: str, wanted: str) -> bool:
        """Return whether a secret of the whole chat is right; wrong attempts are counted."""

        async def look() -> bool:
            return hmac.compare_digest(said.strip().encode(), wanted.encode())

        now, attempts = self._clock.seconds(), self._accounts.attempts
        return bool(await attempts.judge_shared(secret, session.source, now, look))

    def check_not_banned(
        self, session: Session, name: str, account: Account | None, client: str | None
    ) -> None:
        """Refuse disabled accounts, users who are banned, and guests during a lockdown.

        Only the last refusal leaves the connection open for another name.
        """
        if account is not None and account.disabled:
            raise Refused(
                "disabled",
                f"The account {account.name} is disabled. Ask the administrator.",
                final=True,
            )
        if account is not None and account.operator:  # whom only a ban of the account affects
            known, address = frozenset({BanMask.of_account(account.id)}), ""
        else:
            known, address = marks(name, account, client), session.wire.address
        ban = self._bans.ban_at_the_door(known, address)
        if ban is not None:
            refused = self._bans.refusal(ban)
            raise Refused(refused.code, refused.text, final=True)
        if self._lockdown.on and account is None:
            raise Refused(
                "lockdown",
                "Only registered users can join at the moment. Try"
                " again later, or sign in with a registered name.",
            )

    def _user(self, name: str, account: Account | None, client: str | None) -> User:
        """Return the user of that name: one online, one who returns, or a new one."""
        ghost = self._directory.clients.get(client) if client else None
        if account is not None and account.id in self._directory.by_account:
            user = self.user_of(account)
            self._close_ghost(ghost)
            return user
        if ghost is None or key(ghost.name) != key(name):
            self._nicknames.check_free(name, account)
        self._close_ghost(ghost)
        self._nicknames.check_free(name, account)
        if ghost is not None and ghost.name == name and is_same(ghost.person.account, account):
            return ghost.person
        return self.new_user(name, account)

    def new_user(self, name: str, account: Account | None = None) -> User:
        """Return a user who has no session yet."""
        user = User(name, self._now(), account)
        user.active = self._clock.seconds()
        return user

    def user_of(self, account: Account) -> User:
        """Return the account's user, who may be online over another connection."""
        user = self._directory.by_account.get(account.id)
        if user is None:
            return self.new_user(account.name, account)
        user.account = account
        return user

    def _close_ghost(self, ghost: Session | None) -> None:
        if ghost is not None:
            self._sessions.end(ghost, "You reconnected over another connection.")

    def _admit(self, session: Session, user: User, client: str) -> Welcome:
        now = self._now()
        session.client = client
        session.in_flight = self._messaging.orphans.pop(client, 0)
        self._sessions.seat(session, user)
        account = user.account
        return Welcome(
            chat=self._settings.name,
            software=SOFTWARE,
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

    def knock(self, session: Session) -> None:
        """Count a refusal before login; close the connection after some."""
        login = session.logging_in
        login.knocks += 1
        if login.knocks >= KNOCKS:
            session.tell(Goodbye("Too many failed attempts. Try again later."))
            session.close()

    async def claim(self, session: Session, code: str) -> Account:
        """Make the account an operator if the code is right; the code works once."""
        user = session.person
        assert user.account is not None
        account, wanted = user.account, self.claim_code
        if wanted is None:
            raise Refused("wrong-code", "There is already an operator. Ask one.")
        if not await self._knows(session, "claim", code, wanted):
            raise Refused("wrong-code", "Wrong code. The server's log shows the right one.")
        if self.claim_code != wanted or user.account != account:
            raise Refused(
                "wrong-code",
                "Your account changed, or somebody else claimed the server. Try again.",
            )
        self.claim_code = None
        try:
            user.account = await self._accounts.change(user.account, operator=True)
        except (ArchiveFailed, Refused):
            self.claim_code = wanted
            raise
        return user.account


def new_claim_code() -> str:
    """Return an unguessable code for `claim_code`."""
    return secrets.token_hex(5)
