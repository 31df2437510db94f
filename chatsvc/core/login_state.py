"""The login of a session: what it has shown so far, and what it is asked next.

A session has this until it has a user.
"""

from __future__ import annotations

from enum import Enum

from chatsvc.auth.proof import Proof


class Step(Enum):
    """What a session must say next; the value is the request by which a plain line says it."""

    NAME = "name"
    CHAT_PASSWORD = "password"
    ACCOUNT_PASSWORD = "login"


class LoginGate(Enum):
    """What a session must get past before it has a user, in this order."""

    CHAT = "the chat's own password"
    ACCOUNT = "the password of a registered name"


# What is asked after a refusal at a gate; after every other refusal it is the name.
_AFTER = {
    (LoginGate.CHAT, "password-needed"): Step.CHAT_PASSWORD,
    (LoginGate.CHAT, "wrong-password"): Step.CHAT_PASSWORD,
    (LoginGate.CHAT, "too-many-attempts"): Step.CHAT_PASSWORD,
    (LoginGate.CHAT, "busy"): Step.CHAT_PASSWORD,
    (LoginGate.ACCOUNT, "registered"): Step.ACCOUNT_PASSWORD,
    (LoginGate.ACCOUNT, "wrong-password"): Step.ACCOUNT_PASSWORD,
    (LoginGate.ACCOUNT, "too-many-attempts"): Step.ACCOUNT_PASSWORD,
    (LoginGate.ACCOUNT, "busy"): Step.ACCOUNT_PASSWORD,
}


class LoginState:
    """How far a session has come, and what it has shown on the way."""

    __slots__ = ("gate", "knocks", "name", "proved", "step", "suggestion")

    def __init__(self) -> None:
        self.step = Step.NAME
        self.gate = LoginGate.CHAT
        self.name: str | None = None  # given before a password was asked for
        self.suggestion: str | None = None  # the name that an empty line accepts
        self.proved: Proof | None = None  # complete, before the name
        self.knocks = 0  # refusals

    def refuse(self, code: str, suggestion: str | None) -> None:
        """Ask for what comes next after a refusal."""
        self.step = _AFTER.get((self.gate, code), Step.NAME)
        self.suggestion = suggestion

    def ask_again(self, suggestion: str) -> None:
        """Ask for the password again, because a password that follows must not become a name."""
        self.step = Step.ACCOUNT_PASSWORD
        self.suggestion = self.suggestion or suggestion
