"""One throttle for every secret (passwords, SCRAM, codes), so that nobody can guess many.

Wrong guesses count by the place they come from and by the account..  A place that has guessed too
often is refused..  An account that is guessed at from many places is slowed down instead, so that
strangers cannot lock its owner out; the owner's places and programs are exempt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from chatsvc.auth.known_places import KnownPlaces, Source
from chatsvc.model.rate_limits import Trickle, Window
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import span

T = TypeVar("T")

LONGEST_PAUSE = 10.0  # maximum seconds that a guess waits before it is checked


class Attempts:
    """Counts guesses, and knows the places and programs of each account's owner.

    A `subject` is an account's id or the name of another secret; empty if only the place counts.
    """

    def __init__(
        self,
        window: Window,
        turn: Callable[[Source], Awaitable[object]],
        pause: Callable[[float], Awaitable[object]],
    ) -> None:
        """Create counters; `turn` waits until one fewer guess is waiting to be checked."""
        self._window = window
        self._turn = turn
        self._pause = pause
        self._slow = Trickle(window.most, window.within / 60)
        self._judged: Counter[str] = Counter()  # guesses being checked, by place
        self.known = KnownPlaces()

    def change(self, most: int, within: float) -> None:
        """Use another limit from now on; what was counted stays counted."""
        self._window.change(most, within)
        self._slow.change(most, within / 60)

    async def judge(
        self, subject: str, source: Source, now: float, look: Callable[[], Awaitable[T | None]]
    ) -> T | None:
        """Return what `look` finds; None counts as wrong.  Refuse after too many wrong guesses."""
        place = self._place(subject, source)
        await self._wait_for_others(place, source, now)
        with self._judging(place, now):
            found = await self._look(subject, source, now, look)
        if found:
            self._window.forget(place)
        return found

    async def judge_shared(
        self, secret: str, source: Source, now: float, look: Callable[[], Awaitable[T | None]]
    ) -> T | None:
        """Do the same for a secret that many share: guesses from elsewhere delay nobody."""
        return await self.judge(secret if source.is_local else "", source, now, look)

    async def _look(
        self, subject: str, source: Source, now: float, look: Callable[[], Awaitable[T | None]]
    ) -> T | None:
        if not subject or self.known.has(subject, source):
            return await look()
        await self._wait_for_slot(subject, now)
        found = refused = None
        try:
            found = await look()
        except Refused as refusal:
            refused = refusal
            raise
        finally:
            if found or refused:
                self._slow.give_back(subject)
        return found

    async def _wait_for_slot(self, subject: str, now: float) -> None:
        wait = self._slow.wait(subject, now)
        if wait > LONGEST_PAUSE:
            raise _too_many(wait - LONGEST_PAUSE)
        self._slow.take(subject, now)
        if wait > 0:
            await self._pause(wait)

    async def _wait_for_others(self, place: str, source: Source, now: float) -> None:
        """Refuse another guess after several wrong ones, once these are known to be wrong."""
        while (wait := self._window.wait(place, now)) > 0:
            if not self._judged[place]:
                raise _too_many(wait)
            await self._turn(source)

    @contextmanager
    def _judging(self, place: str, now: float) -> Iterator[None]:
        """Count a guess as wrong until it is checked; an unchecked guess does not count."""
        self._window.note(place, now)
        self._judged[place] += 1
        try:
            yield
        except Refused:
            self._window.forget(place)
            raise
        finally:
            self._judged -= Counter([place])

    def check(self, subject: str, source: Source, now: float) -> None:
        """Refuse another guess from a place that has made too many."""
        wait = self._window.wait(self._place(subject, source), now)
        if wait > 0:
            raise _too_many(wait)

    def count_wrong(self, source: Source, now: float) -> None:
        """Count a wrong guess at something that nobody could guess; refuse too many."""
        self.check("", source, now)
        self._window.note(self._place("", source), now)

    def _place(self, subject: str, source: Source) -> str:
        """Return the key that a guess counts by: the program, if the account's owner uses it."""
        known = self.known.has_program(subject, source)
        return source.program if known else source.place


def _too_many(wait: float) -> Refused:
    return Refused("too-many-attempts", f"Too many wrong passwords. Try again in {span(wait)}.")
