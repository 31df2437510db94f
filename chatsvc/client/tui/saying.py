"""What is typed, on its way to the chat: lines to where one looks, and commands."""

from __future__ import annotations

from collections.abc import Callable

from twisted.python.failure import Failure

from chatsvc.client.connection import Connection
from chatsvc.client.failures import NotConnected, Uncertain
from chatsvc.client.passwords import masked
from chatsvc.client.tui.state import SERVER, State
from chatsvc.events import Refused


class Saying:
    """Says and asks for what a person has typed."""

    def __init__(self, connection: Connection, state: State, leave: Callable[[], object]) -> None:
        self._connection = connection
        self._state = state
        self._leave = leave

    def typed(self, text: str) -> None:
        """Do what the person wants by it."""
        if text.startswith("/") and not text.startswith("//"):
            name, _, rest = text[1:].partition(" ")
            self._command(name.lower(), rest)
        else:
            self._say(text[1:] if text.startswith("//") else text)

    def _say(self, text: str) -> None:
        pane = self._state.pane
        if pane.name == SERVER:
            self._state.note("This is no conversation: /join #lobby enters one.", wrong=True)
        elif pane.private:
            self._connection.tell(pane.name[1:], text).addErrback(self._went_wrong, text)
        else:
            self._connection.say(text, pane.name).addErrback(self._went_wrong, text)

    def _command(self, name: str, rest: str) -> None:
        if name in ("quit", "exit"):
            self._leave()
            return
        asked = self._connection.request(name, rest=rest)
        asked.addErrback(self._went_wrong, f"/{name} {rest}")

    def _went_wrong(self, failure: Failure, text: str) -> None:
        if isinstance(failure.value, Refused):
            self._state.note(failure.value.text, wrong=True)
        elif isinstance(failure.value, Uncertain):
            self._state.note(f"Nobody knows whether this arrived: {masked(text)}", wrong=True)
        else:
            failure.trap(NotConnected)
