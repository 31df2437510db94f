"""Finding names in the text of a message, for the server and for clients."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from chatsvc.model.characters import plain
from chatsvc.model.message_events import Said
from chatsvc.model.text_rules import key


def mentions(text: str, *names: str) -> bool:
    """Return whether a text contains one of these names as a word, in any case."""
    return _finder(names)(text)


class Searched(NamedTuple):
    """Lines in which a name was looked for."""

    found: list[Said]  # those that mention it
    last: int | None  # the number of the last one, if there was any
    lines: int
    size: int  # characters, of all lines together


def search(lines: Sequence[Said], name: str) -> Searched:
    """Look for a name in lines, which are in the order of their numbers."""
    found = [line for line in lines if mentions(plain(line.text), name)]
    size = sum(len(line.text) for line in lines)
    return Searched(found, lines[-1].number if lines else None, len(lines), size)


@lru_cache(maxsize=256)
def _finder(names: tuple[str, ...]) -> Callable[[str], bool]:
    words = tuple(key(name) for name in names if name)
    whole = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)").search

    def find(text: str) -> bool:
        folded = key(text)
        for word in words:
            if word in folded:  # rarely, and much faster than the pattern
                return whole(folded) is not None
        return False

    return find
