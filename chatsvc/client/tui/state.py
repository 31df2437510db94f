"""What a person sees of a chat: rooms and conversations, what was said, what is new.  No screen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import count
from time import localtime

from chatsvc.client.tui.items import Company, Item, Note, Spoken, spoken, whispered
from chatsvc.dialects.sentences import lines
from chatsvc.events import (
    Away,
    Entered,
    Event,
    Exited,
    Joined,
    Left,
    Marked,
    Refusal,
    Renamed,
    Said,
    Signal,
    Talking,
    Told,
    Topic,
    Welcome,
)
from chatsvc.governance import Deleted, Removed, You
from chatsvc.presence import People
from chatsvc.rules import key

MOST = 10_000  # items of one conversation in memory; earlier ones are fetched again
SERVER = ""  # the pane of what belongs to no conversation
TYPING = 6.0  # seconds for which somebody counts as typing


@dataclass(slots=True)
class Somebody:
    """Somebody in a room, as the list of people shows them."""

    name: str
    role: str = ""
    away: bool = False
    spoke: int = 0  # later is more


class Pane:
    """A room, or (`@name`) a private conversation; items are counted from the ordinal `base`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.items: list[Item] = []
        self.base = 0  # the ordinal of the first item; what is prepended has lower ones
        self.touched: set[int] = set()  # ordinals of items that are others now
        self.unread = 0
        self.mentions = 0
        self.topic = ""
        self.people: dict[str, Somebody] = {}
        self.read = 0  # the number up to which one has read
        self.whole = False  # nothing earlier is kept
        self.draft = ""
        self.typing: dict[str, float] = {}
        self.inside = True
        self.new: int | None = None  # the ordinal of the first item since one last looked

    @property
    def private(self) -> bool:
        return self.name.startswith("@")

    @property
    def first(self) -> int:
        """The number of the first line that is here; 0 if there is none."""
        numbers = (item.number for item in self.items if isinstance(item, Spoken) and item.number)
        return next(numbers, 0)

    @property
    def last(self) -> int:
        items = reversed(self.items)
        return next((one.number for one in items if isinstance(one, Spoken) and one.number), 0)

    def add(self, item: Item) -> None:
        """Put something under the rest."""
        self.items.append(item)
        if len(self.items) > MOST:
            gone = len(self.items) - MOST
            del self.items[:gone]
            self.base += gone
            self.whole = False

    def prepend(self, earlier: list[Item]) -> None:
        """Put earlier lines above the rest."""
        self.touched.add(self.base)  # it is no longer the first one
        self.items[:0] = earlier
        self.base -= len(earlier)

    def mark(self, new: int | None) -> None:
        """Begin what is new at an item, or nowhere."""
        self.touched.update(one for one in (self.new, new) if one is not None)
        self.new = new

    def change(self, position: int, item: Item) -> None:
        self.items[position] = item
        self.touched.add(self.base + position)

    def find(self, number: int) -> int | None:
        """The position of a line."""
        for position, item in enumerate(self.items):
            if isinstance(item, Spoken) and item.number == number:
                return position
        return None


def day(time: float) -> tuple[int, int]:
    """Which day it is there, on this machine's clock."""
    there = localtime(time)
    return there.tm_year, there.tm_yday


