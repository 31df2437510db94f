"""The commands: one function is one command.  No wire syntax, no state, no rules of the hub's."""

from chatsvc.commands import (  # in the order of /help
    accounts,
    arriving,
    governing,
    leaving,
    moderating,
    people,
    rooms,
    talking,
)
from chatsvc.dispatch import refuse, run

__all__ = [
    "accounts", "arriving", "governing", "leaving", "moderating", "people", "refuse", "rooms",
    "run", "talking",
]  # fmt: skip
