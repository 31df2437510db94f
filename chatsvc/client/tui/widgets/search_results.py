"""Search results, as a list below the conversation."""

from __future__ import annotations

from time import localtime, strftime

from rich.text import Text
from textual import events
from textual.message import Message

from chatsvc.client.tui.model.keys import keys_of, named
from chatsvc.client.tui.model.state import State
from chatsvc.client.tui.widgets.sidebars import Listing
from chatsvc.model.history_events import Found
from chatsvc.model.message_events import Said
from chatsvc.model.text_rules import clean

HINT = named(": {see_result}: open, {close_results}: back to the latest")
_OLDER = "older results…"


class Hits(Listing):
    """The lines found, newest first."""

    class Chosen(Message):
        """Show this line in its context; None: load older results."""

        def __init__(self, line: Said | None) -> None:
            super().__init__()
            self.line = line

    class Closed(Message):
        """The user has closed the search."""

    def __init__(self) -> None:
        super().__init__("hits")
        self.display = False
        self._found: Found | None = None

    def sync(self, state: State) -> None:
        """Show the current results; after a new search the list takes the focus."""
        if state.found is self._found:
            return
        before, self._found = self._found, state.found
        found = self._found
        self.display = found is not None
        if found is None:
            return
        if before is not None and _is_mended(before, found):
            position = self.highlighted or 0
        else:
            position = len(before.lines) if before and before.query == found.query else 0
            self.focus()
        rest = [Text(_OLDER, "italic")] if found.more else []
        self.show([*map(_hit, found.lines), *rest])
        self.border_title = Text(clean(found.query + HINT))
        self.highlighted = min(position, self.option_count - 1)

    def on_option_list_option_selected(self, message: Listing.OptionSelected) -> None:
        """Go to a result, or load older ones."""
        message.stop()
        position = message.option_index
        lines = self._found.lines if self._found is not None else ()
        self.post_message(self.Chosen(lines[position] if position < len(lines) else None))

    def on_key(self, event: events.Key) -> None:
        if event.key in keys_of("close_results"):
            event.stop()
            self.post_message(self.Closed())


def _is_mended(before: Found, found: Found) -> bool:
    """Return whether the lines are the same, except that some were deleted."""
    places = [[line[:2] for line in each.lines] for each in (before, found)]
    return places[0] == places[1] and before.lines != found.lines


def _hit(line: Said) -> Text:
    when = strftime("%Y-%m-%d %H:%M", localtime(line.time))
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{when} {line.room} ", "dim")
    text.append(f"{clean(line.sender)}: ", "bold")
    if line.deleted:
        return text.append(clean(f"(deleted by {line.deleted})"), "dim")
    return text.append(clean(line.text.replace("\n", " ").replace("\t", " ")))
