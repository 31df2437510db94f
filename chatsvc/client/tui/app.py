"""The full-screen client: the parts of the screen, and how one gets about in them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import time

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.events import AppBlur, AppFocus
from textual.widgets import ContentSwitcher, OptionList, Static
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint

from chatsvc.client.door import Identity
from chatsvc.client.tui.conversation import Conversation
from chatsvc.client.tui.entry import Entry
from chatsvc.client.tui.knowing import Knowing
from chatsvc.client.tui.lists import People, Places
from chatsvc.client.tui.palette import (
    How,
    Jump,
    Offer,
    What,
    Where,
    command_offers,
    goals,
)
from chatsvc.client.tui.saying import Saying
from chatsvc.client.tui.signs import Signs
from chatsvc.client.tui.state import SERVER, Pane, State
from chatsvc.client.tui.visit import Visit


class ChatApp(App[int]):
    """What a person has before them."""

    CSS_PATH = "chat.tcss"
    TITLE = "chatsvc"
    COMMANDS = {Where, What, How}
    BINDINGS = [
        Binding("ctrl+q", "quit", "Quit", priority=True),
        Binding("ctrl+n,alt+down", "go(1)", "Next"),
        Binding("alt+up", "go(-1)", "Previous", show=False),
        Binding("ctrl+k", "jump", "Jump", priority=True),
        Binding("pageup", "page(-1)", "Earlier", priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
    ]

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        clock: IReactorTime,
        identity: Identity,
        room: str | None = None,
        now: Callable[[], float] = time,
    ) -> None:
        super().__init__()
        self.state = State(now, self._changed)
        self.visit = Visit(endpoint, clock, identity, self.state, self._over)
        connection = self.visit.connection
        self.knowing = Knowing(connection, self.state, clock)
        self.saying = Saying(connection, self.state, self.knowing.commands, self)
        self.knowing.own = self.saying.own
        self.signs = Signs(connection, clock, lambda: True)
        self.parting = ""  # words said when one leaves
        self.outcome: BaseException | None = None  # why the visit could not go on
        self._room = room
        self._dirty = True  # nothing is drawn yet, or drawing is due
        self._conversations: dict[str, Conversation] = {}
        self._places, self._people = Places(), People()
        keys = {
            "ctrl+n": partial(self.action_go, 1),
            "alt+down": partial(self.action_go, 1),
            "alt+up": partial(self.action_go, -1),
        }
        self.entry = Entry(self.state.pane, self.knowing.known, self._typed, keys)
        self._topic, self._status = Static(id="topic", markup=False), Static(id="status")
        self._middle = ContentSwitcher(id="conversations")

    def compose(self) -> ComposeResult:
        yield self._topic
        with Horizontal(id="main"):
            yield self._places
            yield self._middle
            yield self._people
        yield self._status
        yield self.entry

    async def on_mount(self) -> None:
        self.entry.composer.focus()
        await self._draw()
        self.call_after_refresh(self.visit.begin, self._room)

    def _over(self, why: BaseException | None) -> None:
        self.outcome = why
        self.exit(1)

    # Getting about

    def _typed(self, text: str, pane: Pane) -> None:
        self.signs.sent()
        self.saying.typed(text, pane)

    def on_entry_typed(self, message: Entry.Typed) -> None:
        self.knowing.about_to_name(message.text)
        self.signs.typed(message.text, message.pane)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        if message.option_list is self._places:
            self.look_at(self._places.name_at(message.option_index))
        self.entry.composer.focus()

    def action_go(self, steps: int) -> None:
        """Look at the next pane in the list, or the one before."""
        names = [self._places.name_at(n) for n in range(self._places.option_count)]
        self.look_at(names[(names.index(self.state.here) + steps) % len(names)])

    def look_at(self, name: str) -> None:
        """Look at another pane; what one was typing stays there."""
        pane = self.state.select(name)
        self.entry.show(pane)
        if pane.name != SERVER and not pane.private:
            self.visit.reading.stand_in(pane.name)

    def go_to(self, name: str | None) -> None:
        """Look at a room or conversation, which need not be there yet."""
        if name is None:
            return
        if name.startswith("#") and name not in self.state.panes:
            self.saying.typed(f"/join {name}", self.state.pane)
        else:
            self.look_at(name)

    def action_jump(self) -> None:
        self.knowing.ask_rooms()
        self.push_screen(Jump(goals(self.state, self.knowing)), self.go_to)

    def give_back(self, text: str, pane: Pane) -> bool:
        return self.entry.give_back(text, pane)

    def leave(self, words: str) -> None:
        self.parting = words
        self.exit(0)

    def action_page(self, pages: int) -> None:
        shown = self._conversations[self.state.here]
        shown.scroll_relative(y=pages * max(shown.size.height - 2, 1), animate=False)

    def on_conversation_at_the_top(self, message: Conversation.AtTheTop) -> None:
        self.visit.reading.fetch_earlier(message.pane)

    def on_app_focus(self, event: AppFocus) -> None:
        self.state.looking = True
        self.state.seen()

    def on_app_blur(self, event: AppBlur) -> None:
        self.state.looking = False

    # What the palette offers

    def places_to_go(self) -> list[Offer]:
        return [
            Offer(goal.name, goal.about or "a conversation", partial(self.go_to, goal.name))
            for goal in goals(self.state, self.knowing)
        ]

    def things_to_do(self) -> list[Offer]:
        return command_offers(self.knowing.all_commands(), self._do, self.entry.begin)

    def things_to_set(self) -> list[Offer]:
        return []

    def _do(self, command: str) -> None:
        self.saying.typed(command, self.state.pane)

    # Drawing

    def _changed(self) -> None:
        """Draw what is another by now, once for all that happens in a turn."""
        if not self._dirty:
            self._dirty = True
            self.call_later(self._draw)

    async def _draw(self) -> None:
        self._dirty = False
        state = self.state
        self._follow()
        if state.here not in self._conversations:
            await self._add_conversation()
        shown = self._conversations[state.here]
        self._middle.current = shown.id
        shown.sync()
        self._places.sync(state)
        self._people.display = not state.pane.private and state.here != SERVER
        self._people.sync(state.pane)
        self._topic.update(f"{state.here or state.chat}  {state.pane.topic}".strip())
        self._status.update(self._status_line())

    def _follow(self) -> None:
        """Type where one looks, wherever that is by now."""
        left = self.entry.pane
        gone = left.name == SERVER or self.state.panes.get(left.name) is not left
        self.entry.show(self.state.pane, left=gone)

    async def _add_conversation(self) -> None:
        shown = Conversation(self.state.pane, "%H:%M")
        shown.id = f"pane-{len(self._conversations)}"
        self._conversations[self.state.here] = shown
        await self._middle.add_content(shown)

    def _status_line(self) -> str:
        typing = self.state.typing()
        about = f"{', '.join(typing)} typing…" if typing else ""
        where = "connected" if self.visit.online else "not connected"
        return f" {self.state.name}  {where}  {about}"
