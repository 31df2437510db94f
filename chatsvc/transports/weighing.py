"""How many lines an input line counts as."""

from __future__ import annotations

from collections.abc import Sequence

from chatsvc.commands.registry import ROWS
from chatsvc.model.requests import Refused, Request
from chatsvc.model.text_rules import MOST_LINES

_SAID = ("say", "me", "msg", "mods", "signal")


def weight(requests: Sequence[Request | Refused]) -> int:
    """Return how many lines an input line counts as, which `--flood` limits.

    A message to several recipients counts once for each of them, and a message of several lines
    once for each line.
    """
    first = requests[0]
    if not isinstance(first, Request):
        lines = 1
    elif ROWS[first.name].cost.line or _is_change(first):
        lines = _lines_in(first)
    else:
        return 0
    if len(requests) > 1:
        for what in requests[1:]:
            if isinstance(what, Request) and what.name in _SAID:
                lines += _lines_in(what)
    return lines


def _is_change(request: Request) -> bool:
    """Return whether a request that may be a lookup has more than the room that it is about."""
    if not ROWS[request.name].cost.change:
        return False
    if request.rest is not None:
        return bool(request.rest.strip())
    return any(value is not None for name, value in request.args.items() if name != "room")


def _lines_in(request: Request) -> int:
    text = request.args.get("text") if request.rest is None else request.rest
    if not isinstance(text, str) or "\n" not in text:
        return 1
    return min(text.count("\n") + 1, MOST_LINES)
