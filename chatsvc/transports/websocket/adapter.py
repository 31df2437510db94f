"""Dialects in WebSocket frames: another form in which a line is encoded once for all readers."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from chatsvc.dialects.jsonl import JSONL
from chatsvc.model.events import Event
from chatsvc.model.history_events import Part
from chatsvc.model.long_events import LongEvent
from chatsvc.model.message_events import Said
from chatsvc.transports.adapters import Adapter, Dialect, SharedAdapter
from chatsvc.transports.websocket.frames import FIN, TEXT, frame, framed

Way = Callable[[Said], bytes]


class FramedDialect:
    """Reads as another dialect does, and writes each of its lines as a frame."""

    def __init__(self, dialect: Dialect, first: int = FIN | TEXT) -> None:
        self._dialect, self._first = dialect, first
        self.read = dialect.read
        self.refuse_encoding = dialect.refuse_encoding

    @property
    def about(self) -> object:
        return self._dialect.about

    @about.setter
    def about(self, what: object) -> None:
        self._dialect.about = what

    def write(self, event: Event, here: str | None, tag: str | None) -> bytes:
        return framed(self._dialect.write(event, here, tag), self._first)

    def write_part(self, event: LongEvent, here: str | None, tag: str | None, part: Part) -> bytes:
        return framed(self._dialect.write_part(event, here, tag, part), self._first)

    def write_said(self, line: Said, elsewhere: bool) -> bytes:
        return framed(self._dialect.write_said(line, elsewhere), self._first)

    def write_own(self, line: Said, elsewhere: bool) -> bytes:
        return framed(self._dialect.write_own(line, elsewhere), self._first)


class _FramedJSON(FramedDialect):
    """JSON, whose long answers are one line and become one message in several fragments."""

    def write_part(self, event: LongEvent, here: str | None, tag: str | None, part: Part) -> bytes:
        data = self._dialect.write_part(event, here, tag, part)
        opcode = TEXT if part.begins else 0
        return frame(data.removesuffix(b"\n"), FIN | opcode if part.ends else opcode)


FRAMED_JSON = SharedAdapter(_FramedJSON(JSONL))


class FramedAdapter:
    """The dialect of one client, in frames; equal ways of writing lines stay equal."""

    def __init__(self, adapter: Adapter, first: int) -> None:
        self._adapter, self._first = adapter, first
        self.dialect = FramedDialect(adapter.dialect, first)

    @property
    def said(self) -> tuple[Way, Way]:
        here, elsewhere = self._adapter.said
        return _framed_way(here, self._first), _framed_way(elsewhere, self._first)


@lru_cache(maxsize=128)
def _framed_way(way: Way, first: int) -> Way:
    """Return a function that writes lines in frames; for the same `way`, the same function."""

    def write(line: Said) -> bytes:
        return framed(way(line), first)

    return write
