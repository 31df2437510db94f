"""Catching up from the archive, for members who were not shown a room's last lines live."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from chatsvc.core.walk import Walk
from chatsvc.core.wire import Wire
from chatsvc.model.batch import Batch, portions
from chatsvc.model.costs import READ
from chatsvc.model.events import Event
from chatsvc.model.message_events import Said
from chatsvc.model.requests import Refusal
from chatsvc.store.archive import ArchiveFailed, Lines, Start

PAGE = 200  # lines read from the archive at a time


class Member(Protocol):
    """A session that catches up."""

    wire: Wire

    def hides(self, line: Said, /) -> bool:
        """Return whether this member is not shown `line`."""

    def passes_over(self, line: Said, /) -> bool:
        """Return whether `line` is hidden from or empty for this member."""

    def tell(self, event: Event, /) -> None:
        """Report to this member that reading failed."""


M = TypeVar("M", bound=Member)


class Shown(Protocol[M]):
    """A room that its members catch up with."""

    name: str
    moving: bool  # it is being renamed
    last: int
    members: dict[M, int]

    def give_page(self, member: M, batch: Batch, /) -> None:
        """Show a member lines that it has missed."""


class CatchingUp(Generic[M]):
    """Shows a room's members the lines that they have missed, a page at a time."""

    __slots__ = ("_lines", "_members", "_start", "backlogs")

    def __init__(self, lines: Lines, start: Start) -> None:
        self._lines = lines
        self._start = start
        self._members: set[M] = set()  # those who are being shown pages
        # For each new member, until it has begun: how many earlier lines to show, and the number
        # before the first line that may be one of them.
        self.backlogs: dict[M, tuple[int, int]] = {}

    def begin(self, room: Shown[M], member: M) -> None:
        """Read until `member` is up to date, unless that is in progress."""
        if member not in self._members and room.members.get(member, room.last) < room.last:
            self._members.add(member)
            self._start(self._read_on(room, member))

    async def _read_on(self, room: Shown[M], member: M) -> None:
        try:
            while not member.wire.full and room.members.get(member, room.last) < room.last:
                seen, last = room.members[member], room.last
                name = room.name
                page = await self._lines.read(name, seen, PAGE)
                if not page and (room.moving or room.name != name):
                    continue  # its lines have another name now
                if member in self.backlogs and any(map(member.passes_over, page)):
                    await self._begin_earlier(room, member, last)
                    continue
                self.backlogs.pop(member, None)
                self._show_page(room, member, page, last)
                read = len(page)
                del page  # frees the page while its reader takes it
                await member.wire.ready(read * READ)
        except ArchiveFailed as failed:
            member.tell(Refusal("not-read", f"Cannot read earlier messages. {failed.for_users}"))
        except Exception as error:
            member.wire.fail(error)
        finally:
            self._members.discard(member)

    async def _begin_earlier(self, room: Shown[M], member: M, last: int) -> None:
        """Move a new member's start back, so that hidden and deleted lines do not count."""
        size, lowest = self.backlogs.pop(member)
        walk = Walk(self._lines, member.hides, room.name, deleted=False)
        lines = await walk.back(lowest, last + 1, size)
        if member in room.members and lines:
            room.members[member] = min(room.members[member], lines[-1].number - 1)

    def _show_page(self, room: Shown[M], member: M, page: list[Said], last: int) -> None:
        # While the page was read, live lines may have been shown, or the member may have left.
        seen = room.members.get(member)
        if seen is None:
            return
        unseen = [line for line in page if line.number > seen]
        if not unseen:  # they have expired
            room.members[member] = max(seen, last)
        for portion in portions(unseen):
            if not member.wire.full:
                room.members[member] = portion[-1].number
                room.give_page(member, Batch(portion))
