"""A line editor for a terminal: keys in, one row of the screen out.  No input or output.

The terminal's own line editing would not tell the client what has been typed, and an incoming
message would break the line.
"""

from __future__ import annotations

import codecs
import enum
import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from wcwidth import iter_graphemes

from chatsvc.client import graphemes
from chatsvc.client.graphemes import width
from chatsvc.client.passwords import is_secret, masked

REMEMBERED = 200  # lines that the up key recalls
LONGEST = 16_384  # maximum length of a line in characters, far above what a server accepts

_KEY = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI (ECMA-48, 5.4)
    r"|\x1bO[@-~]"  # SS3, which some keypads send
    r"|\x1b[^\[O]"  # a key pressed with Alt
    r"|[^\x1b]"
)
_LAST_WORD = re.compile(r"\S*\s*\Z")


class Key(enum.Enum):
    """A key press that is not text."""

    END = "end"
    CLEAR = "clear"


Typed: TypeAlias = "str | Key"


class Editor:
    """One line with a cursor, and the lines typed before, except passwords."""

    def __init__(self) -> None:
        self.prompt = ""
        self.hidden = False  # the line is a password
        self._left = ""  # position of the cursor
        self._right = ""
        self._history: list[str] = []
        self._back = 0  # steps back in the history
        self._draft = ""  # the line typed before going back
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""
        self._keys = self._bindings()

    def feed(self, data: bytes) -> Iterator[Typed]:
        """Process what the keyboard sends; yield each finished line."""
        self._pending += self._decoder.decode(data)
        while (found := _KEY.match(self._pending)) is not None:
            self._pending = self._pending[found.end() :]
            typed = self._type(found.group())
            if typed is not None:
                yield typed

    def row(self, columns: int) -> str:
        """Return the row to draw: the prompt, the line around the cursor, and the cursor."""
        line, cursor = self._left + self._right, len(self._left)
        shown = "*" * len(line) if self.hidden else masked(line).replace("\t", " ")
        left, right = shown[:cursor], shown[cursor:]
        room = max(columns - 1 - width(self.prompt), 1)
        left = _last(left, room)
        right = _first(right, room - width(left))
        back = f"\x1b[{width(right)}D" if right else ""
        return f"\r{self.prompt}{left}{right}\x1b[K{back}"

    def _type(self, key: str) -> Typed | None:
        if key in ("\r", "\n"):
            return self._enter()
        if key == "\x0c":
            return Key.CLEAR
        if key == "\x04" and not self._left + self._right:
            return Key.END
        if key in self._keys:
            self._keys[key]()
        elif key == "\t" or (len(key) == 1 and graphemes.is_text(key)):
            self._insert(key)
        return None

    def _bindings(self) -> dict[str, Callable[[], None]]:
        return {
            **dict.fromkeys(("\x7f", "\b"), self._erase_left),
            **dict.fromkeys(("\x1b[3~", "\x04"), self._erase_right),
            **dict.fromkeys(("\x17", "\x1b\x7f"), self._erase_word),
            **dict.fromkeys(("\x01", "\x1b[H", "\x1bOH", "\x1b[1~"), self._to_start),
            **dict.fromkeys(("\x05", "\x1b[F", "\x1bOF", "\x1b[4~"), self._to_end),
            **dict.fromkeys(("\x02", "\x1b[D", "\x1bOD"), self._to_left),
            **dict.fromkeys(("\x06", "\x1b[C", "\x1bOC"), self._to_right),
            **dict.fromkeys(("\x10", "\x1b[A", "\x1bOA"), lambda: self._recall(self._back + 1)),
            **dict.fromkeys(("\x0e", "\x1b[B", "\x1bOB"), lambda: self._recall(self._back - 1)),
            "\x15": lambda: self._set("", self._right),
            "\x0b": lambda: self._set(self._left, ""),
        }

    def _enter(self) -> str:
        line = self._left + self._right
        self._set("", "")
        self._back = 0
        kept = line and not self.hidden and not is_secret(line)
        if kept and self._history[-1:] != [line]:
            self._history = [*self._history, line][-REMEMBERED:]
        return line

    def _insert(self, text: str) -> None:
        if len(self._left) + len(self._right) < LONGEST:
            self._left += text

    def _set(self, left: str, right: str) -> None:
        self._left, self._right = left, right

    def _erase_left(self) -> None:
        self._left = self._left[: graphemes.before(self._left, len(self._left))]

    def _erase_right(self) -> None:
        line = self._left + self._right
        self._right = line[graphemes.after(line, len(self._left)) :]

    def _erase_word(self) -> None:
        self._left = _LAST_WORD.sub("", self._left)

    def _to_start(self) -> None:
        self._set("", self._left + self._right)

    def _to_end(self) -> None:
        self._set(self._left + self._right, "")

    def _to_left(self) -> None:
        self._move(graphemes.before(self._left, len(self._left)))

    def _to_right(self) -> None:
        self._move(graphemes.after(self._left + self._right, len(self._left)))

    def _move(self, to: int) -> None:
        line = self._left + self._right
        self._set(line[:to], line[to:])

    def _recall(self, back: int) -> None:
        if not 0 <= back <= len(self._history):
            return
        if self._back == 0:
            self._draft = self._left + self._right
        self._back = back
        self._set(self._history[-back] if back else self._draft, "")


def _last(text: str, columns: int) -> str:
    """Return as much of the end of `text` as fits."""
    start = len(text)
    while start > 0:
        before = graphemes.before(text, start)
        if (columns := columns - width(text[before:start])) < 0:
            break
        start = before
    return text[start:]


def _first(text: str, columns: int) -> str:
    """Return as much of the beginning of `text` as fits."""
    end = 0
    for letter in iter_graphemes(text):
        if (columns := columns - width(letter)) < 0:
            break
        end += len(letter)
    return text[:end]
