"""Letters as people see them: extended grapheme clusters (UAX #29), and the words made of them."""

from __future__ import annotations

import re
import unicodedata

from wcwidth import grapheme_boundary_before, iter_graphemes, wcswidth


def before(text: str, at: int) -> int:
    """Where the letter begins that ends at `at`; in the middle of a letter, where that begins."""
    return grapheme_boundary_before(text, at) if at > 0 else 0


def after(text: str, at: int) -> int:
    """Where the letter ends that has the character at `at`."""
    start = begin(text, at)
    return start + len(next(iter_graphemes(text, start), ""))


def begin(text: str, at: int) -> int:
    """The place at or before `at` that is between two letters."""
    if not 0 < at < len(text):
        return max(0, min(at, len(text)))
    return grapheme_boundary_before(text, at + 1)


def word_before(text: str, at: int) -> int:
    """Where the word begins that ends before `at`, or the run of signs."""
    at = begin(text, at)
    while at > 0 and text[before(text, at)].isspace():
        at = before(text, at)
    kind = at > 0 and is_of_word(text[before(text, at)])
    while at > 0:
        start = before(text, at)
        if text[start].isspace() or is_of_word(text[start]) != kind:
            break
        at = start
    return at


def word_after(text: str, at: int) -> int:
    """Where the word ends that begins after `at`, or the run of signs."""
    at = begin(text, at)
    while at < len(text) and text[at].isspace():
        at = after(text, at)
    kind = at < len(text) and is_of_word(text[at])
    while at < len(text) and not text[at].isspace() and is_of_word(text[at]) == kind:
        at = after(text, at)
    return at


def is_of_word(character: str) -> bool:
    """Whether a letter that begins with `character` belongs to a word."""
    return re.match(r"\w", character) is not None


def is_text(character: str) -> bool:
    """Whether a key or a paste that gives `character` means text, and not an order.

    Joiners, blanks of any script and characters not assigned yet are text; controls and halves of
    surrogate pairs are not.
    """
    return unicodedata.category(character) not in ("Cc", "Cs")


def width(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    return max(wcswidth(text), 0)
