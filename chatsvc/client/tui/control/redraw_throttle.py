"""Drawing changes: at once when it is quiet, and at a limited rate when it is busy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic

from textual.message_pump import MessagePump

MOMENT = 0.04  # minimum seconds between two drawings


class Moments:
    """Calls `draw` in the turn of `pump`, once for all changes within a moment."""

    def __init__(self, pump: MessagePump, draw: Callable[[], Awaitable[None]]) -> None:
        self._pump = pump
        self._work = draw
        self._due = False
        self._drawn = 0.0

    def changed(self) -> None:
        """Schedule a drawing."""
        if not self._due:
            self._due = True
            self._pump.call_later(self._soon)  # a timer in the reactor's turn has no app

    async def _soon(self) -> None:
        wait = self._drawn + MOMENT - monotonic()
        if wait > 0:
            self._pump.set_timer(wait, partial(self._pump.call_later, self.draw))
        else:
            await self.draw()

    async def draw(self) -> None:
        """Draw now."""
        self._due, self._drawn = False, monotonic()
        await self._work()

    async def draw_if_due(self) -> None:
        """Draw now if a drawing is scheduled."""
        if self._due:
            await self.draw()
