"""Waiting for something under a time limit."""

from __future__ import annotations

import time
from collections.abc import Callable

LIMIT = 60.0  # seconds after which a wait fails


class Deadline:
    """The time that is left."""

    def __init__(self, limit: float) -> None:
        self._end = time.monotonic() + limit

    def left(self, waiting_for: str) -> float:
        """Return the seconds left, more than 0; after that, fail and say what did not come."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise AssertionError(f"waited in vain for {waiting_for}")
        return left


def wait_until(found: Callable[[], bool], what: str) -> None:
    """Wait until something is so, or fail and say what it was."""
    deadline = Deadline(LIMIT)
    while not found():
        time.sleep(min(0.02, deadline.left(what)))
