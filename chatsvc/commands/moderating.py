"""Moderation: moderators act in their room, operators on the whole server or (--here) in a room."""

from __future__ import annotations

from functools import partial

from chatsvc.commands.long_answers import Listing, Reading, audit_of
from chatsvc.commands.registry import Answer, Place, Span, Who, Words, command
from chatsvc.core.chat import Room, Session
from chatsvc.core.directory import room_of
from chatsvc.model.events import Event
from chatsvc.model.message_events import FIRST_PASSING
from chatsvc.model.moderation_events import Bans, Reports
from chatsvc.model.requests import Refused
from chatsvc.model.server_events import Notice
from chatsvc.model.text_rules import key
from chatsvc.services.hub import Hub
from chatsvc.services.reports import reported

ACTS = 500  # listed at once
OPERATORS_ACTS = 10_000  # for operators


def _where(hub: Hub, session: Session, room: str | None, here: bool) -> Room | None:
    """Return the room to act in, or None for the whole server."""
    if session.person.operator and room is None and not here:
        return None
    return room_of(session, room)


@command(
    "kick [--here] name [reason]",
    help="removes a user",
    example="/kick eve too loud",
    level="moderator",
    settled=True,
)
async def kick(
    hub: Hub,
    session: Session,
    name: str,
    reason: Words = "",
    room: str | None = None,
    here: bool = False,
) -> Event:
    """Remove a user from a room."""
    where = _where(hub, session, room, here)
    return await hub.moderation.kick(session, hub.directory.find(name), where, reason)


@command("kill name [reason]", level="operator")
async def kill(hub: Hub, session: Session, name: str, reason: Words = "") -> Event:
    """Remove a user from the server; only for operators."""
    return await hub.moderation.kick(session, hub.directory.find(name), None, reason)


@command(
    "ban [--here] who [duration] [reason]",
    help="removes a user and blocks them from joining",
    example="/ban eve 2d spam",
    level="moderator",
    settled=True,
)
async def ban(
    hub: Hub,
    session: Session,
    who: Who,
    duration: Span = 0.0,
    reason: Words = "",
    room: str | None = None,
    here: bool = False,
    stay: bool = False,
) -> Event:
    """Ban a user or a mask from a room; if they may `stay`, nobody is removed."""
    where = _where(hub, session, room, here)
    return await hub.banning.ban(
        session, who=who, seconds=duration, reason=reason, room=where, stay=stay
    )


@command("unban [--here] who", help="lifts a ban", example="/unban eve", level="moderator")
async def unban(
    hub: Hub, session: Session, who: Who, room: str | None = None, here: bool = False
) -> Event:
    """Lift a ban."""
    return await hub.banning.unban(session, who, _where(hub, session, room, here))


@command(
    "mute [--here] [--quietly] who [duration] [reason]",
    help="stops a user from talking; --quietly: without telling them",
    example="/mute eve 10m calm down",
    level="moderator",
    settled=True,
)
async def mute(
    hub: Hub,
    session: Session,
    who: Who,
    duration: Span = 0.0,
    reason: Words = "",
    room: str | None = None,
    here: bool = False,
    quietly: bool = False,
    once: bool = False,
) -> Event:
    """Mute a user or a mask in a room; `once` refuses what is muted already."""
    how = {"mute": True, "quietly": quietly, "once": once}
    where = _where(hub, session, room, here)
    return await hub.banning.ban(
        session, who=who, seconds=duration, reason=reason, room=where, **how
    )


@command("unmute [--here] who", help="lifts a mute", example="/unmute eve", level="moderator")
async def unmute(
    hub: Hub, session: Session, who: Who, room: str | None = None, here: bool = False
) -> Event:
    """Lift a mute."""
    return await hub.banning.unban(session, who, _where(hub, session, room, here), "mute")


@command(
    "exempt [--mutes] who",
    help="exempts a user from this room's bans and mutes; --mutes: only from its mutes",
    example="/exempt ann",
    level="moderator",
)
async def exempt(
    hub: Hub, session: Session, who: Who, room: str | None = None, mutes: bool = False
) -> Event:
    """Exempt a user or a mask from the room's bans and mutes."""
    return await hub.banning.exempt(session, who, room_of(session, room), only_mutes=mutes)


@command("unexempt who", help="ends an exemption", example="/unexempt ann", level="moderator")
async def unexempt(hub: Hub, session: Session, who: Who, room: str | None = None) -> Event:
    """Lift an exemption."""
    return await hub.banning.unban(session, who, room_of(session, room), "exempt")


