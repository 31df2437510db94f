"""The contract of every archive, in parts: each service names the part that it needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, Protocol, TypeVar

from chatsvc.model.explained import Explained
from chatsvc.model.mentions import Searched
from chatsvc.model.message_events import Line, Said
from chatsvc.model.records import Act, Record
from chatsvc.model.room_events import Tally
from chatsvc.store.commit_log import CommitLog
from chatsvc.store.renaming import NewName
from chatsvc.store.search_query import Finds, Seeker, Sought, Spot

T = TypeVar("T")
R = TypeVar("R", bound=Record)

EXPIRING = 2_000  # lines removed at once, so that new lines do not wait long
ERASED = 200  # lines erased at once, each in its own place
NOBODY = "nobody"  # who has said an erased line; reserved, so that no user has this name
LOOKED = 20_000  # lines looked through for those of one account


class Worker(Protocol):
    """Does work elsewhere (in a thread, for example) and returns its result."""

    def __call__(self, work: Callable[..., T], /, *args: Any) -> Awaitable[T]: ...


class Workers(NamedTuple):
    """Where an archive works: `reader` and `searcher` in parallel, the others one job at a time."""

    writer: Worker
    reader: Worker
    indexer: Worker
    searcher: Worker
    slow_searcher: Worker


Turn = Callable[[], Awaitable[None]]
"""Waits until everything else that is ready has run."""

Start = Callable[[Coroutine[Any, Any, None]], object]
"""Starts a coroutine that nobody waits for."""


class ArchiveFailed(Explained):
    """The archive cannot do this; the message is a sentence for administrators.

    `for_users` is what people in the chat see: it contains no address and no path.
    """

    def __init__(self, text: str, for_users: str = "") -> None:
        super().__init__(text)
        self.for_users = for_users or text


AWAY = "The server cannot reach its database at the moment. Try again soon."
BROKEN = "The server cannot use its archive at the moment. Tell an operator."


class TooSlow(ArchiveFailed):
    """A search takes too long."""

    def __init__(self) -> None:
        super().__init__(
            "The search took too long. Use rarer words, or narrow it with from:, in: or after:."
        )


class NameUsed(ArchiveFailed):
    """A room cannot get a name because the ids of another room's messages contain it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There was another room {name} before. Choose a name never used here.")


@dataclass(frozen=True, slots=True)
class KeptRoom:
    """What the archive knows of a room: its name, its last number, its topic.

    `time` is the time of the last line, or None if no line is left.
    """

    name: str
    last: int = 0
    time: float | None = None
    topic: str = ""
    topic_by: str = ""
    topic_time: float = 0.0


@dataclass(slots=True)
class Commit:
    """What one commit stored: new lines by room, in order, and lines that were stored before."""

    said: dict[str, list[Said]] = field(default_factory=dict)
    again: list[tuple[Line, int]] = field(default_factory=list)


class Keeper(Protocol):
    """Receives the archive's answer for the lines it was given."""

    def kept(self, commit: Commit) -> Iterator[None]:
        """Show the lines, removing them from the commit, room by room.

        Yield between pieces of this work, so that other work is not delayed.
        """

    def not_kept(self, lines: list[Line], failed: ArchiveFailed) -> None:
        """Refuse the lines."""


class Lines(Protocol):
    """The lines of each room, in the order of their numbers: 1, 2, 3 …"""

    async def read(self, room: str, after: int, limit: int) -> list[Said]:
        """Return the first `limit` lines with numbers above `after`, in order."""

    async def read_back(self, room: str, before: int, limit: int) -> list[Said]:
        """Return the last `limit` lines with numbers below `before`, in order."""

    async def mentions(self, room: str, name: str, after: int, limit: int) -> Searched:
        """Look for a name in the first `limit` lines with numbers above `after`."""

    async def number_at(self, room: str, time: float) -> int:
        """Return the number of a room's first line that is not earlier than `time`.

        If all are earlier, return the number after the last one.  In archives of early versions,
        times may go back: then return one of the numbers where the time passes.
        """

    async def tallies(self, room: str, limit: int) -> list[Tally]:
        """Return who said most in a room, most first; deleted lines do not count."""


class Backlog(Protocol):
    """How much waits to be stored: background work slows down accordingly."""

    @property
    def waiting(self) -> int:
        """Return the number of lines that are not yet stored."""


class Intake(Backlog, Protocol):
    """Accepts lines, and tells the `Keeper` what became of them."""

    def keep(self, line: Line) -> int:
        """Store `line` soon; return the number of lines that are not yet stored."""

    async def flush(self) -> None:
        """Return when no line waits any more."""


class SearchableLines(Backlog, Protocol):
    """Full-text search over the lines of all rooms, and its index."""

    async def search(self, sought: Sought, seeker: Seeker, older: Spot | None, limit: int) -> Finds:
        """Return at most `limit` matching lines, newest first over all the seeker's rooms.

        They contain all terms: whole words or beginnings of words, in any case and with any
        accents; the words of one term follow each other.  With `older`, they are older than that
        line.  The search covers every line that was stored before it, but while an index is still
        being built (`unfinished`), only the latest of those that are older than the index. Raise
        `TooSlow` if the search takes too long.
        """

    async def index(self) -> int:
        """Add some more lines to the index, if there is one; return about how many are left."""


