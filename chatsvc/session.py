"""One person and one connection's seat: what the hub remembers of each.  No rules, no bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from chatsvc.events import Batch, Event, Request, Said, Shared
from chatsvc.rules import key

if TYPE_CHECKING:
    from chatsvc.room import Room


class Wire(Protocol):
    """What the hub sees of a connection."""

    full: bool
    """Nothing more can be sent for now, because the reader is slow."""

    def show(self, batch: Batch, elsewhere: bool) -> None:
        """Send all lines of `batch`; `elsewhere` says that it is not the room talked to."""

    def show_personally(self, batch: Batch, elsewhere: bool, session: Session) -> None:
        """Send `batch` as `session` sees it: some lines are its own, some of people it ignores."""

    def tell(self, event: Event, here: str | None, tag: str | None) -> None:
        """Send an event other than a line."""

    def announce(self, event: Shared, here: str | None) -> None:
        """Send an event that many are told."""

    def hold(self, held: bool) -> None:
        """Read nothing more from this connection, or (False) go on."""

    def run(self, request: Request) -> None:
        """Do what was asked, and go on reading."""

    def close(self) -> None:
        """Close once everything is sent."""


class User:
    """Somebody who is here, under a name."""

    __slots__ = ("active", "away", "ignores", "key", "name", "since")

    def __init__(self, name: str, now: float) -> None:
        self.name = name
        self.key = key(name)
        self.since = now
        self.active = now
        self.away: str | None = None
        self.ignores: dict[str, str] | None = None  # names as written, by key


class Session:
    """One connection's seat: its user, its rooms, what is on its way."""

    __slots__ = (
        "choices", "client", "door", "here", "in_flight", "knocks", "leaving", "missed", "question",
        "rooms", "suggestion", "target", "user", "when_settled", "whispered", "wire",
    )  # fmt: skip

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.user: User | None = None
        self.client = ""
        self.rooms: dict[str, Room] = {}
        self.here: Room | None = None  # the room talked to
        self.target: User | None = None  # the person talked to instead
        self.question: str | None = "name"  # what the next plain line answers
        self.choices: tuple[str, ...] = ()  # the numbered answers, if there are any
        self.suggestion: str | None = None  # the name that an empty line accepts
        self.door: str | None = None  # the name given before the password was asked for
        self.knocks = 0
        self.in_flight = 0
        self.leaving = False
        self.when_settled: Callable[[], object] | None = None
        self.missed = False
        self.whispered: User | None = None  # who whispered last

    @property
    def name(self) -> str:
        assert self.user is not None
        return self.user.name

    def ignores(self, name: str) -> bool:
        return bool(self.user and self.user.ignores and key(name) in self.user.ignores)

    def hides(self, line: Said) -> bool:
        """Whether a line is one of somebody ignored, and not one's own of an earlier name."""
        return line.client != self.client and self.ignores(line.sender)

    def tell(self, event: Event, tag: str | None = None) -> None:
        """Tell this session what it asked for, or must know."""
        self.wire.tell(event, self.here.name if self.here else None, tag)

    def announce(self, event: Shared) -> None:
        """Tell what a slow reader can do without, and is told to have missed."""
        if self.wire.full:
            self.missed = True
        else:
            self.wire.announce(event, self.here.name if self.here else None)

    def show(self, room: Room, batch: Batch) -> None:
        """Show lines, which must be the next ones."""
        elsewhere = room is not self.here
        if self.client in batch.said_by or (self.user and self.user.ignores):
            self.wire.show_personally(batch, elsewhere, self)
        else:
            self.wire.show(batch, elsewhere)

    def settle(self, count: int = 1) -> None:
        """Some of this session's lines are kept, or refused."""
        self.in_flight = max(0, self.in_flight - count)
        if self.in_flight == 0:
            if self.when_settled:
                call, self.when_settled = self.when_settled, None
                call()
            else:
                self.wire.hold(False)

    def once_settled(self, call: Callable[[], object]) -> None:
        """Call when none of this session's lines is on its way any more."""
        if self.in_flight:
            self.when_settled = call
        else:
            call()
