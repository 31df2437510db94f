"""Events about rooms: joining and leaving, topics, rules, roles and invitations.

No behaviour.
"""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar, TypeAlias

from chatsvc.model.stamps import Stamp
from chatsvc.model.value import value


@value
class Entered:
    """You have joined a room: some of the others' names, and the number of users in all.

    `new` lines were said since your account left; `read` is your read position, and `mentions` of
    the unread lines contain your name.
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
    mentions: int | None = None
    role: str = ""  # host, if that is you
    former: tuple[str, ...] = ()  # keys of the names that the room had before
    stamp: Stamp | None = field(default=None, compare=False)


@value
class Exited:
    """You have left a room; the current one is now `here`, if you are in any."""

    WIRE: ClassVar[str] = "exited"

    room: str
    here: str | None
    stamp: Stamp | None = field(default=None, compare=False)


@value
class Joined:
    """Others, `count` of them, have joined a room; several at once if it is crowded.

    Their accounts, real names, roles and reasons for being away are in the order of `names`, if any
    of them has one.
    """

    WIRE: ClassVar[str] = "joined"

    room: str
    names: tuple[str, ...]
    count: int = 1
    accounts: tuple[str, ...] = ()
    realnames: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    aways: tuple[str, ...] = ()
    stamp: Stamp | None = field(default=None, compare=False)


@value
class Left:
    """Others, `count` of them, have left a room, with parting words if there were any.

    `gone` says that they have left the server, and `quit` that they did so themselves, instead of
    losing the connection. If an operator removed them from the server, `by` is the operator, and
    `reason` what the operator wrote; `words` say the same.
    """

    WIRE: ClassVar[str] = "left"

    room: str
    names: tuple[str, ...]
    count: int = 1
    words: str = ""
    gone: bool = False
    quit: bool = False
    by: str = ""
    reason: str = ""
    stamp: Stamp | None = field(default=None, compare=False)


@value
class Missed:
    """Joins, leaves and the like were not shown, because the reader was slow."""

    WIRE: ClassVar[str] = "missed"


@value
class Talking:
    """Plain lines now go to a room, or to one user."""

    WIRE: ClassVar[str] = "talking"

    room: str | None
    to: str | None


@value
class Topic:
    """A room's topic; `by` and `time` are those of its last change, if there was one."""

    WIRE: ClassVar[str] = "topic"

    room: str
    text: str
    by: str
    time: float
    changed: bool = True
    stamp: Stamp | None = field(default=None, compare=False)


@value
class Unread:
    """A room of your account: the last line shown to you there, and the last line in it."""

    room: str
    seen: int
    last: int


@value
class Place:
    """A room in the list of rooms."""

    room: str
    count: int
    topic: str
    last: int
    topic_time: float | None = None
    made: float | None = None  # when it was created, or when the server started if that was later


@value
class Rooms:
    """The first rooms in the list, largest first, and the number of rooms in all."""

    WIRE: ClassVar[str] = "rooms"
    ENTRIES: ClassVar[str] = "rooms"

    rooms: tuple[Place, ...]
    count: int


@value
class Tally:
    """The amount that a user has written in a room."""

    name: str
    lines: int
    bytes: int


@value
class Stats:
    """The users who have written most in a room."""

    WIRE: ClassVar[str] = "stats"
    room: str
    people: tuple[Tally, ...]


@value
class Setting:
    """One of a room's rules: its value and purpose."""

    name: str
    value: str
    help: str


@value
class Rules:
    """A room's rules, and who has a role there."""

    WIRE: ClassVar[str] = "rules"

    room: str
    rules: tuple[Setting, ...]
    founder: str | None
    moderators: tuple[str, ...]
    made: float | None = None  # when it was created, or when the server started if that was later
    host: str | None = None


@value
class Rule:
    """A user has changed one of a room's rules; with `more`, others at once, which follow."""

    WIRE: ClassVar[str] = "rule"

    room: str
    name: str
    value: str
    by: str
    more: bool = False
    stamp: Stamp | None = field(default=None, compare=False)


@value
class Role:
    """A user was made founder, host, moderator, voiced or (plain) member of a room.

    `before` is the previous role; a new founder or host replaces another (`instead`), who becomes a
    moderator.  Nobody (`by` is empty) makes a user the host who succeeds or returns.  A moderator's
    `voice` may change while the role stays.
    """

    WIRE: ClassVar[str] = "role"

    room: str
    name: str
    role: str
    by: str
    before: str = ""
    instead: str = ""
    voice: str = ""  # given or taken
    stamp: Stamp | None = field(default=None, compare=False)


@value
class Moved:
    """A user has renamed a room; its messages, members and rules stay, and so do their numbers."""

    WIRE: ClassVar[str] = "moved"

    room: str  # the old name
    to: str
    by: str
    reason: str = ""


@value
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


@value
class Expected:
    """The users who are invited to a room and not in it, and those just `uninvited`."""

    WIRE: ClassVar[str] = "expected"

    room: str
    names: tuple[str, ...]
    uninvited: str = ""


@value
class Invitations:
    """The rooms that you are invited to and not in."""

    WIRE: ClassVar[str] = "invitations"

    rooms: tuple[str, ...]


RoomEvent: TypeAlias = (
    Entered | Exited | Joined | Left | Missed | Talking | Topic | Rooms | Stats | Rules | Rule
    | Role | Moved | Invited | Expected | Invitations
)  # fmt: skip
