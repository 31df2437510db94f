"""What many are shown at once, encoded once for all who read the same way.  It writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from chatsvc.model.events import Event
from chatsvc.model.message_events import Said
from chatsvc.model.text_rules import LONGEST_TEXT

PORTION = 65536  # characters shown to one reader at once
SHORT = PORTION // LONGEST_TEXT  # lines, which cannot be more than that


class Batch:
    """Lines of one room, in order, without a gap; encoded once per way of writing."""

    __slots__ = ("_pieces", "_whole", "first", "last", "lines", "quiet", "said_by")

    def __init__(self, lines: Sequence[Said]) -> None:
        self.lines = lines
        self.first = lines[0].number
        self.last = lines[-1].number
        self.quiet = any(line.quiet for line in lines)
        self.said_by: dict[str, list[int]] = {}  # the positions of each client's lines
        for position, line in enumerate(lines):
            self.said_by.setdefault(line.client, []).append(position)
        self._pieces: dict[object, list[bytes]] = {}
        self._whole: dict[object, bytes] = {}

    def pieces(self, way: Callable[[Said], bytes]) -> list[bytes]:
        """Each line in one way of writing, in the order of `lines`."""
        pieces = self._pieces.get(way)
        if pieces is None:
            pieces = self._pieces[way] = [way(line) for line in self.lines]
        return pieces

    def whole(self, way: Callable[[Said], bytes]) -> bytes:
        """All lines in one way of writing."""
        whole = self._whole.get(way)
        if whole is None:
            whole = self._whole[way] = b"".join(self.pieces(way))
        return whole


def portions(lines: list[Said]) -> Iterator[list[Said]]:
    """`lines` in pieces small enough to be buffered for a reader who may turn out to be slow."""
    if 0 < len(lines) <= SHORT:
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
    """An event, other than a line, that many are told; encoded once per way of writing, too."""

    __slots__ = ("_written", "event")

    def __init__(self, event: Event) -> None:
        self.event = event
        self._written: dict[object, bytes] = {}

    def written(self, way: object, encode: Callable[[], bytes]) -> bytes:
        """The event in one way of writing, which `encode` does if it is not done yet."""
        written = self._written.get(way)
        if written is None:
            written = self._written[way] = encode()
        return written
