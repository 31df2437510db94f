"""Which pages may connect, and under which names this server is known.

A browser sends which page opens a connection (`Origin`), and which name it looked up (`Host`).
The owner of a name can point it at an address inside our network (DNS rebinding), so unknown names
are refused. A program sends no `Origin`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable
from socket import gethostname

_LOCAL = (".localhost", ".local", ".lan", ".internal", ".home.arpa")
_HOST = re.compile(r"([a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
_ORIGIN = re.compile(r"(https?)://(.*)")
_PORTS = {"http": 80, "https": 443}

Place = tuple[str, int]  # a host and a port


class WebAccess:
    """The hosts and origins that the operator added to those that are always accepted."""

    def __init__(
        self, hosts: Iterable[str] = (), origins: Iterable[str] = (), own: str | None = None
    ) -> None:
        self._hosts = {host.lower().rstrip(".") for host in hosts}
        self._hosts.add((gethostname() if own is None else own).lower().rstrip("."))
        self._origins = {place_of_origin(origin) for origin in origins}

    def knows(self, host: str, certified: Collection[str] = ()) -> bool:
        """Return whether a browser may use this `Host`; `certified` has the certificate's names."""
        place = _place(host, "http")
        if place is None:
            return False
        name = place[0]
        return _is_local(name) or name in self._hosts or any(_fits(name, one) for one in certified)

    def trusts(self, origin: str, host: str, secure: bool) -> bool:
        """Return whether a page from this origin may connect to this host."""
        wanted = place_of_origin(origin)
        scheme = "https" if secure else "http"
        same = wanted is not None and wanted == (scheme, _place(host, scheme))
        return same or (wanted is not None and wanted in self._origins)


def place_of_origin(origin: str) -> tuple[str, Place] | None:
    """Return the scheme, host and port of an origin, or None if it is not one (RFC 6454)."""
    found = _ORIGIN.fullmatch(origin.lower())
    place = found and _place(found[2], found[1])
    return (found[1], place) if found and place else None


def is_host(name: str) -> bool:
    """Return whether this is a host's name or address, without a port."""
    found = _HOST.fullmatch(name.lower())
    return found is not None and found[2] is None


def is_loopback_host(host: str) -> bool:
    """Return whether a `Host` is a name or an address of the loopback interface."""
    place = _place(host, "http")
    if place is None:
        return False
    name = place[0].strip("[]")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _place(host: str, scheme: str) -> Place | None:
    found = _HOST.fullmatch(host.lower())
    return (found[1].rstrip("."), int(found[2] or _PORTS[scheme])) if found else None


def _is_local(name: str) -> bool:
    """Return whether no outsider can decide which address this name has."""
    if name.endswith(_LOCAL) or ("." not in name and not name.startswith("[")):
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _fits(name: str, certified: str) -> bool:
    """Return whether a name matches one in a certificate (wildcards: RFC 9525, 6.3)."""
    certified = certified.lower()
    return name == certified or (
        certified.startswith("*.") and name.partition(".")[2] == certified[2:]
    )
