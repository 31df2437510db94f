"""Numbers for what is not numbered by a room: private messages with guests, events, signals."""

from __future__ import annotations

from collections.abc import Callable

from chatsvc.model.message_events import FIRST_PASSING


class PassingIds:
    """Gives numbers that increase, and that a restart does not repeat: about milliseconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last = FIRST_PASSING

    def new(self) -> int:
        """Return a new number."""
        self._last = max(self._last + 1, round(self._now() * 1000))
        return self._last
