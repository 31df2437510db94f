"""People: who somebody is, what they are called, whom one does not want to hear."""

from __future__ import annotations

from chatsvc.dispatch import Answer, command
from chatsvc.events import Event, Ignoring, Refused
from chatsvc.hub import Hub
from chatsvc.session import Session


@command("whois name", help="shows since when somebody is here, and where", example="/whois bob")
def whois(hub: Hub, session: Session, name: str) -> Answer:
    return hub.person(hub.find(name), session)


@command("nick name", "rename", "changes one's name", "/nick anna")
def nick(hub: Hub, session: Session, name: str) -> Answer:
    try:
        return hub.rename(session, name)
    except Refused as refused:
        free = f" {refused.suggestion} is free." if refused.suggestion else ""
        raise Refused(refused.code, refused.text + free) from None


@command(
    "realname text",
    help="says what one is called besides one's name",
    example="/realname Ann Lee",
)
def realname(hub: Hub, session: Session, text: str) -> Answer:
    return hub.set_realname(session, text)


@command("bot [on]")
def bot(hub: Hub, session: Session, on: bool = True) -> Answer:
    """A program says that it is one."""
    session.person.bot = on
    return hub.person(session.person, session)


@command("away [reason]", help="says that one is away", example="/away lunch")
def away(hub: Hub, session: Session, reason: str = "") -> Answer:
    return hub.set_away(session, reason or "away")


@command("back", help="says that one is back")
def back(hub: Hub, session: Session) -> Answer:
    return hub.set_away(session, None)


@command(
    "ignore [name]",
    help="hides somebody's lines, or lists whom",
    example="/ignore eve",
)
async def ignore(hub: Hub, session: Session, name: str | None = None) -> Event:
    if name is not None:
        await hub.ignore(session.person, name)
    return _ignoring(session)


@command("unignore name", help="shows somebody's lines again", example="/unignore eve")
async def unignore(hub: Hub, session: Session, name: str) -> Event:
    await hub.unignore(session.person, name)
    return _ignoring(session)


def _ignoring(session: Session) -> Ignoring:
    return Ignoring(tuple((session.person.ignores or {}).values()))
