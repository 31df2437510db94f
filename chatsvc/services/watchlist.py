"""Who wants to be told when somebody comes and goes.  It costs nothing to those who do not."""

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
    """By name, who watches for it; by session, whom it watches for."""

    def __init__(self, users: dict[str, User]) -> None:
        self._users = users
        self._of_name: dict[str, set[Session]] = {}
        self._lists: dict[Session, dict[str, str]] = {}  # names as written, by key
        self._closely: set[Session] = set()  # who is told what else watched people do

    def watch(self, session: Session, names: Iterable[str], closely: bool) -> Watching:
        """Tell a session from now on when these come and go; gives who of them is here."""
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
        if closely and wanted:
            self._closely.add(session)
        return self._shown([name for name in asked if name not in left_out], tuple(left_out))

    def unwatch(self, session: Session, names: Iterable[str]) -> Watching:
        """Tell a session no longer of these; gives those of whom it still is told."""
        for name in names:
            if self._lists.get(session, {}).pop(key(name), None) is not None:
                self._drop(session, key(name))
        if not self._lists.get(session, True):
            self.forget(session)
        return self.watched(session)

    def watched(self, session: Session) -> Watching:
        """For whom a session watches."""
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

    def forget(self, session: Session) -> None:
        """A session watches for nobody any more."""
        self._closely.discard(session)
        for one in self._lists.pop(session, ()):
            self._drop(session, one)

    def _drop(self, session: Session, one: str) -> None:
        self._of_name[one].discard(session)
        if not self._of_name[one]:
            del self._of_name[one]

    def came(self, name: str) -> None:
        """Somebody is here under this name from now on."""
        self._tell(name, Online((name,)))

    def went(self, name: str) -> None:
        """Nobody is here under this name any more."""
        self._tell(name, Offline((name,)))

    def _tell(self, name: str, event: Event) -> None:
        watchers = self._of_name.get(key(name))
        if watchers:
            shared = Shared(event)
            for session in watchers:
                session.announce(shared)

    def closely(self, user: User) -> set[Session]:
        """Who is told whatever this one does."""
        return self._of_name.get(user.key, set()) & self._closely


def _is_name(name: str, alone: bool) -> bool:
    """Whether somebody could be called so; who asks for one name only is told why not."""
    try:
        check_name(name)
    except Refused:
        if alone:
            raise
        return False
    return True
