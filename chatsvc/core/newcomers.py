"""The event that tells a room who has joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chatsvc.model.room_events import Joined


class Newcomer(NamedTuple):
    """A user who has joined, as others see them."""

    name: str
    account: str  # its name, or empty
    realname: str
    role: str
    away: str  # why, or empty


def joined(room: str, newcomers: Sequence[Newcomer]) -> Joined:
    """Return the event that these people have joined, without fields that are the same for all."""
    names, accounts, realnames, roles, aways = zip(*newcomers, strict=True)
    return Joined(
        room,
        names,
        len(names),
        accounts if any(accounts) else (),
        realnames if any(realnames) else (),
        roles if {*roles} - {"guest", "member"} else (),
        aways if any(aways) else (),
    )
