"""Loads members and history for the current buffer, and reports read positions."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from chatsvc.client.net.connection import Connection
from chatsvc.client.net.failures import NotConnected
from chatsvc.client.tui.model.buffers import Buffer, Stretch
from chatsvc.client.tui.model.state import State
from chatsvc.model.events import Event
from chatsvc.model.history_events import History
from chatsvc.model.presence_events import People
from chatsvc.model.requests import Refused

PAGE = 200  # lines of history fetched at once
MARK_EVERY = 3.0  # seconds between two reports about one room
NOT_KEPT = ("no-account", "no-such-person", "no-such-room", "not-in-room")  # no history


class HistoryLoader:
    """Loads what a buffer needs."""

    def __init__(self, connection: Connection, state: State, clock: IReactorTime) -> None:
        self._connection = connection
        self._state = state
        self._clock = clock
        self._marking: set[str] = set()  # buffers whose read position was sent recently
        state.when_read = self.mark

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        Deferred.fromCoroutine(work).addErrback(self._went_wrong)

    # Members

    def ask_who(self, room: str) -> None:
        """Load the members of a room."""
        self._do(self._learn_who(room))

    async def _learn_who(self, room: str) -> None:
        page: dict[str, Any] = {}
        asked: set[str] = set()  # the last name so far
        while True:
            people = await self._connection.ask(People, "who", room=room, **page)
            self._state.event(people)
            if not people.more or not people.people or people.people[-1].name in asked:
                return
            page = {"after": people.people[-1].name}
            asked.add(people.people[-1].name)

    def stand_in(self, room: str) -> None:
        """Set the server's current room or recipient to that of a buffer."""
        self._connection.request("room", shown=False, name=room).addErrback(self._went_wrong)

    # Pages of history

    def fill(self, pane: Buffer) -> None:
        """Load history for a buffer that was just joined, or is shown for the first time."""
        if not pane.filled:
            pane.filled = True
            self.fetch_earlier(pane)

    def fetch_earlier(self, pane: Buffer) -> None:
        """Load a page of earlier lines."""
        if pane.kept and not pane.fetching and not pane.shown.whole:
            self._do(self._fetch_earlier(pane, pane.shown))

    async def _fetch_earlier(self, pane: Buffer, shown: Stretch) -> None:
        page = await self._page(pane, before=shown.first or None)
        if page is not None and pane.shown is shown:
            self._state.earlier(pane, page.lines, page.more)

    def fetch_later(self, pane: Buffer) -> None:
        """Load a page of later lines."""
        if pane.past is not None and not pane.fetching:
            self._do(self._fetch_later(pane, pane.past))

    async def _fetch_later(self, pane: Buffer, past: Stretch) -> None:
        page = await self._page(pane, after=past.last, first=True)
        if page is not None and pane.past is past:
            self._state.later(pane, page.lines, page.more)

    def jump(self, pane: Buffer, number: int) -> None:
        """Load and show the lines around a line."""
        for stretch in (pane.present, pane.past):
            if stretch is not None and stretch.find(number) is not None:
                pane.past = stretch if stretch is pane.past else None
                self._state.show(pane, number)
                return
        self._do(self._fetch_around(pane, number))

    async def _fetch_around(self, pane: Buffer, number: int) -> None:
        page = await self._page(pane, around=number)
        if page is not None:
            self._state.around(pane, page.lines, number)

    async def _page(self, pane: Buffer, **bounds: Any) -> History | None:
        """Return a page of history, if there is any; show that it is loading."""
        self._show_fetching(pane, True)
        given = {name: value for name, value in bounds.items() if value is not None}
        try:
            page = await self._history(pane, given)
            while not page.lines and page.next is not None:  # all of them are hidden
                bound = "after" if "first" in given else "before"
                if given.get(bound) == page.next:
                    break  # the same page would be returned again
                given[bound] = page.next
                page = await self._history(pane, given)
        except Refused as refused:
            if refused.code not in NOT_KEPT:
                raise
            pane.kept = pane.kept and refused.code == "no-such-room"
            pane.shown.whole = True
            return None
        finally:
            self._show_fetching(pane, False)
        return page if page.lines else replace(page, more=False)

    async def _history(self, pane: Buffer, given: dict[str, Any]) -> History:
        return await self._connection.ask(History, "history", room=pane.name, n=PAGE, **given)

    def _show_fetching(self, pane: Buffer, fetching: bool) -> None:
        pane.fetching = fetching
        pane.shown.touch_top()
        self._state.touch()

    # Read positions

    def mark(self, pane: Buffer) -> None:
        """Report the read position, now or after a pause since the last report."""
        if pane.name in self._marking or pane.read <= pane.marked or not self._connection.here:
            return
        self._marking.add(pane.name)
        self._clock.callLater(MARK_EVERY, self._mark_again, pane)
        pane.marked = pane.read
        asked: Deferred[Event | None] = self._connection.request(
            "mark", shown=False, room=pane.name, number=pane.read
        )
        asked.addErrback(self._went_wrong)

    def _mark_again(self, pane: Buffer) -> None:
        self._marking.discard(pane.name)
        if self._state.panes.get(pane.name) is pane and pane.inside:  # the user may have left
            self.mark(pane)

    def _went_wrong(self, failure: Failure) -> None:
        if isinstance(failure.value, Refused):
            self._state.note(failure.value.text, wrong=True)
        else:
            failure.trap(NotConnected)
