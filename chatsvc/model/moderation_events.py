"""Events about accounts, rooms' rules and moderation; `events.py` has the others.  No behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class You:
    """Who one is now; `how` is what made it so: register, login, logout, unregister, claim."""

    WIRE: ClassVar[str] = "you"

    name: str
    account: str | None
    operator: bool
    how: str


@dataclass(frozen=True, slots=True)
class Proved:
    """One has proved whose account one comes with."""

    WIRE: ClassVar[str] = "proved"

    account: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """What one's next step must answer, in a proof that takes several."""

    WIRE: ClassVar[str] = "challenge"

    data: str


@dataclass(frozen=True, slots=True)
class Certificates:
    """The SHA-256 fingerprints of the certificates that prove one's account.

    `own` is that of the certificate with which one has come, if there is one.
    """

    WIRE: ClassVar[str] = "certificates"

    fingerprints: tuple[str, ...]
    own: str = ""


@dataclass(frozen=True, slots=True)
class Identified:
    """Somebody is known to have an account from now on, or (None) to have none any more."""

    WIRE: ClassVar[str] = "identified"

    name: str
    account: str | None


@dataclass(frozen=True, slots=True)
class Operating:
    """One is an operator, as one has asked to be."""

    WIRE: ClassVar[str] = "operating"

    name: str


@dataclass(frozen=True, slots=True)
class Seat:
    """One of one's own connections, counted from 1; `own` is the one that asks."""

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
    """A code with which one person may register."""

    WIRE: ClassVar[str] = "code"

    code: str


@dataclass(frozen=True, slots=True)
class Setting:
    """One of a room's rules, what it is set to, and what it is for."""

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
    """Somebody has changed one of a room's rules."""

    WIRE: ClassVar[str] = "rule"

    room: str
    name: str
    value: str
    by: str


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody was made founder, moderator, voiced or (plain) member of a room.

    `before` is what they were; a new founder is so `instead` of another, a moderator from then on.
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
    """One is invited into a room, or has invited somebody oneself (`own`).

    Moderators hear of whom others have invited (`overheard`).
    """

    WIRE: ClassVar[str] = "invited"

    room: str
    name: str
    by: str
    own: bool = False
    overheard: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """Those who are invited into a room and not in it, and (`uninvited`) who is so no longer."""

    WIRE: ClassVar[str] = "expected"

    room: str
    names: tuple[str, ...]
    uninvited: str = ""


@dataclass(frozen=True, slots=True)
class Removed:
    """Somebody was put out of a room, or (`room` is empty) off the server.

    If it is oneself (`own`), one talks in the room `here` now, if one is in any.
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
    """A ban, or (`mute`) what keeps somebody silent; on the whole server if `room` is empty.

    It knows people by `means`; `hit` are those here whom it holds.  `own` is told to one of these.
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
    exempt: bool = False  # bans and mutes do not hold them


@dataclass(frozen=True, slots=True)
class Unbanned:
    """A ban, mute or exemption was lifted; `own` is told to the one who is no longer muted."""

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
    ENTRIES: ClassVar[str] = "bans"

    room: str
    bans: tuple[Banned, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """What a ban could know somebody by, and whom else who is here that would hit.

    Of many only some are named; that leaves so many `others`.
    """

    who: str
    also: tuple[str, ...]
    others: int | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """Which bans would hold somebody; one of just their name would know them by `means`."""

    WIRE: ClassVar[str] = "ways"

    name: str
    ways: tuple[Way, ...]
    means: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deleted:
    """A line's text is gone; `own` says that whoever said it has deleted it."""

    WIRE: ClassVar[str] = "deleted"

    room: str
    number: int
    sender: str
    by: str
    own: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Lockdown:
    """From now on only registered people come in, or (not `on`) everybody again."""

    WIRE: ClassVar[str] = "lockdown"

    on: bool
    by: str


@dataclass(frozen=True, slots=True)
class Announced:
    """What an operator tells everybody."""

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
    ENTRIES: ClassVar[str] = "acts"

    acts: tuple[Deed, ...]


@dataclass(frozen=True, slots=True)
class Reported:
    """Somebody told the operators something about somebody; `own` thanks them for it."""

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
    """What nobody has dealt with yet: the last ones, and how many there are in all."""

    WIRE: ClassVar[str] = "reports"
    ENTRIES: ClassVar[str] = "reports"

    reports: tuple[Reported, ...]
    count: int
