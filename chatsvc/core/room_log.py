"""Which of the events that a room announces are remembered, and who caused them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

from chatsvc.core.happenings import Happenings
from chatsvc.model.events import Event
from chatsvc.model.moderation_events import Removed
from chatsvc.model.room_events import Joined, Left, Moved, Role, Rule, Topic
from chatsvc.model.stamps import Stamp
from chatsvc.model.text_rules import key


class Causer(Protocol):
    """A user, as far as the stamp of an event describes them."""

    @property
    def account_name(self) -> str:
        """The name of the account, if any."""

    bot: bool


class Logged(Protocol):
    """A room, as far as remembered events depend on it."""

    key: str
    last: int


E = TypeVar("E", bound=Event)


class RoomLog:
    """Stamps and remembers events; those of a crowd, which are combined, are not remembered."""

    def __init__(self, happenings: Happenings, users: Mapping[str, Causer]) -> None:
        self._happenings = happenings
        self._users = users
        self._quit: tuple[str, Stamp] | None = None

    def note(self, room: Logged, event: E) -> E:
        """Return an event with a stamp, if it is remembered."""
        name = _causer(event)
        if name is None or event.stamp is not None:  # type: ignore[union-attr]
            return event
        gone = isinstance(event, Left) and event.gone
        stamp = self._of_quit(name) if gone else self.stamp(name)
        return self._happenings.note(room.key, room.last, event, stamp)  # type: ignore[type-var]

    def stamp(self, name: str) -> Stamp:
        """Return the stamp of an event that a user causes now."""
        return self._stamp_of(self._users.get(key(name)))

    def _stamp_of(self, user: Causer | None) -> Stamp:
        if user is None:
            return self._happenings.stamp("", bot=False)
        return self._happenings.stamp(user.account_name, user.bot)

    def _of_quit(self, name: str) -> Stamp:
        """Return the stamp of a user who quits: the same in all rooms, as IRC clients read it."""
        stamp = self.stamp(name)
        if self._quit is None or self._quit[0] != name or self._quit[1].time != stamp.time:
            self._quit = name, stamp
        return self._quit[1]

    def latest(self, room: Logged, name: str) -> Stamp | None:
        """Return the stamp of a room's last event, if this user caused it."""
        happened = self._happenings.latest(room.key)
        caused = happened is not None and _causer(happened.event) == name
        return happened.stamp if happened and caused else None


class NoLog(RoomLog):
    """Remembers nothing."""

    def __init__(self) -> None:
        pass

    def note(self, room: Logged, event: E) -> E:
        """Return the event as it is."""
        return event


def _causer(event: Event) -> str | None:
    """Return who caused an event that is remembered."""
    match event:
        case Joined(names=(name,)) | Left(names=(name,)):
            return name
        case Topic(by=by) | Rule(by=by) | Role(by=by) | Removed(by=by) | Moved(by=by):
            return by
    return None
