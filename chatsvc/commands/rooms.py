"""Rooms: joining, leaving, history, search, and members."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from chatsvc.commands.long_answers import Listing
from chatsvc.commands.registry import Answer, Moment, Point, Words, command
from chatsvc.commands.talking import PEOPLE, talking
from chatsvc.core.chat import FIRST_ROOM, Room, Session, User
from chatsvc.core.directory import room_of
from chatsvc.model.events import Event
from chatsvc.model.presence_events import People
from chatsvc.model.requests import Refused
from chatsvc.model.room_events import Rooms, Stats, Topic
from chatsvc.model.text_rules import key, room_name
from chatsvc.policy.permissions import floor, needs_password
from chatsvc.services.event_pages import Bounds
from chatsvc.services.hub import Hub

LINES = 500  # of history in one answer
TALLIES = 20


@command(
    "join room [password]",
    help="joins a room, or creates it",
    example="/join #tea",
)
def join(
    hub: Hub,
    session: Session,
    room: str,
    password: str | None = None,
    after: int | None = None,
    last: int | None = None,
    create: bool = True,
    forward: bool = True,
    mentions: bool = False,
    tag: str | None = None,
) -> Answer:
    """Join a room; with `mentions`, programs learn how many unread lines mention the user.

    Without `forward`, a former name of a room is refused; the suggestion is the present one.
    """
    found = hub.directory.room(room_name(room))
    if found is not None and not forward and key(room_name(room)) in found.former:
        raise Refused("room-renamed", f"{room} is called {found.name} now.", found.name)
    if found is None and not create and key(room_name(room)) != key(FIRST_ROOM):
        raise Refused("no-such-room", f"There is no room {room_name(room)}.")
    if password is not None:
        if found is not None and needs_password(session.person, found):
            where = _Where(after, last, mentions, tag)
            return _open(hub, session, room=found, password=password, where=where)
        if len(password.split()) > 1:  # no password is needed, and this is hardly one
            raise Refused("usage", "Usage: /join room, or: /join room password")
    where = _Where(after, last, mentions, tag)
    if mentions and found is not None and found.key not in session.rooms:
        return _count_and_enter(hub, session, found, where)
    _enter(hub, session, room, where)
    return None


class _Where(NamedTuple):
    """What a program is shown on joining, and the request's tag."""

    after: int | None
    last: int | None
    mentions: bool
    tag: str | None


async def _open(hub: Hub, session: Session, room: Room, password: str, where: _Where) -> None:
    now, hash = hub.clock.seconds(), room.rules.password
    right = await hub.accounts.opens(
        hash, password=password, room=room.key, source=session.source, now=now
    )
    count = await hub.history.mentions(session, room) if right and where.mentions else 0
    if not right or room.rules.password != hash:
        raise Refused("wrong-password", f"Wrong password for {room.name}.")
    if session in hub.directory.sessions:
        _enter(hub, session, room.name, where, opened=True, mentions=count)


async def _count_and_enter(hub: Hub, session: Session, room: Room, where: _Where) -> None:
    count = await hub.history.mentions(session, room)
    if session in hub.directory.sessions:
        _enter(hub, session, room.name, where, mentions=count)


def _enter(
    hub: Hub, session: Session, room: str, where: _Where, opened: bool = False, mentions: int = 0
) -> None:
    entered = hub.joining.enter(
        session, name=room, after=where.after, last=where.last, opened=opened
    )
    session.tell(replace(entered, mentions=mentions or None), where.tag)
    assert session.here is not None
    for other in session.person.sessions:
        session.here.catch_up(other)


@command("leave [room]", "part", "leaves a room", "/leave #tea", settled=True)
def leave(hub: Hub, session: Session, room: str | None = None, words: Words = "") -> Answer:
    """Leave a room."""
    return hub.joining.exit(session, room_of(session, room), words)


@command(
    "room [name]",
    help="shows the room's rules, or switches to another room",
    example="/room #lobby",
)
def room(hub: Hub, session: Session, name: str | None = None, room: str | None = None) -> Answer:
    """Switch to a room, or show the current one."""
    if name is None:
        return hub.room_administration.rules(hub.visibility.known_room(session, room))
    session.here, session.target = room_of(session, name), None
    return talking(session)


