"""The commands: one function each.  No wire syntax, no state, none of the hub's rules."""

# isort: off
from chatsvc.commands import talking, rooms, people, accounts, moderating
from chatsvc.commands import room_administration, misc, metadata
from chatsvc.commands import administering, login
# isort: on

from chatsvc.commands.registry import ROWS, refuse, run

__all__ = [
    "ROWS",
    "accounts",
    "administering",
    "login",
    "metadata",
    "misc",
    "moderating",
    "people",
    "refuse",
    "room_administration",
    "rooms",
    "run",
    "talking",
]  # fmt: skip
