"""At the door of a chat: who one says one is, and what it means not to be let in, or put out."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from chatsvc.model.events import Refused

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


class Prompter(Protocol):
    """Who stands at the door, with whatever they look at."""

    @property
    def interactive(self) -> bool:
        """Whether somebody is there who can be asked."""

    @property
    def inside(self) -> bool:
        """Whether they were let in before, and have only lost the connection."""

    def note(self, text: str) -> None:
        """Tell them something."""

    async def ask(self, refused: Refused, question: str, hidden: bool = False) -> str:
        """What they answer to a refusal; raises `NotConnected` when they would rather not come in.

        An empty answer takes what the refusal suggests.
        """


class AtTheDoor:
    """Finds out who else one could be when a chat does not let one in: by asking, or by itself."""

    def __init__(self, person: Prompter) -> None:
        self._person = person
        self._complaint = ""  # its code

    def let_in(self) -> None:
        """What was complained of is over."""
        self._complaint = ""

    async def refused(self, refusal: Refused, identity: Identity) -> Identity | None:
        """What to try next, or None."""
        other = None
        if self._person.interactive and not self._person.inside:
            other = await self._ask_who(refusal, identity)
        if other is None:
            other = self._become_another(refusal, identity)
        if other is None and not is_final(refusal):
            self._complain(refusal)
        return other

    async def _ask_who(self, refusal: Refused, identity: Identity) -> Identity | None:
        """Who the person is, after all; None if there is nothing to ask."""
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
        """Under which other name to come in, or as a guest, where nobody is asked."""
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
        """Say why we do not get in; once, however often it is tried."""
        if refusal.code == self._complaint:
            return
        if refusal.code in LATER:
            self._complaint = refusal.code
            self._person.note(f"{refusal.text} Trying again soon.")
        elif self._person.inside:
            self._complaint = refusal.code
            self._person.note(refusal.text)
