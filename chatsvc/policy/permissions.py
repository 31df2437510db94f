"""Permissions: questions about a user and a room, answered or refused.  Changes nothing."""

from __future__ import annotations

from collections.abc import Collection

from chatsvc.core.chat import FIRST_ROOM, Room, Session, User
from chatsvc.core.temporary_roles import ROLES
from chatsvc.model.message_events import Said
from chatsvc.model.records import Account
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import key, span

RANKS = {role: rank for rank, role in enumerate(ROLES)}
OPERATOR = len(RANKS)


def rank(user: User, room: Room) -> int:
    """Return a user's level in a room."""
    return OPERATOR if user.operator else RANKS[room.role(user)]


def moderates(user: User, room: Room) -> bool:
    """Return whether a user is at least a moderator of a room."""
    return rank(user, room) >= RANKS["moderator"]


def is_temporary(user: User, room: Room) -> bool:
    """Return whether a user's rights in a room, and what they set there, end at some time."""
    return not user.operator and RANKS[room.stored_role(user)] < RANKS["moderator"]


def may_have_host(room: Room) -> bool:
    """Return whether a room can have a host: one without a founder, except the first room."""
    return room.key != key(FIRST_ROOM) and not room.founded


def check_level(session: Session, level: str, room: Room | None) -> None:
    """Refuse a command to users without permission; `room` is the room that it is about."""
    user = session.person
    if level == "account" and user.account is None:
        raise Refused(
            "no-account", "Only registered users can do that. To register: /register password"
        )
    if level == "member" and (room is None or rank(user, room) < RANKS["member"]):
        raise Refused("not-allowed", "Only registered users in the room can do that.")
    if level == "operator" and not user.operator:
        raise Refused("not-allowed", "Only operators can do that.")
    if level in ("moderator", "host") and not user.operator:
        if room is None:
            raise Refused("no-room", "You are not in a room. To join one: /join #lobby")
        if level == "host":
            check_host(user, room)
        if not moderates(user, room):
            raise Refused("not-allowed", f"Only moderators of {room.name} can do that.")


def check_invite(session: Session, room: Room) -> None:
    """Refuse invitations by users whom the room's rules keep from letting others join."""
    if room.rules.invite_only and not moderates(session.person, room):
        raise Refused("not-allowed", f"Only moderators can invite people to {room.name}.")
    if room.rules.password:
        check_level(session, "member", room)


def check_founder(user: User, room: Room) -> None:
    """Refuse users below the founder of a room."""
    if rank(user, room) < RANKS["founder"]:
        raise Refused("not-allowed", f"Only the founder of {room.name} can do that.")


def check_host(user: User, room: Room) -> None:
    """Refuse everybody but the founder or host of a room."""
    if rank(user, room) < RANKS["host"]:
        whose = "host" if room.temporary.host is not None else "founder"
        raise Refused("not-allowed", f"Only the {whose} of {room.name} can do that.")


def check_above(user: User, other: User, room: Room | None) -> None:
    """Refuse bans of yourself, operators, and in a room of those whom its bans do not affect.

    On the whole server, the administrator may ban operators.
    """
    _check_not_yourself(user, other)
    if other.account is not None:
        check_above_account(user, other.account, room)
    if room is not None:
        _check_affected(user, other.name, room.role(other), room)


def check_may_kick(user: User, other: User, room: Room | None) -> None:
    """Refuse the same, except that moderators can remove each other, a host, and themselves.

    IRC's channel operators can do all of this.
    """
    if room is not None and other is user:
        return
    _check_not_yourself(user, other)
    if other.account is not None and not user.above_operators:
        _check_no_operator(other.account)
    if room is not None:
        _check_rank(user, other.name, room.role(other), room, lowest="founder")


def check_above_account(user: User, other: Account, room: Room | None) -> None:
    """Check the same as `check_above` for an account, whose user may be offline."""
    if user.above_operators and other.operator:
        _check_whole_server(other, room)
        return
    _check_no_operator(other)
    if room is not None:
        _check_affected(user, other.name, role_of(other, room), room)


def _check_whole_server(operator: Account, room: Room | None) -> None:
    if room is not None:
        raise Refused(
            "not-allowed",
            f"{operator.name} is an operator, and the bans of a room do not affect operators."
            " Leave out --room to ban from the whole server.",
        )


def _check_affected(user: User, name: str, role: str, room: Room) -> None:
    """Refuse acts against moderators and above, whom a room's bans and mutes do not affect."""
    _check_rank(user, name, role, room, lowest="moderator")
    if RANKS[role] >= RANKS["moderator"]:
        ends = role in ("moderator", "host")
        end = f"take that role: /deop {name}" if ends else "/transfer the room"
        raise Refused(
            "not-allowed",
            f"{name} is {called(role)} of {room.name}, so its bans and mutes do not affect {name}."
            f" First {end}",
        )


def _check_not_yourself(user: User, other: User) -> None:
    if other is user:
        raise Refused("yourself", "You cannot do that to yourself.")


