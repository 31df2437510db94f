"""The masks of users for IRC clients, also of users who have left."""

from __future__ import annotations

from chatsvc.core.directory import Directory
from chatsvc.model.origins import mask_of
from chatsvc.model.text_rules import key
from chatsvc.services.whowas import Whowas


class Origins:
    """Finds masks by name; every line needs one, so this is a lookup in a dictionary."""

    def __init__(self, directory: Directory, whowas: Whowas) -> None:
        self._masks, self._users = directory.masks, directory.users
        self._whowas = whowas

    def mask(self, name: str) -> str:
        """Return the mask of the user with this name, or of the last one who had it."""
        return self._masks.get(name) or self._other(name)

    def account(self, name: str) -> str:
        """Return the account's name of the user with this name; for others, the name itself."""
        user = self._users.get(key(name))
        return (user.account_name if user is not None else "") or name

    def login(self, name: str) -> str:
        """Return the account's name of a user, or of the last one of this name; empty: a guest."""
        user = self._users.get(key(name))
        if user is not None:
            return user.account_name
        return self._whowas.account(name)

    def standing(self, name: str) -> tuple[str, bool]:
        """Return the name of a user's account, as `login` does, and whether it is a bot."""
        user = self._users.get(key(name))
        return self.login(name), user is not None and user.bot

    def _other(self, name: str) -> str:
        user = self._users.get(key(name))
        if user is not None:
            mask = mask_of(name, user.username, user.host)
            if name == user.name:  # not one of another case
                self._masks[name] = mask
            return mask
        return self._whowas.mask(name) or mask_of(name)
