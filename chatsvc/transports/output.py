"""Long answers over a connection: each part is sent when its reader has taken the one before."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any

from twisted.internet.defer import Deferred

from chatsvc.model import costs
from chatsvc.model.history_events import Part
from chatsvc.model.long_events import LongEvent
from chatsvc.transports.adapters import Adapter
from chatsvc.transports.pacing import FIRST
from chatsvc.transports.sending import BUFFER, Sending


class Telling(Sending):
    """Sends long answers; everything else sent meanwhile follows them."""

    __slots__ = ("_behind", "_page", "_readers", "_ways", "full")

    _ways: Adapter

    def __init__(self) -> None:
        super().__init__()
        self.full = False
        self._page = False  # this connection has one of the few pages in memory at a time
        self._behind = b""  # what is sent after the long answer
        self._readers: Sequence[Deferred[None]] = ()  # the next part, and what waits for it

    def _catch_up(self) -> None:
        """Show what was said meanwhile."""
        raise NotImplementedError

    def tell_part(self, event: LongEvent, here: str | None, tag: str | None, part: Part) -> None:
        self._let_go()
        data = self._ways.dialect.write_part(event, here, tag, part)
        self._work += costs.SENT + len(data) * costs.ANSWER
        self._telling = False
        self._send(data)
        if part.ends:
            behind, self._behind = self._behind, b""
            self._send(behind)
            self._catch_up()
        else:
            self._telling = True

    def _send_after(self, data: bytes) -> None:
        """Send something after the answer; if it is too much, the archive has the rest."""
        self._behind += data
        if len(self._behind) > BUFFER:
            self.full = True

    async def ready(self, work: float = 0.0) -> bool:
        self._work += work
        if self._work >= self._most:
            self._end_turn()
        while self._is_busy() and self._is_open():
            waiting: Deferred[None] = Deferred()
            self._readers = (*self._readers, waiting)
            await waiting
        return self._is_open()

    def _is_open(self) -> bool:
        return self.transport.connected and not self._closing

    def _is_busy(self) -> bool:
        """Return whether something is still to be sent or paid, or others have their turn."""
        return (self._direct and self._buffered) or self._reasons & FIRST != 0

    def _is_ready(self) -> None:
        waiting, self._readers = self._readers, ()
        for each in waiting:
            each.callback(None)

    async def _paged(self, answer: Coroutine[Any, Any, None]) -> None:
        """Wait until few other pages are in memory, and count this one until it is sent."""
        await self.gate.pages.acquire()
        self._page = True
        try:
            await answer
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self._page:
            self._page = False
            self.gate.pages.release()
