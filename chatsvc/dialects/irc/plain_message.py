"""The commonest message by far, a short PRIVMSG to one channel, read with few steps."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.pending import Pending
from chatsvc.model.requests import Request

# No tags, one target, and so few characters that the text fits for every reader.
_PLAIN = re.compile(r"PRIVMSG (#[!-+\--~]{0,40}) :([ -~]{1,170})")


def plain_message(client: Client, line: str) -> Sequence[Request] | None:
    """Return what a plain message requests, as the handler of PRIVMSG does; None for others."""
    found = _PLAIN.fullmatch(line)
    if found is None or not client.rooms:  # only registered clients are in rooms
        return None
    target, text = found.groups()
    client.latest = about = Pending("PRIVMSG", (target, text))
    return (Request("say", None, {"room": target, "text": text}, None, None, about),)
