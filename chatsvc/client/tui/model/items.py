"""What stands in a conversation, as values: lines, notes, who came and went."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import localtime
from typing import TypeAlias

from chatsvc.model.events import Said, Told
from chatsvc.model.text_rules import clean, clean_lines


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
    waiting: bool = False  # not kept yet
    deleted: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What the server, or this program, has to say."""

    time: float
    text: str
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Company:
    """Who came and went since the last line; parting words only of one who left alone."""

    time: float
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    words: str = ""

    @property
    def text(self) -> str:
        """In words; of many only how many."""
        words = f" ({self.words})" if self.words else ""
        parts = [_who(self.came, "joined"), _who(self.went, "left") + words]
        return ", ".join(filter(None, parts))

    def and_then(
        self, came: tuple[str, ...] = (), went: tuple[str, ...] = (), words: str = ""
    ) -> Company:
        """With those who came or went next; who did both is left out."""
        are_back, have_gone = {*self.went}.intersection(came), {*self.came}.intersection(went)
        still_gone = tuple(name for name in self.went if name not in are_back)
        still_here = tuple(name for name in self.came if name not in have_gone)
        came = tuple(name for name in came if name not in are_back)
        went = (*still_gone, *(name for name in went if name not in have_gone))
        alone = words if len(went) == 1 else ""
        return replace(self, came=(*still_here, *came), went=went, words=alone)


Item: TypeAlias = Spoken | Note | Company

_NAMED = 3


def _who(names: tuple[str, ...], did: str) -> str:
    if not names:
        return ""
    return f"{', '.join(names) if len(names) <= _NAMED else len(names)} {did}"


def spoken(line: Said, own: bool, mention: bool) -> Spoken:
    """A line of a room."""
    return Spoken(
        line.time, clean(line.sender), _shown(line.text), line.number, line.action,
        line.notice, own, mention and not own, deleted=line.deleted,
    )  # fmt: skip


def whispered(line: Told) -> Spoken:
    """A private line, all of which are meant for oneself."""
    return Spoken(
        line.time, clean(line.sender), _shown(line.text), line.number or 0, line.action,
        line.notice, line.own, not line.own,
    )  # fmt: skip


def _shown(text: str) -> str:
    """What was said, with blanks for its tabs, which a row of the screen cannot have."""
    return clean_lines(text).expandtabs()


def day(time: float) -> tuple[int, int]:
    """The day of a time, where one is."""
    there = localtime(time)
    return there.tm_year, there.tm_yday


def is_later_day(time: float, before: float) -> bool:
    """Whether another day has begun between two times."""
    quarters = time // 900 != before // 900  # within a quarter of an hour none begins anywhere
    return quarters and day(time) != day(before)
