"""Events in words and colours, for people."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

from chatsvc.dialects.text import TEXT
from chatsvc.model.events import Event
from chatsvc.model.history_events import History
from chatsvc.model.message_events import Said, Told
from chatsvc.model.text_rules import clean, clean_lines, key

_PALETTE = (31, 32, 33, 34, 35, 36, 91, 92, 94, 95, 96)  # colours of SGR (ECMA-48, 8.3.117)
_BOLD, _FAINT = 1, 2


class Words:
    """Formats events, with or without colours."""

    def __init__(self, colours: bool) -> None:
        self._colours = colours

    def lines(self, event: Event, here: str | None = None, own: bool = False) -> Iterator[str]:
        """Yield `event` in words, for the current room `here`; `own` lines are by "You"."""
        if isinstance(event, Said):
            yield from self._said(event, here, own)
        elif isinstance(event, History) and event.lines:
            for line in event.lines:
                yield from self._said(line, here, False)
        else:
            paint = _BOLD if isinstance(event, Told) else _FAINT
            for text in TEXT.write(event, here).decode().split("\r\n")[:-1]:
                yield self._paint(_row(text), paint)

    def note(self, text: str) -> str:
        """Return a notice by this program."""
        return self._paint(f"* {clean(text)}", _FAINT)

    def _said(self, line: Said, here: str | None, own: bool) -> Iterator[str]:
        written = TEXT.write_said(line, line.room != here).decode()
        text, *following = map(_row, written.removesuffix("\r\n").split("\r\n"))
        sender = f"* {line.sender}" if line.action else f"<{line.sender}>"
        shown = "You:" if own and not line.action else sender
        yield text.replace(sender, self._paint(shown, _BOLD if own else colour(line.sender)), 1)
        yield from following

    def _paint(self, text: str, paint: int) -> str:
        return f"\x1b[{paint}m{text}\x1b[0m" if self._colours else text


def _row(text: str) -> str:
    """Return `text` as one row, with its tabs."""
    return clean_lines(text).replace("\n", " ")


def colour(name: str) -> int:
    """Return the colour of a name; it never changes."""
    return _PALETTE[crc32(key(name).encode()) % len(_PALETTE)]
