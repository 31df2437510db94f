"""Events about accounts, rooms' rules and moderation; `events.py` has the others.  No behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class You:
    """Your identity has changed; `how` says why: register, login, logout, unregister, claim."""

    WIRE: ClassVar[str] = "you"

    name: str
    account: str | None
    operator: bool
    how: str


@dataclass(frozen=True, slots=True)
class Proved:
    """You have authenticated with this account."""

    WIRE: ClassVar[str] = "proved"

    account: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """What your next step must answer, in an authentication of several steps."""

    WIRE: ClassVar[str] = "challenge"

    data: str


@dataclass(frozen=True, slots=True)
class Certificates:
    """The SHA-256 fingerprints of the certificates that log in to your account.

    `own` is that of this connection's certificate, if it has one.
    """

    WIRE: ClassVar[str] = "certificates"

    fingerprints: tuple[str, ...]
    own: str = ""


@dataclass(frozen=True, slots=True)
class Identified:
    """A user is known to have an account from now on, or (None) to have none any more."""

    WIRE: ClassVar[str] = "identified"

    name: str
    account: str | None


@dataclass(frozen=True, slots=True)
class Operating:
    """You are now an operator, as you requested."""

    WIRE: ClassVar[str] = "operating"

    name: str


@dataclass(frozen=True, slots=True)
class Seat:
    """One of your own connections, counted from 1; `own` is this one."""

    number: int
    since: float
    address: str
    rooms: tuple[str, ...]
    own: bool


@dataclass(frozen=True, slots=True)
class Sessions:
    """The connections of an account."""

    WIRE: ClassVar[str] = "sessions"
    sessions: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A code with which one user may register."""

    WIRE: ClassVar[str] = "code"

    code: str


@dataclass(frozen=True, slots=True)
class Setting:
    """One of a room's rules: its value and purpose."""

    name: str
    value: str
    help: str


@dataclass(frozen=True, slots=True)
class Rules:
    """A room's rules, and who has a role there."""

    WIRE: ClassVar[str] = "rules"

    room: str
    rules: tuple[Setting, ...]
    founder: str | None
    moderators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A user has changed one of a room's rules."""

    WIRE: ClassVar[str] = "rule"

    room: str
    name: str
    value: str
    by: str


@dataclass(frozen=True, slots=True)
class Role:
    """A user was made founder, moderator, voiced or (plain) member of a room.

    `before` is the previous role; a new founder replaces another (`instead`), who becomes a
    moderator.
    """

    WIRE: ClassVar[str] = "role"

    room: str
    name: str
    role: str
    by: str
    before: str = ""
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Invited:
    """You were invited to a room, or have invited somebody (`own`).

    Moderators are told about invitations by others (`overheard`).
    """

    WIRE: ClassVar[str] = "invited"

    room: str
    name: str
    by: str
    own: bool = False
    overheard: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """The users who are invited to a room and not in it, and those just `uninvited`."""

    WIRE: ClassVar[str] = "expected"

    room: str
    names: tuple[str, ...]
    uninvited: str = ""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Banned:
    """A ban, or (`mute`) a mute; on the whole server if `room` is empty.

    It recognizes users by `means`; `hit` are the users online that it affects, each of whom
    receives it as `own`.
    """

    WIRE: ClassVar[str] = "banned"

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
    exempt: bool = False  # bans and mutes do not affect them


@dataclass(frozen=True, slots=True)
class Unbanned:
    """A ban, mute or exemption was lifted; `own` is for the user who is no longer muted."""

    WIRE: ClassVar[str] = "unbanned"

    who: str
    room: str
    by: str
    mute: bool = False
    own: bool = False
    exempt: bool = False


@dataclass(frozen=True, slots=True)
class Bans:
    """The bans and mutes of a room, or (`room` is empty) of the whole server."""

    WIRE: ClassVar[str] = "bans"

    room: str
    bans: tuple[Banned, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """A mark that a ban could use, and who else online it would affect."""

    who: str
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """The bans that would affect a user; one by just their name would use `means`."""

    WIRE: ClassVar[str] = "ways"

    name: str
    ways: tuple[Way, ...]
    means: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deleted:
    """A message was deleted; `own` says that its sender has deleted it."""

    WIRE: ClassVar[str] = "deleted"

    room: str
    number: int
    sender: str
    by: str
    own: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Lockdown:
    """From now on only registered users can join, or (not `on`) everybody again."""

    WIRE: ClassVar[str] = "lockdown"

    on: bool
    by: str


@dataclass(frozen=True, slots=True)
class Announced:
    """A message from an operator to everybody."""

    WIRE: ClassVar[str] = "announced"

    by: str
    text: str
    time: float


@dataclass(frozen=True, slots=True)
class Deed:
    """An act of moderation: who did what, in which room, or (empty) on the whole server."""

    time: float
    by: str
    what: str
    room: str


@dataclass(frozen=True, slots=True)
class Audit:
    """Acts of moderation, oldest first."""

    WIRE: ClassVar[str] = "audit"
    acts: tuple[Deed, ...]


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Reports:
    """The last open reports, and how many there are in all."""

    WIRE: ClassVar[str] = "reports"

    reports: tuple[Reported, ...]
    count: int
