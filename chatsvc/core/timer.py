"""The clock that rooms and services need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A clock that measures intervals, such as Twisted's reactor or `task.Clock`."""

    def seconds(self) -> float: ...

    def callLater(self, delay: float, call: Callable[[], object], /) -> object: ...
