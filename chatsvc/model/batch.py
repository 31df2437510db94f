"""What many readers are shown at once, encoded once per format.  This module writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from chatsvc.model.events import Event
from chatsvc.model.message_events import Said

T = TypeVar("T")

_quiet, _text = attrgetter("quiet"), attrgetter("text")
PORTION = 65536  # characters sent to one reader at once


class Batch:
    """Consecutive lines of one room; encoded once per format."""

    __slots__ = ("_pieces", "_whole", "first", "last", "lines", "quiet", "said_by")

    def __init__(self, lines: Sequence[Said]) -> None:
        self.lines = lines
        self.first = lines[0].number
        self.last = lines[-1].number
        self.quiet = any(map(_quiet, lines))
        self.said_by: dict[str, list[int]] = {}  # the positions of each client's lines
        for position, line in enumerate(lines):
            self.said_by.setdefault(line.client, []).append(position)
        self._pieces: dict[object, list[bytes]] = {}
        self._whole: dict[object, bytes] = {}

    def pieces(self, way: Callable[[Said], bytes]) -> list[bytes]:
        """Return each line in one format, in the order of `lines`."""
        pieces = self._pieces.get(way)
        if pieces is None:
            pieces = self._pieces[way] = [way(line) for line in self.lines]
        return pieces

    def whole(self, way: Callable[[Said], bytes]) -> bytes:
        """Return all lines in one format."""
        whole = self._whole.get(way)
        if whole is None:
            whole = self._whole[way] = b"".join(self.pieces(way))
        return whole


def portions(lines: list[Said]) -> Iterator[list[Said]]:
    """Split `lines` into pieces small enough to be buffered for a reader who may be slow."""
    if lines and sum(map(len, map(_text, lines))) <= PORTION:
        yield lines
        return
    start = size = 0
    for end, line in enumerate(lines):
        size += len(line.text)
        if size > PORTION:
            yield lines[start : end + 1]
            start, size = end + 1, 0
    if start < len(lines):
        yield lines[start:]


class Shared:
    """An event, other than a line, that many are sent; also encoded once per format."""

    __slots__ = ("_written", "event")

    def __init__(self, event: Event) -> None:
        self.event = event
        self._written: dict[object, Any] = {}

    def written(self, way: object, encode: Callable[[], T]) -> T:
        """Return the event in one format, encoding it with `encode` on first use."""
        written: T | None = self._written.get(way)
        if written is None:
            written = self._written[way] = encode()
        return written
