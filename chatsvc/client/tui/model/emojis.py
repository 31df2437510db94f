"""Emoji by their names, as in `:tea:`; the names are loaded on first use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_MOST = 50  # offered at once
_NAMED = re.compile(r"(?<![\w:]):([a-z0-9_+'&.-]+):(?![\w:])", re.IGNORECASE)


def emojized(text: str) -> str:
    """Return `text` with emoji in place of their names."""
    if _NAMED.search(text) is None:
        return text
    return _NAMED.sub(lambda named: _known().get(named[1].lower(), named[0]), text)


def beginning(part: str) -> Iterator[tuple[str, str]]:
    """Yield names that begin with `part`, then those that contain it, each with its emoji."""
    found = [name for name in _known() if part in name]
    found.sort(key=lambda name: (not name.startswith(part), len(name), name))
    for name in found[:_MOST]:
        yield name, _known()[name]


@lru_cache(maxsize=1)
def _known() -> dict[str, str]:
    from emoji import EMOJI_DATA, STATUS  # takes 30 ms, so only on first use

    known = {}
    for sign, about in EMOJI_DATA.items():
        if about["status"] == STATUS["fully_qualified"]:
            for name in (about["en"], *about.get("alias", ())):
                known[name.strip(":").lower()] = sign
    return known
