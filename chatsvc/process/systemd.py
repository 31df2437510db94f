"""What systemd tells a service that it starts, and what the service tells systemd.

See sd_notify(3) and sd_listen_fds(3).  Under another supervisor, or none, nothing happens.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

from twisted.internet.endpoints import serverFromString
from twisted.logger import Logger

_log = Logger()

_DOMAINS = {socket.AF_INET: "INET", socket.AF_INET6: "INET6"}


class NotUsable(Exception):
    """The service cannot listen on a socket that was passed; the message is for users."""


def tell_ready(status: str) -> None:
    """Say that the service is ready, at its start or after a reload, and what it did."""
    _tell("READY=1", f"STATUS={' '.join(status.split())}")


def tell_reloading() -> None:
    """Say that a reload begins; `tell_ready` ends it."""
    _tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def tell_stopping() -> None:
    """Say that the service stops."""
    _tell("STOPPING=1")


def _tell(*assignments: str) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # a name that is in no file system (unix(7))
        address = f"\0{address[1:]}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.connect(address)
            manager.sendall("\n".join(assignments).encode())
    except OSError as error:
        _log.warn("Cannot notify systemd: {reason}", reason=error.strerror or str(error))


def passed_endpoints(reactor: Any) -> Iterator[str]:
    """Yield the sockets that systemd listens on for the service, as Twisted's endpoints.

    Twisted has removed the variables that describe them, so its endpoints are asked.
    """
    for index in count():
        try:
            endpoint: Any = serverFromString(reactor, f"systemd:domain=INET:index={index}")
        except IndexError:
            return
        yield f"systemd:domain={_domain(endpoint.fileno)}:index={index}"


def _domain(descriptor: int) -> str:
    """Return the domain of a socket that accepts TCP connections."""
    with socket.socket(fileno=os.dup(descriptor)) as passed:
        if not passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise NotUsable(
                "systemd has passed a socket that does not listen. Use ListenStream= and"
                " Accept=no in the socket unit."
            )
        if passed.family not in _DOMAINS:  # Twisted would delete the file of a UNIX socket
            raise NotUsable(
                "systemd has passed a socket that is not TCP. Remove it from the socket unit,"
                " and use --listen unix:PATH for a UNIX socket."
            )
        return _DOMAINS[passed.family]
