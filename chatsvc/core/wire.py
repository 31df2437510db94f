"""A connection as the chat sees it, and the reader at its other end."""

from __future__ import annotations

from typing import Protocol

from chatsvc.model.batch import Batch, Shared
from chatsvc.model.events import Event
from chatsvc.model.history_events import Part
from chatsvc.model.long_events import LongEvent
from chatsvc.model.message_events import Said


class Reader(Protocol):
    """The session behind a connection, as far as it changes what its lines look like."""

    client: str
    """The secret by which its own lines are known."""

    def may_hide(self, batch: Batch) -> bool:
        """Return whether some lines of `batch` may be hidden from this reader."""

    def hides(self, line: Said) -> bool:
        """Return whether this reader is not shown `line`."""


class Wire(Protocol):
    """What the chat knows of a connection."""

    address: str
    """The peer's IP address; empty where there is none."""

    secure: bool
    """What is said cannot be read on the way."""

    fingerprint: str
    """SHA-256 of the peer's certificate, in small hexadecimal digits; empty where there is none."""

    full: bool
    """Nothing more can be sent for now, because the reader is slow."""

    def show(self, batch: Batch, elsewhere: bool) -> None:
        """Send all lines of `batch`; `elsewhere` says that it is not the room talked to."""

    def show_personally(self, batch: Batch, elsewhere: bool, reader: Reader) -> None:
        """Send `batch` as `reader` sees it: some lines are its own, some are hidden from it."""

    def tell(self, event: Event, here: str | None, tag: str | None) -> None:
        """Send an event other than a line."""

    def tell_part(self, event: LongEvent, here: str | None, tag: str | None, part: Part) -> None:
        """Send a part of a long answer; whatever else is sent meanwhile comes after its end."""

    async def ready(self, read: int = 0) -> bool:
        """Charge for lines read from the archive, and return whether more can be sent.

        Then everything was taken and is paid for; if not, the connection is closed.
        """

    def announce(self, event: Shared, here: str | None) -> None:
        """Send an event that many are told."""

    def hold(self, held: bool) -> None:
        """Read nothing more from this connection, or (False) go on."""

    def close(self) -> None:
        """Close once everything is sent."""

    def fail(self, error: Exception) -> None:
        """Log what went wrong for this connection and close it, soon but not at once."""
