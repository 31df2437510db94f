"""The commands: one function is one command.  No wire syntax, no state, no rules of the hub's."""

# isort: off
from chatsvc.commands import talking, rooms, people, accounts, governing, moderating, rest
from chatsvc.commands import arriving
# isort: on

from chatsvc.dispatch import refuse, run

__all__ = [
    "accounts", "arriving", "governing", "moderating", "people", "refuse", "rest", "rooms", "run",
    "talking",
]  # fmt: skip