@command(
    "admit who",
    help="lets a user join without an invitation while the room is invite-only",
    example="/admit ann",
    level="moderator",
)
async def admit(hub: Hub, session: Session, who: Who, room: str | None = None) -> Event:
    """Let a user or a mask join an invite-only room without an invitation."""
    return await hub.banning.admit(session, who, room_of(session, room))


@command(
    "unadmit who",
    help="ends what /admit allowed",
    example="/unadmit ann",
    level="moderator",
)
async def unadmit(hub: Hub, session: Session, who: Who, room: str | None = None) -> Event:
    """Withdraw a standing invitation."""
    return await hub.banning.unban(session, who, room_of(session, room), "admit")


@command("bans [--here]", help="lists bans, mutes and exemptions")
def bans(hub: Hub, session: Session, room: str | None = None, here: bool = False) -> Answer:
    """List the bans, mutes, exemptions and standing invitations of a room."""
    where = _where(hub, session, None, here) if room is None else None
    if room is not None:  # which the user need not be in
        where = hub.visibility.known_room(session, room)
    shown = partial(hub.banning.shown, asker=session)
    return Listing(Bans(where.name if where else "", ()), hub.banning.all(session, where), shown)


@command(
    "howtoban [--here] name",
    help="shows which bans would match a user, and who else they affect",
    example="/howtoban eve",
    level="moderator",
)
def howtoban(
    hub: Hub, session: Session, name: str, room: str | None = None, here: bool = False
) -> Answer:
    """Show which masks match a user, and who else they match."""
    user, where = hub.directory.find(name), _where(hub, session, room, here)
    return hub.banning.ways_to_ban(session, user, where)


@command(
    "delete number [room] [reason]",
    help="deletes one of your messages here, in #room or with @name; moderators: any message",
    example="/delete 42",
    settled=True,
)
async def delete(
    hub: Hub, session: Session, number: int, reason: Words = "", room: Place | None = None
) -> Event:
    """Delete a message."""
    try:
        place, _ = hub.history.place(session, room)
    except Refused:
        other = hub.directory.users.get(key((room or "").removeprefix("@")))
        if other is None or number < FIRST_PASSING:
            raise
        return hub.deleting.delete_passing(session, other, number, reason)
    return await hub.deleting.delete(session, place, number, reason)


@command(
    "lockdown [switch]",
    help="on: only registered users can join; off: everybody can join",
    example="/lockdown on",
    level="operator",
)
async def lockdown(hub: Hub, session: Session, switch: str | None = None) -> Event:
    """Turn lockdown on or off."""
    if switch is None:
        return Notice(f"Lockdown is {'on' if hub.lockdown.on else 'off'}.")
    if switch.lower() not in ("on", "off"):
        raise Refused("usage", "Usage: /lockdown on, or /lockdown off")
    return await hub.moderation.lock_down(session, switch.lower() == "on")


@command(
    "announce text",
    help="sends a message to everybody online",
    example="/announce back at 8",
    level="operator",
)
async def announce(hub: Hub, session: Session, text: Words, wallops: bool = False) -> Event:
    """Send a message to everybody online."""
    return await hub.moderation.announce(session, text, wallops)


@command("audit [n]", help="lists moderation actions", example="/audit 50", level="moderator")
async def audit(
    hub: Hub, session: Session, n: int = 20, room: str | None = None
) -> Event | Reading:
    """Show the last acts of moderation."""
    where = _where(hub, session, room, here=False)
    most = OPERATORS_ACTS if session.person.operator else ACTS
    return audit_of(hub, session, await hub.audit.last(min(max(n, 1), most), where))


@command(
    "report name reason",
    help="reports a user to the operators",
    example="/report eve sends spam",
)
async def report(hub: Hub, session: Session, name: str, reason: Words) -> Event:
    """Report a user to the operators."""
    return await hub.reports.add(session, name, reason, session.here)


@command("reports", help="lists open reports", level="operator")
def reports(hub: Hub, session: Session) -> Answer:
    """List the open reports."""
    return Listing(Reports((), len(hub.reports)), hub.reports.newest(), reported)


@command("resolve number", help="closes a report", example="/resolve 3", level="operator")
async def resolve(hub: Hub, session: Session, number: int) -> Event:
    """Close a report."""
    report = await hub.reports.resolve(session, number)
    return Notice(f"Report {number} about {report.about} closed.")
