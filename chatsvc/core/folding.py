"""Joins and leaves in a crowded room, folded into one event every few seconds."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    """Somebody with a name."""

    name: str


Somebody = TypeVar("Somebody", bound=Named)


class Fold(Generic[Somebody]):
    """Who joined and left within a few seconds; users who did both are omitted."""

    __slots__ = ("came", "went")

    def __init__(self) -> None:
        self.came: dict[str, Somebody] = {}
        self.went: dict[str, Somebody] = {}

    def come(self, user: Somebody) -> None:
        """Note that a user has joined."""
        if self.went.pop(user.name, None) is None:
            self.came[user.name] = user

    def go(self, user: Somebody) -> None:
        """Note that a user has left."""
        if self.came.pop(user.name, None) is None:
            self.went[user.name] = user
