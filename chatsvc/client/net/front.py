"""The interface of a connection's user: a screen or a script."""

from __future__ import annotations

from typing import Protocol

from chatsvc.client.login_prompts import Identity
from chatsvc.model.events import Event
from chatsvc.model.requests import Refused

MOVED = "Reconnected after a restart of the server."


class Front(Protocol):
    """A connection's user, which the connection informs."""

    def event(self, event: Event, tag: str | None) -> None:
        """Take an event.  Each message in a room arrives once, in order.

        A refusal of the front's own request is not an event: it is the answer to that request.
        """

    def lost(self, reason: str) -> None:
        """Note that the connection is lost and is being restored."""

    def moving(self) -> None:
        """Note that the server restarts; the connection is restored in a moment."""

    def back(self) -> None:
        """Note that the connection is restored; missed events follow."""

    async def refused(self, refusal: Refused, identity: Identity) -> Identity | None:
        """Return what to try after the server refused the login, or None to give up for now."""
