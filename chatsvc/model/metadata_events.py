"""Metadata: short values under keys, which users set on themselves and moderators on rooms.

IRCv3 "Metadata" (draft/metadata-3) has the same limits, so every dialect can show every value.
"""

from __future__ import annotations

import re
from typing import ClassVar, TypeAlias

from chatsvc.model.value import value

MOST_KEYS = 20  # of one user or room
MOST_SUBSCRIPTIONS = 50  # keys, of one session
LONGEST_KEY = 40  # bytes
LONGEST_VALUE = 300  # bytes, so that key and value fit into one IRC message
MOST_CHANGES = 60  # by one user ...
CHANGES_WITHIN = 60.0  # ... within these seconds

_KEY = re.compile(r"[a-z0-9_./-]+", re.ASCII)


def is_key(key: str) -> bool:
    """Return whether this can be a key."""
    return len(key) <= LONGEST_KEY and _KEY.fullmatch(key) is not None


@value
class MetadataItem:
    """The value of a key of a user or room; None if it is not set."""

    target: str
    key: str
    value: str | None = None


@value
class Metadata:
    """Metadata on request, or (`changed`) a change that a session has subscribed to."""

    WIRE: ClassVar[str] = "metadata"
    ENTRIES: ClassVar[str] = "items"

    target: str
    items: tuple[MetadataItem, ...]
    changed: bool = False


@value
class Subscribed:
    """The keys whose changes a session is shown, and which of them are `new`.

    Keys that are `left_out` were too many.
    """

    WIRE: ClassVar[str] = "subscribed"

    keys: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


MetadataEvent: TypeAlias = Metadata | Subscribed
