"""A conversation on the screen: items as rows, of which only the visible ones are drawn.

A view at the end stays at the end; otherwise what the user is reading stays in place when rows are
added above or below.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from time import localtime, strftime
from typing import NamedTuple

from textual import events
from textual.geometry import Offset, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from chatsvc.client.tui.model.buffers import Buffer, Stretch
from chatsvc.client.tui.model.items import Item, Spoken, is_later_day
from chatsvc.client.tui.widgets.rendering import COMPONENTS, Painting, copied, shown_text
from chatsvc.client.tui.widgets.wrapping import Columns, columns, spans, word_at

NEW = "new since you left"
_NEAR = 10  # rows from the top or the end, where more is requested
_TOGETHER = 300.0  # seconds within which messages of one person need no further name above them


@dataclass(slots=True, eq=False)
class _Entry:
    """An item as rows at some width: spans of its text, below headings."""

    item: Item
    headings: tuple[str, ...] = ()
    named: bool = False  # the name has a row of its own
    rows: list[tuple[int, int]] = field(default_factory=list)
    strips: list[Strip] | None = None

    @property
    def above(self) -> int:
        """The rows above the text."""
        return len(self.headings) + self.named

    @property
    def height(self) -> int:
        return self.above + len(self.rows)


class _Place(NamedTuple):
    """A row by what it shows: rows above the text have a negative `row`."""

    position: int
    letter: int
    row: int
    number: int


class ConversationView(ScrollView, can_focus=True):
    """The items of one buffer."""

    COMPONENT_CLASSES = COMPONENTS

    class AtTheTop(Message):
        """Request earlier lines."""

        def __init__(self, pane: Buffer) -> None:
            super().__init__()
            self.pane = pane

    class AtTheEnd(AtTheTop):
        """The user has reached the last line that is shown."""

    def __init__(self, pane: Buffer, clock: str) -> None:
        super().__init__()
        self.pane = pane
        self.clock = clock  # the time format; empty for no times
        self._stretch = pane.shown
        self._entries: list[_Entry] = []
        self._ends: list[int] = []  # the row after each entry
        self._base = pane.shown.base  # the ordinal of the first entry
        self._kept = 0  # entries of the stretch; those of waiting messages follow
        self._found: int | None = None  # the line that was jumped to
        self._seen_size = Size(0, 0)
        self._columns = columns(0, 0)
        self._painting = Painting(self)

    # Content

    def sync(self) -> None:
        """Show the current items."""
        if not self._seen_size.width:
            return  # nothing can be wrapped yet
        if self.pane.shown is not self._stretch:
            self._show(self.pane.shown)
        elif not self._is_up_to_date(self._stretch):
            self._update(self._stretch)
        if self.pane.found != self._found:
            self._jump(self.pane.found)
        if self.pane.following and self.scroll_y < self.max_scroll_y:
            self._scroll(None)

    def _show(self, stretch: Stretch) -> None:
        """Show another stretch, at the line that was at the top."""
        place = self._place()
        self._stretch, self._base = stretch, stretch.base
        self._entries = [_Entry(item) for item in stretch.items]
        self._kept = len(self._entries)
        self._fill_all()
        self._add_waiting()
        self._measure()
        position = stretch.find(place.number)
        self._scroll(place._replace(position=position) if position is not None else None)

    def _fill_all(self) -> None:
        self._stretch.touched = set()
        for position in range(self._kept):
            self._fill(position)

    def _add_waiting(self) -> None:
        """Append messages that are not stored yet."""
        for item in self.pane.waiting if self._stretch is self.pane.present else ():
            before = self._entries[-1].item if self._entries else None
            entry = _Entry(item, named=not self._columns.name and _needs_name(item, before))
            entry.rows = list(spans(shown_text(item), self._columns.text))
            self._entries.append(entry)

    def _is_up_to_date(self, stretch: Stretch) -> bool:
        kept, waiting = self._kept, self.pane.waiting if stretch is self.pane.present else []
        return (
            (stretch.base, len(stretch.items)) == (self._base, kept)
            and not stretch.touched
            and [entry.item for entry in self._entries[kept:]] == waiting
        )

    def _update(self, stretch: Stretch) -> None:
        place, rows = self._place(), self._ends[-1] if self._ends else 0
        moved, items = self._base - stretch.base, stretch.items
        self._base = stretch.base
        del self._entries[self._kept :]
        del self._entries[: max(-moved, 0)]
        self._entries[:0] = [_Entry(item) for item in items[: max(moved, 0)]]
        del self._entries[len(items) :]
        known = len(self._entries)
        self._entries += [_Entry(item) for item in items[known:]]
        changed = self._changed(known, moved)
        for position in changed:
            self._fill(position)
        self._kept = len(self._entries)
        self._add_waiting()
        self._measure(known if min(changed, default=known) >= known and not moved else 0)
        if known < len(self._entries) or changed or moved or rows != self._rows:
            self._scroll(place._replace(position=place.position + moved))

    def _changed(self, known: int, moved: int) -> list[int]:
        """Return the positions of entries that are new or look different now."""
        stretch, entries = self._stretch, self._entries
        changed = {ordinal - stretch.base for ordinal in stretch.touched}
        stretch.touched = set()
        changed.update(range(max(moved, 0)), range(known, len(entries)))
        if moved:
            pairs = enumerate(zip(entries, stretch.items, strict=True))
            changed.update(at for at, (entry, item) in pairs if entry.item is not item)
        return sorted(at for at in changed if 0 <= at < len(entries))

    def _fill(self, position: int) -> None:
        entry, item = self._entries[position], self._stretch.items[position]
        before = self._stretch.items[position - 1] if position else None
        entry.item = item
        entry.headings = tuple(self._headings(position, item, before))
        self._wrap(entry, before)

    def _wrap(self, entry: _Entry, before: Item | None) -> None:
        entry.named = not self._columns.name and _needs_name(entry.item, before)
        entry.rows = list(spans(shown_text(entry.item), self._columns.text))
        entry.strips = None

    def _headings(self, position: int, item: Item, before: Item | None) -> Iterator[str]:
        if before is None and self.pane.above:
            yield self.pane.above
        if before is None or is_later_day(item.time, before.time):
            there = localtime(item.time)
            yield f"{strftime('%A', there)}, {there.tm_mday} {strftime('%B %Y', there)}"
        if self._base + position == self.pane.new and self._stretch is self.pane.present:
            yield NEW

    def _measure(self, known: int = 0) -> None:
        """Compute where entries end, after some at the beginning that are unchanged."""
        del self._ends[known:]
        heights = (entry.height for entry in self._entries[known:])
        ends = accumulate(heights, initial=self._rows)
        next(ends)
        self._ends.extend(ends)
        self.virtual_size = Size(self.size.width, self._rows)
        self.refresh()

    @property
    def _rows(self) -> int:
        return self._ends[-1] if self._ends else 0

    # Position

    def _place(self) -> _Place:
        """Return what is in the top row."""
        if not self._ends:
            return _Place(0, 0, 0, 0)
        position, row = self._at(self.scroll_offset.y)
        entry = self._entries[position]
        row -= entry.above
        letter = entry.rows[max(row, 0)][0] if entry.rows else 0
        items = self._stretch.items[position : position + 50]
        number = next((one.number for one in items if isinstance(one, Spoken) and one.number), 0)
        return _Place(position, letter, min(row, 0), number)

    def _at(self, y: int) -> tuple[int, int]:
        """Return the entry in a row, and the row within it."""
        position = min(bisect_right(self._ends, y), len(self._entries) - 1)
        return position, y - (self._ends[position] - self._entries[position].height)

    def _scroll(self, place: _Place | None) -> None:
        """Scroll to the end if the view was there, or back to what was in the top row."""
        if self.pane.following or place is None or not self._entries:
            self.scroll_end(animate=False, immediate=True, x_axis=False)
            return
        position = min(max(place.position, 0), len(self._entries) - 1)
        rows = self._entries[position].rows
        row = max((n for n, (start, _) in enumerate(rows) if start <= place.letter), default=0)
        y = self._ends[position] - len(rows) + row + place.row
        self.scroll_to(y=max(y, 0), animate=False, force=True, immediate=True)

    def _jump(self, number: int | None) -> None:
        """Scroll a line to the middle, and highlight it."""
        self._found = number
        self._painting.found = number
        self.redraw()
        position = self._stretch.find(number) if number is not None else None
        if position is not None:
            entry = self._entries[position]
            y = self._ends[position] - len(entry.rows) - self.size.height // 2
            self.pane.following = False
            self.scroll_to(y=max(y, 0), animate=False, force=True, immediate=True)
            self._look_around()

    def page(self, pages: int) -> None:
        """Scroll by a page, less two rows."""
        rows = pages * max(self.size.height - 2, 1)
        self.scroll_to(y=self.scroll_y + rows, animate=False, force=True, immediate=True)
        self._look_around()

    def watch_scroll_y(self, old: float, new: float) -> None:
        super().watch_scroll_y(old, new)
        if self.is_on_screen and self._entries:
            self._look_around()

    def _look_around(self) -> None:
        """Detect that the view is near the top, or at the end."""
        at_end = self.scroll_y >= self.max_scroll_y
        self.pane.following = at_end and self.pane.past is None
        if at_end or (self.pane.past and self.scroll_y >= self.max_scroll_y - _NEAR):
            self.post_message(self.AtTheEnd(self.pane))
        if self.scroll_y <= _NEAR and not self.pane.shown.whole:
            self.post_message(self.AtTheTop(self.pane))

    def on_resize(self, event: events.Resize) -> None:
        before, self._seen_size = self._seen_size, self.size
        if before.width != self.size.width:
            self.wrap_anew()
            self.sync()
        elif self.pane.following:
            self._scroll(None)

    def wrap_anew(self) -> None:
        """Wrap everything again for another width or other columns."""
        place = self._place()
        self._columns = columns(self.scrollable_content_region.width, self._time_width)
        before = None
        for entry in self._entries:
            self._wrap(entry, before)
            before = entry.item
        self._measure()
        self._scroll(place)

    def show_times(self, clock: str) -> None:
        """Change the time format."""
        self.clock = clock
        if self.size.width:
            self.wrap_anew()
        else:
            self._seen_size = Size(0, 0)  # it is hidden, and wrapped when it is shown

    @property
    def _time_width(self) -> int:
        return len(strftime(self.clock)) if self.clock else 0

    # Drawing

    def render_line(self, y: int) -> Strip:
        width, below = self.size.width, y == self.size.height - 1
        if below and not self.pane.following and self._entries:
            return self._painting.bar(self.pane.below, width)
        y += self.scroll_offset.y
        if y >= self._rows:
            return Strip.blank(width, self.rich_style)
        position, row = self._at(y)
        entry = self._entries[position]
        chosen = self.text_selection
        span = chosen.get_span(self._base + position) if chosen else None
        if span is not None:
            return list(self._draw(position, entry, span))[row]
        if entry.strips is None:
            entry.strips = list(self._draw(position, entry, None))
        return entry.strips[row]

    def _draw(
        self, position: int, entry: _Entry, chosen: tuple[int, int] | None
    ) -> Iterator[Strip]:
        width, painting = self.size.width, self._painting
        for heading in entry.headings:
            yield painting.heading(heading, "new" if heading is NEW else "heading", width)
        if entry.named:
            yield painting.name_above(entry.item, self._time(entry.item), width)
        time = self._time(entry.item) if self._columns.name else ""
        ordinal = self._base + position
        yield from painting.item(entry.item, ordinal, entry.rows, self._columns, time, chosen)

    def _time(self, item: Item) -> str:
        time = strftime(self.clock, localtime(item.time)) if self.clock else ""
        return "…".rjust(len(time)) if isinstance(item, Spoken) and item.waiting else time

    @property
    def shape(self) -> Columns:
        """Return how rows are divided into columns."""
        return self._columns

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.redraw()

    def redraw(self) -> None:
        """Draw everything again, because it looks different now."""
        for entry in self._entries:
            entry.strips = None
        self.refresh()

    # Copying

    async def _on_click(self, event: events.Click) -> None:
        """Select a word on a double click, a message on a triple click."""
        if event.chain < 2:
            return
        event.stop()
        event.prevent_default()
        at = self.screen.get_widget_and_offset_at(event.screen_x, event.screen_y)[1]
        if at is None or not 0 <= at.y - self._base < len(self._entries):
            return
        text = shown_text(self._entries[at.y - self._base].item)
        first, last = word_at(text, at.x) if event.chain == 2 else (0, len(text))
        self.screen.selections = {self: Selection(Offset(first, at.y), Offset(last, at.y))}

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        first, last = selection
        start = 0 if first is None else max(first.y - self._base, 0)
        end = len(self._entries) - 1 if last is None else last.y - self._base
        texts = []
        for position, entry in enumerate(self._entries[start : end + 1], start):
            span = selection.get_span(self._base + position)
            if span is not None:
                texts.append(copied(entry.item, *span))
        return "\n".join(texts), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()


def _needs_name(item: Item, before: Item | None) -> bool:
    """Return whether a name belongs above an item, where there is no room beside it."""
    if not isinstance(item, Spoken):
        return False
    same = isinstance(before, Spoken) and before.sender == item.sender
    return not same or before is None or item.time - before.time > _TOGETHER
