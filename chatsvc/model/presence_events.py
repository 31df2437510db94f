"""Events about users: online and away status, past users, and names.  No behaviour."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar, TypeAlias

from chatsvc.model.stamps import Stamp
from chatsvc.model.value import value


@value
class Person:
    """A user online; `idle` is in seconds, and `mask` is the user's for IRC clients.

    Their `roles`, if they have any, are in the order of `rooms`; or the role is that in the room
    asked about.
    """

    WIRE: ClassVar[str] = "person"

    name: str
    since: float
    idle: float
    away: str | None
    rooms: tuple[str, ...] = ()
    account: str | None = None
    role: str | None = None  # operator, or in the room asked about: founder, host …
    addresses: tuple[str, ...] = ()  # told to operators
    realname: str = ""
    bot: bool = False
    roles: tuple[str, ...] = ()
    secure: bool = False
    mask: str = ""
    voices: tuple[str, ...] = ()  # of these rooms, or the room asked about, whatever the role
    nodes: tuple[str, ...] = ()  # that their connections are at, if there are several; to operators


@value
class People:
    """A page of a room's members, by name, and how many there are in all.

    `more` says that there is another page; lists do not show a `hidden` room.  Without a room these
    are the users asked for.
    """

    WIRE: ClassVar[str] = "people"
    ENTRIES: ClassVar[str] = "people"

    room: str
    people: tuple[Person, ...]
    count: int
    more: bool = False
    hidden: bool = False


@value
class Gone:
    """A user who has left, or has taken another name, at this time."""

    name: str
    time: float
    account: str | None = None
    realname: str = ""
    mask: str = ""


@value
class Departed:
    """The users who recently had a name, latest first."""

    WIRE: ClassVar[str] = "departed"
    ENTRIES: ClassVar[str] = "people"

    name: str
    people: tuple[Gone, ...]


@value
class Online:
    """Users on your watchlist have come online."""

    WIRE: ClassVar[str] = "online"

    names: tuple[str, ...]


@value
class Offline:
    """Users on your watchlist have left, or have another name."""

    WIRE: ClassVar[str] = "offline"

    names: tuple[str, ...]


@value
class Watching:
    """Your watchlist, or the names to add to it: who is online and who is not.

    Names that are `left_out` were too many.
    """

    WIRE: ClassVar[str] = "watching"

    online: tuple[str, ...] = ()
    offline: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@value
class Renamed:
    """A user has another name."""

    WIRE: ClassVar[str] = "renamed"
    old: str
    new: str
    own: bool = False
    stamp: Stamp | None = field(default=None, compare=False)


@value
class Realname:
    """A user has set their real name."""

    WIRE: ClassVar[str] = "realname"

    name: str
    realname: str
    own: bool = False


@value
class Away:
    """A user is away, for a reason, or (`reason` is None) back.

    With `written`, it is a user to whom you have just written.
    """

    WIRE: ClassVar[str] = "away"

    name: str
    reason: str | None
    own: bool = False
    written: bool = False


@value
class Ignoring:
    """The users you ignore."""

    WIRE: ClassVar[str] = "ignoring"
    names: tuple[str, ...]


PresenceEvent: TypeAlias = (
    Person | People | Departed | Online | Offline | Watching | Renamed | Realname | Away
    | Ignoring
)  # fmt: skip
