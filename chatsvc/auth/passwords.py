"""Passwords: which are allowed, what is stored of them, and the order in which they are hashed.

Hashing uses argon2id (RFC 9106), which is slow on purpose: never call it in the reactor's thread.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from chatsvc.auth import scram
from chatsvc.model.requests import Refused

T = TypeVar("T")

SHORTEST_PASSWORD = 6  # characters, unless the administrator sets another number
LONGEST_PASSWORD = 600  # characters

# One lane, so that the worker's thread leaves the other processor to connected users.
_argon2 = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


class Turn(NamedTuple):
    """A place in the hashing queue: sources take turns, and logins go first."""

    source: str = ""
    login: bool = False


class Hasher(Protocol):
    """Hashes one password at a time, fairly, and delays guesses."""

    def __call__(self, turn: Turn, work: Callable[..., T], /, *arguments: str) -> Awaitable[T]: ...

    def pause(self, seconds: float) -> Awaitable[object]:
        """Wait for this many seconds."""


def check_password(password: str, shortest: int = SHORTEST_PASSWORD) -> None:
    """Refuse a password that is too short or too long, or that contains a space."""
    if not shortest <= len(password) <= LONGEST_PASSWORD:
        raise Refused(
            "bad-password", f"A password must have {shortest} to {LONGEST_PASSWORD} characters."
        )
    if password.split() != [password]:
        raise Refused("bad-password", "A password cannot contain spaces. Use hyphens instead.")


def hash_password(password: str) -> str:
    """Return the password's hash; this takes a while."""
    return _argon2.hash(_as_typed_anywhere(password))


def kept_of(password: str) -> Mapping[str, Any]:
    """Return the fields that an account stores of its password; this takes a while."""
    return {"hash": hash_password(password), "scram": scram.keys(_as_typed_anywhere(password))}


def matches(hash: str, password: str) -> bool:
    """Return whether the hash is of this password; this takes a while."""
    try:
        return _argon2.verify(hash, _as_typed_anywhere(password))
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False


def is_current(hash: str) -> bool:
    """Return whether `hash_password` would use the same parameters today."""
    return not _argon2.check_needs_rehash(hash)


def _as_typed_anywhere(password: str) -> str:
    """Normalize: some keyboards send an accent as a separate character."""
    return unicodedata.normalize("NFC", password.strip())
