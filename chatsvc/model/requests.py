"""What somebody asks for, and its refusal, as frozen values without behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple


class Request(NamedTuple):
    """The name of a command and its arguments, nothing checked yet.

    Programs name their arguments (`args`); people write them in a row (`rest`).  `literal` is the
    line to say instead when there is no such command.  `context` is what the dialect remembers of
    it while it waits.
    """

    name: str
    rest: str | None = None
    args: Mapping[str, object] = {}
    tag: str | None = None
    literal: str | None = None
    context: object = None


class Refused(Exception):
    """Understood, and will not: `code` is for programs and stable, `text` for the asker.

    `suggestion` is what would do instead; `tag` is the request's, where only its reader knows it.
    """

    def __init__(
        self, code: str, text: str, suggestion: str | None = None, tag: str | None = None
    ) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.suggestion = suggestion
        self.tag = tag


@dataclass(frozen=True, slots=True)
class Refusal:
    """A `Refused`, on its way to the asker."""

    WIRE: ClassVar[str] = "refused"

    code: str
    text: str
    suggestion: str | None = None
