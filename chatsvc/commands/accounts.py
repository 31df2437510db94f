"""Accounts: registering a name, logging in, and deleting the account."""

from __future__ import annotations

from chatsvc.commands.login import let_in
from chatsvc.commands.registry import Email, command
from chatsvc.core.chat import FIRST_ROOM, Session
from chatsvc.model.account_events import (
    Certificates,
    Challenge,
    Code,
    Operating,
    Proved,
    Seat,
    Sessions,
    Token,
    TokenInfo,
    You,
)
from chatsvc.model.events import Event
from chatsvc.model.records import Account
from chatsvc.model.requests import Refused
from chatsvc.model.server_events import Notice
from chatsvc.services.hub import Hub


def _you(session: Session, how: str) -> You:
    user = session.person
    return You(user.name, user.account.name if user.account else None, user.operator, how)


@command(
    "register password [email] [code]",
    help="registers your name with a password",
    example="/register correct-horse-battery",
    level="unregistered",
    anybody=True,
    when=lambda hub: hub.accounts.mode != "closed",
)
async def register(
    hub: Hub,
    session: Session,
    password: str,
    email: Email = "",
    code: str | None = None,
    name: str | None = None,
) -> Event:
    """Register the session's name, or before login, if the server allows that, a given one."""
    if code is not None and hub.accounts.mode != "invite":
        raise Refused("usage", "Usage: /register password. The password is one word.")
    if session.user is None:
        return await _register_early(
            hub, session, name=name, password=password, email=email, code=code
        )
    await hub.account_sessions.register(session, password, email, code)
    return _you(session, "register")


async def _register_early(
    hub: Hub, session: Session, name: str | None, password: str, email: str, code: str | None
) -> Event:
    if name is None or not hub.settings.registers_early:
        raise Refused("no-name", "Choose a name first. What is your name?")
    account = await hub.account_sessions.register_early(
        session, name=name, password=password, email=email, code=code
    )
    return Proved(account.name)


@command(
    "login [name] password",
    help="logs in to your account",
    example="/login ann correct-horse-battery",
    anybody=True,
    level="unregistered",
)
async def login(
    hub: Hub, session: Session, password: str, name: str | None = None, tag: str | None = None
) -> Event | None:
    """Log in to an account with its password; before a name is chosen, also join with it."""
    if session.login is not None:
        if name is None and session.login.name is None:
            raise Refused("usage", "Give your name as well: /login name password")
        return await let_in(
            hub, session, name=name or session.login.name or "", tag=tag, account_password=password
        )
    hub.account_sessions.check_guest(session)
    account = await hub.authentication.by_password(session, name or session.name, password)
    if session in hub.directory.sessions:
        _log_in(hub, session, account, tag)
    return None


def _log_in(
    hub: Hub, session: Session, account: Account, tag: str | None, keep_name: bool = False
) -> None:
    hub.account_sessions.login(session, account, keep_name)
    session.tell(_you(session, "login"), tag)
    _rejoin(hub, session)


def _rejoin(hub: Hub, session: Session) -> None:
    for entered in hub.joining.come_back(session):
        session.tell(entered)
    if session.here is None:
        session.here = next(iter(session.rooms.values()), None)
    hub.moderation.greet(session)
    hub.sessions.catch_up(session)


@command("oper name password")
async def oper(
    hub: Hub, session: Session, name: str, password: str, tag: str | None = None
) -> Event | None:
    """Log in as the operator that the name is registered to, under the present name.

    Refuse everybody else.
    """
    account, own = hub.accounts.find(name), session.person.account
    if own is not None and own.operator and account is not None and account.id == own.id:
        return Operating(session.name, account.name)
    hub.account_sessions.check_guest(session)
    account = await hub.authentication.by_password(session, name, password)
    if not account.operator:
        raise Refused("not-operator", f"{account.name} is not an operator.")
    if session not in hub.directory.sessions:
        return None
    hub.account_sessions.login(session, account, keep_name=True)
    session.tell(Operating(session.name, account.name), tag)
    session.tell(_you(session, "login"))
    _rejoin(hub, session)
    return None


@command("prove name password", anybody=True)
async def prove(
    hub: Hub,
    session: Session,
    name: str | None = None,
    password: str | None = None,
    mechanism: str | None = None,
    data: str | None = None,
    keep_name: bool = False,
    tag: str | None = None,
) -> Event | None:
    """Authenticate with SCRAM or a certificate; this also logs in a user who has joined.

    With `keep_name` that user keeps their name, and may be logged in to another account.
    """
    proof: Account | str
    if mechanism is not None:
        proof = hub.authentication.begin(session, mechanism.upper(), data or "")
    elif data is not None:
        proof = await hub.authentication.go_on(session, data)
    elif name is not None and password is not None:
        proof = await hub.authentication.by_password(session, name, password)
    else:
        raise Refused("usage", "prove needs a name and a password, a mechanism, or data.")
    if isinstance(proof, str):
        return Challenge(proof)
    if session not in hub.directory.sessions:
        return None
    _take_as_proved(hub, session, account=proof, tag=tag, keep_name=keep_name)
    return None


def _take_as_proved(
    hub: Hub, session: Session, account: Account, tag: str | None, keep_name: bool
) -> None:
    if session.login is not None:
        hub.login.check_not_banned(session, account.name, account, None)
        session.login.proved = hub.authentication.complete(account)
    elif session.person.account is None or session.person.account.id != account.id:
        _log_in(hub, session, account=account, tag=tag, keep_name=keep_name)
        return
    session.tell(Proved(account.name), tag)


