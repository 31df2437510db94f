"""Intervals that do not change when the system clock is set."""

from __future__ import annotations

from time import monotonic
from typing import Any


def measure_steadily(reactor: Any) -> None:
    """Let a reactor use a clock that cannot be set, even for calls that are already scheduled.

    Twisted uses the time of day: after it is set, every timer fires at once or stalls.
    """
    if reactor.seconds is monotonic:
        return
    shift = monotonic() - reactor.seconds()
    for call in reactor.getDelayedCalls():
        call.time += shift
        call.seconds = monotonic
    reactor.seconds = monotonic
