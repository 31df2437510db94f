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
    if isinstance(first, Request) and not ROWS[first.name].cost.line:
        return 0
    lines = _lines_in(first)
    if len(requests) == 1:
        return lines
    for what in requests[1:]:
        if isinstance(what, Request) and what.name in _SAID:
            lines += _lines_in(what)
    return lines


def _lines_in(what: Request | Refused) -> int:
    if not isinstance(what, Request):
        return 1
    text = what.args.get("text") if what.rest is None else what.rest
    if not isinstance(text, str) or "\n" not in text:
        return 1
    return min(text.count("\n") + 1, MOST_LINES)
