"""A conversation on the screen: items as rows that are wrapped when they are shown, not before.

Rows are virtual: of 10,000 items only those in sight are drawn.  What is selected is the text, and
neither times nor names.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from time import localtime, strftime
from zlib import crc32

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from chatsvc.client.tui.items import Company, Item, Note, Spoken
from chatsvc.client.tui.state import Pane, day
from chatsvc.rules import key

_URL = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]}']")
_NAMES = 14  # cells for the longest name that is shown beside its text
_NEAR_THE_TOP = 5  # rows


@dataclass(slots=True, eq=False)
class _Entry:
    """An item as rows at some width: spans of its text, below headings."""

    item: Item
    headings: tuple[str, ...] = ()
    rows: list[tuple[int, int]] = field(default_factory=list)
    strips: list[Strip] | None = None

    @property
    def height(self) -> int:
        return len(self.headings) + len(self.rows)

    @property
    def text(self) -> str:
        item = self.item
        if isinstance(item, Spoken) and item.deleted:
            return f"(deleted by {item.deleted})"
        return item.text

    def wrap(self, width: int) -> None:
        self.strips = None
        self.rows = list(spans(self.text, width))


def spans(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Where rows of at most `width` cells begin and end in a text, broken between words."""
    start = 0
    for line in text.split("\n"):
        yield from _spans_of_line(text, start, start + len(line), width)
        start += len(line) + 1


def _spans_of_line(text: str, begin: int, end: int, width: int) -> Iterator[tuple[int, int]]:
    if end - begin <= width and (text.isascii() or cell_len(text[begin:end]) <= width):
        yield begin, end
        return
    start, used = begin, 0
    for word in re.compile(r"\s*\S+|\s+").finditer(text, begin, end):
        cells = cell_len(word[0])
        if used + cells > width and used:
            yield start, word.start()
            start, used = word.start(), 0
        for at in range(word.start(), word.end()) if cells > width else ():
            cell = cell_len(text[at])
            if used + cell > width:
                yield start, at
                start, used = at, 0
            used += cell
        used += cells if cells <= width else 0
    yield start, end


