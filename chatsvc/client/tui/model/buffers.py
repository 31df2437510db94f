"""Rooms and private conversations on the screen: lines, members, what is unread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chatsvc.client.tui.model.items import Item, Spoken
from chatsvc.client.tui.model.keys import KEYS

MOST = 10_000  # items of one conversation in memory; others are loaded again
_SLACK = 500  # items beyond that, so that not every new line drops one
_KEPT = 500  # items of the present that are kept while the user reads far above it
SERVER = ""  # the buffer of messages that belong to no conversation


@dataclass(slots=True)
class Somebody:
    """A member of a room in the list of members."""

    name: str
    role: str = ""
    away: bool = False
    spoke: int = 0  # the higher, the later


class Stretch:
    """Consecutive items without a gap, counted from the ordinal `base`."""

    def __init__(self, items: list[Item] | None = None, base: int = 0) -> None:
        self.items: list[Item] = items or []
        self.base = base  # the ordinal of the first item; prepended ones have lower ordinals
        self.touched: set[int] = set()  # ordinals of items that look different now
        self.whole = False  # nothing earlier exists

    @property
    def first(self) -> int:
        """The number of the first numbered line; 0 if there is none."""
        return next((line.number for line in numbered(self.items)), 0)

    @property
    def last(self) -> int:
        return next((line.number for line in numbered(reversed(self.items))), 0)

    def add(self, *items: Item) -> None:
        """Append an item."""
        self.items.extend(items)
        if len(self.items) > MOST + _SLACK:
            self.forget(len(self.items) - MOST)

    def forget(self, gone: int) -> None:
        """Drop items at the top; they can be loaded again."""
        del self.items[:gone]
        self.base += gone
        self.whole = False
        self.touched.add(self.base)

    def prepend(self, earlier: list[Item]) -> None:
        """Insert earlier lines at the top."""
        self.touched.add(self.base)  # it is no longer the first one
        self.items[:0] = earlier
        self.base -= len(earlier)

    def change(self, position: int, item: Item) -> None:
        self.items[position] = item
        self.touched.add(self.base + position)

    def find(self, number: int) -> int | None:
        """Return the position of a line."""
        for back, item in enumerate(reversed(self.items), 1):
            if isinstance(item, Spoken) and item.number == number:
                return len(self.items) - back
        return None

    def touch_top(self) -> None:
        """Mark the first item as changed: what is displayed above it is different now."""
        self.touched.add(self.base)


class Buffer:
    """A room, or (`@name`) a private conversation.

    It shows its `present`, to which new lines are added; or, after scrolling far up or jumping to a
    search result, a stretch of its `past`, below which lines may be missing.  Scrolling down loads
    later lines until both are one.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.present = Stretch()
        self.waiting: list[Spoken] = []  # own messages that are not stored yet
        self.sent: list[str] = []  # input history
        self.past: Stretch | None = None
        self.kept = name.startswith("#")  # the server has earlier lines
        self.fetching = False
        self.filled = False  # a page of earlier lines was requested
        self.following = True  # the last line is visible
        self.unread = 0
        self.mentions = 0
        self.topic = ""
        self.people: dict[str, Somebody] = {}
        self.company = 0  # increases when `people` changes
        self.read = 0  # the read position
        self.marked = 0  # the read position that was reported to the server
        self.new: int | None = None  # the ordinal of the first unread item
        self.new_after: int | None = None  # the number of the line before it
        self.found: int | None = None  # the number of a line that was jumped to
        self.draft = ""
        self.typing: dict[str, float] = {}
        self.inside = True

    @property
    def private(self) -> bool:
        return self.name.startswith("@")

    @property
    def shown(self) -> Stretch:
        """The stretch on the screen."""
        return self.past or self.present

    @property
    def items(self) -> list[Item]:
        """The items of the present."""
        return self.present.items

    @property
    def above(self) -> str:
        """The text above the first line."""
        if not self.kept:
            return ""
        if self.shown.whole:
            return f"beginning of {self.name}"
        return "loading earlier messages…" if self.fetching else "earlier messages above"

    @property
    def below(self) -> str:
        """The text below the last row, unless the end is visible."""
        if self.past is not None:
            new = f", {self.unread} new" if self.unread else ""
            return f"↓ earlier messages{new}; {KEYS['present']}: back to the latest"
        if self.unread:
            return f"↓ {self.unread} new; {KEYS['present']}: latest"
        return f"↓ more; {KEYS['present']}: latest"

    # Unread items

    def mark(self, new: int | None) -> None:
        """Start the unread items at an item, or nowhere."""
        self.present.touched.update(one for one in (self.new, new) if one is not None)
        self.new = new
        if new is None:
            self.new_after = None

    def mark_after(self, number: int) -> None:
        """Start the unread items after a line that is here or yet to come."""
        self.new_after = number
        self.place_mark()

    def place_mark(self) -> None:
        """Put the unread mark where it belongs among the lines that have been loaded."""
        after = self.new_after
        if after is None:
            return
        found = None
        for back, item in enumerate(reversed(self.items), 1):
            if isinstance(item, Spoken) and item.number:
                if item.number <= after:
                    break
                if not item.own:
                    found = self.present.base + len(self.items) - back
        if found is not None and found != self.new:
            self.mark(found)

    def recount(self) -> None:
        """Count the unread items again, after the read position or the lines have changed."""
        unread = [line for line in self._unread_lines() if not line.own]
        self.unread = len(unread)
        self.mentions = sum(line.mention for line in unread)

    def _unread_lines(self) -> Iterator[Spoken]:
        for line in numbered(reversed(self.items)):
            if line.number <= self.read:
                return
            yield line

    # Above and below what is shown

    def put_above(self, earlier: list[Item], whole: bool) -> None:
        """Insert earlier lines above what is shown; of too many, drop those below."""
        shown = self.shown
        shown.prepend(earlier)
        shown.whole = whole
        if self.past is None:
            self.place_mark()
        if len(shown.items) > MOST + _SLACK:
            self._cut_below(shown)

    def _cut_below(self, shown: Stretch) -> None:
        if self.past is None:
            cut = len(shown.items) - _KEPT
            self.present = Stretch(shown.items[cut:], shown.base + cut)
            self.past = shown
        del shown.items[MOST:]

    def put_below(self, later: list[Item], more: bool) -> None:
        """Append later lines to the past, which may have reached the present now."""
        past = self.past
        if past is None:
            return
        past.add(*later)
        if not more or past.last >= self.present.first:
            self._join(past)

    def _join(self, past: Stretch) -> None:
        first = self.present.first
        above = [item for item in past.items if not _is_from(item, first)]
        self.present.prepend(above)
        self.present.whole = past.whole
        self.past = None
        if len(self.items) > MOST + _SLACK:
            self.present.forget(len(self.items) - MOST)

    def show_past(self, items: list[Item], whole: bool) -> None:
        """Show a page of the past."""
        self.past = Stretch(items)
        self.past.whole = whole

    def clear(self) -> None:
        """Hide everything so far."""
        self.show_present()
        self.present.forget(len(self.items))

    def show_present(self) -> None:
        """Go back to the last line."""
        self.past = self.found = None
        self.following = True


def numbered(items: Iterator[Item] | list[Item]) -> Iterator[Spoken]:
    """The lines that the server stores."""
    return (item for item in items if isinstance(item, Spoken) and item.number)


def _is_from(item: Item, number: int) -> bool:
    return bool(number) and isinstance(item, Spoken) and item.number >= number
