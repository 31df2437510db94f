"""The states of a connection's registration, from the first message to the welcome."""

from __future__ import annotations

from enum import Enum, auto


class Stage(Enum):
    """How far a client has come."""

    OPEN = auto()  # NICK and USER are awaited
    NEGOTIATING = auto()  # CAP END is awaited too
    ASKING = auto()  # hello is on its way to the chat
    ASKING_AND_NEGOTIATING = auto()
    REGISTERED = auto()


class RegistrationEvent(Enum):
    """An event that takes a client from one stage to another."""

    CAP = auto()  # LS or REQ
    CAP_END = auto()
    HELLO = auto()  # the chat is asked
    REFUSED = auto()
    WELCOME = auto()


_NEXT = {
    (Stage.OPEN, RegistrationEvent.CAP): Stage.NEGOTIATING,
    (Stage.OPEN, RegistrationEvent.HELLO): Stage.ASKING,
    (Stage.NEGOTIATING, RegistrationEvent.CAP_END): Stage.OPEN,
    (Stage.NEGOTIATING, RegistrationEvent.HELLO): Stage.ASKING_AND_NEGOTIATING,
    (Stage.ASKING, RegistrationEvent.CAP): Stage.ASKING_AND_NEGOTIATING,
    (Stage.ASKING, RegistrationEvent.REFUSED): Stage.OPEN,
    (Stage.ASKING, RegistrationEvent.WELCOME): Stage.REGISTERED,
    (Stage.ASKING_AND_NEGOTIATING, RegistrationEvent.CAP_END): Stage.ASKING,
    (Stage.ASKING_AND_NEGOTIATING, RegistrationEvent.REFUSED): Stage.NEGOTIATING,
    (Stage.ASKING_AND_NEGOTIATING, RegistrationEvent.WELCOME): Stage.REGISTERED,
}


class Registration:
    """The stage, and what the client has sent before registration is complete."""

    __slots__ = ("away", "metadata", "name", "password", "realname", "stage", "user")

    def __init__(self) -> None:
        self.stage = Stage.OPEN
        self.name = ""
        self.realname = ""
        self.user = ""  # the user name, once USER was sent
        self.password: str | None = None
        self.away = ""  # the reason
        self.metadata: dict[str, str] = {}

    def note(self, happening: RegistrationEvent) -> None:
        """Go to the next stage; ignore an event that means nothing in this one."""
        self.stage = _NEXT.get((self.stage, happening), self.stage)

    @property
    def is_complete(self) -> bool:
        """Return whether everything that the chat needs is known and has not been sent yet."""
        return self.stage is Stage.OPEN and bool(self.name and self.user)
