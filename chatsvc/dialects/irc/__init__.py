"""The IRC dialect: `table` holds what the modules of the subjects put there."""

from chatsvc.dialects.irc import (
    accounts,
    channels,
    helping,
    history,
    marks,
    modes,
    monitor,
    multiline,
    operators,
    people,
    portions,
    redaction,
    refusals,
    registration,
    sasl,
    server,
    services,
    talking,
    who,
    whois,
)
from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.portions import tell_part
from chatsvc.dialects.irc.table import read, refuse_encoding, tell

__all__ = [
    "Client", "accounts", "channels", "helping", "history", "marks", "modes", "monitor",
    "multiline", "operators", "people", "portions", "read", "redaction", "refusals",
    "refuse_encoding", "registration", "sasl", "server", "services", "talking", "tell",
    "tell_part", "who", "whois",
]  # fmt: skip
