"""Events about earlier lines: pages, searches and read positions.  No behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, TypeAlias

from chatsvc.model.message_events import Said


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


HistoryEvent: TypeAlias = History | Found | Recent | Marked
