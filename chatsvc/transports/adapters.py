"""The dialects as a connection uses them: reading, and the formats for writing lines."""

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

    about: object  # the context of the request that events without a tag are about

    def read(self, line: str, question: str | None) -> Sequence[Request]:
        """Return all requests of a line, in order; raise `Refused` if it cannot be read."""

    def refuse_encoding(self, line: bytes) -> Sequence[Refused]:
        """Return the refusal of a line that is not UTF-8, unless it was answered already."""

    def write(self, event: Event, here: str | None, tag: str | None) -> bytes: ...

    def write_part(
        self, event: LongEvent, here: str | None, tag: str | None, part: Part
    ) -> bytes: ...

    def write_said(self, line: Said, elsewhere: bool) -> bytes: ...

    def write_own(self, line: Said, elsewhere: bool) -> bytes: ...


class Adapter(Protocol):
    """A dialect with its two formats for lines: those of the current room, and others."""

    @property
    def dialect(self) -> Dialect: ...

    @property
    def said(self) -> tuple[Callable[[Said], bytes], Callable[[Said], bytes]]: ...


class SharedAdapter:
    """The adapter of a dialect that all connections share."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.said = (
            partial(dialect.write_said, elsewhere=False),
            partial(dialect.write_said, elsewhere=True),
        )


TEXT_WAYS = SharedAdapter(TEXT)
