"""Events about people: who is online, who was, names and who is away.  No behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is here; `idle` is in seconds.

    Their `roles`, if they have any, are in the order of `rooms`; or it is that in the room asked
    about.
    """

    WIRE: ClassVar[str] = "person"

    name: str
    since: float
    idle: float
    away: str | None
    rooms: tuple[str, ...] = ()
    account: str | None = None
    role: str | None = None  # operator, or in the room asked about: founder, moderator, voiced
    addresses: tuple[str, ...] = ()  # told to operators
    realname: str = ""
    bot: bool = False
    roles: tuple[str, ...] = ()
    secure: bool = False


@dataclass(frozen=True, slots=True)
class People:
    """A page of those who are in a room, by name, and how many there are in all.

    `more` says that there is another page; lists do not show a `hidden` room.  Without a room it
    is whoever was looked for.
    """

    WIRE: ClassVar[str] = "people"
    ENTRIES: ClassVar[str] = "people"

    room: str
    people: tuple[Person, ...]
    count: int
    more: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """Somebody who has left, or has taken another name, at this time."""

    name: str
    time: float
    account: str | None = None
    realname: str = ""


@dataclass(frozen=True, slots=True)
class Departed:
    """Who was called so lately, latest first."""

    WIRE: ClassVar[str] = "departed"
    ENTRIES: ClassVar[str] = "people"

    name: str
    people: tuple[Gone, ...]


@dataclass(frozen=True, slots=True)
class Online:
    """These have come; one watches for them."""

    WIRE: ClassVar[str] = "online"

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offline:
    """These have left, or are called otherwise; one watches for them."""

    WIRE: ClassVar[str] = "offline"

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Watching:
    """Of those whom one watches for, or wants to, who is here and who is not.

    Those who are `left_out` were too many.
    """

    WIRE: ClassVar[str] = "watching"

    online: tuple[str, ...] = ()
    offline: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


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
class Ignoring:
    """The users you ignore."""

    WIRE: ClassVar[str] = "ignoring"
    names: tuple[str, ...]


PresenceEvent: TypeAlias = (
    Person | People | Departed | Online | Offline | Watching | Renamed | Realname | Away
    | Ignoring
)  # fmt: skip
