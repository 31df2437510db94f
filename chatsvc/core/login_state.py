"""The login of a session: its progress, and what it is asked next.

A session has this until it has a user.
"""

from __future__ import annotations

from enum import Enum

from chatsvc.auth.proof import Proof


class Step(Enum):
    """What a session must send next; the value is the request that a plain line becomes."""

    NAME = "name"
    CHAT_PASSWORD = "password"
    ACCOUNT_PASSWORD = "login"


class LoginGate(Enum):
    """The checks that a session must pass before it has a user, in this order."""

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
    """The progress of a session's login, and what it has sent so far."""

    __slots__ = ("gate", "knocks", "name", "proved", "step", "suggestion")

    def __init__(self) -> None:
        self.step = Step.NAME
        self.gate = LoginGate.CHAT
        self.name: str | None = None  # sent before the password was asked for
        self.suggestion: str | None = None  # the name that an empty line accepts
        self.proved: Proof | None = None  # complete, before the name
        self.knocks = 0  # refusals

    def refuse(self, code: str, suggestion: str | None) -> None:
        """Ask for the next step after a refusal."""
        self.step = _AFTER.get((self.gate, code), Step.NAME)
        self.suggestion = suggestion

    def ask_again(self, suggestion: str) -> None:
        """Ask for the password again, so that a password sent next does not become a name."""
        self.step = Step.ACCOUNT_PASSWORD
        self.suggestion = self.suggestion or suggestion
