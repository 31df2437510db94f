"""The dialog that asks what to do with a paste of many lines."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from chatsvc.client.tui.model.keys import Where, bindings
from chatsvc.client.tui.model.split_message import parts


class PasteQuestion(ModalScreen[str]):
    """Asks what to do with many pasted lines."""

    BINDINGS = bindings(Where.PASTE)

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        lines, whole = self._text.count("\n") + 1, len(list(parts(self._text)))
        as_one = "one message" if whole == 1 else f"{whole} long messages"
        with Vertical(id="question"):
            yield Static(f"You pasted {lines} lines.", markup=False)
            yield OptionList(
                Option(f"Send them as {as_one}", "one"),
                Option(f"Send them as {lines} messages", "many"),
                Option("Add them to the text and keep editing", "edit"),
                Option("Discard them", "leave"),
                compact=True,
            )

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self.dismiss(message.option_id)
