"""What is done now and then: old lines and past bans go, what others have changed is learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatsvc.archive import ArchiveFailed

if TYPE_CHECKING:
    from chatsvc.hub import Hub

OFTEN = 2.0  # seconds between two looks at what another process has changed
SELDOM = 30  # of these between two times of tidying up
RARELY = 1800  # an hour: the whole index is written anew


class Chores:
    """Goes on until it is ended."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._round = 0
        self._ended = False

    def begin(self) -> None:
        self._hub.clock.callLater(OFTEN, self._again)

    def end(self) -> None:
        self._ended = True

    def _again(self) -> None:
        if not self._ended:
            self._round += 1
            self._hub.start(self._work())

    async def _work(self) -> None:
        try:
            await self._hub.accounts.refresh()
            if self._round % SELDOM == 0:
                await self.tidy_up()
            if self._round % RARELY == 0:
                await self._hub.archive.tidy()
        except ArchiveFailed:
            """It is tried again; whoever says something meanwhile is told what is wrong."""
        finally:
            self.begin()

    async def tidy_up(self) -> None:
        """Remove what is no longer to be kept, and note how far everybody has read."""
        self._hub.door.forget_removed()
        self._hub.entry.note_what_is_read()
        await self._hub.roster.save()
        await self._hub.sanctions.forget_past()
        now = self._hub.now()
        for room in list(self._hub.rooms.values()):
            keep = room.charter.keep if room.charter is not None else 0.0
            while keep and await self._hub.archive.expire(room.name, now - keep):
                """There is more that is too old."""
