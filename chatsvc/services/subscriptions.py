"""Subscriptions: the metadata keys whose changes each session is shown.

Sessions without subscriptions cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from chatsvc.core.chat import Session
from chatsvc.model.metadata_events import MOST_SUBSCRIPTIONS, Subscribed, is_key
from chatsvc.model.requests import Refused


class Subscriptions:
    """The sessions by key, and the keys by session."""

    def __init__(self) -> None:
        self._of_key: dict[str, set[Session]] = {}
        self._lists: dict[Session, dict[str, None]] = {}

    def subscribe(self, session: Session, keys: Iterable[str]) -> Subscribed:
        """Subscribe a session to keys, in order, until it has the maximum."""
        wanted = list(keys)
        check_keys(wanted)
        new: list[str] = []
        own = self._lists.get(session, {})
        for position, key in enumerate(wanted):
            if len(own) >= MOST_SUBSCRIPTIONS:
                return self._told(session, new, wanted[position:])
            if key not in own:
                own = self._lists.setdefault(session, own)
                own[key] = None
                self._of_key.setdefault(key, set()).add(session)
                new.append(key)
        return self._told(session, new)

    def unsubscribe(self, session: Session, keys: Iterable[str]) -> Subscribed:
        """End the subscriptions of a session to keys."""
        own = self._lists.get(session, {})
        for key in [key for key in keys if key in own]:
            del own[key]
            self._drop(session, key)
        if not own:
            self._lists.pop(session, None)
        return self.subscribed(session)

    def subscribed(self, session: Session) -> Subscribed:
        """Return the keys that a session has subscribed to."""
        return self._told(session)

    def _told(
        self, session: Session, new: Iterable[str] = (), left_out: Iterable[str] = ()
    ) -> Subscribed:
        return Subscribed(self.keys(session), tuple(new), tuple(left_out))

    def keys(self, session: Session) -> tuple[str, ...]:
        """Return the same as a tuple."""
        return tuple(self._lists.get(session, ()))

    def to(self, key: str) -> Set[Session]:
        """Return the sessions that have subscribed to a key."""
        return self._of_key.get(key, frozenset())

    def forget(self, session: Session) -> None:
        """End all subscriptions of a session."""
        for key in self._lists.pop(session, ()):
            self._drop(session, key)

    def _drop(self, session: Session, key: str) -> None:
        self._of_key[key].discard(session)
        if not self._of_key[key]:
            del self._of_key[key]


def check_keys(keys: Iterable[str]) -> None:
    """Refuse what cannot be a key."""
    for key in keys:
        if not is_key(key):
            raise Refused("bad-key", f"Not a metadata key: {key[:64]}. Use a-z, 0-9 and _./-")
