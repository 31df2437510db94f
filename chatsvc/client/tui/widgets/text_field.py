"""A one-line field that edits grapheme clusters, and accepts text of every script."""

from __future__ import annotations

from textual import events
from textual.widgets import Input
from textual.widgets.input import Selection

from chatsvc.client import graphemes


class Field(Input):
    """Like Textual's, which edits code points instead, and rejects some of them."""

    async def _on_key(self, event: events.Key) -> None:
        character = event.character
        if character is None or event.is_printable or not graphemes.is_text(character):
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()
        self.replace(character, *self.selection)

    def validate_selection(self, selection: Selection) -> Selection:
        """Keep the cursor between clusters."""
        start, end = super().validate_selection(selection)
        return Selection(graphemes.begin(self.value, start), graphemes.begin(self.value, end))

    def action_cursor_right(self, select: bool = False) -> None:
        self._move(graphemes.after(self.value, self.cursor_position), max(self.selection), select)

    def action_cursor_left(self, select: bool = False) -> None:
        self._move(graphemes.before(self.value, self.cursor_position), min(self.selection), select)

    def _move(self, to: int, edge: int, select: bool) -> None:
        """Move by a cluster; collapse a selection that is not extended to its edge."""
        if select:
            self.selection = Selection(self.selection.start, to)
        else:
            self.cursor_position = to if self.selection.is_empty else edge

    def action_delete_left(self) -> None:
        self._delete_to(graphemes.before(self.value, self.cursor_position))

    def action_delete_right(self) -> None:
        self._delete_to(graphemes.after(self.value, self.cursor_position))

    def action_delete_left_word(self) -> None:
        at = self.cursor_position
        self._delete_to(0 if self.password else graphemes.word_before(self.value, at))

    def action_delete_right_word(self) -> None:
        at = self.cursor_position
        self._delete_to(len(self.value) if self.password else graphemes.word_after(self.value, at))

    def action_cursor_left_word(self, select: bool = False) -> None:
        at = self.cursor_position
        self._go(0 if self.password else graphemes.word_before(self.value, at), select)

    def action_cursor_right_word(self, select: bool = False) -> None:
        at = self.cursor_position
        self._go(len(self.value) if self.password else graphemes.word_after(self.value, at), select)

    def _go(self, to: int, select: bool) -> None:
        self.selection = Selection(self.selection.start if select else to, to)

    def _delete_to(self, to: int) -> None:
        """Delete the selection, or what is between the cursor and another position."""
        if self.selection.is_empty:
            self.delete(to, self.cursor_position)
        else:
            self.delete_selection()
