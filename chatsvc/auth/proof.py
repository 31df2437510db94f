"""A proof of whose account it is, under way or complete."""

from __future__ import annotations

from typing import NamedTuple

from chatsvc.auth.scram import Exchange
from chatsvc.model.records import Account


class Proof(NamedTuple):
    """A proof that is under way or complete: whose account it is about, and since when."""

    account: Account | None  # as it was then
    since: float  # seconds
    exchange: Exchange | None = None  # of a proof whose steps are under way
