"""Extended grapheme clusters (UAX #29), which users see as characters, and words made of them."""

from __future__ import annotations

import re
import unicodedata

from wcwidth import grapheme_boundary_before, iter_graphemes, wcswidth


def before(text: str, at: int) -> int:
    """Return the start of the character that ends at `at`, or contains it."""
    return grapheme_boundary_before(text, at) if at > 0 else 0


def after(text: str, at: int) -> int:
    """Return the end of the character that contains `at`."""
    start = begin(text, at)
    return start + len(next(iter_graphemes(text, start), ""))


def begin(text: str, at: int) -> int:
    """Return the last boundary between characters at or before `at`."""
    if not 0 < at < len(text):
        return max(0, min(at, len(text)))
    return grapheme_boundary_before(text, at + 1)


def word_before(text: str, at: int) -> int:
    """Return the start of the word, or run of symbols, before `at`."""
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
    """Return the end of the word, or run of symbols, after `at`."""
    at = begin(text, at)
    while at < len(text) and text[at].isspace():
        at = after(text, at)
    kind = at < len(text) and is_of_word(text[at])
    while at < len(text) and not text[at].isspace() and is_of_word(text[at]) == kind:
        at = after(text, at)
    return at


def is_of_word(character: str) -> bool:
    """Return whether a cluster that starts with `character` belongs to a word."""
    return re.match(r"\w", character) is not None


def is_text(character: str) -> bool:
    """Return whether the `character` of a key press or paste is text, and not a control.

    Joiners, spaces of any script and unassigned characters are text; controls and halves of
    surrogate pairs are not.
    """
    return unicodedata.category(character) not in ("Cc", "Cs")


def width(text: str) -> int:
    """Return how many terminal columns `text` takes."""
    return max(wcswidth(text), 0)
