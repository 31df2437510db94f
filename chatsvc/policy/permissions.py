"""Permissions: questions about a user and a room, answered or refused.  Changes nothing."""

from __future__ import annotations

from chatsvc.core.chat import Room, Session, User
from chatsvc.model.records import Account
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import span

RANKS = {"guest": 0, "member": 1, "voiced": 2, "moderator": 3, "founder": 4}
OPERATOR = 5


def rank(user: User, room: Room) -> int:
    """Return a user's level in a room."""
    return OPERATOR if user.operator else RANKS[room.role(user)]


def moderates(user: User, room: Room) -> bool:
    return rank(user, room) >= RANKS["moderator"]


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
    if level in ("moderator", "founder") and not user.operator:
        if room is None:
            raise Refused("no-room", "You are not in a room. To join one: /join #lobby")
        if level == "founder":
            check_founder(user, room)
        if not moderates(user, room):
            raise Refused("not-allowed", f"Only moderators of {room.name} can do that.")


def check_founder(user: User, room: Room) -> None:
    if rank(user, room) < RANKS["founder"]:
        raise Refused("not-allowed", f"Only the founder of {room.name} can do that.")


def check_above(user: User, other: User, room: Room | None) -> None:
    """Refuse acts against yourself, operators, and users of the same level in the room."""
    if other is user:
        raise Refused("yourself", "You cannot do that to yourself.")
    if other.account is not None:
        check_above_account(user, other.account, room)


def check_above_account(user: User, other: Account, room: Room | None) -> None:
    """Check the same for an account, whose user may be offline."""
    if other.operator:
        raise Refused(
            "not-allowed", f"{other.name} is an operator. You cannot act against an operator."
        )
    role = role_of(other, room) if room is not None else "guest"
    if room is not None and RANKS[role] >= max(rank(user, room), RANKS["moderator"]):
        raise Refused(
            "not-allowed",
            f"{other.name} is {called(role)} of {room.name}. Only a higher role can do that.",
        )


def role_of(account: Account, room: Room) -> str:
    """Return what `Room.role` would, for an account whose user may be offline."""
    member = room.roster.get(account.id)
    return member.role if member else "guest"


def called(role: str) -> str:
    """Return a role in a sentence."""
    if role == "voiced":
        return "a voiced user"
    return "the founder" if role == "founder" else f"a {role}"


def check_enter(user: User, room: Room) -> None:
    """Refuse users whom the rules of a room keep out; its password is checked elsewhere."""
    rules = room.charter
    if rules is None or rank(user, room) >= RANKS["moderator"]:
        return
    if rules.registered_only and user.account is None:
        raise Refused(
            "registered-only",
            f"Only registered users can join {room.name}. To register: /register password",
        )
    if rules.invite_only and not is_expected(user, room):
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
    if rules is None or rules.history == "all" or moderates(user, room):
        return 0
    if rules.history == "joined" and user.account is not None:
        member = room.roster.get(user.account.id)
        return member.joined if member else room.last
    return room.floors.get(session.client, room.last)
