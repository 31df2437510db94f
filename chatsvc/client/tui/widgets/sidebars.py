"""The lists beside a conversation: rooms and conversations with unread counts, and members."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from chatsvc.client.tui.model.buffers import SERVER, Buffer, Somebody
from chatsvc.client.tui.model.state import State

_RANKS = {"founder": "~", "host": "~", "operator": "@", "moderator": "@", "voiced": "+"}
_LISTED = 1000  # people; of a crowd, the others are only counted


class Listing(OptionList):
    """A list that is rebuilt only when it changes."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name, compact=True, markup=False)
        self._shown: list[Text] = []

    def show(self, texts: list[Text]) -> None:
        if texts != self._shown:
            y = self.scroll_offset.y
            self._shown = texts
            self.set_options(Option(text) for text in texts)
            self.scroll_to(y=y, animate=False)


class Places(Listing):
    """Rooms and private conversations."""

    def __init__(self) -> None:
        super().__init__("places")
        self._names: list[str] = []

    def sync(self, state: State) -> None:
        """Show the current list."""
        panes = in_order(state.panes.values())
        self._names = [pane.name for pane in panes]
        self.show([_place(pane, state) for pane in panes])
        position = self._names.index(state.here)
        if self.highlighted != position:
            self.highlighted = position

    def name_at(self, position: int) -> str:
        return self._names[position]


def in_order(panes: Iterable[Buffer]) -> list[Buffer]:
    """Sort buffers: the server first, then rooms, then people."""
    return sorted(panes, key=lambda pane: (pane.name != SERVER, pane.private))


def _place(pane: Buffer, state: State) -> Text:
    text = Text(pane.name or state.chat or "server", no_wrap=True, overflow="ellipsis")
    if pane.unread:
        text.stylize("bold")
    if not pane.inside:
        text.stylize("dim")
    if state.typing(pane):
        text.append("…")
    if pane.mentions:
        text.append(f" @{pane.mentions}", "bold reverse")
    if pane.unread > pane.mentions:
        text.append(f" {pane.unread}", "bold")
    return text


class PeopleList(Listing):
    """The members of a room, moderators first; away users are dimmed."""

    def __init__(self) -> None:
        super().__init__("people")
        self._names: list[str] = []
        self._of: tuple[str, int] | None = None  # the buffer, and the version of its members

    def sync(self, pane: Buffer) -> None:
        """Show the current members."""
        if self._of == (pane.name, pane.company):
            return
        self._of = (pane.name, pane.company)
        people = sorted(pane.people.values(), key=_rank)
        self._names = [somebody.name for somebody in people[:_LISTED]]
        count = Text(f"{len(people)} here", "dim", no_wrap=True)
        self.show([count, *map(_person, people[:_LISTED])])

    def name_at(self, position: int) -> str | None:
        """Return the name in a row, if there is one."""
        return self._names[position - 1] if position else None


def _rank(somebody: Somebody) -> tuple[int, str]:
    prefix = _RANKS.get(somebody.role, " ")
    return "~@+ ".index(prefix), somebody.name.casefold()


def _person(somebody: Somebody) -> Text:
    mark = _RANKS.get(somebody.role, " ")
    text = Text(f"{mark}{somebody.name}", no_wrap=True, overflow="ellipsis")
    if somebody.away:
        text.stylize("dim italic")
    return text
