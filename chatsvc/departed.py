"""Who was here lately, under which name: the last of them, in memory."""

from __future__ import annotations

from collections import deque

from chatsvc.events import Refused
from chatsvc.presence import Departed, Gone
from chatsvc.rules import key
from chatsvc.session import User

MOST_DEPARTED = 1000


class Memory:
    """The last people who have left, or have taken another name."""

    def __init__(self) -> None:
        self._gone: deque[Gone] = deque(maxlen=MOST_DEPARTED)

    def note(self, user: User, now: float, realname: str) -> None:
        """Remember somebody who goes by their name no longer, with the real name to show."""
        account = user.account.name if user.account else None
        self._gone.appendleft(Gone(user.name, now, account, realname))

    def of(self, name: str, count: int) -> Departed:
        """The last `count` who were called so, latest first; 0 means all that are known."""
        found = [one for one in self._gone if key(one.name) == key(name)]
        if not found:
            raise Refused("no-such-person", f"Nobody called {name} was here lately.")
        return Departed(name, tuple(found[: count or None]))
