"""Facts about commands that a client must know, in the one table that server and client share.

The server reports them in `help`; a client needs them before it is connected as well.
"""

from __future__ import annotations

from typing import NamedTuple


class CommandFacts(NamedTuple):
    """Facts about one command, and the other names that it must be recognized by at all times."""

    secret: bool = False  # a password is among its arguments
    once: bool = False  # must not be repeated after a lost connection: it would act twice
    speech: bool = False  # sends a message to people
    proves: int | None = None  # which of its words is the account's password afterwards
    leads: bool = False  # its answer may lead to another room or conversation
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The facts as they are reported to programs."""
        facts = (("secret", self.secret), ("once", self.once), ("speech", self.speech))
        return tuple(name for name, holds in facts if holds)


NONE = CommandFacts()
FACTS = {
    "say": CommandFacts(speech=True),
    "me": CommandFacts(speech=True),
    "msg": CommandFacts(once=True, speech=True, aliases=("w", "whisper", "private", "tell")),
    "reply": CommandFacts(once=True, speech=True, aliases=("r",)),
    "mods": CommandFacts(speech=True),
    "announce": CommandFacts(once=True),
    "report": CommandFacts(once=True),
    "claim": CommandFacts(once=True),
    "token": CommandFacts(once=True),
    # A user who returned as a guest can log in again; no user can register twice.
    "login": CommandFacts(secret=True, proves=-1),
    "passwd": CommandFacts(secret=True, once=True, proves=-1),
    "register": CommandFacts(secret=True, once=True, proves=0),
    "unregister": CommandFacts(secret=True, once=True),
    "join": CommandFacts(leads=True, aliases=("enter", "j")),
    "room": CommandFacts(leads=True),
    "to": CommandFacts(leads=True),
}


def facts_of(command: str) -> CommandFacts:
    """Return the facts about a command; most have none."""
    return FACTS.get(command, NONE)
