"""The reading methods that stateless dialects share."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from chatsvc.model.events import Refused, Request

_NOT_UTF8 = Refused("not-utf8", "Not sent: invalid UTF-8. Set your terminal to UTF-8.")
_NOTHING = nullcontext()


class StatelessDialect:
    """A dialect whose requests do not depend on earlier ones."""

    def refuse_encoding(self, line: bytes) -> tuple[Refused, ...]:
        """Return the refusal of a line that is not UTF-8."""
        return (_NOT_UTF8,)

    def doing(self, request: Request) -> AbstractContextManager[None]:
        """Do nothing: an event without a tag is about no request."""
        return _NOTHING
