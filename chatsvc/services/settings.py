"""The administrator's settings, as far as the services need them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from chatsvc.auth.passwords import SHORTEST_PASSWORD
from chatsvc.model.sts import STSPolicy
from chatsvc.services.retention import RetentionLimits


@dataclass(slots=True)
class ServiceSettings:
    """The administrator's settings, which can change while the service runs."""

    name: str = "chatsvc"
    description: str = ""  # of the server; by default the name
    motd: str = ""
    password: str | None = None
    show_history: int = 20
    leave_on_empty_line: bool = False
    accounts: str = "open"  # who may register: open, invite or closed
    email_required: bool = False  # to register
    shortest_password: int = SHORTEST_PASSWORD  # of an account
    early_registration: bool = False  # programs may register before they join
    sts: STSPolicy | None = None
    retention: RetentionLimits = field(default_factory=RetentionLimits)

    @property
    def registers_early(self) -> bool:
        """Whether a name can be registered before joining; never around the chat's password."""
        return self.early_registration and self.password is None and self.accounts != "closed"

    def become(self, new: ServiceSettings) -> None:
        """Copy all values of `new`, so that every service with this object uses them."""
        for one in fields(self):
            setattr(self, one.name, getattr(new, one.name))
