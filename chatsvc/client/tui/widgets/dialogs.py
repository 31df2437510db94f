"""Dialogs: questions and messages in a box above everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Key, Paste
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Button, Input, Static

from chatsvc.client import graphemes
from chatsvc.client.tui.model.keys import KEYS, Where, bindings, named
from chatsvc.client.tui.widgets.text_field import Field

PAUSE = 0.5  # seconds without a key press after which the user has noticed a box


class Question(ModalScreen[str | None]):
    """Asks for a line of text; declining returns an empty one, and going back returns None.

    A box that opens unasked passes what the user keeps typing to `typed`, the previous input, until
    they pause: it must not become a password.
    """

    AUTO_FOCUS = ""  # None would mean the first field
    BINDINGS = bindings(Where.QUESTION)

    def __init__(
        self,
        text: str,
        question: str,
        hidden: bool,
        decline: str,
        typed: Callable[[str], object] | None = None,
    ) -> None:
        super().__init__()
        self._typed = typed
        self._pause: Timer | None = None
        self._text = text
        self._question = question
        self._hidden = hidden
        self._decline = decline  # the effect of declining, as the label of a button

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(self._text, markup=False, classes="told")
            yield Field(placeholder=self._question, password=self._hidden, id="answer")
            with Horizontal(classes="buttons"):
                yield Button(
                    named("{answer}: continue"), variant="primary", id="go-on", compact=True
                )
                if self._decline:
                    yield Button(
                        Text(f"{KEYS['decline']}: {self._decline}"), id="decline", compact=True
                    )
                yield Button(named("{back}: back"), id="back", compact=True)

    def on_mount(self) -> None:
        if self._typed is None:
            self._begin()
        else:
            self._pause = self.set_timer(PAUSE, self._begin)

    def _begin(self) -> None:
        self._typed = None
        self.query_one(Field).focus()

    def on_key(self, event: Key) -> None:
        self._pass_on(event, event.character or "")

    def on_paste(self, event: Paste) -> None:
        self._pass_on(event, event.text)

    def _pass_on(self, event: Key | Paste, text: str) -> None:
        if self._typed is None or self._pause is None:
            return
        event.stop()
        event.prevent_default()
        self._pause.reset()
        self._typed("".join(filter(graphemes.is_text, text)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Accept no key as an answer before the field has the focus."""
        return self._typed is None

    def on_input_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self._go_on()

    def on_button_pressed(self, message: Button.Pressed) -> None:
        message.stop()
        if message.button.id == "go-on":
            self._go_on()
        elif message.button.id == "back":
            self.action_back()
        else:
            self.action_answer("")

    def _go_on(self) -> None:
        answer = self.query_one(Input).value
        if answer.strip():
            self.dismiss(answer)

    def action_answer(self, text: str) -> None:
        if self._decline:
            self.dismiss(text)
        else:
            self.action_back()

    def action_back(self) -> None:
        self.dismiss(None)


class Sure(ModalScreen[bool]):
    """Asks for confirmation."""

    BINDINGS = bindings(Where.CONFIRMATION)

    def __init__(self, text: str, yes: str, no: str) -> None:
        super().__init__()
        self._text = text
        self._yes, self._no = yes, no

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(self._text, markup=False, classes="told")
            with Horizontal(classes="buttons"):
                yield Button(
                    f"{KEYS['confirm']}: {self._yes}", variant="primary", id="yes", compact=True
                )
                yield Button(f"{KEYS['cancel']}: {self._no}", id="no", compact=True)

    def on_button_pressed(self, message: Button.Pressed) -> None:
        self.dismiss(message.button.id == "yes")

    def action_answer(self, sure: bool) -> None:
        self.dismiss(sure)


class Keys(ModalScreen[None]):
    """Lists the keyboard shortcuts."""

    BINDINGS = bindings(Where.KEYS_BOX)

    def __init__(self, keys: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold", no_wrap=True)
        for key, does in self._keys:
            table.add_row(key, does)
        with VerticalScroll(classes="box"):
            yield Static(table)
            yield Static(named("\n{close_keys} closes this."), classes="faint")
