"""Accounts, roles, rules and moderation in words, for people."""

from __future__ import annotations

from collections.abc import Iterable

from chatsvc.dialects.sentences import clock, lines, listing
from chatsvc.model.ban_masks import BanMask
from chatsvc.model.moderation_events import (
    Announced,
    Audit,
    Banned,
    Bans,
    Certificates,
    Challenge,
    Code,
    Deleted,
    Expected,
    Identified,
    Invited,
    Lockdown,
    Operating,
    Proved,
    Removed,
    Reported,
    Reports,
    Role,
    Rule,
    Rules,
    Sessions,
    Unbanned,
    Ways,
    You,
)


@lines.register
def _(event: You, here: str | None) -> Iterable[str]:
    if event.how == "register":
        yield f"* {event.name} is yours now. Next time, say that name and your password."
    elif event.how == "claim":
        yield "* You are an operator now. /help shows what you may do."
    elif event.how == "unregister":
        yield f"* You have given the name up, and are {event.name} as a guest."
    elif event.how == "logout":
        yield f"* You are {event.name}, a guest. Your rooms are kept for you."
    else:
        operator = ", an operator" if event.operator else ""
        yield f"* You are {event.name}{operator}, registered as {event.account}."


@lines.register
def _(event: Proved, here: str | None) -> Iterable[str]:
    yield f"* You have proved that you are {event.account}."


@lines.register
def _(event: Challenge, here: str | None) -> Iterable[str]:
    yield f"* Please answer: {event.data}"


@lines.register
def _(event: Certificates, here: str | None) -> Iterable[str]:
    for fingerprint in event.fingerprints:
        yield f"* {fingerprint}{' (this connection)' if fingerprint == event.own else ''}"
    if not event.fingerprints:
        yield "* No certificate proves your account."
    if event.own and event.own not in event.fingerprints:
        yield f"* You have come with {event.own}. To add it: /certificate add"


@lines.register
def _(event: Sessions, here: str | None) -> Iterable[str]:
    for seat in event.sessions:
        where = f", from {seat.address}" if seat.address else ""
        rooms = f", in {listing(seat.rooms)}" if seat.rooms else ""
        own = " (this one)" if seat.own else ""
        yield f"* {seat.number:3}  since {clock(seat.since)}{where}{rooms}{own}"
    yield "* To end one: /sessions number"


@lines.register
def _(event: Code, here: str | None) -> Iterable[str]:
    yield f"* With this code one person may register: /register password {event.code}"


@lines.register
def _(event: Rules, here: str | None) -> Iterable[str]:
    founder = f" Founder: {event.founder}." if event.founder else ""
    moderators = f" Moderators: {listing(event.moderators)}." if event.moderators else ""
    yield f"* The rules of {event.room}.{founder}{moderators}"
    for rule in event.rules:
        value = rule.value if len(rule.value) <= 10 else f"{rule.value}\n*{'':30}"
        yield from f"*   {rule.name:16} {value:10} {rule.help}".splitlines()


@lines.register
def _(event: Rule, here: str | None) -> Iterable[str]:
    yield f"* {event.by} set {event.name} of {event.room}: {event.value}"


@lines.register
def _(event: Role, here: str | None) -> Iterable[str]:
    role = {
        "founder": "the founder",
        "moderator": "a moderator",
    }.get(event.role, "a plain member")
    if event.role == "voiced":
        yield f"* {event.by} gave {event.name} a voice in {event.room}."
        return
    yield f"* {event.by} made {event.name} {role} of {event.room}."


@lines.register
def _(event: Invited, here: str | None) -> Iterable[str]:
    if event.own:
        yield f"* {event.name} may come into {event.room} now."
    elif event.overheard:
        yield f"* {event.by} has invited {event.name} into {event.room}."
    else:
        yield f"* {event.by} invites you into {event.room}: /join {event.room}"


@lines.register
def _(event: Expected, here: str | None) -> Iterable[str]:
    if event.uninvited:
        yield f"* {event.uninvited} is not invited into {event.room} any more."
    elif event.names:
        yield f"* Invited into {event.room}, and not there: {listing(event.names)}."
    else:
        yield f"* Nobody is invited into {event.room} who is not there."


@lines.register
def _(event: Identified, here: str | None) -> Iterable[str]:
    return ()  # /whois tells it to those who want to know


@lines.register
def _(event: Removed, here: str | None) -> Iterable[str]:
    where = f" of {event.room}" if event.room else ""
    reason = f": {event.reason}" if event.reason else "."
    if not event.own:
        yield f"* {event.by} has put {event.name} out{where}{reason}"
        return
    if event.room:  # otherwise that is the goodbye
        yield f"* {event.by} has put you out{where}{reason}"
    if event.here:
        yield f"* Your lines go to {event.here}."


