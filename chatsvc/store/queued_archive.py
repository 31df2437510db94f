"""What all archives have in common: the queue through which lines come.  Nothing is stored here."""

from __future__ import annotations

from collections.abc import Callable

from chatsvc.model.message_events import Line
from chatsvc.store.archive import Commit, Start, Turn, Worker
from chatsvc.store.commit_log import CommitLog
from chatsvc.store.commit_queue import CommitQueue


class QueuedArchive:
    """Accepts lines for an archive, which commits all that wait at once."""

    def __init__(
        self, commit: Callable[[list[Line]], Commit], worker: Worker, turn: Turn, start: Start
    ) -> None:
        self._queue = CommitQueue(commit, worker, turn, start)
        self.keep = self._queue.add

    @property
    def commits(self) -> CommitLog:
        """What the queue has stored."""
        return self._queue.log

    @property
    def waiting(self) -> int:
        """The number of lines in the queue."""
        return self._queue.waiting

    async def flush(self) -> None:
        """Return when the queue is empty."""
        await self._queue.flush()

    async def settle(self, room: str) -> None:
        """Return when no line of the room is in the queue."""
        await self._queue.settle(room)
