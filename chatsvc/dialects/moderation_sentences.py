"""Accounts, roles, rules and moderation in words, for people."""

from __future__ import annotations

from collections.abc import Iterable

from chatsvc.dialects.sentences import clock, lines, listing, part_lines
from chatsvc.model.account_events import (
    Certificates,
    Challenge,
    Code,
    Identified,
    Operating,
    Proved,
    Sessions,
    Token,
    You,
)
from chatsvc.model.ban_masks import BanMask
from chatsvc.model.history_events import Part
from chatsvc.model.message_events import Deleted
from chatsvc.model.moderation_events import (
    Announced,
    Audit,
    Banned,
    Bans,
    Listed,
    Lockdown,
    Removed,
    Reported,
    Reports,
    Unbanned,
    Ways,
)
from chatsvc.model.room_events import (
    Expected,
    Invitations,
    Invited,
    Moved,
    Role,
    Rule,
    Rules,
)
from chatsvc.model.text_rules import counted

_ROLES = {
    "founder": "the founder",
    "host": "the host",
    "moderator": "a moderator",
    "voiced": "a voiced user",
}


@lines.register
def _(event: You, here: str | None) -> Iterable[str]:
    if event.how == "register":
        yield (
            f"* {event.name} is now registered to you. Next"
            " time, sign in with this name and your password."
        )
    elif event.how == "claim":
        yield "* You are now an operator. To see your commands: /help"
    elif event.how == "unregister":
        yield f"* Account deleted. You are now the guest {event.name}. Your messages remain."
    elif event.how == "logout":
        yield (
            f"* Logged out. You are now the guest {event.name}."
            " Your rooms are saved for your next login."
        )
    else:
        operator = " (operator)" if event.operator else ""
        name = "" if event.name == event.account else f" Your name is {event.name}."
        yield f"* You are logged in as {event.account}{operator}.{name}"


@lines.register
def _(event: Proved, here: str | None) -> Iterable[str]:
    yield f"* Authenticated as {event.account}."


@lines.register
def _(event: Challenge, here: str | None) -> Iterable[str]:
    yield f"* Next authentication step: {event.data}"


@lines.register
def _(event: Certificates, here: str | None) -> Iterable[str]:
    for fingerprint in event.fingerprints:
        yield f"* {fingerprint}{' (this connection)' if fingerprint == event.own else ''}"
    if not event.fingerprints:
        yield "* Your account has no certificates."
    if event.own and event.own not in event.fingerprints:
        yield f"* This connection uses {event.own}. To add it: /certificate add"


@lines.register
def _(event: Sessions, here: str | None) -> Iterable[str]:
    for seat in event.sessions:
        where = f", from {seat.address}" if seat.address else ""
        rooms = f", in {listing(seat.rooms)}" if seat.rooms else ""
        own = " (this one)" if seat.own else ""
        yield f"* {seat.number:3}  since {clock(seat.since)}{where}{rooms}{own}"
    yield "* To end one: /sessions number"
    for token in event.tokens:
        label = f"  {token.label}" if token.label else ""
        own = " (this connection)" if token.own else ""
        used = f"since {clock(token.since)}, last used {clock(token.used)}"
        yield f"* Token {token.number}: {used}{own}{label}"
    if event.tokens:
        yield "* To end a token: /sessions --token number"


@lines.register
def _(event: Token, here: str | None) -> Iterable[str]:
    yield f"* Token {event.number}: {event.token}"
    yield "* Copy it now: it is not shown again. It logs in to your account until you end it."
    yield f"* To end it: /sessions --token {event.number}"


@lines.register
def _(event: Code, here: str | None) -> Iterable[str]:
    yield f"* This invitation code lets one person register: /register password {event.code}"


