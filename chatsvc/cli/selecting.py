"""The options that say whose messages a command is about."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

from chatsvc.cli.service_options import NotDone
from chatsvc.client import time_points
from chatsvc.client.time_points import Point
from chatsvc.model.selection import Selection
from chatsvc.model.text_rules import check_name, room_name

SELECTION: dict[str, dict[str, Any]] = {  # arguments of a parser
    "name": {},
    "--guest": {"action": "store_true", "help": "messages of guests of this name"},
    "--room": {"help": "only messages in this room"},
    "--since": {"metavar": "TIME", "help": "only from this day or time on"},
    "--until": {"metavar": "TIME", "help": "only before this time, or until this day"},
}


def selection(options: argparse.Namespace) -> Selection:
    """Return the messages that these arguments name; the room's name is as it was typed."""
    if len(options.name.split()) != 1:
        raise NotDone("A name is one word. Type it without spaces.")
    if options.guest:
        check_name(options.name)
    since = _moment(options.since, time_points.since)
    until = _moment(options.until, time_points.until)
    if since > time.time():
        raise NotDone("The time of --since is in the future.")
    if until and since >= until:
        raise NotDone("The time of --since must be before that of --until.")
    only = room_name(options.room) if options.room else ""
    return Selection(options.name, options.guest, since, until, only)


def _moment(text: str | None, read: Callable[[str, float], Point]) -> float:
    """Return a time as the archive has it; 0 if none is given."""
    if text is None:
        return 0.0
    point = read(text, time.time())
    if isinstance(point, int):
        raise NotDone(
            f"{text} is not a time. Use a day (2026-11-21), a time, or how long ago (2d)."
        )
    return point
