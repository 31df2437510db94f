"""Events about messages, and the lines themselves.  No behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, TypeAlias


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
        return Said.__new__(  # with so many keywords, calling the class takes longer
            Said,
            room=self.room,
            number=number,
            time=self.time,
            sender=self.sender,
            text=self.text,
            action=self.action,
            client=self.client,
            tag=self.tag,
            account=self.account,
            quiet=self.quiet,
            notice=self.notice,
            signs=self.signs,
        )


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
class Deleted:
    """A message was deleted; `own` says that its sender has deleted it."""

    WIRE: ClassVar[str] = "deleted"

    room: str
    number: int
    sender: str
    by: str
    own: bool = False
    reason: str = ""


MessageEvent: TypeAlias = Said | Told | Signal | Kept | Deleted