@lines.register
def _(event: Rules, here: str | None) -> Iterable[str]:
    founder = f" Founder: {event.founder}." if event.founder else ""
    host = f" Host: {event.host}." if event.host else ""
    moderators = f" Moderators: {listing(event.moderators)}." if event.moderators else ""
    yield f"* Rules of {event.room}.{founder}{host}{moderators}"
    for rule in event.rules:
        value = rule.value if len(rule.value) <= 10 else f"{rule.value}\n*{'':30}"
        yield from f"*   {rule.name:16} {value:10} {rule.help}".splitlines()


@lines.register
def _(event: Rule, here: str | None) -> Iterable[str]:
    yield f"* {event.by} set {event.name} in {event.room}: {event.value}"


@lines.register
def _(event: Moved, here: str | None) -> Iterable[str]:
    reason = f": {event.reason}" if event.reason else "."
    yield f"* {event.by} renamed {event.room} to {event.to}{reason}"


@lines.register
def _(event: Role, here: str | None) -> Iterable[str]:
    role = _ROLES.get(event.role, "a regular member")
    if event.voice == "taken":
        yield f"* {event.by} took {event.name}'s voice in {event.room}."
    elif event.voice or (event.role == "voiced" and event.before != "moderator"):
        yield f"* {event.by} gave {event.name} a voice in {event.room}."
    elif event.by in ("", event.name):
        yield f"* {event.name} is now {role} of {event.room}."
    else:
        yield f"* {event.by} made {event.name} {role} of {event.room}."


@lines.register
def _(event: Invited, here: str | None) -> Iterable[str]:
    if event.own:
        yield f"* {event.name} can now join {event.room}."
    elif event.overheard:
        yield f"* {event.by} invited {event.name} to {event.room}."
    else:
        yield f"* {event.by} invited you to {event.room}. To join: /join {event.room}"


@lines.register
def _(event: Expected, here: str | None) -> Iterable[str]:
    if event.uninvited:
        yield f"* {event.uninvited} is no longer invited to {event.room}."
    elif event.names:
        yield f"* Invited to {event.room} but not joined yet: {listing(event.names)}."
    else:
        yield f"* No pending invitations to {event.room}."


@lines.register
def _(event: Invitations, here: str | None) -> Iterable[str]:
    if event.rooms:
        yield f"* You are invited to {listing(event.rooms)}. To join a room: /join {event.rooms[0]}"
    else:
        yield "* You have no invitations."


@lines.register
def _(event: Identified, here: str | None) -> Iterable[str]:
    return ()  # /whois shows it to whoever asks


@lines.register
def _(event: Removed, here: str | None) -> Iterable[str]:
    where = event.room or "the server"
    reason = f": {event.reason}" if event.reason else "."
    if not event.own:
        yield f"* {event.by} removed {event.name} from {where}{reason}"
        return
    if event.room:  # otherwise that is the goodbye
        yield f"* {event.by} removed you from {where}{reason}"
    if event.here:
        yield f"* Your messages now go to {event.here}."


@part_lines.register
def _(event: Banned, here: str | None, part: Part) -> Iterable[str]:
    if part.begins and event.own:
        where = f" in {event.room}" if event.room else ""
        yield f"* {event.by} muted you{where}{_until(event)}{_because(event)}"
    elif part.begins:
        yield f"* {_banned(event)}{_because(event)}"
    if event.hit:
        does = "Muted" if event.mute else "Removed"
        yield f"*   {does}: {listing(event.hit)}."
    elif part.begins and event.means and not (event.exempt or event.admits or event.own):
        yield "*   It matches nobody online at the moment."


@lines.register
def _(event: Listed, here: str | None) -> Iterable[str]:
    return ()  # /bans shows it


def _banned(event: Banned) -> str:
    if event.exempt:
        return f"{event.who} is exempt from {_what(event)} in {event.room}"
    if event.admits:
        return f"{event.who} can join {event.room} without an invitation"
    quietly = "quietly " if event.quietly else ""
    done = f"{quietly}muted" if event.mute else "banned"
    where = f" in {event.room}" if event.room else ""
    means = f", by {listing(event.means)}" if event.means else ""
    named = event.who.split()
    unnamed = [each for each in event.addresses if str(BanMask.of_address(each)) not in named]
    addresses = f" ({', '.join(unnamed)})" if unnamed else ""
    return f"{event.who} is {done}{where}{_until(event)}{means}{addresses}"


