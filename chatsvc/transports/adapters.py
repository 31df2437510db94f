"""The dialects as a connection uses them: reading, and the ways in which lines are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from chatsvc.dialects.text import TEXT
from chatsvc.model.events import Event
from chatsvc.model.history_events import Part
from chatsvc.model.long_events import LongEvent
from chatsvc.model.message_events import Said
from chatsvc.model.requests import Refused, Request


class Dialect(Protocol):
    """How requests and events are written."""

    def read(self, line: str, question: str | None) -> Sequence[Request]:
        """Return all that a line asks for, in order; raise `Refused` if it cannot be read."""

    def refuse_encoding(self, line: bytes) -> Sequence[Refused]:
        """Return the refusal of a line that is not UTF-8, unless it is answered already."""

    def begin(self, request: Request) -> object:
        """Take events without a tag to be about `request`, and return what they were about."""

    def end(self, before: object) -> None:
        """Take events without a tag to be about what `begin` has returned."""

    def write(self, event: Event, here: str | None, tag: str | None) -> bytes: ...

    def write_part(
        self, event: LongEvent, here: str | None, tag: str | None, part: Part
    ) -> bytes: ...

    def write_said(self, line: Said, elsewhere: bool) -> bytes: ...

    def write_own(self, line: Said, elsewhere: bool) -> bytes: ...


class Adapter(Protocol):
    """A dialect with the two ways in which it writes lines: of the room talked to, and others."""

    @property
    def dialect(self) -> Dialect: ...

    @property
    def said(self) -> tuple[Callable[[Said], bytes], Callable[[Said], bytes]]: ...


class SharedAdapter:
    """Those of a dialect that is one for all connections."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.said = (
            partial(dialect.write_said, elsewhere=False),
            partial(dialect.write_said, elsewhere=True),
        )


TEXT_WAYS = SharedAdapter(TEXT)
