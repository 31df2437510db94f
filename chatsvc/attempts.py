"""Wrong passwords are counted, by account and by address, so that nobody can try many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from chatsvc.events import Refused
from chatsvc.limits import Window, is_loopback, network
from chatsvc.rules import span

T = TypeVar("T")

MOST_KNOWN = 10_000  # pairs of account and address that are remembered


def counted(address: str) -> str:
    """What attempts are counted by; whoever is on this machine is not told from others there."""
    return "" if is_loopback(address) else network(address)


class Attempts:
    """Who has tried how often, and where each account's owner has been.

    A `subject` is an account's id; empty where it is only the address that counts.
    """

    def __init__(self, window: Window, turn: Callable[[], Awaitable[object]]) -> None:
        """`turn` waits until the attempts that are being looked at are one fewer."""
        self._window = window
        self._turn = turn
        self._judged: Counter[str] = Counter()  # attempts of which it is not known yet
        self._known: dict[tuple[str, str], None] = {}  # where somebody has logged in from

    async def judge(
        self, subject: str, address: str, now: float, look: Callable[[], Awaitable[T | None]]
    ) -> T | None:
        """What `look` finds; nothing means a wrong password.  Refused after several of these."""
        subjects = [each for each in (subject, counted(address)) if each]
        await self._wait_for_others(subjects, subject, address, now)
        with self._judging(subjects, now):
            found = await look()
        if found:
            for each in subjects:
                self._window.forget(each)
        return found

    async def _wait_for_others(
        self, subjects: list[str], subject: str, address: str, now: float
    ) -> None:
        """Refuse another attempt after several wrong ones, as soon as these are known to be."""
        while True:
            try:
                return self.check(subject, address, now)
            except Refused:
                if not any(self._judged[each] for each in subjects):
                    raise
            await self._turn()

    @contextmanager
    def _judging(self, subjects: list[str], now: float) -> Iterator[None]:
        """Count an attempt as a wrong one until it is known; one that is not looked at is none."""
        for subject in subjects:
            self._window.note(subject, now)
            self._judged[subject] += 1
        try:
            yield
        except Refused:
            for subject in subjects:
                self._window.forget(subject)
            raise
        finally:
            self._judged -= Counter(subjects)

    def check(self, subject: str, address: str, now: float) -> None:
        """Refuse another attempt after several wrong ones, from an address or at an account.

        Strangers' attempts do not keep people out who come from where they have been before.
        """
        where = counted(address)
        wait = self._window.wait(where, now)
        if (subject, where) not in self._known:
            wait = max(wait, self._window.wait(subject, now))
        if wait > 0:
            raise Refused(
                "too-many-attempts", f"Too many wrong passwords. Try again in {span(wait)}."
            )

    def note(self, address: str, now: float) -> None:
        """Count something wrong that is like a wrong password."""
        where = counted(address)
        if where:
            self._window.note(where, now)

    def remember(self, subject: str, address: str) -> None:
        """Somebody who has shown that the account is theirs was at this address."""
        where = counted(address)
        self._known.pop((subject, where), None)
        self._known[subject, where] = None
        if len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]
