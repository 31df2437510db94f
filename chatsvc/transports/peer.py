"""The other end of a connection: where it is, and whether it is still there."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from twisted.internet.interfaces import ITCPTransport

from chatsvc.model.rate_limits import bare

# A peer that has vanished is found after 60 + 4 * 15 seconds.  TCP_USER_TIMEOUT would find it also
# while something is on its way, but ends readers that are only slow as well.
_KEEP_ALIVE = {
    "TCP_KEEPIDLE": 60,
    "TCP_KEEPALIVE": 60,  # what macOS calls it
    "TCP_KEEPINTVL": 15,
    "TCP_KEEPCNT": 4,
}


def address_of(transport: Any) -> str | None:
    """The peer's IP address, or "" where there is none; None while a proxy has not told it yet."""
    if getattr(transport, "_proxyInfo", transport) is None:  # Twisted has no other way to know
        return None
    return bare(getattr(transport.getPeer(), "host", None) or "")


def prepare(transport: Any) -> None:
    """Let what is sent go out without delay, and a peer that has vanished be noticed."""
    if ITCPTransport.providedBy(transport):
        transport.setTcpNoDelay(True)
        transport.setTcpKeepAlive(True)
        _keep_alive(transport)


def _keep_alive(transport: Any) -> None:
    for name, value in _KEEP_ALIVE.items():
        option = getattr(socket, name, None)
        if option is not None:
            with contextlib.suppress(OSError):  # it is gone already
                transport.socket.setsockopt(socket.IPPROTO_TCP, option, value)
