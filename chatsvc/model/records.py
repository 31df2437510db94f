"""What is stored besides lines, as frozen values: no behaviour.  Times are seconds since the epoch.

Each kind is a table of its own; its first fields, as many as `KEYS` says, identify a record.
"""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from chatsvc.model.value import value


@value
class Account:
    """An account; `id` is random and never used again."""

    TABLE: ClassVar[str] = "account"
    KEYS: ClassVar[int] = 1

    id: str
    name: str
    hash: str  # of the password, in the format of argon2
    email: str = ""
    operator: bool = False
    since: float = 0.0
    away: str | None = None
    ignores: tuple[str, ...] = ()  # names, as written
    scram: str = ""  # of the password too, as `scram.py` writes it
    certificates: tuple[str, ...] = ()  # fingerprints: SHA-256, as 64 lower-case hexadecimal digits
    disabled: bool = False  # nobody can log in; the name stays reserved


@value
class Member:
    """An account's membership in a room, or in a conversation of two."""

    TABLE: ClassVar[str] = "member"
    KEYS: ClassVar[int] = 2

    room: str  # its key
    account: str  # its id
    role: str = "member"  # or founder, moderator, voiced
    inside: bool = True  # whether logging in means rejoining this room
    seen: int = 0  # the number of the last line shown
    joined: int = 0  # that of the room's last line when the account first joined
    read: int = 0  # that of the last line that a client reported as read
    read_time: float = 0.0  # and that line's time


@value
class RoomRules:
    """A room's rules, if any are set."""

    TABLE: ClassVar[str] = "charter"
    KEYS: ClassVar[int] = 1

    room: str  # its name as written
    description: str = ""
    password: str = ""  # its hash
    invite_only: bool = False
    registered_only: bool = False
    moderated: bool = False  # only voiced members may talk
    topic_locked: bool = False  # only moderators may change the topic
    hidden: bool = False  # not listed
    most: int = 0  # maximum number of users; 0 means no limit
    slow: float = 0.0  # seconds between two messages of one user
    history: str = "all"  # what newcomers may read: all, joined (since then), none
    keep: float = 0.0  # seconds for which lines are stored; 0: permanently
    refuse: tuple[str, ...] = ()  # words that cause a message to be refused
    mask: tuple[str, ...] = ()  # words that are shown as asterisks
    outside: bool = False  # users outside the room may send it messages
    no_ctcp: bool = False  # no requests of IRC clients to each other
    hosted: bool = False  # these and the bans end when the room is empty: a host has set them
    sealed: int = 0  # the last line of a host who had restricted the room: others may not read it


@value
class FormerName:
    """A name that a room had before it was renamed; nobody else can take it."""

    TABLE: ClassVar[str] = "former"
    KEYS: ClassVar[int] = 1

    name: str  # its key
    room: str  # the room's present key


@value
class Ban:
    """A ban or (`mute`) a mute, in a room or on the whole server (`room` is empty).

    Or (`exempt`) an exemption from these, with `mute` only from mutes; or (`admits`) a standing
    invitation to an invite-only room.
    """

    TABLE: ClassVar[str] = "ban"
    KEYS: ClassVar[int] = 1

    id: str
    room: str  # its key
    who: tuple[str, ...]  # any of name=KEY, account=ID, ip=CIDR, client=SECRET, nick!user@host
    label: str  # what it affects, as people write it
    mute: bool = False
    quietly: bool = False  # the muted user does not notice
    by: str = ""
    reason: str = ""
    time: float = 0.0
    until: float = 0.0  # 0: permanently
    exempt: bool = False
    caught: tuple[str, ...] = ()  # "NAME MASK" of the users caught under a name in `who`
    admits: bool = False


@value
class Report:
    """A message to the operators about a user, until one of them has dealt with it."""

    TABLE: ClassVar[str] = "report"
    KEYS: ClassVar[int] = 1

    number: int
    time: float
    by: str
    about: str
    room: str
    reason: str
    origin: str = ""  # what one user's reports are counted by: account=ID or ip=CIDR


@value
class Invitation:
    """A code with which one user may register."""

    TABLE: ClassVar[str] = "invitation"
    KEYS: ClassVar[int] = 1

    code: str
    by: str
    time: float


@value
class AccessToken:
    """A secret, known only to one program, that logs in to an account until it is ended."""

    TABLE: ClassVar[str] = "token"
    KEYS: ClassVar[int] = 1

    digest: str  # SHA-256 of the secret, as 64 lower-case hexadecimal digits
    account: str  # its id
    number: int  # among the account's tokens
    label: str
    since: float
    used: float  # the time of the last login with it, to the hour


@value
class MetadataValue:
    """The value of one metadata key of an account or a room."""

    TABLE: ClassVar[str] = "metadata"
    KEYS: ClassVar[int] = 2

    owner: str  # the id of the account, or the key of the room
    key: str
    value: str


@value
class Happening:
    """An event in a room, or in a conversation of two, for the history of IRC clients."""

    TABLE: ClassVar[str] = "happening"
    KEYS: ClassVar[int] = 2

    room: str  # its key
    id: int
    behind: int  # the number of the last line before it
    time: float
    account: str  # the name of the account of whoever caused it
    bot: bool
    kind: str  # the name that programs know the event by
    fields: str  # of the event, as JSON


@value
class Fact:
    """A setting of the whole server that differs from the default, such as `lockdown`."""

    TABLE: ClassVar[str] = "fact"
    KEYS: ClassVar[int] = 1

    name: str
    value: str


@value
class Act:
    """An act of moderation: who did what, where (empty: on the whole server), and why."""

    TABLE: ClassVar[str] = "act"
    KEYS: ClassVar[int] = 1

    id: str
    time: float
    by: str
    what: str
    room: str


Record: TypeAlias = (
    Account | Member | RoomRules | FormerName | Ban | Report | Invitation | AccessToken
    | MetadataValue | Happening | Fact | Act
)  # fmt: skip
