"""Problems of the places where the service listens."""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from chatsvc.checks.problem import Problem
from chatsvc.options.combining import Values

_COLON = re.compile(r"(?<!\\):")


def ports(values: Values, in_use: bool) -> Iterator[Problem]:
    """Yield why the service could not listen; `in_use` means that it is running already."""
    for endpoint in filter(None, [*(values["endpoints"] or []), values["tls-endpoint"]]):
        kind, *words = _parts(endpoint.removeprefix("haproxy:"))
        if kind in ("tcp", "tcp6"):
            yield from port(kind, words, in_use)
        elif kind == "unix":
            directory = Path(words[0].removeprefix("address=")).absolute().parent
            if not os.access(directory, os.W_OK | os.X_OK):
                what = f"no socket can be created in {directory}."
                yield Problem(endpoint, what, f"Create {directory}, and make it writable.")


def _parts(endpoint: str) -> list[str]:
    """Return the parts of an endpoint's description, in which a backslash protects a colon."""
    return [re.sub(r"\\(.)", r"\1", part) for part in _COLON.split(endpoint)]


def port(kind: str, words: list[str], in_use: bool) -> Iterator[Problem]:
    """Yield why nobody could listen at an endpoint for TCP."""
    named = dict(word.split("=", 1) for word in words if "=" in word)
    number = named.get("port", words[0] if words else "")
    interface = named.get("interface", "")
    if not number.isdecimal() or number == "0":
        return
    family = socket.AF_INET6 if kind == "tcp6" else socket.AF_INET
    with socket.socket(family) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            attempt.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        try:
            attempt.bind((interface.partition("%")[0], int(number)))
            attempt.listen()
        except OSError as error:
            if not (in_use and error.errno == errno.EADDRINUSE):
                yield _not_bound(number, interface, error)


def _not_bound(number: str, interface: str, error: OSError) -> Problem:
    reasons = {
        errno.EADDRINUSE: (
            "it is in use by another program.",
            f"Stop that program (ss -ltnp 'sport = :{number}'), or choose another port.",
        ),
        errno.EADDRNOTAVAIL: (
            f"{interface} is not an address of this machine.",
            "Choose one of the addresses that ip address lists.",
        ),
        errno.EACCES: (
            "permission denied: ports below 1024 need root.",
            "Choose a higher port, or let systemd listen: see chatsvc.socket in contrib/systemd.",
        ),
    }
    what, fix = reasons.get(error.errno or 0, (f"{error.strerror}.", "Choose another port."))
    return Problem(f"port {number}", what, fix)
