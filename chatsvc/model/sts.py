"""The policy of strict transport security that IRC clients are told.  No behaviour."""

from __future__ import annotations

from typing import NamedTuple


class STSPolicy(NamedTuple):
    """How long clients that have used TLS use nothing else (0: no longer), and on which port."""

    duration: int  # seconds
    port: int
