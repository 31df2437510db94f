"""The full-screen client: the parts of the screen, and how one gets about in them."""

from __future__ import annotations

from collections.abc import Callable
from time import time

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.events import AppBlur, AppFocus
from textual.widgets import ContentSwitcher, OptionList, Static
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint

from chatsvc.client.door import Identity
from chatsvc.client.tui.composer import Composer
from chatsvc.client.tui.conversation import Conversation
from chatsvc.client.tui.lists import People, Places
from chatsvc.client.tui.saying import Saying
from chatsvc.client.tui.state import SERVER, State
from chatsvc.client.tui.visit import Visit


class ChatApp(App[int]):
    """What a person has before them."""

    CSS_PATH = "chat.tcss"
    TITLE = "chatsvc"
    BINDINGS = [
        Binding("ctrl+q", "quit", "Quit", priority=True),
        Binding("ctrl+n,alt+down", "go(1)", "Next", priority=True),
        Binding("ctrl+p,alt+up", "go(-1)", "Previous", priority=True, show=False),
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
        self.saying = Saying(self.visit.connection, self.state, lambda: self.exit(0))
        self.outcome: BaseException | None = None  # why the visit could not go on
        self._room = room
        self._dirty = True  # nothing is drawn yet, or drawing is due
        self._conversations: dict[str, Conversation] = {}
        self._places, self._people, self._composer = Places(), People(), Composer()
        self._topic, self._status = Static(id="topic", markup=False), Static(id="status")
        self._middle = ContentSwitcher(id="conversations")

    def compose(self) -> ComposeResult:
        yield self._topic
        with Horizontal(id="main"):
            yield self._places
            yield self._middle
            yield self._people
        yield self._status
        yield self._composer

    async def on_mount(self) -> None:
        self._composer.focus()
        await self._draw()
        self.call_after_refresh(self.visit.begin, self._room)

    def _over(self, why: BaseException | None) -> None:
        self.outcome = why
        self.exit(1)

    # Getting about

    def on_composer_sent(self, message: Composer.Sent) -> None:
        self.saying.typed(message.text)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        if message.option_list is self._places:
            self.look_at(self._places.name_at(message.option_index))
        self._composer.focus()

    def action_go(self, steps: int) -> None:
        """Look at the next pane in the list, or the one before."""
        names = [self._places.name_at(n) for n in range(self._places.option_count)]
        self.look_at(names[(names.index(self.state.here) + steps) % len(names)])

    def look_at(self, name: str) -> None:
        """Look at another pane; what one was typing stays there."""
        self.state.pane.draft = self._composer.text
        pane = self.state.select(name)
        self._composer.load_text(pane.draft)
        if pane.name != SERVER and not pane.private:
            self.visit.reading.stand_in(pane.name)

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

    # Drawing

    def _changed(self) -> None:
        """Draw what is another by now, once for all that happens in a turn."""
        if not self._dirty:
            self._dirty = True
            self.call_later(self._draw)

    async def _draw(self) -> None:
        self._dirty = False
        state = self.state
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
