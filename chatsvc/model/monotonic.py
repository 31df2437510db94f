"""Intervals that do not change when the system's clock is set."""

from __future__ import annotations

from time import monotonic
from typing import Any


def measure_steadily(reactor: Any) -> None:
    """Let a reactor measure by a clock that nobody can set, also for calls that already wait.

    Twisted's own is the time of day: after it is set, every timer fires at once or stalls.
    """
    if reactor.seconds is monotonic:
        return
    shift = monotonic() - reactor.seconds()
    for call in reactor.getDelayedCalls():
        call.time += shift
        call.seconds = monotonic
    reactor.seconds = monotonic
