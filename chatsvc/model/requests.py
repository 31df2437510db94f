"""Requests and their refusals, as frozen values without behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from chatsvc.model.value import value


class Request(NamedTuple):
    """A command's name and its arguments, unchecked.

    Programs name their arguments (`args`); users write them in order (`rest`).  `literal` is the
    line to say instead if there is no such command.  `context` is what the dialect remembers about
    the request while it waits.
    """

    name: str
    rest: str | None = None
    args: Mapping[str, object] = {}
    tag: str | None = None
    literal: str | None = None
    context: object = None


class Refused(Exception):
    """A refusal: `code` is stable and for programs, `text` is for users.

    `suggestion` is an alternative that would work; `tag` is the request's, if only its reader knows
    it. After a `final` one the connection is closed, so that it has no other way in.
    """

    def __init__(
        self,
        code: str,
        text: str,
        suggestion: str | None = None,
        tag: str | None = None,
        final: bool = False,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.suggestion = suggestion
        self.tag = tag
        self.final = final


@value
class Refusal:
    """A `Refused` on its way to the user."""

    WIRE: ClassVar[str] = "refused"

    code: str
    text: str
    suggestion: str | None = None