def _check_no_operator(other: Account) -> None:
    if other.operator:
        raise Refused(
            "not-allowed", f"{other.name} is an operator. You cannot act against an operator."
        )


def _check_rank(user: User, name: str, role: str, room: Room, lowest: str) -> None:
    """Refuse acts against a role of at least `lowest` by users of no higher one."""
    if RANKS[role] >= max(rank(user, room), RANKS[lowest]):
        raise Refused(
            "not-allowed",
            f"{name} is {called(role)} of {room.name}. Only a higher role can do that.",
        )


def role_of(account: Account, room: Room) -> str:
    """Return what `Room.role` would, for an account whose user may be offline."""
    member = room.roster.get(account.id)
    return member.role if member else "guest"


def called(role: str) -> str:
    """Return a role in a sentence."""
    if role == "voiced":
        return "a voiced user"
    return f"the {role}" if role in ("founder", "host") else f"a {role}"


def check_enter(user: User, room: Room, admitted: bool = False) -> None:
    """Refuse users whom the rules of a room keep out; its password is checked elsewhere.

    Those who are `admitted` need no invitation.
    """
    rules = room.charter
    if rules is None or rank(user, room) >= RANKS["moderator"]:
        return
    if rules.registered_only and user.account is None:
        raise Refused(
            "registered-only",
            f"Only registered users can join {room.name}. To register: /register password",
        )
    if rules.invite_only and not admitted and not is_expected(user, room):
        raise Refused(
            "invite-only", f"{room.name} is invite-only. Ask a moderator for an invitation."
        )
    if rules.most and len(room.people) >= rules.most and user not in room.people:
        raise Refused("room-full", f"{room.name} is full (limit: {rules.most}). Try again later.")


def is_expected(user: User, room: Room) -> bool:
    """Return whether a user belongs to a room, or was invited to it."""
    invited = any(session.client in room.invited for session in user.sessions)
    return invited or room.role(user) != "guest"


def needs_password(user: User, room: Room) -> bool:
    """Return whether a user must give the room's password; members and invited users need not."""
    rules = room.charter
    if rules is None or not rules.password:
        return False
    return not user.operator and not is_expected(user, room)


def check_talk(user: User, room: Room, now: float) -> None:
    """Refuse users who may only listen in a room, or have just spoken in slow mode."""
    rules = room.charter
    if rules is None or moderates(user, room):
        return
    if rules.moderated and rank(user, room) < RANKS["voiced"]:
        raise Refused(
            "moderated", f"Only users with voice can talk in {room.name}. Ask a moderator."
        )
    wait = room.spoke.get(user.speaker, -rules.slow) + rules.slow - now if rules.slow else 0.0
    if wait > 0:
        raise Refused(
            "slow-mode",
            f"Not sent: {room.name} is in slow mode. Try again in {span(wait)}.",
        )


def check_outside(user: User, room: Room) -> None:
    """Refuse messages by users who are not in a room, unless it accepts them."""
    if not room.rules.outside or (room.rules.registered_only and user.account is None):
        raise Refused("not-in-room", f"You are not in {room.name}. To join it: /join {room.name}")


def check_ctcp(room: Room, signs: Collection[str]) -> None:
    """Refuse requests of IRC clients to each other in a room that does not accept them."""
    if room.rules.no_ctcp and not {"ctcp", "ctcp-reply"}.isdisjoint(signs):
        raise Refused("no-ctcp", f"Not sent: {room.name} does not accept CTCP requests.")


def check_topic(user: User, room: Room, now: float) -> None:
    """Refuse a new topic by users who may not talk, or if only moderators may change it."""
    check_talk(user, room, now)
    if room.charter is not None and room.charter.topic_locked and not moderates(user, room):
        raise Refused("not-allowed", f"Only moderators can change the topic of {room.name}.")


def may_see(user: User, room: Room) -> bool:
    """Return whether a list shows the room to a user."""
    if room.charter is None or not room.charter.hidden:
        return True
    return user in room.people or user.operator or is_expected(user, room)


def floor(session: Session, room: Room) -> int:
    """Return the number of the last line that a user may not read, by the rule for newcomers."""
    user, rules = session.person, room.charter
    if rules is None or (rules.history == "all" and not rules.sealed):
        return 0
    if rules.history == "all" or moderates(user, room):
        return 0 if user.operator else min(rules.sealed, _joined(session, room))
    if rules.history == "joined" and user.account is not None:
        return _joined(session, room)
    return room.floors.get(session.client, room.last)


def may_read(session: Session, room: Room, line: Said) -> bool:
    """Return whether a line is shown to a session, at least on request."""
    return session.owns(line) or (line.number > floor(session, room) and not session.hides(line))


def _joined(session: Session, room: Room) -> int:
    """Return the number of the last line before a user joined, as far as the room remembers."""
    account = session.person.account
    if account is None:
        return room.floors.get(session.client, room.last)
    member = room.roster.get(account.id)
    return member.joined if member else room.last
