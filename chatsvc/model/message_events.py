"""Events about messages, and the lines themselves.  No behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar, NamedTuple, TypeAlias

from chatsvc.model.stamps import Stamp
from chatsvc.model.value import value

FIRST_PASSING = 10**12  # the numbers of messages that are not stored begin here


class Line(NamedTuple):
    """A line on its way to the archive, without a number.  Its time is in whole milliseconds."""

    room: str
    time: float
    sender: str
    text: str
    action: bool
    client: str
    tag: str | None
    account: str = ""  # the name of the sender's account, if any
    quiet: bool = False  # sent by a user who does not notice being muted
    notice: bool = False  # sent by a program; other programs must not answer it
    signs: Mapping[str, str] | None = None  # client tags
    bot: bool = False  # sent by a bot

    def numbered(self, number: int) -> Said:
        """Return the line as stored under `number`."""
        # Twice as fast as calling the class, which checks what this tuple guarantees.
        return tuple.__new__(Said, (self.room, number, *self[1:], ""))


class Said(NamedTuple):
    """A stored line; `(room, number)` identifies it permanently.

    The fields are those of `Line` with a number after the room, and `deleted` at the end.
    """

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
    notice: bool = False
    signs: Mapping[str, str] | None = None
    bot: bool = False
    deleted: str = ""  # who deleted it, which removes the text


@value
class Told:
    """A private message; its sender gets a copy (`own`) when it is delivered or stored.

    If `to` begins with `@#`, it is for the moderators of that room.

    Messages between accounts have a number; one delivered after its recipient was offline is
    `late`.
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
    room: str = ""  # the conversation (@name), if it is stored
    notice: bool = False
    account: str = ""  # the name of the sender's account, if any
    signs: Mapping[str, str] | None = None
    id: int | None = None  # of a message that is not stored
    bot: bool = False


@value
class Signal:
    """A signal that is shown but not stored, such as a typing notification.

    It is for a room or for one user; `signs` are its client tags.
    """

    WIRE: ClassVar[str] = "signal"

    sender: str
    to: str
    signs: Mapping[str, str]
    own: bool = False
    time: float | None = None
    id: int | None = None
    stamp: Stamp | None = field(default=None, compare=False)


@value
class Kept:
    """Your line is stored under this number, and will not be shown (again)."""

    WIRE: ClassVar[str] = "kept"

    room: str
    number: int


@value
class Deleted:
    """A message was deleted; `own` says that its sender has deleted it."""

    WIRE: ClassVar[str] = "deleted"

    room: str
    number: int
    sender: str
    by: str
    own: bool = False
    reason: str = ""


@value
class Retracted:
    """A signal, such as a reaction, was deleted from the history."""

    WIRE: ClassVar[str] = "retracted"

    room: str
    id: int
    by: str
    reason: str = ""


MessageEvent: TypeAlias = Said | Told | Signal | Kept | Deleted | Retracted