class RoomStore(Protocol):
    """Changes the stored data of a room: its topic, and which lines are left."""

    async def set_topic(self, room: str, text: str, by: str, time: float) -> None:
        """Store a room's topic; an empty `text` removes it."""

    async def rename(self, change: NewName, switch: Callable[[], None]) -> None:
        """Rename a room with its lines and all records of it, on the disk when this returns.

        Meanwhile its lines wait.  `switch` is called once the new name is stored, before any line
        is stored under it.  Records of the old name whose `put` or `drop` began before that follow,
        and have returned when this does.
        Numbers of lines are unique even if a room gets the old name later.  Raise `NameUsed` if
        another room had the new name.
        """

    async def delete(self, room: str, number: int, by: str) -> Said | None:
        """Delete a line's text; return the line as it is now, or None if there is no such line.

        A line with the same tag is still not stored again.
        """

    async def settle(self, room: str) -> None:
        """Return when no line of a room waits any more, and the keeper was told about all."""

    async def clear(self, room: str, last: int) -> int:
        """Remove a room's lines up to number `last`, and all its tallies; return how many.

        Remove a few thousand at most.  Lines that are stored later have the numbers that follow.
        """


class Expirable(Protocol):
    """What is needed to delete old lines."""

    async def expire(self, room: str, before: float) -> int:
        """Remove a room's first lines while they are older than `before`; return how many.

        Remove a few thousand at most.  Lines that are stored later have the numbers that follow.
        """

    async def oldest(self) -> float | None:
        """Return the time of the oldest first line of any room, if there is one."""

    async def used(self) -> int:
        """Return how many bytes of the file are in use; 0 if there is no file."""


class LinesOf(NamedTuple):
    """Lines of one account, among all lines of a room up to number `looked`."""

    looked: int
    lines: list[Said]


class Erasable(Protocol):
    """Erases an account's lines, and its name from them; their numbers remain."""

    async def lines_of(self, room: str, account: str, since: float, after: int) -> LinesOf:
        """Return some of an account's lines with numbers above `after`, deleted ones too.

        They are not earlier than `since`.  Look through some thousand lines at most.
        """

    async def erase(self, room: str, numbers: Sequence[int], by: str, done: Record) -> None:
        """Delete the lines with these numbers, and who said them; store a record with that."""


class Checkpointed(Protocol):
    """A store that first writes to a log beside its main file."""

    async def checkpoint(self) -> None:
        """Move what is stored into the main file, so that a copy of it alone is nearly complete.

        It delays no new lines.
        """


class Monitored(Backlog, Protocol):
    """What administrators measure of a store."""

    @property
    def commits(self) -> CommitLog:
        """How long commits took, and how much was stored in the last minute."""

    def file_sizes(self) -> dict[str, int]:
        """Return the sizes of its files in bytes: archive, log and index."""

    async def check(self) -> None:
        """Raise `ArchiveFailed` unless a line can be stored now."""


class Scrubbable(Backlog, Protocol):
    """A store whose files may still contain traces of deleted lines."""

    async def scrub(self) -> bool:
        """Overwrite some of the traces of deleted lines that remain in the files.

        Return True if there is more to do; otherwise no trace is left of lines deleted before.
        """


class Records(Protocol):
    """Stores everything besides lines: accounts, members, bans …"""

    def records(self, kind: type[R]) -> list[R]:
        """Return all records of a kind, in the order of their keys; call it once, after `open`."""

    async def put(self, *records: Record) -> None:
        """Store all of these or none; each replaces the record with the same keys."""

    async def drop(self, *records: Record) -> None:
        """Remove the records with the same keys, where there are any."""

    async def acts(self, limit: int, room: str | None = None) -> list[Act]:
        """Return the last `limit` acts, of one room if it is given, in the order of `put`."""

    async def acts_of(self, ids: Sequence[str]) -> list[Act]:
        """Return those audit entries with these ids that still exist, in the order of `put`."""

    async def changed(self) -> bool:
        """Return whether another process has written records since the last call, or since `open`.

        It may return True too often, but never too seldom.
        """

    async def reread(self, kind: type[R]) -> list[R]:
        """Return the same as `records`, with everything that any process has put until now."""


class Archive(
    Lines,
    Intake,
    SearchableLines,
    RoomStore,
    Expirable,
    Erasable,
    Checkpointed,
    Monitored,
    Scrubbable,
    Records,
    Protocol,
):
    """The whole store, which numbers the lines of each room.

    A number becomes visible, to `kept` or to `read`, only after all lower ones of its room.  A line
    whose `(client, tag)` is already stored is not stored again.  A failing operation raises
    `ArchiveFailed`.  A room keeps its name as it was first written.  Changes are permanent when the
    method returns: nobody can read or find removed lines any more, and their rows are overwritten.
    `scrub` overwrites the traces that remain in the files.
    """

    def open(self, keeper: Keeper) -> list[KeptRoom]:
        """Get ready, and return the rooms that are stored; nothing else happens meanwhile."""

    async def close(self) -> None:
        """Release everything; call nothing after it."""


def key_of(record: Record) -> tuple[object, ...]:
    """Return the values that identify a record permanently among those of its kind."""
    return tuple(getattr(record, one.name) for one in fields(record)[: record.KEYS])
