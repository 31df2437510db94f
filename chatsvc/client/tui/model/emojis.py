"""Emoji by their names, as in `:tea:`; what knows the names is loaded when one is first wanted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_MOST = 50  # that are offered at once
_NAMED = re.compile(r"(?<![\w:]):([a-z0-9_+'&.-]+):(?![\w:])", re.IGNORECASE)


def emojized(text: str) -> str:
    """`text` with emoji for their names."""
    if _NAMED.search(text) is None:
        return text
    return _NAMED.sub(lambda named: _known().get(named[1].lower(), named[0]), text)


def beginning(part: str) -> Iterator[tuple[str, str]]:
    """Names that begin with `part`, then those that have it in them, and their emoji."""
    found = [name for name in _known() if part in name]
    found.sort(key=lambda name: (not name.startswith(part), len(name), name))
    for name in found[:_MOST]:
        yield name, _known()[name]


@lru_cache(maxsize=1)
def _known() -> dict[str, str]:
    from emoji import EMOJI_DATA, STATUS  # 30 ms, which only those wait for who want an emoji

    known = {}
    for sign, about in EMOJI_DATA.items():
        if about["status"] == STATUS["fully_qualified"]:
            for name in (about["en"], *about.get("alias", ())):
                known[name.strip(":").lower()] = sign
    return known
