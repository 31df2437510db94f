"""What a node knows about a connection that it has accepted."""

from __future__ import annotations

from typing import NamedTuple


class Arrival(NamedTuple):
    """A connection as the node that leads should see it."""

    node: str  # that has accepted it; "" for the one that leads
    secure: bool  # with TLS
    fingerprint: str  # SHA-256 of the client's certificate; "" if there is none
    tls_only: bool  # it came to a port for TLS only
