"""Line editing as an NVT does it: how lines end, and keys that correct them (RFC 854; RFC 1123)."""

from __future__ import annotations

import re

from wcwidth import grapheme_boundary_before

BS, DEL, KILL = b"\x08", b"\x7f", b"\x15"  # KILL is Ctrl-U, as on terminals
KEYS = b"\x00\r" + BS + DEL + KILL  # anything but plain text

_TOKENS = re.compile(rb"[^\x00\x08\n\r\x15\x7f]+|\r\n|\r\x00|[\x00\x08\n\r\x15\x7f]")
_ENDS = (b"\n", b"\r\n", b"\r\x00")
_LONGEST_GRAPHEME = 64  # maximum bytes; in a longer line, a key removes that much


def needs_no_editing(data: bytes) -> bool:
    """Return whether `data` is whole lines without corrections."""
    if not data.endswith(b"\n"):
        return False
    keys = len(data) - len(data.translate(None, KEYS))
    return keys == data.count(b"\r\n")  # the CR of each line end


class LineEditor:
    """Collects a line until it ends, however its bytes are split.

    CR LF, CR NUL and LF end a line. So does a CR at the end of the data, and with it each CR before
    it: programs that send no other line end may send several lines at once.
    """

    __slots__ = ("_after_cr", "_line", "_longest")

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._line = bytearray()
        self._after_cr = False

    @property
    def idle(self) -> bool:
        """Whether no line has begun."""
        return not (self._line or self._after_cr)

    def feed(self, data: bytes) -> bytes:
        """Return the finished lines, each with LF; or what is too long to be a line."""
        if not data:
            return b""
        if self._after_cr and data[0] in b"\n\x00":
            data = data[1:]
        self._after_cr = data.endswith(b"\r")
        lines: list[bytes] = []
        for token in _TOKENS.findall(data):
            self._take(token, lines)
        if self._after_cr:
            lines += self.rest().removesuffix(b"\r").split(b"\r")
        ended = b"".join(line + b"\n" for line in lines)
        return ended + self.rest() if len(self._line) > self._longest else ended

    def rest(self) -> bytes:
        """Return and forget the unfinished line."""
        rest = bytes(self._line)
        self._line.clear()
        return rest

    def _take(self, token: bytes, lines: list[bytes]) -> None:
        if token in _ENDS:
            lines.append(self.rest())
        elif token in (BS, DEL):
            self._erase()
        elif token == KILL:
            self._line.clear()
        elif token != b"\x00":
            self._line += token

    def _erase(self) -> None:
        """Remove the last grapheme cluster (UAX #29)."""
        line = self._line
        if not line or line[-1] < 0x80:
            del line[-1:]
            return
        end = line[-_LONGEST_GRAPHEME:].decode("utf-8", "surrogateescape")
        last = end[grapheme_boundary_before(end, len(end)) :]
        del line[-len(last.encode("utf-8", "surrogateescape")) :]
