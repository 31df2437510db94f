"""Where one types: several lines, sent by Enter; what was sent before comes back with Up."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widgets import TextArea

MANY = 10  # lines of a paste beyond which one is asked first
_REMEMBERED = 200


class Composer(TextArea):
    """A text of one or more lines."""

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

    async def _on_key(self, event: events.Key) -> None:
        """Keys in the order in which they were typed, which bindings of the app would not keep."""
        does = _KEYS.get(event.key)
        if does is None:
            await super()._on_key(event)
        elif does(self):
            event.stop()
            event.prevent_default()

    def send(self) -> bool:
        text = self.text
        if text.strip():
            self.remember(text)
            self.clear()
            self.post_message(self.Sent(text))
        return True

    def remember(self, text: str) -> None:
        """Let a text come back with Up."""
        if not self._sent or self._sent[-1] != text:
            self._sent = [*self._sent[-_REMEMBERED:], text]
        self._back, self._typed = 0, ""

    def new_line(self) -> bool:
        self.insert("\n")
        return True

    def up(self) -> bool:
        """Look at what was sent before, from the first row on."""
        if self.cursor_location[0] > 0 or self._back >= len(self._sent):
            return False
        self._typed = self._typed if self._back else self.text
        self._show(self._back + 1)
        return True

    def down(self) -> bool:
        if self.cursor_location[0] < self.document.line_count - 1 or not self._back:
            return False
        self._show(self._back - 1)
        return True

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


_KEYS = {
    "enter": Composer.send,
    "ctrl+j": Composer.new_line,
    "shift+enter": Composer.new_line,
    "alt+enter": Composer.new_line,
    "up": Composer.up,
    "down": Composer.down,
}
