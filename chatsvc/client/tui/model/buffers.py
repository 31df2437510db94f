"""Rooms and private conversations as one has them before one: lines, people, what is new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chatsvc.client.tui.model.items import Item, Spoken

MOST = 10_000  # items of one conversation in memory; others are fetched again
_SLACK = 500  # items more than that, so that not every line is one to forget
_KEPT = 500  # of the present, while one reads far above it
SERVER = ""  # the pane of what belongs to no conversation


@dataclass(slots=True)
class Somebody:
    """Somebody in a room, as the list of people shows them."""

    name: str
    role: str = ""
    away: bool = False
    spoke: int = 0  # later is more


class Stretch:
    """Items that follow each other without a gap, counted from the ordinal `base`."""

    def __init__(self, items: list[Item] | None = None, base: int = 0) -> None:
        self.items: list[Item] = items or []
        self.base = base  # the ordinal of the first item; what is prepended has lower ones
        self.touched: set[int] = set()  # ordinals of items that look otherwise now
        self.whole = False  # nothing earlier is kept

    @property
    def first(self) -> int:
        """The number of the first line that is here; 0 if there is none."""
        return next((line.number for line in numbered(self.items)), 0)

    @property
    def last(self) -> int:
        return next((line.number for line in numbered(reversed(self.items))), 0)

    def add(self, *items: Item) -> None:
        """Put something under the rest."""
        self.items.extend(items)
        if len(self.items) > MOST + _SLACK:
            self.forget(len(self.items) - MOST)

    def forget(self, gone: int) -> None:
        """Give up what is on top; it can be fetched again."""
        del self.items[:gone]
        self.base += gone
        self.whole = False
        self.touched.add(self.base)

    def prepend(self, earlier: list[Item]) -> None:
        """Put earlier lines above the rest."""
        self.touched.add(self.base)  # it is no longer the first one
        self.items[:0] = earlier
        self.base -= len(earlier)

    def change(self, position: int, item: Item) -> None:
        self.items[position] = item
        self.touched.add(self.base + position)

    def find(self, number: int) -> int | None:
        """The position of a line."""
        for back, item in enumerate(reversed(self.items), 1):
            if isinstance(item, Spoken) and item.number == number:
                return len(self.items) - back
        return None

    def touch_top(self) -> None:
        """What is said about what is above has changed."""
        self.touched.add(self.base)


class Buffer:
    """A room, or (`@name`) a private conversation.

    One sees its `present`, to whose end lines are added; or, when one has gone far up or to a line
    that was found, a stretch of its `past`, below which lines may be missing.  Coming down from
    there, later lines are fetched until both are one.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.present = Stretch()
        self.waiting: list[Spoken] = []  # what one has said here and is not kept yet
        self.sent: list[str] = []  # what one has typed here, as it was typed
        self.past: Stretch | None = None
        self.kept = name.startswith("#")  # the server has earlier lines
        self.fetching = False
        self.filled = False  # a page of earlier lines was asked for
        self.following = True  # one sees the last line
        self.unread = 0
        self.mentions = 0
        self.topic = ""
        self.people: dict[str, Somebody] = {}
        self.company = 0  # rises when somebody in `people` is another
        self.read = 0  # the number up to which one has read
        self.marked = 0  # the number up to which the server knows that
        self.new: int | None = None  # the ordinal of the first item since one last looked
        self.new_after: int | None = None  # the number of the line after which that is
        self.found: int | None = None  # the number of a line that one has jumped to
        self.draft = ""
        self.typing: dict[str, float] = {}
        self.inside = True

    @property
    def private(self) -> bool:
        return self.name.startswith("@")

    @property
    def shown(self) -> Stretch:
        """What one sees."""
        return self.past or self.present

    @property
    def items(self) -> list[Item]:
        """What is there up to now."""
        return self.present.items

    @property
    def above(self) -> str:
        """What is said about what is above the first line."""
        if not self.kept:
            return ""
        if self.shown.whole:
            return f"beginning of {self.name}"
        return "loading earlier messages…" if self.fetching else "earlier messages above"

    @property
    def below(self) -> str:
        """What is said about what is below the last row, for who does not see the end."""
        if self.past is not None:
            new = f", {self.unread} new" if self.unread else ""
            return f"↓ earlier messages{new}; Escape: back to the latest"
        return f"↓ {self.unread} new; Escape: latest" if self.unread else "↓ more; Escape: latest"

    # What is new

    def mark(self, new: int | None) -> None:
        """Begin what is new at an item, or nowhere."""
        self.present.touched.update(one for one in (self.new, new) if one is not None)
        self.new = new
        if new is None:
            self.new_after = None

    def mark_after(self, number: int) -> None:
        """Begin what is new after a line, here or yet to come."""
        self.new_after = number
        self.place_mark()

    def place_mark(self) -> None:
        """Put the mark where it belongs, among the lines that are here by now."""
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
        """Count again what is unread, after another line was read or there are more lines."""
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
        """Put earlier lines above what is shown; of too many, those below are given up."""
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
        """Put later lines below a stretch of the past, which may have come to the present now."""
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
        """Show a page of the past by itself."""
        self.past = Stretch(items)
        self.past.whole = whole

    def clear(self) -> None:
        """Show nothing of what is there now."""
        self.show_present()
        self.present.forget(len(self.items))

    def show_present(self) -> None:
        """Go back to the last line."""
        self.past = self.found = None
        self.following = True


def numbered(items: Iterator[Item] | list[Item]) -> Iterator[Spoken]:
    """The lines that the server keeps."""
    return (item for item in items if isinstance(item, Spoken) and item.number)


def _is_from(item: Item, number: int) -> bool:
    return bool(number) and isinstance(item, Spoken) and item.number >= number