@lines.register
def _(event: Banned, here: str | None) -> Iterable[str]:
    if event.own:
        where = f" in {event.room}" if event.room else ""
        yield f"* {event.by} has muted you{where}{_until(event)}{_because(event)}"
        return
    yield f"* {_banned(event)}{_because(event)}"
    if event.hit:
        does = "It silences" if event.mute else "It has put out"
        yield f"*   {does}: {listing(event.hit)}."
    elif event.means and not event.exempt:
        yield "*   It holds nobody who is here just now."


def _banned(event: Banned) -> str:
    if event.exempt:
        return f"No ban or mute in {event.room} holds {event.who}"
    quietly = "quietly " if event.quietly else ""
    done = f"{quietly}muted" if event.mute else "banned"
    where = f" in {event.room}" if event.room else ""
    means = f", by {listing(event.means)}" if event.means else ""
    named = event.who.split()
    unnamed = [each for each in event.addresses if str(BanMask.of_address(each)) not in named]
    addresses = f" ({', '.join(unnamed)})" if unnamed else ""
    return f"{event.who} is {done}{where}{_until(event)}{means}{addresses}"


def _until(event: Banned) -> str:
    return f" until {clock(event.until)}" if event.until else " for ever"


def _because(event: Banned) -> str:
    return f": {event.reason}" if event.reason else "."


@lines.register
def _(event: Unbanned, here: str | None) -> Iterable[str]:
    where = f" in {event.room}" if event.room else ""
    if event.own:
        yield f"* {event.by} lets you talk again{where}."
    elif event.exempt:
        yield f"* Bans and mutes{where} hold {event.who} again."
    else:
        yield f"* {event.who} may {'talk' if event.mute else 'come in'} again{where}."


@lines.register
def _(event: Bans, here: str | None) -> Iterable[str]:
    where = f"in {event.room}" if event.room else "on the whole server"
    if not event.bans:
        yield f"* Nobody is banned or muted {where}."
    for ban in event.bans:
        reason = f": {ban.reason}" if ban.reason else ""
        yield f"* {_banned(ban)}; {ban.by}, {clock(ban.time)}{reason}"


@lines.register
def _(event: Ways, here: str | None) -> Iterable[str]:
    yield f"* What would hold {event.name}:"
    for way in event.ways:
        also = f"also hits {listing(way.also)}" if way.also else "hits nobody else here"
        yield f"*   {way.who:24} {also}"
    yield f"* /ban {event.name} would hold them by {listing(event.means)}."


@lines.register
def _(event: Deleted, here: str | None) -> Iterable[str]:
    room = "" if event.room == here else f" in {event.room}"
    whose = "their own" if event.own else f"{event.sender}'s"
    reason = f": {event.reason}" if event.reason else "."
    yield f"* {event.by} deleted {whose} line {event.number}{room}{reason}"


@lines.register
def _(event: Lockdown, here: str | None) -> Iterable[str]:
    if event.on:
        yield f"* {event.by} lets in only registered people for now."
    else:
        yield f"* {event.by} lets everybody in again."


@lines.register
def _(event: Announced, here: str | None) -> Iterable[str]:
    yield f"* {event.by} tells everybody: {event.text}"


@lines.register
def _(event: Operating, here: str | None) -> Iterable[str]:
    yield f"* You are an operator here, {event.name}."


@lines.register
def _(event: Audit, here: str | None) -> Iterable[str]:
    if not event.acts:
        yield "* Nobody has had to moderate anything here yet."
    for act in event.acts:
        room = f" in {act.room}" if act.room else ""
        yield f"* [{clock(act.time)}] {act.by}{room}: {act.what}"


@lines.register
def _(event: Reported, here: str | None) -> Iterable[str]:
    if event.own:
        yield f"* Thank you. The operators are told about {event.about}."
    else:
        yield f"* {_reported(event)}"


def _reported(event: Reported) -> str:
    room = f" in {event.room}" if event.room else ""
    when = clock(event.time)
    return f"Report {event.number}, {when}: {event.by} about {event.about}{room}: {event.reason}"


@lines.register
def _(event: Reports, here: str | None) -> Iterable[str]:
    if not event.reports:
        yield "* Nothing is reported."
        return
    if len(event.reports) < event.count:
        yield f"* There are {event.count} reports. The last {len(event.reports)} of them:"
    for report in event.reports:
        yield f"* {_reported(report)}"
    yield "* When one is dealt with: /resolve number"
