"""The IRC dialect: `table` holds what the modules of the subjects put there."""

from chatsvc.dialects.irc import (
    accounts,
    channels,
    history,
    modes,
    people,
    refusals,
    registration,
    sasl,
    server,
    services,
    talking,
)
from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.table import read, tell

__all__ = [
    "Client", "accounts", "channels", "history", "modes", "people", "read", "refusals",
    "registration", "sasl", "server", "services", "talking", "tell",
]  # fmt: skip
