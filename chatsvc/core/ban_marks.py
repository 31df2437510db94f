"""The marks by which a ban recognizes a user."""

from __future__ import annotations

from chatsvc.model.ban_masks import BanMask
from chatsvc.model.records import Account


def marks(
    name: str, account: Account | None, client: str | None, origin: str = ""
) -> frozenset[BanMask]:
    """Return the marks by which a ban can recognize a user, besides their address.

    `origin` is the user as IRC clients are shown them, `nick!user@host`, if known.
    """
    found = {BanMask.of_name(name)}
    if origin:
        found.add(BanMask.of_origin(origin))
    if client is not None:
        found.add(BanMask.of_client(client))
    if account is not None:
        found |= {
            BanMask.of_account(account.id),
            BanMask.of_future_account(account.name),
            BanMask.of_name(account.name),
        }
    return frozenset(found)
