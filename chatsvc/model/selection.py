"""Whose messages an administrator means: those of an account, or of guests of a name."""

from __future__ import annotations

from dataclasses import dataclass

from chatsvc.model.message_events import Said
from chatsvc.model.text_rules import key


@dataclass(frozen=True, slots=True)
class Selection:
    """Lines of an account, or of everybody who used a name as a guest."""

    name: str  # the account's, or (`guest`) the guests'
    guest: bool = False  # lines without account
    since: float = 0.0  # not those from before this; an earlier account had the same name
    until: float = 0.0  # not those from this time on; 0: no end
    only: str = ""  # those in this room, or in every room and conversation

    @property
    def whose(self) -> str:
        """Whose messages they are, in a sentence."""
        whose = f"guests named {self.name}" if self.guest else self.name
        return f"{whose} in {self.only}" if self.only else whose

    @property
    def account(self) -> str:
        """What the lines have as the name of their account."""
        return "" if self.guest else self.name

    def includes(self, line: Said) -> bool:
        """Return whether a line is meant."""
        if line.account != self.account or line.time < self.since:
            return False
        if self.until and line.time >= self.until:
            return False
        return not self.guest or key(line.sender) == key(self.name)
