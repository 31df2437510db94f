"""The message editor: several lines, sent by Enter; Up recalls earlier messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from textual import events
from textual.document._document import Location
from textual.message import Message
from textual.widgets import TextArea

from chatsvc.client import graphemes
from chatsvc.client.passwords import is_secret
from chatsvc.client.tui.model.completion import Completion
from chatsvc.client.tui.model.keys import Where, actions, keys_of

MANY = 10  # lines of a paste beyond which the user is asked first
_REMEMBERED = 200
# Textual's document would split lines at these, which would change the text.
_OTHER_BREAKS = re.compile("[\v\f\x1c-\x1e\x85\u2028\u2029]")


class Desk(Protocol):
    """The owner of the composer.  Called at once, because the conversation may change next."""

    keys: Mapping[str, Callable[[], object]]  # what other keys do, in the order of typing

    def send(self, text: str) -> None:
        """Send this text."""

    def pasted(self, text: str) -> None:
        """Ask what to do with a long paste, which is not in the text yet."""

    def complete(self, line: str, at: int, first: bool) -> Completion | None:
        """Return the completions of the word before a position."""


@dataclass(slots=True)
class Cycle:
    """A completion in progress: what was inserted, in which row, and what it replaced."""

    completion: Completion
    row: int
    typed: str
    position: int = -1

    def turn(self, step: int) -> str:
        """Switch to the next or previous candidate."""
        if self.position < 0:
            self.position = 0 if step > 0 else -1
        else:
            self.position += step
        self.position %= len(self.completion.candidates)
        return self.text

    @property
    def text(self) -> str:
        return self.completion.candidates[self.position].text


class Composer(TextArea):
    """An editor for a text of one or more lines."""

    class Completing(Message):
        """Several completions are offered, or no longer."""

        def __init__(self, cycle: Cycle | None) -> None:
            super().__init__()
            self.cycle = cycle

    def __init__(self, desk: Desk) -> None:
        super().__init__(compact=True, id="composer", placeholder="Type to talk, / for commands")
        self.sent: list[str] = []  # in the current conversation
        self._desk = desk
        self._cycle: Cycle | None = None
        self._shown = 0  # characters of the inserted candidate
        self._killed = ""
        self._back = 0  # position in the input history; 0 is the draft
        self._typed = ""

    async def _on_key(self, event: events.Key) -> None:
        """Handle keys in the order of typing, which bindings of the app would not preserve."""
        if self._cycle is not None and event.key not in _CYCLING:
            self._end_cycle()
        does, otherwise = _KEYS.get(event.key), self._desk.keys.get(event.key)
        if does is not None and does(self):
            event.prevent_default()
            event.stop()
        elif otherwise is not None:
            otherwise()
            event.prevent_default()
            event.stop()
        elif does is None and event.character is not None and graphemes.is_text(event.character):
            self._type(event.character)
            event.prevent_default()
            event.stop()
        elif does is None:
            await super()._on_key(event)

    def _type(self, text: str) -> None:
        """Insert a text in place of the selection."""
        text = _OTHER_BREAKS.sub(" ", text)
        self.replace(text, *self.selection, maintain_selection_offset=False)

    def turn_to(self, text: str, sent: list[str]) -> None:
        """Switch to the draft of another conversation."""
        self._end_cycle()
        self.sent = sent
        self._back, self._typed = 0, ""
        self._show_text(text)

    # Sending, and history

    def send(self) -> bool:
        text = self.text
        if text.strip():
            self.remember(text)
            self.clear()
            self._desk.send(text)
        return True

    def remember(self, text: str) -> None:
        """Add a text to the history, unless it contains a password."""
        if text.strip() and not is_secret(text) and self.sent[-1:] != [text]:
            self.sent.append(text)
            del self.sent[:-_REMEMBERED]
        self._back, self._typed = 0, ""

    def put_away(self) -> bool:
        """Clear the input; Up recalls what was in it."""
        if self._cycle is not None:
            self._put(self._cycle.typed)
            self._end_cycle()
        elif self.text:
            self.remember(self.text)
            self.clear()
        else:
            return False
        return True

    def up(self) -> bool:
        """Recall an earlier message, if the cursor is in the first row."""
        row = self.wrapped_document.location_to_offset(self.cursor_location).y
        if row > 0 or self._back >= len(self.sent):
            return False
        self._typed = self._typed if self._back else self.text
        self._show(self._back + 1)
        return True

    def down(self) -> bool:
        row = self.wrapped_document.location_to_offset(self.cursor_location).y
        if row < self.wrapped_document.height - 1 or not self._back:
            return False
        self._show(self._back - 1)
        return True

    def _show(self, back: int) -> None:
        self._back = back
        self._show_text(self.sent[-back] if back else self._typed)

    def _show_text(self, text: str) -> None:
        self.load_text(text)
        self.move_cursor(self.document.end)

    # Completion

    def tab(self) -> bool:
        """Complete a word, or switch to the next candidate."""
        if self._cycle is None:
            self._begin_cycle()
        if self._cycle is not None:
            self._turn(1)
        return True

    def back_tab(self) -> bool:
        if self._cycle is None:
            return False
        self._turn(-1)
        return True

    def choose(self, position: int) -> None:
        """Accept a candidate."""
        if self._cycle is not None:
            self._cycle.position = position
            self._put(self._cycle.text)
            self._end_cycle()

    def _begin_cycle(self) -> None:
        row, column = self.cursor_location
        line = self.document.get_line(row)
        completion = self._desk.complete(line, column, row == 0)
        if completion is not None:
            self._cycle = Cycle(completion, row, line[completion.start : column])
            self._shown = column - completion.start

    def _turn(self, step: int) -> None:
        assert self._cycle is not None
        self._put(self._cycle.turn(step))
        if len(self._cycle.completion.candidates) == 1:
            self._cycle = None
        else:
            self.post_message(self.Completing(self._cycle))

    def _put(self, text: str) -> None:
        """Insert a candidate in place of the previous one or of what was typed."""
        assert self._cycle is not None
        row, start = self._cycle.row, self._cycle.completion.start
        result = self.replace(text, (row, start), (row, start + self._shown))
        self._shown = len(text)
        self.move_cursor(result.end_location)

    def _end_cycle(self) -> None:
        if self._cycle is not None:
            self._cycle = None
            self.post_message(self.Completing(None))

    # Grapheme clusters, which may be several characters each

    def clamp_visitable(self, location: Location) -> Location:
        row, column = super().clamp_visitable(location)
        return row, graphemes.begin(self.document[row], column)

    def get_cursor_left_location(self) -> Location:
        row, column = self.cursor_location
        if not column:
            return super().get_cursor_left_location()
        return row, graphemes.before(self.document[row], column)

    def get_cursor_right_location(self) -> Location:
        row, column = self.cursor_location
        if column == len(self.document[row]):
            return super().get_cursor_right_location()
        return row, graphemes.after(self.document[row], column)

    def get_cursor_word_left_location(self) -> Location:
        row, column = self.cursor_location
        if not column:
            return super().get_cursor_word_left_location()
        return row, graphemes.word_before(self.document[row], column)

    def get_cursor_word_right_location(self) -> Location:
        row, column = self.cursor_location
        if column == len(self.document[row]):
            return super().get_cursor_word_right_location()
        return row, graphemes.word_after(self.document[row], column)

    # Editing

    def new_line(self) -> bool:
        self.insert("\n")
        return True

    def kill_before(self) -> bool:
        return self._kill(self.get_cursor_line_start_location())

    def kill_word(self) -> bool:
        return self._kill(self.get_cursor_word_left_location())

    def kill_after(self) -> bool:
        return self._kill(self.get_cursor_line_end_location())

    def _kill(self, to: Location) -> bool:
        start, end = sorted((self.cursor_location, to))
        if start != end:
            self._killed = self.get_text_range(start, end)
            self.delete(start, end)
        return True

    def yank(self) -> bool:
        """Insert the text that was killed last."""
        self.insert(self._killed)
        return True

    def undo_it(self) -> bool:
        self.undo()
        return True

    def redo_it(self) -> bool:
        self.redo()
        return True

    async def _on_paste(self, event: events.Paste) -> None:
        text = event.text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
        event.stop()
        event.prevent_default()
        self._end_cycle()
        if text.count("\n") >= MANY:
            self._desk.pasted(text)
        else:
            self._type(text)


_CYCLING = keys_of("complete", "complete_back", "put_away")
_KEYS: dict[str, Callable[[Composer], bool]] = {
    key: getattr(Composer, action) for key, action in actions(Where.INPUT).items()
}
