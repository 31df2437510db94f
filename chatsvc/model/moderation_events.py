"""Events about moderation: bans, removals, reports and the audit log.  No behaviour."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar, TypeAlias

from chatsvc.model.stamps import Stamp
from chatsvc.model.value import value


@value
class Removed:
    """A user was removed from a room, or (`room` is empty) from the server.

    If it is you (`own`), `here` is your current room now, if you are in any.
    """

    WIRE: ClassVar[str] = "removed"

    room: str
    name: str
    by: str
    reason: str
    own: bool = False
    here: str | None = None
    stamp: Stamp | None = field(default=None, compare=False)


@value
class Banned:
    """A ban, or (`mute`) a mute; on the whole server if `room` is empty.

    It recognizes users by `means`; `hit` are the users online that it affects, each of whom
    receives it as `own`.
    """

    WIRE: ClassVar[str] = "banned"
    ENTRIES: ClassVar[str] = "hit"

    who: str
    room: str
    by: str
    reason: str
    time: float
    until: float | None
    mute: bool = False
    quietly: bool = False
    means: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()  # told to operators
    hit: tuple[str, ...] = ()
    own: bool = False
    exempt: bool = False  # bans and mutes (with `mute` only mutes) do not affect them
    admits: bool = False  # they need no invitation


@value
class Unbanned:
    """A ban, mute, exemption or standing invitation was lifted: those listed as `lifted`.

    `own` is for the user who is no longer muted.
    """

    WIRE: ClassVar[str] = "unbanned"

    who: str
    room: str
    by: str
    mute: bool = False
    own: bool = False
    exempt: bool = False
    admits: bool = False
    lifted: tuple[str, ...] = ()


@value
class Listed:
    """One of a room's lists has a new entry, or (`removed`) lacks one, for those who show masks.

    The `kind` is ban, mute, exempt (with `mute` only from mutes) or admit.
    """

    WIRE: ClassVar[str] = "listed"

    room: str
    who: str
    by: str
    kind: str
    mute: bool = False
    removed: bool = False


@value
class Bans:
    """The bans and mutes of a room, or (`room` is empty) of the whole server."""

    WIRE: ClassVar[str] = "bans"
    ENTRIES: ClassVar[str] = "bans"

    room: str
    bans: tuple[Banned, ...]


@value
class Way:
    """A mark that a ban could use, and who else online it would affect.

    If it would affect many, only some are named, and `others` counts the rest.
    """

    who: str
    also: tuple[str, ...]
    others: int | None = None


@value
class Ways:
    """The bans that would affect a user; one by just their name would use `means`."""

    WIRE: ClassVar[str] = "ways"

    name: str
    ways: tuple[Way, ...]
    means: tuple[str, ...]


@value
class Lockdown:
    """From now on only registered users can join, or (not `on`) everybody again."""

    WIRE: ClassVar[str] = "lockdown"

    on: bool
    by: str


@value
class Announced:
    """A message from an operator to everybody."""

    WIRE: ClassVar[str] = "announced"

    by: str
    text: str
    time: float
    wallops: bool = False  # IRC clients are shown it only if they want such messages


@value
class Deed:
    """An act of moderation: who did what, in which room, or (empty) on the whole server."""

    time: float
    by: str
    what: str
    room: str


@value
class Audit:
    """Acts of moderation, oldest first."""

    WIRE: ClassVar[str] = "audit"
    ENTRIES: ClassVar[str] = "acts"

    acts: tuple[Deed, ...]


@value
class Reported:
    """A user has reported another one to the operators; `own` thanks them for it."""

    WIRE: ClassVar[str] = "reported"

    number: int
    by: str
    about: str
    room: str
    reason: str
    time: float
    own: bool = False


@value
class Reports:
    """The last open reports, and how many there are in all."""

    WIRE: ClassVar[str] = "reports"
    ENTRIES: ClassVar[str] = "reports"

    reports: tuple[Reported, ...]
    count: int


ModerationEvent: TypeAlias = (
    Removed | Banned | Unbanned | Listed | Bans | Ways | Lockdown | Announced | Audit | Reported
    | Reports
)  # fmt: skip
