"""How items look: times, names in fixed colours, texts with highlights."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING
from zlib import crc32

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from chatsvc.client import links
from chatsvc.client.tui.model.items import Item, Note, Spoken
from chatsvc.client.tui.widgets.wrapping import Columns, cut, without_blank
from chatsvc.model.text_rules import key

if TYPE_CHECKING:
    from textual.widget import Widget

COMPONENTS = {
    "conversation--time", "conversation--note", "conversation--wrong", "conversation--heading",
    "conversation--new", "conversation--mention", "conversation--own", "conversation--found",
    "conversation--waiting",
}  # fmt: skip
DARK = (
    "#f0a35e", "#7fc8f8", "#a5d46a", "#e89ae0", "#f2d16b", "#6fd6c0", "#f58b8b", "#b3a6f7",
    "#9ad0a0", "#e0b088",
)  # fmt: skip
LIGHT = (
    "#9a4a00", "#005f9e", "#3d6b00", "#8a1f80", "#7a5a00", "#00695a", "#a12020", "#4b36b0",
    "#1d6b2a", "#7a4420",
)  # fmt: skip

TAB = 4  # cells

Mark = tuple[int, int, Style]  # start and end in a text, and the style between them


def shown_text(item: Item) -> str:
    """Return an item's text for display: with spaces for tabs, which a row cannot contain."""
    return _text(item).expandtabs(TAB)


def copied(item: Item, start: int, end: int) -> str:
    """Return part of an item's text, by positions in the displayed text; -1 is the end."""
    text = _text(item)
    if "\t" not in text:
        return text[start : None if end == -1 else end]
    ends = range(len(text) + 1)

    def place(at: int) -> int:
        return bisect_right(ends, at, key=lambda end: len(text[:end].expandtabs(TAB))) - 1

    return text[place(start) : None if end == -1 else place(end)]


def _text(item: Item) -> str:
    if isinstance(item, Spoken) and item.deleted:
        return f"(deleted by {item.deleted})"
    return item.text


class Painting:
    """Draws rows for a widget, in its styles."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self.found: int | None = None  # the number of a search result

    def _style(self, name: str) -> Style:
        return self._widget.get_component_rich_style(f"conversation--{name}", partial=True)

    def colour_of(self, name: str) -> Style:
        """Return the colour of a name: always the same, and readable on this background."""
        colours = DARK if self._widget.app.current_theme.dark else LIGHT
        return Style(color=colours[crc32(key(name).encode()) % len(colours)])

    # Rows without text of items

    def heading(self, text: str, style: str, width: int) -> Strip:
        """Return a heading across the conversation."""
        shown = f" {cut(text, max(width - 2, 1))} "
        before = max((width - cell_len(shown)) // 2, 0)
        line = f"{'─' * before}{shown}".ljust(width, "─")
        segment = Segment(line, self._widget.rich_style + self._style(style))
        return Strip([segment]).adjust_cell_length(width)

    def bar(self, text: str, width: int) -> Strip:
        """Return the bottom row, which says what is below it."""
        style = self._widget.rich_style + self._style("new") + Style(reverse=True)
        return Strip([Segment(f" {cut(text, width - 2)}", style)]).adjust_cell_length(width, style)

    def name_above(self, item: Item, time: str, width: int) -> Strip:
        """Return the sender's name in a row above the message."""
        assert isinstance(item, Spoken)
        base = self._widget.rich_style
        segments = [
            Segment(cut(item.sender, width - len(time) - 1), self._style_of_name(item)),
            Segment(f" {time}", base + self._style("time")),
        ]
        return Strip(segments).adjust_cell_length(width, base)

    # Rows of items

    def item(
        self,
        item: Item,
        ordinal: int,
        rows: list[tuple[int, int]],
        shape: Columns,
        time: str,
        chosen: tuple[int, int] | None,
    ) -> Iterator[Strip]:
        """Yield an item's text, with time and name before the first row if there is room."""
        text, base = shown_text(item), self._widget.rich_style
        marks = [*self._marks(item, text, chosen)]
        head = [*self._head(item, shape, time)]
        for start, end in rows:
            body = self._body(text, without_blank(text, start, end), end, marks, ordinal)
            strip = Strip([*head, *body])
            yield strip.adjust_cell_length(self._widget.size.width, base)
            head = [Segment(" " * shape.gutter, base)]

    def _head(self, item: Item, shape: Columns, time: str) -> Iterator[Segment]:
        base = self._widget.rich_style
        if shape.name:
            yield Segment(time.ljust(shape.time), base + self._style("time"))
        room = (shape.name or shape.gutter) - 1
        if not isinstance(item, Spoken):
            yield Segment(f"{'*':>{room}} ", base + self._style("note"))
        elif not shape.name:
            yield Segment(("*" if item.action else "").rjust(room) + " ", base)
        else:
            name = cut(_name(item), room)
            yield Segment(" " * (room - cell_len(name)), base)
            yield Segment(name, self._style_of_name(item))
            yield Segment(" ", base)

    def _style_of_name(self, item: Spoken) -> Style:
        own = self._style("own") if item.own else self.colour_of(item.sender)
        return self._widget.rich_style + own

    def _marks(self, item: Item, text: str, chosen: tuple[int, int] | None) -> Iterator[Mark]:
        """Yield the styled parts of a text; later ones take precedence."""
        everything = (0, len(text))
        if isinstance(item, Note) and item.wrong:
            yield *everything, self._style("wrong")
        elif not isinstance(item, Spoken) or item.deleted or item.notice:
            yield *everything, self._style("note")
        elif item.waiting:
            yield *everything, self._style("waiting")
        elif item.mention:
            yield *everything, self._style("mention")
        for start, end in links.spans(text):
            yield start, end, Style(link=text[start:end], underline=True)
        if isinstance(item, Spoken) and item.number and item.number == self.found:
            yield *everything, self._style("found")
        if chosen is not None:
            start, end = chosen
            style = self._widget.screen.get_visual_style("screen--selection").rich_style
            yield start, len(text) if end == -1 else end, Style(bgcolor=style.bgcolor)

    def _body(
        self, text: str, start: int, end: int, marks: list[Mark], ordinal: int
    ) -> Iterator[Segment]:
        edges = {edge for first, last, _ in marks for edge in (first, last) if start < edge < end}
        cuts = sorted({start, end, *edges})
        for first, last in pairwise(cuts):
            style = self._widget.rich_style
            for begin, stop, mark in marks:
                if begin <= first < stop:
                    style += mark
            place = Style.from_meta({"offset": (first, ordinal)})
            yield Segment(text[first:last], style + place)


def _name(item: Spoken) -> str:
    """Return the name for the name column; notices are between hyphens, as usual on IRC."""
    if item.action:
        return f"* {item.sender}"
    return f"-{item.sender}-" if item.notice else item.sender
