"""Administering a room: its rules and roles."""

from __future__ import annotations

from collections.abc import Coroutine

from chatsvc.commands.registry import ROWS, Answer, RoleChanges, Values, Words, command, refuse
from chatsvc.core.chat import Room, Session
from chatsvc.core.directory import room_of
from chatsvc.model.events import Event
from chatsvc.model.requests import Refused
from chatsvc.policy.permissions import check_level
from chatsvc.services.hub import Hub
from chatsvc.store.archive import ArchiveFailed


@command(
    "set [rule] [value]",
    help="changes a room rule; without a rule: lists all",
    example="/set slow 10s",
    level="moderator",
    settled=True,
)
def set(
    hub: Hub,
    session: Session,
    rule: str | None = None,
    value: str | None = None,
    room: str | None = None,
    rules: Values | None = None,
) -> Answer:
    """Change a rule of the room, or some at once (`rules`), or show its rules."""
    here = room_of(session, room)
    if rules:
        return _set_rules(hub, session, here, rules)
    if rule is None or value is None:
        return hub.room_administration.rules(here)
    if rule.lower() == "topic":
        return hub.room_administration.set_topic(session, here, value)
    return _set_rules(hub, session, here, {rule: value})


async def _set_rules(hub: Hub, session: Session, room: Room, rules: Values) -> Event:
    *others, last = await hub.room_administration.set_rules(session, room, rules)
    for each in others:
        session.tell(each)
    return last


@command(
    "rename room name [reason]",
    help="renames a room; its messages and members stay",
    example="/rename #tea #coffee",
    level="host",
    settled=True,
)
async def rename(
    hub: Hub, session: Session, room: str, name: str, reason: Words = "", tag: str | None = None
) -> Event | None:
    """Rename a room, and answer when everybody in it is told."""
    here = room_of(session, room)
    event = await hub.renaming.rename(session, here, name, reason=reason, tag=tag)
    return None if session in here.members else event


@command(
    "remove-room room",
    "drop-room",
    "deletes a room with all its messages, rules and roles",
    "/remove-room #spam",
    level="operator",
)
async def remove_room(hub: Hub, session: Session, room: str) -> Event:
    """Remove a room and all its messages."""
    return await hub.room_removal.remove(session, hub.visibility.known_room(session, room))


@command("invite name", help="invites a user to the room", example="/invite bob")
def invite(hub: Hub, session: Session, name: str, room: str | None = None) -> Answer:
    """Invite a user to a room."""
    return hub.room_administration.invite(session, room_of(session, room), name)


@command("invited", help="lists pending invitations", level="moderator")
def invited(hub: Hub, session: Session, room: str | None = None) -> Answer:
    """List who is invited to a room."""
    return hub.room_administration.expected(room_of(session, room))


@command("invitations", help="lists the rooms that you are invited to")
def invitations(hub: Hub, session: Session) -> Answer:
    """List the rooms that the user is invited to."""
    return hub.room_administration.invitations(session)


@command(
    "uninvite name", help="withdraws an invitation", example="/uninvite bob", level="moderator"
)
def uninvite(hub: Hub, session: Session, name: str, room: str | None = None) -> Answer:
    """Withdraw an invitation."""
    return hub.room_administration.uninvite(session, room_of(session, room), name)


def _place(hub: Hub, session: Session, room: str | None, needed: str | None) -> Room:
    """Return a room that the user is in; check that the user `needed` there is in it, too."""
    place = room_of(session, room)
    if needed is not None:
        hub.room_roles.check_present(place, needed)
    return place


@command(
    "op name",
    example="/op bob",
    help="makes a user a moderator of the room",
    level="moderator",
    settled=True,
)
async def op(
    hub: Hub, session: Session, name: str, room: str | None = None, present: bool = False
) -> Event:
    """Make a user a moderator of a room."""
    return await hub.room_roles.give(
        session, _place(hub, session, room, name if present else None), name, "moderator"
    )


@command(
    "deop name",
    example="/deop bob",
    help="makes a moderator a regular member again",
    level="moderator",
    settled=True,
)
async def deop(
    hub: Hub, session: Session, name: str, room: str | None = None, present: bool = False
) -> Event:
    """Take the role of a moderator away."""
    return await hub.room_roles.take(
        session, _place(hub, session, room, name if present else None), name, "moderator"
    )


@command(
    "voice name",
    example="/voice bob",
    help="lets a user talk in a moderated room",
    level="moderator",
    settled=True,
)
async def voice(
    hub: Hub, session: Session, name: str, room: str | None = None, present: bool = False
) -> Event:
    """Give a user a voice in a moderated room."""
    return await hub.room_roles.give(
        session, _place(hub, session, room, name if present else None), name, "voiced"
    )


@command(
    "devoice name",
    example="/devoice bob",
    help="removes a user's voice",
    level="moderator",
    settled=True,
)
async def devoice(
    hub: Hub, session: Session, name: str, room: str | None = None, present: bool = False
) -> Event:
    """Take a voice away."""
    return await hub.room_roles.take(
        session, _place(hub, session, room, name if present else None), name, "voiced"
    )


@command(
    "transfer name",
    help="makes another user the room's founder, or a guest its host",
    example="/transfer bob",
    level="host",
    settled=True,
)
async def transfer(
    hub: Hub, session: Session, name: str, room: str | None = None, present: bool = False
) -> Event:
    """Make another user the founder of a room, or a guest its host."""
    return await hub.room_roles.transfer(
        session, _place(hub, session, room, name if present else None), name
    )


@command("roles changes", settled=True)
async def roles(hub: Hub, session: Session, changes: RoleChanges, room: str | None = None) -> None:
    """Change several roles in order; the room is told of all together, and each is answered."""
    here, answered = room_of(session, room), []
    with hub.room_roles.together(session, here) as told:
        for do, name, tag in changes:
            if await _change_role(hub, session, here, (do, name, tag)):
                answered.append(tag)
    for event, tag in zip(told, answered, strict=True):
        session.tell(event, tag)


async def _change_role(
    hub: Hub, session: Session, room: Room, wanted: tuple[str, str, str]
) -> bool:
    """Change a role, or answer why not; return whether it has changed."""
    do, name, tag = wanted
    try:
        check_level(session, ROWS[do].level, room)
        change = ROWS[do].function(hub, session, name=name, room=room.name, present=True)
        assert isinstance(change, Coroutine)
        await change
    except Refused as refused:
        refuse(hub, session, refused, tag)
        return False
    except ArchiveFailed as failed:
        refuse(hub, session, Refused("not-kept", str(failed)), tag)
        return False
    return True


@command(
    "found name",
    help="makes a user the founder of a room that has none, or a guest its host",
    example="/found bob",
    level="operator",
)
async def found(hub: Hub, session: Session, name: str, room: str | None = None) -> Event:
    """Assign a room that nobody is in charge of."""
    return await hub.room_roles.found(session, room_of(session, room), name)
