"""Events about earlier lines: pages, searches and read positions.  No behaviour."""

from __future__ import annotations

from typing import ClassVar, NamedTuple, TypeAlias

from chatsvc.model.happened import Happened
from chatsvc.model.message_events import Said
from chatsvc.model.value import value


@value
class History:
    """A page of earlier lines; `more` says that there are others.

    These are earlier ones, or later ones if the request was for the first lines after some point..
    A page that ended early, after very many hidden lines, has the number to continue before or
    after (`next`).
    """

    WIRE: ClassVar[str] = "history"
    ENTRIES: ClassVar[str] = "lines"

    room: str
    lines: tuple[Said, ...]
    more: bool
    next: int | None = None
    happened: tuple[Happened, ...] = ()


@value
class Found:
    """The lines that a search has found, newest first; `more` says that there are older ones.

    While older lines are still being indexed (`unfinished`), some results may be missing.
    """

    WIRE: ClassVar[str] = "found"
    ENTRIES: ClassVar[str] = "lines"

    query: str
    lines: tuple[Said, ...]
    more: bool = False
    unfinished: bool = False


class Part(NamedTuple):
    """A part of a long answer: a portion of its entries, or its end."""

    start: int = 0  # the number of entries sent before
    ends: bool = False

    @property
    def begins(self) -> bool:
        """Whether this is the first part."""
        return self.start == 0 and not self.ends


@value
class Latest:
    """The last line of a room or conversation: its number and time."""

    room: str
    number: int
    time: float


@value
class Recent:
    """Your rooms and conversations with lines from some period, in order."""

    WIRE: ClassVar[str] = "recent"

    rooms: tuple[Latest, ...]


@value
class Marked:
    """Your read position in a room, perhaps set over another connection; 0 is none."""

    WIRE: ClassVar[str] = "marked"

    room: str
    number: int
    time: float | None


HistoryEvent: TypeAlias = History | Found | Recent | Marked
