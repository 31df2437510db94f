"""What a connection tells whoever uses it: a screen, a script."""

from __future__ import annotations

from typing import Protocol

from chatsvc.client.login_prompts import Identity
from chatsvc.model.events import Event
from chatsvc.model.requests import Refused


class Front(Protocol):
    """The user of a connection, which tells it what happens."""

    def event(self, event: Event, tag: str | None) -> None:
        """Something has happened.  Every line of a room comes once, in order.

        Refusals of the front's own requests are not events: they are the requests' answers.
        """

    def lost(self, reason: str) -> None:
        """The connection is lost; it is being restored."""

    def back(self) -> None:
        """The connection is back; what was missed follows."""

    async def refused(self, refusal: Refused, identity: Identity) -> Identity | None:
        """The server refused the login: return what to try next, or None to give up for now."""
