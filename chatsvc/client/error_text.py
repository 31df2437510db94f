"""Why somebody is not, or no longer, in a chat: in sentences, whatever front they look at."""

from __future__ import annotations

from chatsvc.client.login_prompts import TLS_NEEDED
from chatsvc.client.net.address import TLS, Server
from chatsvc.client.net.failures import NotConnected, NotTrusted, PutOut
from chatsvc.client.scripts import NotDone
from chatsvc.model.events import Refused


def sentence(error: BaseException, server: Server) -> str | None:
    """What went wrong, for people; None when it is a mistake of this program."""
    if isinstance(error, NotConnected):
        return f"Cannot join the chat at {server}: {error}."
    if isinstance(error, Refused) and error.code == TLS_NEEDED:
        return f"The chat at {server} accepts only TLS connections. Use {TLS}{server}"
    if isinstance(error, (Refused, NotDone, NotTrusted, PutOut)):
        return str(error)
    return None
