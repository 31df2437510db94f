"""Watchlists: who is told when a user comes online or goes offline.

Sessions that watch nobody cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from chatsvc.core.chat import Session, User
from chatsvc.model.batch import Shared
from chatsvc.model.events import Event
from chatsvc.model.presence_events import Offline, Online, Watching
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import check_name, key

MOST_WATCHED = 100  # names, by one session


class Watchlist:
    """The watchers by name, and the watched names by session."""

    def __init__(self, users: dict[str, User]) -> None:
        self._users = users
        self._of_name: dict[str, set[Session]] = {}
        self._lists: dict[Session, dict[str, str]] = {}  # names as written, by key
        self._closely: set[Session] = set()  # sessions that are told about other changes too

    def watch(self, session: Session, names: Iterable[str]) -> Watching:
        """Watch these names for a session; return which of them are online."""
        asked = list(dict.fromkeys(names))
        wanted, left_out = self._lists.get(session, {}), []
        for name in asked:
            if key(name) not in wanted and _is_name(name, alone=len(asked) == 1):
                if len(wanted) >= MOST_WATCHED:
                    left_out.append(name)
                    continue
                wanted = self._lists.setdefault(session, wanted)
                wanted[key(name)] = name
                self._of_name.setdefault(key(name), set()).add(session)
        return self._shown([name for name in asked if name not in left_out], tuple(left_out))

    def attend(self, session: Session, closely: bool) -> None:
        """Tell a session about other changes of the users it watches too, or no longer."""
        if closely and session in self._lists:
            self._closely.add(session)
        else:
            self._closely.discard(session)

    def unwatch(self, session: Session, names: Iterable[str]) -> Watching:
        """Stop watching these names; return those that the session still watches."""
        for name in names:
            if self._lists.get(session, {}).pop(key(name), None) is not None:
                self._drop(session, key(name))
        if not self._lists.get(session, True):
            self.forget(session)
        return self.watched(session)

    def watched(self, session: Session) -> Watching:
        """Return the names that a session watches."""
        return self._shown(self._lists.get(session, {}).values())

    def _shown(self, names: Iterable[str], left_out: tuple[str, ...] = ()) -> Watching:
        online, offline = [], []
        for name in names:
            user = self._users.get(key(name))
            if user is None:
                offline.append(name)
            else:
                online.append(user.name)
        return Watching(tuple(online), tuple(offline), left_out)

    def watches(self, session: Session, user: User) -> bool:
        """Return whether a session watches a user."""
        return session in self._of_name.get(user.key, ())

    def online(self, session: Session) -> list[User]:
        """Return the users online whom a session watches."""
        found = map(self._users.get, self._lists.get(session, ()))
        return [user for user in found if user is not None]

    def forget(self, session: Session) -> None:
        """Remove a session that watches nobody any more."""
        self._closely.discard(session)
        for one in self._lists.pop(session, ()):
            self._drop(session, one)

    def _drop(self, session: Session, one: str) -> None:
        self._of_name[one].discard(session)
        if not self._of_name[one]:
            del self._of_name[one]

    def came(self, name: str) -> None:
        """Note that this name is online from now on."""
        self._tell(name, Online((name,)))

    def went(self, name: str) -> None:
        """Note that this name is offline from now on."""
        self._tell(name, Offline((name,)))

    def _tell(self, name: str, event: Event) -> None:
        watchers = self._of_name.get(key(name))
        if watchers:
            shared = Shared(event)
            for session in watchers:
                session.announce(shared)

    def closely(self, user: User) -> set[Session]:
        """Return the sessions that are told about every change."""
        return self._of_name.get(user.key, set()) & self._closely


def _is_name(name: str, alone: bool) -> bool:
    """Return whether a name is valid; if it is the only one, raise the reason why not."""
    try:
        check_name(name)
    except Refused:
        if alone:
            raise
        return False
    return True
