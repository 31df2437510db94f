"""At the door of a chat: who one says one is, and what it means not to be let in, or put out."""

from __future__ import annotations

from typing import NamedTuple

from chatsvc.events import Refused

NAME_REFUSED = ("name-taken", "bad-name")
PASSWORD_REFUSED = ("password-needed", "wrong-password")
LATER = ("too-many-connections", "too-often")  # the door opens again by itself
TLS_NEEDED = "tls-needed"
PROOF_REFUSED = ("registered", "wrong-password", "too-many-attempts")


class Identity(NamedTuple):
    """Who one says one is; an empty name lets the server choose.

    `password` is the whole chat's, `account_password` that of the name, if it is registered.
    """

    name: str = ""
    password: str | None = None
    account_password: str | None = None


def wants_proof(refused: Refused) -> bool:
    """Whether it is the name's own password that is missing or wrong, and not the chat's."""
    return refused.code in PROOF_REFUSED and refused.suggestion is not None


def is_final(refused: Refused) -> bool:
    """Whether saying the same again is of no use, or even counted against us."""
    if refused.code in ("banned", "lockdown", "no-account", TLS_NEEDED):
        return True
    return wants_proof(refused) and refused.code != "too-many-attempts"
