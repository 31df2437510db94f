"""What the person who runs the service chooses, as far as the services need it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What the one who runs the service chooses."""

    name: str = "chatsvc"
    motd: str = ""
    password: str | None = None
    show_history: int = 20
    leave_on_empty_line: bool = False
    accounts: str = "open"  # who may register: open, invite or closed
