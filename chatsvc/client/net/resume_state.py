"""Your place in a chat: name, rooms, read positions, and whom you are talking to.

The server forgets it when the connection ends; the client restores it from here.  No input or
output.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from chatsvc.model.account_events import You
from chatsvc.model.events import Event
from chatsvc.model.message_events import Said, Told
from chatsvc.model.moderation_events import Removed
from chatsvc.model.presence_events import Away, Ignoring, Renamed
from chatsvc.model.room_events import Entered, Exited, Moved, Talking, Unread
from chatsvc.model.server_events import Welcome
from chatsvc.model.text_rules import key

FIRST_ROOM = "#lobby"
HISTORY = 20  # lines that a server shows by default on joining a room
MISSED = 200  # lines requested for each of the account's rooms after an absence
REMEMBERED = 1000  # private messages remembered, to avoid showing them twice

Asking: TypeAlias = tuple[str, Mapping[str, object]]


@dataclass(slots=True)
class RoomPosition:
    """A joined room: the number of the last line shown, or where to start if none was."""

    start: int
    seen: int = 0


class Choices(NamedTuple):
    """The current recipient, away state, ignored users, and a name other than the account's."""

    talking: Talking = Talking(None, None)
    away: str | None = None
    ignored: tuple[str, ...] = ()
    nick: str | None = None


class ResumeState:
    """What the events of one server say about us."""

    def __init__(self, name: str, everywhere: bool = False) -> None:
        self.name = name
        self.account: str | None = None
        self.places: dict[str, RoomPosition] = {}
        self.choices = Choices()
        self._everywhere = everywhere  # also rooms that we did not ask for
        self._given_up: set[str] = set()  # rooms of ours that refuse us
        self._told: deque[tuple[int, float, str]] = deque(maxlen=REMEMBERED)

    @property
    def talking(self) -> Talking:
        """The room or user that plain lines go to."""
        return self.choices.talking

    def is_new(self, event: Event | None) -> bool:
        """Return whether `event` is not a repeated line, and remember it."""
        if isinstance(event, Said):
            place = self.places.get(event.room)
            if place is None:
                return True
            new = event.number > place.seen
            place.seen = max(place.seen, event.number)
            return new
        if isinstance(event, Told) and event.number is not None:
            line = (event.number, event.time, event.text)
            if line in self._told:
                return False
            self._told.append(line)
        return True

    def notice(self, event: Event | None, asked: bool = True) -> None:
        """Note what `event` changes; `asked` says that the user requested it."""
        match event:
            case Welcome():
                self._let_in(event)
            case You():
                self._become(event)
            case Entered():
                self._entered(event, asked)
            case Exited(room, here) | Removed(room=room, here=here, own=True) if room:
                self.places.pop(room, None)
                self._choose(talking=Talking(here, self.talking.to))
            case Moved(room, to):
                self._rename(room, to)
            case Talking():
                self._choose(talking=event)
            case Renamed(_, new, True):
                self._called(new)
            case Renamed(old, new) if old == self.talking.to:
                self._choose(talking=Talking(self.talking.room, new))
            case Away(_, reason, True):
                self._choose(away=reason)
            case Ignoring(names):
                self._choose(ignored=names)

    def give_up(self, room: str, waiting: bool) -> None:
        """Forget a room that refuses us; lines `waiting` for it go to no other room."""
        self.places.pop(room, None)
        self._given_up.add(room)
        if room == self.talking.room and not waiting:
            here = next(reversed(self.places), None)
            self._choose(talking=Talking(here, self.talking.to))

    def to_restore(self) -> Iterator[Asking]:
        """Yield the requests that restore everything but the name, the current room last."""
        if self.choices.nick not in (None, self.name):
            yield "nick", {"name": self.choices.nick}
        for name in self.choices.ignored:
            yield "ignore", {"name": name}
        for room in sorted(self.places, key=lambda room: room == self.talking.room):
            place = self.places[room]
            yield "join", {"room": room, "after": place.seen or place.start}
        if self.talking.to is not None:
            yield "to", {"rest": self.talking.to}
        if self.choices.away is not None:
            yield "away", {"reason": self.choices.away}

    def _choose(self, **changes: Any) -> None:
        self.choices = self.choices._replace(**changes)

    def _let_in(self, welcome: Welcome) -> None:
        nick = self.choices.nick if welcome.account is not None else None
        self.account = welcome.account
        self._called(welcome.name)
        if nick is not None:
            self._choose(nick=nick)
        if self._everywhere:
            self._come_back(welcome.rooms)

    def _come_back(self, rooms: tuple[Unread, ...]) -> None:
        for unread in rooms:
            if unread.room not in self._given_up:
                start = max(unread.seen, unread.last - MISSED)
                self.places.setdefault(unread.room, RoomPosition(start))
        if self.talking.room is None and self.places:
            room = FIRST_ROOM if FIRST_ROOM in self.places else next(iter(self.places))
            self._choose(talking=Talking(room, self.talking.to))

    def _become(self, you: You) -> None:
        self.account = you.account
        if you.how == "logout":
            self.places.clear()
            self.choices = Choices()
        elif you.how == "login":
            self.choices = Choices(self.talking)
        self._called(you.name)

    def _called(self, name: str) -> None:
        self.name = name
        self._choose(nick=None if self.account in (None, name) else name)

    def _rename(self, room: str, new: str) -> None:
        """Note that a room has another name; its lines keep their numbers."""
        if room in self.places:
            renamed = {new if name == room else name: at for name, at in self.places.items()}
            self.places = renamed
        if self.talking.room == room:
            self._choose(talking=Talking(new, self.talking.to))

    def _entered(self, entered: Entered, asked: bool) -> None:
        for room in [name for name in self.places if key(name) in entered.former]:
            self._rename(room, entered.room)
        if not asked and not self._everywhere and entered.room not in self.places:
            return
        lines = HISTORY if asked else entered.new or 0
        place = self.places.setdefault(entered.room, RoomPosition(before(entered, lines)))
        # Fewer lines than were shown: it is another archive, whose numbers start over.
        place.seen = min(place.seen, entered.last)
        place.start = min(place.start, entered.last)
        self._given_up.discard(entered.room)
        if asked:
            self._choose(talking=Talking(entered.room, None))
        elif self.talking.room is None:
            self._choose(talking=Talking(entered.room, self.talking.to))


def before(entered: Entered, lines: int = HISTORY) -> int:
    """Return the number of the line before the last `lines` of a room that was just joined."""
    return max(entered.last - lines, 0)