def _what(event: Banned | Unbanned) -> str:
    return "mutes" if event.mute else "bans and mutes"


def _until(event: Banned) -> str:
    return f" until {clock(event.until)}" if event.until else " permanently"


def _because(event: Banned) -> str:
    return f": {event.reason}" if event.reason else "."


@lines.register
def _(event: Unbanned, here: str | None) -> Iterable[str]:
    where = f" in {event.room}" if event.room else ""
    if event.own:
        yield f"* {event.by} unmuted you{where}."
    elif event.exempt:
        yield f"* {_what(event).capitalize()}{where} apply to {event.who} again."
    elif event.admits:
        yield f"* {event.who} needs an invitation to join {event.room} again."
    else:
        yield f"* {event.who} is no longer {'muted' if event.mute else 'banned'}{where}."


@part_lines.register
def _(event: Bans, here: str | None, part: Part) -> Iterable[str]:
    where = f"in {event.room}" if event.room else "on this server"
    if part.begins and not event.bans:
        yield f"* No bans or mutes {where}."
    for ban in event.bans:
        reason = f": {ban.reason}" if ban.reason else ""
        yield f"* {_banned(ban)}; {ban.by}, {clock(ban.time)}{reason}"


@lines.register
def _(event: Ways, here: str | None) -> Iterable[str]:
    yield f"* Bans that would match {event.name}:"
    for way in event.ways:
        others = (counted(way.others, "other"),) if way.others else ()
        names = listing((*way.also, *others))
        also = f"also affects {names}" if way.also else "affects nobody else online"
        yield f"*   {way.who:24} {also}"
    yield f"* /ban {event.name} would match them by {listing(event.means)}."


@lines.register
def _(event: Deleted, here: str | None) -> Iterable[str]:
    room = "" if event.room == here else f" in {event.room}"
    whose = "their own" if event.own else f"{event.sender}'s"
    reason = f": {event.reason}" if event.reason else "."
    yield f"* {event.by} deleted {whose} message {event.number}{room}{reason}"


@lines.register
def _(event: Lockdown, here: str | None) -> Iterable[str]:
    if event.on:
        yield f"* {event.by} turned lockdown on: only registered users can join."
    else:
        yield f"* {event.by} turned lockdown off: everybody can join."


@lines.register
def _(event: Announced, here: str | None) -> Iterable[str]:
    yield f"* Announcement from {event.by}: {event.text}"


@lines.register
def _(event: Operating, here: str | None) -> Iterable[str]:
    yield f"* You are signed in as the operator {event.name}."


@part_lines.register
def _(event: Audit, here: str | None, part: Part) -> Iterable[str]:
    if part.begins and not event.acts:
        yield "* No moderation actions yet."
    for act in event.acts:
        room = f" in {act.room}" if act.room else ""
        yield f"* [{clock(act.time)}] {act.by}{room}: {act.what}"


@lines.register
def _(event: Reported, here: str | None) -> Iterable[str]:
    if event.own:
        yield f"* Thank you. The operators will see your report about {event.about}."
    else:
        yield f"* {_reported(event)}"


def _reported(event: Reported) -> str:
    room = f" in {event.room}" if event.room else ""
    when = clock(event.time)
    return f"Report {event.number}, {when}: {event.by} about {event.about}{room}: {event.reason}"


@part_lines.register
def _(event: Reports, here: str | None, part: Part) -> Iterable[str]:
    if part.begins and not event.reports:
        yield "* No open reports."
    for report in event.reports:
        yield f"* {_reported(report)}"
    if part.ends and 0 < part.start < event.count:
        yield f"* These are the last {part.start} of {event.count} open reports."
    if part.ends and part.start:
        yield "* To close a report: /resolve number"
