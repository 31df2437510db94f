"""Where one types: several lines, sent by Enter; what was sent before comes back with Up."""

from __future__ import annotations

from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.widgets import TextArea

MANY = 10  # lines of a paste beyond which one is asked first
_REMEMBERED = 200


class Composer(TextArea):
    """A text of one or more lines."""

    BINDINGS = [
        Binding("enter", "send", "Send", priority=True),
        Binding("ctrl+j,shift+enter,alt+enter", "newline", "New line", priority=True, show=False),
        Binding("up", "up", show=False, priority=True),
        Binding("down", "down", show=False, priority=True),
    ]

    class Sent(Message):
        """The person wants to say this."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Pasted(Message):
        """Many lines were pasted, which are not in the text yet."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self) -> None:
        super().__init__(compact=True, id="composer", placeholder="Type to talk, / for commands")
        self._sent: list[str] = []
        self._back = 0  # how far in what was sent before; 0 is what is being typed
        self._typed = ""

    def action_send(self) -> None:
        text = self.text
        if text.strip():
            self.remember(text)
            self.clear()
            self.post_message(self.Sent(text))

    def remember(self, text: str) -> None:
        """Let a text come back with Up."""
        if not self._sent or self._sent[-1] != text:
            self._sent = [*self._sent[-_REMEMBERED:], text]
        self._back, self._typed = 0, ""

    def action_newline(self) -> None:
        self.insert("\n")

    def action_up(self) -> None:
        if self.cursor_location[0] > 0:
            self.action_cursor_up()
        elif self._back < len(self._sent):
            self._typed = self._typed if self._back else self.text
            self._show(self._back + 1)

    def action_down(self) -> None:
        if self.cursor_location[0] < self.document.line_count - 1:
            self.action_cursor_down()
        elif self._back:
            self._show(self._back - 1)

    def _show(self, back: int) -> None:
        self._back = back
        self.load_text(self._sent[-back] if back else self._typed)
        self.move_cursor(self.document.end)

    async def _on_paste(self, event: events.Paste) -> None:
        text = "\n".join(event.text.splitlines())
        event.stop()
        event.prevent_default()
        if text.count("\n") >= MANY:
            self.post_message(self.Pasted(text))
        else:
            self.insert(text)
