"""Connections that come by way of a proxy, which says first where they come from.

The PROXY protocol, versions 1 and 2, as far as Twisted's parser does not read all of it.
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
    """Also reads the short form of UNKNOWN, of which the connection's own address counts."""

    @classmethod
    def parse(cls, line: bytes) -> ProxyInfo:
        try:
            info = super().parse(line + b" " if line == _UNKNOWN else line)
            for end in (info.source, info.destination):
                if isinstance(end, IPv4Address | IPv6Address):
                    ipaddress.ip_address(end.host)
        except ValueError:  # an address or a port that is none
            raise InvalidProxyHeader from None
        return info


class _Wrapper(HAProxyProtocolWrapper):
    """Takes the header in whatever pieces it comes."""

    _first: bytes | None = b""  # until it is clear which version they begin

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
    """Whether more bytes can make a header of this."""
    version2 = V2Parser.PREFIX.startswith(data[: len(V2Parser.PREFIX)])
    return V1Parser.PROXYSTR.startswith(data) or (version2 and len(data) < _HEADER_OF_VERSION_2)


class ProxyFactory(HAProxyWrappingFactory):
    """Puts the proxy's header before what another factory's protocols are told."""

    protocol: Any = _Wrapper
    noisy = False
