"""An answer to an HTTP request, and what finds answers besides the site."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, NamedTuple, Protocol

from chatsvc.transports.websocket.handshake import Head


class Reply(NamedTuple):
    """An answer to a request."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


class Pages(Protocol):
    """Pages whose answers take time."""

    def find(self, head: Head, local: bool, relayed: bool) -> Coroutine[Any, Any, Reply] | None:
        """Begin to answer a request, or return None if it is for another page.

        `local` says that the connection comes from this machine, and `relayed` that another node
        has accepted it.
        """