class Conversation(ScrollView, can_focus=True):
    """What was said in one pane."""

    COMPONENT_CLASSES = {
        "conversation--time", "conversation--note", "conversation--wrong", "conversation--heading",
        "conversation--new", "conversation--mention", "conversation--own", "conversation--found",
    }  # fmt: skip

    class AtTheTop(Message):
        """Earlier lines are wanted."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, pane: Pane, clock: str) -> None:
        super().__init__()
        self.pane = pane
        self.clock = clock  # how times are written; empty for none
        self.found: re.Pattern[str] | None = None
        self._entries: list[_Entry] = []
        self._ends: list[int] = []  # the row after each entry
        self._base = pane.base  # the ordinal of the first entry
        self._width = 0

    # What there is

    def sync(self) -> None:
        """Show what the pane has by now."""
        pane, at_end = self.pane, self.is_vertical_scroll_end
        dropped = min(max(pane.base - self._base, 0), len(self._entries))
        rows_before = self._ends[dropped - 1] if dropped else 0
        del self._entries[:dropped]
        self._base += dropped
        if not self._entries:
            self._base = pane.base
        earlier = max(self._base - pane.base, 0)
        added = [_Entry(item) for item in pane.items[:earlier]]
        self._entries[:0] = added
        self._base -= earlier
        del self._entries[len(pane.items) :]
        new = len(self._entries)
        self._entries += [_Entry(item) for item in pane.items[new:]]
        touched = {ordinal - self._base for ordinal in pane.touched}
        pane.touched = set()
        changed = {*range(earlier), *touched, *range(new, len(self._entries))}
        for position in sorted(one for one in changed if 0 <= one < len(self._entries)):
            self._fill(position)
        self._measure(sum(entry.height for entry in added) - rows_before, at_end)

    def _fill(self, position: int) -> None:
        entry = self._entries[position]
        entry.item = self.pane.items[position]
        entry.headings = tuple(self._headings(position))
        entry.wrap(self._text_width)

    def _headings(self, position: int) -> Iterator[str]:
        items = self.pane.items
        if not position or day(items[position - 1].time) != day(items[position].time):
            there = localtime(items[position].time)
            yield f"{strftime('%A', there)}, {there.tm_mday} {strftime('%B %Y', there)}"
        if self._base + position == self.pane.new:
            yield "new since you left"

    def _measure(self, moved: int, at_end: bool) -> None:
        self._ends = list(accumulate(entry.height for entry in self._entries))
        self.virtual_size = Size(self.size.width, self._ends[-1] if self._ends else 0)
        if at_end:
            self.scroll_end(animate=False, immediate=True, x_axis=False)
        elif moved:
            y = max(self.scroll_y + moved, 0)
            self.scroll_to(y=y, animate=False, force=True, immediate=True)
        self.refresh()

    @property
    def _gutter(self) -> int:
        """The cells before the text: the time, and the name."""
        narrow = self.size.width < 50
        return len(self.clock and strftime(self.clock)) + 1 + (0 if narrow else _NAMES + 1)

    @property
    def _text_width(self) -> int:
        return max(self.scrollable_content_region.width - self._gutter, 10)

    def on_resize(self, event: events.Resize) -> None:
        if self._width == self.size.width:
            return
        at_end, top = self.is_vertical_scroll_end or not self._width, self._top()
        self._width = self.size.width
        for position in range(len(self._entries)):
            self._entries[position].wrap(self._text_width)
        self._measure(0, at_end)
        if not at_end:
            position, letter = top
            entry = self._entries[position]
            row = max((n for n, (start, _) in enumerate(entry.rows) if start <= letter), default=0)
            y = self._ends[position] - len(entry.rows) + row
            self.scroll_to(y=y, animate=False, force=True, immediate=True)

    def _top(self) -> tuple[int, int]:
        """The entry in the topmost row, and the place in its text that this row begins with."""
        if not self._entries:
            return 0, 0
        position, row = self._at(self.scroll_offset.y)
        entry = self._entries[position]
        text_row = max(row - len(entry.headings), 0)
        return position, entry.rows[text_row][0] if entry.rows else 0

    def _at(self, y: int) -> tuple[int, int]:
        """Which entry is in a row, and in which of its own rows."""
        position = min(bisect_right(self._ends, y), len(self._entries) - 1)
        return position, y - (self._ends[position] - self._entries[position].height)

    def jump(self, position: int) -> None:
        """Show an item in the middle."""
        y = self._ends[position] - self._entries[position].height - self.size.height // 2
        self.scroll_to(y=max(y, 0), animate=False)

    def watch_scroll_y(self, old: float, new: float) -> None:
        super().watch_scroll_y(old, new)
        if new < old and new <= _NEAR_THE_TOP and not self.pane.whole:
            self.post_message(self.AtTheTop(self.pane))

    # How it is drawn

    def render_line(self, y: int) -> Strip:
        y += self.scroll_offset.y
        if not self._entries or y >= self._ends[-1]:
            return Strip.blank(self.size.width, self.rich_style)
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
        width = self.size.width
        for heading in entry.headings:
            name = "new" if heading.startswith("new") else "heading"
            text = f" {heading} ".center(width, "─")
            yield Strip([Segment(text, self._style(name))]).adjust_cell_length(width)
        marks = [*self._marks(entry.item, entry.text, chosen)]
        for number, (start, end) in enumerate(entry.rows):
            head = self._head(entry.item) if number == 0 else [Segment(" " * self._gutter)]
            body = self._body(entry.text, start, end, marks, self._base + position)
            yield Strip([*head, *body]).adjust_cell_length(width, self.rich_style)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"conversation--{name}", partial=True)

    def _head(self, item: Item) -> list[Segment]:
        base = self.rich_style
        time = strftime(self.clock, localtime(item.time)) if self.clock else ""
        shown = [Segment(f"{time} ", base + self._style("time"))]
        room = self._gutter - len(time) - 2
        if not isinstance(item, Spoken):
            return [*shown, Segment("* ".rjust(room + 1) if room > 0 else "", base)]
        name = f"* {item.sender}" if item.action else item.sender
        name = name if cell_len(name) <= _NAMES else f"{name[: _NAMES - 1]}…"
        padding = " " * max(room - cell_len(name), 0)
        style = base + self._style("own") if item.own else base + self.colour_of(item.sender)
        return [*shown, Segment(padding, base), Segment(f"{name} ", style)]

    def colour_of(self, name: str) -> Style:
        """The colour of a person, the same every day, legible on this background."""
        colours = DARK if self.app.current_theme.dark else LIGHT
        return Style(color=colours[crc32(key(name).encode()) % len(colours)])

    def _marks(
        self, item: Item, text: str, chosen: tuple[int, int] | None
    ) -> Iterator[tuple[int, int, Style]]:
        """Parts of a text that are drawn otherwise; what comes later goes above."""
        if isinstance(item, Note):
            yield 0, len(text), self._style("wrong" if item.wrong else "note")
        elif isinstance(item, Company):
            yield 0, len(text), self._style("note")
        elif item.mention:
            yield 0, len(text), self._style("mention")
        for url in _URL.finditer(text):
            yield url.start(), url.end(), Style(link=url[0], underline=True)
        for found in self.found.finditer(text) if self.found else ():
            yield found.start(), found.end(), self._style("found")
        if chosen is not None:
            start, end = chosen
            style = self.screen.get_visual_style("screen--selection").rich_style
            yield start, len(text) if end == -1 else end, Style(bgcolor=style.bgcolor)

    def _body(
        self, text: str, start: int, end: int, marks: list[tuple[int, int, Style]], ordinal: int
    ) -> Iterator[Segment]:
        edges = {edge for first, last, _ in marks for edge in (first, last) if start < edge < end}
        cuts = sorted({start, end, *edges})
        for first, last in pairwise(cuts):
            style = self.rich_style
            for begin, stop, mark in marks:
                if begin <= first < stop:
                    style += mark
            place = Style.from_meta({"offset": (first, ordinal)})
            yield Segment(text[first:last], style + place)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.redraw()

    def redraw(self) -> None:
        """Draw everything anew, because it is to look otherwise."""
        for entry in self._entries:
            entry.strips = None
        self.refresh()

    # What is copied

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        first, last = selection
        start = 0 if first is None else max(first.y - self._base, 0)
        end = len(self._entries) - 1 if last is None else last.y - self._base
        texts = []
        for position, entry in enumerate(self._entries[start : end + 1], start):
            span = selection.get_span(self._base + position)
            if span is not None:
                texts.append(entry.text[span[0] : None if span[1] == -1 else span[1]])
        return "\n".join(texts), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()


DARK = (
    "#f0a35e", "#7fc8f8", "#a5d46a", "#e89ae0", "#f2d16b", "#6fd6c0", "#f58b8b", "#b3a6f7",
    "#9ad0a0", "#e0b088",
)  # fmt: skip
LIGHT = (
    "#9a4a00", "#005f9e", "#3d6b00", "#8a1f80", "#7a5a00", "#00695a", "#a12020", "#4b36b0",
    "#1d6b2a", "#7a4420",
)  # fmt: skip
