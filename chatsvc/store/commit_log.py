"""How long an archive's commits took, all of them and those of the last minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from chatsvc.model.histogram import Histogram
from chatsvc.model.message_events import Line

T = TypeVar("T")

REMEMBERED = 60  # seconds


@dataclass(slots=True)
class _Second:
    """The commits that ended in one second."""

    at: int = -1
    commits: int = 0
    lines: int = 0
    took: float = 0.0
    longest: float = 0.0


@dataclass(frozen=True, slots=True)
class Pace:
    """What was stored in the last minute; the times are seconds of a commit."""

    lines_per_second: float
    mean: float
    longest: float


class CommitLog:
    """Counts commits by the second, so that counting costs a commit the same at any rate."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self.times = Histogram()  # the seconds that each commit took, also one that has failed
        self._seconds = seconds
        self._begun = seconds()
        self._ring = [_Second() for _ in range(REMEMBERED)]

    def timed(self, commit: Callable[[list[Line]], T], lines: list[Line]) -> T:
        """Commit lines, and note how long that takes."""
        begun = self._seconds()
        try:
            done = commit(lines)
        finally:
            now = self._seconds()
            self.times.add(now - begun)
        self._note(len(lines), begun, now)
        return done

    def _note(self, lines: int, begun: float, now: float) -> None:
        one = self._ring[int(now) % REMEMBERED]
        if one.at != int(now):
            one.at, one.commits, one.lines, one.took, one.longest = int(now), 0, 0, 0.0, 0.0
        one.commits += 1
        one.lines += lines
        one.took += now - begun
        one.longest = max(one.longest, now - begun)

    def pace(self) -> Pace:
        """Return what the last minute was like, or the time since this was made."""
        now = self._seconds()
        recent = [one for one in self._ring if now - REMEMBERED < one.at <= now]
        commits = sum(one.commits for one in recent)
        return Pace(
            sum(one.lines for one in recent) / min(REMEMBERED, max(1.0, now - self._begun)),
            sum(one.took for one in recent) / commits if commits else 0.0,
            max((one.longest for one in recent), default=0.0),
        )
