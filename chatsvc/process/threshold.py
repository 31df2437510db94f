"""The level of the log, which can change while the service runs."""

from __future__ import annotations

from typing import Any

from twisted.logger import (
    FilteringLogObserver,
    ILogFilterPredicate,
    LogEvent,
    LogLevel,
    PredicateResult,
    globalLogPublisher,
)
from zope.interface import implementer

from chatsvc.process.log_levels import LEVELS


@implementer(ILogFilterPredicate)
class Threshold:
    """Leaves out log entries below a level."""

    def __init__(self, name: str = "info") -> None:
        self.name = name

    def set(self, name: str) -> None:
        """Change the level to one of `LEVELS`."""
        self.name = name

    def begin(self) -> None:
        """Put this in front of everything that writes the log, such as the log of `twistd`."""
        for observer in list(globalLogPublisher._observers):
            globalLogPublisher.removeObserver(observer)
            globalLogPublisher.addObserver(FilteringLogObserver(observer, [self]))

    def __call__(self, event: LogEvent) -> Any:
        """Return whether an entry is written; those of a kind of their own always are."""
        return PredicateResult.maybe if self.lets_pass(event) else PredicateResult.no

    def lets_pass(self, event: LogEvent) -> bool:
        """Return whether an entry is of this level or above, or of a kind of its own."""
        return "log_kind" in event or LEVELS.index(level_of(event)) >= LEVELS.index(self.name)


def level_of(event: LogEvent) -> str:
    """Return an entry's level, which is info if it has none."""
    return str((event.get("log_level") or LogLevel.info).name)
