"""The chat's end of a connection: what is sent over it, and which of its lines are on their way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from chatsvc.core.wire import Wire
from chatsvc.model.batch import Shared
from chatsvc.model.events import Event
from chatsvc.model.history_events import Part
from chatsvc.model.long_events import LongEvent


class Place(Protocol):
    """The current room or recipient of a session, as far as events depend on it."""

    name: str


class Endpoint:
    """Sends events to a session, and tracks its lines; a failure affects only this session."""

    __slots__ = ("here", "in_flight", "missed", "when_settled", "wire")

    here: Place | None

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.here = None  # the current room
        self.in_flight = 0
        self.missed = False
        self.when_settled: Callable[[], object] | None = None

    def tell(self, event: Event, tag: str | None = None) -> None:
        """Send an event that the session requested or must see."""
        try:
            self.wire.tell(event, self.here.name if self.here else None, tag)
        except Exception as error:
            self.wire.fail(error)

    def tell_part(self, event: LongEvent, tag: str | None, part: Part) -> None:
        """Send part of a long answer."""
        self.safely(self.wire.tell_part, event, self.here.name if self.here else None, tag, part)

    def announce(self, event: Shared) -> None:
        """Send an event that a slow reader can miss; it is told that some were skipped."""
        if self.wire.full:
            self.missed = True
            return
        try:
            self.wire.announce(event, self.here.name if self.here else None)
        except Exception as error:
            self.wire.fail(error)

    def hold(self, held: bool) -> None:
        """Stop reading from this connection, or (False) resume."""
        self.safely(self.wire.hold, held)

    def close(self) -> None:
        """Close the connection once everything is sent."""
        self.safely(self.wire.close)

    def safely(self, act: Callable[..., object], *arguments: Any) -> None:
        """Call something for this session; if it fails, only its own connection is closed."""
        try:
            act(*arguments)
        except Exception as error:
            self.wire.fail(error)

    def settle(self, count: int = 1) -> None:
        """Count some of this session's lines as stored or refused."""
        self.in_flight = max(0, self.in_flight - count)
        if self.in_flight == 0:
            if self.when_settled:
                call, self.when_settled = self.when_settled, None
                self.safely(call)
            else:
                self.hold(False)

    def once_settled(self, call: Callable[[], object]) -> None:
        """Call `then` when none of this session's lines is on its way any more."""
        if self.in_flight:
            self.when_settled = call
        else:
            self.safely(call)
