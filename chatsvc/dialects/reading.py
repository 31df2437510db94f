"""The reading methods that stateless dialects share."""

from __future__ import annotations

from chatsvc.model.requests import Refused

_NOT_UTF8 = Refused("not-utf8", "Not sent: invalid UTF-8. Set your terminal to UTF-8.")


class StatelessDialect:
    """A dialect whose requests do not depend on earlier ones."""

    about: object = None  # not needed: an event without a tag is about no request

    def refuse_encoding(self, line: bytes) -> tuple[Refused, ...]:
        """Return the refusal of a line that is not UTF-8."""
        return (_NOT_UTF8,)
