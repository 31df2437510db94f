"""The lower end of the screen: where one types, with candidates and hints above it."""

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
    """What one types stays with the conversation in which one was typing it."""

    class Typed(Message):
        """What is being typed, there, is another text now."""

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
        """Go on typing in another conversation; a text whose own one is `left` comes along."""
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
        """Let a text be typed again if nothing else is being typed there; else Up shows it."""
        if pane is self.pane and not self.composer.text:
            self.composer.turn_to(text, pane.sent)
            if text.startswith("/"):
                self.composer.select_all()  # so that another one can be typed at once
        elif pane is not self.pane and not pane.draft:
            pane.draft = text
        else:
            if text in pane.sent:
                pane.sent.remove(text)
            pane.sent.append(text)
            return False
        return True

    def begin(self, text: str) -> None:
        """Begin a text; what is being typed comes back with Up."""
        self.composer.put_away()
        self.composer.turn_to(text, self.pane.sent)
        self.composer.focus()

    # What the composer tells

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
        """Say how the command that is being typed goes on."""
        helps = hint(self.composer.text, self._known(self.pane).commands)
        self._hint.update(helps)
        self._hint.display = bool(helps)

    def complete(self, line: str, at: int, first: bool) -> Completion | None:
        return completion.complete(line, at, self._known(self.pane), first)
