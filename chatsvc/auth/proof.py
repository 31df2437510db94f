"""An authentication that is in progress or complete."""

from __future__ import annotations

from typing import NamedTuple

from chatsvc.auth.scram import Exchange
from chatsvc.model.records import Account


class Proof(NamedTuple):
    """An authentication that is in progress or complete: its account, and when it began."""

    account: Account | None  # as it was then
    since: float  # seconds
    exchange: Exchange | None = None  # of an authentication in progress