@command(
    "certificate [change] [fingerprint]",
    aliases="cert",
    help="lists, adds or removes the TLS certificates you can log in with",
    example="/certificate add",
    level="account",
)
async def certificate(hub: Hub, session: Session, change: str = "", fingerprint: str = "") -> Event:
    """List, add or remove the certificates that log in to the account."""
    account = session.person.account
    assert account is not None
    if change == "add":
        account = await hub.authentication.add_certificate(session, account, fingerprint)
    elif change == "remove":
        account = await hub.account_sessions.remove_certificate(session, account, fingerprint)
    elif change:
        raise Refused("usage", "Usage: /certificate add, or: /certificate remove")
    if session.user is not None and session.person.account is not None:
        session.person.account = account
    return Certificates(account.certificates, session.wire.fingerprint)


@command("logout", help="logs out; you become a guest", level="account")
async def logout(hub: Hub, session: Session, tag: str | None = None) -> Event | None:
    """Become a guest."""
    if not await hub.account_sessions.logout(session):
        return None
    session.tell(_you(session, "logout"), tag)
    session.tell(hub.joining.enter(session, FIRST_ROOM))
    hub.sessions.catch_up(session)
    return None


@command(
    "passwd old new",
    help="changes your password",
    example="/passwd correct-horse-battery new-staple",
    level="account",
)
async def passwd(hub: Hub, session: Session, old: str, new: str) -> Event:
    """Change the password and end the other connections."""
    account = session.person.account
    assert account is not None
    now = hub.clock.seconds()
    account = await hub.accounts.verify(account, old, session.source, now)
    await hub.account_sessions.change_password(session, account, new)
    return Notice("Password changed.")


@command(
    "unregister password",
    help="deletes your account; your messages remain",
    example="/unregister correct-horse-battery",
    level="account",
)
async def unregister(hub: Hub, session: Session, password: str) -> Event:
    """Delete the account."""
    await hub.account_sessions.unregister(session, password)
    return _you(session, "unregister")


@command(
    "token [label]",
    help="creates a secret with which one program logs in to your account without your password",
    example="/token Firefox on my laptop",
    level="account",
)
async def token(hub: Hub, session: Session, label: str = "") -> Event:
    """Create a token, whose secret is told once."""
    account = session.person.account
    assert account is not None
    made, secret = await hub.accounts.tokens.add(account.id, label.strip(), hub.now())
    return Token(secret, made.number, made.label)


@command(
    "sessions [--token] [end]",
    help="lists your connections and tokens, or ends one",
    example="/sessions 2",
    level="account",
)
async def sessions(
    hub: Hub, session: Session, end: int | None = None, token: bool = False
) -> Event | None:
    """List the account's connections and tokens, or end one."""
    account = session.person.account
    assert account is not None
    if token and end is None:
        raise Refused("usage", "Usage: /sessions --token number")
    if token and end is not None:
        await hub.account_sessions.end_token(session, account, end)
    elif end is not None:
        _end(hub, session, end)
    if session.user is None or session not in hub.directory.sessions:
        return None
    return Sessions(_seats(session), _tokens(hub, session, account))


def _end(hub: Hub, session: Session, number: int) -> None:
    own = session.person.sessions
    if not 0 < number <= len(own):
        raise Refused(
            "no-such-session", f"You have no connection {number}. To list yours: /sessions"
        )
    if own[number - 1] is session:
        raise Refused("yourself", "That is this connection. To end it: /quit")
    hub.sessions.end(own[number - 1], "You ended this connection from another one.", final=True)


def _seats(session: Session) -> tuple[Seat, ...]:
    return tuple(
        Seat(
            number=number,
            since=each.since,
            address=each.wire.address,
            rooms=tuple(room.name for room in each.rooms.values()),
            own=each is session,
        )
        for number, each in enumerate(session.person.sessions, 1)
    )


def _tokens(hub: Hub, session: Session, account: Account) -> tuple[TokenInfo, ...]:
    return tuple(
        TokenInfo(
            number=each.number,
            label=each.label,
            since=each.since,
            used=each.used,
            own=each.digest == session.token,
        )
        for each in hub.accounts.tokens.of(account.id)
    )


@command(
    "claim code",
    help="makes you the first operator, with the code from the server's log",
    example="/claim 3f9a0c1b22",
    level="account",
    when=lambda hub: hub.login.claim_code is not None,
)
async def claim(hub: Hub, session: Session, code: str) -> Event:
    """Become the first operator with the code from the log."""
    await hub.login.claim(session, code)
    return _you(session, "claim")


@command(
    "invite-code",
    help="creates an invitation code for one registration",
    level="operator",
    when=lambda hub: hub.accounts.mode == "invite",
)
async def invite_code(hub: Hub, session: Session) -> Event:
    """Make a code that lets one user register."""
    if hub.accounts.mode == "closed":
        raise Refused(
            "closed", "Invitation codes are off. Register users with: chatsvc account add"
        )
    if hub.accounts.mode == "open":
        raise Refused("usage", "Registration needs no code on this server.")
    invitation = await hub.accounts.invite(session.name, hub.now())
    return Code(invitation.code)
