"""What many are shown at once, encoded once for all who read the same way.  It writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chatsvc.model.events import Event, Said


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
