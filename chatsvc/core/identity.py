"""The identity of a user who is online: names, account, and what the user tells others.

Nothing about connections and rooms.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from chatsvc.model.origins import default_user, mask_of
from chatsvc.model.records import Account
from chatsvc.model.text_rules import key

NOTHING: Mapping[str, Any] = MappingProxyType({})  # shared, because a dictionary takes 64 bytes


class UserIdentity:
    """What a user is called, and whose messages they ignore."""

    __slots__ = (
        "account", "active", "aliases", "away", "bot", "host", "ignores", "invisible", "key",
        "metadata", "name", "realname", "since", "username",
    )  # fmt: skip

    def __init__(self, name: str, now: float, account: Account | None = None) -> None:
        self.name = name
        self.key = key(name)
        self.since = now
        self.active = 0.0  # time of the last activity, by the clock
        self.account: Account | None = None
        self.away: str | None = None
        self.realname = ""
        self.username = default_user(name)
        self.host = ""  # shown to IRC clients, from the first connection to the last
        self.bot = False
        self.invisible = False  # in lists of rooms for users who are not in them
        self.metadata: dict[str, str] | None = None  # of a guest; an account's is stored
        self.ignores: dict[str, str] | None = None  # names as written, by key
        self.aliases: Mapping[str, str] = NOTHING  # later names of ignored users
        if account is not None:
            self.log_in(account)

    def log_in(self, account: Account) -> None:
        """Give the user an account, and what is stored with it."""
        self.account, self.away, self.metadata = account, account.away, None
        self.ignores = {key(name): name for name in account.ignores}

    @property
    def account_name(self) -> str:
        """The name of the account, if any; else empty."""
        return self.account.name if self.account else ""

    @property
    def operator(self) -> bool:
        """Whether the account is an operator's."""
        return self.account is not None and self.account.operator

    @property
    def mask(self) -> str:
        """The user as IRC clients are shown them: `nick!user@host`."""
        return mask_of(self.name, self.username, self.host)

    def ignores_user(self, other: UserIdentity) -> bool:
        """Return whether this user ignores `other`, under any name."""
        if not self.ignores:
            return False
        account = other.account
        return other.key in self.ignores or (
            account is not None and key(account.name) in self.ignores
        )
