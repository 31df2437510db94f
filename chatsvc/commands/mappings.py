"""Arguments that are objects: how they are checked."""

from __future__ import annotations

import re

from chatsvc.model.characters import clean
from chatsvc.model.metadata_events import MOST_KEYS
from chatsvc.model.requests import Refused

LONGEST_SIGNS = 4094  # total bytes, as in IRC (IRCv3 "Message Tags")
_TEXTS = ("ctcp", "ctcp-reply")  # IRC clients receive them as text
_ENDS = re.compile(r"([\r\n])")
MOST_SIGNS = LONGEST_SIGNS // 3  # at once: `+a;` is the shortest


def signs(name: str, value: object) -> dict[str, str]:
    """Return client tags: short words, each with a value."""
    fits = isinstance(value, dict) and len(value) <= MOST_SIGNS
    if not fits or not all(_is_sign(key, each) for key, each in value.items()):  # type: ignore[attr-defined]
        raise Refused("bad-argument", f'{name} are like {{"typing": "active"}}, and few.')
    found = {key: _clean(key, each) for key, each in value.items()}  # type: ignore[attr-defined]
    if len("".join([*found, *found.values()]).encode()) > LONGEST_SIGNS:
        raise Refused("too-long", f"{name} can have at most {LONGEST_SIGNS} bytes in total.")
    return found


def values(name: str, value: object) -> dict[str, str]:
    """Return metadata: values by key, where null or an empty string removes."""
    if not isinstance(value, dict) or len(value) > MOST_KEYS:
        raise Refused(
            "bad-argument", f'{name} are like {{"url": "https://…"}}, at most {MOST_KEYS}.'
        )
    if not all(each is None or isinstance(each, str) for each in value.values()):
        raise Refused("bad-argument", f"{name} must be strings, or null.")
    return {key: clean(each or "") for key, each in value.items()}


def _clean(key: str, value: str) -> str:
    """Return a client tag's value as readers may get it; only that of CTCP is text of a line."""
    if key in _TEXTS:
        return clean(value)
    return "".join(part if part in ("\r", "\n") else clean(part) for part in _ENDS.split(value))


def _is_sign(key: object, value: object) -> bool:
    named = isinstance(key, str) and re.fullmatch(r"[\w./-]+", key, re.A) is not None
    return named and isinstance(value, str)
