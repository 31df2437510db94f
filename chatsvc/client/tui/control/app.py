"""The full-screen client: the parts of the screen, and navigation between them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from time import time

from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.events import AppBlur, AppFocus, Key, Resize
from textual.filter import LineFilter, NoColor
from textual.reactive import Initialize, Reactive
from textual.theme import Theme
from textual.widgets import OptionList
from twisted.internet.interfaces import IReactorTime

from chatsvc.client import graphemes
from chatsvc.client.settings import SETTINGS, listed
from chatsvc.client.tui.control.chat_session import ChatSession, Going, Reach
from chatsvc.client.tui.control.connect_flow import Porch
from chatsvc.client.tui.control.input_handler import InputHandler
from chatsvc.client.tui.control.local_command import local_command
from chatsvc.client.tui.control.local_commands import LocalCommands
from chatsvc.client.tui.control.local_help import Helping
from chatsvc.client.tui.control.notifications import Notices
from chatsvc.client.tui.control.preferences import Preferences
from chatsvc.client.tui.control.redraw_throttle import Moments
from chatsvc.client.tui.model import themes
from chatsvc.client.tui.model.buffers import SERVER, Buffer
from chatsvc.client.tui.model.completion_source import Knowing
from chatsvc.client.tui.model.items import Spoken
from chatsvc.client.tui.model.keys import HELP, Where, bindings, keys_of, named
from chatsvc.client.tui.model.state import State
from chatsvc.client.tui.model.typing_indicator import Signs
from chatsvc.client.tui.widgets.connect import ConnectPage
from chatsvc.client.tui.widgets.conversation_switcher import Shelf
from chatsvc.client.tui.widgets.dialogs import Keys, Sure
from chatsvc.client.tui.widgets.input_area import InputArea
from chatsvc.client.tui.widgets.palette import (
    Everything,
    Jump,
    Offer,
    command_offers,
    goals,
    place_offers,
    setting_offers,
    theme_offers,
)
from chatsvc.client.tui.widgets.search_results import Hits
from chatsvc.client.tui.widgets.sidebars import PeopleList, Places
from chatsvc.client.tui.widgets.status import StatusLine, status, topic
from chatsvc.model.text_rules import counted

STOPPED = 130  # the exit code after an interrupt
MIDDLING = 60  # columns below which the lists are hidden by default
TWICE = 2.0  # seconds in which a second interrupt quits
AGAIN = named("Press {interrupt} again to leave")
_NO_COLOUR = NoColor()  # no-color.org


class ChatApp(App[int]):
    """The screen of one visit to a chat.

    Without a `going`, or if joining fails, the user is asked where to connect.  A user who wants
    another server after joining quits this app with `elsewhere` set.
    """

    CSS_PATH = "chat.tcss"
    TITLE = "chatsvc"
    COMMANDS = {Everything}
    HORIZONTAL_BREAKPOINTS = [
        (0, "-narrow"), (MIDDLING, "-middling"), (110, "-wide"), (150, "-huge")
    ]  # fmt: skip
    BINDINGS = bindings(Where.APP)
    COMMAND_PALETTE_BINDING = keys_of("palette")[0]

    def _chosen_theme(self) -> str:
        return themes.chosen(self.preferences.settings.theme, os.environ)

    # The first theme is the chosen one: styles that are read for another are read twice.
    theme: Reactive[str] = Reactive(Initialize(_chosen_theme))

    def __init__(
        self,
        reach: Reach,
        clock: IReactorTime,
        going: Going,
        ask_where: bool = False,
        preferences: Preferences | None = None,
        now: Callable[[], float] = time,
        warning: str | None = None,  # about the terminal
    ) -> None:
        self.preferences = preferences or Preferences()
        super().__init__()
        self._warning = warning
        self.animation_level = "none"  # animations cost bytes and show nothing new
        self.moments = Moments(self, self._draw)
        self.state = State(now, self.moments.changed)
        self.porch = Porch(self, self.preferences, going, self._come_in, self._type_on)
        self.visit = ChatSession(reach, clock, self.state, self.porch)
        connection = self.visit.connection
        self.knowing = Knowing(connection, self.state, clock, self._learnt)
        self.saying = InputHandler(connection, self.state, self.knowing.commands, self)
        LocalCommands(
            connection, self.state, self.saying, self.preferences, self.show_doing, self._choose
        )
        Helping(self.state, self.saying, self.knowing)
        self.saying.add(self)
        self.knowing.own = self.saying.own
        self.knowing.words = {"set": tuple(SETTINGS), "set theme": (themes.DEFAULT, *themes.NAMES)}
        self.signs = Signs(connection, clock, lambda: self.preferences.settings.typing)
        self.notices = Notices(self.to_terminal, os.environ, now)
        self.elsewhere: Going | None = None
        self.unsent = 0  # messages discarded on leaving
        self.parting = ""  # parting words
        self._early: list[tuple[str, Spoken]] = []  # typed before joining
        self._ask_where = ask_where
        self._wanted: set[str] = set()  # lists shown although the screen is narrow
        self._now = now
        self._doing = ""
        self._interrupted = -TWICE  # time of the last interrupt
        self._places, self._people, self._hits = Places(), PeopleList(), Hits()
        # These are handled in the order of typing, so that no message goes to another room.
        keys = dict.fromkeys(keys_of("next"), partial(self.action_go, 1))
        keys |= dict.fromkeys(keys_of("previous"), partial(self.action_go, -1))
        self.entry = InputArea(self.state.pane, self.knowing.known, self._typed, keys)
        self._topic, self._status = StatusLine("topic"), StatusLine("status")
        self.shelf = Shelf(self.state, self.visit.reading)

    def compose(self) -> ComposeResult:
        yield self._topic
        with Horizontal(id="main"):
            yield self._places
            yield self.shelf
            yield self._people
        yield self._hits
        yield self._status
        yield self.entry

    async def on_mount(self) -> None:
        self.state.when_new = self.notices.tell
        self._choose()
        if self.preferences.complaint:
            self.state.note(self.preferences.complaint, wrong=True)
        self.entry.composer.cursor_blink = False  # blinking costs bytes all the time
        self.screen.set_focus(self.entry.composer)
        await self.moments.draw()
        self.set_interval(1.0, self._tick)
        if self._ask_where:
            await self.porch.open_page()
        else:
            self.call_after_refresh(self.visit.begin, self.porch.going)

    @property
    def available_themes(self) -> dict[str, Theme]:
        """Return all themes by name, ours too before `App` has registered any."""
        return {**super().available_themes, **themes.OWN}

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Remove all colours, even shades of grey, if the user wants none."""
        return [_NO_COLOUR] if self.no_color else super().get_line_filters()

    def to_terminal(self, sequence: str) -> None:
        """Write a control sequence that Textual does not support."""
        if self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()

    def _fatal_error(self) -> None:
        """Omit the values of variables, which Textual would show: they may contain passwords."""
        self.porch.outcome = self._exception
        self._close_messages_no_wait()

    # Joining

    def on_connect_page_chosen(self, message: ConnectPage.Chosen) -> None:
        if self.visit.inside:
            self.elsewhere = message.going
            self.exit(0)
            return
        self.porch.go(message.going)
        self.visit.begin(message.going)

    def on_connect_page_given_up(self, message: ConnectPage.GivenUp) -> None:
        self.visit.give_up()

    def _type_on(self, text: str) -> None:
        """Continue a message that the user was typing when a box opened."""
        self.entry.composer.insert(text)

    def _come_in(self) -> None:
        """Load what the server has, and remember the server."""
        visit = self.visit
        self.knowing.ask_commands()
        self.knowing.ask_rooms()
        server, rooms = visit.going.server, visit.connection.rooms
        if wrong := self.preferences.remember(server, visit.name_to_keep, rooms, self._now()):
            self.state.note(wrong, wrong=True)
        if self._warning is not None:
            self.state.note(self._warning, wrong=True)
            self._warning = None
        early, self._early = self._early, []
        for text, waiting in early:
            self.state.settled(self.state.panes[SERVER], waiting)
            self.saying.typed(text, self.state.pane)

    # Leaving

    def action_leave(self) -> None:
        self.end("")

    def end(self, words: str) -> None:
        """Leave; ask first if messages are waiting to be sent."""
        waiting = self.state.waiting
        if not waiting or not self.visit.inside or self.visit.online:
            self.leave(words)
            return
        lines = f"{counted(waiting, 'message')} {'is' if waiting == 1 else 'are'}"
        dialog = Sure(f"{lines} not sent yet. Leave without sending?", "leave", "stay")
        self.call_later(self.push_screen, dialog, lambda sure: self.leave(words) if sure else None)

    def leave(self, words: str = "") -> None:
        """Exit; the exit code tells whether joining failed."""
        self.parting = words
        self.exit(0 if self.porch.outcome is None else 1)

    def action_end(self) -> None:
        """Leave if the input is empty; else delete the next letter."""
        if self.screen.is_modal or not self.entry.composer.text:
            self.action_leave()
        else:
            self.entry.composer.action_delete_right()

    def action_interrupt(self) -> None:
        """Copy the selection, else clear the input, else leave on the second press."""
        chosen = self.entry.composer.selected_text or self.screen.get_selected_text()
        if chosen:
            self.copy_to_clipboard(chosen)
            self.screen.clear_selection()
            self.show_doing("copied")
        elif self.entry.composer.text:
            self.entry.composer.put_away()
        elif self._now() - self._interrupted < TWICE:
            self.exit(STOPPED)
        else:
            self._interrupted = self._now()
            self.show_doing(AGAIN)

    def action_keys(self) -> None:
        if not self.screen.is_modal:
            self.push_screen(Keys(HELP))

    @local_command("keys", "lists the keyboard shortcuts")
    def _show_keys(self, words: str, pane: Buffer) -> None:
        self.action_keys()

    # Navigation

    def _typed(self, text: str, pane: Buffer) -> None:
        self.signs.sent()
        self.state.return_to_present()  # the conversation for that message, or for its answer
        if self.visit.inside or text.startswith("/"):
            self.saying.typed(text, pane)
        else:  # it is for the default room, whatever its name
            self._early.append((text, self.state.wait(pane, text, False)))

    def _learnt(self) -> None:
        self.entry.help()

    def on_key(self, event: Key) -> None:
        """Send letters that no list handles to the input: the user has clicked somewhere."""
        composer = self.entry.composer
        character = event.character
        if character and graphemes.is_text(character) and self.screen is composer.screen:
            self.screen.set_focus(composer)
            composer.insert(character)

    def on_input_area_typed(self, message: InputArea.Typed) -> None:
        self.knowing.about_to_name(message.text)
        self.signs.typed(message.text, message.pane)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        if message.option_list is self._places:
            self.look_at(self._places.name_at(message.option_index))
        elif message.option_list is self._people:
            self.look_at_person(self._people.name_at(message.option_index))
        else:
            return
        self.entry.composer.focus()

    def action_go(self, steps: int) -> None:
        """Switch to the next or previous buffer in the list."""
        names = [self._places.name_at(n) for n in range(self._places.option_count)]
        self.look_at(names[(names.index(self.state.here) + steps) % len(names)])

    def look_at(self, name: str, left: bool = False) -> None:
        """Switch to another buffer; each keeps its own draft, unless the old one was `left`."""
        pane = self.state.select(name)
        self.entry.show(pane, left)
        self.visit.reading.fill(pane)
        if pane.name != SERVER and not pane.private and pane.inside:
            self.visit.reading.stand_in(pane.name)

    def look_at_person(self, name: str | None) -> None:
        if name is not None and name != self.state.name:
            self.look_at(f"@{name}")

    def go_to(self, name: str | None) -> None:
        """Go to a room or conversation, joining or opening it if necessary."""
        if name is None:
            return
        if name.startswith("#") and name not in self.state.panes:
            self.saying.ask("join", name, self.state.pane)
        else:
            self.look_at(name)

    def action_jump(self) -> None:
        self.knowing.ask_rooms()
        self.push_screen(Jump(goals(self.state, self.knowing)), self.go_to)

    def give_back(self, text: str, pane: Buffer) -> bool:
        return self.entry.give_back(text, pane)

    def action_page(self, pages: int) -> None:
        self.shelf.shown.page(pages)

    def action_present(self) -> None:
        """Go back to the last line."""
        self.state.return_to_present()

    def on_hits_chosen(self, message: Hits.Chosen) -> None:
        """Show a search result in its context, or load older results."""
        if message.line is None:
            self.saying.typed("/search", self.state.pane)
        else:
            self.look_at(message.line.room)
            self.visit.reading.jump(self.state.pane, message.line.number)

    def on_hits_closed(self, message: Hits.Closed) -> None:
        self.entry.composer.focus()
        self.state.forget_found()

    def on_app_focus(self, event: AppFocus) -> None:
        self.state.looking = True
        self.state.seen()

    def on_app_blur(self, event: AppBlur) -> None:
        self.state.looking = False

    def action_toggle_list(self, name: str) -> None:
        """Toggle a list beside the conversation; save the choice on wide screens."""
        if self._is_narrow:
            self._wanted ^= {name}
        else:
            shown = not self.query_one(f"#{name}").display
            self.preferences.set(f"{name} {'on' if shown else 'off'}")
        self.moments.changed()

    @property
    def _is_narrow(self) -> bool:
        return self.size.width < MIDDLING

    def on_resize(self, event: Resize) -> None:
        self.moments.changed()

    def _shows(self, name: str, chosen: bool) -> bool:
        """Return whether a list is shown beside the conversation."""
        return name in self._wanted if self._is_narrow else chosen

    # What the palette offers

    def offers(self) -> Iterable[Offer]:
        """Yield rooms and conversations, commands, settings and themes."""
        yield from place_offers(goals(self.state, self.knowing), self.go_to)
        yield from command_offers(self.knowing.all_commands(), self._do, self.entry.begin)
        yield from setting_offers(listed(self.preferences.settings), self.entry.begin)
        yield from theme_offers(self.knowing.words["set theme"], self._do)

    def _do(self, command: str) -> None:
        self.saying.typed(command, self.state.pane)

    # Drawing

    def _choose(self) -> None:
        """Apply the settings."""
        chosen = self.preferences.settings
        self.theme = self._chosen_theme()
        self.state.highlights = chosen.highlights
        self.saying.emoji = chosen.emoji
        self.notices.settings = chosen
        self.shelf.show_times(chosen.timestamps)
        self.moments.changed()

    def show_doing(self, doing: str) -> None:
        """Show a message in the status line until the next one."""
        self._doing = doing
        self._show_status()

    def _tick(self) -> None:
        if self._doing == AGAIN and self._now() - self._interrupted >= TWICE:
            self._doing = ""
        self._show_status()

    def _show_status(self) -> None:
        self._status.show(status(self.state, self.visit, self._doing, self._status.size.width))

    async def _draw(self) -> None:
        state, chosen = self.state, self.preferences.settings
        self._follow()
        await self.shelf.sync()
        self._places.sync(state)
        self._hits.sync(state)
        self._places.set_class(not self._shows("places", chosen.places), "hidden")
        alone = state.pane.private or state.here == SERVER
        self._people.set_class(alone or not self._shows("people", chosen.people), "hidden")
        self._people.sync(state.pane)
        lists = self._places.display + self._people.display
        main = self.query_one("#main").set_class(lists == 1, "one").set_class(lists == 0, "bare")
        main.set_class(lists == 1 and self._people.display, "right")  # of the conversation
        self._topic.show(topic(state.pane, state, self._people.display))
        self._show_status()
        self.notices.entitle(state)

    def _follow(self) -> None:
        """Focus the input of the current buffer."""
        left = self.entry.pane
        gone = left.name == SERVER or self.state.panes.get(left.name) is not left
        self.entry.show(self.state.pane, left=gone)
