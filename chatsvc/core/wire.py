"""A connection as the chat sees it, and the reader at its other end."""

from __future__ import annotations

from typing import Protocol

from chatsvc.model.batch import Batch, Shared
from chatsvc.model.events import Event
from chatsvc.model.history_events import Part
from chatsvc.model.long_events import LongEvent
from chatsvc.model.message_events import Said


class Reader(Protocol):
    """The session behind a connection, as far as it affects how lines are written."""

    client: str
    """The secret that identifies its own lines."""

    def may_hide(self, batch: Batch) -> bool:
        """Return whether some lines of `batch` may be hidden from this reader."""

    def hides(self, line: Said) -> bool:
        """Return whether `line` is hidden from this reader."""


class Wire(Protocol):
    """What the chat needs of a connection."""

    address: str
    """The peer's IP address; empty if it has none."""

    secure: bool
    """Nobody can read the traffic."""

    fingerprint: str
    """SHA-256 of the peer's certificate, in lower-case hexadecimal; empty if it has none."""

    @property
    def node(self) -> str:
        """The node that has accepted it; empty if there are not several."""

    full: bool
    """Nothing more can be sent for now, because the reader is slow."""

    def show(self, batch: Batch, elsewhere: bool) -> None:
        """Send all lines of `batch`; `elsewhere` says that this is not the current room."""

    def show_personally(self, batch: Batch, elsewhere: bool, reader: Reader) -> None:
        """Send `batch` as `reader` sees it: some lines may be their own, hidden, or missed."""

    def tell(self, event: Event, here: str | None, tag: str | None) -> None:
        """Send an event other than a line."""

    def tell_part(self, event: LongEvent, here: str | None, tag: str | None, part: Part) -> None:
        """Send part of a long answer; everything else sent meanwhile follows its end."""

    async def ready(self, work: float = 0.0) -> bool:
        """Charge for work, as `costs.py` counts it, and return whether more can be sent.

        By then everything was sent and paid for; if not, the connection is closed.
        """

    def announce(self, event: Shared, here: str | None) -> None:
        """Send an event that goes to many readers."""

    def hold(self, held: bool) -> None:
        """Stop reading from this connection, or (False) resume."""

    def close(self) -> None:
        """Close once everything is sent."""

    def fail(self, error: Exception) -> None:
        """Log an error of this connection, and close it soon, but not at once."""
