"""The places where account owners have logged in, stored so that nobody can read them.

An address is stored as two bytes of a salted digest, which 65,000 IPv4 addresses share..  That is
enough to exempt its owner from delays by strangers who guess, and too little to find the owner.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from chatsvc.model.rate_limits import is_loopback, network
from chatsvc.model.records import Account, Fact

MOST_KNOWN = 16  # places and programs remembered for each account
OF_PLACE, OF_PROGRAM, OF_HASH = 2, 8, 8  # bytes of each digest

_FACT = "known "  # prefix of an account's id


class Source(NamedTuple):
    """The origin of a guess."""

    address: str = ""
    connection: str = ""
    client: str = ""  # the secret of a returning program

    @property
    def is_local(self) -> bool:
        """Whether others may share the address: those behind a proxy on this machine do."""
        return not network(self.address) or is_loopback(self.address)

    @property
    def place(self) -> str:
        """The key that guesses count by: an address, or a single connection if others share it."""
        return f"connection {self.connection}" if self.is_local else network(self.address)

    @property
    def program(self) -> str:
        """The key that counts guesses by the client's secret."""
        return f"program {self.client}"


@dataclass
class _Known:
    """Digests of the places and programs of one account's owner, latest last."""

    password: str = ""  # a digest of the account's hash
    salt: str = field(default_factory=lambda: secrets.token_hex(8))
    digests: dict[str, None] = field(default_factory=dict)

    def place(self, source: Source) -> str:
        return _digest(self.salt, source.place, OF_PLACE)

    def program(self, source: Source) -> str:
        return _digest(self.salt, source.program, OF_PROGRAM)

    def of(self, source: Source) -> list[str]:
        place = [] if source.is_local else [self.place(source)]
        return [*place, self.program(source)] if source.client else place

    def is_of(self, account: Account) -> bool:
        return self.password == _digest(self.salt, account.hash, OF_HASH)

    def add(self, account: Account, source: Source) -> None:
        self.password = _digest(self.salt, account.hash, OF_HASH)
        for digest in self.of(source):
            self.digests.pop(digest, None)
            self.digests[digest] = None
        while len(self.digests) > MOST_KNOWN:
            del self.digests[next(iter(self.digests))]


class KnownPlaces:
    """The places where owners have logged in with their current password, by account id."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def open(self, accounts: Iterable[Account], facts: Iterable[Fact]) -> None:
        """Load what is stored, except for accounts whose password has changed since."""
        values = {fact.name: fact.value for fact in facts}
        for account in accounts:
            value = values.get(stored_as(account.id))
            known = _parsed(value) if value is not None else _Known()
            if known.is_of(account):
                self._known[account.id] = known

    def fact(self, id: str) -> Fact:
        """Return an account's known places as a fact to store."""
        known = self._known[id]
        return Fact(stored_as(id), " ".join([known.password, known.salt, *known.digests]))

    def add(self, account: Account, source: Source) -> bool:
        """Note where an account's owner has logged in; return whether this is new."""
        known = self._known.setdefault(account.id, _Known())
        before = known.password, set(known.digests)
        known.add(account, source)
        return before != (known.password, set(known.digests))

    def forget(self, id: str) -> None:
        """Forget the owner of an account that was deleted or has another password."""
        self._known.pop(id, None)

    def has(self, id: str, source: Source) -> bool:
        """Return whether an account's owner has used this address or program."""
        known = self._known.get(id)
        return known is not None and not known.digests.keys().isdisjoint(known.of(source))

    def has_program(self, id: str, source: Source) -> bool:
        """Return whether an account's owner has used this program."""
        known = self._known.get(id)
        return bool(source.client) and known is not None and known.program(source) in known.digests


def stored_as(id: str) -> str:
    """Return the name of the fact that stores an account's known places."""
    return f"{_FACT}{id}"


def _parsed(value: str) -> _Known:
    password, salt, *digests = value.split()
    return _Known(password, salt, dict.fromkeys(digests))


def _digest(salt: str, text: str, size: int) -> str:
    return blake2b(text.encode(), key=salt.encode(), digest_size=size).hexdigest()
