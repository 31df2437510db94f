"""What happens in a chat, as frozen values: no behaviour, no input or output.

The hub makes events, dialects write them.  Times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, TypeAlias

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
from chatsvc.model.presence_events import Departed, Offline, Online, People, Person, Watching


class Refused(Exception):
    """Understood, and will not: `code` is for programs and stable, `text` for the asker.

    `suggestion` is what would do instead; `tag` is the request's, where only its reader knows it.
    """

    def __init__(
        self, code: str, text: str, suggestion: str | None = None, tag: str | None = None
    ) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.suggestion = suggestion
        self.tag = tag


class Request(NamedTuple):
    """The name of a command and its arguments, nothing checked yet.

    Programs name their arguments (`args`); people write them in a row (`rest`).  `literal` is the
    line to say instead when there is no such command.  `context` is what the dialect remembers of
    it while it waits.
    """

    name: str
    rest: str | None = None
    args: Mapping[str, object] = {}
    tag: str | None = None
    literal: str | None = None
    context: object = None


class Line(NamedTuple):
    """A line on its way to the archive: it has no number yet.  Its time is in whole ms."""

    room: str
    time: float
    sender: str
    text: str
    action: bool
    client: str
    tag: str | None
    account: str = ""  # the name of the sender's, if they have one
    quiet: bool = False  # said by somebody who does not notice that they are muted
    notice: bool = False  # said by a program, and not to be answered by one
    signs: Mapping[str, str] | None = None  # shown with it by programs, and not kept

    def numbered(self, number: int) -> Said:
        """Return the line as it is kept under `number`."""
        return Said(self.room, number, *self[1:-2], "", self.notice, self.signs)


class Said(NamedTuple):
    """A line that is kept; `(room, number)` names it permanently."""

    room: str
    number: int
    time: float
    sender: str
    text: str
    action: bool
    client: str
    tag: str | None
    account: str = ""
    quiet: bool = False
    deleted: str = ""  # by whom; the text is gone then
    notice: bool = False
    signs: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The server wants to know something: the next plain line answers `question`."""

    WIRE: ClassVar[str] = "asked"

    question: str
    text: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Welcome:
    """The answer to hello: who one is here, and what holds here."""

    WIRE: ClassVar[str] = "welcome"

    chat: str
    software: str
    name: str
    client: str
    time: float
    motd: str
    limits: Mapping[str, int]
    version: int = 1
    entered: Entered | None = None
    account: str | None = None
    operator: bool = False
    rooms: tuple[Unread, ...] = ()
    census: Census | None = None


@dataclass(frozen=True, slots=True)
class Census:
    """How many people are here, how many were at once, and how many rooms there are.

    `arriving` connections have no name yet.
    """

    WIRE: ClassVar[str] = "census"

    people: int
    most: int
    operators: int
    arriving: int
    rooms: int


@dataclass(frozen=True, slots=True)
class Unread:
    """A room of one's account: the last line shown there, and the last there is."""

    room: str
    seen: int
    last: int


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
class Renamed:
    """A user has another name."""

    WIRE: ClassVar[str] = "renamed"
    old: str
    new: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Realname:
    """What somebody is called besides their name, from now on."""

    WIRE: ClassVar[str] = "realname"

    name: str
    realname: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody is away, for a reason, or (`reason` is None) back.

    With `written` it is somebody to whom one has just written.
    """

    WIRE: ClassVar[str] = "away"

    name: str
    reason: str | None
    own: bool = False
    written: bool = False


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
class Told:
    """A private line; the sender sees it too (`own`), which says that it has arrived, or is kept.

    If `to` begins with `@#` it is for the moderators of that room.

    Lines between accounts have a number; one that waited for its reader is `late`.
    """

    WIRE: ClassVar[str] = "told"

    sender: str
    to: str
    text: str
    time: float
    action: bool = False
    own: bool = False
    number: int | None = None
    late: bool = False
    room: str = ""  # the conversation (@name), if it is kept
    notice: bool = False
    account: str = ""  # the name of the sender's, if they have one
    signs: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that is shown and not kept, such as that somebody is typing: `signs` say what.

    It is for a room, or for one person.
    """

    WIRE: ClassVar[str] = "signal"

    sender: str
    to: str
    signs: Mapping[str, str]
    own: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """One's own line is kept under this number, and is not going to be shown (again)."""

    WIRE: ClassVar[str] = "kept"

    room: str
    number: int


