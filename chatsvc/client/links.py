"""Finds the web addresses in a message, for the screen and for exported pages.

Follows RFC 3986 and 3987 for the characters of an address, and common usage for where it ends.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# A scheme that is not part of a longer word, then anything but spaces and delimiters.
_LINK = re.compile(r"(?<![a-z0-9+])https?://[^\s<>\"\x00-\x1f\x7f]+", re.IGNORECASE | re.ASCII)
_HOST = re.compile(r"\[[0-9a-f:.]+\]|\w|%[0-9a-f]{2}", re.IGNORECASE)
# Text without spaces may continue after these; U+2019 may be an apostrophe.
_ENDS_ANYWHERE = frozenset("、。，．！？：；｡､“”„‟‚‛‘«»‹›")  # noqa: RUF001
_TRAILING = frozenset(".,;:!?'*_`|")
_JOINERS = frozenset("\u200c\u200d")
_OPENING = "([{（［｛「『【〔〖〘《〈｢"  # noqa: RUF001
_CLOSING = ")]}）］｝」』】〕〗〙》〉｣"  # noqa: RUF001
_OPENS = dict(zip(_CLOSING, _OPENING, strict=True))


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield `text` in pieces, each with whether it is a web address."""
    end = 0
    for start, stop in spans(text):
        if start > end:
            yield text[end:start], False
        yield text[start:stop], True
        end = stop
    if end < len(text):
        yield text[end:], False


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each web address in `text` begins and ends."""
    found = _LINK.search(text)
    while found is not None:
        link = _trimmed(_until_the_end(found.group()))
        end = found.start() + len(link)
        if _HOST.match(link, link.find("//") + 2):
            yield found.start(), end
        found = _LINK.search(text, max(end, found.start() + 1))


def _until_the_end(run: str) -> str:
    """Return `run` up to the first character that cannot be part of an address."""
    open_brackets: list[str] = []
    for position, character in enumerate(run):
        if _ends(character):
            return run[:position]
        if character in _OPENING:
            open_brackets.append(character)
        elif character in _OPENS:
            if _OPENS[character] not in open_brackets:
                return run[:position]
            open_brackets.remove(_OPENS[character])
    return run


def _ends(character: str) -> bool:
    if character.isascii():
        return False
    kind = unicodedata.category(character)
    invisible = kind[0] in "ZC" and kind not in ("Cn", "Co") and character not in _JOINERS
    return invisible or character in _ENDS_ANYWHERE


def _trimmed(link: str) -> str:
    """Return `link` without the punctuation of the surrounding sentence."""
    end = len(link)
    while end and _is_trailing(link, end):
        end -= 1
    return link[:end]


def _is_trailing(link: str, end: int) -> bool:
    """Return whether the last character of `link[:end]` belongs to the sentence."""
    character = link[end - 1]
    if character in _OPENS:
        return False  # only if unbalanced
    if character.isascii():
        return character in _TRAILING or character in _OPENING
    return character in _JOINERS or unicodedata.category(character)[0] == "P"
