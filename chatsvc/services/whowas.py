"""The last users who were online, and their names, in memory."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from chatsvc.core.chat import Session, User
from chatsvc.model.presence_events import Gone
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import key

MOST_DEPARTED = 1000
TRACED = 3600.0  # seconds in which a ban still recognizes a user who has left by more than the name


class Trace(NamedTuple):
    """The marks of a user who has left, or has another name now."""

    account: str  # its id, if the user has one
    clients: frozenset[str]
    addresses: frozenset[str]

    def is_of(self, session: Session) -> bool:
        """Return whether the session belongs to the same person."""
        account = session.person.account
        if account is not None and account.id == self.account:
            return True
        return session.client in self.clients


def trace_of(user: User) -> Trace:
    """Return what identifies a user after the last session has ended."""
    clients = frozenset(each.client for each in user.sessions)
    addresses = frozenset(each.wire.address for each in user.sessions)
    return Trace(user.account.id if user.account else "", clients, addresses)


class Whowas:
    """The last users who have left or been renamed."""

    def __init__(self) -> None:
        self._gone: deque[tuple[Gone, Trace]] = deque(maxlen=MOST_DEPARTED)

    def note(self, user: User, now: float, trace: Trace, realname: str) -> None:
        """Remember a user whose name is free now, with the real name to show."""
        account = user.account.name if user.account else None
        gone = Gone(user.name, now, account=account, realname=realname, mask=user.mask)
        self._gone.appendleft((gone, trace))

    def trace(self, name: str, now: float) -> Trace | None:
        """Return the marks of the last user of a name, if that was within the last hour."""
        for gone, trace in self._gone:
            if key(gone.name) == key(name):
                return trace if now - gone.time < TRACED else None
        return None

    def mask(self, name: str) -> str:
        """Return the mask of the last user of exactly this name; empty if unknown."""
        return next((gone.mask for gone, _ in self._gone if gone.name == name), "")

    def account(self, name: str) -> str:
        """Return the account's name of the last user of exactly this name; empty if unknown."""
        return next((gone.account or "" for gone, _ in self._gone if gone.name == name), "")

    def at(self, host: str) -> Gone | None:
        """Return the last user who had this host."""
        ends = f"@{key(host)}"
        return next((gone for gone, _ in self._gone if key(gone.mask).endswith(ends)), None)

    def of(self, name: str, count: int) -> list[Gone]:
        """Return the last `count` users of a name, latest first; 0 means all that are known."""
        found = [one for one, _ in self._gone if key(one.name) == key(name)]
        if not found:
            raise Refused("no-such-person", f"No recent user was named {name}.")
        return found[: count or None]
