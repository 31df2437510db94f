"""Roles in a room that last while their users are in it: those of its host, and of guests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

ROLES = ("guest", "member", "voiced", "moderator", "host", "founder")  # lowest first
RETURN = 120.0  # seconds within which a user whose connection was lost gets the role back
MOST_LOST = 100  # lost connections that a room remembers

U = TypeVar("U")


class Held(NamedTuple):
    """The role and the voice of a user, and until when a lost connection may return to them."""

    role: str
    voice: bool
    until: float = 0.0


class TemporaryRoles(Generic[U]):
    """Who is the host of a room, who moderates it, and who has a voice in it.

    A room has at most one host, and none if it has a founder.
    """

    __slots__ = ("_lost", "host", "moderators", "voices")

    def __init__(self) -> None:
        self.host: U | None = None
        self.moderators: set[U] = set()
        self.voices: set[U] = set()
        self._lost: dict[str, Held] = {}  # by client, the latest last

    def role(self, user: U) -> str:
        """Return a user's role; `guest` if there is none."""
        if user is self.host:
            return "host"
        if user in self.moderators:
            return "moderator"
        return "voiced" if user in self.voices else "guest"

    def make_host(self, user: U | None) -> None:
        """Make a user the host, or nobody; no host whose connection was lost returns to it."""
        self._replace_host(user)
        self._demote_lost("guest")

    def _demote_lost(self, role: str) -> None:
        """Let hosts whose connections were lost return to a lower role."""
        for client, held in self._lost.items():
            if held.role == "host":
                self._lost[client] = held._replace(role=role)

    def _replace_host(self, user: U | None) -> None:
        self.host = user
        if user is not None:
            self.moderators.discard(user)

    def take(self, user: U) -> None:
        """Take everything away from a user."""
        if self.host is user:
            self.host = None
        self.moderators.discard(user)
        self.voices.discard(user)

    def pass_on(self, old: U, new: U) -> None:
        """Give a user everything that another one has."""
        if self.host is old:
            self.host = new
        for users in (self.moderators, self.voices):
            if old in users:
                users.add(new)
        self.take(old)

    def succeed(self, present: Iterable[U]) -> U | None:
        """Make the first moderator of those present the host, if there is one; return the host."""
        successor = next((user for user in present if user in self.moderators), None)
        self._replace_host(successor)
        return successor

    def lose(self, user: U, client: str, now: float) -> None:
        """Remember what a user has whose connection is lost; `take` comes next."""
        held = Held(self.role(user), user in self.voices, now + RETURN)
        if held.role != "guest":
            self._lost[client] = held
            while len(self._lost) > MOST_LOST:
                del self._lost[next(iter(self._lost))]

    def give_back(self, user: U, client: str, now: float) -> U | None:
        """Give a user who returns in time what was lost; return the host who was replaced."""
        held = self._lost.pop(client, None)
        if held is None or held.until <= now:
            return None
        replaced = None
        if held.role == "host" and self.host is not user:
            replaced = self.host
            if replaced is not None:
                self.moderators.add(replaced)
            self._replace_host(user)
            self._demote_lost("moderator")
        elif held.role == "moderator" and self.host is not user:
            self.moderators.add(user)
        if held.voice:
            self.voices.add(user)
        return replaced

    def awaited(self, now: float) -> float:
        """Return for how many more seconds a host whose connection was lost may return."""
        return max(
            (one.until - now for one in self._lost.values() if one.role == "host"), default=0.0
        )
