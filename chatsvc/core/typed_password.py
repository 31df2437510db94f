"""Keeps a password that was typed twice from being said in a room."""

from __future__ import annotations

import secrets
from hashlib import blake2b

from chatsvc.model.requests import Refused

_salt = secrets.token_bytes(16)


class TypedPassword:
    """A digest of the last password typed, kept until something else is typed."""

    __slots__ = ("_digest",)

    def __init__(self, password: str) -> None:
        self._digest = _digest(password)

    def check(self, text: str) -> None:
        """Refuse a password that is typed again after the prompt is gone."""
        if _digest(text) == self._digest:
            raise Refused("not-allowed", "Not sent: that is your password.")


def _digest(password: str) -> bytes:
    return blake2b(password.strip().encode(), key=_salt).digest()
