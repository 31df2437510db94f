"""What requests cost, and how many lines they count as."""

from __future__ import annotations

from collections.abc import Sequence

from chatsvc.commands.registry import NAMES
from chatsvc.model.costs import COSTS, OTHER, Cost
from chatsvc.model.events import Refused, Request
from chatsvc.model.text_rules import MOST_LINES

_SAID = ("say", "me", "msg", "mods", "signal")


def cost(request: Request) -> Cost:
    """Return the cost of a request, which may be spelled differently from the table."""
    return COSTS.get(request.name) or COSTS.get(NAMES.get(request.name.lower(), ""), OTHER)


def weight(requests: Sequence[Request | Refused]) -> int:
    """Return how many lines an input line counts as, which `--flood` limits.

    A message to several recipients counts once for each of them, and a message of several lines
    once for each line.
    """
    first, *others = requests
    if isinstance(first, Request) and not cost(first).line:
        return 0
    said = (what for what in others if isinstance(what, Request) and what.name in _SAID)
    return _lines_in(first) + sum(map(_lines_in, said))


def _lines_in(what: Request | Refused) -> int:
    if not isinstance(what, Request):
        return 1
    text = what.args.get("text") if what.rest is None else what.rest
    return min(text.count("\n") + 1, MOST_LINES) if isinstance(text, str) else 1
