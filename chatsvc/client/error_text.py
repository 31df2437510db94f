"""Error messages about joining or losing a chat, for every kind of client."""

from __future__ import annotations

from chatsvc.client.login_prompts import TLS_NEEDED
from chatsvc.client.net.address import TLS, Server
from chatsvc.client.net.failures import NotConnected, NotTrusted, PutOut
from chatsvc.client.scripts import NotDone
from chatsvc.model.requests import Refused


def sentence(error: BaseException, server: Server) -> str | None:
    """Return the message for users; None if the error is a bug in this program."""
    if isinstance(error, NotConnected):
        return f"Cannot join the chat at {server}: {error}."
    if isinstance(error, Refused) and error.code == TLS_NEEDED:
        return f"The chat at {server} accepts only TLS connections. Use {TLS}{server}"
    if isinstance(error, (Refused, NotDone, NotTrusted, PutOut)):
        return str(error)
    return None