@dataclass(frozen=True, slots=True)
class Missed:
    """Comings, goings and the like were not shown, because the reader was slow."""

    WIRE: ClassVar[str] = "missed"


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
class Talking:
    """To whom plain lines go from now on: a room, or one person."""

    WIRE: ClassVar[str] = "talking"

    room: str | None
    to: str | None


@dataclass(frozen=True, slots=True)
class History:
    """A page of earlier lines; `more` says that there are others.

    They are earlier ones, or where the first lines after some point were wanted, later ones.  A
    page that ended early, after very many hidden lines, says before or after which number it goes
    on (`next`).
    """

    WIRE: ClassVar[str] = "history"
    ENTRIES: ClassVar[str] = "lines"

    room: str
    lines: tuple[Said, ...]
    more: bool
    next: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Lines that were looked for, newest first; `more` says that there are older ones.

    While the index of what was said before is still made (`unfinished`), some may be missing.
    """

    WIRE: ClassVar[str] = "found"
    ENTRIES: ClassVar[str] = "lines"

    query: str
    lines: tuple[Said, ...]
    more: bool = False
    unfinished: bool = False


class Part(NamedTuple):
    """Which part of a long answer is told: a portion of its entries, or that it ends there."""

    start: int = 0  # how many entries were told before
    ends: bool = False

    @property
    def begins(self) -> bool:
        """Whether it is the first part."""
        return self.start == 0 and not self.ends


@dataclass(frozen=True, slots=True)
class Latest:
    """The last line of a room or conversation: its number and time."""

    room: str
    number: int
    time: float


@dataclass(frozen=True, slots=True)
class Recent:
    """One's rooms and conversations in which something was said within some time, in order."""

    WIRE: ClassVar[str] = "recent"

    rooms: tuple[Latest, ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """Up to which line one has read a room, perhaps over another connection; 0 is none."""

    WIRE: ClassVar[str] = "marked"

    room: str
    number: int
    time: float | None


@dataclass(frozen=True, slots=True)
class Clock:
    """The server's time and its zone, such as `CET` and an offset in seconds.

    It has been running `since`.
    """

    WIRE: ClassVar[str] = "clock"

    time: float
    zone: str
    offset: int
    since: float


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
class Command:
    """What people may know of a command; `topic` is what it belongs to, such as rooms.

    `facts` are for programs: the words of `CommandFacts.names`.
    """

    usage: str
    aliases: tuple[str, ...]
    help: str
    example: str
    topic: str = ""
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Help:
    """The commands that you may give."""

    WIRE: ClassVar[str] = "help"
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Ignoring:
    """The users you ignore."""

    WIRE: ClassVar[str] = "ignoring"
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence from the server."""

    WIRE: ClassVar[str] = "notice"

    text: str


@dataclass(frozen=True, slots=True)
class Cleared:
    """The reader's screen is to be emptied."""

    WIRE: ClassVar[str] = "cleared"


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to ping."""

    WIRE: ClassVar[str] = "pong"


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The last thing said before the connection is closed.

    `final` asks programs not to come back by themselves.
    """

    WIRE: ClassVar[str] = "goodbye"

    text: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A `Refused`, on its way to the asker."""

    WIRE: ClassVar[str] = "refused"

    code: str
    text: str
    suggestion: str | None = None


Event: TypeAlias = (
    Said | Asked | Welcome | Entered | Exited | Joined | Left | Renamed | Away | Topic | Told
    | Kept | Missed | Person | People | Rooms | Talking | History | Clock | Stats | Help
    | Ignoring | Notice | Cleared | Pong | Goodbye | Refusal | You | Sessions | Code | Rules
    | Rule | Role | Invited | Removed | Banned | Unbanned | Bans | Ways | Deleted | Lockdown
    | Proved | Challenge | Certificates | Recent | Marked | Announced | Audit | Reported | Reports
    | Identified | Realname | Census | Expected | Signal
    | Found | Departed | Online | Offline | Watching | Operating
)  # fmt: skip
