"""The conversations, one of which is visible; each keeps its scroll position."""

from __future__ import annotations

from textual.widgets import ContentSwitcher

from chatsvc.client.tui.control.history_loader import HistoryLoader
from chatsvc.client.tui.model.buffers import Buffer
from chatsvc.client.tui.model.state import State
from chatsvc.client.tui.widgets.conversation import ConversationView


class Shelf(ContentSwitcher):
    """Shows the current conversation, and requests more lines above and below it."""

    def __init__(self, state: State, reading: HistoryLoader) -> None:
        super().__init__(id="conversations")
        self._clock = "%H:%M"  # the time format
        self._state = state
        self._reading = reading
        self._of: dict[Buffer, ConversationView] = {}
        self._made = 0

    @property
    def shown(self) -> ConversationView:
        """The visible conversation."""
        return self._of[self._state.pane]

    async def sync(self) -> None:
        """Show the current conversation in its current state; drop closed ones."""
        panes = set(self._state.panes.values())
        for pane in [pane for pane in self._of if pane not in panes]:
            await self._of.pop(pane).remove()
        if self._state.pane not in self._of:
            await self._add(self._state.pane)
        self.current = self.shown.id
        self.shown.sync()

    async def _add(self, pane: Buffer) -> None:
        conversation = self._of[pane] = ConversationView(pane, self._clock)
        conversation.id = f"pane-{self._made}"
        self._made += 1
        await self.add_content(conversation)

    def show_times(self, clock: str) -> None:
        """Change the time format."""
        self._clock = clock
        for conversation in self._of.values():
            conversation.show_times(clock)

    def on_conversation_view_at_the_top(self, message: ConversationView.AtTheTop) -> None:
        self._reading.fetch_earlier(message.pane)

    def on_conversation_view_at_the_end(self, message: ConversationView.AtTheEnd) -> None:
        self._reading.fetch_later(message.pane)
        self._state.seen()
