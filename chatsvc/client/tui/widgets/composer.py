"""Where one types: several lines, sent by Enter; what was sent before comes back with Up."""

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

MANY = 10  # lines of a paste beyond which one is asked first
_REMEMBERED = 200
# Textual's document would end a line at these, and the text would be another one.
_OTHER_BREAKS = re.compile("[\v\f\x1c-\x1e\x85\u2028\u2029]")


class Desk(Protocol):
    """What the composer belongs to.  It is told at once: another conversation may be next."""

    keys: Mapping[str, Callable[[], object]]  # what else keys do, in the order they are typed in

    def send(self, text: str) -> None:
        """The person wants to say this."""

    def pasted(self, text: str) -> None:
        """Many lines were pasted, which are not in the text yet."""

    def complete(self, line: str, at: int, first: bool) -> Completion | None:
        """What the word before a place may become."""


@dataclass(slots=True)
class Cycle:
    """A completion under way: what stands there now, in which row, instead of what was typed."""

    completion: Completion
    row: int
    typed: str
    position: int = -1

    def turn(self, step: int) -> str:
        """Take the next candidate, or the one before."""
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
    """A text of one or more lines."""

    class Completing(Message):
        """There are several ways to complete a word, or no longer."""

        def __init__(self, cycle: Cycle | None) -> None:
            super().__init__()
            self.cycle = cycle

    def __init__(self, desk: Desk) -> None:
        super().__init__(compact=True, id="composer", placeholder="Type to talk, / for commands")
        self.sent: list[str] = []  # in the conversation that is shown
        self._desk = desk
        self._cycle: Cycle | None = None
        self._shown = 0  # characters of the candidate that is put in
        self._killed = ""
        self._back = 0  # how far in what was sent before; 0 is what is being typed
        self._typed = ""

    async def _on_key(self, event: events.Key) -> None:
        """Keys in the order in which they were typed, which bindings of the app would not keep."""
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
        """Put in a text, instead of what is selected."""
        text = _OTHER_BREAKS.sub(" ", text)
        self.replace(text, *self.selection, maintain_selection_offset=False)

    def turn_to(self, text: str, sent: list[str]) -> None:
        """Go on with another text, in another conversation."""
        self._end_cycle()
        self.sent = sent
        self._back, self._typed = 0, ""
        self._show_text(text)

    # Sending, and what was sent

    def send(self) -> bool:
        text = self.text
        if text.strip():
            self.remember(text)
            self.clear()
            self._desk.send(text)
        return True

    def remember(self, text: str) -> None:
        """Let a text come back with Up, unless it holds a password."""
        if text.strip() and not is_secret(text) and self.sent[-1:] != [text]:
            self.sent.append(text)
            del self.sent[:-_REMEMBERED]
        self._back, self._typed = 0, ""

    def put_away(self) -> bool:
        """Have an empty line again, if it is not; what was in it comes back with Up."""
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
        """Look at what was sent before, from the first row on."""
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

    # Completing

    def tab(self) -> bool:
        """Complete a word, or take the next candidate."""
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
        """Take one of the candidates, and be done."""
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
        """Put in a candidate instead of the one before, or of what was typed."""
        assert self._cycle is not None
        row, start = self._cycle.row, self._cycle.completion.start
        result = self.replace(text, (row, start), (row, start + self._shown))
        self._shown = len(text)
        self.move_cursor(result.end_location)

    def _end_cycle(self) -> None:
        if self._cycle is not None:
            self._cycle = None
            self.post_message(self.Completing(None))

    # Letters, which may be several characters each

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
        """Put in what was killed last."""
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
