"""The control socket of a running service: where it is, and what its lines are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from chatsvc.model.requests import Refused

SHELL = "shell"  # who has done it, in `/audit`; reserved, so that no user has this name
LONGEST_REQUEST = 65_536  # bytes of one line to the service

Answer: TypeAlias = dict[str, Any]


def socket_of(archive: Path) -> Path:
    """Return the path of the socket on which the service that uses an archive is managed."""
    return Path(f"{archive.resolve()}.control")


class Arguments:
    """The arguments of one request, checked as they are used.

    `report` tells whoever asked how far a long command is.
    """

    def __init__(self, given: Mapping[str, object], report: Callable[[Answer], None]) -> None:
        self.given = given
        self.report = report

    def text(self, name: str, default: str | None = None) -> str:
        """Return a string; refuse a missing one that has no default."""
        return str(self._of(name, str, default))

    def number(self, name: str, default: float | None = None) -> float:
        """Return a number; refuse a missing one that has no default."""
        found = self._of(name, (int, float), default)
        if isinstance(found, bool):
            raise Refused("bad-argument", f"{name} must be a number.")
        return float(found)

    def flag(self, name: str, default: bool | None = None) -> bool:
        """Return true or false; refuse a missing one that has no default."""
        return bool(self._of(name, bool, default))

    def _of(self, name: str, kind: type | tuple[type, ...], default: object) -> Any:
        value = self.given.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, kind):
            wrong = "is missing" if value is None else "has the wrong type"
            raise Refused("bad-argument", f"The argument {name} {wrong}.")
        return value
