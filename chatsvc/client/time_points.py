"""Points in a conversation as users write them: a number, a day, a time, or a duration ago.

A point is the number of a line (int), or a time in seconds since the epoch (float).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TypeAlias

from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import duration

Point: TypeAlias = int | float

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{3})?)?)(Z|[+-]\d\d:\d\d)?")
_AGO = re.compile(r"(?:\d+[smhdw])+", re.IGNORECASE)

WRITTEN = "a number (17), a day (2026-11-21), a time (2026-11-21 14:02), or how long ago (2d)"


def since(text: str, now: float) -> Point:
    """Return the start: the line with this number, or the first one from this time on."""
    return _point(text, now, days=0)


def until(text: str, now: float) -> Point:
    """Return the end: the line with this number, or the last one before this time.

    A day includes all of it.
    """
    return _point(text, now, days=1)


def _point(text: str, now: float, days: int) -> Point:
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return int(text[:15])
    if _AGO.fullmatch(text):
        return now - duration(text)
    try:
        return _moment(text, days)
    except (ValueError, OverflowError, OSError):
        raise Refused("bad-point", f"{text!r} is not a valid position. Use {WRITTEN}.") from None


def _moment(text: str, days: int) -> float:
    """Return a day or time; local, unless the text has a time zone."""
    if _DAY.fullmatch(text):
        return (datetime.fromisoformat(text) + timedelta(days=days)).timestamp()
    parts = _MOMENT.fullmatch(text)
    if parts is None:
        raise ValueError(text)
    day, time, zone = parts.groups()
    zone = "+00:00" if zone == "Z" else zone or ""
    return datetime.fromisoformat(f"{day}T{time}{zone}").timestamp()
