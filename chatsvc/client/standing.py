"""Where one stands in a chat: name, rooms, what was shown of them, to whom one talks.

The server forgets it with the connection; from this it can be restored.  No input or output.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from chatsvc.events import Away, Entered, Event, Exited, Ignoring, Renamed, Said, Talking

HISTORY = 20  # lines that a server shows who enters a room without saying how many

Asking: TypeAlias = tuple[str, Mapping[str, object]]


@dataclass(slots=True)
class Place:
    """A room one is in: the number of the last line shown, and where to begin if none was."""

    start: int
    seen: int = 0


class Choices(NamedTuple):
    """To whom one talks, whether one is away, whom one ignores."""

    talking: Talking = Talking(None, None)
    away: str | None = None
    ignored: tuple[str, ...] = ()


class Standing:
    """What the events of one server say about us."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.places: dict[str, Place] = {}
        self.choices = Choices()

    @property
    def talking(self) -> Talking:
        """To whom plain lines go."""
        return self.choices.talking

    def is_new(self, line: Said) -> bool:
        """Whether `line` was not shown before; from now on it was."""
        place = self.places.get(line.room)
        if place is None:
            return True
        new = line.number > place.seen
        place.seen = max(place.seen, line.number)
        return new

    def notice(self, event: Event | None) -> None:
        """Take in what `event` changes."""
        match event:
            case Entered():
                self._entered(event)
            case Exited(room, here):
                self.places.pop(room, None)
                self._choose(talking=Talking(here, self.talking.to))
            case Talking():
                self._choose(talking=event)
            case Renamed(_, new, True):
                self.name = new
            case Renamed(old, new) if old == self.talking.to:
                self._choose(talking=Talking(self.talking.room, new))
            case Away(_, reason, True):
                self._choose(away=reason)
            case Ignoring(names):
                self._choose(ignored=names)

    def to_restore(self) -> Iterator[Asking]:
        """What to ask a server that knows only our name; the room talked to is entered last."""
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

    def _entered(self, entered: Entered) -> None:
        place = self.places.setdefault(entered.room, Place(before(entered)))
        # Fewer lines than were shown: it is another archive, which begins anew.
        place.seen = min(place.seen, entered.last)
        place.start = min(place.start, entered.last)
        self._choose(talking=Talking(entered.room, None))


def before(entered: Entered, lines: int = HISTORY) -> int:
    """The number of the line before the last `lines` of a room just entered."""
    return max(entered.last - lines, 0)
