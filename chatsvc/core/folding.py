"""Comings and goings of a crowded room, folded into one sentence every few seconds."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    """Somebody with a name."""

    name: str


Somebody = TypeVar("Somebody", bound=Named)


class Fold(Generic[Somebody]):
    """Who came and went within a few seconds; who did both is not mentioned."""

    __slots__ = ("came", "went")

    def __init__(self) -> None:
        self.came: dict[str, Somebody] = {}
        self.went: dict[str, Somebody] = {}

    def come(self, user: Somebody) -> None:
        if self.went.pop(user.name, None) is None:
            self.came[user.name] = user

    def go(self, user: Somebody) -> None:
        if self.came.pop(user.name, None) is None:
            self.went[user.name] = user
