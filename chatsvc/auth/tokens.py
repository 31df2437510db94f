"""Tokens: random secrets that log programs in to an account without its password.

Only digests are stored. A token has 192 random bits, so a plain SHA-256 is enough: nobody can try
them all. Looking up the digest takes the same time for every wrong token.
"""

from __future__ import annotations

import secrets
from collections.abc import Container
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256

from chatsvc.model.records import AccessToken
from chatsvc.model.requests import Refused
from chatsvc.store.archive import ArchiveFailed, Records

MOST_TOKENS = 20  # of one account; another token ends the token last used longest ago
LONGEST_LABEL = 64  # characters
SECRET_BYTES = 24
PRECISION = 3600.0  # seconds: how often the time of the last use is written


class Tokens:
    """The tokens of all accounts, by digest and by account."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._tokens: dict[str, AccessToken] = {}
        self._accounts: dict[str, dict[str, AccessToken]] = {}  # by account id, then by digest

    def open(self, accounts: Container[str]) -> None:
        """Load the tokens of the accounts with these ids; the archive is open."""
        for token in self._records.records(AccessToken):
            if token.account in accounts:
                self._enter(token)

    def of(self, account: str) -> list[AccessToken]:
        """Return an account's tokens by number; `account` is its id."""
        return sorted(self._accounts.get(account, {}).values(), key=lambda token: token.number)

    def find(self, secret: str) -> AccessToken | None:
        """Return the token with this secret."""
        return self._tokens.get(digest_of(secret))

    def numbered(self, account: str, number: int) -> AccessToken | None:
        """Return the token of an account that has this number."""
        return next((token for token in self.of(account) if token.number == number), None)

    async def add(self, account: str, label: str, now: float) -> tuple[AccessToken, str]:
        """Store a new token of an account; return it with its secret, which is not stored."""
        if len(label) > LONGEST_LABEL:
            raise Refused("too-long", f"A label can have at most {LONGEST_LABEL} characters.")
        secret = secrets.token_urlsafe(SECRET_BYTES)
        number = max((token.number for token in self.of(account)), default=0) + 1
        token = AccessToken(digest_of(secret), account, number, label, since=now, used=now)
        self._enter(token)  # at once, so that a new password ends it too
        try:
            await self._records.put(token)
        except ArchiveFailed:
            self.forget(token)
            raise
        await self._end_least_used(account)
        return token, secret

    async def _end_least_used(self, account: str) -> None:
        extra = sorted(self.of(account), key=lambda token: token.used)[:-MOST_TOKENS]
        with suppress(ArchiveFailed):  # then they return with the next restart
            await self.end(*extra)

    async def end(self, *tokens: AccessToken) -> None:
        """Make tokens invalid, also on the disk when this returns; undo it if that fails."""
        self.forget(*tokens)
        try:
            await self._records.drop(*tokens)
        except ArchiveFailed:
            for token in tokens:
                self._enter(token)
            raise

    def forget(self, *tokens: AccessToken) -> None:
        """Make tokens invalid in memory."""
        for token in tokens:
            self._tokens.pop(token.digest, None)
            self._accounts.get(token.account, {}).pop(token.digest, None)
            if not self._accounts.get(token.account):
                self._accounts.pop(token.account, None)

    async def note_use(self, token: AccessToken, now: float) -> None:
        """Note that a token was used; write that at most once an hour."""
        if 0 <= now - token.used < PRECISION:
            return
        used = replace(token, used=now)
        self._enter(used)
        with suppress(ArchiveFailed):  # then an earlier time is shown after a restart
            await self._records.put(used)

    def is_valid(self, token: AccessToken) -> bool:
        """Return whether a token has not been ended."""
        return token.digest in self._tokens

    def _enter(self, token: AccessToken) -> None:
        self._tokens[token.digest] = token
        self._accounts.setdefault(token.account, {})[token.digest] = token


def digest_of(secret: str) -> str:
    """Return the digest under which a token is stored."""
    return sha256(secret.encode()).hexdigest()
