"""Iteration over the lines of one room, skipping those that are hidden from a session."""

from __future__ import annotations

from collections.abc import Callable

from chatsvc.model.message_events import Said
from chatsvc.store.archive import Lines

LOOKED_THROUGH = 100_000  # lines read for one page: most of them may be hidden
READ_AT_ONCE = 1000  # of these


class Walk:
    """Walks through a room's lines, and yields those that a session may see."""

    def __init__(
        self, lines: Lines, hides: Callable[[Said], bool], place: str, deleted: bool
    ) -> None:
        self._lines = lines
        self._hides = hides
        self._place = place
        self._deleted = deleted
        self.next: int | None = None  # where the walk stopped, if there were too many hidden lines

    async def forth(self, lowest: int, end: int, n: int) -> list[Said]:
        """Return the first `n` lines between two numbers, oldest first."""
        return await self._go(lowest, end, n, True)

    async def back(self, lowest: int, end: int, n: int) -> list[Said]:
        """Return the last `n` lines between two numbers, newest first."""
        return await self._go(lowest, end, n, False)

    async def _go(self, lowest: int, end: int, n: int, forth: bool) -> list[Said]:
        found: list[Said] = []
        looked, size = 0, n
        while len(found) < n and lowest + 1 < end:
            if looked >= LOOKED_THROUGH:
                self.next = lowest if forth else end
                break
            page = await self._read(lowest, end, size, forth)
            found += [line for line in page if self._is_shown(line)]
            if len(page) < size:
                break
            looked, size = looked + size, READ_AT_ONCE
            if forth:
                lowest = page[-1].number
            else:
                end = page[-1].number
        return found[:n]

    async def _read(self, lowest: int, end: int, size: int, forth: bool) -> list[Said]:
        if forth:
            page = await self._lines.read(self._place, lowest, size)
        else:
            page = (await self._lines.read_back(self._place, end, size))[::-1]
        return [line for line in page if lowest < line.number < end]

    def _is_shown(self, line: Said) -> bool:
        return not self._hides(line) and (self._deleted or not line.deleted)
