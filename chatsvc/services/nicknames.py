"""Which names are free, and what is suggested instead of a name that is not."""

from __future__ import annotations

from itertools import count

from chatsvc.auth.accounts import Accounts
from chatsvc.core.chat import User
from chatsvc.core.directory import Directory
from chatsvc.model.confusables import is_reserved, skeletons
from chatsvc.model.records import Account
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import LONGEST_NAME, key, likely_name
from chatsvc.services.settings import ServiceSettings


def is_same(one: Account | None, other: Account | None) -> bool:
    """Return whether it is one account, whatever has changed."""
    return (one.id if one else None) == (other.id if other else None)


class Nicknames:
    """The names of users online and of accounts."""

    def __init__(
        self,
        directory: Directory,
        accounts: Accounts,
        settings: ServiceSettings,
    ) -> None:
        self._directory = directory
        self._accounts = accounts
        self._settings = settings
        self._guests = count(1)
        self._online: dict[str, str] = {}  # keys of names, with spaces between, by their skeletons

    def came(self, name: str) -> None:
        """Note that a user has this name from now on."""
        for look in skeletons(name):
            keys = self._online.get(look, "").split()
            if key(name) not in keys:
                self._online[look] = " ".join([*keys, key(name)])

    def went(self, name: str) -> None:
        """Note that nobody has this name any more."""
        for look in skeletons(name):
            keys = [each for each in self._online.pop(look).split() if each != key(name)]
            if keys:
                self._online[look] = " ".join(keys)

    def check_free(self, name: str, account: Account | None, user: User | None = None) -> None:
        """Refuse a name that is taken, or confusable with a taken one, except for `user`."""
        self._check_not_reserved(name, account)
        if key(name) in self._directory.users:
            raise Refused("name-taken", f"{name} is already in use.", self.free(name))
        owner = self._accounts.find(name)
        if owner is not None and not is_same(owner, account):
            raise Refused("registered", f"{name} is a registered name.", self.free(name))
        self._check_unlike(name, account)
        if owner is None:
            self._check_unlike_those_online(name, user)

    def check_looks(self, name: str, account: Account | None) -> None:
        """Refuse a name confusable with another user's, or with the chat's own."""
        self._check_not_reserved(name, account)
        self._check_unlike(name, account)

    def _check_not_reserved(self, name: str, account: Account | None) -> None:
        """Refuse a reserved name, except for accounts, which may be older than the list."""
        own = account is not None and key(account.name) == key(name)
        if not own and self._is_reserved(name):
            text = f"{name} is reserved for the server."
            raise Refused("bad-name", text, self.guest())

    def _is_reserved(self, name: str) -> bool:
        return is_reserved(name, self._settings.name)

    def _check_unlike(self, name: str, account: Account | None) -> None:
        twin = self._accounts.resembled(name)
        if twin is not None and not is_same(twin, account):
            raise Refused(
                "name-taken",
                f"{name} is too similar to {twin.name}, a registered name.",
                self.free(name),
            )

    def _check_unlike_those_online(self, name: str, user: User | None) -> None:
        twins = self._twins(name) - {user.key if user is not None else ""}
        if twins:
            twin = self._directory.users[min(twins)].name
            raise Refused(
                "name-taken", f"{name} looks like {twin}, who is online.", self.free(name)
            )

    def _twins(self, name: str) -> set[str]:
        """Return the keys of names online that are confusable with a name."""
        found: set[str] = set()
        for look in skeletons(name):
            found.update(self._online.get(look, "").split())
        return found - {key(name)}

    def guest(self) -> str:
        """Return the next free name of the form guest-1."""
        return next(name for n in self._guests if self._is_free(name := f"guest-{n}"))

    def free(self, name: str) -> str:
        """Return a free name that resembles `name`."""
        stem = name[: LONGEST_NAME - 5].rstrip("0123456789")
        if likely_name(f"{stem}2") != f"{stem}2":  # some letters and these digits do not mix
            stem = "guest-"
        return next(free for n in count(2) if self._is_free(free := f"{stem}{n}"))

    def _is_free(self, name: str) -> bool:
        accounts = self._accounts
        taken = (
            key(name) in self._directory.users or accounts.find(name) or accounts.resembled(name)
        )
        return not taken and not self._is_reserved(name) and not self._twins(name)
