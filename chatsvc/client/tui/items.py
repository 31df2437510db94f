"""What stands in a conversation, as values: lines, notes, who came and went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from chatsvc.events import Said, Told


@dataclass(frozen=True, slots=True)
class Spoken:
    """What somebody said; `number` is that of the line, 0 of one that is not kept."""

    time: float
    sender: str
    text: str
    number: int = 0
    action: bool = False
    notice: bool = False
    own: bool = False
    mention: bool = False
    deleted: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What the server, or this program, has to say."""

    time: float
    text: str
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Company:
    """Who came and went since the last line."""

    time: float
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """In words; of many only how many."""
        parts = [_who(self.came, "came"), _who(self.went, "left")]
        return ", ".join(filter(None, parts))


Item: TypeAlias = Spoken | Note | Company

_NAMED = 3


def _who(names: tuple[str, ...], did: str) -> str:
    if not names:
        return ""
    return f"{', '.join(names) if len(names) <= _NAMED else len(names)} {did}"


def spoken(line: Said, own: bool, mention: bool) -> Spoken:
    """A line of a room."""
    return Spoken(
        line.time, line.sender, line.text, line.number, line.action, line.notice, own,
        mention and not own, line.deleted,
    )  # fmt: skip


def whispered(line: Told) -> Spoken:
    """A private line, all of which are meant for oneself."""
    number = line.number or 0
    return Spoken(
        line.time, line.sender, line.text, number, line.action, line.notice, line.own, not line.own
    )
