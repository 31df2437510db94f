"""Long answers, sent a portion at a time as their reader takes them.

Until then, only the numbers of the remaining lines are in memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple, TypeGuard

from chatsvc.core.chat import Session
from chatsvc.model.events import Found, History, Part, Refusal, Said
from chatsvc.services.hub import Hub
from chatsvc.store.archive import ArchiveFailed

PORTION = 16384  # characters

Answer = History | Found


class _Spots(NamedTuple):
    """Lines of one room that are to be read again, in the order of the answer."""

    room: str  # as the archive names it
    called: str  # as the answer names it
    numbers: array[int]


def is_long(answer: object) -> TypeGuard[Answer]:
    """Return whether an answer has too many lines to be sent at once."""
    if not isinstance(answer, History | Found):
        return False
    return sum(len(line.text) for line in answer.lines) > PORTION


class LongAnswer:
    """Sends a session a long answer; its lines are in memory only until this is created.

    Refused to a user who has left one of its rooms since asking.
    """

    def __init__(self, hub: Hub, session: Session, answer: Answer, tag: str | None) -> None:
        self._hub, self._session, self._tag = hub, session, tag
        first, *others = _portions(answer.lines)
        self._first = replace(answer, lines=first)
        self._frame = replace(answer, lines=())
        self._rest = [self._spots(lines) for lines in others]

    def _spots(self, lines: Sequence[Said]) -> list[_Spots]:
        return [
            _Spots(self._kept_as(called), called, array("q", (line.number for line in group)))
            for called, group in groupby(lines, lambda line: line.room)
        ]

    def _kept_as(self, called: str) -> str:
        return self._hub.history.place(self._session, called)[0].name

    async def tell(self) -> None:
        """Return when everything is sent, or the connection is closed."""
        session, refusal = self._session, None
        session.tell_part(self._first, self._tag, Part.FIRST)
        self._first = self._frame
        try:
            await self._tell_rest()
        except ArchiveFailed as failed:
            refusal = Refusal("not-read", f"Cannot read the rest. {failed}")
        finally:  # whatever went wrong, send what waits for the end
            session.tell_part(self._frame, self._tag, Part.END)
        if refusal is not None:
            session.tell(refusal)

    async def _tell_rest(self) -> None:
        session = self._session
        for spots in self._rest:
            await session.wire.ready()
            lines = [line for each in spots for line in await self._read(each)]
            part = replace(self._frame, lines=tuple(lines))
            session.tell_part(part, self._tag, Part.NEXT)
            del lines, part

    async def _read(self, spots: _Spots) -> list[Said]:
        lines = []
        for first, count in _runs(spots.numbers):
            page = await self._hub.archive.read(spots.room, first - 1, count)
            lines += [line for line in page if line.number < first + count]
        return [line._replace(room=spots.called) for line in lines]


def _portions(lines: Sequence[Said]) -> Iterator[tuple[Said, ...]]:
    start = size = 0
    for end, line in enumerate(lines):
        size += len(line.text)
        if size > PORTION and end > start:
            yield tuple(lines[start:end])
            start, size = end, len(line.text)
    yield tuple(lines[start:])


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the runs of consecutive numbers: the first number of each, and its length."""
    for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        yield run[0], len(run)
