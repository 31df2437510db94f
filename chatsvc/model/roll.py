"""The members of a crowded room, listed once for all who join within a few seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chatsvc.model.presence_events import Person


class Roll:
    """Who was in a room at a time; encoded once per format.

    Joins that are announced later need not be in it, but everything else is.
    """

    __slots__ = ("_written", "hidden", "made", "names", "people")

    def __init__(self, people: Sequence[Person], hidden: bool, made: float) -> None:
        self.people, self.hidden, self.made = people, hidden, made
        self.names = frozenset(person.name for person in people)
        self._written: dict[object, list[str]] = {}

    def written(self, way: object, encode: Callable[[], list[str]]) -> list[str]:
        """Return the list in one format, encoding it with `encode` on first use."""
        written = self._written.get(way)
        if written is None:
            written = self._written[way] = encode()
        return written
