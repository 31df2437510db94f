"""Events about rooms: joining and leaving, topics, rules, roles and invitations.

No behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias


@dataclass(frozen=True, slots=True)
class Entered:
    """One has entered a room: some of the others' names, how many people are here in all.

    `new` lines were said since one's account left; `read` is the last one that was marked as read.
    """

    WIRE: ClassVar[str] = "entered"

    room: str
    topic: str
    names: tuple[str, ...]
    count: int
    last: int
    name: str
    new: int | None = None
    read: int | None = None
    read_time: float | None = None
    topic_by: str = ""
    topic_time: float | None = None


@dataclass(frozen=True, slots=True)
class Exited:
    """One has left a room oneself, and talks in another one, `here`, if one is in any."""

    WIRE: ClassVar[str] = "exited"

    room: str
    here: str | None


@dataclass(frozen=True, slots=True)
class Joined:
    """Others, `count` of them, came into a room; several at once when it is crowded.

    Their accounts, real names and roles are in the order of `names`, if any of them has one.
    """

    WIRE: ClassVar[str] = "joined"

    room: str
    names: tuple[str, ...]
    count: int = 1
    accounts: tuple[str, ...] = ()
    realnames: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """Others, `count` of them, went out of a room, with parting words if there were any.

    `gone` says that they have left the server.
    """

    WIRE: ClassVar[str] = "left"

    room: str
    names: tuple[str, ...]
    count: int = 1
    words: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Missed:
    """Comings, goings and the like were not shown, because the reader was slow."""

    WIRE: ClassVar[str] = "missed"


@dataclass(frozen=True, slots=True)
class Talking:
    """To whom plain lines go from now on: a room, or one person."""

    WIRE: ClassVar[str] = "talking"

    room: str | None
    to: str | None


@dataclass(frozen=True, slots=True)
class Topic:
    """A room's topic; `by` and `time` are those of its last change, if there was one."""

    WIRE: ClassVar[str] = "topic"

    room: str
    text: str
    by: str
    time: float
    changed: bool = True


@dataclass(frozen=True, slots=True)
class Unread:
    """A room of one's account: the last line shown there, and the last there is."""

    room: str
    seen: int
    last: int


@dataclass(frozen=True, slots=True)
class Place:
    """A room in the list of rooms."""

    room: str
    count: int
    topic: str
    last: int


@dataclass(frozen=True, slots=True)
class Rooms:
    """The first of the rooms, most people first, and how many there are in all."""

    WIRE: ClassVar[str] = "rooms"
    ENTRIES: ClassVar[str] = "rooms"

    rooms: tuple[Place, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How much somebody has said in a room."""

    name: str
    lines: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Stats:
    """Who said most in a room."""

    WIRE: ClassVar[str] = "stats"
    room: str
    people: tuple[Tally, ...]


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
    """The users who are invited to a room and not in it, and those just `uninvited`."""

    WIRE: ClassVar[str] = "expected"

    room: str
    names: tuple[str, ...]
    uninvited: str = ""


RoomEvent: TypeAlias = (
    Entered | Exited | Joined | Left | Missed | Talking | Topic | Rooms | Stats | Rules | Rule
    | Role | Invited | Expected
)  # fmt: skip
