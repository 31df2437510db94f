"""The marks by which a ban knows somebody."""

from __future__ import annotations

from chatsvc.model.records import Account
from chatsvc.model.text_rules import key


def marks(name: str, account: Account | None, client: str | None) -> frozenset[str]:
    """What a ban can know somebody by, besides their address."""
    found = {f"name={key(name)}", f"client={client}"}
    if account is not None:
        found |= {f"account={account.id}", f"name={key(account.name)}"}
    return frozenset(found)
