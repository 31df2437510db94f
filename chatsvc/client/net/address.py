"""Server addresses as users write them: host, port, and whether to use TLS."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # help, mistakes and the server's commands need no network
    from twisted.internet.interfaces import IStreamClientEndpoint

PORT = 13531
TLS = "tls://"  # prefix of servers that require TLS


class Server(NamedTuple):
    """The address of a server."""

    host: str = "localhost"
    port: int = PORT
    tls: bool = False

    def __str__(self) -> str:
        return f"{TLS if self.tls else ''}{self.address}"

    @property
    def address(self) -> str:
        """The address without the `tls://` prefix."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def endpoint(self, reactor: Any, tell: Callable[[str], None]) -> IStreamClientEndpoint:
        """Return an endpoint; call `tell` with news about the server's certificate."""
        # Imported here because it is slow; the screen can be drawn first.
        from twisted.internet.endpoints import HostnameEndpoint

        endpoint = HostnameEndpoint(reactor, self.host, self.port)
        if not self.tls:
            return endpoint
        from chatsvc.client.net.tls import Encrypted
        from chatsvc.client.net.trust import Trust, known_servers

        trust = Trust(self.address.lower(), known_servers(), tell)
        return Encrypted(endpoint, self.host, trust.decide, reactor)


def server(text: str) -> Server:
    """Parse HOST, HOST:PORT, [ADDRESS]:PORT, or an IPv6 address, with an optional `tls://` prefix.

    Raise `ValueError` with a sentence for users.
    """
    tls = text.lower().startswith(TLS)
    if tls:
        text = text[len(TLS) :].removesuffix("/")
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")) or text.endswith("]"):
        host, port = text, str(PORT)
    host = host.removeprefix("[").removesuffix("]") or Server().host
    return Server(host, port_number(port), tls)


def port_number(text: str) -> int:
    """Return a port number; raise `ValueError` with a sentence for users."""
    if not text.isascii() or not text.isdecimal() or not 0 < int(text[:9]) < 65536:
        raise ValueError(f"a port is a number from 1 to 65535, not {text!r}")
    return int(text)
