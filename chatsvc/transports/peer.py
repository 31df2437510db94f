"""The other end of a connection: its address, its protocol, and detecting that it is gone."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from twisted.internet.interfaces import ITCPTransport
from twisted.protocols.policies import ProtocolWrapper

from chatsvc.model.rate_limits import bare

# A peer that has vanished is detected after 60 + 4 * 15 seconds.  TCP_USER_TIMEOUT would also work
# while data is on its way, but would also disconnect readers that are only slow.
_KEEP_ALIVE = {
    "TCP_KEEPIDLE": 60,
    "TCP_KEEPALIVE": 60,  # its name on macOS
    "TCP_KEEPINTVL": 15,
    "TCP_KEEPCNT": 4,
}


def address_of(transport: Any) -> str | None:
    """Return the peer's IP address, or "" if it has none; None until a proxy has sent it."""
    if getattr(transport, "_proxyInfo", transport) is None:  # Twisted offers no other way to know
        return None
    return bare(getattr(transport.getPeer(), "host", None) or "")


def pass_on(transport: Any, protocol: Any) -> None:
    """Give a connection to another protocol."""
    holder = "wrappedProtocol" if isinstance(transport, ProtocolWrapper) else "protocol"
    setattr(transport, holder, protocol)
    protocol.makeConnection(transport)


def prepare(transport: Any) -> None:
    """Send without delay, and detect a peer that has vanished."""
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
