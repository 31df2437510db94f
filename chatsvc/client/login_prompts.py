"""Logging in to a chat: the name and passwords to use, and what to do after a refusal."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from chatsvc.model.requests import Refused

NAME_REFUSED = ("name-taken", "bad-name")
PASSWORD_REFUSED = ("password-needed", "wrong-password")
LATER = ("too-many-connections", "too-often")  # temporary refusals: the client retries
TLS_NEEDED = "tls-needed"
PROOF_REFUSED = ("registered", "wrong-password", "too-many-attempts")


class Identity(NamedTuple):
    """The name and passwords to log in with; an empty name lets the server choose.

    `password` is for the whole chat, `account_password` for the name, if it is registered.
    """

    name: str = ""
    password: str | None = None
    account_password: str | None = None


def wants_proof(refused: Refused) -> bool:
    """Return whether the account's password, not the chat's, is missing or wrong."""
    return refused.code in PROOF_REFUSED and refused.suggestion is not None


def is_final(refused: Refused) -> bool:
    """Return whether retrying with the same identity is useless, or would even count against us."""
    if refused.code in ("banned", "disabled", "lockdown", "no-account", TLS_NEEDED):
        return True
    return wants_proof(refused) and refused.code != "too-many-attempts"


class Prompter(Protocol):
    """The user at the login prompt."""

    @property
    def interactive(self) -> bool:
        """Whether the user can be asked."""

    @property
    def inside(self) -> bool:
        """Whether the user had joined before and has only lost the connection."""

    def note(self, text: str) -> None:
        """Tell the user something."""

    async def ask(self, refused: Refused, question: str, hidden: bool = False) -> str:
        """Return the user's answer to a refusal; raise `NotConnected` if they decline to join.

        An empty answer accepts what the refusal suggests.
        """


class AtTheDoor:
    """Finds another identity after a refusal, by asking the user or without them."""

    def __init__(self, person: Prompter) -> None:
        self._person = person
        self._complaint = ""  # the code of the last complaint

    def let_in(self) -> None:
        """Forget the last complaint: the user has joined."""
        self._complaint = ""

    async def refused(self, refusal: Refused, identity: Identity) -> Identity | None:
        """Return the identity to try next, or None."""
        other = None
        if self._person.interactive and not self._person.inside:
            other = await self._ask_who(refusal, identity)
        if other is None:
            other = self._become_another(refusal, identity)
        if other is None and not is_final(refusal):
            self._complain(refusal)
        return other

    async def _ask_who(self, refusal: Refused, identity: Identity) -> Identity | None:
        """Ask the user for a name or password; return None if there is nothing to ask."""
        guest = Identity(refusal.suggestion or "", identity.password)
        if wants_proof(refusal):
            secret = await self._person.ask(refusal, "Password: ", hidden=True)
            return identity._replace(account_password=secret) if secret.strip() else guest
        if refusal.code in NAME_REFUSED:
            name = await self._person.ask(refusal, "Your name: ")
            return guest._replace(name=name) if name else guest
        if refusal.code in PASSWORD_REFUSED:
            secret = await self._person.ask(refusal, "Password: ", hidden=True)
            return identity._replace(password=secret)
        return None

    def _become_another(self, refusal: Refused, identity: Identity) -> Identity | None:
        """Return the name to join with instead, or a guest, when nobody can be asked."""
        name, person = refusal.suggestion, self._person
        if name and refusal.code in NAME_REFUSED:
            person.note(f"{refusal.text} You are now {name}.")
            return Identity(name, identity.password)
        if not person.inside or not person.interactive or not is_final(refusal):
            return None
        if refusal.code == "no-account":
            person.note(f"{identity.name} is no longer registered. You are now a guest.")
            return identity._replace(account_password=None)
        if name:
            again = f"To sign in again: /login {identity.name} password"
            person.note(f"{refusal.text} You are now {name}. {again}")
            return Identity(name, identity.password)
        return None

    def _complain(self, refusal: Refused) -> None:
        """Tell the user why joining failed: once, however often it is retried."""
        if refusal.code == self._complaint:
            return
        if refusal.code in LATER:
            self._complaint = refusal.code
            self._person.note(f"{refusal.text} Trying again soon.")
        elif self._person.inside:
            self._complaint = refusal.code
            self._person.note(refusal.text)
