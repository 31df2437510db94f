"""The conditions of LIST: names, masks, users, and the times of creation and topic.

The Modern IRC Client Protocol, "LIST message" and "ELIST parameter".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from chatsvc.model.ban_masks import fits, is_pattern
from chatsvc.model.room_events import Place
from chatsvc.model.text_rules import key

_COMPARISON = re.compile(r"([CT]?)([<>])([0-9]{1,9})", re.IGNORECASE)

Condition = Callable[[Place], bool]


def wanted_of(written: str, now: float) -> Condition:
    """Return a function that says whether a place meets all conditions, and is named if any is."""
    names, conditions = [], []
    for word in filter(None, written.split(",")):
        compared = _COMPARISON.fullmatch(word)
        if compared is not None:
            kind, sign, number = compared.groups()
            conditions.append(_comparison(kind.upper(), sign, int(number), now))
        elif word.startswith("!"):
            conditions.append(_other_than(word[1:]))
        else:
            names.append(_named(word))
    return lambda place: (
        all(meets(place) for meets in conditions)
        and (not names or any(is_named(place) for is_named in names))
    )


def _named(word: str) -> Condition:
    if is_pattern(word):
        return lambda place: fits(word, place.room)
    return lambda place: key(place.room) == key(word)


def _other_than(pattern: str) -> Condition:
    return lambda place: not fits(pattern, place.room)


def _comparison(kind: str, sign: str, number: int, now: float) -> Condition:
    """Compare users, or the minutes since the room was created (C) or got its topic (T)."""

    def value(place: Place) -> float | None:
        if not kind:
            return place.count
        since = place.made if kind == "C" else place.topic_time
        return None if since is None else (now - since) / 60

    def meets(place: Place) -> bool:
        found = value(place)
        return found is not None and (found < number if sign == "<" else found > number)

    return meets
