"""Calls that must not stop the caller when they fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Safely:
    """Calls functions and reports their exceptions, so that the caller can go on with the rest."""

    def __init__(self, report: Callable[[Exception], object]) -> None:
        self._report = report

    def __call__(self, act: Callable[..., T], *arguments: Any) -> T | None:
        """Return what `act` returns, or None if it raises."""
        try:
            return act(*arguments)
        except Exception as error:
            self._report(error)
            return None
