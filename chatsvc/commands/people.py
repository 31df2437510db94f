"""People: whois, nicknames, away, and ignoring."""

from __future__ import annotations

from functools import partial

from chatsvc.commands.long_answers import Listing
from chatsvc.commands.registry import Answer, Words, command
from chatsvc.commands.rooms import a_page
from chatsvc.commands.talking import PEOPLE
from chatsvc.core.chat import Session, User
from chatsvc.model.ban_masks import fits, is_pattern
from chatsvc.model.events import Event
from chatsvc.model.presence_events import Departed, Ignoring, People, Person
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import key
from chatsvc.services.hub import Hub


@command("whois name", help="shows when a user came online, and their rooms", example="/whois bob")
def whois(hub: Hub, session: Session, name: str) -> Answer:
    """Tell what is known about a user."""
    return hub.visibility.person(hub.directory.find(name), session)


@command("find names [after]")
def find(
    hub: Hub, session: Session, names: str, after: str | None = None, n: int = PEOPLE
) -> Answer:
    """Return which of the named people are online, or the matches of a pattern with * and ?."""
    if is_pattern(names):
        known = hub.visibility.acquainted(session)
        users = [user for user in known if fits(names.strip(), user.name)]
        page, more = a_page(users, after, n)
    else:
        named = dict.fromkeys(hub.directory.users.get(key(name)) for name in names.split())
        users = [user for user in named if user is not None]
        page, more = users[:PEOPLE], False
    return Listing(People("", (), len(users), more), page, partial(_person, hub, session))


def _person(hub: Hub, session: Session, user: User) -> Person | None:
    return hub.visibility.person(user, session) if user.sessions else None


@command(
    "whowas name [count]",
    help="shows who used a name recently, and when they left",
    example="/whowas bob",
)
def whowas(hub: Hub, session: Session, name: str, count: int = 0) -> Answer:
    """Tell what is known about a user who has left."""
    return Listing(Departed(name, ()), hub.whowas.of(name, count), lambda gone: gone)


@command(
    "watch [names]",
    help="notifies you when a user joins or leaves; without names: shows the list",
    example="/watch bob",
)
def watch(hub: Hub, session: Session, names: str = "", closely: bool | None = None) -> Answer:
    """Start to watch names, or list the watched ones."""
    found = hub.watchlist.watch(session, names.split()) if names.split() else None
    if closely is not None:
        hub.watchlist.attend(session, closely)
    return found or hub.watchlist.watched(session)


@command(
    "unwatch [names]",
    help="stops watching; without names: everybody",
    example="/unwatch bob",
)
def unwatch(hub: Hub, session: Session, names: str | None = None) -> Answer:
    """Stop watching names, or all of them."""
    if names is None:
        hub.watchlist.forget(session)
        return hub.watchlist.watched(session)
    return hub.watchlist.unwatch(session, names.split())


@command("nick name", help="changes your name", example="/nick anna", settled=True)
def nick(hub: Hub, session: Session, name: str) -> Answer:
    """Change your name."""
    try:
        return hub.profiles.rename(session, name)
    except Refused as refused:
        free = f" {refused.suggestion} is available." if refused.suggestion else ""
        raise Refused(refused.code, refused.text + free) from None


@command(
    "realname text",
    help="sets your real name",
    example="/realname Ann Lee",
)
def realname(hub: Hub, session: Session, text: Words) -> Answer:
    """Set or clear your real name."""
    return hub.profiles.set_realname(session, text)


@command("bot [on]")
def bot(hub: Hub, session: Session, on: bool = True) -> Answer:
    """Mark yourself as a program."""
    session.person.bot = on
    return hub.visibility.person(session.person, session)


@command("invisible [on]")
def invisible(hub: Hub, session: Session, on: bool = True) -> Answer:
    """Hide yourself in what users who are not in a room are shown of the users in it."""
    session.person.invisible = on
    return hub.visibility.person(session.person, session)


@command("away [reason]", help="marks you as away", example="/away lunch")
def away(hub: Hub, session: Session, reason: Words = "") -> Answer:
    """Mark yourself as away."""
    return hub.profiles.set_away(session, reason or "away")


@command("back", help="marks you as back")
def back(hub: Hub, session: Session) -> Answer:
    """Mark yourself as back."""
    return hub.profiles.set_away(session, None)


@command(
    "ignore [name]",
    help="hides a user's messages, or lists ignored users",
    example="/ignore eve",
)
async def ignore(hub: Hub, session: Session, name: str | None = None) -> Event:
    """Ignore a user, or list who is ignored."""
    if name is not None:
        await hub.profiles.ignore(session.person, name)
    return _ignoring(session)


@command("unignore name", help="shows a user's messages again", example="/unignore eve")
async def unignore(hub: Hub, session: Session, name: str) -> Event:
    """Stop ignoring a user."""
    await hub.profiles.unignore(session.person, name)
    return _ignoring(session)


def _ignoring(session: Session) -> Ignoring:
    return Ignoring(tuple((session.person.ignores or {}).values()))
