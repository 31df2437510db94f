"""The lists beside a conversation: where one is, with what is new; and who is there."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from chatsvc.client.tui.state import SERVER, Pane, Somebody, State

_RANKS = {"founder": "~", "operator": "@", "moderator": "@", "voiced": "+"}


class Places(OptionList):
    """Rooms and private conversations."""

    def __init__(self) -> None:
        super().__init__(id="places", compact=True, markup=False)
        self._shown: list[tuple[str, str]] = []

    def sync(self, state: State) -> None:
        """Show what there is by now, if it is something else."""
        shown = [(pane.name, _place(pane, state).plain) for pane in _in_order(state)]
        if shown != self._shown:
            self._shown = shown
            self.set_options(
                Option(_place(pane, state), id=f"at-{position}")
                for position, pane in enumerate(_in_order(state))
            )
        position = [name for name, _ in shown].index(state.here)
        if self.highlighted != position:
            self.highlighted = position

    def name_at(self, position: int) -> str:
        return self._shown[position][0]


def _in_order(state: State) -> list[Pane]:
    """The server first, then rooms, then people."""
    return sorted(state.panes.values(), key=lambda pane: (pane.name != SERVER, pane.private))


def _place(pane: Pane, state: State) -> Text:
    name = pane.name or state.chat or "server"
    text = Text(name, no_wrap=True, overflow="ellipsis")
    if pane.unread:
        text.append(f" {pane.unread}", "bold")
        text.stylize("bold", 0, len(name))
    if pane.mentions:
        text.append(f" @{pane.mentions}", "bold reverse")
    if not pane.inside:
        text.stylize("dim")
    return text


class People(OptionList):
    """Who is in a room, those who may moderate first; who is away is dimmed."""

    def __init__(self) -> None:
        super().__init__(id="people", compact=True, markup=False)
        self._shown: list[str] = []

    def sync(self, pane: Pane) -> None:
        people = sorted(pane.people.values(), key=_rank)
        shown = [f"{_RANKS.get(one.role, ' ')}{one.name}{one.away}" for one in people]
        if shown != self._shown:
            self._shown = shown
            self.set_options(Option(_person(one)) for one in people)
            self.border_title = f"{len(people)} here"


def _rank(somebody: Somebody) -> tuple[int, str]:
    prefix = _RANKS.get(somebody.role, " ")
    return "~@+ ".index(prefix), somebody.name.casefold()


def _person(somebody: Somebody) -> Text:
    text = Text(f"{_RANKS.get(somebody.role, ' ')}{somebody.name}", no_wrap=True)
    if somebody.away:
        text.stylize("dim italic")
    return text
