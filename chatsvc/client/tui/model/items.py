"""The items of a conversation as values: lines, notes, joins and leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import localtime
from typing import TypeAlias

from chatsvc.model.message_events import Said, Told
from chatsvc.model.text_rules import clean, clean_lines


@dataclass(frozen=True, slots=True)
class Spoken:
    """Something said; `number` is that of the line, 0 if it is not stored."""

    time: float
    sender: str
    text: str
    number: int = 0
    action: bool = False
    notice: bool = False
    own: bool = False
    mention: bool = False
    waiting: bool = False  # not stored yet
    deleted: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A notice of the server or of this program."""

    time: float
    text: str
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Company:
    """Joins and leaves since the last line; with parting words only if one user left."""

    time: float
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    words: str = ""

    @property
    def text(self) -> str:
        """The item in words; of many users only their number."""
        words = f" ({self.words})" if self.words else ""
        parts = [_who(self.came, "joined"), _who(self.went, "left") + words]
        return ", ".join(filter(None, parts))

    def and_then(
        self, came: tuple[str, ...] = (), went: tuple[str, ...] = (), words: str = ""
    ) -> Company:
        """Add the next joins and leaves; omit users who did both."""
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
    """Return the item for a line of a room."""
    return Spoken(
        line.time, clean(line.sender), _shown(line.text), line.number, line.action,
        line.notice, own, mention and not own, deleted=line.deleted,
    )  # fmt: skip


def whispered(line: Told) -> Spoken:
    """Return the item for a private message, which always counts as a mention."""
    return Spoken(
        line.time, clean(line.sender), _shown(line.text), line.number or 0, line.action,
        line.notice, line.own, not line.own,
    )  # fmt: skip


def _shown(text: str) -> str:
    """Return the text with spaces in place of tabs, which a row of the screen cannot contain."""
    return clean_lines(text).expandtabs()


def day(time: float) -> tuple[int, int]:
    """Return the local day of a time."""
    there = localtime(time)
    return there.tm_year, there.tm_yday


def is_later_day(time: float, before: float) -> bool:
    """Return whether another day has begun between two times."""
    quarters = time // 900 != before // 900  # no time zone has midnight inside a quarter of an hour
    return quarters and day(time) != day(before)
