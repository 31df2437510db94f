"""The queue in front of an archive: one commit for all the lines that wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass
from functools import partial
from itertools import chain

from chatsvc.model.message_events import Line
from chatsvc.store.archive import ArchiveFailed, Commit, Keeper, Start, Turn, Worker
from chatsvc.store.commit_log import CommitLog

_UNEXPECTED = "Storing it failed. Details are in the server's log."
TURNS = 8  # maximum turns in which lines are collected for one commit


class CommitQueue:
    """Commits all waiting lines at once and shows them, repeatedly while lines arrive.

    Fewer and larger commits mean fewer sends to each reader.  So before a commit the queue waits
    some turns for more lines: one when it is quiet, more after a large commit. Large commits are
    shown in pieces; once half as many lines wait, the next commit starts meanwhile.  It leaves out
    the rooms that have not been shown the previous commit yet.
    """

    def __init__(
        self, commit: Callable[[list[Line]], Commit], worker: Worker, turn: Turn, start: Start
    ) -> None:
        self.log = CommitLog()
        self._commit = partial(self.log.timed, commit)
        self._worker = worker
        self._turn = turn
        self._start = start
        self._lines: dict[str, list[Line]] = {}  # by room
        self._held: set[str] = set()  # rooms whose lines wait until they are renamed
        self._busy = False
        self._current: _Job | None = None
        self._following: _Job | None = None
        self.waiting = 0
        self.keeper: Keeper

    def add(self, line: Line) -> int:
        """Add `line` to the next commit; return how many wait."""
        self._lines.setdefault(line.room, []).append(line)
        self.waiting += 1
        if not self._busy:
            self._begin()
        return self.waiting

    async def flush(self) -> None:
        """Return when nothing waits any more."""
        while self._busy or self._lines:
            await self._step()

    async def hold(self, room: str) -> None:
        """Let the lines of a room wait; return when those before are stored and shown."""
        self._held.add(room)
        while self._is_committing(room):
            await self._step()

    def release(self, room: str, name: str) -> None:
        """Continue with a room that was held, under this name."""
        self._held.discard(room)
        if room in self._lines:
            self._lines[name] = [line._replace(room=name) for line in self._lines.pop(room)]
        if self._lines and not self._busy:
            self._begin()

    async def settle(self, room: str) -> None:
        """Return when no line of a room waits any more."""
        while self._busy and self._has(room):
            await self._step()

    async def _step(self) -> None:
        await self._turn()
        await self._worker(int)  # no work; it ends after the current commit

    def _has(self, room: str) -> bool:
        return room in self._lines or self._is_committing(room)

    def _is_committing(self, room: str) -> bool:
        jobs = (job for job in (self._current, self._following) if job is not None)
        return self._busy and any(line.room == room for job in jobs for line in job.lines)

    def _has_more(self) -> bool:
        """Return whether there is anything to commit now."""
        return self._following is not None or not self._lines.keys() <= self._held

    def _begin(self) -> None:
        self._busy = True
        self._start(self._run())

    async def _run(self) -> None:
        try:
            count = 1
            while self._has_more():
                if self._following is None:
                    await self._gather(count)
                    self._following = self._next_job()
                job, self._following = self._following, None
                self._current, count = job, len(job.lines)
                await self._finish(job)
        finally:
            self._busy, self._current = False, None
            if self._has_more():  # an unexpected failure
                self._begin()

    async def _gather(self, count: int) -> None:
        for _ in range(min(count, TURNS)):
            await self._turn()

    def _next_job(self, but: Container[str] = ()) -> _Job:
        """Start a commit of the waiting lines, except in these rooms."""
        ready = [room for room in self._lines if room not in but and room not in self._held]
        lines = list(chain.from_iterable(map(self._lines.pop, ready)))
        return _Job(lines, self._worker(self._commit, lines))

    def _ready(self, but: Container[str]) -> int:
        """Return how many lines wait, except in these rooms."""
        return sum(
            len(lines)
            for room, lines in self._lines.items()
            if room not in but and room not in self._held
        )

    async def _finish(self, job: _Job) -> None:
        """Wait for a commit and show it; the next one may begin meanwhile."""
        try:
            commit = await job.commit
        except ArchiveFailed as failed:
            self.keeper.not_kept(job.lines, failed)
            return
        except Exception:
            self.keeper.not_kept(job.lines, ArchiveFailed(_UNEXPECTED))
            raise
        finally:
            self.waiting -= len(job.lines)
        for _ in self.keeper.kept(commit):
            await self._turn()
            if self._following is None and self._ready(commit.said) * 2 >= len(job.lines):
                self._following = self._next_job(commit.said)


@dataclass(frozen=True, slots=True)
class _Job:
    lines: list[Line]
    commit: Awaitable[Commit]