@command("rooms", help="lists the rooms")
def rooms(hub: Hub, session: Session, n: int = PEOPLE) -> Answer:
    """List the rooms."""
    found = hub.visibility.rooms(session)
    place = partial(hub.visibility.place, asker=session)
    return Listing(Rooms((), len(found)), found[:n], place)


@command(
    "topic [text]",
    help="shows or changes the room's topic",
    example="/topic tea at 5",
    settled=True,
)
def topic(hub: Hub, session: Session, text: Words | None = None, room: str | None = None) -> Answer:
    """Show or set the topic of a room."""
    here = room_of(session, room)
    if text is not None:
        return hub.room_administration.set_topic(session, here, text)
    return replace(here.topic or Topic(here.name, "", "", 0.0), changed=False)


def a_page(users: Collection[User], after: str | None, n: int) -> tuple[list[User], bool]:
    """Return the first `n` users by name, and whether there are more."""
    last = "" if after is None else key(after)
    rest = sorted((user for user in users if user.key > last), key=attrgetter("key"))
    return rest[:n], len(rest) > n


@command("who [room]", "clients list names", "lists the users in a room", "/who #tea")
def who(
    hub: Hub, session: Session, room: str | None = None, after: str | None = None, n: int = PEOPLE
) -> Answer:
    """List who is in a room."""
    here = hub.visibility.known_room(session, room)
    present = here.seen_by(session.person)
    page, more = a_page(present, after, n)
    frame = People(
        room=here.name, people=(), count=len(present), more=more, hidden=here.rules.hidden
    )
    return Listing(frame, page, partial(hub.visibility.member, asker=session, room=here))


@command(
    "history [n] [room]",
    help="shows earlier messages with their numbers; @name: private ones",
    example="/history 50",
    settled=True,
    reads=True,
)
async def history(
    hub: Hub,
    session: Session,
    n: int = 20,
    room: str | None = None,
    before: Point | None = None,
    after: Point | None = None,
    around: Point | None = None,
    first: bool = False,
    deleted: bool = True,
    events: bool = False,
) -> Event:
    """Show earlier messages; with `events`, IRC clients read these between them."""
    wanted, bounds = min(max(n, 1), LINES), Bounds(after, before, around)
    return await hub.history.page(
        session, room=room, bounds=bounds, n=wanted, first=first, deleted=deleted, events=events
    )


@command(
    "search [query]",
    help="searches messages, newest first; without words: older results",
    example='/search tea "at five" from:bob in:#lobby after:2d -milk',
    settled=True,
    reads=True,
)
async def search(
    hub: Hub,
    session: Session,
    query: str | None = None,
    n: int = 20,
    older: str | None = None,
    first: bool = False,
) -> Event:
    """Search the messages that you may read; with `first`, return the first ones that match."""
    most = min(max(n, 1), LINES)
    if first and query is not None:
        return await hub.search.first(session, query, most)
    return await hub.search.find(session, query, older, most)


@command("recent", settled=True, reads=True)
async def recent(
    hub: Hub,
    session: Session,
    n: int = LINES,
    after: Moment = 0.0,
    before: Moment = math.inf,
    first: bool = False,
    deleted: bool = True,
) -> Event:
    """List the conversations with recent messages."""
    return await hub.history.recent(
        session, after=after, before=before, n=min(max(n, 1), LINES), first=first, deleted=deleted
    )


@command("mark [number]", settled=True, reads=True)
async def mark(
    hub: Hub,
    session: Session,
    number: Point | None = None,
    room: str | None = None,
    anywhere: bool = False,
) -> Event:
    """Set or show the read position in a conversation; `anywhere` also where nothing is stored."""
    try:
        place, _ = hub.history.place(session, room)
    except Refused:
        if room is None or not anywhere or isinstance(number, int):
            raise
        return hub.history.mark_elsewhere(session, room, number)
    if number is None:
        return hub.history.marked(session, place)
    return await hub.history.read_to(session, place, number)


@command("stats [room]", help="shows how much each user wrote in a room", settled=True, reads=True)
async def stats(hub: Hub, session: Session, room: str | None = None) -> Event:
    """Show who said most in a room."""
    here = room_of(session, room)
    if floor(session, here):
        raise Refused("not-allowed", f"{here.name} does not show new users earlier messages.")
    return Stats(here.name, tuple(await hub.archive.tallies(here.name, TALLIES)))
