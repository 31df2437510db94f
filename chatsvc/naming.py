"""Which names are free, and what is offered instead of one that is not."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from chatsvc.events import Refused
from chatsvc.lookalikes import resembles_service
from chatsvc.records import Account
from chatsvc.rules import LONGEST_NAME, key, likely_name

if TYPE_CHECKING:
    from chatsvc.hub import Hub


def is_same(one: Account | None, other: Account | None) -> bool:
    """Whether it is one account, whatever is known of it."""
    return (one.id if one else None) == (other.id if other else None)


class Names:
    """The names of those who are here, and of accounts."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._guests = count(1)

    def check_free(self, name: str, account: Account | None) -> None:
        """Refuse a name that is somebody else's, or looks like it."""
        if resembles_service(name):
            raise Refused("bad-name", f"{name} looks like what IRC clients call the chat itself.")
        if key(name) in self._hub.users:
            raise Refused("name-taken", f"{name} is here already.", self.free(name))
        owner = self._hub.accounts.find(name)
        if owner is not None and not is_same(owner, account):
            raise Refused("registered", f"{name} is a registered name.", self.free(name))
        twin = self._hub.accounts.resembled(name)
        if twin is not None and not is_same(twin, account):
            raise Refused(
                "name-taken",
                f"{name} looks like {twin.name}, a registered name.",
                self.free(name),
            )

    def guest(self) -> str:
        return next(name for n in self._guests if self._is_free(name := f"guest-{n}"))

    def free(self, name: str) -> str:
        stem = name[: LONGEST_NAME - 5].rstrip("0123456789")
        if likely_name(f"{stem}2") != f"{stem}2":  # some letters do not go with these digits
            stem = "guest-"
        return next(free for n in count(2) if self._is_free(free := f"{stem}{n}"))

    def _is_free(self, name: str) -> bool:
        accounts = self._hub.accounts
        taken = key(name) in self._hub.users or accounts.find(name) or accounts.resembled(name)
        return not taken
