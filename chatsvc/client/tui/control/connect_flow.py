"""Joining on the screen: the connect page, and the boxes that ask for names and passwords."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.screen import Screen
from twisted.internet.defer import Deferred

from chatsvc.client.error_text import sentence
from chatsvc.client.login_prompts import wants_proof
from chatsvc.client.tui.control.chat_session import Going
from chatsvc.client.tui.control.preferences import Preferences
from chatsvc.client.tui.widgets.connect import ConnectPage, wrong
from chatsvc.client.tui.widgets.dialogs import Question
from chatsvc.model.requests import Refused


class Porch:
    """The visit's `Host`.  Twisted calls it; it acts in the app's own turn."""

    def __init__(
        self,
        app: App[int],
        preferences: Preferences,
        going: Going,
        inside: Callable[[], object],
        typed: Callable[[str], object],
    ) -> None:
        self.going = going
        self.outcome: BaseException | None = None  # why joining failed
        self._app = app
        self._preferences = preferences
        self._inside = inside
        self._typed = typed  # receives what is typed while a box opens
        self._arrived = False

    @property
    def page(self) -> ConnectPage | None:
        """The connect page, while it is open."""
        pages = (screen for screen in self._app.screen_stack if isinstance(screen, ConnectPage))
        return next(pages, None)

    async def open_page(self, typing: bool = False) -> ConnectPage:
        """Open the connect page; if the user is `typing`, no field takes the focus."""
        page = self.page
        if page is None:
            page = ConnectPage(self.going, self._preferences.recent(), typing)
            await self._app.push_screen(page)
        return page

    def go(self, going: Going) -> None:
        """Show that a connection to this server begins."""
        self.going, self.outcome = going, None
        if (page := self.page) is not None:
            page.connecting(going.server)

    # Reports of the visit

    def let_in(self) -> None:
        self.outcome = None
        self._app.call_later(self._come_in)

    def _come_in(self) -> None:
        self._arrived = True
        if (page := self.page) is not None:
            page.dismiss()
        self._inside()

    def told(self, text: str) -> None:
        if (page := self.page) is not None:
            page.connecting(self.going.server, text)

    def over(self, why: BaseException) -> None:
        self.outcome = why
        text = sentence(why, self.going.server)
        if text is None:
            self._app.exit(1)
        else:
            self._app.call_later(self._complain, why, text)

    async def _complain(self, why: BaseException, text: str) -> None:
        (await self.open_page(typing=self._arrived)).complain(wrong(why, text))

    def ask(self, refused: Refused, question: str, hidden: bool) -> Deferred[str | None]:
        guest = refused.suggestion
        escape = f"join as {guest}" if guest else ""
        hint = " If it is your account, type its password." if wants_proof(refused) else ""
        typed = self._typed if self._arrived and self.page is None else None
        dialog = Question(f"{refused.text}{hint}", question.rstrip(": "), hidden, escape, typed)

        def give_up(_: object) -> None:
            self._app.call_later(self._close, dialog)

        def answered(said: str | None) -> None:
            if not answer.called:
                answer.callback(said)

        answer: Deferred[str | None] = Deferred(give_up)
        self._app.call_later(self._app.push_screen, dialog, answered)
        return answer

    def _close(self, above: Screen[Any]) -> None:
        """Close a box, if it is still open."""
        if above in self._app.screen_stack:
            above.dismiss(None)
