"""The state of the screen: rooms and conversations, their lines, and what is unread.  No screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count

from chatsvc.client.tui.model import occupants
from chatsvc.client.tui.model.buffers import SERVER, Buffer, Somebody, Stretch
from chatsvc.client.tui.model.items import Item, Note, Spoken, spoken, whispered
from chatsvc.dialects.sentences import lines
from chatsvc.model.account_events import You
from chatsvc.model.events import Event
from chatsvc.model.history_events import Found, Marked
from chatsvc.model.mentions import mentions
from chatsvc.model.message_events import Deleted, Said, Signal, Told
from chatsvc.model.moderation_events import Banned, Removed
from chatsvc.model.presence_events import Away, Offline, Online, People, Renamed
from chatsvc.model.requests import Refusal
from chatsvc.model.room_events import (
    Entered,
    Exited,
    Joined,
    Left,
    Moved,
    Role,
    Talking,
    Topic,
)
from chatsvc.model.server_events import Cleared, Notice, Welcome
from chatsvc.model.text_rules import key

MOST = 1000  # buffers; lines for further ones go to the server's own
TYPING = 6.0  # seconds for which a user counts as typing


class State:
    """Everything on the screen; `changed` is called when some of it changes."""

    def __init__(self, now: Callable[[], float], changed: Callable[[], object]) -> None:
        self.panes: dict[str, Buffer] = {SERVER: Buffer(SERVER)}
        self.here = SERVER
        self.name = ""
        self.account: str | None = None
        self.chat = ""
        self.highlights: tuple[str, ...] = ()
        self.when_new: Callable[[Buffer, Spoken], object] = lambda pane, line: None
        self.when_read: Callable[[Buffer], object] = lambda pane: None
        self.looking = True  # the terminal has the focus, as far as is known
        self.found: Found | None = None  # the last search
        self._now = now
        self._changed = changed
        self._turns = count(1)
        self._arrived = False  # if we are in a room

    @property
    def pane(self) -> Buffer:
        return self.panes[self.here]

    @property
    def waiting(self) -> int:
        """The number of messages that wait to be sent or answered."""
        return sum(len(pane.waiting) for pane in self.panes.values())

    def open(self, name: str) -> Buffer:
        """Return the buffer of a room or conversation; create it if necessary."""
        pane = self.find(name)
        if pane is None and len(self.panes) >= MOST:
            return self.panes[SERVER]
        if pane is None:
            pane = self.panes[name] = Buffer(name)
            pane.kept = pane.kept or (pane.private and self.account is not None)
        return pane

    def find(self, name: str) -> Buffer | None:
        """Return the buffer of a room or conversation, if there is one."""
        return self.panes.get(name) or next(
            (pane for known, pane in self.panes.items() if key(known) == key(name)), None
        )

    def select(self, name: str) -> Buffer:
        """Switch to another buffer; its unread items stay marked until the user switches again."""
        if name != self.here:
            self.pane.mark(None)
        self.here = self.open(name).name
        self.seen()
        return self.pane

    def close(self, name: str) -> None:
        """Close a buffer."""
        if name != SERVER:
            self.panes.pop(name, None)
        if self.here == name:
            self.here = next(reversed(self.panes))
        self._changed()

    def seen(self) -> None:
        """Mark a buffer as read, if the user is looking at it."""
        if self._sees(self.pane):
            self.pane.unread = self.pane.mentions = 0
            self._read(self.pane, self.pane.present.last)
        self._changed()

    def _sees(self, pane: Buffer) -> bool:
        """Return whether the user sees new items of a buffer."""
        return pane is self.pane and self.looking and pane.following

    def _read(self, pane: Buffer, number: int) -> None:
        if number > pane.read:
            pane.read = number
        if pane.kept and pane.read > pane.marked:
            self.when_read(pane)

    def note(self, text: str, wrong: bool = False, where: str | None = None) -> None:
        """Show a notice in the given or the current buffer."""
        pane = self.open(self.here if where is None else where)
        pane.present.add(Note(self._now(), text, wrong))
        self._changed()

    def touch(self) -> None:
        """Schedule a redraw."""
        self._changed()

    def wait(self, pane: Buffer, text: str, action: bool = False) -> Spoken:
        """Show a message as not stored yet, until it is `settled`."""
        item = Spoken(self._now(), self.name, text, action=action, own=True, waiting=True)
        pane.waiting.append(item)
        self._changed()
        return item

    def settled(self, pane: Buffer, item: Spoken) -> None:
        """Remove a waiting message: it is stored or refused."""
        pane.waiting = [one for one in pane.waiting if one is not item]
        self._changed()

    def clear(self, pane: Buffer) -> None:
        """Hide everything in a buffer so far."""
        pane.clear()
        self._changed()

    # Events

    def event(self, event: Event, own: bool = False) -> None:
        """Update the state; `own` says that the event answers a request of this client."""
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
            case Role():
                self._role(event)
            case Moved():
                self._rename_room(event.room, event.to)
                self._words(event, self.find(event.to))
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
            case Removed() | Banned() if event.room:
                occupants.removed(self.find(event.room), event)
                self._words(event)
            case Talking():
                pass  # the current buffer determines where lines go
            case Found() if event.lines:
                self._found(event)
            case Cleared():
                self.pane.clear()
            case Refusal():
                self.note(event.text, wrong=True)
            case Notice() | Online() | Offline() if not own:
                self._words(event, self.panes[SERVER])
            case _:
                self._words(event)
        self._changed()

    def _words(self, event: Event, pane: Buffer | None = None) -> None:
        """Show an event without a display of its own in the words of the text dialect."""
        room = getattr(event, "room", "")
        pane = pane or (self.find(room) if room else None) or self.pane
        notes = [Note(self._now(), text.removeprefix("* ")) for text in lines(event, pane.name)]
        pane.present.add(*notes)
        if pane.name == SERVER and not self._sees(pane):
            pane.unread += len(notes)

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

    def _add(self, pane: Buffer, item: Spoken) -> None:
        if item.number and item.number <= pane.present.last:
            return  # a page of history has brought it already
        sees = self._sees(pane)
        pane.present.add(item)
        if item.own:
            pane.mark(None)
        elif pane.new_after is not None and pane.new is None:
            pane.place_mark()
        unread = not item.own and (not item.number or item.number > pane.read)
        if sees or item.own:
            self._read(pane, item.number)
        elif unread:
            self._is_unread(pane, item)
            self.when_new(pane, item)

    def _is_unread(self, pane: Buffer, item: Spoken) -> None:
        if not pane.unread:
            pane.mark(pane.present.base + len(pane.items) - 1)
            pane.new_after = pane.read if item.number else None
        pane.unread += 1
        pane.mentions += item.mention

    def mentions_me(self, text: str) -> bool:
        """Return whether a line contains the user's name or another highlighted word."""
        return mentions(text, self.name, *self.highlights)

    # Rooms and people

    def _rename_room(self, room: str, new: str) -> None:
        """Continue a room under another name."""
        pane = self.find(room)
        if pane is not None and self.find(new) in (None, pane):
            self._call(pane, new)

    def _entered(self, event: Entered) -> None:
        for name in event.former:
            self._rename_room(name, event.room)
        pane = self.open(event.room)
        if not pane.filled and not pane.present.last:
            self._begin(pane, event)
        pane.inside = True
        pane.topic = event.topic
        pane.read = max(pane.read, event.read or 0)
        pane.marked = max(pane.marked, event.read or 0)
        pane.people = {key(name): Somebody(name) for name in (*event.names, event.name)}
        pane.company += 1
        self.name = event.name
        if self.here == SERVER and not self._arrived:
            self.select(event.room)
        self._arrived = True

    def _begin(self, pane: Buffer, event: Entered) -> None:
        """Set the unread mark of a joined room, from the account's or the guest's read position."""
        if event.read is not None:
            pane.read = event.read
        else:
            pane.read = event.last - (event.new or 0)
        if pane.read < event.last:
            pane.mark_after(pane.read)

    def _came(self, event: Joined) -> None:
        occupants.came(self.open(event.room), event, self._now())
        self._are_here(event.names, True)

    def _went(self, event: Left) -> None:
        occupants.went(self.open(event.room), event, self._now())
        if event.gone:
            self._are_here(event.names, False)

    def _are_here(self, names: Iterable[str], here: bool) -> None:
        """Note that people with a private conversation have come online or gone offline."""
        written = {key(name): name for name in names}
        for pane in self.panes.values():
            name = written.get(key(pane.name[1:])) if pane.private else None
            if name is not None and pane.inside != here:
                pane.inside = here
                pane.typing.clear()
                words = f"{name} is back." if here else f"{name} has left."
                pane.present.add(Note(self._now(), words))

    def _role(self, event: Role) -> None:
        pane = self.open(event.room)
        occupants.give_role(pane, event)
        self._words(event, pane)

    def _renamed(self, event: Renamed) -> None:
        if event.own:
            self.name = event.new
        for pane in self.panes.values():
            somebody = pane.people.pop(key(event.old), None)
            if somebody is not None:
                pane.people[key(event.new)] = replace(somebody, name=event.new)
                pane.company += 1
                self._words(event, pane)
        pane_of_old = self.find(f"@{event.old}")
        if pane_of_old is not None:
            self._words(event, pane_of_old)
            if not pane_of_old.kept and self.find(f"@{event.new}") is None:
                self._call(pane_of_old, f"@{event.new}")

    def _call(self, pane: Buffer, name: str) -> None:
        """Continue a conversation under another name, in the same place."""
        self.panes = {name if each is pane else known: each for known, each in self.panes.items()}
        if self.here == pane.name:
            self.here = name
        pane.name = name

    def _away(self, event: Away) -> None:
        for pane in self.panes.values():
            somebody = pane.people.get(key(event.name))
            if somebody is not None:
                somebody.away = event.reason is not None
                pane.company += 1
        if event.written:
            self._words(event, self.find(f"@{event.name}"))
        elif event.own:
            self._words(event)

    def _topic(self, event: Topic) -> None:
        pane = self.open(event.room)
        pane.topic = event.text
        self._words(event, pane)

    def _people(self, event: People) -> None:
        pane = self.find(event.room)
        if pane is not None:
            occupants.note(pane, event)

    def _deleted(self, event: Deleted) -> None:
        pane = self.find(event.room)
        for stretch in (pane.present, pane.past) if pane is not None else ():
            position = stretch.find(event.number) if stretch is not None else None
            if stretch is not None and position is not None:
                item = stretch.items[position]
                assert isinstance(item, Spoken)
                stretch.change(position, replace(item, text="", deleted=event.by))
        if self.found is not None:
            place = (event.room, event.number)
            lines = tuple(
                line._replace(text="", deleted=event.by) if line[:2] == place else line
                for line in self.found.lines
            )
            self.found = replace(self.found, lines=lines)

    def _marked(self, event: Marked) -> None:
        """Update a read position that was reported by another device."""
        pane = self.find(event.room)
        if pane is not None:
            pane.marked = max(pane.marked, event.number)
            if event.number > pane.read:
                pane.read = event.number
                pane.recount()

    def _signal(self, event: Signal) -> None:
        room = event.to.removeprefix("@")  # which precedes a room for its moderators
        pane = self.find(room if room.startswith("#") else f"@{event.sender}")
        if pane is None or event.own or "typing" not in event.signs:
            return
        pane.typing.pop(event.sender, None)
        if event.signs["typing"] == "active":
            pane.typing[event.sender] = self._now() + TYPING

    def typing(self, pane: Buffer | None = None) -> list[str]:
        """Return who is typing in the given or current conversation."""
        now = self._now()
        return [name for name, until in (pane or self.pane).typing.items() if until > now]

    # Pages of history, and search results

    def _found(self, event: Found) -> None:
        before = self.found
        if before is not None and before.query == event.query:
            older = [line for line in event.lines if line.time <= before.lines[-1].time]
            known = {line[:2] for line in before.lines}
            new = tuple(line for line in older if line[:2] not in known)
            event = replace(event, lines=before.lines + new)
        self.found = event

    def forget_found(self) -> None:
        """Close the search."""
        self.found = None
        self.return_to_present()

    def earlier(self, pane: Buffer, said: Iterable[Said], more: bool) -> None:
        """Insert a page of history above what a buffer shows."""
        first = pane.shown.first
        items = self._page(line for line in said if not first or line.number < first)
        pane.put_above(items, whole=not (more and items))  # the same page would be returned
        pane.recount()
        self.seen()

    def later(self, pane: Buffer, said: Iterable[Said], more: bool) -> None:
        """Append a page of history to the past."""
        last = pane.shown.last
        items = self._page(line for line in said if line.number > last)
        pane.put_below(items, more=more and bool(items))
        self._changed()

    def around(self, pane: Buffer, said: Iterable[Said], number: int) -> None:
        """Show a page of the past around a search result."""
        items = self._page(said)
        pane.show_past(items, whole=bool(items) and Stretch(items).first == 1)
        self.show(pane, number)

    def show(self, pane: Buffer, number: int) -> None:
        """Scroll to a line."""
        pane.found = number
        self._changed()

    def _page(self, said: Iterable[Said]) -> list[Item]:
        return [spoken(line, self._is_me(line), self.mentions_me(line.text)) for line in said]

    def return_to_present(self) -> None:
        """Go back to the present."""
        self.pane.show_present()
        self.seen()
