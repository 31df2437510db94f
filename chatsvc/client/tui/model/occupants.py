"""The members of a room, updated by joins and leaves."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, repeat

from chatsvc.client.tui.model.buffers import Buffer, Somebody
from chatsvc.client.tui.model.items import Company, day
from chatsvc.model.moderation_events import Banned, Removed
from chatsvc.model.presence_events import People
from chatsvc.model.room_events import Joined, Left, Role
from chatsvc.model.text_rules import key


def came(pane: Buffer, event: Joined, now: float) -> None:
    """Add people who have joined."""
    for name, role in zip(event.names, chain(event.roles, repeat("")), strict=False):
        pane.people[key(name)] = Somebody(name, role)
    _fold(pane, _last(pane, now).and_then(came=event.names))


def went(pane: Buffer, event: Left, now: float) -> None:
    """Remove people who have left."""
    _remove(pane, event.names)
    _fold(pane, _last(pane, now).and_then(went=event.names, words=event.words))


def removed(pane: Buffer | None, event: Removed | Banned) -> None:
    """Remove people after a moderator removed them, without a row of their own."""
    if pane is None or (isinstance(event, Banned) and event.mute):
        return
    if isinstance(event, Removed) and event.own:
        pane.inside = False
    _remove(pane, (event.name,) if isinstance(event, Removed) else event.hit)
    pane.company += 1


def _remove(pane: Buffer, names: Iterable[str]) -> None:
    for name in names:
        pane.people.pop(key(name), None)
        pane.typing.pop(name, None)


def _last(pane: Buffer, now: float) -> Company:
    """Return today's joins and leaves if they are the last item."""
    last = pane.items[-1] if pane.items else None
    return last if isinstance(last, Company) and day(last.time) == day(now) else Company(now)


def _fold(pane: Buffer, folded: Company) -> None:
    """Merge joins and leaves into the last item if they follow each other."""
    pane.company += 1
    last = pane.items[-1] if pane.items else None
    if isinstance(last, Company) and last.time == folded.time:
        pane.present.change(len(pane.items) - 1, folded)
    elif folded.text:
        pane.present.add(folded)


def give_role(pane: Buffer, event: Role) -> None:
    """Change a user's role."""
    for name, role in ((event.instead, "moderator"), (event.name, event.role)):
        somebody = pane.people.get(key(name))
        if somebody is not None:
            somebody.role = role
            pane.company += 1


def note(pane: Buffer, event: People) -> None:
    """Add some of the members, with their roles."""
    for person in event.people:
        somebody = pane.people.setdefault(key(person.name), Somebody(person.name))
        somebody.role, somebody.away = person.role or "", person.away is not None
    pane.company += 1
