"""The commands: one function each.  No wire syntax, no state, none of the hub's rules."""

# isort: off
from chatsvc.commands import talking, rooms, people, accounts, moderating
from chatsvc.commands import room_administration, misc
from chatsvc.commands import login
# isort: on

from chatsvc.commands.registry import must_wait, refuse, run

__all__ = [
    "accounts",
    "login",
    "misc",
    "moderating",
    "must_wait",
    "people",
    "refuse",
    "room_administration",
    "rooms",
    "run",
    "talking",
]  # fmt: skip
