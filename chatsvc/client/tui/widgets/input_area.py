"""The bottom of the screen: the input, with candidates and hints above it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from chatsvc.client.tui.model import completion
from chatsvc.client.tui.model.buffers import Buffer
from chatsvc.client.tui.model.completion import Candidates, Completion, hint
from chatsvc.client.tui.widgets.composer import Composer
from chatsvc.client.tui.widgets.paste_dialog import PasteQuestion


class InputArea(Vertical):
    """The input; each conversation keeps its own draft."""

    class Typed(Message):
        """The draft of a conversation has changed."""

        def __init__(self, text: str, pane: Buffer) -> None:
            super().__init__()
            self.text = text
            self.pane = pane

    def __init__(
        self,
        pane: Buffer,
        known: Callable[[Buffer], Candidates],
        say: Callable[[str, Buffer], object],
        keys: Mapping[str, Callable[[], object]],
    ) -> None:
        super().__init__(id="entry")
        self.pane = pane
        self.keys = keys
        self._known = known
        self._say = say
        self.composer = Composer(self)
        self.composer.sent = pane.sent
        self._hint = Static(id="hint", markup=False)
        self._candidates = OptionList(id="candidates", markup=False, compact=True)
        self._candidates.can_focus = False

    def compose(self) -> ComposeResult:
        self._hint.display = self._candidates.display = False
        yield self._candidates
        yield self._hint
        yield self.composer

    def show(self, pane: Buffer, left: bool = False) -> None:
        """Show another conversation's draft; if the old one was `left`, its draft moves along."""
        if pane is self.pane:
            return
        text, self.pane.draft = self.composer.text, ""
        if left and not pane.draft:
            pane.draft = text
        else:
            self.pane.draft = text
        self.pane = pane
        self.composer.turn_to(pane.draft, pane.sent)

    def give_back(self, text: str, pane: Buffer) -> bool:
        """Restore a text to the input if the input is empty; otherwise Up recalls it."""
        if pane is self.pane and not self.composer.text:
            self.composer.turn_to(text, pane.sent)
            if text.startswith("/"):
                self.composer.select_all()  # selected, so that typing replaces it
        elif pane is not self.pane and not pane.draft:
            pane.draft = text
        else:
            if text in pane.sent:
                pane.sent.remove(text)
            pane.sent.append(text)
            return False
        return True

    def begin(self, text: str) -> None:
        """Start a new text; Up recalls the draft."""
        self.composer.put_away()
        self.composer.turn_to(text, self.pane.sent)
        self.composer.focus()

    # Messages of the composer

    def send(self, text: str) -> None:
        self._say(text, self.pane)

    def pasted(self, text: str) -> None:
        pane = self.pane

        def answered(answer: str | None) -> None:
            if answer == "edit":
                self._put_into(text, pane)
            elif answer in ("one", "many"):
                for each in (text,) if answer == "one" else text.split("\n"):
                    if each.strip():
                        self._say(each, pane)

        self.app.push_screen(PasteQuestion(text), answered)

    def _put_into(self, text: str, pane: Buffer) -> None:
        if pane is self.pane:
            self.composer.insert(text)
        else:
            pane.draft += text

    def on_composer_completing(self, message: Composer.Completing) -> None:
        message.stop()
        cycle = message.cycle
        self._candidates.display = cycle is not None
        if cycle is not None:
            shown = [Option(candidate.shown) for candidate in cycle.completion.candidates]
            if self._candidates.option_count != len(shown) or cycle.position in (0, len(shown) - 1):
                self._candidates.set_options(shown)
            self._candidates.highlighted = cycle.position

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self.composer.choose(message.option_index)
        self.composer.focus()

    def on_text_area_changed(self, message: Composer.Changed) -> None:
        message.stop()
        self.help()
        self.post_message(self.Typed(self.composer.text, self.pane))

    def help(self) -> None:
        """Show a hint for the command that is being typed."""
        helps = hint(self.composer.text, self._known(self.pane).commands)
        self._hint.update(helps)
        self._hint.display = bool(helps)

    def complete(self, line: str, at: int, first: bool) -> Completion | None:
        return completion.complete(line, at, self._known(self.pane), first)
