"""Erasing what an account or guests have said, a piece at a time, and resuming after a kill."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Protocol

from chatsvc.model.message_events import Said
from chatsvc.model.records import Fact
from chatsvc.model.selection import Selection
from chatsvc.model.text_rules import counted
from chatsvc.store.archive import Erasable, Records

_FACT = "erasing "  # prefix of an erasure's id


@dataclass(frozen=True, slots=True)
class Erasure(Selection):
    """What is being erased, and how far that is: in the order of the rooms' names."""

    public: int = 0  # lines erased so far
    private: int = 0
    room: str = ""  # the rooms before this one are done
    number: int = 0  # and this one up to here

    @property
    def id(self) -> str:
        """What distinguishes it from other erasures."""
        if not self.guest and not self.until and not self.only:
            return self.name
        kind = "guest" if self.guest else "account"
        return f"{kind} {self.name} {self.since} {self.until} {self.only}"

    @property
    def count(self) -> int:
        """How many lines were erased so far."""
        return self.public + self.private

    def fact(self) -> Fact:
        """Return the record from which the erasure is resumed."""
        return Fact(f"{_FACT}{self.id}", json.dumps(asdict(self), ensure_ascii=False))

    def past(self, room: str, number: int, count: int) -> Erasure:
        """Return the erasure when some more lines of a room are erased."""
        private = room.startswith("@")
        return replace(
            self,
            public=self.public + (0 if private else count),
            private=self.private + (count if private else 0),
            room=room,
            number=number,
        )


def pending(facts: Iterable[Fact]) -> list[Erasure]:
    """Return the erasures that a kill has interrupted."""
    return [Erasure(**json.loads(fact.value)) for fact in facts if fact.name.startswith(_FACT)]


def told(erasure: Erasure) -> str:
    """Return what was done, as a sentence."""
    public = f"Erased {counted(erasure.public, 'message')} of {erasure.whose}"
    if erasure.only:
        return f"{public}."
    return f"{public} in rooms, and {counted(erasure.private, 'private message')}."


def outcome(erasure: Erasure) -> dict[str, object]:
    """Return what was done, for programs and people."""
    return {
        "account": erasure.name,
        "public": erasure.public,
        "private": erasure.private,
        "text": told(erasure),
    }


class ErasableStore(Erasable, Records, Protocol):
    """What is needed to erase lines and to remember how far that is."""


Progress = Callable[[Erasure, int], None]
"""Called with the erasure, and how many lines were looked at since the last call."""


class Eraser:
    """Erases lines; the position is stored with each piece, so the counts survive a kill."""

    def __init__(
        self,
        store: ErasableStore,
        by: str,
        when_erased: Callable[[list[Said]], None] = lambda lines: None,
        is_ending: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._by = by
        self._when_erased = when_erased
        self._is_ending = is_ending

    async def run(self, erasure: Erasure, rooms: dict[str, int], progress: Progress) -> Erasure:
        """Erase what is left in these rooms, of which the last numbers are given."""
        for room in sorted(name for name in rooms if name >= erasure.room):
            number = erasure.number if room == erasure.room else 0
            erasure = erasure.past(room, number, 0)
            while erasure.number < rooms[room] and not self._is_ending():
                before = erasure.number
                erasure = await self._next(erasure)
                progress(erasure, min(erasure.number, rooms[room]) - before)
        return erasure

    async def _next(self, erasure: Erasure) -> Erasure:
        found = await self._store.lines_of(
            erasure.room, erasure.account, since=erasure.since, after=erasure.number
        )
        lines = list(filter(erasure.includes, found.lines))
        erasure = erasure.past(erasure.room, found.looked, len(lines))
        if lines and not self._is_ending():
            numbers = [line.number for line in lines]
            await self._store.erase(erasure.room, numbers, self._by, erasure.fact())
            self._when_erased(lines)
        return erasure
