"""Login: the requests of a session that has no user yet."""

from __future__ import annotations

from dataclasses import replace

from chatsvc.commands.registry import Answer, Words, command
from chatsvc.core.chat import FIRST_ROOM, Session
from chatsvc.core.login_state import Step
from chatsvc.core.typed_password import TypedPassword
from chatsvc.model.events import Event
from chatsvc.model.requests import Refused
from chatsvc.model.server_events import Pong, Welcome
from chatsvc.model.text_rules import LONGEST_WORDS
from chatsvc.services.hub import Hub
from chatsvc.services.login import Origin


@command("name [name]", anybody=True)
async def name(hub: Hub, session: Session, name: str = "", tag: str | None = None) -> Event | None:
    """Take the answer to the greeting as a name; join with it, and enter the user's rooms."""
    check_unnamed(session)
    session.check_typed(name)
    return await let_in(hub, session, name, tag)


@command("password password", anybody=True)
async def password(
    hub: Hub, session: Session, password: str, tag: str | None = None
) -> Event | None:
    """Take the answer to the question for the chat's password."""
    check_unnamed(session)
    return await let_in(
        hub, session, name=session.logging_in.name or "", tag=tag, password=password
    )


async def let_in(
    hub: Hub,
    session: Session,
    name: str,
    tag: str | None,
    password: str | None = None,
    account_password: str | None = None,
) -> Event | None:
    """Log in a user who answers one question at a time."""
    if (secret := password or account_password) is not None:
        session.typed = TypedPassword(secret)
    login = session.logging_in
    try:
        welcome = await hub.login.hello(
            session, name=name, password=password, client=None, account_password=account_password
        )
    except Refused as refused:
        login.refuse(refused.code, refused.suggestion)
        if login.step is Step.NAME and account_password is not None:
            login.ask_again(hub.nicknames.free(name))
        raise
    if welcome is not None:
        _enter_rooms(hub, session, welcome, tag)
    return None


def _enter_rooms(hub: Hub, session: Session, welcome: Welcome, tag: str | None) -> None:
    """Enter the account's rooms, with the first one current; or the default room."""
    entered = hub.joining.come_back(session) if session.person.account else []
    if not entered:
        try:
            entered = [hub.joining.enter(session, FIRST_ROOM)]
        except Refused:
            session.tell(welcome, tag)
            hub.sessions.catch_up(session)
            raise
    entered.sort(key=lambda one: one.room != FIRST_ROOM)
    first, *others = entered
    session.here = hub.rooms.room(first.room)
    session.tell(replace(welcome, entered=first), tag)
    for one in others:
        session.tell(one)
    hub.moderation.greet(session)
    hub.sessions.catch_up(session)


@command("hello", anybody=True)
async def hello(
    hub: Hub,
    session: Session,
    name: str = "",
    client: str | None = None,
    password: str | None = None,
    account_password: str | None = None,
    token: str | None = None,
    version: int = 1,
    realname: Words = "",
    username: str = "",
    bot: bool = False,
    tag: str | None = None,
) -> Event | None:
    """Log in a program; it enters rooms by itself."""
    check_unnamed(session)
    if version != 1:
        raise Refused("version", "This server supports protocol version 1.")
    welcome = await hub.login.hello(
        session,
        name=name,
        password=password,
        client=client,
        account_password=account_password,
        token=token,
        origin=Origin(username, realname[:LONGEST_WORDS]),
    )
    if welcome is not None:
        session.person.bot |= bot
        if realname and session.person.realname != realname[:LONGEST_WORDS]:
            hub.profiles.set_realname(session, realname[:LONGEST_WORDS])
        session.tell(welcome, tag)
        hub.moderation.greet(session)
        hub.sessions.catch_up(session)
    return None


@command("about", anybody=True)
def about(hub: Hub, session: Session) -> Answer:
    """Describe the chat, so that a program knows what to ask for before it joins."""
    return hub.login.about()


def check_unnamed(session: Session) -> None:
    """Refuse a session that has a name already."""
    if session.user:
        raise Refused("known", f"Your name is already {session.name}. To change it: /nick name")


@command("empty", anybody=True)
def empty(hub: Hub, session: Session, tag: str | None = None) -> Answer:
    """Ignore an empty line, or say goodbye if the service is set to."""
    if hub.settings.leave_on_empty_line:
        hub.sessions.quit(session, "", tag)
        return None
    return Pong() if tag else None


@command("ping", anybody=True)
def ping(hub: Hub, session: Session) -> Answer:
    """Answer at once, so that a program can measure the latency."""
    return Pong()


@command("settle", anybody=True, settled=True)
def settle(hub: Hub, session: Session) -> Answer:
    """Answer once everything that the session said before is stored and shown."""
    return Pong()
