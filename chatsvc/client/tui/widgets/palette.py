"""Quick navigation by a few letters: a list of rooms and people, a palette of everything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple, Protocol, TypeVar, cast

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.containers import Vertical
from textual.content import Content
from textual.fuzzy import FuzzySearch, Matcher
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from chatsvc.client.commands import name_of
from chatsvc.client.tui.model.buffers import SERVER
from chatsvc.client.tui.model.completion_source import Knowing
from chatsvc.client.tui.model.keys import Where, bindings, keys_of
from chatsvc.client.tui.model.state import State
from chatsvc.client.tui.widgets.text_field import Field
from chatsvc.model.server_events import Command
from chatsvc.model.text_rules import key

_MOST = 50  # results listed at once
_SAID = 0.1  # the score of an offer that matches, but not in its title


class Goal(NamedTuple):
    """A destination: a room, or a person (`@name`), with its unread count."""

    name: str
    about: str = ""
    mentions: int = 0
    unread: int = 0


def goals(state: State, knowing: Knowing) -> list[Goal]:
    """Return the destinations: mentions, then unread, then other rooms, then people."""
    panes = [pane for pane in state.panes.values() if pane.name not in (SERVER, state.here)]
    panes.sort(key=lambda pane: (-pane.mentions, -pane.unread))
    there = [Goal(pane.name, pane.topic, pane.mentions, pane.unread) for pane in panes]
    other = [Goal(place.room, place.topic) for place in knowing.rooms]
    me = key(state.name)
    people = {
        known: one.name for pane in state.panes.values() for known, one in pane.people.items()
    }
    others = [Goal(f"@{name}") for known, name in sorted(people.items()) if known != me]
    every = {key(goal.name): goal for goal in reversed([*there, *other, *others])}
    every.pop(key(state.here), None)
    return list(reversed(every.values()))


T = TypeVar("T")


def fitting(words: str, all_of: Iterable[T], name: Callable[[T], str]) -> list[T]:
    """Return those whose name contains the letters of `words`, the best first, else in order."""
    if not words.strip():
        return list(all_of)
    search = FuzzySearch()
    scored = [(search.match(words.strip(), name(one))[0], one) for one in all_of]
    return [one for score, one in sorted(scored, key=lambda each: -each[0]) if score > 0]


class _PaletteText(Field):
    """A field whose Enter takes effect where it was typed, before the keys that follow it."""

    async def _on_key(self, event: events.Key) -> None:
        if event.key in keys_of("go"):
            event.stop()
            event.prevent_default()
            self.post_message(self.Submitted(self, self.value))
        else:
            await super()._on_key(event)


class Jump(ModalScreen[str]):
    """Asks where to go; the answer is a room or a person."""

    BINDINGS = bindings(Where.JUMP)

    def __init__(self, everywhere: list[Goal]) -> None:
        super().__init__()
        self._everywhere = everywhere
        self._fitting = everywhere

    def compose(self) -> ComposeResult:
        with Vertical(id="question"):
            yield _PaletteText(placeholder="Where to?", compact=True)
            yield OptionList(compact=True, markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._list("")

    def on_input_changed(self, message: Input.Changed) -> None:
        self._list(message.value)

    def _list(self, words: str) -> None:
        self._fitting = fitting(words, self._everywhere, lambda goal: goal.name)
        listed = self.query_one(OptionList)
        listed.set_options(Option(_shown(goal)) for goal in self._fitting[:_MOST])
        listed.highlighted = 0 if self._fitting else None

    def action_move(self, step: int) -> None:
        listed = self.query_one(OptionList)
        if listed.highlighted is not None:
            listed.highlighted = (listed.highlighted + step) % listed.option_count

    def on_input_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self._go(self.query_one(OptionList).highlighted)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self._go(message.option_index)

    def _go(self, position: int | None) -> None:
        if position is not None:
            self.dismiss(self._fitting[position].name)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss(None)


def _shown(goal: Goal) -> Text:
    text = Text(goal.name, no_wrap=True, overflow="ellipsis")
    if goal.unread:
        text.stylize("bold")
        text.append(f" {goal.unread}", "bold")
    if goal.mentions:
        text.append(f" @{goal.mentions}", "bold reverse")
    text.append(f"  {goal.about}", "dim")
    return text


class Offer(NamedTuple):
    """Something that the palette can do."""

    title: str
    help: str
    do: Callable[[], object]


class Offering(Protocol):
    """The source of the palette's offers."""

    def offers(self) -> Iterable[Offer]:
        """Return everything that can be done, the most useful first."""


class Everything(Provider):
    """Finds offers by their titles, or by words in their descriptions."""

    @property
    def _offers(self) -> Iterable[Offer]:
        return cast(Offering, self.app).offers()

    async def discover(self) -> Hits:
        for offer in self._offers:
            yield DiscoveryHit(_offered(offer), offer.do, offer.title)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for offer in self._offers:
            said = query.casefold() in offer.help.casefold()
            score = matcher.match(offer.title) or said * _SAID
            if score > 0:
                yield Hit(score, _offered(offer, matcher), offer.do, offer.title)


def _offered(offer: Offer, matcher: Matcher | None = None) -> Content:
    """Return an offer as a row.  Nothing in it is markup: a topic can contain anything."""
    title = Content(offer.title)
    if matcher is not None:
        for at in matcher.fuzzy_search.match(matcher.query, offer.title)[1]:
            title = title.stylize(matcher.match_style, at, at + 1)
    return Content("\n").join([title, Content.styled(offer.help, "$text-muted")])


def place_offers(everywhere: Iterable[Goal], go: Callable[[str], object]) -> Iterator[Offer]:
    """Yield the rooms and conversations."""
    for goal in everywhere:
        yield Offer(goal.name, goal.about or "a conversation", partial(go, goal.name))


def command_offers(
    commands: Iterable[Command], do: Callable[[str], object], begin: Callable[[str], object]
) -> Iterator[Offer]:
    """Yield the commands; one with arguments is put into the input, to be completed."""
    for command in sorted(commands, key=name_of):
        name = f"/{name_of(command)}"
        needs = " " in command.usage
        does = partial(begin, f"{name} ") if needs else partial(do, name)
        yield Offer(command.usage, command.help, does)


def setting_offers(
    settings: Iterable[tuple[str, str, str]], begin: Callable[[str], object]
) -> Iterator[Offer]:
    """Yield the settings, each with its value and purpose."""
    for name, value, help in settings:
        yield Offer(f"Setting: {name} is {value}", help, partial(begin, f"/set {name} "))


def theme_offers(names: Iterable[str], do: Callable[[str], object]) -> Iterator[Offer]:
    for name in names:
        yield Offer(f"Theme {name}", "colours of the screen", partial(do, f"/set theme {name}"))
