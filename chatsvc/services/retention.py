"""How long messages are kept: by a room's rule, by the server's options, and by the disk space."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chatsvc.core.chat import Room
from chatsvc.core.directory import Directory
from chatsvc.core.happenings import Happenings
from chatsvc.core.timer import Timer
from chatsvc.model.text_rules import counted, span
from chatsvc.store.archive import Expirable

HOUR = 3600.0  # seconds between two passes over all rooms for the server's options
ENOUGH = 0.95  # of the maximum size: what is left after older messages are deleted
STEPS = 100  # of the archive's age: how much is deleted at once


@dataclass(frozen=True, slots=True)
class RetentionLimits:
    """The server's options; 0 means no limit."""

    keep: float = 0.0  # seconds, in rooms
    keep_private: float = 0.0
    most_bytes: int = 0


class Retention:
    """Deletes messages that are too old, oldest first, and logs what the server's options do."""

    def __init__(
        self,
        directory: Directory,
        store: Expirable,
        happenings: Happenings,
        limits: RetentionLimits,
        clock: Timer,
        now: Callable[[], float],
        log: Callable[[str], object],
    ) -> None:
        self._directory = directory
        self._store = store
        self._happenings = happenings
        self._limits = limits
        self._clock = clock
        self._now = now
        self._log = log
        self._next_pass = 0.0

    def change(self, limits: RetentionLimits) -> None:
        """Use other limits from the next pass on."""
        self._limits = limits

    async def apply(self) -> None:
        """Delete what is too old or too much."""
        for room in list(self._directory.rooms.values()):
            if room.charter is not None and room.charter.keep:
                await self._expire(room, self._now() - room.charter.keep)
        if self._clock.seconds() >= self._next_pass:
            self._next_pass = self._clock.seconds() + HOUR
            await self._apply_options()
        if self._limits.most_bytes:
            await self._make_room()

    async def _apply_options(self) -> None:
        directory, limits = self._directory, self._limits
        await self._expire_old("--keep", limits.keep, directory.rooms.values())
        private = directory.conversations.values()
        await self._expire_old("--keep-private", limits.keep_private, private)

    async def _expire_old(self, option: str, keep: float, rooms: Iterable[Room]) -> None:
        if not keep:
            return
        count = await self._expire_all(rooms, self._now() - keep)
        if count:
            self._log(f"{option}: deleted {counted(count, 'message')} older than {span(keep)}.")

    async def _expire_all(self, rooms: Iterable[Room], before: float) -> int:
        return sum([await self._expire(room, before) for room in list(rooms)])

    async def _expire(self, room: Room, before: float) -> int:
        """Delete a room's messages from before a time, some thousand at once."""
        total = 0
        self._happenings.expire(room.key, before)
        while count := await self._store.expire(room.name, before):
            total += count
        return total

    async def _make_room(self) -> None:
        """Delete the oldest messages until the archive is small enough."""
        most, used = self._limits.most_bytes, await self._store.used()
        if used <= most:
            return
        count, before = 0, 0.0
        while used > most * ENOUGH and (oldest := await self._store.oldest()) is not None:
            before = oldest + max(HOUR, (self._now() - oldest) / STEPS)
            count += await self._expire_all(self._everywhere(), before)
            used = await self._store.used()
        self._log(
            f"--max-archive: deleted the oldest {counted(count, 'message')}; the archive uses"
            f" {used >> 20:,} of {most >> 20:,} MiB."
        )

    def _everywhere(self) -> list[Room]:
        return [*self._directory.rooms.values(), *self._directory.conversations.values()]
