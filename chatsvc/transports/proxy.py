"""Connections through a proxy, which first announces the peer's address.

Supports what Twisted's parser of the PROXY protocol, versions 1 and 2, cannot read.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.protocols.haproxy._exceptions import InvalidProxyHeader
from twisted.protocols.haproxy._info import ProxyInfo
from twisted.protocols.haproxy._v1parser import V1Parser
from twisted.protocols.haproxy._v2parser import V2Parser
from twisted.protocols.haproxy._wrapper import HAProxyProtocolWrapper, HAProxyWrappingFactory

_HEADER_OF_VERSION_2 = 16  # bytes, before the addresses
_UNKNOWN = b"PROXY UNKNOWN"


class _Version1(V1Parser):
    """Also accepts the short form of UNKNOWN, for which the connection's own address counts."""

    @classmethod
    def parse(cls, line: bytes) -> ProxyInfo:
        try:
            info = super().parse(line + b" " if line == _UNKNOWN else line)
            for end in (info.source, info.destination):
                if isinstance(end, IPv4Address | IPv6Address):
                    ipaddress.ip_address(end.host)
        except ValueError:  # an invalid address or port
            raise InvalidProxyHeader from None
        return info


class _Wrapper(HAProxyProtocolWrapper):
    """Reads the header, however it is split."""

    _first: bytes | None = b""  # until it is clear which version it is

    def dataReceived(self, data: bytes) -> None:
        if self._first is not None:
            data = self._first + data
            if _is_unclear(data):
                self._first = data
                return
            self._first = None
            if data.startswith(V1Parser.PROXYSTR):
                self._parser = _Version1()
        super().dataReceived(data)


def _is_unclear(data: bytes) -> bool:
    """Return whether more bytes can complete a header."""
    version2 = V2Parser.PREFIX.startswith(data[: len(V2Parser.PREFIX)])
    return V1Parser.PROXYSTR.startswith(data) or (version2 and len(data) < _HEADER_OF_VERSION_2)


class ProxyFactory(HAProxyWrappingFactory):
    """Adds the parsing of the proxy's header to another factory's protocols."""

    protocol: Any = _Wrapper
    noisy = False
