"""When each account was last signed in to, for the administrator; saved within a minute."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chatsvc.model.records import Account, Fact
from chatsvc.store.archive import ArchiveFailed, Records

_FACT = "signed-in "  # prefix of an account's id


def sign_in_fact(id: str, time: str = "") -> Fact:
    """Return the fact that stores an account's last sign-in; without a time, to drop it."""
    return Fact(f"{_FACT}{id}", time)


def last_sign_ins(facts: Iterable[Fact]) -> dict[str, float]:
    """Return the times that are stored, by account id."""
    found = (fact for fact in facts if fact.name.startswith(_FACT))
    return {fact.name.removeprefix(_FACT): float(fact.value) for fact in found}


class SignIns:
    """Notes sign-ins in memory, so that logging in does not wait for another commit."""

    def __init__(self, records: Records, now: Callable[[], float]) -> None:
        self._records = records
        self._now = now
        self._last: dict[str, float] = {}
        self._unsaved: set[str] = set()

    def open(self) -> None:
        """Load what is stored; the archive is open."""
        self._last = last_sign_ins(self._records.records(Fact))

    def note(self, account: Account) -> None:
        """Note that somebody has signed in to an account now."""
        self._last[account.id] = round(self._now())
        self._unsaved.add(account.id)

    def last(self, id: str) -> float | None:
        """Return when an account was last signed in to, if that is known."""
        return self._last.get(id)

    async def save(self) -> None:
        """Save what was noted; what cannot be saved now is retried with the next call."""
        unsaved, self._unsaved = self._unsaved, set()
        try:
            await self._records.put(*(sign_in_fact(id, str(self._last[id])) for id in unsaved))
        except ArchiveFailed:
            self._unsaved |= unsaved & self._last.keys()  # accounts may be removed meanwhile

    async def forget_removed(self, exists: Callable[[str], object]) -> None:
        """Forget the accounts that exist no longer."""
        gone = [id for id in self._last if not exists(id)]
        for id in gone:
            del self._last[id]
            self._unsaved.discard(id)
        await self._records.drop(*map(sign_in_fact, gone))
