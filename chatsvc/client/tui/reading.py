"""Asking the server for what one looks at: earlier lines, and who is there."""

from __future__ import annotations

from twisted.python.failure import Failure

from chatsvc.client.connection import Connection
from chatsvc.client.failures import NotConnected
from chatsvc.client.tui.state import SERVER, Pane, State
from chatsvc.events import Event, History, Refused

PAGE = 200  # lines of history fetched at once


class Reading:
    """Fills the panes."""

    def __init__(self, connection: Connection, state: State) -> None:
        self._connection = connection
        self._state = state
        self._fetching: set[str] = set()

    def ask_who(self, room: str) -> None:
        """Learn who is in a room."""
        asked = self._connection.request("who", shown=False, room=room)
        asked.addCallbacks(self._answered, self._went_wrong)

    def _answered(self, event: Event | None) -> None:
        if event is not None:
            self._state.event(event)

    def stand_in(self, room: str) -> None:
        """Let the server know to where commands belong."""
        self._connection.request("room", shown=False, name=room).addErrback(self._went_wrong)

    def fetch_earlier(self, pane: Pane) -> None:
        """Put a page of earlier lines above the others."""
        if pane.name in self._fetching or pane.name == SERVER or pane.whole:
            return
        self._fetching.add(pane.name)
        asked = self._connection.request(
            "history", shown=False, room=pane.name, n=PAGE, before=pane.first or None
        )
        asked.addCallbacks(self._fetched, self._went_wrong, (pane,))
        asked.addBoth(lambda _: self._fetching.discard(pane.name))

    def _fetched(self, page: Event | None, pane: Pane) -> None:
        assert isinstance(page, History)
        self._state.earlier(pane.name, page.lines, page.more)

    def _went_wrong(self, failure: Failure) -> None:
        if isinstance(failure.value, Refused):
            self._state.note(failure.value.text, wrong=True)
        else:
            failure.trap(NotConnected)
