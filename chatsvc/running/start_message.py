"""What the administrator should know when the service has started."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from shutil import which
from typing import Protocol

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress

from chatsvc.dialects.join_page import Address
from chatsvc.model.rate_limits import is_loopback
from chatsvc.store.location import Database
from chatsvc.transports.machine import names, outer_addresses

_NOBODY = (
    "There is no operator, and nobody can become one: registration is not open, and accounts are"
    " kept in memory. Start with --accounts open, or with another --archive."
)


class Speaking(Protocol):
    """What accepts connections, as far as it matters to those who want to join."""

    require_tls: bool

    def spoken(self) -> list[str]:
        """Return the names of the accepted protocols."""


def ways_to_join(gate: Speaking, listening: Sequence[IAddress]) -> Iterator[str]:
    """Yield how to join, on this machine and on others."""
    yield "The chat is ready. To join, type in another terminal:"
    for address in listening:
        yield from _ways(gate, address)


def _ways(gate: Speaking, address: IAddress) -> Iterator[str]:
    if isinstance(address, UNIXAddress):
        yield f"    nc -U {os.fsdecode(address.name or b'')}"
    elif isinstance(address, IPv4Address | IPv6Address):
        everywhere = address.host in ("0.0.0.0", "::")
        here = _place(gate, "127.0.0.1" if everywhere else address.host, address.port)
        if everywhere:
            here = replace(here, host="localhost")
        yield from (f"    {command}" for command in here.commands(_client()))
        if url := here.by_browser():
            yield f"In a browser, open {url}"
        if everywhere:
            yield from _from_elsewhere(gate, address)


def _from_elsewhere(gate: Speaking, address: IPv4Address | IPv6Address) -> Iterator[str]:
    """Yield what to type on another machine: addresses, because its name may be unknown there."""
    host = next(names())
    yield f"On another machine, type: {_place(gate, host, address.port).by_hand()}"
    pages = [_place(gate, one, address.port).by_browser() for one in _outer(address)]
    if any(pages):
        yield "or open in a browser:"
        yield from (f"    {page}" for page in pages)


def _outer(address: IPv4Address | IPv6Address) -> Iterator[str]:
    ipv4_only = isinstance(address, IPv4Address)
    return (one for one in outer_addresses() if not (ipv4_only and ":" in one))


def _place(gate: Speaking, host: str, port: int) -> Address:
    return Address(host, port, gate.spoken(), is_loopback(host) or not gate.require_tls)


def ways_to_rule(
    code: str, mode: str, email: bool, archive: Path | Database | None
) -> Iterator[str]:
    """Yield how to become the first operator, which depends on who can register."""
    if mode == "open":
        yield "There is no operator yet. To become the first one, type in the chat:"
        yield f"    /register password{' address@example.org' if email else ''}, then /claim {code}"
    elif archive is None:
        yield _NOBODY
    else:
        place = f"sqlite:{archive.absolute()}" if isinstance(archive, Path) else archive.shown
        yield f"There is no operator yet, and registration is {_MODES[mode]}. Create one with:"
        yield f"    {_client()} account add NAME --operator --archive {shlex.quote(place)}"


_MODES = {"closed": "closed", "invite": "by invitation only"}


def _client() -> str:
    """Return the client's command as it can be typed here."""
    beside = Path(sys.argv[0]).with_name("chatsvc")
    return "chatsvc" if which("chatsvc") or not beside.exists() else str(beside)
