"""What a client has requested, for when the chat answers.  Not the requests themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chatsvc.dialects.irc.labeled import Labeled


class Pending(NamedTuple):
    """What a client requested, for when the answer arrives."""

    command: str
    params: Sequence[str] = ()
    labeled: Labeled | None = None
    service: str = ""  # the service that answers, if it was addressed by name

    def param(self, position: int) -> str:
        """Return a parameter, or `*` if there are fewer."""
        return self.params[position] if position < len(self.params) else "*"

    @property
    def first(self) -> str:
        return self.param(0)


LATER = "LATER"  # the command of replies that wait for earlier answers
NOTHING = Pending("")  # the subject of events that answer no message