class State:
    """Everything that is on the screen; `changed` is called when some of it is another."""

    def __init__(self, now: Callable[[], float], changed: Callable[[], object]) -> None:
        self.panes: dict[str, Pane] = {SERVER: Pane(SERVER)}
        self.here = SERVER
        self.name = ""
        self.account: str | None = None
        self.chat = ""
        self.highlights: tuple[str, ...] = ()
        self.when_mentioned: Callable[[Pane, Spoken], object] = lambda pane, line: None
        self.looking = True  # the terminal has the focus, as far as is known
        self._now = now
        self._changed = changed
        self._turns = count(1)

    @property
    def pane(self) -> Pane:
        return self.panes[self.here]

    def open(self, name: str) -> Pane:
        """The pane of a room or conversation, made now if need be."""
        known = next((each for each in self.panes if key(each) == key(name)), name)
        return self.panes.setdefault(known, Pane(known))

    def select(self, name: str) -> Pane:
        """Look at another pane; what is new there stays marked until one looks elsewhere."""
        if name != self.here:
            self.pane.mark(None)
        self.here = self.open(name).name
        self.seen()
        return self.pane

    def close(self, name: str) -> None:
        """Look at a pane no more."""
        if name != SERVER:
            self.panes.pop(name, None)
        if self.here == name:
            self.here = next(reversed(self.panes))
        self._changed()

    def seen(self) -> None:
        """The person looks at what is here."""
        if self.looking:
            self.pane.unread = self.pane.mentions = 0
            self.pane.read = max(self.pane.read, self.pane.last)
        self._changed()

    def note(self, text: str, wrong: bool = False, where: str | None = None) -> None:
        """Say something to the person, where they look."""
        pane = self.open(self.here if where is None else where)
        pane.add(Note(self._now(), text, wrong))
        self._changed()

    # What happens

    def event(self, event: Event, own: bool = False) -> None:
        """Take in what has happened; `own` says that it answers something asked here."""
        match event:
            case Said():
                self._said(event, own)
            case Told():
                self._told(event)
            case Welcome():
                self.name, self.account, self.chat = event.name, event.account, event.chat
                self._words(event, self.panes[SERVER])
            case You():
                self.name, self.account = event.name, event.account
                self._words(event)
            case Entered():
                self._entered(event)
            case Exited():
                self.close(event.room)
            case Joined():
                self._came(event)
            case Left():
                self._went(event)
            case Renamed():
                self._renamed(event)
            case Away():
                self._away(event)
            case Topic():
                self._topic(event)
            case People():
                self._people(event)
            case Deleted():
                self._deleted(event)
            case Marked():
                self._marked(event)
            case Signal():
                self._signal(event)
            case Removed(own=True) if event.room:
                self.open(event.room).inside = False
                self._words(event, self.open(event.room))
            case Talking():
                """Where lines go is said by what one looks at."""
            case Refusal():
                self.note(event.text, wrong=True)
            case _:
                self._words(event)
        self._changed()

    def _words(self, event: Event, pane: Pane | None = None) -> None:
        """Tell what has no place of its own on the screen in the words of the text dialect."""
        room = getattr(event, "room", "")
        pane = pane or (self.panes.get(room) if room else None) or self.pane
        for text in lines(event, pane.name):
            pane.add(Note(self._now(), text.removeprefix("* ")))

    def _said(self, line: Said, own: bool) -> None:
        pane = self.open(line.room)
        mention = self.mentions_me(line.text)
        item = spoken(line, own or self._is_me(line), mention)
        pane.typing.pop(line.sender, None)
        somebody = pane.people.get(key(line.sender))
        if somebody is not None:
            somebody.spoke = next(self._turns)
        self._add(pane, item)

    def _is_me(self, line: Said) -> bool:
        if self.account is not None:
            return line.account == self.account
        return not line.account and line.sender == self.name

    def _told(self, line: Told) -> None:
        if line.to.startswith("@#"):
            self._words(line, self.open(line.to[1:]))
            return
        other = line.to if line.own else line.sender
        pane = self.open(line.room or f"@{other}")
        pane.typing.pop(line.sender, None)
        self._add(pane, whispered(line))

    def _add(self, pane: Pane, item: Spoken) -> None:
        looked_at = pane is self.pane and self.looking
        if item.own:
            pane.mark(None)
        elif not looked_at and (not item.number or item.number > pane.read):
            if not pane.unread:
                pane.mark(pane.base + len(pane.items))
            pane.unread += 1
            pane.mentions += item.mention
        pane.add(item)
        if looked_at or item.own:
            pane.read = max(pane.read, item.number)
        if item.mention and not looked_at:
            self.when_mentioned(pane, item)

    def mentions_me(self, text: str) -> bool:
        """Whether a line has one's name, or another word that one listens for."""
        words = [re.escape(key(word)) for word in (self.name, *self.highlights) if word]
        return (
            bool(words) and re.search(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", key(text)) is not None
        )

    # Rooms and people

    def _entered(self, event: Entered) -> None:
        pane = self.open(event.room)
        pane.inside = True
        pane.topic = event.topic
        pane.read = max(pane.read, event.read or 0)
        pane.people = {key(name): Somebody(name) for name in (*event.names, event.name)}
        self.name = event.name
        if self.here == SERVER:
            self.select(event.room)

    def _came(self, event: Joined) -> None:
        pane = self.open(event.room)
        roles = event.roles or ("",) * len(event.names)
        for name, role in zip(event.names, roles, strict=True):
            pane.people[key(name)] = Somebody(name, role)
        self._company(pane, came=event.names)

    def _went(self, event: Left) -> None:
        pane = self.open(event.room)
        for name in event.names:
            pane.people.pop(key(name), None)
            pane.typing.pop(name, None)
        self._company(pane, went=event.names)

    def _company(self, pane: Pane, came: tuple[str, ...] = (), went: tuple[str, ...] = ()) -> None:
        """Fold comings and goings that follow each other; who did both is left out."""
        now = self._now()
        last = pane.items[-1] if pane.items else None
        before = last if isinstance(last, Company) and day(last.time) == day(now) else None
        before = before or Company(now)
        still_gone = [name for name in before.went if name not in came]
        still_here = [name for name in before.came if name not in went]
        came = tuple(name for name in came if name not in before.went)
        went = tuple(name for name in went if name not in before.came)
        folded = replace(before, came=(*still_here, *came), went=(*still_gone, *went))
        if before is last:
            pane.change(len(pane.items) - 1, folded)
        elif folded.text:
            pane.add(folded)

    def _renamed(self, event: Renamed) -> None:
        if event.own:
            self.name = event.new
        for pane in self.panes.values():
            somebody = pane.people.pop(key(event.old), None)
            if somebody is not None:
                pane.people[key(event.new)] = replace(somebody, name=event.new)
                self._words(event, pane)
        if f"@{event.old}" in self.panes and f"@{event.new}" not in self.panes:
            moved = {name.replace(f"@{event.old}", f"@{event.new}")
                     if name == f"@{event.old}" else name: pane
                     for name, pane in self.panes.items()}  # fmt: skip
            self.panes = moved
            self.panes[f"@{event.new}"].name = f"@{event.new}"
            if self.here == f"@{event.old}":
                self.here = f"@{event.new}"

    def _away(self, event: Away) -> None:
        for pane in self.panes.values():
            somebody = pane.people.get(key(event.name))
            if somebody is not None:
                somebody.away = event.reason is not None
        if event.own or event.written:
            self._words(event)

    def _topic(self, event: Topic) -> None:
        pane = self.open(event.room)
        pane.topic = event.text
        self._words(event, pane)

    def _people(self, event: People) -> None:
        pane = self.panes.get(event.room)
        if pane is None:
            return
        for person in event.people:
            somebody = pane.people.setdefault(key(person.name), Somebody(person.name))
            somebody.role, somebody.away = person.role or "", person.away is not None

    def _deleted(self, event: Deleted) -> None:
        pane = self.panes.get(event.room)
        position = pane.find(event.number) if pane is not None else None
        if pane is not None and position is not None:
            item = pane.items[position]
            assert isinstance(item, Spoken)
            pane.change(position, replace(item, text="", deleted=event.by))

    def _marked(self, event: Marked) -> None:
        """One has read this on another device."""
        pane = self.panes.get(event.room)
        if pane is not None and event.number > pane.read:
            pane.read = event.number
            if event.number >= pane.last:
                pane.unread = pane.mentions = 0

    def _signal(self, event: Signal) -> None:
        to = event.to if event.to.startswith("#") else f"@{event.sender}"
        pane = self.panes.get(to)
        if pane is None or event.own or "typing" not in event.signs:
            return
        pane.typing.pop(event.sender, None)
        if event.signs["typing"] == "active":
            pane.typing[event.sender] = self._now() + TYPING

    def typing(self) -> list[str]:
        """Who is typing in what one looks at."""
        now = self._now()
        return [name for name, until in self.pane.typing.items() if until > now]

    def earlier(self, name: str, said: Iterable[Said], more: bool) -> None:
        """Put lines of a page of history above the rest of a pane."""
        pane = self.open(name)
        first = pane.first
        items: list[Item] = [
            spoken(line, self._is_me(line), self.mentions_me(line.text))
            for line in said
            if not first or line.number < first
        ]
        pane.prepend(items)
        pane.whole = not more
        self._changed()
