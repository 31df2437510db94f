"""Events between the lines of a page of history, for clients that request them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from chatsvc.core.chat import Room, Session
from chatsvc.core.happenings import Happenings
from chatsvc.model.happened import Happened
from chatsvc.model.message_events import FIRST_PASSING, Said, Signal
from chatsvc.model.text_rules import key
from chatsvc.policy.permissions import floor

Item: TypeAlias = Said | Happened
Point: TypeAlias = int | float


class Bounds(NamedTuple):
    """Numbers or times between which lines are requested; None means no bound."""

    after: Point | None = None
    before: Point | None = None
    around: Point | None = None


class EventPages:
    """Finds the events that belong to a page."""

    def __init__(self, happenings: Happenings) -> None:
        self._happenings = happenings

    def resolved(self, room: Room, point: Point) -> Happened | Point:
        """Return the event with this id; a time if it is forgotten; other points as they are."""
        if not isinstance(point, int) or point < FIRST_PASSING:
            return point
        return self._happenings.find(room.key, point) or point / 1000

    def within(self, session: Session, room: Room, bounds: Bounds) -> list[Happened]:
        """Return the events of a room between two points that a session may read."""
        lowest, events = floor(session, room), self._happenings.of(room.key)
        found = [one for one in events if one.behind >= lowest and not _is_ignored(session, one)]
        if bounds.after is not None:
            after = self.resolved(room, bounds.after)
            found = [one for one in found if _is_after(one, after)]
        if bounds.before is not None:
            before = self.resolved(room, bounds.before)
            found = [one for one in found if is_before(one, before)]
        return found


def _is_after(one: Happened, point: Happened | Point) -> bool:
    if isinstance(point, Happened):
        return one.position > point.position
    return one.behind >= point if isinstance(point, int) else one.stamp.time > point


def is_before(one: Happened, point: Happened | Point) -> bool:
    """Return whether an event comes before a line, another event, or a time."""
    if isinstance(point, Happened):
        return one.position < point.position
    return one.behind < point if isinstance(point, int) else one.stamp.time < point


def _is_ignored(session: Session, one: Happened) -> bool:
    ignores = session.person.ignores or {}
    return isinstance(one.event, Signal) and key(one.event.sender) in ignores


def merged(lines: Iterable[Said], events: Iterable[Happened]) -> list[Item]:
    """Return lines and events in their order."""
    return sorted([*lines, *events], key=_position)


def _position(item: Item) -> tuple[int, int]:
    return item.position if isinstance(item, Happened) else (item.number, 0)


def parted(items: Sequence[Item]) -> tuple[list[Said], tuple[Happened, ...]]:
    """Return the lines, and the events."""
    lines = [item for item in items if isinstance(item, Said)]
    return lines, tuple(item for item in items if isinstance(item, Happened))
