"""Arguments that are objects or lists: how they are checked."""

from __future__ import annotations

import re

from chatsvc.model.characters import clean
from chatsvc.model.metadata_events import MOST_KEYS
from chatsvc.model.requests import Refused

LONGEST_SIGNS = 4094  # total bytes, as in IRC (IRCv3 "Message Tags")
_TEXTS = ("ctcp", "ctcp-reply")  # IRC clients receive them as text
_ENDS = re.compile(r"([\r\n])")
ROLE_COMMANDS = ("op", "deop", "voice", "devoice", "transfer")
MOST_CHANGES = 20  # of roles at once
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


def role_changes(name: str, value: object) -> list[tuple[str, str, str]]:
    """Return changes of roles: the command, the user, and the tag of its answer."""
    fits = isinstance(value, list) and 0 < len(value) <= MOST_CHANGES
    if not fits or not all(map(_is_role_change, value)):  # type: ignore[call-overload]
        raise Refused(
            "bad-argument", f'{name} are like [["op", "bob", "tag"]], from 1 to {MOST_CHANGES}.'
        )
    return [(do, clean(who), tag) for do, who, tag in value]  # type: ignore[attr-defined]


def _is_role_change(value: object) -> bool:
    if not isinstance(value, list) or len(value) != 3:
        return False
    return all(isinstance(each, str) for each in value) and value[0] in ROLE_COMMANDS


def _clean(key: str, value: str) -> str:
    """Return a client tag's value as readers may get it; only that of CTCP is text of a line."""
    if key in _TEXTS:
        return clean(value)
    return "".join(part if part in ("\r", "\n") else clean(part) for part in _ENDS.split(value))


def _is_sign(key: object, value: object) -> bool:
    named = isinstance(key, str) and re.fullmatch(r"[\w./-]+", key, re.A) is not None
    return named and isinstance(value, str)
