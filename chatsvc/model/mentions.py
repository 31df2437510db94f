"""Finding names in the text of a message, for the server and for clients."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from chatsvc.model.text_rules import key


def mentions(text: str, *names: str) -> bool:
    """Return whether a text contains one of these names as a word, in any case."""
    return _finder(names)(text)


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
