"""The names and addresses of this machine."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator
from contextlib import suppress

_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,62}")
_ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))  # RFC 5737, 3849


def names() -> Iterator[str]:
    """Yield this machine's names, the primary one first."""
    host = socket.gethostname()
    found = [host]
    if _HOST.fullmatch(host) and "." not in host:
        found.append(socket.getfqdn(host))
    yield from dict.fromkeys(name for name in (*found, "localhost") if _HOST.fullmatch(name))


def addresses() -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Yield this machine's addresses: loopback, and those by which it reaches others."""
    yield from map(ipaddress.ip_address, dict.fromkeys(("127.0.0.1", "::1", *outer_addresses())))


def outer_addresses() -> Iterator[str]:
    """Yield the addresses by which this machine reaches others, and others reach it."""
    for family, elsewhere in _ELSEWHERE:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))  # which sends nothing
            yield probe.getsockname()[0].partition("%")[0]
