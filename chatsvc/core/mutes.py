"""What a room asks about its members' mutes."""

from __future__ import annotations

from typing import Protocol, TypeVar

U = TypeVar("U", contravariant=True)
R = TypeVar("R", contravariant=True)


class Mutes(Protocol[U, R]):
    """The interface that tells a room about its members' mutes."""

    def silences(self, user: U, room: R, /) -> bool:
        """Return whether a user is muted in a room."""

    def conceals(self, user: U, room: R, /) -> bool:
        """Return whether a user is muted in a room under another name than the present one."""

    def follow(self, user: U, room: R, /) -> object:
        """Extend mutes that affect a user by name to their other names."""


class NoMutes:
    """No mutes."""

    def silences(self, user: object, room: object) -> bool:
        return False

    conceals = follow = silences


NOBODY_MUTED = NoMutes()
