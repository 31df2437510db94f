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
    """Where somebody talks, as far as it changes what they are told."""

    name: str


class Endpoint:
    """What a session is told, and when its lines are settled; if that fails, only it suffers."""

    __slots__ = ("here", "in_flight", "missed", "when_settled", "wire")

    here: Place | None

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.here = None  # the room talked to
        self.in_flight = 0
        self.missed = False
        self.when_settled: Callable[[], object] | None = None

    def tell(self, event: Event, tag: str | None = None) -> None:
        """Tell this session what it asked for, or must know."""
        try:
            self.wire.tell(event, self.here.name if self.here else None, tag)
        except Exception as error:
            self.wire.fail(error)

    def tell_part(self, event: LongEvent, tag: str | None, part: Part) -> None:
        """Tell a part of a long answer."""
        self.safely(self.wire.tell_part, event, self.here.name if self.here else None, tag, part)

    def announce(self, event: Shared) -> None:
        """Tell what a slow reader can do without, and is told to have missed."""
        if self.wire.full:
            self.missed = True
            return
        try:
            self.wire.announce(event, self.here.name if self.here else None)
        except Exception as error:
            self.wire.fail(error)

    def hold(self, held: bool) -> None:
        """Read nothing more from this connection, or (False) go on."""
        self.safely(self.wire.hold, held)

    def close(self) -> None:
        """Close the connection once everything is sent."""
        self.safely(self.wire.close)

    def safely(self, act: Callable[..., object], *arguments: Any) -> None:
        """Do something for this session alone; only its own connection suffers if it fails."""
        try:
            act(*arguments)
        except Exception as error:
            self.wire.fail(error)

    def settle(self, count: int = 1) -> None:
        """Some of this session's lines are kept, or refused."""
        self.in_flight = max(0, self.in_flight - count)
        if self.in_flight == 0:
            if self.when_settled:
                call, self.when_settled = self.when_settled, None
                self.safely(call)
            else:
                self.hold(False)

    def once_settled(self, call: Callable[[], object]) -> None:
        """Call when none of this session's lines is on its way any more."""
        if self.in_flight:
            self.when_settled = call
        else:
            self.safely(call)
